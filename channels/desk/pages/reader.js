/** Fetches cases whole, each by one question at a time. To fetch a case is to read it, and that is recorded. */

import { get } from "./server.js";

export class Reader {
	#asking = new Map(); // id → {again, done}

	/** `take(known)` gets a case; `gone(id)` hears that it is not there or not to be seen; `failed(id)` that it could not be had. */
	constructor({ take, gone, failed }) {
		Object.assign(this, { take, gone, failed });
	}

	/** Fetches a case again; once more if it is asked for in the meantime. */
	read(id) {
		const running = this.#asking.get(id);
		if (running) {
			running.again = true;
			return running.done;
		}
		const now = {};
		this.#asking.set(id, now);
		now.done = this.#read(id, now);
		return now.done;
	}

	async #read(id, now) {
		try {
			do {
				now.again = false;
				this.take(await get(`/api/cases/${id}`));
			} while (now.again);
		} catch (error) {
			if ([403, 404].includes(error.status)) return this.gone(id);
			console.warn(error);
			this.failed(id);
		} finally {
			this.#asking.delete(id);
		}
	}
}
