// What the pages do beyond being read: play an animation, copy the code, lead on with the arrow keys. All of it can be
// had without: animations and code are linked and can be selected, and so are the neighbours.
"use strict";

// An animation plays when it is asked to, never by itself: a still picture stands there until then.
for (const image of document.querySelectorAll("img[data-light]")) {
  const still = image.getAttribute("src");
  const dark = document.createElement("source");
  dark.media = "(prefers-color-scheme: dark)";
  dark.srcset = image.dataset.dark;
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = image.dataset.play;
  button.addEventListener("click", () => {
    const plays = dark.parentNode !== null;
    if (plays) dark.remove();
    else image.before(dark);
    image.src = plays ? still : image.dataset.light;
    button.textContent = plays ? image.dataset.play : image.dataset.stop;
  });
  image.closest("figure").querySelector(".files").prepend(button);
}

for (const code of document.querySelectorAll("pre[data-copy]")) {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = code.dataset.copy;
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(code.textContent);
      button.textContent = code.dataset.copied;
      setTimeout(() => (button.textContent = code.dataset.copy), 2000);
    } catch {
      getSelection().selectAllChildren(code); // not allowed here: the reader copies what is selected
    }
  });
  code.before(button);
}

// ← and → go through the lecture, unless the key is meant for what has the focus or for the browser.
document.addEventListener("keydown", (event) => {
  const target = { ArrowLeft: "prev", ArrowRight: "next" }[event.key];
  if (!target || event.defaultPrevented || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
  if (event.target.closest("pre, .scroll, input, textarea, select, [contenteditable]")) return;
  const link = document.querySelector(`head link[rel="${target}"]`);
  if (link) location.href = link.href;
});
