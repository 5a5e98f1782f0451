// The panel at the left: what it shows, its foot, and the keyboard's map.

import { CHANGED, OPENED, ask, button, element, iconButton, me, part, refreshSide, words } from "/footnote/dom.js";
import { chatsFrame, listChats } from "/footnote/chats.js";
import { libraryFrame, listDocuments } from "/footnote/library.js";

const WIDE = matchMedia("(min-width: 1100px)");
let view = "chats";

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
    refreshSide();
    if (!WIDE.matches) part(`fn-tab-${view}`)?.focus();
  }
}

export function choose(name) {
  view = name;
  for (const each of ["chats", "library"]) {
    part(`fn-tab-${each}`).setAttribute("aria-selected", String(each === name));
    part(`fn-tab-${each}`).tabIndex = each === name ? 0 : -1;
  }
  part("fn-side-body").setAttribute("aria-labelledby", `fn-tab-${name}`);
  part("fn-side-body").replaceChildren(...(name === "chats" ? chatsFrame() : libraryFrame()));
  refreshSide();
}

addEventListener(CHANGED, () => {
  if (!part("fn-side-body")) return;
  const failed = (error) => part("fn-side-body").querySelector(".fn-list").replaceChildren(element("li", "fn-error", error.message));
  (view === "chats" ? listChats() : listDocuments()).catch(failed);
});
addEventListener(OPENED, () => { if (!WIDE.matches) toggle(false); });

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
