/** A dialog that asks the server for something, and stays open, with the reason, until that is done or given up. */

import { byId, el } from "./elements.js";
import { complain, texts, wrong } from "./page.js";

export const field = (label, control, help) => el("label.field", {}, el("span", {}, label), control, help ? el("span.help", {}, help) : "");

/** `submit(form)` does it; what it gives is given to `done`. `about` names, for an error's code, the field it is about. */
export function ask({ title, content, action, submit, done, about = {} }) {
	const dialog = byId("dialog");
	const main = el("button.main", {}, action);
	const cancel = el("button", { type: "button", onclick: () => dialog.close() }, texts.cancel);
	const complaint = el("p.complaint", { id: "dialog-complaint", hidden: true, role: "alert" });
	const form = el("form", {}, el("h2", { id: "dialog-title" }, title), content, complaint, el("div.row", {}, main, cancel));
	let asking = false;
	form.addEventListener("submit", async (event) => {
		event.preventDefault();
		if (asking) return;
		asking = true;
		complain(form, "");
		try {
			const given = await submit(form);
			dialog.close();
			done(given);
		} catch (error) {
			complain(form, wrong(error), form.elements[about[error.data?.error]]);
		}
		asking = false;
	});
	dialog.replaceChildren(form);
	dialog.showModal();
}

/** A dialog with something to read or to take along; `then` follows when it is closed. */
export function told(title, content, action = texts.done, then = () => {}) {
	const dialog = byId("dialog");
	const form = el("form", { method: "dialog" }, el("h2", { id: "dialog-title" }, title), content, el("div.row", {}, el("button.main", {}, action)));
	dialog.replaceChildren(form);
	dialog.showModal();
	dialog.addEventListener("close", then, { once: true });
}
