/** One's own account: what it says, the password, one-time codes. */

import { ask, field, told } from "./ask.js";
import { recoveryCodes, setUp } from "./codes.js";
import { byId, el } from "./elements.js";
import { language } from "./language.js";
import { begin, complain, revealed, tell, texts, wrong } from "./page.js";
import { get, post } from "./server.js";

let me;

function draw(account) {
	me = account;
	const teams = me.teams.map((team) => me.titles[team]?.[language] ?? team).join(", ") || texts.allTeams;
	const facts = [["name", me.name], ["email", me.email], ["role", texts.roles[me.role]], ["team", teams]];
	byId("about-me").replaceChildren(...facts.map(([label, value]) => el("div", {}, el("dt", {}, texts[label]), el("dd", {}, value))));
	byId("username").value = me.email;
	byId("password").hidden = !me.password;
	byId("no-password").hidden = me.password;
	const on = me.codes !== null;
	byId("codes-state").textContent = on ? texts.codesOn(me.codes) : texts.codesOff;
	byId("turn-on").hidden = on;
	byId("turn-off").hidden = !on || me.demanded;
	byId("new-recovery").hidden = !on;
	byId("set-up").replaceChildren();
}

async function refresh() {
	draw(await get("/api/account"));
}

byId("password").addEventListener("submit", async (event) => {
	event.preventDefault();
	const form = event.target;
	const { old, fresh } = form.elements;
	tell("");
	complain(form, "");
	try {
		await post("/api/account/password", { old: old.value, new: fresh.value });
		for (const each of [old, fresh]) each.value = "";
		tell(texts.passwordChanged);
	} catch (error) {
		complain(form, wrong(error), ["length", "guessed", "same"].includes(error.data?.error) ? fresh : old);
	}
});
byId("reveal").append(revealed(byId("fresh")));

byId("turn-on").addEventListener("click", async () => {
	try {
		await setUp(byId("set-up"), async (recovery) => {
			await refresh();
			told(texts.recoveryTitle, recoveryCodes(recovery), texts.recoveryKept, () => byId("codes-title").focus());
		});
		byId("turn-on").hidden = true;
		byId("first-code").focus();
	} catch (error) {
		tell(wrong(error));
	}
});

/** Asks for a code first. */
function withCode(title, help, action, path, done) {
	const code = el("input", { name: "code", autocomplete: "one-time-code", autocapitalize: "none", spellcheck: false, required: true, maxLength: 40 });
	const content = [help ? el("p", {}, help) : "", field(texts.code, code, texts.codeHelp)];
	ask({ title, content, action, submit: () => post(path, { code: code.value }), done });
}

byId("turn-off").addEventListener("click", () => {
	withCode(texts.turnOffTitle, "", texts.turnOffTitle, "/api/account/codes/off", async () => {
		await refresh();
		tell(texts.codesAreOff);
		byId("turn-on").focus();
	});
});

byId("new-recovery").addEventListener("click", () => {
	withCode(texts.newRecoveryTitle, texts.newRecoveryHelp, texts.newRecoveryTitle, "/api/account/codes/recovery", async ({ recovery }) => {
		await refresh();
		told(texts.recoveryTitle, recoveryCodes(recovery), texts.recoveryKept);
	});
});

begin("me", draw);
