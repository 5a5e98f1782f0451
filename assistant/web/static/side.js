// The panel at the left: conversations, documents, uploads, builds.

import { ask, button, call, chatName, copyText, element, iconButton, me, openChat, part, sharedToken, tell, trouble, words } from "/footnote/dom.js";
import { forget } from "/footnote/viewer.js";

const WIDE = matchMedia("(min-width: 1100px)");
let view = "chats";
let lastName = "";

// --- The panel ---------------------------------------------------------------------------------------

export function build(column) {
  const tabs = element("div", "fn-tabs", "", { role: "tablist", "aria-label": words("menu") });
  for (const name of ["chats", "library"]) {
    const tab = button(words(name), () => choose(name), "fn-tab", { role: "tab", id: `fn-tab-${name}`, "aria-controls": "fn-side-body" });
    tabs.append(tab);
  }
  tabs.addEventListener("keydown", (event) => {
    if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
    choose(view === "chats" ? "library" : "chats");
    part(`fn-tab-${view}`).focus();
  });
  const head = element("div", "fn-side-head");
  head.append(tabs, iconButton("✕", words("close"), () => toggle(false), "fn-side-close"));
  const body = element("div", "fn-side-body", "", { id: "fn-side-body", role: "tabpanel", tabindex: -1 });
  const foot = element("div", "fn-side-foot");
  const language = element("select", "fn-select", "", { "aria-label": "Language / Sprache" });
  for (const [code, name] of Object.entries(me.languages)) language.append(element("option", "", name, { value: code }));
  language.value = me.language;
  language.addEventListener("change", () => {
    document.cookie = `footnote_language=${language.value}; path=/; max-age=31536000; samesite=strict`;
    location.reload();
  });
  foot.append(language, iconButton("?", words("keys"), keys));
  if (me.name) {
    foot.append(element("span", "fn-note", me.name, { title: words("logged-in-as", { name: me.name }) }));
    foot.append(button(words("log-out"), async () => { await fetch("/logout", { method: "POST" }); location.href = "/login"; }));
  }
  const aside = element("nav", "fn-side", "", { "aria-label": words("menu") });
  aside.append(head, body, foot);
  column.replaceChildren(aside);
  let remembered = null;
  try { remembered = localStorage.getItem("fn-side"); } catch { /* Not every browser lets a page remember. */ }
  toggle(WIDE.matches && remembered !== "closed", false);
  choose("chats");
}

export function toggle(wanted = !document.body.classList.contains("fn-side-open"), remember = true) {
  document.body.classList.toggle("fn-side-open", wanted);
  part("fn-menu")?.setAttribute("aria-expanded", String(wanted));
  if (remember && WIDE.matches) try { localStorage.setItem("fn-side", wanted ? "open" : "closed"); } catch { /* As above. */ }
  if (wanted && remember) {
    refresh();
    if (!WIDE.matches) part(`fn-tab-${view}`)?.focus();
  }
}

const narrowly = () => { if (!WIDE.matches) toggle(false); };

export function choose(name) {
  view = name;
  for (const each of ["chats", "library"]) {
    part(`fn-tab-${each}`).setAttribute("aria-selected", String(each === name));
    part(`fn-tab-${each}`).tabIndex = each === name ? 0 : -1;
  }
  part("fn-side-body").setAttribute("aria-labelledby", `fn-tab-${name}`);
  part("fn-side-body").replaceChildren(...(name === "chats" ? chatsFrame() : libraryFrame()));
  refresh();
}

export function refresh() {
  if (!part("fn-side-body")) return;
  (view === "chats" ? listChats() : listDocuments()).catch((error) => part(view === "chats" ? "fn-chats" : "fn-documents")?.replaceChildren(element("li", "fn-error", error.message)));
}

function searchBox(name, act) {
  const box = element("input", "fn-search", "", { type: "search", placeholder: words(name), "aria-label": words(name), id: `fn-${name}` });
  let late;
  box.addEventListener("input", () => { clearTimeout(late); late = setTimeout(() => act().catch(trouble), 150); });
  return box;
}

// --- Conversations -----------------------------------------------------------------------------------

