/** A case in the list: what it is about, its marks, and its clocks. It is drawn anew only when something in it is another. */

import { el } from "./elements.js";
import { due, listed, since } from "./formats.js";
import { clock, language, languageName, placeName, texts, word } from "./language.js";

/** Since when somebody waits for us, if they do. */
function waits(known) {
	if (known.state === "waiting") return known.waiting_since;
	return known.last?.kind === "citizen" ? known.last.at : null;
}

export class Row {
	#drawn = [];
	#clocks = [];

	constructor(id) {
		this.link = el("a", { href: `#${id}` });
		this.clocks = el("p.clocks", {});
		this.item = el("li", {}, this.link, this.clocks);
	}

	/** `fresh` is whether there is something unread, `looking` who else looks at it, `team` the title of its team if that is worth saying. */
	draw(known, { me, fresh, open, looking, team }) {
		if (open) this.link.setAttribute("aria-current", "true");
		else this.link.removeAttribute("aria-current");
		const drawn = [known, fresh, looking.join(), team, language];
		if (drawn.every((each, index) => each === this.#drawn[index])) return this.item;
		this.#drawn = drawn;
		this.item.className = known.urgent ? "urgent" : "";
		const who = known.agent && known.agent.id !== me.id ? ` · ${known.agent.name}` : "";
		const about = [word("because", known.because), known.place && placeName(known.place), team].filter(Boolean).join(" · ");
		this.link.replaceChildren(
			el("span.marks", {}, el("span.name", {}, texts.case(known.id), who), marks(known, fresh, me)),
			known.topic ? el("span.topic", { lang: known.language }, known.topic) : "",
			el("span.about", {}, about),
			known.last?.text ? el("span.last", { lang: known.language, dir: "auto" }, known.last.text) : "",
		);
		const others = looking.length ? el("span.looking", {}, texts.looking(listed(looking), looking.length > 1)) : "";
		const from = waits(known);
		const told = known.state === "waiting" ? texts.waits : texts.waitsReply;
		const wait = from ? el("span.waits", {}, `${told} `, ticking("time", { dateTime: from, title: clock(from) })) : "";
		const left = known.reply_due ? ticking("span.due", { title: clock(known.reply_due) }) : "";
		this.clocks.replaceChildren(...[wait, left, others].filter(Boolean));
		this.#clocks = [
			from && [wait.lastChild, (now) => ({ text: since(from, now) })],
			left && [left, (now) => due(known.reply_due, now)],
		].filter(Boolean);
		this.tick(Date.now());
		return this.item;
	}

	/** Shows how late it is by now. */
	tick(now) {
		for (const [node, read] of this.#clocks) {
			const { text, state } = read(now);
			if (node.textContent !== text) node.textContent = text;
			if (state && node.dataset.state !== state) node.dataset.state = state;
		}
	}
}

const ticking = (kind, properties) => el(kind, properties, " ");

function marks(known, fresh, me) {
	const foreign = !me.languages.includes(known.language);
	const name = languageName(known.language);
	return [
		known.urgent ? el("span.mark urgent", {}, texts.urgent) : "",
		fresh ? el("span.mark fresh", {}, texts.fresh) : "",
		known.reopened ? el("span.mark reopened", {}, texts.reopened) : "",
		texts.wants[known.wants] ? el("span.mark wants", {}, texts.wants[known.wants]) : "",
		foreign ? el("span.mark foreign", {}, texts.notYours(name)) : el("span.mark", {}, name),
		el("span.mark", {}, word("channels", known.channel)),
	];
}
