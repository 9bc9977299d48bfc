/** Where an agent writes: a reply, or a note or whisper that only the desk sees. They have a form each: one never becomes the other. */

import { holder, isMine } from "./brief.js";
import { Canned } from "./canned.js";
import { announce, byId, el, titleOf, web } from "./elements.js";
import { telephone } from "./formats.js";
import { texts } from "./language.js";
import { segments } from "./segments.js";

const MOST = 3; // quotes in a reply
const MODES = ["reply", "note", "whisper"];
const EMPTY = { mode: "reply", reply: "", note: "", whisper: "", quotes: [] };
const same = (one) => (other) => JSON.stringify(one) === JSON.stringify(other);

export class Writing {
	#known;
	#me;
	#draft = { ...EMPTY };

	/** `send(text, quotes)` takes a reply, `inner(text, kind)` a "note" or a "whisper". */
	constructor({ send, inner }) {
		Object.assign(this, { send, inner, section: byId("write"), fields: Object.fromEntries(MODES.map((mode) => [mode, byId(`${mode}-text`)])) });
		this.canned = new Canned(this.fields.reply, (text) => this.fill(text));
		for (const mode of MODES) {
			const isReply = mode === "reply";
			byId(`to-${mode}`).addEventListener("click", () => this.write(mode));
			this.#form(mode, this.fields[mode], (key) => isReply && this.canned.key(key), () => (isReply ? this.#submitReply() : this.#submitInner(mode)));
		}
	}

	#form(name, field, taken, submit) {
		byId(name).addEventListener("submit", (event) => {
			event.preventDefault();
			submit();
		});
		field.addEventListener("input", () => this.#typed());
		field.addEventListener("keydown", (event) => {
			if (event.isComposing) return;
			const meant = taken(event.key);
			if (!meant && (event.key !== "Enter" || event.shiftKey)) return;
			event.preventDefault();
			event.stopPropagation();
			if (!meant) submit();
		});
	}

