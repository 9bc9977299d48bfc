/** The dialogs about a case: transfer, reassign, close, take over; and the list of shortcuts. */

import { choice, field, select, show } from "./dialog.js";
import { el } from "./elements.js";
import { at, listed } from "./formats.js";
import { keysAreOn, turnKeys } from "./keys.js";
import { language, languageName, texts } from "./language.js";
import { titleOfTeam } from "./steps.js";

/** "Passports (open)", "Benefits (closed, opens at 8:30 am)". */
function team({ name, open, opens }, desk) {
	const hours = open ? texts.teamOpen : opens ? texts.teamOpens(at(opens)) : texts.teamClosed;
	return [name, `${titleOfTeam(name, desk)} (${hours})`];
}

/** "Luc Tremblay – French – Passports": what one must know to hand somebody a case. */
function person({ id, name, languages, teams }, desk) {
	const about = [listed(languages.map(languageName)), listed(teams.map((each) => titleOfTeam(each, desk)))];
	return el("option", { value: id }, [name, ...about.filter(Boolean)].join(" – "));
}

function destinations({ desk, me, known }) {
	const teams = desk.teams.filter(({ name }) => name !== known.team).map((each) => team(each, desk));
	const others = desk.agents.filter(({ id }) => id !== me.id && id !== known.agent?.id);
	const group = (label, there) => {
		const agents = others.filter(({ present }) => Boolean(present) === there);
		return agents.length ? el("optgroup", { label }, agents.map((each) => person(each, desk))) : "";
	};
	const agents = el("select", { name: "agent" }, el("option", { value: "" }, texts.anyone), group(texts.atDesk, true), group(texts.notAtDesk, false));
	return [teams.length ? field(texts.transferTeam, select("team", [["", texts.sameTeam], ...teams])) : "", field(texts.transferAgent, agents)];
}

function destination(fields) {
	const [to, agent] = [fields.get("team") || null, fields.get("agent") || null];
	return to || agent ? { team: to, agent } : null;
}

const nowhere = (fields) => (fields.has("team") ? [texts.transferNobody, "team"] : [texts.transferNoAgent, "agent"]);

export function transfer(about, done) {
	const note = field(texts.transferNote, el("textarea", { name: "note", rows: 3, maxLength: 4000 }));
	show(texts.transferTitle, [...destinations(about), note], texts.transferDo, (fields) => {
		const to = destination(fields);
		if (!to) return nowhere(fields);
		done({ ...to, note: fields.get("note").trim() });
	});
}

/** For supervisors: a case that waits, or that somebody else has. */
export function reassign(about, done) {
	show(texts.reassignTitle, [...destinations(about), el("p", {}, texts.reassignHelp)], texts.reassignDo, (fields) => {
		const to = destination(fields);
		if (!to) return nowhere(fields);
		done(to);
	});
}

export function close(tags, done) {
	const outcome = ([value, label], index) => choice("radio", "outcome", value, label, !index);
	const outcomes = el("fieldset", {}, el("legend", {}, texts.outcomeAsk), Object.entries(texts.outcomes).map(outcome));
	const tag = ({ name, title }) => choice("checkbox", "tags", name, title[language] ?? name);
	const about = tags.length ? el("fieldset.tags", {}, el("legend", {}, texts.tagsAsk), tags.map(tag)) : "";
	show(texts.closeTitle, [outcomes, about, el("p", {}, texts.closeHelp)], texts.closeDo, (fields) => {
		done({ outcome: fields.get("outcome"), tags: fields.getAll("tags") });
	});
}

export function takeOver(done) {
	const because = el("textarea", { name: "because", rows: 3, required: true, maxLength: 4000 });
	show(texts.takeOverTitle, [field(texts.takeOverBecause, because)], texts.takeOverDo, (fields) => done({ because: fields.get("because") }));
}

export function shortcuts(me) {
	const all = me?.role === "agent" ? texts.keys : [...texts.keys.slice(0, -2), texts.boardKey, ...texts.keys.slice(-2)];
	const keys = all.map(([key, does]) => el("div", {}, el("dt", {}, el("kbd", {}, key)), el("dd", {}, does)));
	const onchange = ({ target }) => turnKeys(target.checked);
	const on = el("label.choice", {}, el("input", { type: "checkbox", checked: keysAreOn(), onchange }), texts.keysOn);
	show(texts.shortcutsTitle, [el("dl.keys", {}, keys), on], texts.done);
}
