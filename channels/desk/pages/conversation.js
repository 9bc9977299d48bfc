/** One case: what it is, who has it, and all that was said, by whom, with its sources and what became of it. */

import { announce, byId, el, figure, place } from "./elements.js";
import { clock, language, languageName, placeName, texts, word } from "./language.js";

const DONE = ["opened", "claimed", "released", "transferred", "taken_over", "closed"];

/** "claim", "release" … : what this agent can do with the case now. */
export function can(known, me) {
	if (known.state === "waiting") return ["claim"];
	if (known.state !== "claimed") return [];
	if (known.agent?.id === me.id) return ["release", "transfer", "close"];
	return me.role === "agent" ? [] : ["takeOver"];
}

export const isMine = (known, me) => known?.state === "claimed" && known.agent?.id === me.id;

/** Who has the case, as a sentence. */
export function holder(known, me) {
	if (known.state === "closed") return texts.isClosed;
	if (known.state === "waiting") return texts.nobodyHas;
	return isMine(known, me) ? texts.youHave : texts.somebodyHas(known.agent?.name ?? texts.somebody);
}

export class Conversation {
	#lines = new Map(); // id of a line → its item: nothing is shown or said twice
	#known; // the case that is shown

	constructor() {
		this.log = byId("log");
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
		this.#head(known, me, desk);
		const { atEnd } = this;
		const item = (line) => this.#line(line, known, me, !other);
		place(byId("said-before"), known.before.map(item));
		place(byId("said"), [...known.lines.map(item), ...pending.map((one) => this.#pending(one, known))]);
		byId("before-none").hidden = known.before.length > 0;
		if (atEnd || other) this.toEnd();
	}

	toEnd() {
		this.atEnd = true;
		this.log.scrollTop = this.log.scrollHeight;
	}

	#head(known, me, desk) {
		const team = desk.teams.find(({ name }) => name === known.team)?.title[language] ?? known.team;
		const facts = [word("channels", known.channel), languageName(known.language), known.place && placeName(known.place), team];
		const about = [...facts, word("because", known.because), texts.opened(clock(known.opened))].filter(Boolean).join(" · ");
		byId("case-title").textContent = texts.case(known.id);
		byId("urgent").hidden = !known.urgent;
		byId("facts").textContent = about;
		byId("holder").textContent = holder(known, me);
		byId("holder").dataset.state = isMine(known, me) ? "mine" : known.state;
		byId("foreign").hidden = me.languages.includes(known.language);
		byId("foreign").textContent = texts.notYourLanguage(languageName(known.language));
		const offered = can(known, me);
		for (const button of byId("actions").children) button.hidden = !offered.includes(button.dataset.do);
	}

	#line(line, known, me, isNew) {
		let item = this.#lines.get(line.message);
		if (!item) {
			item = this.#made(line, known, me);
			this.#lines.set(line.message, item);
			if (isNew) this.#say(line, known, me);
		}
		const status = item.querySelector(".delivery");
		const told = delivery(line);
		if (status && status.textContent !== told) status.textContent = told;
		if (status) status.classList.toggle("failed", line.delivery === "failed");
		return item;
	}

	#made(line, known, me) {
		const time = el("time", { dateTime: line.at }, clock(line.at));
		if (DONE.includes(line.kind)) return el("li.done", {}, done(line, me), " · ", time, line.text ? el("p", {}, explained(line)) : "");
		const own = line.agent?.id === me.id;
		const who = line.kind === "note" ? texts.note(own ? texts.you : name(line)) : line.kind === "agent" ? (own ? texts.you : name(line)) : texts[line.kind];
		const only = line.kind === "note" ? el("span.only", {}, texts.onlyDesk) : "";
		const words = line.text ? el("p.words", { dir: "auto", lang: line.kind === "note" ? "" : known.language }, line.text) : "";
		const head = el("p.who", {}, el("strong", {}, who), " ", time, only);
		const status = line.kind === "agent" ? el("p.delivery", {}) : "";
		return el(`li.line ${line.kind}`, {}, head, words, line.quotes.map((quote) => figure(quote)), status);
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
	#say(line, known, me) {
		if (line.agent?.id === me.id) return;
		if (DONE.includes(line.kind)) return announce(done(line, me));
		const who = line.kind === "note" ? texts.note(name(line)) : line.kind === "agent" ? name(line) : texts[line.kind];
		const spoken = el("span", line.kind === "note" ? {} : { lang: known.language }, line.text);
		announce(el("p", {}, `${who}${texts.colon} `, spoken));
	}
}

const name = (line) => line.agent?.name ?? texts.somebody;

function done(line, me) {
	const by = line.agent?.id === me.id ? texts.youDid : name(line);
	return texts.did[line.kind](by);
}

/** Why a case was opened, how it ended, or what was said with a transfer. */
function explained({ kind, text }) {
	const table = { opened: texts.because, closed: texts.outcomes }[kind] ?? {};
	return table[text] ?? text;
}

function delivery({ delivery: state, code }) {
	if (!state) return "";
	const told = texts.delivery[state] ?? state;
	if (state !== "failed" || !code) return told;
	const why = texts.codes[code];
	return `${told}${texts.colon} ${why ? `${why} (${texts.code(code)})` : texts.code(code)}`;
}