function chatsFrame() {
  return [searchBox("search-chats", listChats), element("ul", "fn-list", "", { id: "fn-chats" })];
}

let listing = 0;

async function listChats() {
  const mine = ++listing;
  const sought = part("fn-search-chats")?.value || "";
  const found = await call(`/chats?q=${encodeURIComponent(sought)}`);
  const list = part("fn-chats");
  if (!list || mine !== listing) return;
  const rows = found.map(chatRow);
  if (!rows.length) rows.push(element("li", "fn-note", words(sought ? "no-chats-found" : "no-chats")));
  list.replaceChildren(...rows);
  markCurrent();
}

function chatRow(chat) {
  const row = element("li", "fn-chat-row", "", { "data-chat": chat.id });
  const open = button("", () => { openChat(chat.id); narrowly(); }, "fn-chat-open");
  open.append(element("span", "fn-chat-title", chat.title, { dir: "auto" }), element("span", "fn-note", when(chat.updated)));
  row.append(open, iconButton("⋯", `${words("more")}: ${chat.title}`, () => manage(chat).catch(trouble)));
  return row;
}

const when = (time) => new Date(time).toLocaleString(me.language, { dateStyle: "medium", timeStyle: "short" });

function markCurrent() {
  for (const row of document.querySelectorAll(".fn-chat-row")) {
    if (row.dataset.chat === chatName()) row.firstChild.setAttribute("aria-current", "true");
    else row.firstChild.removeAttribute("aria-current");
  }
}

async function manage(chat) {
  const field = element("input", "fn-field", "", { maxlength: 80, "aria-label": words("title") });
  field.value = chat.title;
  const exports = element("p", "fn-row");
  exports.append(element("span", "fn-note", `${words("export")}:`));
  for (const format of ["md", "html", "json"]) {
    exports.append(element("a", "fn-button", words(`export-${format}`), { href: `/chats/${chat.id}/export?format=${format}`, download: "" }));
  }
  const choices = [["save", words("rename"), "fn-main"], ["delete", words("delete"), "fn-danger"]];
  if (me.name) choices.push(["share", words(chat.shared ? "unshare" : "share")]);
  const choice = await ask(words("conversation"), [field, exports], [...choices, [null, words("cancel")]]);
  if (choice === "save" && field.value.trim()) await call(`/chats/${chat.id}/rename`, { title: field.value });
  if (choice === "delete") await remove(chat);
  if (choice === "share") await share(chat);
  refresh();
}

async function remove(chat) {
  const choice = await ask(words("delete-sure"), [element("p", "", chat.title, { dir: "auto" })], [["yes", words("yes-delete"), "fn-danger"], [null, words("cancel")]]);
  if (choice !== "yes") return;
  await call(`/chats/${chat.id}/delete`, {});
  if (chat.id === chatName()) part("fn-new").click();
}

async function share(chat) {
  const { token } = await call(`/chats/${chat.id}/share`, { shared: !chat.shared });
  if (!token) return;
  const field = element("input", "fn-field", "", { readonly: "", "aria-label": words("share") });
  field.value = `${location.origin}/?shared=${encodeURIComponent(token)}`;
  const choice = await ask(words("share"), [element("p", "", words("shared-link")), field], [["copy", words("copy"), "fn-main"], [null, words("close")]]);
  if (choice === "copy") await copyText(field.value);
}

// The address of the page names the conversation: it opens again after a reload.
export function followName() {
  const name = chatName();
  if (!name || name === lastName) return;
  lastName = name;
  const address = sharedToken() ? `/?shared=${encodeURIComponent(sharedToken())}` : `/?chat=${encodeURIComponent(name)}`;
  history.replaceState(null, "", address);
  refresh();
}

// --- Documents ---------------------------------------------------------------------------------------

let only = new Set();
let start = 0;

