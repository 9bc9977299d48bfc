/** Canned replies: "/" at the beginning of a reply finds them, in the citizen's language, with what is known filled in. */

import { announce, byId, el } from "./elements.js";
import { texts } from "./language.js";

const MOST = 6;
/** What a canned reply can name: by whom, about what, at which number, in which case. */
const VARIABLE = /\{(agent|topic|phone|case)\}/g;

/** A canned reply as it would be said; null if something that it names is not known. */
function filled(text, values) {
	const missing = [...(text ?? "").matchAll(VARIABLE)].some(([, name]) => !values[name]);
	return text && !missing ? text.replace(VARIABLE, (_, name) => values[name]) : null;
}

const folded = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();

export class Canned {
	#found = [];
	#at = 0;
	#said = ""; // what was found, as it was last told
	#left = false; // by Esc: what begins with "/" is then sent as it is

	/** `choose` gets the text that was chosen. */
	constructor(field, choose) {
		Object.assign(this, { field, choose, list: byId("canned"), none: byId("canned-none"), replies: [], language: "en", values: {} });
	}

	get open() {
		return this.field.value.startsWith("/") && !this.#left;
	}

	/** After each change of the field. */
	look() {
		if (!this.field.value.startsWith("/")) this.#left = false;
		const words = folded(this.field.value.slice(1)).split(/\s+/).filter(Boolean);
		const matches = ({ name, text }) => text && words.every((word) => folded(`${name} ${text}`).includes(word));
		const offered = this.open ? this.replies.map(({ name, text }) => ({ name, text: filled(text[this.language], this.values) })) : [];
		this.#found = offered.filter(matches).slice(0, MOST);
		this.#at = 0;
		this.#draw();
	}

	#draw() {
		const option = ({ name, text }, index) =>
			el("li", { id: `canned-${index}`, role: "option", ariaSelected: index === this.#at, onclick: () => this.#take(index) }, el("strong", {}, name), " ", el("span", { lang: this.language }, text));
		this.list.replaceChildren(...this.#found.map(option));
		this.list.hidden = !this.#found.length;
		this.none.hidden = !this.open || this.#found.length > 0;
		this.none.textContent = texts.cannedNone;
		if (this.#found.length) this.field.setAttribute("aria-activedescendant", `canned-${this.#at}`);
		else this.field.removeAttribute("aria-activedescendant");
		this.list.children[this.#at]?.scrollIntoView({ block: "nearest" });
		const told = this.open ? (this.#found.length ? texts.cannedFound(this.#found.length) : texts.cannedNone) : "";
		if (told && told !== this.#said) announce(told);
		this.#said = told;
	}

	#take(index) {
		this.choose(this.#found[index].text);
		this.look();
	}

	/** Whether the key was meant for the list. */
	key(key) {
		if (!this.open) return false;
		const step = { ArrowDown: 1, ArrowUp: -1 }[key];
		if (key === "Escape") this.#left = true;
		else if (key === "Enter" && this.#found.length) this.#take(this.#at);
		else if (step && this.#found.length) this.#at = (this.#at + step + this.#found.length) % this.#found.length;
		else return key === "Enter"; // nothing is found: it is not sent by mistake
		if (key === "Escape") this.look();
		else this.#draw();
		return true;
	}
}
