/** What the pages ask of the desk's server, and what it tells them while they are open. */

const PATIENCE = 15000; // ms
const SILENCE = 40000; // ms: something comes every 15 s

/** The server's "no": `status` and `data` are its answer's. Without a connection fetch throws a TypeError instead. */
export class Refused extends Error {
	constructor(status, data) {
		super(data.message ?? "");
		Object.assign(this, { status, data });
	}
}

let over = false; // whether somebody signs out: what is asked then would only be refused
export const end = () => (over = true);
addEventListener("pageshow", () => (over = false)); // also on the way back to this page

async function ask(path, options) {
	if (over) return new Promise(() => {});
	const response = await fetch(path, { cache: "no-store", ...options });
	if (response.status === 401) return leave();
	if (response.ok) return response;
	throw new Refused(response.status, await response.json().catch(() => ({}))); // a proxy's error page is no JSON
}

/** Nobody is signed in any more. Nothing goes on on this page. */
function leave() {
	location.assign("/sign-in");
	return new Promise(() => {});
}

export async function get(path) {
	return (await ask(path, { signal: AbortSignal.timeout(PATIENCE) })).json();
}

export async function post(path, data) {
	const headers = { "Content-Type": "application/json", "X-Guichet": "desk" };
	const body = JSON.stringify(data);
	return (await ask(path, { method: "POST", headers, body, signal: AbortSignal.timeout(PATIENCE) })).json().catch(() => ({}));
}

/** Also where crypto.randomUUID is not, as on a page without TLS. */
export function uuid() {
	const bytes = crypto.getRandomValues(new Uint8Array(16));
	[bytes[6], bytes[8]] = [(bytes[6] & 0x0f) | 0x40, (bytes[8] & 0x3f) | 0x80];
	return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("").replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

export const pause = (ms) => new Promise((done) => setTimeout(done, ms));

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

/**
 * Listens for as long as the page is open. `connected(again)` comes whenever there is a stream: `again` if there was one before,
 * for what happened in between must be fetched. `lost()` comes once when a stream cannot be had.
 */
export async function listen({ heard, connected, lost }) {
	let again = false;
	for (let wait = 500; ; wait = Math.min(wait * 2, 15000)) {
		const stream = new AbortController();
		const end = () => stream.abort();
		addEventListener("online", end); // what was open before leads nowhere any more
		try {
			const { body } = await ask("/api/events", { headers: { Accept: "text/event-stream" }, signal: stream.signal });
			connected(again);
			[again, wait] = [true, 250];
			for await (const { event, data } of eventsOf(body)) heard(event, JSON.parse(data));
		} catch (error) {
			console.warn(error);
		}
		removeEventListener("online", end);
		if (wait > 250) lost(); // a stream that ends is opened again at once, and only then missed
		const online = new Promise((done) => addEventListener("online", done, { once: true }));
		await Promise.race([pause(wait * (0.5 + Math.random() / 2)), online]);
	}
}
