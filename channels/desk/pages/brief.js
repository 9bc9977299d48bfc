/** The head of a case: what it is, who has it, why it is here, what is due, whom to call, and what was there before. */

import { byId, el } from "./elements.js";
import { between, date, due, listed, telephone } from "./formats.js";
import { clock, language, languageName, placeName, texts, word } from "./language.js";
import { titleOfTeam } from "./steps.js";

const TYPING = 5000; // ms for which one hears that somebody types

/** "claim", "release" … : what this agent can do with the case now. */
export function can(known, me) {
	const more = me.role === "agent" ? [] : ["reassign"];
	if (known.state === "waiting") return ["claim", ...more];
	if (known.state !== "claimed") return [];
	if (known.agent?.id === me.id) return ["release", "transfer", "close"];
	return more.length ? ["takeOver", ...more] : [];
}

export const isMine = (known, me) => known?.state === "claimed" && known.agent?.id === me.id;

/** Who has the case, as a sentence. */
export function holder(known, me) {
	if (known.state === "closed") return texts.isClosed;
	if (known.state === "waiting") return texts.nobodyHas;
	return isMine(known, me) ? texts.youHave : texts.somebodyHas(known.agent?.name ?? texts.somebody);
}

export class Brief {
	#known;
	#typing = null; // the timer of who types

	/** `looking` are the names of others who look at it. */
	draw(known, { me, desk, looking }) {
		if (this.#known?.id !== known.id) {
			this.#stopped();
			byId("earlier").open = false;
		}
		this.#known = known;
		byId("case-title").textContent = texts.case(known.id);
		byId("urgent").hidden = !known.urgent;
		byId("reopened").hidden = !known.reopened;
		byId("holder").textContent = holder(known, me);
		byId("holder").dataset.state = isMine(known, me) ? "mine" : known.state;
		byId("looking").hidden = !looking.length;
		byId("looking").textContent = looking.length ? texts.looking(listed(looking), looking.length > 1) : "";
		const foreign = known.state !== "closed" && !me.languages.includes(known.language);
		byId("foreign").hidden = !foreign;
		byId("foreign").textContent = foreign ? texts.notYourLanguage(languageName(known.language)) : "";
		const offered = can(known, me);
		for (const button of byId("actions").children) button.hidden = !offered.includes(button.dataset.do);
		this.#facts(known, desk);
		this.#earlier(known.earlier ?? []);
		this.tick();
	}

	/** Facts are drawn anew only if they are others: the focus may be in them. */
	#facts(known, desk) {
		const list = byId("facts");
		const drawn = JSON.stringify([{ ...known, before: 0, lines: 0, suggestions: 0, earlier: 0 }, language, desk.teams, new Date().toDateString()]);
		if (list.drawn === drawn) return;
		list.drawn = drawn;
		const left = known.wants === "message" ? texts.wants.message : "";
		const tags = (known.tags ?? []).map((name) => desk.tags?.find((tag) => tag.name === name)?.title[language] ?? name);
		const facts = [
			[texts.callback, known.wants === "callback" && call(known.callback), "wanted"],
			[texts.reason, [word("because", known.because), left].filter(Boolean).join(" · ")],
			[texts.topic, known.topic && el("span", { lang: known.language }, known.topic)],
			[texts.replyDue, known.reply_due && el("span.due", { id: "reply-due", title: clock(known.reply_due) }, " "), "due-by"],
			[texts.resolveDue, known.state !== "closed" && known.resolve_due && el("span", { id: "resolve-due" }, " ")],
			[texts.outcome, known.outcome && word("outcomes", known.outcome)],
			[texts.tags, tags.join(", ")],
			[texts.channel, word("channels", known.channel)],
			[texts.language, languageName(known.language)],
			[texts.place, known.place && placeName(known.place)],
			[texts.team, titleOfTeam(known.team, desk)],
			[texts.openedAt, clock(known.opened)],
		];
		const fact = ([label, value, kind = ""]) => el(`div.${kind}`, {}, el("dt", {}, label), el("dd", {}, value));
		list.replaceChildren(...facts.filter(([, value]) => value).map(fact));
	}

	#earlier(cases) {
		byId("earlier").hidden = !cases.length;
		const list = byId("earlier-cases");
		const drawn = JSON.stringify([cases, language]);
		if (list.drawn === drawn) return;
		list.drawn = drawn;
		byId("earlier-count").textContent = texts.earlier(cases.length);
		const about = ({ topic, because, outcome }) => [topic || word("because", because), outcome && word("outcomes", outcome)].filter(Boolean).join(" · ");
		list.replaceChildren(...cases.map((each) => el("li", {}, el("a", { href: `#${each.id}` }, texts.case(each.id)), ` · ${date(each.opened)} · ${about(each)}`)));
	}

	/** Lets the clocks go on. */
	tick() {
		const [reply, resolve] = [byId("reply-due"), byId("resolve-due")];
		if (reply) {
			const { state, text } = due(this.#known.reply_due, Date.now());
			if (reply.textContent !== text) reply.textContent = text;
			reply.dataset.state = state;
		}
		if (resolve) {
			const past = Date.parse(this.#known.resolve_due) < Date.now();
			const text = past ? texts.wasDue(clock(this.#known.resolve_due)) : clock(this.#known.resolve_due);
			if (resolve.textContent !== text) resolve.textContent = text;
			resolve.className = past ? "failed" : "";
		}
	}

	/** The citizen types now. It is shown, never said: it would be said all the time. */
	types() {
		clearTimeout(this.#typing);
		byId("typing").hidden = false;
		this.#typing = setTimeout(() => this.#stopped(), TYPING);
	}

	#stopped() {
		clearTimeout(this.#typing);
		byId("typing").hidden = true;
	}
}

/** Whom to call, and when. */
function call(callback) {
	if (!callback?.phone) return texts.wants.callback;
	const when = callback.from ? between(callback.from, callback.until) : texts.soon;
	return [el("a", { href: `tel:${callback.phone}` }, telephone(callback.phone)), `, ${when}`];
}
