// The list of conversations, and what can be done with one.

import { ask, button, call, chatName, copyText, element, iconButton, me, openChat, part, refreshSide, searchBox, sharedToken, trouble, when, words } from "/footnote/dom.js";

let lastName = "";

export function chatsFrame() {
  return [searchBox("search-chats", listChats), element("ul", "fn-list", "", { id: "fn-chats" })];
}

let listing = 0;

export async function listChats() {
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
  const open = button("", () => openChat(chat.id), "fn-chat-open");
  open.append(element("span", "fn-chat-title", chat.title, { dir: "auto" }), element("span", "fn-note", when(chat.updated)));
  row.append(open, iconButton("⋯", `${words("more")}: ${chat.title}`, () => manage(chat).catch(trouble)));
  return row;
}

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
  refreshSide();
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
  refreshSide();
}
