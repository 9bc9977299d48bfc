/** The staff: who they are, inviting somebody, changing what they may do, letting them in again, closing an account. */

import { ask, field, told } from "./ask.js";
import { byId, el } from "./elements.js";
import { language, languageName } from "./language.js";
import { begin, tell, texts, toCopy, when, wrong } from "./page.js";
import { get, post } from "./server.js";

const ROLES = ["agent", "supervisor", "publisher", "administrator"];
let all = { staff: [], titles: {}, languages: [], me: "" };

const teamName = (team) => all.titles[team]?.[language] ?? team;

function draw() {
	const open = document.activeElement?.closest("li")?.dataset.id;
	byId("staff").replaceChildren(...all.staff.map(card));
	if (open) document.querySelector(`[data-id="${open}"] h3`)?.focus();
}

async function refresh() {
	try {
		all = await get("/api/staff");
		draw();
	} catch (error) {
		tell(wrong(error));
	}
}

function card(member) {
	const mine = member.id === all.me;
	const name = el("h3", { tabIndex: -1 }, member.name, mine ? el("span.none", {}, ` (${texts.you})`) : "");
	const marks = [!member.active && texts.isClosed, member.locked && texts.isLocked,
		member.active && !member.arrived && (member.invited ? texts.isInvited(when(member.invited)) : texts.isNew)];
	const facts = [
		[texts.email, member.email],
		[texts.role, texts.roles[member.role]],
		[texts.team, member.teams.map(teamName).join(", ") || texts.allTeams],
		[texts.spoken, member.languages.map(languageName).join(", ")],
		[texts.capacity, member.capacity ?? texts.asTeam],
		[texts.codes, member.codes ? texts.codesYes : member.demanded ? texts.codesMissing : texts.codesNo],
		...(member.single ? [[texts.single, texts.singleYes]] : []),
		[texts.lastSeen, member.seen ? when(member.seen) : texts.never],
	];
	const item = el("li", { className: member.active ? "" : "closed" },
		el("div.row", {}, name, marks.filter(Boolean).map((text) => el("span.mark", {}, text))),
		el("dl.facts", {}, facts.map(([label, value]) => el("div", {}, el("dt", {}, label), el("dd", {}, String(value))))),
		el("div.row", {}, actions(member, mine)));
	item.dataset.id = member.id;
	return item;
}

function actions(member, mine) {
	const button = (text, onclick) => el("button", { type: "button", onclick, ariaLabel: `${text} ${member.name}` }, text);
	if (!member.active) return [button(texts.reopen, () => reopen(member))];
	return [
		button(texts.change, () => edit(member)),
		mine ? "" : button(texts.link, () => reset(member)),
		mine || !member.codes ? "" : button(texts.codesOffShort, () => turnOff(member)),
		button(texts.close, () => close(member)),
	];
}

const choice = (name, value, text, checked) => el("label.choice", {}, el("input", { type: "checkbox", name, value, checked }), text);
const chosen = (form, name) => new FormData(form).getAll(name);

/** The fields of what somebody may do; `work(form)` reads them. */
function works(member) {
	const role = el("select", { name: "role" }, ROLES.map((each) => el("option", { value: each, selected: each === member.role }, texts.roles[each])));
	const spoken = all.languages.map((each) => choice("languages", each, languageName(each), member.languages.includes(each)));
	const teams = Object.keys(all.titles).map((each) => choice("teams", each, teamName(each), member.teams.includes(each)));
	const capacity = el("input", { name: "capacity", type: "number", min: 1, max: 100, value: member.capacity ?? "" });
	return [
		field(texts.role, role),
		el("fieldset", {}, el("legend", {}, texts.spoken), spoken),
		el("fieldset", {}, el("legend", {}, texts.team), el("p.help", {}, texts.allTeamsHelp), teams),
		field(texts.capacity, capacity, texts.capacityHelp),
	];
}

const work = (form) => ({
	name: form.elements.name.value,
	role: form.elements.role.value,
	languages: chosen(form, "languages"),
	teams: chosen(form, "teams"),
	capacity: Number(form.elements.capacity.value) || null,
});

const named = (name) => field(texts.name, el("input", { name: "name", value: name, autocomplete: "off", required: true, maxLength: 200 }));

byId("invite").addEventListener("click", () => {
	const email = el("input", { name: "email", type: "email", autocomplete: "off", required: true, maxLength: 254 });
	const anew = { role: "agent", languages: all.languages, teams: [], capacity: null };
	ask({
		title: texts.inviteTitle,
		content: [named(""), field(texts.email, email), ...works(anew)],
		action: texts.inviteDo,
		about: { taken: "email", unfit: "email" },
		submit: async (form) => ({ name: form.elements.name.value, ...(await post("/api/staff", { ...work(form), email: email.value })) }),
		done: handOver,
	});
});

/** Shows the link, this once. */
async function handOver({ name, link, ends }) {
	await refresh();
	const address = new URL(link, location.origin).href;
	told(texts.linkTitle(name), [el("p", {}, texts.linkHelp(when(ends))), toCopy(texts.linkLabel, address)]);
}

function edit(member) {
	ask({
		title: texts.changeTitle(member.name),
		content: [named(member.name), ...works(member), el("p.help", {}, texts.changeHelp)],
		action: texts.changeDo,
		about: { unfit: "name", last: "role" },
		submit: (form) => post(`/api/staff/${member.id}`, work(form)),
		done: () => changed(texts.changed(member.name)),
	});
}

async function changed(text) {
	await refresh();
	tell(text);
}

function reset(member) {
	ask({
		title: texts.resetTitle(member.name),
		content: [el("p", {}, texts.resetHelp)],
		action: texts.resetDo,
		submit: async () => ({ name: member.name, ...(await post(`/api/staff/${member.id}/reset`, {})) }),
		done: handOver,
	});
}

function turnOff(member) {
	const did = () => changed(texts.changed(member.name));
	const submit = () => post(`/api/staff/${member.id}/codes-off`, {});
	ask({ title: texts.codesOffTitle(member.name), content: [el("p", {}, texts.codesOffHelp)], action: texts.codesOffDo, submit, done: did });
}

function close(member) {
	const did = () => changed(texts.closed(member.name));
	const submit = () => post(`/api/staff/${member.id}/close`, {});
	ask({ title: texts.closeTitle(member.name), content: [el("p", {}, texts.closeHelp)], action: texts.closeDo, submit, done: did });
}

async function reopen(member) {
	try {
		await post(`/api/staff/${member.id}/open`, {});
		await changed(texts.reopened(member.name));
	} catch (error) {
		tell(wrong(error));
	}
}

await begin("staff", draw);
await refresh();