function libraryFrame() {
  const choose = button(words("upload"), () => part("fn-files").click(), "fn-main");
  const files = element("input", "fn-sr", "", { type: "file", multiple: "", id: "fn-files", tabindex: -1, "aria-label": words("upload") });
  files.addEventListener("change", () => { upload([...files.files]); files.value = ""; });
  const head = element("div", "fn-row");
  head.append(choose, files);
  if (me.admin) head.append(button(words("rebuild"), () => call("/building/start", {}).then(() => follow("")).catch(trouble), "", { id: "fn-rebuild" }));
  return [
    head, element("p", "fn-note", words("upload-hint")),
    searchBox("search-documents", () => { start = 0; return listDocuments(); }), element("p", "fn-note", "", { id: "fn-only" }),
    element("ul", "fn-list", "", { id: "fn-documents" }), element("div", "", "", { id: "fn-about-index" }),
  ];
}

async function listDocuments() {
  const mine = ++listing;
  const sought = part("fn-search-documents")?.value || "";
  const found = await call(`/documents?chat=${encodeURIComponent(sharedToken() ? "" : chatName())}&q=${encodeURIComponent(sought)}&start=${start}`);
  const list = part("fn-documents");
  if (!list || mine !== listing) return;
  only = new Set(found.only);
  const rows = [];
  if (found.own.length) rows.push(element("li", "fn-heading", words("in-this-chat")), ...found.own.map((document) => documentRow(document, true)));
  if (found.own.length && found.documents.length) rows.push(element("li", "fn-heading", words("in-library")));
  rows.push(...found.documents.map((document) => documentRow(document, false)));
  if (!rows.length) rows.push(element("li", "fn-note", words("no-documents")));
  if (start) {
    list.lastElementChild?.remove();
    list.append(...rows.filter((row) => !row.classList.contains("fn-heading")));
  } else list.replaceChildren(...rows);
  if (found.found > start + found.documents.length) {
    const more = element("li");
    more.append(button(words("show-more"), () => { start += found.documents.length; listDocuments().catch(trouble); }));
    list.append(more);
  }
  start = 0;
  showOnly();
  part("fn-about-index").replaceChildren(...aboutIndex(found));
}

function documentRow(told, own) {
  const row = element("li", "fn-document");
  const tick = element("input", "", "", { type: "checkbox", "aria-label": words("look-in", { name: told.title }) });
  tick.checked = only.has(told.id);
  tick.addEventListener("change", () => {
    if (tick.checked) only.add(told.id);
    else only.delete(told.id);
    saveOnly();
  });
  const said = element("span", "fn-document-name");
  const facts = [told.pages > 1 ? words("pages-count", { count: told.pages }) : "", new Date(told.modified * 1000).toLocaleDateString(me.language)];
  said.append(element("span", "", told.title, { dir: "auto" }), element("span", "fn-note", [told.id, ...facts].filter(Boolean).join(" · ")));
  for (const note of told.notes) said.append(element("span", "fn-note fn-leaves", note));
  row.append(tick, said);
  if (own || me.admin) row.append(iconButton("✕", words("remove-title", { name: told.title }), () => takeOut(told, own).catch(trouble)));
  return row;
}

async function takeOut(told, own) {
  const sure = words(told.uploaded ? "remove-upload-sure" : "remove-sure", { name: told.title });
  const choice = await ask(sure, [], [["yes", words(told.uploaded ? "yes-delete" : "remove"), "fn-danger"], [null, words("cancel")]]);
  if (choice !== "yes") return;
  await call("/documents/remove", { id: told.id, chat: own ? chatName() : "" });
  await follow(own ? chatName() : "");
}

async function saveOnly() {
  showOnly();
  try {
    await call(`/chats/${chatName()}/only`, { documents: [...only] });
  } catch (error) {
    trouble(error);
  }
}

// How many documents are ticked is said above the question too: it must not be forgotten.
function showOnly() {
  const said = only.size ? words("only-ticked", { count: only.size }) : "";
  const note = part("fn-only");
  if (note) note.replaceChildren(...onlyNodes(said));
  let line = part("fn-only-line");
  if (!line) {
    line = element("p", "fn-note", "", { id: "fn-only-line", role: "status" });
    part("fn-box")?.before(line);
  }
  line.replaceChildren(...onlyNodes(said));
}

function onlyNodes(said) {
  if (!said) return [];
  return [document.createTextNode(`${said} `), button(words("tick-none"), () => { only.clear(); saveOnly().then(refresh); }, "fn-link")];
}

