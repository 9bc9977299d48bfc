/** A dialog: a form that stays open, with what is wrong, until it is done or given up. */

import { byId, el } from "./elements.js";
import { texts } from "./language.js";

export const field = (label, control, help) => el("label.field", {}, el("span", {}, label), help ? el("span.help", {}, help) : "", control);

export const select = (name, options) => el("select", { name }, options.map(([value, text]) => el("option", { value }, text)));

export const choice = (kind, name, value, label, checked = false) => el("label.choice", {}, el("input", { type: kind, name, value, checked }), label);

/**
 * Opens the dialog. `submit` gets what was filled in, as FormData; it answers, perhaps later, nothing, or what is wrong:
 * [complaint, name of the field]. Without `submit` there is nothing to give up.
 */
export function show(title, content, action, submit) {
	const dialog = byId("dialog");
	const complaint = el("p.complaint", { id: "complaint", hidden: true });
	const form = el("form", {});
	const cancel = el("button", { type: "button", onclick: () => dialog.close() }, texts.cancel);
	form.append(el("h2", { id: "dialog-title" }, title), ...content, complaint, el("div.row", {}, el("button.main", {}, action), submit ? cancel : ""));
	let asking = false;
	form.addEventListener("submit", async (event) => {
		event.preventDefault();
		if (asking) return;
		asking = true;
		const wrong = await attempt(submit, new FormData(form));
		asking = false;
		if (!wrong) return dialog.close();
		const [text, name] = wrong;
		complaint.hidden = false;
		complaint.textContent = text;
		for (const each of form.querySelectorAll("[aria-invalid]")) each.ariaInvalid = null;
		const first = form.querySelector(name ? `[name="${name}"]` : "select, textarea, input, .main");
		first.setAttribute("aria-describedby", "complaint");
		if (name) first.ariaInvalid = "true";
		first.focus();
	});
	dialog.replaceChildren(form);
	dialog.showModal();
}

async function attempt(submit, fields) {
	try {
		return await submit?.(fields);
	} catch (error) {
		console.warn(error);
		return [texts.failed];
	}
}
