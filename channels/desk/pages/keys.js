/** Shortcuts of one key. They can be turned off, for those whose speech or hand would press them unawares. */

import { byId } from "./elements.js";

const KEY = "guichet-desk keys";
const WRITING = "textarea, select, input:not([type=checkbox], [type=radio])";

export const keysAreOn = () => localStorage[KEY] !== "off";
export const turnKeys = (on) => (localStorage[KEY] = on ? "on" : "off");

/** `keys` says what each does; `back` is what Esc does, always. While somebody writes, a letter is a letter. */
export function listenForKeys(keys, back) {
	document.addEventListener("keydown", (event) => {
		if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || byId("dialog").open) return;
		if (event.key === "Escape") return back();
		if (!Object.hasOwn(keys, event.key) || event.target.closest(WRITING) || !keysAreOn()) return;
		event.preventDefault();
		keys[event.key]();
	});
}