export async function readOnly() {
  if (!chatName() || sharedToken()) return;
  only = new Set((await call(`/chats/${encodeURIComponent(chatName())}/only`)).documents);
  showOnly();
}

function aboutIndex(found) {
  const nodes = [];
  if (found.built) nodes.push(element("p", "fn-note", `${words("built", { when: when(found.built) })} · ${words("from-sources", { sources: found.sources.join(", ") })}`));
  if (found.report.types) nodes.push(report(found.report));
  if (found.taken_out.length) {
    const out = element("details", "fn-report");
    out.append(element("summary", "", `${words("left-out")} (${found.taken_out.length})`));
    for (const { file, name } of found.taken_out) {
      const row = element("p", "fn-row");
      row.append(element("span", "", name, { title: file }));
      if (me.admin) row.append(button(words("bring-back"), () => call("/documents/bring-back", { file }).then(() => follow("")).catch(trouble)));
      out.append(row);
    }
    nodes.push(out);
  }
  return nodes;
}

const MOST_TOLD = 100;

// What the last build read, and what it could not.
function report(told) {
  const made = element("details", "fn-report");
  const failed = told.failed.length ? ` · ${words("not-read", { count: told.failed.length })}` : "";
  made.append(element("summary", "", words("report") + failed));
  const listed = (counts) => Object.entries(counts).map(([name, count]) => `${count} ${name}`).join(", ");
  const share = told.in_sentences === null ? "" : words("report-amount", { characters: told.characters.toLocaleString(me.language), share: `${Math.round(told.in_sentences * 100)}%` });
  const seconds = Object.entries(told.seconds).map(([stage, took]) => `${stage} ${took.toFixed(1)} s`).join(", ");
  const facts = element("dl", "fn-facts");
  for (const [name, value] of [["read", listed(told.types)], ["language", listed(told.languages)], ["text", share], ["time", seconds]]) {
    if (value) facts.append(element("dt", "", words(`report-${name}`)), element("dd", "", value));
  }
  made.append(facts);
  for (const kind of ["failed", "skipped", "warnings"]) {
    if (!told[kind].length) continue;
    const list = element("ul");
    for (const { file, reason } of told[kind].slice(0, MOST_TOLD)) list.append(element("li", "", `${file}: ${reason}`));
    if (told[kind].length > MOST_TOLD) list.append(element("li", "", words("report-more", { count: told[kind].length - MOST_TOLD })));
    made.append(element("h3", "", words(`report-${kind}`, { count: told[kind].length })), list);
  }
  return made;
}

// --- Builds and uploads ------------------------------------------------------------------------------

function progressLine(id, text, cancel) {
  let line = part(id);
  if (!line) {
    line = element("div", "fn-progress", "", { id });
    line.append(element("span", "fn-progress-text"), element("progress", "", "", { max: 100, "aria-label": text }), button(words("cancel"), () => line.cancel(), "fn-link"));
    progressPlace().append(line);
  }
  line.cancel = cancel;
  line.querySelector(".fn-progress-text").textContent = text;
  return line;
}

// Progress is shown above the question: it is seen whatever the panel shows.
function progressPlace() {
  let place = part("fn-running");
  if (!place) {
    place = element("div", "", "", { id: "fn-running", "aria-live": "polite" });
    part("fn-box").before(place);
  }
  return place;
}

// Follows a build until it has ended: the library's, or that of a conversation's own files.
export async function follow(chat, name = "") {
  const id = `fn-build-${chat || "library"}`;
  for (;;) {
    const told = await call(`/building?chat=${encodeURIComponent(chat)}`);
    if (!told.running) {
      part(id)?.remove();
      forget();
      refresh();
      if (told.stage === "failed") tell(told.reason, "fn-failed");
      else if (told.stage === "stopped") tell(words("build-stopped"));
      else if (name && told.failed.some((said) => said.startsWith(`${name}: `))) tell(told.failed.find((said) => said.startsWith(`${name}: `)), "fn-failed");
      else if (name) tell(words("upload-done", { name }));
      else if (told.stage === "done") tell(words("build-done", told));
      return told;
    }
    const text = `${name ? words("indexing", { name }) : words("building")} · ${words(`build-${told.stage}`, { done: told.done, total: told.total })}`;
    const line = progressLine(id, text, () => call("/building/stop", { chat }).catch(trouble));
    line.querySelector("progress").value = told.total ? (100 * told.done) / told.total : 0;
    await new Promise((resolve) => setTimeout(resolve, 400));
  }
}

