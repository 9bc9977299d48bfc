/** Makes the demonstration page's examples askable and its snippet copyable; without this script both are plain text. */

const chat = document.querySelector("guichet-chat");
for (const example of document.querySelectorAll(".examples li")) {
  const button = document.createElement("button");
  button.type = "button";
  button.append(...example.childNodes);
  button.addEventListener("click", () => {
    chat.say(button.textContent);
    chat.scrollIntoView({ block: "nearest" });
  });
  example.append(button);
}

const code = document.querySelector(".snippet code");
code.textContent = code.textContent.replace("https://chat.example.org", location.origin);
const copy = document.querySelector("#copy");
copy.hidden = !navigator.clipboard; // only there in secure contexts
copy.addEventListener("click", async () => {
  await navigator.clipboard.writeText(code.textContent);
  copy.textContent = copy.dataset.copied;
});
