/** <guichet-chat>: a chat window for any page; it talks to the server that served this file. */

const LIMIT = 2000; // characters
const PATIENCE = 20000; // ms
const SILENCE = 40000; // ms: something comes every 15 s
const SMALL = "(max-width: 40em), (max-height: 30em)"; // there it is modal

/** A third language is one more entry. */
const TEXTS = {
	en: {
		name: "English",
		locale: "en-CA",
		title: "Ask a question",
		greeting: `I’m an automated assistant. I answer with what the government has published and show you the source.

Please don’t share personal numbers, such as your Social Insurance Number (SIN).`,
		languages: "Language",
		messages: "Messages",
		question: "Your question",
		send: "Send",
		person: "Talk to a person",
		goOn: "Continue by text message",
		restart: "Start over",
		restarted: "This is a new conversation.",
		close: "Close",
		you: "You said:",
		bot: "Assistant:",
		agent: "A person answers:",
		source: "Source: ",
		outside: "(opens in a new tab)",
		asOf: (date) => `as of ${date}`,
		links: "See also",
		helpful: "Was this helpful?",
		yes: "Yes",
		no: "No",
		thanks: "Thank you for telling us.",
		typing: "Looking for the answer…",
		slow: "This is taking longer than usual.",
		failed: "Not sent.",
		retry: "Try again",
		lost: "There is no connection right now. Reconnecting…",
		back: "You’re connected again.",
		expired: "Your earlier conversation had ended. This is a new one.",
		tooLong: (over) => `2,000 characters at most: please remove ${over}.`,
	},
	fr: {
		name: "Français",
		locale: "fr-CA",
		title: "Posez une question",
		greeting: `Je suis un service automatisé. Je réponds avec ce que le gouvernement a publié et je vous montre la source.

N’écrivez pas de numéros personnels, comme votre numéro d’assurance sociale (NAS).`,
		languages: "Langue",
		messages: "Messages",
		question: "Votre question",
		send: "Envoyer",
		person: "Parler à une personne",
		goOn: "Continuer par texto",
		restart: "Recommencer",
		restarted: "Voici une nouvelle conversation.",
		close: "Fermer",
		you: "Vous avez dit\u00a0:",
		bot: "Assistant\u00a0:",
		agent: "Une personne répond\u00a0:",
		source: "Source\u00a0: ",
		outside: "(s’ouvre dans un nouvel onglet)",
		asOf: (date) => `en date du ${date.replace(/^1 /, "1er ")}`,
		links: "À lire aussi",
		helpful: "Est-ce que cela vous aide?",
		yes: "Oui",
		no: "Non",
		thanks: "Merci de nous l’avoir dit.",
		typing: "Je cherche la réponse…",
		slow: "C’est plus long que d’habitude.",
		failed: "Message non envoyé.",
		retry: "Réessayer",
		lost: "Il n’y a pas de connexion en ce moment. Nouvelle tentative…",
		back: "La connexion est rétablie.",
		expired: "Votre conversation précédente était terminée. En voici une nouvelle.",
		tooLong: (over) => `2\u00a0000 caractères au plus\u00a0: veuillez en retirer ${over}.`,
	},
};

