/** Setting one-time codes up before anything else, where one's role needs them. */

import { recoveryCodes, setUp } from "./codes.js";
import { byId, el } from "./elements.js";
import { begin, tell, texts, wrong } from "./page.js";

let kept = null;

async function draw() {
	if (kept) return recovered();
	try {
		await setUp(byId("set-up"), (recovery) => {
			kept = recovery;
			recovered();
			byId("recovery").focus();
		});
	} catch (error) {
		tell(wrong(error));
	}
}

function recovered() {
	byId("why").hidden = true;
	const title = el("h2", { id: "recovery", tabIndex: -1 }, texts.recoveryTitle);
	const go = el("button.main", { type: "button", onclick: () => location.assign("/") }, texts.recoveryKept);
	byId("set-up").replaceChildren(title, ...recoveryCodes(kept), go);
}

begin("codesTitle", draw, "/api/account/enrolling");
