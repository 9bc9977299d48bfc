/** The list of open cases: who waits, what is mine, what others have; urgent ones first, then who waits longest. */

import { byId, el, place } from "./elements.js";
import { clock, language, languageName, placeName, since, texts, word } from "./language.js";

const GROUPS = ["waiting", "mine", "others"];
const FILTERS = ["team", "language", "channel"];

/** Whether there is something that was not looked at here: a case that waits, or a citizen's words. */
function unread({ state, last }, seen) {
	if (!seen) return state === "waiting" || last?.kind === "citizen";
	return last?.kind === "citizen" && new Date(last.at) > new Date(seen);
}

/** Since when somebody waits for us, if they do. */
function waits(known) {
	if (known.state === "waiting") return known.waiting_since;
	return known.last?.kind === "citizen" ? known.last.at : null;
}

export const groupOf = (known, me) => (known.state === "waiting" ? "waiting" : known.agent?.id === me.id ? "mine" : "others");

const first = (one, other) => other.urgent - one.urgent || new Date(one.waiting_since) - new Date(other.waiting_since) || one.id - other.id;

export class Queue {
	#items = new Map(); // id of a case → its item, kept, so that the focus in it stays
	#cases = [];

	/** `changed` is called when another filter is chosen. */
	constructor(changed) {
		this.filters = FILTERS.map((name) => byId(`by-${name}`));
		for (const filter of this.filters) filter.addEventListener("change", changed);
	}

	/** The cases that the filters let through, in the order in which they are shown. */
	#pick(cases, me) {
		const passes = (known) => this.filters.every(({ value }, index) => !value || known[FILTERS[index]] === value);
		const shown = cases.filter(passes).sort(first);
		return GROUPS.map((group) => shown.filter((known) => groupOf(known, me) === group));
	}

	/** `seen` is when each case was last looked at; `open` the id of the one that is. */
	draw(cases, { me, desk, open, seen }) {
		this.#choices(cases, desk);
		const groups = this.#pick(cases, me);
		this.#cases = groups.flat();
		for (const id of this.#items.keys()) if (!this.#cases.some((known) => known.id === id)) this.#items.delete(id);
		groups.forEach((group, index) => {
			const name = GROUPS[index];
			place(byId(name), group.map((known) => this.#item(known, me, known.id === open, seen[known.id])));
			byId(`${name}-none`).hidden = group.length > 0;
			byId(`${name}-count`).textContent = group.length || "";
		});
		this.tick();
	}

	#choices(cases, desk) {
		const teams = desk.teams.map(({ name, title }) => [name, title[language] ?? name]);
		this.filters[0].hidden = teams.length < 2;
		const distinct = (key) => [...new Set(cases.map((known) => known[key]))].sort();
		const offered = [
			[texts.allTeams, teams],
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

	#item(known, me, open, seen) {
		let item = this.#items.get(known.id);
		if (!item) {
			item = el("li", {}, el("a", { href: `#${known.id}` }), el("span.waits", {}));
			this.#items.set(known.id, item);
		}
		const [link, waiting] = item.children;
		const fresh = !open && groupOf(known, me) !== "others" && unread(known, seen);
		const drawn = JSON.stringify([known, fresh, language, me.id]);
		if (open) link.setAttribute("aria-current", "true");
		else link.removeAttribute("aria-current");
		if (drawn === item.drawn) return item;
		item.drawn = drawn;
		item.className = known.urgent ? "urgent" : "";
		const foreign = !me.languages.includes(known.language);
		const marks = [
			known.urgent ? el("span.mark urgent", {}, texts.urgent) : "",
			fresh ? el("span.mark fresh", {}, texts.fresh) : "",
			el(`span.mark${foreign ? " foreign" : ""}`, {}, languageName(known.language)),
			el("span.mark", {}, word("channels", known.channel)),
		];
		const about = [word("because", known.because), known.place ? placeName(known.place) : ""].filter(Boolean).join(" · ");
		const who = known.agent && known.agent.id !== me.id ? ` · ${known.agent.name}` : "";
		link.replaceChildren(
			el("span.marks", {}, el("span.name", {}, texts.case(known.id), who), marks),
			el("span.about", {}, about),
			known.last?.text ? el("span.last", { lang: known.language, dir: "auto" }, known.last.text) : "",
		);
		const from = waits(known);
		const told = known.state === "waiting" ? texts.waits : texts.waitsReply;
		waiting.replaceChildren(...(from ? [`${told} `, el("time", { dateTime: from, title: clock(from) })] : []));
		return item;
	}

	/** Shows how long everybody has been waiting by now. */
	tick() {
		const now = Date.now();
		for (const item of this.#items.values()) {
			const time = item.querySelector("time");
			if (time) time.textContent = since(time.dateTime, now);
		}
	}

	/** The id of the case that comes `step` after this one; the first one if this one is not shown. */
	beside(id, step) {
		const at = this.#cases.findIndex((known) => known.id === id);
		return (at < 0 ? this.#cases[0] : this.#cases[at + step])?.id;
	}

	focus(id) {
		(this.#items.get(id) ?? this.#items.get(this.#cases[0]?.id))?.firstChild.focus();
	}
}
