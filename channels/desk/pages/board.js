/** The supervisors' board: each team now and today, and what is out of the ordinary. Teams are counted, never people. */

import * as dialogs from "./board-dialogs.js";
import { announce, byId, el, place } from "./elements.js";
import { at, number, percent, since, span, until } from "./formats.js";
import { clock, language, texts } from "./language.js";
import { get } from "./server.js";

const PAUSE = 2000; // ms between two questions to the desk, however much happens

export class Board {
	#shown = false;
	#known = null; // {teams, switches}, as the desk last gave it
	#asked = 0; // when
	#timer = null;
	#cards = new Map(); // name of a team → its card, kept, so that the focus in it stays
	#switches = new Map(); // id of a switch and language → its item, kept likewise
	#cases;

	/** `cases` gives the open cases as the stream keeps them; `failed` gets an error. */
	constructor({ cases, failed }) {
		Object.assign(this, { failed });
		this.#cases = cases;
		byId("give").addEventListener("click", () => dialogs.give((told) => this.#done(told)));
		byId("notify").addEventListener("click", () => dialogs.notice((told) => this.#done(told)));
	}

	/** It is seen from now on, or not any more. */
	show(shown) {
		const begins = shown && !this.#shown;
		this.#shown = shown;
		if (begins) this.#fetch();
	}

	/** Something happened at the desk: what is shown may be another. */
	heard() {
		if (!this.#shown || this.#timer) return;
		this.#timer = setTimeout(() => this.#fetch(), Math.max(0, this.#asked + PAUSE - Date.now()));
	}

	async #fetch() {
		clearTimeout(this.#timer);
		this.#timer = null;
		this.#asked = Date.now();
		try {
			this.#known = await get("/api/board");
			this.draw();
		} catch (error) {
			this.failed(error);
		}
	}

	/** What was done here is in force. */
	async #done(told) {
		await this.#fetch();
		announce(told);
	}

	draw() {
		if (!this.#known || !this.#shown) return;
		const { teams, switches } = this.#known;
		for (const team of teams) if (!this.#cards.has(team.name)) this.#cards.set(team.name, el("li.card", {}));
		for (const team of teams) this.#card(this.#cards.get(team.name), team, switches.find(({ kind, subject }) => kind === "closed" && subject === team.name));
		place(byId("teams"), teams.map(({ name }) => this.#cards.get(name)));
		byId("switches-none").hidden = switches.length > 0;
		const focused = byId("switches").contains(document.activeElement);
		place(byId("switches"), switches.map((each) => this.#switch(each)));
		if (focused && document.activeElement === document.body) byId("board-title").focus(); // what had it is over
		this.tick();
	}

	/** A card is drawn anew only if it says something else; its clocks and counts go on by themselves. */
	#card(card, team, closed) {
		const { name, title, today } = team;
		const drawn = JSON.stringify([title, today, team.open, team.opens, team.closes, team.present, closed, language, new Date().toDateString()]);
		if (card.drawn === drawn) return;
		const focused = card.contains(document.activeElement);
		card.drawn = drawn;
		const own = title[language] ?? name;
		const act = closed
			? el("button", { type: "button", ariaLabel: texts.unshutFor(own), onclick: () => this.#end(closed) }, texts.unshut)
			: el("button", { type: "button", ariaLabel: texts.shutFor(own), onclick: () => dialogs.shut({ name, title: own }, (told) => this.#done(told)) }, texts.shut);
		act.setAttribute("aria-haspopup", "dialog");
		const counts = [["waiting", texts.nowWaiting], ["longest", texts.nowLongest], ["late", texts.nowLate], ["claimed", texts.nowClaimed]];
		const count = ([kind, label]) => el(`div.${kind}`, {}, el("dt", {}, label), el("dd", {}, "–"));
		const present = el("div", {}, el("dt", {}, texts.nowPresent), el("dd", {}, number(team.present)));
		card.replaceChildren(
			el("div.card-head", {}, el("h3", {}, own), el(`p.hours${closed ? " shut" : ""}`, {}, closed ? texts.takesNone : hours(team)), act),
			el("dl.counts", {}, counts.map(count), present),
			el("h4", {}, texts.today),
			...of(today),
		);
		if (focused) act.focus();
	}

	/** A switch that is on; drawn once, in each language. */
	#switch(each) {
		const { id, texts: said, because, began, by, ends } = each;
		const drawn = `${id} ${language}`;
		if (this.#switches.has(drawn)) return this.#switches.get(drawn);
		const what = this.#what(each);
		const texted = Object.entries(said ?? {}).map(([lang, text]) => el("p.words", { lang }, text));
		const button = el("button", { type: "button", ariaLabel: texts.endFor(what), onclick: () => this.#end(each) }, texts.end);
		button.setAttribute("aria-haspopup", "dialog");
		const about = [texts.switchedBy(by, clock(began)), ends ? until(ends) : texts.switchStays].join(" · ");
		const inner = [el("strong", {}, what), ...texted, el("p", {}, texts.switchBecause(because)), el("p.none", {}, about)];
		const item = el("li.switch", {}, el("div", {}, inner), button);
		this.#switches.set(drawn, item);
		return item;
	}

	#what({ kind, subject }) {
		const team = this.#known.teams.find(({ name }) => kind === "closed" && name === subject);
		return texts.switchIs[kind]?.(team ? (team.title[language] ?? subject) : subject) ?? kind;
	}

	#end(each) {
		dialogs.end(each, this.#what(each), (told) => this.#done(told));
	}

	/** Counts what is now from the list, which the stream keeps, and lets the clocks go on. */
	tick() {
		if (!this.#known || !this.#shown) return;
		const now = Date.now();
		const counted = new Map(this.#known.teams.map(({ name }) => [name, { waiting: 0, claimed: 0, late: 0, longest: null }]));
		const all = { waiting: 0, claimed: 0, late: 0, longest: null };
		for (const known of this.#cases()) for (const each of [all, counted.get(known.team)]) if (each) count(each, known, now);
		for (const [name, each] of counted) fill(this.#cards.get(name), each, now);
		fill(byId("every-team"), all, now);
		const { teams, switches } = this.#known;
		const passed = [...teams.map(({ open, opens, closes }) => (open ? closes : opens)), ...switches.map(({ ends }) => ends)];
		if (passed.some((iso) => iso && Date.parse(iso) <= now && Date.parse(iso) > this.#asked)) this.heard(); // an hour has struck
	}
}

function count(each, known, now) {
	each[known.state] += 1;
	if (known.reply_due && Date.parse(known.reply_due) < now) each.late += 1;
	if (known.state === "waiting" && (!each.longest || Date.parse(known.waiting_since) < Date.parse(each.longest))) each.longest = known.waiting_since;
}

function fill(card, { waiting, claimed, late, longest }, now) {
	const told = { waiting: number(waiting), claimed: number(claimed), late: number(late), longest: longest ? since(longest, now) : "–" };
	for (const [kind, text] of Object.entries(told)) {
		const place = card.querySelector(`.${kind} dd`);
		if (place.textContent !== text) place.textContent = text;
	}
	card.classList.toggle("is-late", late > 0);
}

function hours({ open, opens, closes }) {
	if (open) return closes ? texts.openUntil(until(closes)) : texts.openAlways;
	return opens ? texts.closedUntil(at(opens)) : texts.closedNow;
}

/** A day's service. */
function of(today) {
	if (!today?.opened) return [el("p.none", {}, texts.noneToday)];
	const { answered, in_time, median_wait, most_wait, solved, partly, unsolved } = today;
	const wait = (seconds) => (seconds === null ? "–" : span(seconds));
	const rated = solved + partly + unsolved;
	const facts = [
		[texts.inTime, answered ? texts.partOf(percent(in_time, answered), number(in_time), number(answered)) : "–"],
		[texts.medianWait, wait(median_wait)],
		[texts.mostWait, wait(most_wait)],
		[texts.opinions, rated ? texts.ratings(number(solved), number(partly), number(unsolved)) : texts.noRatings],
	];
	return [el("dl.day", {}, facts.map(([label, value]) => el("div", {}, el("dt", {}, label), el("dd", {}, value))))];
}
