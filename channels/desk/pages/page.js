/** What the pages about people share: their language, who is signed in, the way to the other pages, what went wrong. */

import { TEXTS as AUDIT } from "./audit-texts.js";
import { byId, el } from "./elements.js";
import { clock, language, languages, preferred, speak } from "./language.js";
import { get, Refused } from "./server.js";
import { TEXTS } from "./staff-texts.js";

export let texts = {};
let me = null;

/** Begins a page: `draw(me)` shows what stands in no HTML, now and in another language. Without a path nobody is signed in. */
export async function begin(title, draw, path = "/api/account") {
	me = path ? null : {};
	const show = (code, chosen) => {
		speak(code, chosen);
		texts = { ...TEXTS[language], ...AUDIT[language] };
		document.title = `${texts[title]} – Guichet`;
		for (const node of document.querySelectorAll("[data-say]")) node.textContent = texts[node.dataset.say];
		for (const node of document.querySelectorAll("[data-say-label]")) node.ariaLabel = texts[node.dataset.sayLabel];
		if (me) shown(draw);
	};
	for (const [lang, name] of languages()) byId("languages").append(el("button", { type: "button", lang, onclick: () => show(lang, true) }, name));
	show(preferred());
	if (!path) return;
	try {
		me = await get(path);
		shown(draw);
	} catch (error) {
		tell(wrong(error));
	}
}

function shown(draw) {
	const links = [["/", "toDesk", me.role !== "publisher"], ["/staff", "toStaff", me.role === "administrator"],
		["/audit", "toAudit", ["supervisor", "administrator"].includes(me.role)], ["/me", "toMe", true]];
	const link = ([href, text]) => {
		const node = el("a", { href }, texts[text]);
		if (href === location.pathname) node.ariaCurrent = "page";
		return el("li", {}, node);
	};
	byId("pages")?.replaceChildren(...links.filter(([, , may]) => may).map(link));
	draw(me);
}

/** What to say of an error of the server, or of the way to it. */
export function wrong(error) {
	console.warn(error);
	if (error instanceof Refused) return texts.errors[error.data.error] ?? texts.failed;
	return navigator.onLine ? texts.failed : texts.offline;
}

/** Says something on the page, to everybody. */
export function tell(text) {
	byId("notice").textContent = text;
	byId("notice").hidden = !text;
}

/** Says under a form why it did not work, tied to the field it is about. */
export function complain(form, text, field = form.querySelector("input:not([readonly]), select")) {
	const place = form.querySelector(".complaint");
	place.textContent = text;
	place.hidden = !text;
	for (const each of form.querySelectorAll("[aria-invalid]")) each.ariaInvalid = null;
	if (!text || !field) return;
	const help = field.dataset.help ?? "";
	field.setAttribute("aria-describedby", `${place.id} ${help}`.trim());
	field.ariaInvalid = "true";
	field.focus();
}

/** A box that shows what is typed into a password's field. */
export function revealed(field) {
	const box = el("input", { type: "checkbox", onchange: () => (field.type = box.checked ? "text" : "password") });
	const words = el("span", {}, texts.showPassword);
	words.dataset.say = "showPassword";
	return el("label.choice", {}, box, words);
}

/** "March 31, 2026, 1:30 pm", "1er mars 2026, 13 h 30". */
export function when(iso) {
	const date = new Intl.DateTimeFormat(`${language}-CA`, { dateStyle: "long" }).format(new Date(iso)).replace(/^1 /, "1er ");
	return `${date}, ${clock(iso).split(", ").at(-1)}`;
}

/** A text to take along, with a button that copies it. */
export function toCopy(label, text, multiline = false) {
	const field = el(multiline ? "textarea" : "input", { value: text, readOnly: true, ariaLabel: label, rows: 5 });
	const said = el("span", { role: "status" });
	field.addEventListener("focus", () => field.select());
	const copy = async () => {
		try {
			await navigator.clipboard.writeText(text);
			said.textContent = texts.copied;
		} catch {
			field.focus();
			said.textContent = texts.copyYourself;
		}
	};
	return el("div.copied", {}, field, el("div.row", {}, el("button", { type: "button", onclick: copy }, texts.copy), said));
}