const STYLE = `
:host {
	all: initial; display: block; color-scheme: light dark;
	--paper: light-dark(#fff, #151b20); --ink: light-dark(#17212b, #e8edf1); --muted: light-dark(#4b5965, #aab6c0);
	--accent: light-dark(#145a63, #83cdd1); --on-accent: light-dark(#fff, #0b2023); --alarm: light-dark(#a3231b, #ffb0a6);
	--quote: light-dark(#f1f6f5, #1d272b); --said: light-dark(#e4eaef, #2b3741); --line: light-dark(#71808c, #8493a0);
	--hair: color-mix(in srgb, var(--ink) 16%, transparent);
	--font: system-ui, sans-serif; --size: max(1rem, 16px); --radius: .6rem;
	--width: 27rem; --height: 44rem; --offset: 1.25rem; --layer: 9999;
	font: var(--size)/1.5 var(--font);
}
* { box-sizing: border-box; margin: 0; padding: 0; overflow-wrap: anywhere }
[hidden], :host([hidden]), dialog:not([open]), .limit:empty { display: none !important }
.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%) }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px }
button, textarea { font: inherit; color: inherit; background: var(--paper); border: 1px solid var(--line); border-radius: var(--radius) }
button { min-height: 2.75em; padding: .4em .9em; cursor: pointer; text-align: start; color: var(--accent) }
.main { color: var(--on-accent); background: var(--accent); border-color: var(--accent); font-weight: 600 }
.bare { border-color: transparent; background: none; padding-inline: .6em }
a { color: var(--accent) }
.small, .bare { font-size: .9375em }
.small, .log > p, .note { color: var(--muted) }
#launcher, dialog { position: fixed; inset: auto var(--offset) var(--offset) auto; z-index: var(--layer); box-shadow: 0 3px 24px #0004 }
#launcher { min-height: 3.25em; padding-inline: 1.4em; border-radius: 2em }
.panel { display: flex; flex-direction: column; overflow: clip; color: var(--ink); background: var(--paper); border: 1px solid var(--hair); border-radius: calc(var(--radius) * 1.5) }
section, :host([inline]) { height: 100% }
dialog { width: var(--width); height: var(--height); max-height: calc(100dvh - 2.5rem) }
header { display: flex; flex-wrap: wrap; align-items: center; padding: .5em .6em .5em 1.2em; border-bottom: 1px solid var(--hair) }
dialog header { padding-inline-end: 3.6em }
header div { margin-inline-start: -.6em }
.close { position: absolute; inset: .2em .5em auto auto; font-size: 1.25em }
h2 { flex: 1; min-width: max-content; font-size: 1.125em; line-height: 2.44 }
[aria-pressed=true] { color: var(--ink); font-weight: 600; text-decoration: underline 2px }
.log { flex: 1; overflow-y: auto; padding: 1.2em; outline-offset: -3px }
.log, .list { display: flex; flex-direction: column; gap: 1.5em }
.greeting, .said p, .reply p { white-space: pre-line }
.said { align-self: end; max-width: 85% }
.said p { background: var(--said); border: 1px solid transparent; border-radius: 1em 1em .2em 1em; padding: .55em .95em }
.failed, .limit { color: var(--alarm) }
.reply { display: grid; grid-template-columns: minmax(0, 1fr); gap: .85em }
ul, ol { padding-inline-start: 1.4em }
ul { list-style: disc }
.list { list-style: none; padding: 0 }
figure { background: var(--quote); border: 1px solid transparent; border-inline-start: 4px solid var(--accent); border-radius: .2em var(--radius) var(--radius) .2em }
blockquote { padding: 1em 1.1em; display: grid; gap: .7em; font-size: 1.0625em }
figcaption { padding: .7em 1.1em .8em; border-top: 1px solid var(--hair) }
cite { font-style: normal; font-weight: 600 }
table { border-collapse: collapse; width: 100% }
td, th { text-align: start; padding: .3em .8em .3em 0; border-bottom: 1px solid var(--hair) }
.row { display: flex; flex-wrap: wrap; align-items: center; gap: .5em }
.typing::before { content: ""; display: inline-block; margin-inline-end: .6em; border: .3em solid var(--accent); border-radius: 1em }
.notice:not(:empty), form { padding: .7em 1.2em; border-top: 1px solid var(--hair) }
form { display: flex; flex-wrap: wrap; gap: .35em .6em; align-items: end; padding-bottom: .4em }
label, .limit { width: 100% }
.foot { display: flex; flex-wrap: wrap; justify-content: space-between; width: calc(100% + 1.2em); margin-inline: -.6em }
textarea { flex: 1 8em; min-height: 2.75em; max-height: 9em; padding: .55em .8em; resize: none; field-sizing: content }
[aria-invalid=true] { border: 2px solid var(--alarm) }
@media ${SMALL} { dialog { inset: 0; width: 100%; max-width: none; height: 100dvh; max-height: none; border-radius: 0 } }
@media (max-height: 30em) { .panel { overflow-y: auto } .log { flex: none; overflow: visible } }
@media (prefers-reduced-motion: no-preference) { .typing::before { animation: breathe 1.4s infinite } @keyframes breathe { 50% { opacity: .25 } } }
`;

const sheet = new CSSStyleSheet(); // passes a policy without 'unsafe-inline'
sheet.replaceSync(STYLE);

/** An element, "tag.class". Data only ever becomes text: nothing is parsed as HTML. */
function el(kind, properties, ...children) {
	const [tag, className = ""] = kind.split(".");
	const node = Object.assign(document.createElement(tag), { className }, properties);
	node.append(...children.flat());
	return node;
}

