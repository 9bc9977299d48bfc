/** The dialogs of the board: to close a team, give questions to people, put a notice up, and end each of these. */

import { choice, field, show } from "./dialog.js";
import { el } from "./elements.js";
import { languages, texts, zone } from "./language.js";
import { post } from "./server.js";

const NOTICE = 300; // characters

const because = () => field(texts.becauseAsk, el("input", { name: "because", required: true, maxLength: 1000, autocomplete: "off" }));
const ends = () => field(texts.untilWhen, el("input", { type: "datetime-local", name: "ends" }), texts.untilZone(zone()));

/** Throws a switch; what is wrong with when it ends, if anything is. */
async function begin(wanted, fields, done) {
	const until = fields.get("ends") ? new Date(fields.get("ends")) : null; // of the browser's time zone
	if (until && !(until > new Date())) return [texts.untilPast, "ends"];
	await post("/api/switches", { subject: "", texts: {}, ...wanted, because: fields.get("because").trim(), ends: until?.toISOString() ?? null });
	done(texts.begun);
}

/** `done(told)` follows each, once the desk has it. */
export function shut({ name, title }, done) {
	const content = [el("p", {}, texts.shutHelp), because(), ends()];
	show(texts.shutTitle(title), content, texts.shutDo, (fields) => begin({ kind: "closed", subject: name }, fields, done));
}

export function give(done) {
	const words = el("input", { name: "words", maxLength: 200, autocomplete: "off" });
	const what = el("fieldset", {}, el("legend", {}, texts.giveWhat), choice("radio", "what", "words", texts.giveSubject, true), choice("radio", "what", "all", texts.giveAll));
	const subject = field(texts.giveWords, words, texts.giveWordsHelp);
	const sure = choice("checkbox", "sure", "yes", texts.giveSure);
	sure.hidden = true;
	what.addEventListener("change", ({ target }) => {
		subject.hidden = target.value === "all";
		sure.hidden = target.value !== "all";
	});
	show(texts.giveTitle, [what, subject, sure, because(), ends()], texts.giveDo, (fields) => {
		const all = fields.get("what") === "all";
		if (all && !fields.has("sure")) return [texts.giveUnsure, "sure"];
		if (!all && !words.value.replaceAll(",", "").trim()) return [texts.giveNoWords, "words"]; // without a word it would be everything
		return begin({ kind: "to_people", subject: all ? "" : words.value.trim() }, fields, done);
	});
}

export function notice(done) {
	const codes = languages().map(([code]) => code);
	const text = (code) => field(texts.noticeIn[code] ?? code, el("textarea", { name: code, lang: code, rows: 3, required: true, maxLength: NOTICE }), texts.noticeMost);
	const content = [el("p", {}, texts.noticeHelp), ...codes.map(text), because(), ends(), choice("checkbox", "sure", "yes", texts.noticeSure)];
	show(texts.noticeTitle, content, texts.noticeDo, (fields) => {
		const said = Object.fromEntries(codes.map((code) => [code, fields.get(code).trim()]));
		const empty = codes.find((code) => !said[code]);
		if (empty) return [texts.missing, empty];
		if (!fields.has("sure")) return [texts.noticeUnsure, "sure"];
		return begin({ kind: "notice", texts: said }, fields, done);
	});
}

/** `what` is it in words. */
export function end({ id, kind }, what, done) {
	const content = [el("p", {}, el("strong", {}, what)), el("p", {}, texts.endHelp[kind])];
	show(texts.endTitle, content, texts.endDo, async () => {
		await post(`/api/switches/${id}/end`, {});
		done(texts.ended);
	});
}
