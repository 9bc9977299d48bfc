/** The desk: which view and which case are open, and what happens when something is pressed, typed or heard. */

import { Acting } from "./acting.js";
import { Board } from "./board.js";
import { Brief, can } from "./brief.js";
import { Conversation } from "./conversation.js";
import * as dialogs from "./dialogs.js";
import { announce, byId, el } from "./elements.js";
import { connection, mark, nothing, supervises, tell, welcome } from "./frame.js";
import { listenForKeys } from "./keys.js";
import { Knowledge } from "./knowledge.js";
import { languages, preferred, speak, texts } from "./language.js";
import { Looking } from "./looking.js";
import { Notices } from "./notices.js";
import { OpenCases, summary } from "./open-cases.js";
import { Outgoing } from "./outgoing.js";
import { isNear, Queue } from "./queue.js";
import { Reader } from "./reader.js";
import { end, get, listen, pause } from "./server.js";
import { StatisticsPage } from "./statistics.js";
import { Translating } from "./translating.js";
import { Writing } from "./writing.js";

const SETTLE = 50; // ms: several events come together
const PATIENCE = 2000; // ms until what did not work is tried again
const OVERVIEWS = { board: "boardTitle", statistics: "statisticsTitle" }; // views of supervisors, by their titles

const main = document.querySelector("main");
const [cases, looking] = [new OpenCases(), new Looking()];
let me, desk, open, shown; // `open` is the id of the case that is wanted, `shown` the case that is shown
let [view, before] = ["queue", ""]; // or "case", "board", "statistics"; and the address before the board
let streams = 0; // how often this page began to listen
let [drawing, settling] = [false, null]; // whether all is drawn soon; the timer of the next look at the open case

for (const [lang, name] of languages()) byId("languages").append(el("button", { type: "button", lang, onclick: () => choose(lang) }, name));
speak(preferred());

const failed = (error) => acting.complain(error);
const queue = new Queue(() => redraw());
const brief = new Brief();
const reader = new Reader({ take, gone, failed: (id) => open === id && shown?.id !== id && tell(texts.failed) });
const refresh = (id) => reader.read(id);
const acting = new Acting({ tell, refresh, about: () => ({ me, desk, shown }), pressed: (id) => id === shown?.id && writing.write("reply") });
const translating = new Translating({ use: (text) => writing.fill(text), failed: (error) => console.warn(error) ?? tell(texts.noTranslation) });
const conversation = new Conversation({ resend: (line) => acting.resend(shown, line), translating });
const writing = new Writing({ send: (text, quotes) => outgoing.say(shown, text, quotes), inner });
const knowledge = new Knowledge({ add: (hit) => writing.add(hit), failed });
const notices = new Notices();
const board = new Board({ cases: () => cases.all(), failed });
const statistics = new StatisticsPage({ failed });
const outgoing = new Outgoing({
	changed(unsent) {
		redraw();
		if (unsent) announce(texts.notSent);
		else conversation.toEnd();
	},
	sent: refresh,
	refused(error, one, field) {
		writing.restore(one.case, field, one.text, one.quotes);
		redraw();
		acting.complain(error, one.case);
	},
});

async function start() {
	for (let loaded = false; !loaded; ) {
		try {
			[me, desk] = await Promise.all([get("/api/me"), get("/api/desk")]);
			loaded = true;
		} catch (error) {
			if (error.status === 403) return nothing();
			console.warn(error);
			connection(true);
			await pause(PATIENCE);
		}
	}
	cases.belongTo(me);
	welcome(me);
	present(me.present);
	listen({ heard, connected: () => connection(false), lost: () => connection(true) });
	addEventListener("offline", () => connection(true));
	addEventListener("hashchange", follow);
	document.addEventListener("visibilitychange", redraw);
	setInterval(tick, 1000);
	follow();
}

function choose(language) {
	speak(language, true);
	if (!me) return;
	connection();
	conversation.clear();
	present(me.present);
	board.draw();
	if (view === "statistics") statistics.draw();
	redraw();
}

async function present(ids) {
	me.present = ids;
	if (ids.some((id) => !desk.agents.some((agent) => agent.id === id))) await renew(); // somebody is new
	for (const agent of desk.agents) agent.present = ids.includes(agent.id);
	byId("present").textContent = texts.present(desk.agents.filter((agent) => agent.present).map(({ name }) => name).join(", "));
	draw();
}

/** Asks again for teams, their hours, and people; without an answer what is known stands. */
async function renew() {
	desk = await get("/api/desk").catch((error) => console.warn(error) ?? desk);
}

/** Soon, and once however much happens. A page that nobody sees has no frames, but its title is seen. */
function draw() {
	if (drawing) return;
	drawing = true;
	if (document.hidden) setTimeout(redraw, SETTLE);
	else requestAnimationFrame(redraw);
}

