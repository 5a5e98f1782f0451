// The viewer: a cited sentence on its page, or in the text around it.

import { ask, button, call, element, iconButton, part, sharedToken, trouble, withToken, words } from "/footnote/dom.js";

const NARROW = matchMedia("(max-width: 820px)");
const STEP = 160;
const FRESH_MS = 1_000; // What was fetched ahead is used at once or not at all: the file may change.
const ZOOMS = [0.5, 0.75, 1, 1.25, 1.5, 2, 3];

const fetched = new Map();
let shown = null; // The passage, its key, and how it is looked at.
let asked = 0;
let lastLink = null;
let zoom = 2;
let watcher = null;

export const isOpen = () => document.body.classList.contains("fn-open");

// --- Fetching ----------------------------------------------------------------------------------------

export function parse(link) {
  const [, key, label] = (link.getAttribute("href") || "").match(/^#cite-(.+)-(\d+)$/) || [];
  return key ? { key, label: Number(label) } : null;
}

const pathOf = (key, label) => withToken(`/passage/${encodeURIComponent(key)}/${label}`);

function passageOf(key, label) {
  const path = pathOf(key, label);
  if (!fetched.has(path)) {
    const promise = fetch(path)
      .then(async (response) => {
        const told = await response.json();
        return { ok: response.ok && !told.trouble, told: { message: told.trouble, ...told } };
      })
      .catch(() => ({ ok: false, told: { message: words("no-server") } }));
    fetched.set(path, promise);
    setTimeout(() => fetched.delete(path), FRESH_MS);
  }
  return fetched.get(path);
}

const width = () => Math.min(3200, Math.max(320, Math.ceil(((part("fn-text")?.clientWidth || 600) * ZOOMS[zoom] * devicePixelRatio) / STEP) * STEP));
const pictureOf = (key, label, told, page) => withToken(`/page/${encodeURIComponent(key)}/${label}/${page}?width=${width()}&file=${told.hash}`);

// What is likely to be looked at next is fetched before it is asked for.
export async function prefetch(link) {
  const wanted = parse(link);
  if (!wanted) return;
  const { ok, told } = await passageOf(wanted.key, wanted.label);
  if (ok && told.sizes.length) new Image().src = pictureOf(wanted.key, wanted.label, told, told.page);
}

// What an answer cites first may be looked at: the server opens its file, and the browser fetches its page.
export async function warm(link) {
  const { key, label } = parse(link);
  await prefetch(link);
  fetched.delete(pathOf(key, label));
}

export const forget = () => fetched.clear();

// --- Opening and closing -----------------------------------------------------------------------------

export async function open(link) {
  const wanted = parse(link);
  if (!wanted) return;
  lastLink = link;
  await show(wanted.key, wanted.label);
}

async function show(key, label) {
  const mine = ++asked;
  mark(`#cite-${key}-${label}`);
  reveal();
  const { ok, told } = await passageOf(key, label);
  if (mine !== asked) return;
  if (!ok) return showMessage(told.message);
  const before = shown;
  shown = { key, label, told, asText: before?.asText === true };
  draw(before && before.key === key && before.told.document === told.document && before.told.state === told.state);
}

function reveal() {
  document.body.classList.add("fn-open");
  part("fn-left").inert = NARROW.matches; // Where the source covers the chat, the keyboard stays in it.
}

function mark(href) {
  for (const other of document.querySelectorAll("#fn-chat .fn-current")) other.classList.remove("fn-current");
  for (const same of document.querySelectorAll("#fn-chat a")) if (same.getAttribute("href") === href) same.classList.add("fn-current");
}

export function close() {
  if (!isOpen()) return false;
  document.body.classList.remove("fn-open");
  part("fn-left").inert = false;
  if (lastLink && lastLink.isConnected) lastLink.focus();
  return true;
}

NARROW.addEventListener("change", () => {
  if (!NARROW.matches && part("fn-left")) part("fn-left").inert = false;
});

// --- Drawing -----------------------------------------------------------------------------------------

// Something that is no source, in its place.
function put(title, place, look, nodes) {
  shown = null;
  part("fn-title").textContent = title;
  part("fn-place").textContent = place;
  part("fn-tools").replaceChildren();
  part("fn-viewer-notes").replaceChildren();
  part("fn-text").className = `fn-text ${look}`;
  part("fn-text").replaceChildren(...nodes);
}

const showMessage = (message) => put(words("source"), "", "", [element("p", "fn-error", message)]);

const printed = () => shown.told.sizes.length > 0 && !shown.asText;

function draw(sameDocument) {
  const { told, label } = shown;
  const place = [told.document];
  if (told.page) place.push(words("page-of", { page: told.page, pages: told.pages }));
  place.push(words("characters", { start: told.start, end: told.end }));
  part("fn-title").textContent = `[${label}] ${told.title}`;
  part("fn-place").textContent = place.join(" · ");
  drawTools();
  part("fn-viewer-notes").replaceChildren(...notes(told).map((note) => element("p", "fn-note fn-since", note)));
  if (printed()) drawPages(sameDocument);
  else drawText(told);
}

function notes(told) {
  const said = [];
  if (told.file === "changed" || told.file === "gone") said.push(words(`file-${told.file}`));
  else if (told.file) said.push(told.file);
  if (told.state !== "unchanged") said.push(words(`was-${told.state}`, { quote: told.quote }));
  else if (told.sizes.length && !shown.asText && !Object.keys(told.boxes).length) said.push(words("no-marks"));
  return said;
}

function drawTools() {
  const { told, key, label } = shown;
  const tools = [];
  if (told.sizes.length) {
    const kinds = element("div", "fn-switch", "", { role: "group" });
    for (const [text, name] of [[false, "as-pages"], [true, "as-text"]]) {
      kinds.append(button(words(name), () => { shown.asText = text; draw(false); }, "", { "aria-pressed": String(shown.asText === text) }));
    }
    tools.push(kinds);
  }
  const place = told.marks.findIndex(([other]) => other === label);
  if (told.marks.length > 1 && place >= 0) {
    tools.push(
      iconButton("↑", words("previous"), () => step(-1)),
      element("span", "fn-count", words("nth", { n: place + 1, count: told.marks.length })),
      iconButton("↓", words("next"), () => step(1)),
    );
  }
  if (printed()) {
    const field = element("input", "fn-page-number", "", { type: "number", min: 1, max: told.sizes.length, "aria-label": words("page-number"), id: "fn-page-number" });
    field.value = told.page;
    field.addEventListener("change", () => goTo(Number(field.value)));
    tools.push(
      iconButton("‹", words("previous-page"), () => goTo(pageInView() - 1)), field, element("span", "fn-count", `/ ${told.sizes.length}`),
      iconButton("›", words("next-page"), () => goTo(pageInView() + 1)),
      iconButton("−", words("zoom-out"), () => setZoom(zoom - 1)), iconButton("+", words("zoom-in"), () => setZoom(zoom + 1)),
    );
  }
  if (told.original) {
    const path = withToken(`/original/${encodeURIComponent(key)}/${label}`) + (told.page ? `#page=${told.page}` : "");
    tools.push(element("a", "fn-original", words("original"), { href: path, target: "_blank", rel: "noopener" }));
  }
  if (!sharedToken()) tools.push(thumbs());
  part("fn-tools").replaceChildren(...tools);
}

// Whether the sentence answers: kept with the answer's own rating, and as a question for `footnote eval`.
function thumbs() {
  const group = element("div", "fn-switch", "", { role: "group", "aria-label": words("rate-citation") });
  for (const [good, look, name] of [[true, "fn-good", "citation-good"], [false, "fn-bad", "citation-bad"]]) {
    const thumb = iconButton("", words(name), () => rate(good).catch(trouble), `fn-thumb ${look}`);
    thumb.setAttribute("aria-pressed", String(shown.told.rated === good));
    group.append(thumb);
  }
  return group;
}

async function rate(good) {
  const { key, label, told } = shown;
  const wanted = told.rated === good ? null : good;
  const said = element("textarea", "", "", { rows: 2, maxlength: 300, "aria-label": words("reason-other"), placeholder: words("reason-other") });
  if (wanted === false && (await ask(words("citation-bad"), [said], [["send", words("send"), "fn-main"], [null, words("cancel")]])) !== "send") return;
  await call(`/rate/${encodeURIComponent(key)}`, { label, good: wanted, reason: said.value });
  fetched.delete(pathOf(key, label));
  told.rated = wanted;
  if (shown?.told === told) drawTools();
}

export function step(by) {
  if (!shown || !isOpen()) return;
  const labels = shown.told.marks.map(([label]) => label);
  const place = labels.indexOf(shown.label);
  if (labels.length > 1 && place >= 0) show(shown.key, labels[(place + by + labels.length) % labels.length]);
}

// --- Pages -------------------------------------------------------------------------------------------

function drawPages(sameDocument) {
  const text = part("fn-text");
  const { told } = shown;
  if (!sameDocument || !text.querySelector(".fn-sheet")) {
    watcher?.disconnect();
    watcher = new IntersectionObserver((entries) => entries.forEach((entry) => entry.isIntersecting && load(entry.target)), { root: text, rootMargin: "600px 0px" });
    text.className = "fn-text fn-pages";
    text.replaceChildren(...told.sizes.map(([wide, high], number) => sheet(number + 1, wide, high)));
  }
  text.style.setProperty("--fn-zoom", ZOOMS[zoom]);
  for (const old of text.querySelectorAll(".fn-box")) old.remove();
  for (const [page, marks] of Object.entries(told.boxes)) {
    const on = text.children[page - 1];
    for (const [label, boxes] of marks) boxes.forEach((box, number) => on.append(overlay(label, box, number)));
  }
  const page = text.children[Math.min(told.page, told.sizes.length) - 1];
  if (page) load(page);
  const mark = text.querySelector("mark.fn-current");
  if (mark) {
    mark.scrollIntoView({ block: "center", inline: "nearest" });
    mark.focus({ preventScroll: true });
  } else goTo(told.page);
  for (const page of text.children) watcher.observe(page);
}

function sheet(number, wide, high) {
  const made = element("div", "fn-sheet", "", { "data-page": number, role: "group", "aria-label": words("page", { page: number }) });
  made.style.aspectRatio = `${wide} / ${high}`;
  return made;
}

function overlay(label, [left, top, right, bottom], number) {
  const current = label === shown.label;
  const made = element(current ? "mark" : "span", current ? "fn-box fn-current" : "fn-box fn-also", "", current ? { tabindex: -1 } : {});
  Object.assign(made.style, { left: `${left * 100}%`, top: `${top * 100}%`, width: `${(right - left) * 100}%`, height: `${(bottom - top) * 100}%` });
  if (number === 0) made.append(element("span", "fn-sr", current ? shown.told.quote : `[${label}]`));
  else made.setAttribute("aria-hidden", "true");
  if (!current) made.title = `[${label}]`;
  return made;
}

function load(page) {
  const path = pictureOf(shown.key, shown.label, shown.told, page.dataset.page);
  const old = page.querySelector("img");
  if (old && old.dataset.path === path) return;
  const picture = element("img", "", "", { alt: words("page", { page: page.dataset.page }), "data-path": path });
  picture.addEventListener("load", () => { old?.remove(); });
  picture.addEventListener("error", () => { if (page.contains(picture) && !page.querySelector(".fn-error")) page.append(element("p", "fn-error", words("no-server"))); });
  picture.src = path;
  page.prepend(picture);
}

function pageInView() {
  const text = part("fn-text");
  const middle = text.scrollTop + text.clientHeight / 2;
  const found = [...text.children].findIndex((page) => page.offsetTop + page.offsetHeight >= middle);
  return (found < 0 ? text.children.length - 1 : found) + 1;
}

function goTo(page) {
  const text = part("fn-text");
  const sheet = text.children[Math.min(Math.max(page, 1), text.children.length) - 1];
  if (sheet) text.scrollTop = sheet.offsetTop - 8;
}

export function setZoom(wanted) {
  if (!shown || !printed()) return;
  const text = part("fn-text");
  const at = (text.scrollTop + text.clientHeight / 2) / text.scrollHeight;
  zoom = Math.min(Math.max(wanted, 0), ZOOMS.length - 1);
  text.style.setProperty("--fn-zoom", ZOOMS[zoom]);
  text.scrollTop = at * text.scrollHeight - text.clientHeight / 2;
  for (const page of text.children) if (page.querySelector("img")) load(page);
}

export const zoomBy = (by) => setZoom(zoom + by);

// --- Text --------------------------------------------------------------------------------------------

function drawText(told) {
  const text = part("fn-text");
  watcher?.disconnect();
  text.className = "fn-text";
  const nodes = told.blocks.map(block);
  if (told.cut_before) nodes.unshift(element("p", "fn-cut", words("begins-earlier")));
  if (told.cut_after) nodes.push(element("p", "fn-cut", words("goes-on")));
  text.replaceChildren(...nodes);
  const mark = text.querySelector("mark.fn-current");
  if (mark) {
    mark.scrollIntoView({ block: "center" });
    mark.focus({ preventScroll: true });
  } else text.scrollTop = told.state === "changed" ? text.scrollHeight / 2 - text.clientHeight / 2 : 0;
}

const TAGS = { paragraph: "p", item: "p", quote: "blockquote", code: "pre", header: "p" };

function block(told) {
  if (told.kind === "page") return element("div", "fn-page", words("page", { page: told.level }));
  if (told.kind === "table") return table(told);
  const tag = told.kind === "heading" ? `h${Math.min(6, told.level + 2)}` : TAGS[told.kind];
  const made = element(tag, `fn-block-${told.kind}`, "", { dir: "auto" });
  made.append(...told.runs.map(run));
  return made;
}

function table(told) {
  const made = element("div", "fn-table", "", { tabindex: 0, role: "region", "aria-label": words("source") });
  const grid = element("table");
  const rows = told.rows.map((cells) => cells.map((cell) => cell.map(run)));
  if (told.names.some((name) => name)) grid.append(row(told.names.map((name) => [document.createTextNode(name)]), "th"));
  rows.forEach((cells, number) => grid.append(row(cells, !told.names.length && number === 0 ? "th" : "td")));
  made.append(grid);
  return made;
}

function row(cells, tag) {
  const made = element("tr");
  for (const nodes of cells) {
    const cell = element(tag, "", "", tag === "th" ? { scope: "col" } : {});
    cell.append(...nodes);
    made.append(cell);
  }
  return made;
}

const STYLES = { strong: "strong", em: "em", code: "code", syntax: "span", bullet: "span" };

function run(told) {
  const pieces = told.pieces.map(([style, text]) => (style ? element(STYLES[style], `fn-${style}`, text) : document.createTextNode(text)));
  if (!told.label) {
    const plain = document.createDocumentFragment();
    plain.append(...pieces);
    return plain;
  }
  const mark = told.current ? element("mark", "fn-current", "", { tabindex: -1 }) : element("span", "fn-also", "", { title: `[${told.label}]` });
  mark.append(...pieces);
  return mark;
}

// --- Other things that are shown at the right ----------------------------------------------------------

// A panel in the place of a source, for "Why this?".
export function showPanel(title, place, nodes) {
  asked++;
  reveal();
  put(title, place, "fn-panel", nodes);
  part("fn-text").focus();
}

export const from = (link) => { lastLink = link; };

export function build(column) {
  const viewer = element("section", "fn-viewer", "", { id: "fn-viewer", "aria-label": words("source") });
  const head = element("header", "fn-viewer-head");
  const said = element("div");
  said.append(element("h2", "", words("sources"), { id: "fn-title" }), element("p", "", "", { id: "fn-place" }));
  head.append(said, iconButton("✕", words("close"), close, "fn-close"));
  head.querySelector(".fn-close").id = "fn-close";
  const text = element("div", "fn-text", "", { id: "fn-text", tabindex: 0, role: "region", "aria-label": words("source") });
  text.append(element("p", "fn-hint", words("sources-hint")));
  text.addEventListener("scroll", () => {
    const field = part("fn-page-number");
    if (field && shown && printed() && document.activeElement !== field) field.value = pageInView();
  }, { passive: true });
  viewer.append(head, element("div", "fn-tools", "", { id: "fn-tools", role: "toolbar", "aria-label": words("source") }), element("div", "", "", { id: "fn-viewer-notes", role: "status" }), text);
  column.replaceChildren(viewer);
}

