// The documents: the list, which of them a question looks in, and what the last build read.

import { ask, button, call, chatName, element, iconButton, me, part, refreshSide, searchBox, sharedToken, trouble, when, words } from "/footnote/dom.js";
import { BUILT, follow, upload } from "/footnote/uploads.js";

let only = new Set();
let start = 0;
let listing = 0;

export function libraryFrame() {
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

export async function listDocuments() {
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
  showCount(found);
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

// What is ticked is said when it holds: a question that is asked then looks there.
async function saveOnly() {
  try {
    await call(`/chats/${chatName()}/only`, { documents: [...only] });
    showOnly();
  } catch (error) {
    trouble(error);
    refreshSide();
  }
}

// How many documents there are stands at the top of the page, which gradio made before the last build.
function showCount(found) {
  const said = document.querySelector("#fn-about .fn-sub");
  if (!said || !found.built) return;
  said.textContent = words(found.total === 1 ? "document-count" : "documents-count", { count: found.total.toLocaleString(me.language) });
}

addEventListener(BUILT, () => {
  if (!part("fn-documents")) call("/documents").then(showCount).catch(trouble); // Where the list is shown, it is made anew, and tells.
});

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
  return [document.createTextNode(`${said} `), button(words("tick-none"), () => { only.clear(); saveOnly().then(refreshSide); }, "fn-link")];
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
