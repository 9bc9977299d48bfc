/** The frame around everything: who may go where, whether the connection is there, what went wrong, and that nothing is here. */

import { announce, byId } from "./elements.js";
import { texts } from "./language.js";

const ROLES = { supervisors: ["supervisor", "administrator"], administrators: ["administrator"] };
let trouble = false; // whether the connection is lost

export const supervises = (me) => ROLES.supervisors.includes(me.role);

/** Shows who is signed in, and the ways that are open to them. */
export function welcome(me) {
	byId("name").textContent = me.name;
	byId("me").hidden = false;
	for (const link of document.querySelectorAll("[data-for]")) link.hidden = !ROLES[link.dataset.for].includes(me.role);
	byId("pages").hidden = false;
}

/** Marks the view that is open among the ways. */
export function mark(view) {
	for (const link of byId("pages").querySelectorAll("[href^='#']")) link.ariaCurrent = link.hash === `#${view}` ? "page" : null;
}

export function tell(text) {
	byId("notice").hidden = !text;
	byId("notice").textContent = text;
	if (text) announce(text);
}

/** The connection is lost, or is there. Without `aloud` it is only shown, as in another language. */
export function connection(lost = trouble, aloud = lost !== trouble) {
	const told = lost ? texts.lost : trouble ? texts.again : "";
	if (aloud && told) announce(told);
	trouble = lost;
	byId("connection").hidden = !lost;
	byId("connection").textContent = lost ? told : "";
}

/** Who signed in has no part in cases. */
export function nothing() {
	byId("nothing").hidden = false;
	document.querySelector("main").dataset.view = "nothing";
	for (const id of ["empty", "notices", "shortcuts"]) byId(id).hidden = true;
	document.title = `${texts.nothingTitle} – Guichet`;
	byId("nothing-title").focus();
}
