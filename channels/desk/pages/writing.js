/** Where an agent writes: a reply, or a note that only the desk sees. They have a form each, so that one never becomes the other. */

import { Canned } from "./canned.js";
import { announce, byId, el, titleOf, web } from "./elements.js";
import { holder, isMine } from "./conversation.js";
import { texts } from "./language.js";
import { segments } from "./segments.js";

const MOST = 3; // quotes in a reply
const EMPTY = { mode: "reply", reply: "", note: "", quotes: [] };
const same = (one) => (other) => JSON.stringify(one) === JSON.stringify(other);

export class Writing {
	#known;
	#me;
	#draft = { ...EMPTY };

	/** `send(text, quotes)` and `note(text)` take what was written. */
	constructor({ send, note }) {
		Object.assign(this, { send, note, section: byId("write"), replyField: byId("reply-text"), noteField: byId("note-text") });
		this.canned = new Canned(this.replyField, (text) => this.#fill(text));
		byId("to-reply").addEventListener("click", () => this.write("reply"));
		byId("to-note").addEventListener("click", () => this.write("note"));
		this.#form("reply", this.replyField, (key) => this.canned.key(key), () => this.#submitReply());
		this.#form("note", this.noteField, () => false, () => this.#submitNote());
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
		Object.assign(this.canned, { replies: desk.canned, language: known.language });
		this.replyField.lang = known.language;
		if (other) {
			this.#draft = { ...EMPTY, ...JSON.parse(sessionStorage[this.#key] ?? "{}") };
			this.replyField.value = this.#draft.reply;
			this.noteField.value = this.#draft.note;
			this.#mode(this.#draft.mode);
			this.canned.look();
		}
		const mine = isMine(known, me);
		byId("claim-first").hidden = mine;
		byId("claim-first").textContent = known.state === "waiting" ? texts.claimFirst : holder(known, me);
		byId("send").setAttribute("aria-disabled", !mine);
		this.#drawQuotes();
		this.#count();
	}

	#keep(changes) {
		Object.assign(this.#draft, changes);
		const { reply, note, quotes } = this.#draft;
		if (reply || note || quotes.length) sessionStorage[this.#key] = JSON.stringify(this.#draft);
		else sessionStorage.removeItem(this.#key);
	}

	#typed() {
		this.#keep({ reply: this.replyField.value, note: this.noteField.value });
		this.canned.look();
		this.#count();
	}

	#fill(text) {
		this.replyField.value = text;
		this.#typed();
		this.replyField.focus();
	}

	#mode(mode) {
		this.section.dataset.mode = mode;
		for (const each of ["reply", "note"]) {
			byId(each).hidden = each !== mode;
			byId(`to-${each}`).ariaPressed = each === mode;
		}
	}

	/** Begin to write a "reply" or a "note". */
	write(mode) {
		this.#mode(mode);
		this.#keep({ mode });
		this[`${mode}Field`].focus();
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
		(byId("quotes").children[Math.min(index, this.#draft.quotes.length - 1)]?.querySelector("button") ?? this.replyField).focus();
	}

	#count() {
		const counted = this.#known.channel === "sms";
		byId("segments").hidden = !counted;
		if (!counted) return;
		const quoted = this.#draft.quotes.map((quote) => [quote.text, quote.publisher, web(quote.url)].join("\n"));
		const { parts, units } = segments([this.replyField.value.trim(), ...quoted].filter(Boolean).join("\n"));
		byId("segments").textContent = texts.segments(parts, units);
	}

	#submitReply() {
		const text = this.replyField.value.trim();
		const { quotes } = this.#draft;
		if (!isMine(this.#known, this.#me)) return announce(byId("claim-first").textContent);
		if (!text && !quotes.length) return this.replyField.focus();
		this.replyField.value = "";
		this.#keep({ reply: "", quotes: [] });
		this.#drawQuotes();
		this.canned.look();
		this.#count();
		this.replyField.focus();
		this.send(text, quotes);
	}

	#submitNote() {
		const text = this.noteField.value.trim();
		this.noteField.focus();
		if (!text) return;
		this.noteField.value = "";
		this.#keep({ note: "" });
		this.note(text);
	}

	/** What could not be sent comes back, before what was written since; also into a case that is not shown now. */
	restore(id, field, text, quotes = []) {
		const key = `guichet-desk draft ${this.#me.id} ${id}`;
		const shown = this.#known.id === id;
		const draft = shown ? this.#draft : { ...EMPTY, ...JSON.parse(sessionStorage[key] ?? "{}") };
		Object.assign(draft, { [field]: [text, draft[field]].filter(Boolean).join("\n"), quotes: [...quotes, ...draft.quotes] });
		sessionStorage[key] = JSON.stringify(draft);
		if (!shown) return;
		this[`${field}Field`].value = draft[field];
		this.#drawQuotes();
		this.#count();
	}
}