/** The address if it is http(s), else "": no javascript:, no data:. */
function web(address) {
	const url = URL.canParse(address) ? new URL(address) : {};
	return /^https?:$/.test(url.protocol) ? url.href : "";
}

function link(title, address, texts) {
	const href = web(address);
	return href ? el("a", { href, target: "_blank" }, title, " ↗", el("span.unseen", {}, texts.outside)) : title;
}

const MARKS = { ul: /^\s*- +/, ol: /^\s*\d{1,3}\. +/, table: / \| / };

/** Plain text as paragraphs, lists and tables, told by their lines. */
function blocks(text) {
	const groups = [];
	for (const line of text.split("\n")) {
		const kind = line.trim() && (Object.keys(MARKS).find((mark) => MARKS[mark].test(line)) ?? "p");
		if (kind === groups.at(-1)?.kind) groups.at(-1).lines.push(line);
		else groups.push({ kind, lines: [line] });
	}
	return groups.filter(({ kind }) => kind).map(({ kind, lines }) => el(kind, { start: parseInt(lines[0]) }, PARTS[kind](lines)));
}

const items = (kind) => (lines) => lines.map((line) => el("li", {}, line.replace(MARKS[kind], "")));
const PARTS = { p: (lines) => lines.join("\n").trim(), ul: items("ul"), ol: items("ol"), table: rows };

/** A first row without figures above rows with figures is taken for a heading. */
function rows(lines) {
	const headed = !/\d/.test(lines[0]) && /\d/.test(lines.slice(1).join());
	const cell = (row) => (text) => (headed && !row ? el("th", { scope: "col" }, text) : el("td", {}, text));
	return lines.map((line, row) => el("tr", {}, line.split(" | ").map(cell(row))));
}

/** "2026-03-31" in words; in UTC, or it would be the day before. */
function day(iso, texts) {
	const date = new Date(`${iso?.slice(0, 10)}T00:00Z`);
	if (isNaN(date)) return "";
	return texts.asOf(new Intl.DateTimeFormat(texts.locale, { dateStyle: "long", timeZone: "UTC" }).format(date));
}

function quoted({ text, title, section, url, publisher, as_of, language: lang }, texts) {
	const source = link([title, section].filter(Boolean).join(" › "), url, texts);
	const lines = [el("p", {}, texts.source, el("cite", { lang }, source)), el("p", {}, publisher), el("p", {}, day(as_of, texts))];
	const quote = el("blockquote", { lang }, blocks(text));
	if (web(url)) quote.cite = url;
	return el("figure", {}, quote, el("figcaption.small", {}, lines));
}

