/** Statistics of a period: waits by day as charts, every number as a table and as CSV. Teams are counted, never people. */

import { chart } from "./chart.js";
import { announce, byId, el } from "./elements.js";
import { number, percent, span } from "./formats.js";
import { day, language, texts } from "./language.js";
import { get } from "./server.js";

const WEEKS = 28; // days that are shown at first
const YEAR = 366;
const STEP = 200; // lines of the table that are shown at first, and more each time
const SHARES = { in_time: ({ answered }) => answered, resolved_in_time: ({ closed, given_up }) => closed - given_up }; // of how many
const WAITS = ["median_wait", "most_wait"];

/** A day of this browser, days before today, as ISO writes it. */
function ago(days) {
	const date = new Date();
	date.setDate(date.getDate() - days);
	return [date.getFullYear(), date.getMonth() + 1, date.getDate()].map((part) => String(part).padStart(2, "0")).join("-");
}

const dayOf = (iso) => day(new Date(`${iso}T00:00Z`), { year: "numeric", timeZone: "UTC" });

export class StatisticsPage {
	#days = null;
	#desk;
	#most = STEP;

	/** `failed` gets an error. */
	constructor({ failed }) {
		this.failed = failed;
		this.form = byId("period");
		this.form.addEventListener("submit", (event) => {
			event.preventDefault();
			this.#fetch(true);
		});
		byId("more-days").addEventListener("click", () => this.#more());
	}

	/** It is seen from now on. */
	show(desk) {
		this.#desk = desk;
		const { first, last } = this.form.elements;
		if (!first.value) [first.value, last.value] = [ago(WEEKS - 1), ago(0)];
		if (this.#days) this.draw();
		else this.#fetch(false);
	}

	async #fetch(asked) {
		const [first, last] = ["first", "last"].map((name) => this.form.elements[name].value);
		const length = (Date.parse(last) - Date.parse(first)) / 86_400_000;
		const fits = length >= 0 && length <= YEAR;
		byId("wrong-period").hidden = fits;
		if (!fits) return this.form.elements.first.focus();
		try {
			this.#days = (await get(`/api/statistics?${new URLSearchParams({ first, last })}`)).days;
			this.#most = STEP;
			this.period = { first, last };
			this.draw();
			if (asked) announce(this.#days.length ? `${dayOf(first)} – ${dayOf(last)}` : texts.noDays);
		} catch (error) {
			this.failed(error);
		}
	}

	#more() {
		const before = this.#most;
		this.#most += STEP;
		this.draw();
		const line = byId("days").tBodies[1].rows[before];
		line.tabIndex = -1;
		line.focus();
	}

	draw() {
		if (!this.#days) return;
		const days = this.#days;
		byId("csv").href = `/api/statistics.csv?${new URLSearchParams({ ...this.period, language })}`;
		for (const id of ["csv", "waits-by-day", "by-day"]) byId(id).hidden = !days.length;
		byId("no-days").hidden = days.length > 0;
		this.#charts(days);
		this.#table(days);
	}

	#title(team) {
		return this.#desk.teams.find(({ name }) => name === team)?.title[language] ?? team;
	}

	#teams(days) {
		return [...new Set(days.map(({ team }) => team))];
	}

	#charts(days) {
		const all = [...new Set(days.map((each) => each.day))].sort();
		const top = Math.max(60, ...days.map(({ most_wait }) => most_wait ?? 0));
		const ends = [all[0], all.at(-1)].map((each) => each && day(new Date(`${each}T00:00Z`), { timeZone: "UTC" }));
		const figure = (team) => {
			const byDay = new Map(days.filter((each) => each.team === team).map((each) => [each.day, each]));
			const own = all.map((each) => byDay.get(each) ?? { median_wait: null, most_wait: null });
			const medians = own.map(({ median_wait }) => median_wait).filter((each) => each !== null);
			const title = this.#title(team);
			const label = texts.waitsOf(title, ...(medians.length ? [span(Math.min(...medians)), span(Math.max(...medians))] : ["–", "–"]));
			return el("figure.chart", {}, el("figcaption", {}, title), el("div.axis", {}, el("span.peak", {}, span(top)), chart(own, top, label)), el("div.ends", {}, ends.map((each) => el("span", {}, each))));
		};
		byId("charts").replaceChildren(...this.#teams(days).map(figure));
	}

	#table(days) {
		const columns = Object.keys(texts.columns);
		const newest = days.toSorted((one, other) => (one.day < other.day) - (one.day > other.day));
		const left = newest.length - this.#most;
		byId("more-days").hidden = left <= 0;
		byId("more-days").textContent = left > 0 ? texts.moreDays(Math.min(STEP, left)) : "";
		const head = columns.map((column) => el("th", { scope: "col" }, texts.columns[column]));
		const line = (each) => el("tr", {}, el("th", { scope: "row" }, dayOf(each.day)), columns.slice(1).map((column) => el("td", {}, this.#value(each, column))));
		const total = (team, some) => el("tr", {}, el("th", { scope: "row" }, texts.total), columns.slice(1).map((column) => el("td", {}, column === "team" ? team : sum(some, column))));
		const totals = this.#teams(days).map((team) => total(this.#title(team), days.filter((each) => each.team === team)));
		byId("days").replaceChildren(
			el("thead", {}, el("tr", {}, head)),
			el("tbody.totals", {}, total(texts.everyTeam, days), totals),
			el("tbody", {}, newest.slice(0, this.#most).map(line)),
		);
	}

	#value(each, column) {
		if (column === "team") return this.#title(each.team);
		if (WAITS.includes(column)) return each[column] === null ? "–" : span(each[column]);
		return column in SHARES ? share(each[column], SHARES[column](each)) : number(each[column]);
	}
}

const share = (part, whole) => (whole ? texts.partOf(percent(part, whole), number(part), number(whole)) : "–");

/** Half of all is not to be had from the halves of days. */
function sum(days, column) {
	if (WAITS.includes(column)) return "–";
	const added = (name) => days.reduce((total, each) => total + each[name], 0);
	if (!(column in SHARES)) return number(added(column));
	return share(added(column), days.reduce((total, each) => total + SHARES[column](each), 0));
}
