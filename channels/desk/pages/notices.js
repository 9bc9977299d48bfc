/** A sound, and a mark in the title of the page, when a new case waits. Can be turned off. */

import { byId } from "./elements.js";
import { texts } from "./language.js";

const KEY = "guichet-desk notices";

export class Notices {
	#audio;
	#waiting = 0;
	#arrived = false;
	#name;

	constructor() {
		byId("notices").addEventListener("click", () => this.#turn(!this.on));
		for (const event of ["pointerdown", "keydown", "focus"]) addEventListener(event, () => this.#seen());
		this.draw(0, texts.queue);
	}

	get on() {
		return localStorage[KEY] !== "off";
	}

	#turn(on) {
		localStorage[KEY] = on ? "on" : "off";
		this.draw(this.#waiting, this.#name);
		if (on) this.#sound();
	}

	#seen() {
		if (this.#arrived && document.hasFocus()) {
			this.#arrived = false;
			this.draw(this.#waiting, this.#name);
		}
	}

	/** `waiting` is how many cases wait, `name` what is open on the page. */
	draw(waiting, name) {
		[this.#waiting, this.#name] = [waiting, name];
		byId("notices").textContent = this.on ? texts.noticesOn : texts.noticesOff;
		const page = `${name} – Guichet`;
		const count = this.on && waiting ? `(${waiting}) ` : "";
		document.title = this.on && this.#arrived ? `${texts.arrived} · ${count}${page}` : count + page;
	}

	arrived() {
		if (!this.on) return;
		this.#arrived = true;
		this.#sound();
	}

	/** Two short notes; a browser makes no sound before somebody has touched the page. */
	#sound() {
		this.#audio ??= new AudioContext();
		this.#audio.resume();
		const volume = this.#audio.createGain();
		volume.gain.value = 0.08;
		volume.connect(this.#audio.destination);
		[660, 880].forEach((pitch, index) => {
			const note = this.#audio.createOscillator();
			note.frequency.value = pitch;
			note.connect(volume);
			note.start(this.#audio.currentTime + index * 0.16);
			note.stop(this.#audio.currentTime + index * 0.16 + 0.14);
		});
	}
}
