/** Elements out of words: what a citizen, an agent or a publisher wrote only ever becomes text. */

import { asOf, texts } from "./language.js";

/** An element, "tag.class". Nothing is parsed as HTML. */
export function el(kind, properties, ...children) {
	const [tag, className = ""] = kind.split(".");
	const node = Object.assign(document.createElement(tag), { className }, properties);
	node.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== ""));
	return node;
}

export const byId = (id) => document.getElementById(id);

/** The address if it is http(s), else "": no javascript:, no data:. */
export function web(address) {
	const url = URL.canParse(address ?? "") ? new URL(address) : {};
	return /^https?:$/.test(url.protocol) ? url.href : "";
}

function link(title, address) {
	const href = web(address);
	return href ? el("a", { href, target: "_blank", rel: "noreferrer" }, title, " ↗", el("span.unseen", {}, ` ${texts.outside}`)) : title;
}

export const titleOf = ({ title, section }) => [title, section].filter(Boolean).join(" › ");

/** Published words with their source, and what can be done with them. */
export function figure(quote, ...actions) {
	const { text, url, publisher, as_of, language: lang } = quote;
	const from = [publisher, asOf(as_of)].filter(Boolean).join(", ");
	const source = el("p", {}, texts.source, el("cite", { lang }, link(titleOf(quote), url)));
	return el("figure", {}, el("blockquote", { lang }, text), el("figcaption", {}, source, el("p", {}, from), actions));
}

/** Puts these nodes, in this order, into the parent: few are moved, and the one that has the focus only if it comes from elsewhere. */
export function place(parent, nodes) {
	const focused = document.activeElement;
	const still = nodes.findIndex((node) => node.parentElement === parent && node.contains(focused));
	const cut = still < 0 ? nodes.length : still;
	order(parent, nodes.slice(0, cut), parent.firstChild, nodes[still] ?? null);
	if (still >= 0) order(parent, nodes.slice(cut + 1), nodes[still].nextSibling, null);
	if (document.activeElement !== focused) focused.focus();
}

/** Between a child and another, these nodes and no others. */
function order(parent, nodes, at, end) {
	const wanted = new Set(nodes);
	const drop = () => {
		const gone = at;
		at = at.nextSibling;
		gone.remove();
	};
	for (const node of nodes) {
		while (at !== end && (!wanted.has(at) || (at !== node && at.nextSibling === node))) drop(); // it is not here, or comes later
		if (at === node) at = at.nextSibling;
		else parent.insertBefore(node, at);
	}
	while (at !== end) drop();
}

let live;
/** Says something once to those who hear the page. */
export function announce(content, lang = "") {
	live ??= byId("live");
	const item = el("div", {}, content);
	if (lang) item.lang = lang;
	live.append(item);
	setTimeout(() => item.remove(), 8000); // left there, it would be read twice
}