const pause = (ms) => new Promise((done) => setTimeout(done, ms));
const uuid = () => crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}`.replace(".", "");

/** Server-sent events; one that the end of the stream cuts off is dropped. */
async function* eventsOf(body) {
	const reader = body.pipeThrough(new TextDecoderStream()).getReader();
	let rest = "";
	let event = {};
	for (;;) {
		const { done, value } = await Promise.race([reader.read(), pause(SILENCE).then(() => ({ done: true }))]);
		if (done) return reader.cancel();
		const lines = (rest + value).split(/\r?\n/);
		rest = lines.pop();
		for (const line of lines) {
			const [, field, text] = /^([^:]*):? ?(.*)/s.exec(line);
			if (field) event[field] = text;
			if (line) continue;
			if (event.data) yield event;
			event = {};
		}
	}
}

let storage = {}; // a frame may be allowed none
try {
	storage = sessionStorage;
} catch {}

/** A conversation: begun by its first message, kept over reloads and lost connections. */
class Conversation {
	#sending = Promise.resolve();
	#stream;

	/** `view` has `language`, heard(), tell(key) and note(key), the keys being those of TEXTS. */
	constructor(server, view) {
		Object.assign(this, { server, view, key: `guichet-chat ${server}` });
		this.kept = JSON.parse(storage[this.key] ?? "{}");
	}

	keep(changes) {
		storage[this.key] = JSON.stringify(Object.assign(this.kept, changes));
	}

	forget() {
		this.rest();
		this.keep({ token: undefined, last: undefined });
	}

	rest() {
		this.#stream?.abort();
		this.#stream = null;
	}

	async #fetch(path, options) {
		const headers = { "Accept-Language": this.view.language, ...options.headers };
		if (this.kept.token) headers.Authorization = `Bearer ${this.kept.token}`;
		const response = await fetch(this.server + path, { ...options, headers, credentials: "omit" });
		if (response.ok) return response;
		const { message } = await response.json().catch(() => ({}));
		throw Object.assign(new Error(message), { status: response.status });
	}

	post(path, data) {
		const headers = { "Content-Type": "application/json" };
		return this.#fetch(path, { method: "POST", headers, body: JSON.stringify(data), signal: AbortSignal.timeout(15000) });
	}

	/** One after the other; the server knows one that comes again. */
	send(message) {
		return (this.#sending = this.#sending.catch(() => {}).then(() => this.#send(message)));
	}

	async begin() {
		if (!this.kept.token) this.keep({ token: (await (await this.post("/web/conversations", {})).json()).conversation });
		this.listen();
	}

	async #send(message, again = true) {
		await this.begin();
		const { token } = this.kept;
		try {
			await this.post("/web/messages", message);
		} catch (error) {
			if (error.status !== 401 || !again) throw error;
			this.#expire(token);
			await this.#send(message, false);
		}
	}

	#expire(token) {
		if (token !== this.kept.token) return;
		this.forget();
		this.view.note("expired");
	}

	/** From the start, and after a lost connection from the last event. */
	async listen() {
		const { token } = this.kept;
		if (this.#stream || !token) return;
		const { signal } = (this.#stream = new AbortController());
		let last, lost;
		for (let wait = 500; !signal.aborted; wait = Math.min(wait * 2, 30000)) {
			try {
				const { body } = await this.#fetch("/web/events", { signal, headers: last ? { "Last-Event-ID": last } : {} });
				if (lost) this.view.tell("back");
				lost = false;
				for await (const { id, event, data } of eventsOf(body)) {
					if (signal.aborted) return;
					[last, wait] = [id, 250]; // first: an unreadable event is passed over
					this.view.heard(id, event, JSON.parse(data));
				}
			} catch (error) {
				if (signal.aborted) return;
				if (error.status === 401) return this.#expire(token);
				console.warn(error);
				lost = wait > 500;
				if (lost) this.view.tell("lost");
			}
			const online = new Promise((done) => addEventListener("online", done, { once: true }));
			await Promise.race([pause(wait * (0.5 + Math.random() / 2)), online]);
		}
	}
}

class GuichetChat extends HTMLElement {
	static observedAttributes = ["lang", "open"];
	#named = []; // [element, property, key]: what changes with the language
	#shown = new Map(); // id of a message or reply → its item: nothing is shown twice
	#asked; // id of the newest message
	#told = 0;
	#timers = [];
	#person;

	connectedCallback() {
		if (!this.shadowRoot) this.#build();
		this.life = new AbortController();
		const { signal } = this.life;
		addEventListener("offline", () => this.tell("lost"), { signal });
		addEventListener("online", () => this.tell("back"), { signal });
		this.small.addEventListener("change", () => this.#open(), { signal });
		this.chat.listen();
	}

	disconnectedCallback() {
		this.life.abort();
		this.chat.rest();
	}

	attributeChangedCallback(name, _, value) {
		if (this.shadowRoot) name === "lang" ? this.#speak(value) : this.#open();
	}

	/** Says something as if the citizen had typed it: for a page's own examples or search. */
	say(text) {
		const { chosen = null } = this.chat.kept;
		const message = { id: uuid(), text, language: chosen, page_language: this.language, place: this.getAttribute("place") };
		this.restoring = null;
		this.toggleAttribute("open", true);
		this.#said(message);
		this.#deliver(message);
	}

	#build() {
		const named = (node, key, property = "textContent") => (this.#named.push([node, property, key]), node);
		const text = (kind, key, properties) => named(el(kind, properties), key);
		const button = (kind, key, onclick) => text(`button.${kind}`, key, { type: "button", onclick });
		const close = (event) => {
			event.preventDefault();
			this.removeAttribute("open");
			this.launcher.focus();
		};
		this.inline = this.hasAttribute("inline");
		this.small = matchMedia(SMALL);
		const choose = (lang) => el("button.bare", { lang, onclick: () => this.#choose(lang) }, TEXTS[lang].name);
		this.languages = Object.keys(TEXTS).map(choose);
		this.list = el("ol.list", { role: "list" });
		this.typing = text("p.typing", "typing", { hidden: true });
		const greeting = text("p.greeting", "greeting");
		this.log = named(el("div.log", { tabIndex: 0, role: "group" }, greeting, this.list, this.typing), "messages", "ariaLabel");
		this.live = el("div.unseen", { ariaLive: "polite" });
		this.notice = el("p.notice", { role: "status" });
		this.limit = el("p.limit", { id: "limit" });
		const onkeydown = (event) => {
			if (event.key === "Enter" && !event.shiftKey && !event.isComposing) this.#submit(event);
		};
		this.field = el("textarea", { id: "question", rows: 1, oninput: () => this.#typed(), onkeydown });
		this.field.setAttribute("aria-describedby", "limit");
		const languages = named(el("div", { role: "group" }, this.languages), "languages", "ariaLabel");
		const shut = named(el("button.bare close", { onclick: close }, "✕"), "close", "ariaLabel");
		const person = button("bare", "person", () => this.say(this.texts.person));
		const goOn = this.hasAttribute("texts") ? button("bare", "goOn", () => this.#goOn()) : "";
		const foot = el("div.foot", {}, person, goOn, button("bare", "restart", () => this.#restart()));
		const label = text("label", "question", { htmlFor: "question" });
		const form = el("form", { onsubmit: (event) => this.#submit(event) }, label, this.field, text("button.main", "send"), this.limit, foot);
		this.panel = el(this.inline ? "section.panel" : "dialog.panel", {
			onkeydown: (event) => {
				if (event.key === "Escape" && !this.inline) close(event);
			},
		});
		this.panel.append(el("header", {}, text("h2", "title"), languages, this.inline ? "" : shut), this.log, this.live, this.notice, form);
		named(this.panel, "title", "ariaLabel");
		this.launcher = button("main", "title", () => {
			this.setAttribute("open", "");
			this.field.focus();
		});
		Object.assign(this.launcher, { id: "launcher", ariaHasPopup: "dialog" });

		const server = this.getAttribute("server") ?? new URL(import.meta.url).origin;
		this.chat = new Conversation(server.replace(/\/+$/, ""), this);
		const { chosen, last } = this.chat.kept;
		this.restoring = last; // up to this event, all was announced before a reload
		this.attachShadow({ mode: "open" }).append(this.launcher, this.panel);
		this.shadowRoot.adoptedStyleSheets = [sheet];
		this.#speak(chosen ?? this.closest("[lang]")?.lang ?? navigator.language);
		if (this.small.matches) this.removeAttribute("open"); // it covers the page
		this.#open();
	}

	#open() {
		const open = this.hasAttribute("open");
		this.launcher.hidden = open || this.inline;
		if (this.inline) return;
		const { activeElement } = this.shadowRoot;
		this.panel.close();
		if (open && this.small.matches) this.panel.showModal();
		else this.panel.open = open; // show() would take the focus, even of a page just loaded
		if (open) activeElement?.focus();
	}

	#choose(language, chosen = true) {
		this.chat.keep({ chosen: chosen && language });
		this.lang = language;
	}

	#speak(language) {
		this.language = Object.keys(TEXTS).find((code) => language?.toLowerCase().startsWith(code)) ?? "en";
		this.texts = TEXTS[this.language];
		this.panel.lang = this.launcher.lang = this.language;
		for (const [node, property, key] of this.#named) node[property] = this.texts[key];
		for (const button of this.languages) button.ariaPressed = button.lang === this.language;
		this.#over();
	}

	#submit(event) {
		event.preventDefault();
		const text = this.field.value.trim();
		this.field.focus();
		if (this.#over()) return this.#announce(this.limit.textContent);
		if (!text) return;
		this.field.value = "";
		this.say(text);
	}

	/** Told is that, never what. */
	#typed() {
		this.#over();
		if (!this.#person || Date.now() < this.#told) return;
		this.#told = Date.now() + 3000;
		this.chat.post("/web/typing", {}).catch(() => {});
	}

	#over() {
		const over = Math.max(0, [...this.field.value.trim()].length - LIMIT);
		this.field.ariaInvalid = over > 0;
		this.limit.textContent = over ? this.texts.tooLong(over.toLocaleString(this.texts.locale)) : "";
		return over;
	}

	async #deliver(message) {
		this.#wait(message.id);
		try {
			await this.chat.send(message);
		} catch (error) {
			this.#settle(message.id);
			const item = this.#shown.get(message.id);
			if (item.heard) return;
			const said = `${this.texts.failed} ${error.status ? error.message : ""}`;
			const onclick = () => {
				item.failed.remove();
				this.field.focus();
				this.#deliver(message);
			};
			item.failed = el("div.failed", {}, said, el("button.bare", { onclick }, this.texts.retry));
			item.append(item.failed);
			this.#announce(said);
		}
	}

	#wait(id) {
		const show = () => {
			this.typing.hidden = false;
			this.#scroll(this.typing);
		};
		const say = () => this.#announce(this.texts.typing);
		const giveUp = () => {
			this.typing.hidden = true;
			this.tell("slow");
		};
		this.#settle(this.#asked);
		this.#asked = id;
		if (this.#person) return;
		this.#timers = [setTimeout(show, 300), setTimeout(say, 1000), setTimeout(giveUp, PATIENCE)];
	}

	#settle(id) {
		if (id !== this.#asked) return;
		for (const timer of this.#timers) clearTimeout(timer);
		this.typing.hidden = true;
	}

	heard(id, event, data) {
		if (event === "said") this.#said(data, true);
		if (event === "reply") this.#replied(data);
		const { chosen = null } = this.chat.kept;
		if (event === "language" && !(this.restoring && chosen)) this.#choose(data.language, chosen);
		if (id === this.restoring) this.restoring = null;
		if (!this.restoring) this.chat.keep({ last: id });
	}

	#said({ id, text }, heard) {
		if (!this.#shown.has(id)) this.#add(id, el("li.said", {}, el("span.unseen", {}, this.texts.you), el("p", {}, text)));
		const item = this.#shown.get(id);
		item.heard ||= heard;
		if (heard) item.failed?.remove();
	}

	#replied({ id, in_reply_to, sender, text, quotes, links, choices, language: lang, asks_feedback }) {
		this.#person = sender !== "bot";
		this.#settle(this.#person ? this.#asked : in_reply_to);
		this.tell();
		if (this.#shown.has(id)) return;
		const texts = TEXTS[lang] ?? this.texts;
		const who = sender === "bot" ? el("span.unseen", {}, texts.bot) : el("strong", {}, texts.agent);
		const item = el("li.reply", { lang }, who, blocks(text), quotes.map((quote) => quoted(quote, texts)));
		const further = links.map(({ title, url, publisher }) => el("li", {}, link(title, url, texts), ` – ${publisher}`));
		if (links.length) item.append(el("div.small", {}, texts.links, el("ul", {}, further)));
		const button = (label, onclick) => el("button", { onclick }, label);
		const answers = choices.map((choice) => button(choice.label, () => this.say(choice.say)));
		if (choices.length) item.append(el("div.row", {}, answers));
		const row = el("div.row small", { role: "group", ariaLabel: texts.helpful }, texts.helpful);
		const rate = async (helpful) => {
			try {
				await this.chat.post("/web/feedback", { reply: id, helpful });
			} catch {
				return this.tell("failed");
			}
			row.replaceChildren(el("p", { tabIndex: -1 }, texts.thanks));
			row.firstChild.focus();
		};
		row.append(button(texts.yes, () => rate(true)), button(texts.no, () => rate(false)));
		if (asks_feedback) item.append(row);
		this.#add(id, item);
		if (this.restoring) return;
		const said = quotes.map((quote) => el("p", { lang: quote.language }, `${quote.text} ${texts.source}${quote.title}, ${quote.publisher}`));
		this.#announce(el("div", { lang }, text, said, choices.map((choice) => choice.label).join(", ")));
	}

	#add(id, item) {
		this.#shown.set(id, item);
		this.list.append(item);
		this.#scroll(item);
	}

	#scroll(item) {
		const top = (node) => node.getBoundingClientRect().top;
		for (const box of [this.log, this.panel]) box.scrollTop += top(item) - top(box) - innerHeight / 10;
	}

	#announce(content) {
		const item = el("div", {}, content);
		this.live.append(item);
		setTimeout(() => item.remove(), 8000);
	}

	tell(key) {
		this.notice.textContent = this.texts[key];
	}

	note(key, text = this.texts[key]) {
		const item = el("li.note", {}, text);
		this.list.append(item);
		this.#scroll(item);
		this.#announce(text);
	}

	async #goOn() {
		try {
			await this.chat.begin();
			this.note("", (await (await this.chat.post("/web/continue", {})).json()).text);
		} catch {
			this.tell("failed");
		}
	}

	#restart() {
		this.chat.forget();
		this.#settle(this.#asked);
		this.restoring = null;
		this.list.replaceChildren();
		this.note("restarted");
		this.field.focus();
	}
}

// Too old a browser shows what the page has put into the tag.
if (CSS.supports("color", "light-dark(red, red)")) customElements.define("guichet-chat", GuichetChat);
