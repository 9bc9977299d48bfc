/** Published answers beside a case: those suggested for it, and those that the agent searches for. Nothing goes out by itself. */

import { announce, byId, el, figure } from "./elements.js";
import { texts } from "./language.js";
import { get } from "./server.js";

export class Knowledge {
	#known;
	#found; // hits, once something was searched for
	#asked = 0;

	/** `add` takes a hit into the reply; `failed` gets an error. */
	constructor({ add, failed }) {
		Object.assign(this, { add, failed, field: byId("query") });
		byId("search").addEventListener("submit", (event) => {
			event.preventDefault();
			this.#search();
		});
	}

	draw(known) {
		if (this.#known?.id !== known.id) {
			this.#found = null;
			this.field.value = "";
			this.#asked += 1;
		}
		this.#known = known;
		this.field.lang = known.language;
		this.#list("suggested", known.suggestions);
		this.#list("found", this.#found ?? []);
		byId("suggestions").hidden = !known.suggestions.length;
		byId("results").hidden = !this.#found;
		byId("found-none").hidden = !this.#found || this.#found.length > 0;
	}

	/** Hits are drawn anew only if they are others: the focus may be in them. */
	#list(id, hits) {
		const list = byId(id);
		const drawn = JSON.stringify([hits, texts.locale]);
		if (list.drawn === drawn) return;
		list.drawn = drawn;
		const button = (hit) => el("button", { type: "button", onclick: () => this.add(hit) }, texts.insert);
		list.replaceChildren(...hits.map((hit) => el("li", {}, figure(hit, button(hit)))));
	}

	async #search() {
		const words = this.field.value.trim();
		if (!words) return this.field.focus();
		const asked = (this.#asked += 1);
		try {
			const { hits } = await get(`/api/search?${new URLSearchParams({ q: words, language: this.#known.language })}`);
			if (asked !== this.#asked) return; // another search, or another case
			this.#found = hits;
			this.draw(this.#known);
			byId("knowledge").scrollTop = 0;
			announce(hits.length ? texts.found(hits.length) : texts.notFound);
		} catch (error) {
			this.failed(error);
		}
	}
}
