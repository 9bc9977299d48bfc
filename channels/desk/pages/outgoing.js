/** What was written here and is not in its case yet. Each has an id of its own: sent twice, it is there once. */

import { post, uuid } from "./server.js";

const isRefused = ({ status }) => status >= 400 && status < 500;

export class Outgoing {
	#pending = []; // {id, case, epoch, text, quotes, failed, message, retry}
	#noteIds = new Map(); // case and text → the id under which a note is tried again
	#turn = Promise.resolve(); // one reply after the other

	/** `changed()` something is on its way or failed; `sent(id)` a case has more now; `refused(error, one, field)` it comes back. */
	constructor({ changed, sent, refused }) {
		Object.assign(this, { changed, sent, refused });
		addEventListener("beforeunload", (event) => this.#pending.length && event.preventDefault());
	}

	of(id) {
		return this.#pending.filter((one) => one.case === id);
	}

	/** Forgets what stands among these lines. */
	settle(lines) {
		this.#pending = this.#pending.filter((one) => !lines.some(({ message }) => message === one.id || message === one.message));
	}

	say(known, text, quotes) {
		const one = { id: uuid(), case: known.id, epoch: known.epoch, text, quotes };
		one.retry = () => this.#deliver(one);
		this.#pending.push(one);
		this.#deliver(one);
	}

	#deliver(one) {
		one.failed = false;
		this.changed();
		this.#turn = this.#turn.then(() => this.#attempt(one));
	}

	async #attempt(one) {
		const { id, epoch, text, quotes } = one;
		try {
			one.message = (await post(`/api/cases/${one.case}/say`, { epoch, id, text, quotes })).message;
			this.sent(one.case);
		} catch (error) {
			if (isRefused(error)) {
				this.#pending = this.#pending.filter((other) => other !== one);
				return this.refused(error, one, "reply");
			}
			console.warn(error);
			one.failed = true;
			this.changed(one);
		}
	}

	/** A "note" or a "whisper". Answers whether it is saved. */
	async note(known, text, kind) {
		const key = `${known.id} ${kind} ${text}`;
		const id = this.#noteIds.get(key) ?? uuid();
		this.#noteIds.set(key, id);
		try {
			await post(`/api/cases/${known.id}/${kind}`, { id, text });
			this.#noteIds.delete(key);
			this.sent(known.id);
			return true;
		} catch (error) {
			this.refused(error, { case: known.id, text }, kind);
			return false;
		}
	}
}
