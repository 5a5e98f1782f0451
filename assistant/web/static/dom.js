// Small pieces that every part of the page is made of. Text is only ever set as text, never as markup.

export const part = (id) => document.getElementById(id);

export function element(tag, className = "", text = "", attributes = {}) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text) made.textContent = text;
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}

export function button(text, act, className = "", attributes = {}) {
  const made = element("button", `fn-button ${className}`, text, { type: "button", ...attributes });
  made.addEventListener("click", act);
  return made;
}

export function iconButton(icon, name, act, className = "") {
  return button(icon, act, `fn-icon ${className}`, { "aria-label": name, title: name });
}

// Sends JSON, or asks for it. Throws an Error whose message can be shown.
export async function call(path, body) {
  const options = body === undefined ? {} : { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
  let response;
  try {
    response = await fetch(path, options);
  } catch {
    throw new Error(words("no-server"));
  }
  if (response.status === 401) throw new Error(words("logged-out"));
  const told = await response.json().catch(() => ({ message: response.statusText }));
  if (!response.ok || told.trouble) throw new Error(told.trouble || told.message || response.statusText);
  return told;
}

// --- Words -------------------------------------------------------------------------------------------

let known = {};
export let me = { languages: {}, language: "en", admin: false, name: "", upload_bytes: 0 };

export async function learn() {
  me = await (await fetch("/me")).json();
  known = await (await fetch(`/footnote/${me.language}.json`)).json();
  document.documentElement.lang = me.language;
}

export const words = (name, values = {}) => (known[name] || name).replace(/\{(\w+)\}/g, (_, place) => values[place] ?? "");

export const when = (time) => new Date(time).toLocaleString(me.language, { dateStyle: "medium", timeStyle: "short" });

// --- Lists at the side -------------------------------------------------------------------------------

// What a list shows may have changed: whoever shows it makes it anew.
export const CHANGED = "fn-changed";
export const refreshSide = () => dispatchEvent(new Event(CHANGED));

export function searchBox(name, act) {
  const box = element("input", "fn-search", "", { type: "search", placeholder: words(name), "aria-label": words(name), id: `fn-${name}` });
  let late;
  box.addEventListener("input", () => { clearTimeout(late); late = setTimeout(() => act().catch(trouble), 150); });
  return box;
}

// --- Dialogs and news --------------------------------------------------------------------------------

// A dialog with some nodes and buttons; resolves to the name of the button that closed it, null where it was dismissed.
export function ask(title, nodes, choices) {
  const dialog = element("dialog", "fn-dialog", "", { "aria-labelledby": "fn-dialog-title" });
  dialog.append(element("h2", "", title, { id: "fn-dialog-title" }), ...nodes);
  const row = element("div", "fn-row");
  dialog.append(row);
  return new Promise((resolve) => {
    let chosen = null;
    for (const [name, text, look] of choices) row.append(button(text, () => { chosen = name; dialog.close(); }, look || ""));
    dialog.addEventListener("close", () => { dialog.remove(); resolve(chosen); });
    dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
    document.body.append(dialog);
    dialog.showModal();
  });
}

// One line at the foot of the page, read out by screen readers.
export function tell(text, kind = "") {
  let news = part("fn-news");
  if (!news) {
    news = element("div", "", "", { id: "fn-news", role: "status", "aria-live": "polite" });
    document.body.append(news);
  }
  const line = element("p", `fn-news-line ${kind}`, text);
  news.append(line);
  setTimeout(() => line.remove(), kind === "fn-failed" ? 9000 : 5000);
}

export const trouble = (error) => tell(error.message, "fn-failed");

// Copies text, also where the page came over plain HTTP from another machine and a browser offers no clipboard.
export async function copyText(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const area = element("textarea", "fn-sr", text);
  area.value = text;
  document.body.append(area);
  area.select();
  document.execCommand("copy");
  area.remove();
}

// --- gradio ------------------------------------------------------------------------------------------

// Puts text into a text box of gradio's, as if it were typed.
export function enter(id, text) {
  const box = document.querySelector(`#${id} textarea, #${id} input`);
  Object.getOwnPropertyDescriptor(Object.getPrototypeOf(box), "value").set.call(box, text);
  box.dispatchEvent(new Event("input", { bubbles: true }));
  return box;
}

export const chatName = () => document.querySelector("#fn-name textarea, #fn-name input")?.value || "";
export const sharedToken = () => (chatName().startsWith("shared:") ? chatName().slice(7) : "");
const sharing = () => (sharedToken() ? `shared=${encodeURIComponent(sharedToken())}` : "");
export const withToken = (path) => (sharing() ? `${path}${path.includes("?") ? "&" : "?"}${sharing()}` : path);

let opened = 0;
export const OPENED = "fn-opened";
export function openChat(name) {
  enter("fn-wanted", `${name} ${++opened}`);
  dispatchEvent(new Event(OPENED));
}

export function askQuestion(question) {
  enter("fn-box", question);
  setTimeout(() => document.querySelector("#fn-box .submit-button").click(), 50); // gradio takes the text over first.
}
