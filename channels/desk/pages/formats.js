/** How the desk writes numbers, percentages, spans of time, what is due when, and telephone numbers. */

import { clock, day, isToday, language, texts, time } from "./language.js";

const SOON = 120; // seconds before something is late
const FULL = { en: [/:00(?=\s)/, ""], fr: [/(?<=h)\s00$/, ""] }; // "9:00 am" is "9 am", "9 h 00" is "9 h"

export const number = (value) => new Intl.NumberFormat(texts.locale).format(value);

/** "92%", "92 %"; a dash of nothing. */
export const percent = (part, whole) => (whole ? new Intl.NumberFormat(texts.locale, { style: "percent" }).format(part / whole) : "–");

/** Names with "and" before the last. */
export const listed = (names) => new Intl.ListFormat(texts.locale).format(names);

const two = (value) => String(value).padStart(2, "0");

/** Seconds as one speaks of them: "45 s", "4 min", "1 h 05 min", "2 d 3 h". */
export function span(seconds) {
	const { day: d, hour: h, minute: min, second: s } = texts.units;
	const minutes = Math.floor(seconds / 60);
	const hours = Math.floor(minutes / 60);
	if (minutes < 1) return `${Math.max(0, Math.floor(seconds))}\u00a0${s}`;
	if (hours < 1) return `${minutes}\u00a0${min}`;
	return hours < 24 ? `${hours}\u00a0${h} ${two(minutes % 60)}\u00a0${min}` : `${Math.floor(hours / 24)}\u00a0${d} ${hours % 24}\u00a0${h}`;
}

/** How long it is since then, to be seen ticking: "0 min 05 s", then as a span. */
export function since(iso, now) {
	const seconds = Math.max(0, Math.floor((now - new Date(iso)) / 1000));
	const { minute, second } = texts.units;
	return seconds < 3600 ? `${Math.floor(seconds / 60)}\u00a0${minute} ${two(seconds % 60)}\u00a0${second}` : span(seconds);
}

/** What is due by then: "due in 4 min" or "late by 3 min", and whether that is "due", "soon" or "late". */
export function due(iso, now) {
	const left = (new Date(iso) - now) / 1000;
	if (left <= 0) return { state: "late", text: texts.lateBy(span(-left)) };
	return { state: left < SOON ? "soon" : "due", text: texts.dueIn(span(left)) };
}

/** "at 1:30 pm", "à 13 h 30"; of another day "March 31, 1:30 pm", "le 31 mars, 13 h 30". */
export const at = (iso) => texts.atTime(clock(iso), isToday(new Date(iso)));

export const until = (iso) => texts.untilTime(clock(iso), isToday(new Date(iso)));

/** "November 30, 2026", "30 novembre 2026". */
export const date = (iso) => day(new Date(iso), { year: "numeric" });

/** "Monday, November 30, 9 am to 11 am", "lundi 30 novembre, de 9 h à 11 h". */
export function between(from, end) {
	const short = (iso) => time(new Date(iso)).replace(...FULL[language]);
	return texts.between(day(new Date(from), { weekday: "long" }), short(from), short(end));
}

/** "613-555-0142", "613 555-0142"; of another country as it is. */
export function telephone(number, code = language) {
	const [, area, office, line] = /^\+1(\d{3})(\d{3})(\d{4})$/.exec(number) ?? [];
	return line ? `${area}${code === "fr" ? "\u00a0" : "-"}${office}-${line}` : number;
}