/** Shows everything as it is now. What has the focus keeps it; if it is no more, the nearest heading gets it. */
function redraw() {
	drawing = false;
	if (!desk) return;
	const focused = document.activeElement;
	const overview = view in OVERVIEWS;
	main.dataset.view = overview ? view : shown ? "case" : "queue";
	byId("queue").hidden = !cases.listed || overview;
	byId("empty").hidden = Boolean(shown) || overview;
	byId("case").hidden = byId("knowledge").hidden = !shown;
	for (const id of Object.keys(OVERVIEWS)) byId(id).hidden = view !== id;
	mark(overview ? view : "cases");
	const others = (id) => looking.at(id, { me, desk });
	if (shown) {
		const all = { me, desk, looking: others(shown.id), pending: outgoing.of(shown.id) };
		brief.draw(shown, all);
		conversation.draw(shown, all);
		writing.draw(shown, all);
		translating.draw(shown, all);
		knowledge.draw(shown);
	}
	if (!overview) queue.draw(cases, { me, desk, open, looking: others });
	if (view === "board") board.tick();
	notices.draw(cases.all().filter((known) => known.state === "waiting" && isNear(known, me)).length, overview ? texts[OVERVIEWS[view]] : texts.queue);
	if (focused === document.body) return;
	if (focused.checkVisibility()) return document.activeElement !== focused && focused.focus({ preventScroll: true }); // it was moved
	if ([focused, document.body].includes(document.activeElement)) byId(`${main.dataset.view}-title`).focus();
}

function tick() {
	if (document.hidden) return;
	if (view in OVERVIEWS) return board.tick();
	queue.tick();
	if (shown) brief.tick();
}

/** The stream is there: what happened before it must be fetched, once. */
async function begun(page) {
	const again = streams > 0;
	streams += 1;
	looking.begin(page);
	await fetchList();
	board.heard();
	if (again && shown) await refresh(shown.id);
}

async function fetchList() {
	try {
		const news = await cases.list(async () => (await get("/api/cases")).cases);
		if (news.some(isArrival)) notices.arrived();
		redraw();
	} catch (error) {
		console.warn(error);
		setTimeout(fetchList, PATIENCE);
	}
}

/** What was done here, or is of no team of one's own, is no news. */
const isArrival = (known) => isNear(known, me) && !acting.brought(known);

function learn(known) {
	if (cases.keep(known) && isArrival(known)) notices.arrived();
}

function heard(event, data) {
	if (event === "presence") {
		looking.heard(data.looking ?? {});
		present(data.present);
		if (data.page) begun(data.page);
	}
	if (event === "case") learn(data.case);
	if (event === "gone") cases.drop(data.id);
	if (event === "typing" && data.id === shown?.id) brief.types();
	const id = data.case?.id ?? data.id;
	if (["case", "gone"].includes(event) && id === open) settling ??= setTimeout(look, SETTLE);
	if (event !== "typing") board.heard();
	draw();
}

/** Only the case that is open is fetched again. */
function look() {
	settling = null;
	if (open) refresh(open);
}

function gone(id) {
	cases.drop(id);
	if (open === id) {
		leave();
		tell(texts.cannotOpen);
	}
	redraw();
}

function take(known) {
	const kept = summary(known);
	learn(kept);
	outgoing.settle(known.lines);
	const opening = open === known.id && shown?.id !== known.id;
	if (open === known.id) {
		shown = known;
		cases.saw(known.id, kept.last?.at ?? known.opened);
	}
	if (opening) tell("");
	redraw();
	if (opening) byId("case-title").focus();
}

/** The address says what is open, so that "back" and a reload do what they say. */
function follow() {
	const [was, address] = [view, location.hash.slice(1)];
	open = /^\d+$/.test(address) ? Number(address) : null;
	view = open ? "case" : address in OVERVIEWS && supervises(me) ? address : "queue";
	if (open) refresh(open);
	else shown = null;
	looking.look(open);
	board.show(view === "board");
	redraw();
	if (view === was || !(view in OVERVIEWS)) return;
	if (view === "statistics") statistics.show(desk);
	tell("");
	byId(`${view}-title`).focus();
}

function leave() {
	const left = open;
	history.pushState(null, "", location.pathname);
	follow();
	queue.focus(left);
}

async function inner(text, kind) {
	if (await outgoing.note(shown, text, kind)) announce(texts.saved[kind]);
}

/** From a field to its case, from a case or an overview to the list. */
function back() {
	if (view in OVERVIEWS) location.hash = "cases";
	if (!shown) return;
	if (document.activeElement.matches("input, textarea, select")) byId("case-title").focus();
	else if (byId("back").checkVisibility()) leave();
	else queue.focus(open);
}

function step(by) {
	const id = queue.beside(open, by);
	if (id) location.hash = id;
}

/** To the board, and back to where one was. */
function overview() {
	if (!supervises(me)) return;
	if (view !== "board") before = location.hash;
	location.hash = view === "board" ? before || "cases" : "board";
}

const KEYS = {
	j: () => step(1),
	k: () => step(-1),
	c: () => shown && can(shown, me).includes("claim") && acting.claim(shown),
	r: () => shown && writing.write("reply"),
	n: () => shown && writing.write("note"),
	s: () => shown && byId("query").focus(),
	b: () => overview(),
	"?": () => dialogs.shortcuts(me),
};

listenForKeys(KEYS, back);
for (const button of byId("actions").children) {
	button.addEventListener("click", async ({ target: { dataset } }) => {
		if (["transfer", "reassign"].includes(dataset.do)) await renew(); // who is there, and which team is open
		if (shown) acting[dataset.do](shown);
	});
}
byId("back").addEventListener("click", leave);
byId("queue").addEventListener("click", ({ target }) => {
	if (shown && target.closest("a")?.hash === `#${shown.id}`) byId("case-title").focus(); // it is open already
});
byId("shortcuts").addEventListener("click", () => dialogs.shortcuts(me));
byId("sign-out").addEventListener("submit", () => end() && sessionStorage.clear());
start();
