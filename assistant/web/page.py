"""The page that gradio makes: the conversation, the question, who answers. What it says comes from `answers`, which escapes it.

The panels beside it, with conversations, documents and sources, are built in the browser by `static/`, of `routes`.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace
from typing import Any

import gradio

from assistant.answer import LONGEST_QUESTION
from assistant.errors import AssistantError
from assistant.types import QUOTE, Answer
from assistant.web.answers import Now, answer_html, html_text
from assistant.web.chats import Chats
from assistant.web.library import Library
from assistant.web.who import Who, user_of
from assistant.web.words import Words, chosen, words_of
from index.errors import IndexingError, NoIndexError

Message = dict[str, str]
Shown = tuple[list[Message], Any, str]
"""The messages, what the box shall hold, and the conversation's name."""

TEXT_FONT = ("Inter", "ui-sans-serif", "system-ui", "Segoe UI", "Roboto", "Noto Sans", "sans-serif")
CODE_FONT = ("ui-monospace", "Cascadia Mono", "Consolas", "Noto Sans Mono", "monospace")
THEME = gradio.themes.Base(primary_hue="indigo", neutral_hue="slate", font=TEXT_FONT, font_mono=CODE_FONT, radius_size="md")
SHARED = "shared:"
"""What the name of a conversation begins with that somebody else shared."""
TURNS = 30
"""Turns that are shown at first: a browser lays out a hundred slowly."""
ALL = ":all"
QUOTED_AT_ONCE, WRITTEN_AT_ONCE = 2, 8
"""Answers that are worked on at a time: more would only make each other wait; language models are waited for in any case."""


@dataclass(frozen=True, slots=True)
class _Parts:
    """The parts of the page that gradio fills; `name` and `wanted` are not seen, and carry what the browser says."""

    name: gradio.Textbox
    wanted: gradio.Textbox
    about: gradio.Markdown
    engine: gradio.Dropdown
    fresh: gradio.Button
    sending: gradio.Markdown
    chat: gradio.Chatbot
    box: gradio.Textbox


def make_page(who: Who) -> gradio.Blocks:
    """The page. Its events hold no state but the name of the conversation, which the browser keeps."""
    with gradio.Blocks(title="Footnote", fill_height=True, fill_width=True, analytics_enabled=False, delete_cache=(600, 3600)) as page:
        _wire(page, _laid_out(), who)
    return page


def _laid_out() -> _Parts:
    """The parts in their places, in English until it is known who reads."""
    english = words_of("en")
    name = gradio.Textbox("", elem_id="fn-name", elem_classes="fn-wire", show_label=False, label="Name of the conversation", container=False)
    wanted = gradio.Textbox("", elem_id="fn-wanted", elem_classes="fn-wire", show_label=False, label="Conversation to open", container=False)
    with gradio.Row(elem_id="fn-page", equal_height=True):
        gradio.Column(scale=0, min_width=280, elem_id="fn-side")  # side.js fills it.
        with gradio.Column(scale=5, min_width=300, elem_id="fn-left"):
            with gradio.Row(elem_id="fn-top"):
                gradio.Button("☰", size="sm", scale=0, min_width=44, elem_id="fn-menu")
                about = gradio.Markdown(_about(None, english), elem_id="fn-about")
                engine = gradio.Dropdown(
                    [(english("quote-documents"), QUOTE)],
                    value=QUOTE,
                    show_label=False,
                    label=english("who-writes"),
                    container=False,
                    filterable=False,
                    scale=0,
                    min_width=190,
                    elem_id="fn-engine",
                )
                fresh = gradio.Button(english("new-chat"), size="sm", scale=0, min_width=150, elem_id="fn-new")
            sending = gradio.Markdown("", elem_id="fn-sending")
            chat = gradio.Chatbot(
                elem_id="fn-chat",
                show_label=False,
                label=english("conversation"),
                height="100%",
                placeholder=_placeholder(None, english),
                layout="panel",
                buttons=[],
                feedback_options=None,
                latex_delimiters=[],
                allow_file_downloads=False,
                sanitize_html=True,
                line_breaks=False,
                group_consecutive_messages=False,
            )
            box = gradio.Textbox(
                elem_id="fn-box",
                show_label=False,
                label=english("your-question"),
                placeholder=english("ask-here"),
                lines=1,
                max_lines=6,
                max_length=LONGEST_QUESTION,
                autofocus=True,
                submit_btn=english("ask"),
                stop_btn=english("stop"),
                container=False,
            )
        gradio.Column(scale=4, min_width=300, elem_id="fn-right")  # viewer.js builds the viewer in it.
    return _Parts(name, wanted, about, engine, fresh, sending, chat, box)


