/** Choosing a password with a link. Its token is taken out of the address at once, and is sent only as the body of a request. */

import { byId } from "./elements.js";
import { begin, complain, revealed, tell, texts, wrong } from "./page.js";
import { post } from "./server.js";

const token = location.hash.slice(1);
history.replaceState(null, "", location.pathname);

let invited = null;

function draw() {
	if (invited) byId("hello").textContent = texts.hello(invited.name);
}

function ended() {
	byId("choose").hidden = true;
	byId("password").hidden = true;
	byId("to-sign-in").hidden = false;
	tell(texts.ended);
}

begin("welcome", draw, "");
byId("reveal").append(revealed(byId("fresh")));

try {
	invited = await post("/welcome/who", { token });
	byId("username").value = invited.email;
	byId("choose").hidden = false;
	byId("password").hidden = false;
	draw();
	byId("fresh").focus();
} catch (error) {
	if (error.status === 404) ended();
	else tell(wrong(error));
}

byId("password").addEventListener("submit", async (event) => {
	event.preventDefault();
	complain(event.target, "");
	try {
		await post("/welcome", { token, password: byId("fresh").value });
		location.replace("/");
	} catch (error) {
		if (error.status === 404) ended();
		else complain(event.target, wrong(error), byId("fresh"));
	}
});