export async function upload(files) {
  if (!files.length) return;
  if (sharedToken()) return;
  let where = "chat";
  if (me.admin) {
    where = await ask(words("upload-where"), [element("p", "", files.map((file) => file.name).join(", "))], [["chat", words("upload-chat"), "fn-main"], ["library", words("upload-library")], [null, words("cancel")]]);
    if (!where) return;
  }
  const chat = where === "chat" ? chatName() : "";
  for (const file of files) {
    try {
      const kept = await send(file, chat);
      if (kept) await follow(chat, kept);
    } catch (error) {
      tell(words("upload-failed", { name: file.name, reason: error.message }), "fn-failed");
    }
  }
}

function send(file, chat) {
  if (file.size > me.upload_bytes) return Promise.reject(new Error(`> ${Math.round(me.upload_bytes / 1e6)} MB`));
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest(); // fetch tells nothing of how far an upload is.
    const id = "fn-uploading";
    const done = (act) => { part(id)?.remove(); act(); };
    const line = progressLine(id, words("uploading", { name: file.name }), () => request.abort());
    request.upload.addEventListener("progress", (event) => { line.querySelector("progress").value = (100 * event.loaded) / event.total; });
    request.addEventListener("load", () => done(() => {
      let told = {};
      try { told = JSON.parse(request.responseText); } catch { told = { message: request.responseText }; }
      if (request.status === 200 && !told.trouble) resolve(told.name);
      else reject(new Error(told.trouble || told.message || request.statusText));
    }));
    request.addEventListener("error", () => done(() => reject(new Error(words("no-server")))));
    request.addEventListener("abort", () => done(() => { tell(words("upload-cancelled", { name: file.name })); resolve(null); }));
    request.open("POST", `/upload?name=${encodeURIComponent(file.name)}&chat=${encodeURIComponent(chat)}`);
    request.setRequestHeader("content-type", "application/octet-stream");
    request.send(file);
  });
}

// Files are dropped anywhere, or pasted.
export function acceptFiles() {
  let depth = 0;
  const carries = (event) => [...(event.dataTransfer?.types || [])].includes("Files");
  addEventListener("dragenter", (event) => {
    if (!carries(event)) return;
    event.preventDefault();
    depth++;
    document.body.classList.add("fn-dropping");
    document.body.dataset.drop = words("drop-here");
  });
  addEventListener("dragover", (event) => { if (carries(event)) event.preventDefault(); });
  addEventListener("dragleave", (event) => { if (carries(event) && --depth <= 0) settle(); });
  addEventListener("drop", (event) => {
    if (!carries(event)) return;
    event.preventDefault();
    event.stopPropagation();
    settle();
    upload([...event.dataTransfer.files]);
  }, true);
  addEventListener("paste", (event) => {
    const files = [...(event.clipboardData?.files || [])];
    if (!files.length) return;
    event.preventDefault();
    event.stopPropagation();
    upload(files);
  }, true);
  const settle = () => { depth = 0; document.body.classList.remove("fn-dropping"); };
}

// --- The keyboard --------------------------------------------------------------------------------------

const KEYS = [
  ["Enter", "key-ask"], ["Shift+Enter", "key-line"], ["/", "key-box"], ["n", "key-next"], ["Shift+N", "key-previous"], ["← →", "key-step"], ["+ −", "key-zoom"],
  ["Alt+N", "key-new"], ["Alt+B", "key-side"], ["Alt+K", "key-search"], ["Esc", "key-close"], ["?", "key-help"],
];

export function keys() {
  const list = element("dl", "fn-keys");
  for (const [key, name] of KEYS) {
    const term = element("dt");
    term.append(element("kbd", "", key));
    list.append(term, element("dd", "", words(name)));
  }
  ask(words("keys"), [list], [[null, words("close")]]);
}

export function search() {
  toggle(true);
  choose("chats");
  part("fn-search-chats").focus();
}
