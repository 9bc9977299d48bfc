/** The audit: who saw and did what, newest first, of one person, one case or one day. */

import { byId, el } from "./elements.js";
import { languageName } from "./language.js";
import { begin, tell, texts, when, wrong } from "./page.js";
import { get } from "./server.js";

const HIDDEN = new Set(["agent"]); // it is told as a name
const given = new URLSearchParams(location.search);
let wanted = given.get("of") ?? ""; // whose
let shown = { steps: [], staff: {}, more: null, cases_only: true };

function draw() {
	const of = byId("of");
	const people = Object.entries(shown.staff).sort(([, one], [, other]) => one.localeCompare(other));
	of.replaceChildren(el("option", { value: "" }, texts.everybody), ...people.map(([value, name]) => el("option", { value }, name)));
	of.value = wanted in shown.staff ? wanted : "";
	byId("cases-only").hidden = !shown.cases_only;
	byId("steps").replaceChildren(...shown.steps.map(step));
	byId("found").textContent = shown.steps.length ? texts.found(shown.steps.length, shown.more) : texts.none;
	byId("more").hidden = !shown.more;
}

function step({ at, agent, name, did, of, about, case: id }) {
	const nobody = did.includes("refused") ? texts.somebody : /^(account|password) /.test(did) ? texts.atConsole : texts.itself;
	const who = name ?? (agent ? texts.somebody : nobody);
	const details = Object.entries(about ?? {}).filter(([key, given]) => !HIDDEN.has(key) && given !== null);
	return el("li", {},
		el("time", { dateTime: at }, when(at)),
		el("div", {},
			el("strong", {}, who), texts.colon, texts.did[did] ?? did.replaceAll("_", " "),
			of && of !== name ? ` (${of})` : "",
			id ? [" · ", el("a", { href: `/#${id}` }, texts.caseLink(id))] : "",
			details.map(([key, given]) => el("p.none", {}, (texts.details[key] ?? key) + texts.colon + said(given)))));
}

/** A value, or what it was and what it is now. */
function said(given) {
	if (!Array.isArray(given)) return String(texts.roles[given] ?? shown.staff[given] ?? given ?? "–");
	return given.map((each) => (Array.isArray(each) ? each.map(spoken).join(", ") || "–" : said(each))).join(" → ");
}

const spoken = (code) => (code.length === 2 ? languageName(code) : code);

function query() {
	const { case: id, day } = byId("filters").elements;
	const from = day.value ? new Date(`${day.value}T00:00`) : null;
	const until = from && new Date(from.getFullYear(), from.getMonth(), from.getDate() + 1);
	const given = { of: wanted, case: id.value.trim(), since: from?.toISOString(), until: until?.toISOString() };
	return Object.entries(given).filter(([, each]) => each);
}

async function look(before) {
	try {
		const asked = new URLSearchParams([...query(), ...(before ? [["before", before]] : [])]);
		const found = await get(`/api/audit?${asked}`);
		const first = shown.steps.length;
		shown = before ? { ...found, steps: [...shown.steps, ...found.steps] } : found;
		draw();
		tell("");
		if (!before) return;
		const next = byId("steps").children[first];
		if (next) next.tabIndex = -1;
		next?.focus();
	} catch (error) {
		tell(wrong(error));
	}
}

byId("filters").addEventListener("submit", (event) => {
	event.preventDefault();
	look();
});
byId("of").addEventListener("change", ({ target }) => (wanted = target.value));
byId("more").addEventListener("click", () => look(shown.more));

byId("case").value = /^\d+$/.test(given.get("case") ?? "") ? given.get("case") : "";
await begin("audit", draw);
await look();
