// Puts the page together: the viewer, the panel at the side, what is done with answers, and the keyboard.

import { chatName, element, enter, learn, part, refreshSide, trouble, words } from "/footnote/dom.js";
import * as answers from "/footnote/answers.js";
import { followName } from "/footnote/chats.js";
import { readOnly } from "/footnote/library.js";
import * as side from "/footnote/side.js";
import { acceptFiles } from "/footnote/uploads.js";
import * as viewer from "/footnote/viewer.js";

// gradio draws the page late, draws parts of it again, and labels every message with its own source code.
function settle() {
  const right = part("fn-right");
  const left = part("fn-side");
  if (right && !part("fn-viewer")) viewer.build(right);
  if (left && part("fn-box") && part("fn-menu") && !part("fn-side-body")) {
    side.build(left);
    nameParts();
    part("fn-splash")?.remove();
  }
  document.body.classList.toggle("fn-busy", document.querySelector("#fn-chat .fn-waiting, #fn-chat .fn-pending") !== null);
  for (const message of document.querySelectorAll('[data-testid="bot"][aria-label*="<"]')) message.setAttribute("aria-label", words("answer"));
  for (const message of document.querySelectorAll('[data-testid="user"][aria-label*="&"]')) message.setAttribute("aria-label", words("question"));
  for (const starters of document.querySelectorAll('#fn-chat .examples[role="list"]')) starters.setAttribute("role", "group"); // Of buttons, not of items.
  for (const region of document.querySelectorAll("#fn-chat .bubble-wrap:not([tabindex])")) region.tabIndex = 0; // It scrolls, so the keyboard must reach it.
}

function nameParts() {
  const menu = part("fn-menu");
  menu.setAttribute("aria-label", words("menu"));
  menu.setAttribute("aria-expanded", String(document.body.classList.contains("fn-side-open")));
  for (const wire of document.querySelectorAll(".fn-wire textarea, .fn-wire input")) {
    wire.tabIndex = -1;
    wire.closest(".fn-wire").setAttribute("aria-hidden", "true");
  }
}

let name = "";
function watchName() {
  if (chatName() !== name) {
    name = chatName();
    followName();
    readOnly().catch(trouble);
  }
}

// A finished answer is a new turn in the list; what it cites first is likely to be looked at.
function watchAnswers() {
  let busy = false;
  return () => {
    const now = document.body.classList.contains("fn-busy");
    if (busy && !now) {
      refreshSide();
      const first = [...document.querySelectorAll("#fn-chat a.fn-mark")].at(-1);
      if (first) (globalThis.requestIdleCallback || setTimeout)(() => viewer.warm(first));
    }
    busy = now;
  };
}

// "Asked as: …" goes into the box, to be changed and asked again.
function editStandalone(link) {
  enter("fn-box", link.parentElement.querySelector("span").textContent).focus();
}

const CLICKS = [
  ["a.fn-edit", editStandalone],
  ['a[href^="#cite-"]', viewer.open],
  ['a[href^="#do-"]', answers.act],
  ["#fn-menu", () => side.toggle()],
];

document.addEventListener("click", (event) => {
  for (const [selector, act] of CLICKS) {
    const link = event.target.closest?.(selector);
    if (!link) continue;
    event.preventDefault();
    event.stopPropagation();
    return act(link);
  }
}, true);

for (const kind of ["pointerover", "focusin"]) {
  document.addEventListener(kind, (event) => {
    const link = event.target.closest?.('a[href^="#cite-"]');
    if (link) viewer.prefetch(link);
  }, { passive: true });
}

function newChat() {
  part("fn-new").click();
  document.querySelector("#fn-box textarea").focus();
}

const writing = (target) => target.closest?.("input, textarea, select, [contenteditable]") !== null;

document.addEventListener("keydown", (event) => {
  if (document.querySelector("dialog[open]") || event.ctrlKey || event.metaKey) return;
  if (event.key === "Escape") {
    if (!viewer.close() && document.body.classList.contains("fn-side-open")) side.toggle(false);
    return;
  }
  const act = event.altKey ? { KeyN: newChat, KeyB: () => side.toggle(), KeyK: side.search }[event.code] : writing(event.target) ? null : plain(event);
  if (!act) return;
  event.preventDefault();
  act();
});

function plain(event) {
  const inViewer = event.target.closest?.("#fn-viewer");
  switch (event.key) {
    case "?": return side.keys;
    case "/": return () => document.querySelector("#fn-box textarea").focus();
    case "n": return () => viewer.step(1);
    case "N": return () => viewer.step(-1);
    case "ArrowRight": return inViewer && (() => viewer.step(1));
    case "ArrowLeft": return inViewer && (() => viewer.step(-1));
    case "+": return inViewer && (() => viewer.zoomBy(1));
    case "-": return inViewer && (() => viewer.zoomBy(-1));
    default: return null;
  }
}

await learn();
const skip = element("a", "fn-skip", words("skip"), { href: "#fn-box" });
skip.addEventListener("click", (event) => { event.preventDefault(); document.querySelector("#fn-box textarea").focus(); });
document.body.prepend(skip);
acceptFiles();
const answered = watchAnswers();
let waiting = false;
const look = () => { waiting = false; settle(); answered(); };
new MutationObserver(() => { if (!waiting) { waiting = true; queueMicrotask(look); } }).observe(document.documentElement, { childList: true, subtree: true });
setInterval(watchName, 150); // The name is the value of a box, which no event tells of.
settle();
