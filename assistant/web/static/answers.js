// What can be done with an answer: why, copy, rate, ask again, edit the question.

import { ask, askQuestion, call, chatName, copyText, element, enter, openChat, part, sharedToken, tell, trouble, withToken, words } from "/footnote/dom.js";
import { from, showPanel } from "/footnote/viewer.js";

const acts = { why, copy, good: (key) => rate(key, 0, true), bad, again, edit, earlier: () => openChat(`${chatName()}:all`) };

export function act(link) {
  const [, what, key] = link.getAttribute("href").match(/^#do-(\w+?)-(.+)$/) || [];
  acts[what]?.(key, link)?.catch(trouble);
}

// --- Why this? ---------------------------------------------------------------------------------------

async function why(key, link) {
  const told = await call(withToken(`/why/${encodeURIComponent(key)}`));
  from(link);
  const facts = element("dl", "fn-facts");
  const fact = (name, value) => value && facts.append(element("dt", "", words(name)), element("dd", "", value, { dir: "auto" }));
  fact("searched-for", told.standalone);
  fact("confidence", words("probability", { percent: Math.round(told.confidence * 100) }));
  fact("engine", told.engine === "quote" ? words("engine-quote") : told.engine);
  fact("missing", told.missing_words.join(", "));
  fact("took", Object.entries(told.timings_ms).map(([name, ms]) => `${name} ${Math.round(ms)} ms`).join(", "));
  const hits = element("ol", "fn-hits");
  for (const hit of told.hits) {
    const item = element("li");
    const place = hit.page ? `${hit.title}, ${words("page", { page: hit.page })}` : hit.title;
    item.append(
      element("p", "fn-where", `${place} · ${hit.score.toFixed(3)}`),
      element("p", "fn-note", hit.why),
      element("p", "fn-quote", hit.text, { dir: "auto" }),
    );
    hits.append(item);
  }
  showPanel(words("why"), "", [facts, element("h3", "", words(told.hits.length ? "found-passages" : "nothing-found")), hits]);
}

// --- Copy --------------------------------------------------------------------------------------------

async function copy(key) {
  const told = await call(withToken(`/copy/${encodeURIComponent(key)}`));
  const choice = await ask(words("copy"), [], [["html", words("copy-html"), "fn-main"], ["markdown", words("copy-markdown")], ["plain", words("copy-plain")], [null, words("cancel")]]);
  if (!choice) return;
  if (choice === "html" && globalThis.ClipboardItem && navigator.clipboard) {
    const types = { "text/html": new Blob([told.html], { type: "text/html" }), "text/plain": new Blob([told.plain], { type: "text/plain" }) };
    await navigator.clipboard.write([new ClipboardItem(types)]);
  } else await copyText(told[choice === "html" ? "plain" : choice]);
  tell(words("copied"));
}

// --- Rate --------------------------------------------------------------------------------------------

async function rate(key, label, good, reason = "") {
  await call(`/rate/${encodeURIComponent(key)}`, { label, good, reason });
  if (label === 0) {
    for (const name of ["good", "bad"]) {
      const link = document.querySelector(`#fn-chat a[href="#do-${name}-${CSS.escape(key)}"]`);
      link?.classList.toggle("fn-chosen", (name === "good") === good);
    }
  }
  tell(words("thanks"));
}

async function bad(key, link) {
  const answer = link.closest(".message, .bot, [data-testid=bot]") || link.parentElement.parentElement;
  const declined = answer.querySelector(".fn-declined") !== null;
  const reasons = declined ? ["is-said", "other"] : ["wrong", "citation", "incomplete", "not-said", "other"];
  const choices = element("fieldset", "fn-choices");
  choices.append(element("legend", "fn-sr", words("rate-title")));
  for (const name of reasons.slice(0, -1)) choices.append(option("radio", "fn-reason", name, words(`reason-${name}`)));
  const said = element("textarea", "", "", { rows: 2, maxlength: 300, "aria-label": words("reason-other"), placeholder: words("reason-other") });
  const nodes = [choices];
  const sources = [...answer.querySelectorAll("a.fn-source")];
  const verdicts = element("ul", "fn-verdicts");
  if (sources.length) {
    nodes.push(element("h3", "", words("rate-citation")));
    for (const source of sources) verdicts.append(verdict(source));
    nodes.push(verdicts);
  }
  nodes.push(said);
  const choice = await ask(words("rate-title"), nodes, [["send", words("send"), "fn-main"], [null, words("cancel")]]);
  if (choice !== "send") return;
  for (const row of verdicts.querySelectorAll("li")) {
    const picked = row.querySelector("input:checked");
    if (picked) await call(`/rate/${encodeURIComponent(key)}`, { label: Number(row.dataset.label), good: picked.value === "yes", reason: "" });
  }
  const reason = choices.querySelector("input:checked")?.value || "";
  await rate(key, 0, false, [reason, said.value.trim()].filter(Boolean).slice(0, reason === "not-said" ? 1 : 2).join(": "));
}

function option(type, group, value, text) {
  const label = element("label", "fn-option");
  label.append(element("input", "", "", { type, name: group, value }), document.createTextNode(text));
  return label;
}

function verdict(source) {
  const label = source.getAttribute("href").match(/-(\d+)$/)[1];
  const row = element("li", "", "", { "data-label": label });
  row.append(element("span", "fn-quote", `[${label}] ${source.querySelector(".fn-quote").textContent}`, { dir: "auto" }));
  const group = element("span", "fn-row", "", { role: "group", "aria-label": `[${label}]` });
  group.append(option("radio", `fn-cited-${label}`, "yes", words("rate-yes")), option("radio", `fn-cited-${label}`, "no", words("rate-no")));
  row.append(group);
  return row;
}

// --- Ask again, and otherwise ------------------------------------------------------------------------

// The question that an answer belongs to stands in the message before it.
function questionOf(link) {
  const questions = [...document.querySelectorAll('#fn-chat [data-testid="user"]')];
  const before = questions.filter((question) => question.compareDocumentPosition(link) & Node.DOCUMENT_POSITION_FOLLOWING);
  return before.at(-1)?.textContent.trim() || "";
}

// Of the last question the new answer takes the old one's place, once it is there.
async function again(key, link) {
  const question = questionOf(link);
  if (!sharedToken()) await call(`/chats/${chatName()}/again`, { key });
  askQuestion(question);
}

// An earlier question changed is the beginning of another conversation: the old one stays.
async function edit(key, link) {
  const question = questionOf(link);
  if (sharedToken()) return void enter("fn-box", question).focus();
  const { id } = await call(`/chats/${chatName()}/branch`, { key });
  reopen(id, () => enter("fn-box", question).focus());
}

// Opens a conversation, and goes on when it is shown.
export function reopen(name, then) {
  const chat = part("fn-chat");
  const done = () => { watching.disconnect(); clearTimeout(late); then(); };
  const watching = new MutationObserver(() => { clearTimeout(late); late = setTimeout(done, 150); });
  let late = setTimeout(done, 1500);
  watching.observe(chat, { childList: true, subtree: true, characterData: true });
  openChat(name);
}

