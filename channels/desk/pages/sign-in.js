/** The pages one passes to sign in: one language instead of both, and why the last try failed. They work without this, too. */

import { byId, el } from "./elements.js";
import { languages, preferred, speak } from "./language.js";

const title = document.querySelector("title");

function show(language, chosen) {
	speak(language, chosen);
	for (const node of document.querySelectorAll("main [lang]:not(button)")) node.hidden = node.lang !== language;
	document.title = title.dataset[language];
	byId("languages").ariaLabel = { en: "Language", fr: "Langue" }[language];
}

for (const [lang, name] of languages()) {
	byId("languages").append(el("button", { type: "button", lang, onclick: () => show(lang, true) }, name));
}
show(preferred());

const given = new URLSearchParams(location.search);
const reason = [...document.querySelectorAll(".complaint")].find(({ id }) => given.has(id));
const fields = [...document.querySelectorAll("input")];
const last = fields.at(-1);
if (reason) reason.classList.add("shown");
if (reason && last) {
	last.setAttribute("aria-describedby", [reason.id, last.getAttribute("aria-describedby")].filter(Boolean).join(" "));
	if (["wrong", "length", "guessed", "same"].includes(reason.id)) last.ariaInvalid = "true";
}
(reason?.id === "wrong" ? last : fields[0])?.focus();
