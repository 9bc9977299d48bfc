/** The open cases as this page knows them: from the list, fetched once, and from what was heard since. */

const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);
/** What the list shows of a case that was fetched whole. */
export function summary({ before, lines, suggestions, callback, earlier, ...known }) {
	const { kind, at, text } = lines.findLast((line) => ["citizen", "agent"].includes(line.kind)) ?? {};
	return { ...known, last: kind ? { kind, at, text } : null };
}

const isMine = (known, me) => known?.agent?.id === me.id;

export class OpenCases {
	#cases = new Map(); // id → what the list shows of a case
	#heard = new Set(); // of which cases something was heard while the list was on its way
	#seen = {}; // id → when the case was last looked at
	listed = false; // whether there was a list: what is new after that has arrived

	belongTo(me) {
		this.me = me;
		this.#seen = JSON.parse(localStorage[this.#key] ?? "{}");
	}

	get #key() {
		return `guichet-desk seen ${this.me.id}`;
	}

	all() {
		return [...this.#cases.values()];
	}

	has(id) {
		return this.#cases.has(id);
	}

	drop(id) {
		this.#heard.add(id);
		return this.#cases.delete(id);
	}

	/** Takes what is known of a case now. Answers whether that is news: it waits and did not before, or was given to this agent. */
	keep(known) {
		const before = this.#cases.get(known.id);
		if (before?.epoch > known.epoch) return false;
		this.#heard.add(known.id);
		if (known.state === "closed") this.#cases.delete(known.id);
		else if (!same(before, known)) this.#cases.set(known.id, known);
		return this.listed && this.#isNews(known, before);
	}

	#isNews(known, before) {
		if (known.state === "waiting") return before?.state !== "waiting";
		return known.state === "claimed" && isMine(known, this.me) && !isMine(before, this.me);
	}

	/** Takes the list that `fetch` brings, but of what was heard meanwhile what was heard. Answers what is news. */
	async list(fetch) {
		this.#heard.clear();
		const all = await fetch();
		const before = this.#cases;
		this.#cases = new Map();
		for (const known of all) {
			const old = before.get(known.id);
			if (!this.#heard.has(known.id)) this.#cases.set(known.id, same(old, known) ? old : known);
		}
		for (const id of this.#heard) if (before.has(id)) this.#cases.set(id, before.get(id));
		const news = this.listed ? this.all().filter((known) => this.#isNews(known, before.get(known.id))) : [];
		this.listed = true;
		for (const id of Object.keys(this.#seen)) if (!this.has(Number(id))) delete this.#seen[id];
		return news;
	}

	/** Remembers that a case was looked at as it was then. */
	saw(id, at) {
		this.#seen[id] = at;
		localStorage[this.#key] = JSON.stringify(this.#seen);
	}

	seen(id) {
		return this.#seen[id];
	}
}
