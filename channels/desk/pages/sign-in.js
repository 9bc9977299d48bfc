/** The page to sign in: one language instead of both, and why the last try failed. It works without this, too. */

import { languages, preferred, speak } from "./language.js";
import { byId, el } from "./elements.js";

const TITLES = { en: "Sign in – Guichet", fr: "Se connecter – Guichet" };

function show(language, chosen) {
	speak(language, chosen);
	for (const node of document.querySelectorAll("main [lang]:not(button)")) node.hidden = node.lang !== language;
	document.title = TITLES[language];
	byId("languages").ariaLabel = { en: "Language", fr: "Langue" }[language];
}

for (const [lang, name] of languages()) {
	byId("languages").append(el("button", { type: "button", lang, onclick: () => show(lang, true) }, name));
}
show(preferred());

const [reason] = ["wrong", "locked"].filter((name) => new URLSearchParams(location.search).has(name));
if (reason) {
	byId(reason).classList.add("shown");
	byId("password").setAttribute("aria-describedby", reason);
	byId("password").ariaInvalid = reason === "wrong";
}
byId(reason === "wrong" ? "password" : "email").focus();
