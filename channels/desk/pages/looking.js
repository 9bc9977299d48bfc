/** Who looks at which case: what this page tells the desk, one word after the other, and what it hears of others. */

import { post } from "./server.js";

export class Looking {
	#page = null; // the name of this page, as the stream gave it
	#at = null;
	#told = null;
	#telling = false;
	#others = {};

	/** The stream is there, perhaps again: what was told before is forgotten there. */
	begin(page) {
		this.#page = page;
		this.#told = null;
		this.#tell();
	}

	/** This page shows a case now, or none. */
	look(id) {
		this.#at = id;
		this.#tell();
	}

	async #tell() {
		if (this.#telling) return;
		this.#telling = true;
		try {
			while (this.#page && this.#at !== this.#told) {
				const [page, at] = [this.#page, this.#at];
				await post("/api/looking", { page, case: at });
				if (page === this.#page) this.#told = at;
			}
		} catch (error) {
			console.warn(error); // the next change, or the next stream, tells it
		}
		this.#telling = false;
	}

	/** Takes what was heard: {case: [ids of agents]}. */
	heard(looking) {
		this.#others = looking;
	}

	/** The names of others who look at a case. */
	at(id, { me, desk }) {
		const there = this.#others[id] ?? [];
		return there.filter((agent) => agent !== me.id).map((agent) => desk.agents.find((each) => each.id === agent)?.name).filter(Boolean);
	}
}
