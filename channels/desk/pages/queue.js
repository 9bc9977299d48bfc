/** The list of open cases: who waits, what is mine, what others have; urgent ones first, then who waits longest. */

import { byId, el, place } from "./elements.js";
import { number } from "./formats.js";
import { language, languageName, texts, word } from "./language.js";
import { Row } from "./row.js";

const GROUPS = ["waiting", "mine", "others"];
const FILTERS = ["team", "language", "channel"];
const STEP = 100; // cases of a group that are shown at first, and more each time
const EVERY = "*"; // all teams, for those who see more than their own

/** Whether there is something that was not looked at here: a case that waits, or a citizen's words. */
function unread({ state, last }, seen) {
	if (!seen) return state === "waiting" || last?.kind === "citizen";
	return last?.kind === "citizen" && Date.parse(last.at) > Date.parse(seen);
}

export const groupOf = (known, me) => (known.state === "waiting" ? "waiting" : known.agent?.id === me.id ? "mine" : "others");

/** Whether a case is of one of an agent's teams, or their own. */
export const isNear = (known, me) => !me.teams.length || me.teams.includes(known.team) || known.agent?.id === me.id;

const times = new WeakMap(); // case → since when it waits, in ms
function since(known) {
	if (!times.has(known)) times.set(known, Date.parse(known.waiting_since));
	return times.get(known);
}

const first = (one, other) => other.urgent - one.urgent || since(one) - since(other) || one.id - other.id;

export class Queue {
	#rows = new Map(); // id of a case → its row, kept, so that the focus in it stays
	#cases = []; // those that the filters let through, in their order
	#most = Object.fromEntries(GROUPS.map((name) => [name, STEP]));

	/** `changed` is called when another filter is chosen, or more is to be seen. */
	constructor(changed) {
		this.filters = FILTERS.map((name) => byId(`by-${name}`));
		for (const filter of this.filters) filter.addEventListener("change", changed);
		for (const name of GROUPS) byId(`${name}-more`).addEventListener("click", () => this.#more(name, changed));
	}

	#more(name, changed) {
		const last = this.#most[name];
		this.#most[name] += STEP;
		changed();
		byId(name).children[last]?.querySelector("a").focus();
	}

	#passes(known, me) {
		const [team, ...rest] = this.filters.map(({ value }) => value);
		const teamFits = team === EVERY || (team ? known.team === team : isNear(known, me));
		return teamFits && rest.every((value, index) => !value || known[FILTERS[index + 1]] === value);
	}

	/** `cases` are the OpenCases, `open` is the id of the one that is shown, `looking` gives who else looks at a case. */
	draw(cases, { me, desk, open, looking }) {
		const all = cases.all();
		this.#choices(all, me, desk);
		const shown = all.filter((known) => this.#passes(known, me)).sort(first);
		const groups = GROUPS.map((group) => shown.filter((known) => groupOf(known, me) === group));
		this.#cases = groups.flat();
		const titles = new Map(desk.teams.length > 1 ? desk.teams.map(({ name, title }) => [name, title[language] ?? name]) : []);
		const rows = new Map();
		const row = (known) => {
			const one = this.#rows.get(known.id) ?? new Row(known.id);
			rows.set(known.id, one);
			const fresh = known.id !== open && groupOf(known, me) !== "others" && unread(known, cases.seen(known.id));
			return one.draw(known, { me, fresh, open: known.id === open, looking: looking(known.id), team: titles.get(known.team) ?? "" });
		};
		groups.forEach((group, index) => {
			const name = GROUPS[index];
			const at = group.findIndex(({ id }) => id === open);
			if (at >= this.#most[name]) this.#most[name] = (Math.floor(at / STEP) + 1) * STEP;
			place(byId(name), group.slice(0, this.#most[name]).map(row));
			byId(`${name}-none`).hidden = group.length > 0;
			byId(`${name}-count`).textContent = group.length ? number(group.length) : "";
			const left = group.length - this.#most[name];
			byId(`${name}-more`).hidden = left <= 0;
			byId(`${name}-more`).textContent = left > 0 ? texts.moreCases(number(Math.min(STEP, left)), number(left)) : "";
		});
		this.#rows = rows;
	}

	#choices(cases, me, desk) {
		const own = me.teams.length ? desk.teams.filter(({ name }) => me.teams.includes(name)) : desk.teams;
		const teams = own.map(({ name, title }) => [name, title[language] ?? name]);
		if (me.role !== "agent" && own.length < desk.teams.length) teams.push([EVERY, texts.allTeams]);
		this.filters[0].hidden = teams.length < 2;
		const distinct = (key) => [...new Set(cases.map((known) => known[key]))].sort();
		const offered = [
			[me.teams.length ? texts.myTeams : texts.allTeams, teams],
			[texts.allLanguages, distinct("language").map((code) => [code, languageName(code)])],
			[texts.allChannels, distinct("channel").map((code) => [code, word("channels", code)])],
		];
		offered.forEach(([all, rest], index) => {
			const filter = this.filters[index];
			const chosen = filter.value;
			if (chosen && !rest.some(([value]) => value === chosen)) rest.push([chosen, chosen]); // its last case has just gone
			const wanted = [["", all], ...rest];
			if (JSON.stringify(wanted) === filter.dataset.offered) return;
			filter.dataset.offered = JSON.stringify(wanted);
			filter.replaceChildren(...wanted.map(([value, label]) => el("option", { value }, label)));
			filter.value = chosen;
		});
	}

	/** Lets all clocks go on. */
	tick() {
		const now = Date.now();
		for (const row of this.#rows.values()) row.tick(now);
	}

	/** The id of the case that comes `step` after this one; the first one if this one is not shown. */
	beside(id, step) {
		const at = this.#cases.findIndex((known) => known.id === id);
		return (at < 0 ? this.#cases[0] : this.#cases[at + step])?.id;
	}

	focus(id) {
		(this.#rows.get(id) ?? this.#rows.get(this.#cases[0]?.id))?.link.focus();
	}
}
