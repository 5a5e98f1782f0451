// Opens the passage behind a citation in the viewer. Text from documents is only ever set as text.
"use strict";

(() => {
  const PREFIX = "#cite-";
  const NARROW = matchMedia("(max-width: 820px)");
  let lastLink = null;
  let asked = 0;

  const part = (id) => document.getElementById(id);

  function element(tag, className, text) {
    const made = document.createElement(tag);
    if (className) made.className = className;
    made.textContent = text;
    return made;
  }

  function shown(piece) {
    const [kind, text] = piece;
    if (kind === "cited") {
      const mark = element("mark", "", text);
      mark.tabIndex = -1;
      return mark;
    }
    if (kind === "heading") return element("span", "fn-head", text);
    if (kind === "page") return element("span", "fn-page", "Page " + text);
    return document.createTextNode(text);
  }

  function showPassage(passage) {
    const place = [passage.document];
    if (passage.page) place.push("page " + passage.page + " of " + passage.pages);
    place.push("characters " + passage.start + "–" + passage.end);
    part("fn-title").textContent = "[" + passage.label + "] " + passage.title;
    part("fn-place").textContent = place.join(" · ");
    const nodes = passage.pieces.map(shown);
    if (passage.cut_before) nodes.unshift(element("p", "fn-cut", "… the document begins earlier"));
    if (passage.cut_after) nodes.push(element("p", "fn-cut", "… the document goes on"));
    part("fn-text").replaceChildren(...nodes);
    const mark = part("fn-text").querySelector("mark");
    mark.scrollIntoView({ block: "center" });
    mark.focus({ preventScroll: true });
  }

  function showMessage(message) {
    part("fn-title").textContent = "Source";
    part("fn-place").textContent = "";
    part("fn-text").replaceChildren(element("p", "fn-error", message));
  }

  function mark(link) {
    for (const other of document.querySelectorAll(".fn-current")) other.classList.remove("fn-current");
    const same = document.querySelectorAll('a[href="' + CSS.escape(link.getAttribute("href")).replace(/\\#/, "#") + '"]');
    for (const other of same.length ? same : [link]) other.classList.add("fn-current");
  }

  async function open(link) {
    const [, key, label] = link.getAttribute("href").match(/^#cite-(.+)-(\d+)$/) || [];
    if (!key) return;
    const mine = ++asked;
    lastLink = link;
    mark(link);
    document.body.classList.add("fn-open");
    part("fn-left").inert = NARROW.matches; // Where the source covers the chat, the keyboard stays in it.
    try {
      const response = await fetch("/passage/" + encodeURIComponent(key) + "/" + label);
      const answer = await response.json();
      if (mine !== asked) return;
      if (response.ok) showPassage(answer);
      else showMessage(answer.message);
    } catch (error) {
      if (mine === asked) showMessage("The source could not be fetched: is Footnote still running?");
    }
  }

  function close() {
    if (!document.body.classList.contains("fn-open")) return;
    document.body.classList.remove("fn-open");
    part("fn-left").inert = false;
    if (lastLink && lastLink.isConnected) lastLink.focus();
  }

  function buildViewer(column) {
    const viewer = element("section", "fn-viewer", "");
    viewer.id = "fn-viewer";
    viewer.setAttribute("aria-label", "Source");
    const head = element("header", "fn-viewer-head", "");
    const words = document.createElement("div");
    const title = element("h2", "", "Sources");
    title.id = "fn-title";
    const place = element("p", "", "");
    place.id = "fn-place";
    words.append(title, place);
    const button = element("button", "fn-close", "✕");
    button.id = "fn-close";
    button.type = "button";
    button.setAttribute("aria-label", "Close the source");
    head.append(words, button);
    const text = element("div", "fn-text", "");
    text.id = "fn-text";
    text.tabIndex = 0;
    text.append(element("p", "fn-hint", "Click a number in an answer to see the sentence it rests on, in its document."));
    viewer.append(head, text);
    column.replaceChildren(viewer);
  }

  // gradio draws the page late, and labels every message with its own source code.
  new MutationObserver(() => {
    const column = part("fn-right");
    if (column && !part("fn-viewer")) buildViewer(column);
    document.body.classList.toggle("fn-busy", document.querySelector("#fn-chat .fn-waiting, #fn-chat .fn-pending") !== null);
    for (const message of document.querySelectorAll('[data-testid="bot"][aria-label*="<"]')) message.setAttribute("aria-label", "Answer");
    for (const message of document.querySelectorAll('[data-testid="user"][aria-label*="&"]')) message.setAttribute("aria-label", "Question");
  }).observe(document.documentElement, { childList: true, subtree: true });

  // "Asked as: …" goes into the box, to be changed and asked again.
  function edit(link) {
    const box = document.querySelector("#fn-box textarea");
    const set = Object.getOwnPropertyDescriptor(HTMLTextAreaElement.prototype, "value").set;
    set.call(box, link.parentElement.querySelector("span").textContent);
    box.dispatchEvent(new Event("input", { bubbles: true }));
    box.focus();
  }

  document.addEventListener("click", (event) => {
    const again = event.target.closest("a.fn-edit");
    if (again) {
      event.preventDefault();
      event.stopPropagation();
      edit(again);
      return;
    }
    const link = event.target.closest('a[href^="' + PREFIX + '"]');
    if (link) {
      event.preventDefault();
      event.stopPropagation();
      open(link);
    } else if (event.target.closest("#fn-close")) close();
  }, true);

  NARROW.addEventListener("change", () => {
    if (!NARROW.matches) part("fn-left").inert = false;
  });

  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") close();
  });
})();