def _wire(page: gradio.Blocks, parts: _Parts, who: Who) -> None:
    """What happens when the page opens, and when its parts are used."""
    library = who.library
    quoted, written = asyncio.Semaphore(QUOTED_AT_ONCE), asyncio.Semaphore(WRITTEN_AT_ONCE)

    def loaded(request: gradio.Request) -> tuple[Any, ...]:
        words = chosen(request.headers)
        sought = request.query_params.get("chat", "") or (SHARED + token if (token := request.query_params.get("shared", "")) else "")
        chats, name = _chats(who, request), sought
        if not _known(who, chats, name):
            name = chats.new()
        about, empty = _state_of(library, words)
        choices = [(words("quote-documents"), QUOTE), *((model, model) for model in library.models())]
        return (
            name,
            about,
            gradio.Chatbot(value=_messages(who, chats, name, words), label=words("conversation"), **empty),
            gradio.Dropdown(choices, value=library.engine, label=words("who-writes")),
            _sending(library, library.engine, words),
            gradio.Textbox(placeholder=words("ask-here"), label=words("your-question"), submit_btn=words("ask"), stop_btn=words("stop")),
            gradio.Button(words("new-chat")),
        )

    def renewed(request: gradio.Request) -> tuple[str, str, Any]:
        words = chosen(request.headers)
        about, empty = _state_of(library, words)
        return _chats(who, request).new(), about, gradio.Chatbot(value=[], **empty)

    def changed(wanted: str, request: gradio.Request) -> tuple[str, list[Message]]:
        """Open the conversation that the browser wants: its name, a space, and a number, so that one can be wanted twice."""
        chats, sought = _chats(who, request), wanted.split(" ")[0]
        name = sought.removesuffix(ALL)
        if not _known(who, chats, name):
            name = chats.new()
        return name, _messages(who, chats, name, chosen(request.headers), every=sought.endswith(ALL))

    def answered(question: str, name: str, engine: str, request: gradio.Request) -> AsyncIterator[Shown]:
        steps = _respond(who, _chats(who, request), name, question, engine, chosen(request.headers))
        return _in_turn(steps, quoted if engine == QUOTE else written)

    async def typed(question: str, name: str, engine: str, request: gradio.Request) -> AsyncIterator[Shown]:
        async for shown in answered(question, name, engine, request):
            yield shown

    async def picked(name: str, engine: str, event: gradio.SelectData, request: gradio.Request) -> AsyncIterator[Shown]:
        async for shown in answered(event.value["text"], name, engine, request):
            yield shown

    def switched(engine: str, request: gradio.Request) -> str:
        return _sending(library, engine, chosen(request.headers))

    def stopped(name: str, request: gradio.Request) -> list[Message]:
        chats = _chats(who, request)
        chats.stop(name)
        return _messages(who, chats, name, chosen(request.headers))

    # Only questions go through the queue: gradio's client can lose the second of two events that are queued at nearly
    # the same moment, so that a question asked while the page was still loading was never answered.
    page.load(loaded, None, [parts.name, parts.about, parts.chat, parts.engine, parts.sending, parts.box, parts.fresh], show_progress="hidden", queue=False)
    asking = parts.box.submit(typed, [parts.box, parts.name, parts.engine], [parts.chat, parts.box, parts.name], show_progress="hidden", concurrency_limit=None)
    picking = parts.chat.example_select(picked, [parts.name, parts.engine], [parts.chat, parts.box, parts.name], show_progress="hidden", concurrency_limit=None)
    parts.box.stop(stopped, [parts.name], [parts.chat], cancels=[asking, picking], show_progress="hidden", queue=False)
    parts.wanted.change(changed, [parts.wanted], [parts.name, parts.chat], show_progress="hidden", queue=False)
    parts.engine.input(switched, [parts.engine], [parts.sending], show_progress="hidden", queue=False)
    parts.fresh.click(renewed, None, [parts.name, parts.about, parts.chat], show_progress="hidden", queue=False)


def _chats(who: Who, request: gradio.Request) -> Chats:
    return who.chats(user_of(request.request.scope))


def _known(who: Who, chats: Chats, name: str) -> bool:
    """Whether there is a conversation of that name to open."""
    return who.shared(name.removeprefix(SHARED)) is not None if name.startswith(SHARED) else bool(name) and chats.history.has(name)


def _sending(library: Library, engine: str, words: Words) -> str:
    """Where the question and the sentences found for it go, before they go; nothing for answers that are quoted."""
    try:
        model = library.model(engine)
    except AssistantError as error:
        return f'<p class="fn-note fn-leaves">{html_text(str(error))}</p>'
    if model is None:
        return ""
    if model.local:
        return f'<p class="fn-note">{html_text(words("by-model-here", model=engine))}</p>'
    return f'<p class="fn-note fn-leaves">{html_text(words("by-model-there", where=model.where))}</p>'


async def _in_turn(steps: Iterator[Shown], turns: asyncio.Semaphore) -> AsyncIterator[Shown]:
    """The steps of an answer: the first, which shows the question, at once; the others when it is its turn."""
    first = await asyncio.to_thread(next, steps, None)
    if first is not None:
        yield first
    async with turns:
        while (shown := await asyncio.to_thread(next, steps, None)) is not None:
            yield shown


