"use strict";
const of = id => document.getElementById(id), picture = of("picture"), words = of("words"), play = of("play");
const { pieces, frames, captions, width, height } = JSON.parse(of("data").textContent);
const last = frames.length - 1, calm = matchMedia("(prefers-reduced-motion: reduce)");
let step = 0, timer = 0, full = false, scrolls = false;

function element(name, kind, ...inside) {
  const made = document.createElement(name);
  if (kind) made.className = kind;
  made.append(...inside);
  return made;
}

// each run keeps its own direction: a label that is written from right to left turns nothing around it
const lines = i => captions[i].map(line =>
  element("div", "", ...line.map(([text, kind]) => kind ? element("bdi", kind, text) : text)));

function show(i) {
  step = Math.max(0, Math.min(last, i));
  picture.innerHTML = frames[step].map(k => pieces[k]).join("");
  words.replaceChildren(...lines(step));
  of("count").textContent = (step + 1) + " of " + frames.length;
  of("at").value = step + 1;
  of("link").href = "#step=" + (step + 1);
  // not really disabled: such a button would lose the keyboard
  for (const id of ["first", "back"]) of(id).setAttribute("aria-disabled", step === 0);
  for (const id of ["forward", "last"]) of(id).setAttribute("aria-disabled", step === last);
  fit();
}

// As large as there is room, but never so small that it can't be read: then it scrolls.
function fit() {
  const drawn = picture.firstElementChild, room = picture.clientWidth;
  const below = Math.max(240, innerHeight - picture.getBoundingClientRect().top - scrollY - 24);
  const across = Math.min(2, room / width), whole = Math.min(across, below / height);
  const small = whole < 0.8 ? across : whole;
  const zoom = full || small < 0.8 ? 1 : small;
  of("full").hidden = small < 0.8 || (zoom >= 1 && !full);
  drawn.style.width = width * zoom + "px";
  drawn.style.height = height * zoom + "px";
  picture.style.maxHeight = zoom > whole ? Math.max(below, innerHeight * 0.6) + "px" : "";
  follow(drawn);
}

// where it scrolls, the box that passes back is brought into sight
function follow(drawn) {
  const box = drawn.querySelector(".gg-node.gg-active")?.getBoundingClientRect(), room = picture.getBoundingClientRect();
  if (box) picture.scrollBy(box.x + box.width / 2 - room.x - room.width / 2, box.y + box.height / 2 - room.y - room.height / 2);
}

// room for the longest of the texts, so that nothing jumps from step to step
function settle() {
  words.style.minHeight = "";
  let most = 0;
  for (let i = 0; i <= last; i++) {
    words.replaceChildren(...lines(i));
    most = Math.max(most, words.offsetHeight);
  }
  words.style.minHeight = most + "px";
  show(step);
}

function run(on) {
  clearTimeout(timer);
  timer = on ? setTimeout(next, 1500 / of("speed").value) : 0;
  play.textContent = on ? "Pause" : "Play";
  words.setAttribute("aria-live", on ? "off" : "polite"); // nobody can listen that fast
}

function next() {
  show(step + 1);
  run(step < last);
}

function toggle() {
  if (!timer && step === last) show(0);
  run(!timer && last > 0);
}

function go(i) {
  run(false);
  show(i);
}

const keys = {
  ArrowLeft: () => go(step - 1), ArrowRight: () => go(step + 1), Home: () => go(0), End: () => go(last), " ": toggle,
};
document.addEventListener("keydown", event => {
  const at = event.target;
  if (!(event.key in keys) || event.ctrlKey || event.altKey || event.metaKey || event.shiftKey) return;
  if (at.matches("input, select") || (event.key === " " && at.matches("button, a")) || (at === picture && scrolls)) return;
  event.preventDefault();
  keys[event.key]();
});
// who comes to the picture by keyboard scrolls it; a click on it leaves the keys to the steps
picture.onfocus = () => { scrolls = picture.matches(":focus-visible") && picture.scrollWidth + picture.scrollHeight > picture.clientWidth + picture.clientHeight; };
picture.onblur = () => { scrolls = false; };
of("first").onclick = () => go(0);
of("back").onclick = () => go(step - 1);
of("forward").onclick = () => go(step + 1);
of("last").onclick = () => go(last);
play.onclick = toggle;
of("at").oninput = () => go(of("at").value - 1);
of("speed").onchange = () => run(timer !== 0);
of("full").onclick = () => {
  full = !full;
  of("full").setAttribute("aria-pressed", full);
  fit();
};

function linked() {
  const found = /^#step=(\d+)$/.exec(location.hash);
  if (found) go(found[1] - 1);
}
// a frame in a notebook has no address of its own
of("link").hidden = location.protocol === "about:";
addEventListener("hashchange", linked);
let wide = 0;
new ResizeObserver(() => {
  if (wide !== (wide = words.clientWidth)) settle();
}).observe(words);
addEventListener("resize", fit);
settle();
linked();
