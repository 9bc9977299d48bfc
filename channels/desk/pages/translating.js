/** Machine translation, where the desk has a service for it: of what a citizen wrote, and of a reply before it is sent. */

import { announce, byId, el } from "./elements.js";
import { language, languageName, texts } from "./language.js";
import { post } from "./server.js";

/** Into which language it is translated for this agent: that of the page if they have it. */
const own = (me) => (me.languages.includes(language) ? language : (me.languages[0] ?? language));

const isOffered = (known, { me, desk }) => Boolean(desk.translates) && !me.languages.includes(known.language);

async function translate(text, to) {
	return (await post("/api/translate", { text, to })).text;
}

export class Translating {
	#meant = new Map(); // language and text → what it means
	#known;
	#offer = null; // what the reply would be, until it is taken or left

	/** `failed` is told when there is no translation; `use(text)` takes one as the reply. */
	constructor({ failed, use }) {
		Object.assign(this, { failed, use, field: byId("reply-text") });
		byId("translate-reply").addEventListener("click", () => this.#reply());
		byId("use-translation").addEventListener("click", () => {
			const text = this.#offer;
			this.#leave();
			this.use(text);
		});
		byId("leave-translation").addEventListener("click", () => {
			this.#leave();
			this.field.focus();
		});
	}

	draw(known, about) {
		if (this.#known?.id !== known.id) this.#leave();
		this.#known = known;
		const offered = isOffered(known, about);
		byId("translate-reply").hidden = !offered;
		byId("translate-reply").textContent = offered ? texts.translateReply(languageName(known.language)) : "";
		byId("translated-title").textContent = texts.translated(languageName(known.language));
	}

	/** A button under a citizen's line, and in its place what the line means. */
	below(line, known, about) {
		if (!isOffered(known, about)) return "";
		const to = own(about.me);
		const key = `${to} ${line.text}`;
		const place = el("div.meaning", {});
		const show = () => place.replaceChildren(el("p.words", { lang: to, dir: "auto" }, this.#meant.get(key)), el("p.help", {}, texts.machine));
		const ask = async () => {
			try {
				this.#meant.set(key, await translate(line.text, to));
			} catch (error) {
				return this.failed(error);
			}
			const focused = place.contains(document.activeElement);
			show();
			if (focused) byId("log").focus();
			announce(el("p", { lang: to }, this.#meant.get(key)));
		};
		if (this.#meant.has(key)) show();
		else place.append(el("button", { type: "button", onclick: ask }, texts.translateLine));
		return place;
	}

	async #reply() {
		const [id, text] = [this.#known.id, this.field.value.trim()];
		if (!text) return this.field.focus();
		try {
			const meant = await translate(text, this.#known.language);
			if (this.#known.id !== id) return;
			this.#offer = meant;
		} catch (error) {
			return this.failed(error);
		}
		byId("translated-text").lang = this.#known.language;
		byId("translated-text").textContent = this.#offer;
		byId("translated").hidden = false;
		byId("use-translation").focus();
	}

	#leave() {
		this.#offer = null;
		byId("translated").hidden = true;
	}
}
