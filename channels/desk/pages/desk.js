/** The desk: which case is open, and what happens when something is pressed, typed or heard. */

import { can, Conversation, holder } from "./conversation.js";
import * as dialogs from "./dialogs.js";
import { announce, byId, el } from "./elements.js";
import { listenForKeys } from "./keys.js";
import { Knowledge } from "./knowledge.js";
import { languages, preferred, speak, texts } from "./language.js";
import { Notices } from "./notices.js";
import { Outgoing } from "./outgoing.js";
import { Queue } from "./queue.js";
import { get, listen, pause, post, Refused } from "./server.js";
import { Writing } from "./writing.js";

const SETTLE = 200; // ms: several events come together

const main = document.querySelector("main");
const cases = new Map(); // id → what the list shows of an open case
const fetching = new Map(); // id → {again, done}: one question about a case at a time
let me, desk, seen, open, shown; // `open` is the id of the case that is wanted, `shown` the case that is shown
let listed = false; // whether the list has been fetched: what is new after that has arrived
let listing = null; // the timer of the next list
let handedOn = null; // the id of the case that was given away here: that is no news
let trouble = false; // whether the connection is lost

for (const [lang, name] of languages()) {
	byId("languages").append(el("button", { type: "button", lang, onclick: () => choose(lang) }, name));
}
speak(preferred());
const queue = new Queue(() => draw());
const conversation = new Conversation();
const writing = new Writing({ send: (text, quotes) => outgoing.say(shown, text, quotes), note });
const knowledge = new Knowledge({ add: (hit) => writing.add(hit), failed: (error) => complain(error) });
const notices = new Notices();

async function start() {
	for (let loaded = false; !loaded; ) {
		try {
			[me, desk] = await Promise.all([get("/api/me"), get("/api/desk")]);
			loaded = true;
		} catch (error) {
			console.warn(error);
			connection(true);
			await pause(2000);
		}
	}
	seen = JSON.parse(localStorage[seenKey()] ?? "{}");
	byId("me").textContent = me.name;
	present(me.present);
	listen({ heard, connected, lost: () => connection(true) });
	addEventListener("offline", () => connection(true));
	addEventListener("hashchange", follow);
	follow();
}

const seenKey = () => `guichet-desk seen ${me.id}`;

function choose(language) {
	speak(language, true);
	connection(trouble, false);
	conversation.clear();
	present(me.present);
}

function present(ids) {
	me.present = ids;
	for (const agent of desk.agents) agent.present = ids.includes(agent.id);
	byId("present").textContent = texts.present(desk.agents.filter((agent) => agent.present).map(({ name }) => name).join(", "));
	draw();
}

/** Shows everything as it is now. What has the focus keeps it; if it is no more, the nearest heading gets it. */
function draw() {
	if (!desk) return;
	const focused = document.activeElement;
	main.dataset.view = shown ? "case" : "queue";
	byId("empty").hidden = Boolean(shown);
	byId("case").hidden = byId("knowledge").hidden = !shown;
	if (shown) {
		const about = { me, desk, pending: outgoing.of(shown.id) };
		conversation.draw(shown, about);
		writing.draw(shown, about);
		knowledge.draw(shown);
	}
	queue.draw([...cases.values()], { me, desk, open, seen });
	notices.draw([...cases.values()].filter(({ state }) => state === "waiting").length);
	if (focused === document.body) return;
	if (!focused.checkVisibility()) byId(shown ? "case-title" : "queue-title").focus();
	else if (document.activeElement !== focused) focused.focus({ preventScroll: true }); // it was moved
}

function tell(text) {
	byId("notice").hidden = !text;
	byId("notice").textContent = text;
	if (text) announce(text);
}

function connection(lost, aloud = lost !== trouble) {
	const told = lost ? texts.lost : trouble ? texts.again : "";
	if (aloud && told) announce(told);
	trouble = lost;
	byId("connection").hidden = !lost;
	byId("connection").textContent = lost ? told : "";
}

async function connected(again) {
	connection(false);
	await fetchList();
	if (again && open) await refresh(open);
}

async function fetchList() {
	listing = null;
	try {
		list((await get("/api/cases")).cases);
	} catch (error) {
		console.warn(error);
		listing ??= setTimeout(fetchList, 10 * SETTLE);
	}
}

function list(all) {
	const before = new Map(cases);
	cases.clear();
	for (const known of all) {
		const older = shown?.id === known.id && shown.epoch > known.epoch; // the list was on its way for longer than the case
		const kept = older ? before.get(known.id) : known;
		if (kept) cases.set(known.id, kept);
	}
	if (listed && all.some((known) => isNew(known, before.get(known.id)))) notices.arrived();
	listed = true;
	byId("queue").hidden = false;
	for (const id of Object.keys(seen)) if (!cases.has(Number(id))) delete seen[id];
	draw();
}

const isNew = (known, before) => known.state === "waiting" && before?.state !== "waiting" && known.id !== handedOn;

