/** What an agent does with a case: it is asked of the desk, and what comes of it is told. */

import { holder } from "./brief.js";
import * as dialogs from "./dialogs.js";
import { announce } from "./elements.js";
import { texts } from "./language.js";
import { post } from "./server.js";

export class Acting {
	#brought = new Map(); // id → up to which epoch a case was brought from here

	/** `about()` gives {me, desk, shown}; `refresh(id)` fetches a case; `tell(text)` says what went wrong; `pressed(id)` follows a claim. */
	constructor({ about, refresh, tell, pressed }) {
		Object.assign(this, { about, refresh, tell, pressed });
	}

	/** Whether it was done here that a case is where it is. */
	brought({ id, epoch }) {
		return epoch <= (this.#brought.get(id) ?? -1);
	}

	async #act({ id }, verb, data) {
		this.#brought.set(id, Infinity);
		try {
			const { epoch } = await post(`/api/cases/${id}/${verb}`, data);
			this.#brought.set(id, epoch);
			this.tell("");
		} catch (error) {
			this.#brought.delete(id);
			return this.complain(error, id);
		}
		await this.refresh(id);
		const { shown, me } = this.about();
		if (shown?.id !== id) return;
		announce(holder(shown, me));
		if (verb === "claim" && !document.activeElement.matches("input, textarea, select")) this.pressed(id);
	}

	claim(known) {
		this.#act(known, "claim", {});
	}

	release(known) {
		this.#act(known, "release", { epoch: known.epoch });
	}

	transfer(known) {
		dialogs.transfer({ ...this.about(), known }, (data) => void this.#act(known, "transfer", { epoch: known.epoch, ...data }));
	}

	reassign(known) {
		dialogs.reassign({ ...this.about(), known }, (data) => void this.#act(known, "reassign", data));
	}

	close(known) {
		dialogs.close(this.about().desk.tags ?? [], (data) => void this.#act(known, "close", { epoch: known.epoch, ...data }));
	}

	takeOver(known) {
		dialogs.takeOver((data) => void this.#act(known, "take-over", data));
	}

	/** Sends a reply once more that did not arrive. */
	async resend({ id, epoch }, { message }) {
		try {
			await post(`/api/cases/${id}/resend`, { epoch, message });
			announce(texts.delivery.queued);
		} catch (error) {
			return this.complain(error, id);
		}
		await this.refresh(id);
	}

	async complain(error, id) {
		console.warn(error);
		if (error.status !== 409) return this.tell(texts.errors[error.data?.error] ?? texts.failed);
		await this.refresh(id);
		const { by } = error.data;
		const { shown, me } = this.about();
		const who = by ? texts.somebodyHas(by) : shown?.id === id ? holder(shown, me) : texts.somebodyElseHas;
		this.tell(texts.taken(who));
	}
}
