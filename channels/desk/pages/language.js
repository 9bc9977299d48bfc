/** The language of the pages: its texts, and how it writes times, places and the names of things. */

import { TEXTS } from "./texts.js";

const KEY = "guichet-desk language";
const PLACES = {
	en: "ab Alberta,bc British Columbia,mb Manitoba,nb New Brunswick,nl Newfoundland and Labrador,ns Nova Scotia,nt Northwest Territories,nu Nunavut,on Ontario,pe Prince Edward Island,qc Quebec,sk Saskatchewan,yt Yukon",
	fr: "ab Alberta,bc Colombie-Britannique,mb Manitoba,nb Nouveau-Brunswick,nl Terre-Neuve-et-Labrador,ns Nouvelle-Écosse,nt Territoires du Nord-Ouest,nu Nunavut,on Ontario,pe Île-du-Prince-Édouard,qc Québec,sk Saskatchewan,yt Yukon",
};

export let language = "en";
export let texts = TEXTS.en;

/** The language that was chosen here, else the browser's. */
export function preferred() {
	return localStorage[KEY] ?? Object.keys(TEXTS).find((code) => navigator.language.toLowerCase().startsWith(code)) ?? "en";
}

/** Says everything that stands in the page in this language from now on. */
export function speak(code, chosen) {
	language = code in TEXTS ? code : "en";
	texts = TEXTS[language];
	if (chosen) localStorage[KEY] = language;
	document.documentElement.lang = language;
	for (const node of document.querySelectorAll("[data-text]")) node.textContent = texts[node.dataset.text];
	for (const node of document.querySelectorAll("[data-label]")) node.ariaLabel = texts[node.dataset.label];
	for (const node of document.querySelectorAll("[data-title]")) node.title = texts[node.dataset.title];
	for (const button of document.querySelectorAll("#languages button")) button.ariaPressed = button.lang === language;
}

/** A button for each language. */
export const languages = () => Object.entries(TEXTS).map(([code, { name }]) => [code, name]);

export function languageName(code) {
	return new Intl.DisplayNames(texts.locale, { type: "language", fallback: "code" }).of(code);
}

/** "ca-on-toronto": "Toronto, Ontario". */
export function placeName(place) {
	const [country, province, ...rest] = place.split("-");
	const table = new Map((PLACES[language] ?? PLACES.en).split(",").map((line) => [line.slice(0, 2), line.slice(3)]));
	const town = rest.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join(" ");
	const within = province ? (table.get(province) ?? province.toUpperCase()) : new Intl.DisplayNames(texts.locale, { type: "region" }).of(country.toUpperCase());
	return town ? `${town}, ${within}` : within;
}

/** "not_found" in words; a code that is not known, as it is. */
export const word = (table, code) => texts[table][code] ?? code.replaceAll("_", " ");

const made = new Map();
/** The browser's formatter for these options; making one takes longer than using it. */
function dates(options) {
	const key = texts.locale + JSON.stringify(options);
	if (!made.has(key)) made.set(key, new Intl.DateTimeFormat(texts.locale, options));
	return made.get(key);
}

/** "1:30 pm", "13 h 30". */
export function time(date) {
	const parts = dates({ hour: "numeric", minute: "2-digit", hour12: language !== "fr" }).formatToParts(date);
	const { hour, minute, dayPeriod } = Object.fromEntries(parts.map(({ type, value }) => [type, value]));
	return language === "fr" ? `${hour}\u00a0h\u00a0${minute}` : `${hour}:${minute}\u00a0${dayPeriod.replaceAll(".", "")}`;
}

export const isToday = (date) => date.toDateString() === new Date().toDateString();

/** "1:30 pm", "13 h 30"; of another day, "March 31, 1:30 pm", "31 mars, 13 h 30". */
export function clock(iso) {
	const date = new Date(iso);
	return isToday(date) ? time(date) : `${day(date)}, ${time(date)}`;
}

/** "March 31, 2026", "1er mars 2026". An ISO date without a time is read in UTC, or it would be the day before in Canada. */
export function asOf(iso) {
	const date = new Date(`${iso?.slice(0, 10)}T00:00Z`);
	return isNaN(date) ? "" : texts.asOf(day(date, { year: "numeric", timeZone: "UTC" }));
}

/** "March 31", "1er mars". */
export function day(date, options = {}) {
	return dates({ month: "long", day: "numeric", ...options }).format(date).replace(/\b1 (?=[a-zéû])/, "1er ");
}

/** The time zone of this browser, as one calls it: "Eastern Time", "heure de l’Est". */
export function zone() {
	return dates({ timeZoneName: "longGeneric" }).formatToParts(new Date()).find(({ type }) => type === "timeZoneName").value;
}
