/** All that was said in a case, by whom, with its sources and what became of it, and what was done between. */

import { isMine } from "./brief.js";
import { announce, byId, el, figure, place } from "./elements.js";
import { clock, language, texts, word } from "./language.js";
import { explained, isStep, step } from "./steps.js";

const INNER = ["note", "whisper"]; // what only the desk sees
const REFUSED = ["stopped", "OptedOut", "21610"]; // who wants no more messages is sent none

export class Conversation {
	#lines = new Map(); // id of a line → its item: nothing is shown or said twice
	#known; // the case that is shown

	/** `resend(line)` sends again what did not arrive; `translating` shows what a citizen's line means. */
	constructor({ resend, translating }) {
		Object.assign(this, { resend, translating, log: byId("log") });
		this.log.addEventListener("scroll", () => (this.atEnd = this.log.scrollHeight - this.log.scrollTop - this.log.clientHeight < 80));
		new ResizeObserver(() => this.atEnd && this.toEnd()).observe(this.log); // what is written below grows
	}

	/** Everything anew, as for another language of the page. */
	clear() {
		this.#lines.clear();
		this.#known = null;
	}

	/** `pending` is what was written here and is not in the case yet: {id, text, quotes, failed, retry}. */
	draw(known, { me, desk, pending }) {
		const other = this.#known?.id !== known.id;
		if (other) this.#lines.clear();
		this.#known = known;
		const { atEnd } = this;
		const item = (line) => this.#line(line, known, { me, desk }, !other);
		place(byId("said-before"), known.before.map(item));
		place(byId("said"), [...known.lines.map(item), ...pending.map((one) => this.#pending(one, known))]);
		byId("before-none").hidden = known.before.length > 0;
		if (atEnd || other) this.toEnd();
	}

	toEnd() {
		this.atEnd = true;
		this.log.scrollTop = this.log.scrollHeight;
	}

	#line(line, known, about, isNew) {
		let item = this.#lines.get(line.message);
		if (!item) {
			item = this.#made(line, known, about);
			this.#lines.set(line.message, item);
			if (isNew) this.#say(line, known, about);
		}
		const status = item.querySelector(".delivery");
		if (status) this.#delivery(status, line, known, about.me);
		return item;
	}

	/** What became of a reply, drawn anew only if it is something else: the focus may be in it. */
	#delivery(status, line, known, me) {
		const failed = line.delivery === "failed";
		const again = failed && known.lines.some(({ message }) => isLater(message, line.message));
		const offered = failed && !again && isMine(known, me) && !REFUSED.includes(String(line.code));
		const told = [delivery(line), again ? texts.resent : ""].filter(Boolean).join(" · ");
		const drawn = `${told} ${offered} ${language}`;
		if (status.drawn === drawn) return;
		const focused = status.contains(document.activeElement);
		status.drawn = drawn;
		status.classList.toggle("failed", failed);
		const button = () => el("button", { type: "button", onclick: () => this.resend(line) }, texts.resend);
		status.replaceChildren(...[told, offered ? " " : "", offered ? button() : ""].filter(Boolean));
		if (focused) byId("log").focus();
	}

	#made(line, known, { me, desk }) {
		const time = el("time", { dateTime: line.at }, clock(line.at));
		if (isStep(line)) return el("li.done", {}, step(line, me, desk), " · ", time, explained(line) ? el("p", {}, explained(line)) : "");
		const inner = INNER.includes(line.kind);
		const words = line.text ? el("p.words", { dir: "auto", lang: inner ? "" : known.language }, line.text) : "";
		const head = el("p.who", {}, el("strong", {}, speaker(line, me)), " ", time, inner ? el("span.only", {}, texts.onlyDesk) : "");
		const status = line.kind === "agent" ? el("p.delivery", {}) : "";
		const meaning = line.kind === "citizen" && line.text ? this.translating.below(line, known, { me, desk }) : "";
		return el(`li.line ${line.kind}`, {}, head, words, meaning, came(line, known), line.quotes.map((quote) => figure(quote)), status);
	}

	#pending(one, known) {
		const head = el("p.who", {}, el("strong", {}, texts.you));
		const words = one.text ? el("p.words", { lang: known.language, dir: "auto" }, one.text) : "";
		const onclick = () => {
			byId("reply-text").focus();
			one.retry();
		};
		const state = one.failed
			? el("p.delivery failed", {}, `${texts.notSent} `, el("button", { type: "button", onclick }, texts.retry))
			: el("p.delivery", {}, texts.sending);
		const drawn = `${one.id} ${Boolean(one.failed)} ${language}`;
		if (one.item?.drawn === drawn) return one.item;
		one.item = Object.assign(el("li.line agent pending", {}, head, words, one.quotes.map((quote) => figure(quote)), state), { drawn });
		return one.item;
	}

	/** What somebody else has just said or done; one's own is known. */
	#say(line, known, { me, desk }) {
		if (line.agent?.id === me.id && line.kind !== "assigned") return;
		if (isStep(line)) return announce(step(line, me, desk));
		const spoken = el("span", INNER.includes(line.kind) ? {} : { lang: known.language }, line.text);
		announce(el("p", {}, `${speaker(line, me)}${texts.colon} `, spoken, came(line, known).length ? ` ${texts.cameAlong}` : ""));
	}
}

/** Links to what came with a line. Nothing is fetched before somebody asks: it is not kept here, and who looks is recorded. */
function came({ message, files = [] }, { id }) {
	const link = ({ kind, number }) => {
		const href = `/api/cases/${id}/lines/${encodeURIComponent(message)}/files/${number}`;
		const told = texts.came[kind.split("/")[0]] ?? texts.came.other;
		return number ? el("a", { href, target: "_blank", rel: "noreferrer" }, told, el("span.unseen", {}, ` ${texts.outside}`)) : texts.cameNot;
	};
	return files.map((each) => el("p.came", {}, link(each)));
}

/** Who said it: "You", "Internal note, Luc". */
function speaker({ kind, agent }, me) {
	const name = agent?.id === me.id ? texts.you : (agent?.name ?? texts.somebody);
	if (INNER.includes(kind)) return texts.inner[kind](name);
	return kind === "agent" ? name : (texts[kind] ?? word("did", kind));
}

/** Whether a message is another one, sent again: "id~2" after "id". */
function isLater(message, than) {
	const [first, times = 1] = message.split("~");
	const [origin, before = 1] = than.split("~");
	return first === origin && Number(times) > Number(before);
}

function delivery({ delivery: state, code }) {
	if (!state) return "";
	const told = texts.delivery[state] ?? state;
	if (state !== "failed" || !code) return told;
	const why = texts.codes[code];
	return `${told}${texts.colon} ${why ? `${why} (${texts.code(code)})` : texts.code(code)}`;
}