	get #key() {
		return `guichet-desk draft ${this.#me.id} ${this.#known.id}`;
	}

	/** The case as it is now. What was written stays; of another case, what was written there comes back. */
	draw(known, { me, desk }) {
		const other = this.#known?.id !== known.id;
		[this.#known, this.#me] = [known, me];
		const phone = telephone(known.callback?.phone ?? "", known.language);
		const values = { agent: me.name, topic: known.topic, phone, case: String(known.id) };
		Object.assign(this.canned, { replies: desk.canned, language: known.language, values });
		this.fields.reply.lang = known.language;
		if (other) {
			this.#draft = { ...EMPTY, ...JSON.parse(sessionStorage[this.#key] ?? "{}") };
			for (const mode of MODES) this.fields[mode].value = this.#draft[mode];
			this.#mode(this.#draft.mode);
			this.canned.look();
		}
		const mine = isMine(known, me);
		byId("to-whisper").hidden = me.role === "agent" || mine || known.state !== "claimed";
		if (byId("to-whisper").hidden && this.section.dataset.mode === "whisper") this.#mode("reply");
		byId("claim-first").hidden = mine;
		byId("claim-first").textContent = known.state === "waiting" ? texts.claimFirst : holder(known, me);
		byId("send").setAttribute("aria-disabled", !mine);
		this.#drawQuotes();
		this.#count();
	}

	#keep(changes) {
		Object.assign(this.#draft, changes);
		if (MODES.some((mode) => this.#draft[mode]) || this.#draft.quotes.length) sessionStorage[this.#key] = JSON.stringify(this.#draft);
		else sessionStorage.removeItem(this.#key);
	}

	#typed() {
		this.#keep(Object.fromEntries(MODES.map((mode) => [mode, this.fields[mode].value])));
		this.canned.look();
		this.#count();
	}

	/** Puts a text in the place of the reply; it is not sent. */
	fill(text) {
		this.fields.reply.value = text;
		this.#typed();
		this.fields.reply.focus();
	}

	#mode(mode) {
		this.section.dataset.mode = mode;
		for (const each of MODES) {
			byId(each).hidden = each !== mode;
			byId(`to-${each}`).ariaPressed = each === mode;
		}
	}

	/** Begin to write a "reply", a "note" or a "whisper". */
	write(mode) {
		this.#mode(mode);
		this.#keep({ mode });
		this.fields[mode].focus();
	}

	/** A quote goes with the reply; the focus stays where it is. */
	add({ text, title, section, url, publisher, as_of, language }) {
		const quote = { text, title, section, url, publisher, as_of, language };
		this.#mode("reply");
		this.#keep({ mode: "reply" });
		const known = this.#draft.quotes.some(same(quote));
		if (!known && this.#draft.quotes.length >= MOST) return announce(texts.tooManyQuotes);
		const quotes = known ? this.#draft.quotes : [...this.#draft.quotes, quote];
		this.#keep({ quotes });
		this.#drawQuotes();
		this.#count();
		announce(texts.added);
	}

	#drawQuotes() {
		const chip = (quote, index) => {
			const remove = el("button", { type: "button", ariaLabel: texts.remove(titleOf(quote)), onclick: () => this.#remove(index) }, "✕");
			return el("li", {}, el("span", { lang: quote.language, title: quote.text }, el("cite", {}, titleOf(quote)), ` – ${quote.text}`), remove);
		};
		const { quotes } = this.#draft;
		const drawn = JSON.stringify([quotes, texts.locale]);
		if (byId("quotes").drawn === drawn) return;
		byId("quotes").drawn = drawn;
		byId("quotes").replaceChildren(...quotes.map(chip));
		byId("quoted").hidden = !quotes.length;
	}

	#remove(index) {
		this.#keep({ quotes: this.#draft.quotes.toSpliced(index, 1) });
		this.#drawQuotes();
		this.#count();
		(byId("quotes").children[Math.min(index, this.#draft.quotes.length - 1)]?.querySelector("button") ?? this.fields.reply).focus();
	}

	#count() {
		const quoted = this.#draft.quotes.map((quote) => [quote.text, quote.publisher, web(quote.url)].join("\n"));
		const written = [this.fields.reply.value.trim(), ...quoted].filter(Boolean).join("\n");
		byId("segments").hidden = this.#known.channel !== "sms" || !written;
		const { parts, units } = segments(written);
		byId("segments").textContent = texts.segments(parts, units);
	}

	#submitReply() {
		const text = this.fields.reply.value.trim();
		const { quotes } = this.#draft;
		if (!isMine(this.#known, this.#me)) return announce(byId("claim-first").textContent);
		if (!text && !quotes.length) return this.fields.reply.focus();
		this.fields.reply.value = "";
		this.#keep({ reply: "", quotes: [] });
		this.#drawQuotes();
		this.canned.look();
		this.#count();
		this.fields.reply.focus();
		this.send(text, quotes);
	}

	#submitInner(kind) {
		const field = this.fields[kind];
		const text = field.value.trim();
		field.focus();
		if (!text) return;
		field.value = "";
		this.#keep({ [kind]: "" });
		this.inner(text, kind);
	}

	/** What could not be sent comes back, before what was written since; also into a case that is not shown now. */
	restore(id, field, text, quotes = []) {
		const key = `guichet-desk draft ${this.#me.id} ${id}`;
		const shown = this.#known.id === id;
		const draft = shown ? this.#draft : { ...EMPTY, ...JSON.parse(sessionStorage[key] ?? "{}") };
		Object.assign(draft, { [field]: [text, draft[field]].filter(Boolean).join("\n"), quotes: [...quotes, ...draft.quotes] });
		sessionStorage[key] = JSON.stringify(draft);
		if (!shown) return;
		this.fields[field].value = draft[field];
		this.#drawQuotes();
		this.#count();
	}
}