def _respond(who: Who, chats: Chats, name: str, question: str, engine: str, words: Words) -> Iterator[Shown]:
    """The conversation as it grows: the question, the wait, the answer claim by claim. Empties the box once: the next question may be under way in it."""
    if name.startswith(SHARED) and question.strip():
        shared = who.shared(name.removeprefix(SHARED))
        name = chats.copy(*shared) if shared else chats.new()
    name = name or chats.new()
    before = _messages(who, chats, name, words)
    if chats.instead(name):
        before = before[:-2]
    if not question.strip():
        yield before, "", name
        return
    asked = [*before, {"role": "user", "content": html_text(question)}]
    yield [*asked, {"role": "assistant", "content": f'<p class="fn-waiting">{words("waiting")}</p>'}], "", name
    try:
        for answer, key in chats.answers(name, question, engine):
            for shown in _growing(answer) if answer.engine == QUOTE else (answer,):
                yield [*asked, {"role": "assistant", "content": _content(shown, key, words, Now())}], gradio.skip(), name
    except (IndexingError, AssistantError) as error:
        yield [*asked, {"role": "assistant", "content": f'<p class="fn-error">{html_text(str(error))}</p>'}], gradio.skip(), name


def _growing(answer: Answer) -> Iterator[Answer]:
    """The answer with one claim, with two, and whole."""
    for count in range(1, len(answer.claims)):
        labels = {label for claim in answer.claims[:count] for label in claim.citations}
        yield replace(answer, claims=answer.claims[:count], citations=tuple(c for c in answer.citations if c.label in labels))
    yield answer


def _messages(who: Who, chats: Chats, name: str, words: Words, every: bool = False) -> list[Message]:
    """A conversation as the Chatbot wants it, made anew from what the server keeps; the last turns of a long one."""
    told: list[Message] = []
    if name.startswith(SHARED):
        shared = who.shared(name.removeprefix(SHARED))
        if shared is None:
            return []
        owner = name.removeprefix(SHARED).rpartition(".")[0]
        chats, name = shared
        told.append({"role": "assistant", "content": f'<p class="fn-note">{html_text(words("reads-shared", name=owner))}</p>'})
    chat = chats.open(name)
    first = 0 if every else max(0, len(chat.keys) - TURNS)
    if first:
        told.append({"role": "assistant", "content": f'<p class="fn-earlier"><a href="#do-earlier-0">{words("earlier", count=first)}</a></p>'})
    states: Any = {}
    with contextlib.suppress(IndexingError):  # What was answered can be read without an index; its citations then say what is wrong.
        states = chats.states(name, chat.keys[first:]) if chat.keys else {}
    for turn, key in list(zip(chat.conversation.turns, chat.keys, strict=True))[first:]:
        told.append({"role": "user", "content": html_text(turn.question)})
        told.append({"role": "assistant", "content": _content(turn.answer, key, words, Now(states.get(key, {}), chats.rated(key)))})
    return told


def _content(answer: Answer, key: str, words: Words, now: Now) -> str:
    edit = f'<a class="fn-edit" href="#edit">{words("edit")}</a>'
    leans = answer.standalone != answer.question.strip()
    asked = f'<p class="fn-standalone">{words("asked-as")} <span>{html_text(answer.standalone)}</span> {edit}</p>' if leans else ""
    return asked + answer_html(answer, key, words, now)


# --- What is indexed -----------------------------------------------------------------------------------


def _state_of(library: Library, words: Words) -> tuple[str, dict[str, Any]]:
    """The line at the top, and what an empty chat shows, for the index as it is: there, empty, missing, or damaged."""
    try:
        count = len(library.index().document_ids)
        starters = library.starters()
    except IndexingError as error:
        return _about(None, words), {"placeholder": _trouble(error, words), "examples": []}
    return _about(count, words), {"placeholder": _placeholder(count, words), "examples": [{"text": question} for question in starters]}


def _about(count: int | None, words: Words) -> str:
    documents = "" if count is None else words("document-count") if count == 1 else words("documents-count", count=f"{count:,}")
    return f'<h1>Footnote</h1><p class="fn-sub">{documents}</p>'


def _placeholder(count: int | None, words: Words) -> str:
    if count == 0:
        return _notice(words("empty-index-title"), words("empty-index-text", command="<code>footnote build FOLDER</code>"))
    return _notice(words("empty-title"), words("empty-text"))


def _notice(title: str, *paragraphs: str, kind: str = "") -> str:
    return f'<div class="fn-empty {kind}"><h2>{title}</h2>{"".join(f"<p>{paragraph}</p>" for paragraph in paragraphs)}</div>'


def _trouble(error: IndexingError, words: Words) -> str:
    title = words("no-index-title" if isinstance(error, NoIndexError) else "bad-index-title")
    return _notice(title, html_text(str(error)), words("trouble-text"), kind="fn-trouble")
