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

const parts = (date, options) => Object.fromEntries(new Intl.DateTimeFormat(texts.locale, options).formatToParts(date).map(({ type, value }) => [type, value]));

/** "1:30 pm", "13 h 30"; of another day, "March 31, 1:30 pm", "31 mars, 13 h 30". */
export function clock(iso) {
	const date = new Date(iso);
	const { hour, minute, dayPeriod } = parts(date, { hour: "numeric", minute: "2-digit", hour12: language !== "fr" });
	const time = language === "fr" ? `${hour}\u00a0h\u00a0${minute}` : `${hour}:${minute}\u00a0${dayPeriod.replaceAll(".", "")}`;
	if (date.toDateString() === new Date().toDateString()) return time;
	return `${day(date, {})}, ${time}`;
}

/** "March 31, 2026", "1er mars 2026". An ISO date without a time is read in UTC, or it would be the day before in Canada. */
export function asOf(iso) {
	const date = new Date(`${iso?.slice(0, 10)}T00:00Z`);
	return isNaN(date) ? "" : texts.asOf(day(date, { year: "numeric", timeZone: "UTC" }));
}

function day(date, options) {
	return new Intl.DateTimeFormat(texts.locale, { month: "long", day: "numeric", ...options }).format(date).replace(/^1 /, "1er ");
}

/** How long it is since then: "0 min 05 s", "1 h 05 min", "2 d 3 h". */
export function since(iso, now) {
	const seconds = Math.max(0, Math.floor((now - new Date(iso)) / 1000));
	const two = (number) => String(number).padStart(2, "0");
	const minutes = Math.floor(seconds / 60);
	const hours = Math.floor(minutes / 60);
	if (hours >= 24) return `${Math.floor(hours / 24)}\u00a0${texts.units.day} ${hours % 24}\u00a0h`;
	return hours ? `${hours}\u00a0h ${two(minutes % 60)}\u00a0min` : `${minutes}\u00a0min ${two(seconds % 60)}\u00a0s`;
}
