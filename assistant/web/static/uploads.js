// Builds and uploads: how far they are, and how files come here.

import { ask, button, call, chatName, element, me, part, refreshSide, sharedToken, tell, trouble, words } from "/footnote/dom.js";
import { forget } from "/footnote/viewer.js";

export const BUILT = "fn-built";

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
      if (!chat && told.stage === "done") dispatchEvent(new Event(BUILT));
      refreshSide();
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
