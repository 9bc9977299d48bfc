/** Setting one-time codes up: the key as an image and as text, the first code, the codes to recover with. */

import { el } from "./elements.js";
import { complain, texts, toCopy, wrong } from "./page.js";
import { post } from "./server.js";

const SVG = "http://www.w3.org/2000/svg";
let offer = null; // the same until it is taken, also in another language

function drawn({ size, path }) {
	const node = (name, attributes) => {
		const made = document.createElementNS(SVG, name);
		for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
		return made;
	};
	const svg = node("svg", { viewBox: `0 0 ${size} ${size}`, class: "qr", role: "img", "aria-label": texts.qr });
	svg.append(node("rect", { width: size, height: size }), node("path", { d: path }));
	return svg;
}

/** Shows how, in `place`; when it is done `done(recovery)` is called. */
export async function setUp(place, done) {
	offer ??= await post("/api/account/codes/offer", {});
	const key = el("output.key", { ariaLabel: texts.key }, offer.secret.replace(/(.{4})(?=.)/g, "$1 "));
	const code = el("input", { id: "first-code", name: "code", autocomplete: "one-time-code", inputMode: "numeric", required: true, maxLength: 20 });
	code.dataset.help = "first-code-help";
	code.setAttribute("aria-describedby", "first-code-help");
	const complaint = el("p.complaint shown", { id: "first-code-complaint", hidden: true, role: "alert" });
	const label = el("label", { htmlFor: "first-code" }, texts.code);
	const help = el("p.help", { id: "first-code-help" }, texts.codeHelp);
	const form = el("form.plain", {}, label, help, code, complaint, el("button.main", {}, texts.confirm));
	form.addEventListener("submit", async (event) => {
		event.preventDefault();
		complain(form, "");
		try {
			const { recovery } = await post("/api/account/codes/on", { sealed: offer.sealed, code: code.value });
			offer = null;
			done(recovery);
		} catch (error) {
			if (["late", "on"].includes(error.data?.error)) offer = null;
			complain(form, wrong(error), code);
		}
	});
	place.replaceChildren(el("p", {}, texts.scan), drawn(offer), el("p", {}, texts.orKey), key, form);
}

/** What to show of the codes to recover with, this once. */
export const recoveryCodes = (recovery) => [el("p", {}, texts.recoveryHelp), toCopy(texts.recoveryTitle, recovery.join("\n"), true)];
