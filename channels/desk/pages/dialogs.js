/** The dialogs: transfer, close, take over, and the list of shortcuts. */

import { byId, el } from "./elements.js";
import { keysAreOn, turnKeys } from "./keys.js";
import { language, texts } from "./language.js";

const field = (label, control) => el("label.field", {}, el("span", {}, label), control);
const select = (name, options) => el("select", { name }, options.map(([value, text]) => el("option", { value }, text)));

/** Opens the dialog; calls `submit` with the form's fields, which answers a complaint or nothing. */
function show(title, content, action, submit) {
	const dialog = byId("dialog");
	const complaint = el("p.complaint", { id: "complaint", hidden: true });
	const form = el("form", { method: "dialog" });
	const cancel = el("button", { type: "button", onclick: () => dialog.close() }, texts.cancel);
	const main = el("button.main", {}, action);
	form.append(el("h2", { id: "dialog-title" }, title), ...content, complaint, el("div.row", {}, main, submit ? cancel : ""));
	form.addEventListener("submit", (event) => {
		const wrong = submit?.(Object.fromEntries(new FormData(form)));
		if (!wrong) return;
		event.preventDefault();
		complaint.hidden = false;
		complaint.textContent = wrong;
		const first = form.querySelector("select, textarea, input");
		first.setAttribute("aria-describedby", "complaint");
		first.focus();
	});
	dialog.replaceChildren(form);
	dialog.showModal();
}

export function transfer({ desk, me, known }, done) {
	const agents = desk.agents.filter(({ id }) => id !== me.id);
	const there = ({ name, present }) => (present ? `${name} (${texts.atDesk})` : name);
	const teams = desk.teams.filter(({ name }) => name !== known.team).map(({ name, title }) => [name, title[language] ?? name]);
	const content = [
		teams.length ? field(texts.transferTeam, select("team", [["", texts.sameTeam], ...teams])) : "",
		field(texts.transferAgent, select("agent", [["", texts.anyone], ...agents.map((agent) => [agent.id, there(agent)])])),
		field(texts.transferNote, el("textarea", { name: "note", rows: 3 })),
	];
	show(texts.transferTitle, content, texts.transferDo, ({ team, agent, note }) => {
		if (!team && !agent) return teams.length ? texts.transferNobody : texts.transferNoAgent;
		done({ team: team || null, agent: agent || null, note: note.trim() });
	});
}

export function close(done) {
	const radio = ([value, label], index) => el("label.choice", {}, el("input", { type: "radio", name: "outcome", value, checked: !index }), label);
	const outcomes = el("fieldset", {}, el("legend", {}, texts.outcome), Object.entries(texts.outcomes).map(radio));
	show(texts.closeTitle, [outcomes, el("p", {}, texts.closeHelp)], texts.closeDo, (fields) => void done(fields));
}

export function takeOver(done) {
	const because = el("textarea", { name: "because", rows: 3, required: true });
	show(texts.takeOverTitle, [field(texts.takeOverBecause, because)], texts.takeOverDo, (fields) => void done(fields));
}

export function shortcuts() {
	const keys = texts.keys.map(([key, does]) => el("div", {}, el("dt", {}, el("kbd", {}, key)), el("dd", {}, does)));
	const onchange = ({ target }) => turnKeys(target.checked);
	const on = el("label.choice", {}, el("input", { type: "checkbox", checked: keysAreOn(), onchange }), texts.keysOn);
	show(texts.shortcutsTitle, [el("dl.keys", {}, keys), on], texts.done);
}