function heard(event, data) {
	if (event === "presence") present(data.present);
	if (event !== "case") return;
	if (data.id === open) setTimeout(() => refresh(data.id), SETTLE / 4);
	else listing ??= setTimeout(fetchList, SETTLE); // to fetch a case is to read it, and that is recorded
}

/** Fetches a case again; once more if it is asked for in the meantime. */
function refresh(id) {
	const running = fetching.get(id);
	if (running) {
		running.again = true;
		return running.done;
	}
	const now = {};
	fetching.set(id, now);
	now.done = fetched(id, now);
	return now.done;
}

async function fetched(id, now) {
	try {
		do {
			now.again = false;
			take(await get(`/api/cases/${id}`));
		} while (now.again);
	} catch (error) {
		if (![403, 404].includes(error.status)) {
			console.warn(error);
			if (open === id && shown?.id !== id) tell(texts.failed);
			return;
		}
		cases.delete(id);
		if (open === id) {
			leave();
			tell(texts.cannotOpen);
		}
		draw();
	} finally {
		fetching.delete(id);
	}
}

function take(known) {
	const { before, lines, suggestions, ...summary } = known;
	summary.last = lines.findLast(({ kind }) => kind === "citizen" || kind === "agent") ?? null;
	const news = listed && isNew(known, cases.get(known.id));
	if (known.state === "closed") cases.delete(known.id);
	else cases.set(known.id, summary);
	outgoing.settle(lines);
	const opening = open === known.id && shown?.id !== known.id;
	if (open === known.id) {
		shown = known;
		seen[known.id] = summary.last?.at ?? known.opened;
		localStorage[seenKey()] = JSON.stringify(seen);
	}
	if (opening) tell("");
	draw();
	if (opening) byId("case-title").focus();
	if (news) notices.arrived();
}

/** The address says which case is open, so that "back" and a reload do what they say. */
function follow() {
	const [, id] = /^#(\d+)$/.exec(location.hash) ?? [];
	open = id ? Number(id) : null;
	if (open) refresh(open);
	else shown = null;
	draw();
}

function leave() {
	const left = open;
	history.pushState(null, "", location.pathname);
	follow();
	queue.focus(left);
}

async function complain(error, id) {
	console.warn(error);
	if (error.status !== 409) return tell((error instanceof Refused && error.message) || texts.failed);
	await refresh(id);
	const { by } = error.data;
	const who = by ? texts.somebodyHas(by) : shown?.id === id ? holder(shown, me) : texts.somebodyElseHas;
	tell(texts.taken(who));
}

async function act({ id }, verb, data) {
	handedOn = verb === "claim" ? null : id;
	try {
		await post(`/api/cases/${id}/${verb}`, data);
		tell("");
	} catch (error) {
		return complain(error, id);
	}
	await refresh(id);
	if (shown?.id !== id) return;
	announce(holder(shown, me));
	if (verb === "claim" && !document.activeElement.matches("input, textarea, select")) writing.write("reply");
}

const ACTIONS = {
	claim: (known) => act(known, "claim", {}),
	release: (known) => act(known, "release", { epoch: known.epoch }),
	transfer: (known) => dialogs.transfer({ desk, me, known }, (data) => act(known, "transfer", { epoch: known.epoch, ...data })),
	close: (known) => dialogs.close((data) => act(known, "close", { epoch: known.epoch, ...data })),
	takeOver: (known) => dialogs.takeOver((data) => act(known, "take-over", data)),
};

async function note(text) {
	if (await outgoing.note(shown, text)) announce(texts.saved);
}

const outgoing = new Outgoing({
	changed(failed) {
		draw();
		if (failed) announce(texts.notSent);
		else conversation.toEnd();
	},
	sent: refresh,
	refused(error, one, field) {
		writing.restore(one.case, field, one.text, one.quotes);
		draw();
		complain(error, one.case);
	},
});

/** From a field to its case, from a case to the list. */
function back() {
	if (!shown) return;
	if (document.activeElement.matches("input, textarea, select")) byId("case-title").focus();
	else if (byId("back").checkVisibility()) leave();
	else queue.focus(open);
}

function step(by) {
	const id = queue.beside(open, by);
	if (id) location.hash = id;
}

const KEYS = {
	j: () => step(1),
	k: () => step(-1),
	c: () => shown && can(shown, me).includes("claim") && ACTIONS.claim(shown),
	r: () => shown && writing.write("reply"),
	n: () => shown && writing.write("note"),
	s: () => shown && byId("query").focus(),
	"?": () => dialogs.shortcuts(),
};

listenForKeys(KEYS, back);
for (const button of byId("actions").children) button.addEventListener("click", () => ACTIONS[button.dataset.do](shown));
byId("back").addEventListener("click", leave);
byId("queue").addEventListener("click", ({ target }) => {
	if (shown && target.closest("a")?.hash === `#${shown.id}`) byId("case-title").focus(); // it is open already
});
byId("shortcuts").addEventListener("click", () => dialogs.shortcuts());
byId("sign-out").addEventListener("submit", () => sessionStorage.clear());
setInterval(() => queue.tick(), 1000);
start();
