/** Three telephones: what is typed into one goes to its channel, and what the channel sends appears on it. */

const PHONES = [
  { channel: "sms", title: "SMS", from: "+16135550143" },
  { channel: "whatsapp", title: "WhatsApp", from: "+16135550144" },
  { channel: "telegram", title: "Telegram", from: "1001" },
];
const TAGS = new Set(["B", "I", "A", "BLOCKQUOTE"]); // what Telegram's HTML may have of ours

const lists = {};
const bubbles = {};

function element(tag, className = "", ...children) {
  const node = document.createElement(tag);
  node.className = className;
  node.append(...children);
  return node;
}

async function say(phone, message) {
  const mine = element("li", "mine", message.text || (message.data ? "(button)" : "(photo)"));
  lists[phone.channel].append(mine);
  mine.scrollIntoView({ block: "nearest" });
  const body = JSON.stringify({ channel: phone.channel, from: phone.from, ...message });
  const answer = await fetch("/say", { method: "POST", headers: { "Content-Type": "application/json" }, body });
  const { status } = await answer.json();
  if (status !== 200) mine.append(element("small", "", ` webhook answered ${status || "nothing"}`));
}

/** Text with the marks that its channel has; never as HTML of ours. */
function shown({ channel, text, segments }) {
  if (channel === "sms") return segments.map((segment) => element("span", "segment", segment));
  if (channel === "telegram") return [...new DOMParser().parseFromString(text, "text/html").body.childNodes].map(safe);
  return text.split("\n").map((line) => (line.startsWith("> ") ? element("blockquote", "", marked(line.slice(2))) : element("div", "", marked(line) || "\u00a0")));
}

const marked = (line) => line.replace(/^\*(.*)\*$/, "$1");

function safe(node) {
  if (node.nodeType === Node.TEXT_NODE) return node.textContent;
  if (!TAGS.has(node.tagName)) return node.textContent;
  const kept = element(node.tagName.toLowerCase(), "", ...[...node.childNodes].map(safe));
  if (node.tagName === "A" && /^https?:/.test(node.href)) Object.assign(kept, { href: node.href, target: "_blank", rel: "noreferrer" });
  return kept;
}

function show(event) {
  if (event.kind === "state") {
    const bubble = bubbles[event.sid];
    const note = bubble?.querySelector("small");
    note?.append(note.textContent && " · ", event.state);
    if (bubble === bubble?.parentElement.lastElementChild) bubble?.scrollIntoView({ block: "nearest" });
    return;
  }
  const phone = PHONES.find(({ channel, from }) => channel === event.channel && from === event.to);
  if (!phone) return; // somebody else's
  const cost = event.segments ? `${event.segments.length} segment${event.segments.length === 1 ? "" : "s"}, ${event.encoding}` : "";
  const bubble = element("li", "theirs", element("div", "text", ...shown(event)));
  for (const { label, data } of event.buttons ?? []) {
    const button = element("button", "", label);
    button.addEventListener("click", () => say(phone, { data }));
    bubble.append(button);
  }
  bubble.append(element("small", "", cost));
  bubbles[event.sid] = bubble;
  lists[event.channel].append(bubble);
  bubble.scrollIntoView({ block: "nearest" });
}

for (const phone of PHONES) {
  const section = document.querySelector("template").content.cloneNode(true).firstElementChild;
  section.querySelector("h2").textContent = `${phone.title} (${phone.from})`;
  section.id = phone.channel;
  lists[phone.channel] = section.querySelector("ol");
  const form = section.querySelector("form");
  const send = () => {
    const text = form.elements.text.value.trim();
    form.elements.text.value = "";
    if (text) say(phone, { text });
  };
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send();
  });
  form.elements.text.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey) return;
    event.preventDefault();
    send();
  });
  section.querySelector(".photo").addEventListener("click", () => say(phone, { media: true }));
  section.querySelector(".stop").addEventListener("click", () => say(phone, { text: phone.channel === "telegram" ? "/stop" : "STOP" }));
  document.querySelector("main").append(section);
}

new EventSource("/events").addEventListener("message", ({ data }) => show(JSON.parse(data)));
