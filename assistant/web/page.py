"""The page: the chat at the left, the sources at the right. What it says comes from `render`, which escapes it."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import gradio

from assistant.answer import LONGEST_QUESTION
from assistant.errors import AssistantError
from assistant.render import answer_html, html_text, report_html
from assistant.types import QUOTE, Answer
from assistant.web.library import Chat, Library
from index.errors import IndexingError, NoIndexError

Message = dict[str, str]
Shown = tuple[list[Message], Any, str]
"""The messages, what the box shall hold, and the conversation's name."""

TEXT_FONT = ("Inter", "ui-sans-serif", "system-ui", "Segoe UI", "Roboto", "Noto Sans", "sans-serif")
CODE_FONT = ("ui-monospace", "Cascadia Mono", "Consolas", "Noto Sans Mono", "monospace")
THEME = gradio.themes.Base(primary_hue="indigo", neutral_hue="slate", font=TEXT_FONT, font_mono=CODE_FONT, radius_size="md")

QUOTED = "Quote the documents"
WAITING = '<p class="fn-waiting">Reading the documents …</p>'


def make_page(library: Library) -> gradio.Blocks:
    """The page over a library. Its events hold no state but the name of the conversation."""
    with gradio.Blocks(title="Footnote", fill_height=True, fill_width=True, analytics_enabled=False, delete_cache=(600, 3600)) as page:
        name = gradio.State("", time_to_live=12 * 3600)
        with gradio.Row(elem_id="fn-page", equal_height=True):
            with gradio.Column(scale=3, min_width=300, elem_id="fn-left"):
                with gradio.Row(elem_id="fn-top"):
                    about = gradio.Markdown(_about(None), elem_id="fn-about")
                    engine = gradio.Dropdown(
                        [(QUOTED, QUOTE)],
                        value=QUOTE,
                        show_label=False,
                        label="Who writes the answers",
                        container=False,
                        filterable=False,
                        scale=0,
                        min_width=190,
                        elem_id="fn-engine",
                    )
                    fresh = gradio.Button("New conversation", size="sm", scale=0, min_width=150, elem_id="fn-new")
                sending = gradio.Markdown("", elem_id="fn-sending")
                chat = gradio.Chatbot(
                    elem_id="fn-chat",
                    show_label=False,
                    label="Conversation",
                    height="100%",
                    placeholder=_placeholder(None),
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
                    label="Your question",
                    placeholder="Ask your documents …",
                    lines=1,
                    max_lines=6,
                    max_length=LONGEST_QUESTION,
                    autofocus=True,
                    submit_btn="Ask",
                    stop_btn="Stop",
                    container=False,
                )
            gradio.Column(scale=2, min_width=300, elem_id="fn-right")  # chat.js builds the viewer in it.

        def opened() -> tuple[str, str, Any, Any, str]:
            about, empty = _state_of(library)
            choices = [(QUOTED, QUOTE), *((model, model) for model in library.models())]
            return library.new_chat(), about, gradio.Chatbot(**empty), gradio.Dropdown(choices, value=library.engine), _sending(library, library.engine)

        def renewed() -> tuple[str, str, Any]:
            about, empty = _state_of(library)
            return library.new_chat(), about, gradio.Chatbot(value=[], **empty)

        def typed(question: str, name: str, engine: str) -> Iterator[Shown]:
            yield from _respond(library, name or library.new_chat(), question, engine)

        def picked(name: str, engine: str, event: gradio.SelectData) -> Iterator[Shown]:
            yield from _respond(library, name or library.new_chat(), event.value["text"], engine)

        def stopped(name: str) -> list[Message]:
            library.stop(name)
            return messages(library.chat(name))

        # Only questions go through the queue: gradio's client can lose the second of two events that are queued at nearly
        # the same moment, so that a question asked while the page was still loading was never answered.
        page.load(opened, None, [name, about, chat, engine, sending], show_progress="hidden", queue=False)
        asking = box.submit(typed, [box, name, engine], [chat, box, name], show_progress="hidden")
        picking = chat.example_select(picked, [name, engine], [chat, box, name], show_progress="hidden")
        box.stop(stopped, [name], [chat], cancels=[asking, picking], show_progress="hidden", queue=False)
        engine.input(lambda chosen: _sending(library, chosen), [engine], [sending], show_progress="hidden", queue=False)
        fresh.click(renewed, None, [name, about, chat], show_progress="hidden", queue=False)
    return page


def _sending(library: Library, engine: str) -> str:
    """Where the question and the sentences found for it go, before they go; nothing for answers that are quoted."""
    try:
        model = library.model(engine)
    except AssistantError as error:
        return f'<p class="fn-note fn-leaves">{html_text(str(error))}</p>'
    if model is None:
        return ""
    if model.local:
        return f'<p class="fn-note">Answers are written by {html_text(engine)} on this machine; every sentence is checked.</p>'
    return (
        f'<p class="fn-note fn-leaves">Your question, the conversation so far and the sentences found will be sent to {html_text(model.where)}.'
        " Choose “Quote the documents” to keep them on this machine.</p>"
    )


def _respond(library: Library, name: str, question: str, engine: str) -> Iterator[Shown]:
    """The conversation as it grows: the question, the wait, the answer claim by claim. Empties the box once: the next question may be under way in it."""
    before = messages(library.chat(name))
    if not question.strip():
        yield before, "", name
        return
    asked = [*before, {"role": "user", "content": html_text(question)}]
    yield [*asked, {"role": "assistant", "content": WAITING}], "", name
    try:
        for answer, key in library.answers(name, question, engine):
            for shown in _growing(answer) if answer.engine == QUOTE else (answer,):
                yield [*asked, {"role": "assistant", "content": _content(shown, key)}], gradio.skip(), name
    except (IndexingError, AssistantError) as error:
        yield [*asked, {"role": "assistant", "content": f'<p class="fn-error">{html_text(str(error))}</p>'}], gradio.skip(), name


def _growing(answer: Answer) -> Iterator[Answer]:
    """The answer with one claim, with two, and whole."""
    for count in range(1, len(answer.claims)):
        labels = {label for claim in answer.claims[:count] for label in claim.citations}
        yield replace(answer, claims=answer.claims[:count], citations=tuple(c for c in answer.citations if c.label in labels))
    yield answer


def messages(chat: Chat) -> list[Message]:
    """A conversation as the Chatbot wants it, made anew from what the server holds."""
    told: list[Message] = []
    for turn, key in zip(chat.conversation.turns, chat.keys, strict=True):
        told.append({"role": "user", "content": html_text(turn.question)})
        told.append({"role": "assistant", "content": _content(turn.answer, key)})
    return told


def _content(answer: Answer, key: str) -> str:
    edit = '<a class="fn-edit" href="#edit">Edit</a>'
    asked = f'<p class="fn-standalone">Asked as: <span>{html_text(answer.standalone)}</span> {edit}</p>' if answer.standalone != answer.question.strip() else ""
    return asked + answer_html(answer, key)


# --- What is indexed -----------------------------------------------------------------------------------


def _state_of(library: Library) -> tuple[str, dict[str, Any]]:
    """The line at the top, and what an empty chat shows, for the index as it is: there, empty, missing, or damaged."""
    try:
        count = len(library.assistant().index.document_ids)
        starters = library.starters()
    except IndexingError as error:
        return _about(None), {"placeholder": _trouble(error), "examples": []}
    return _about(count, library.report()), {"placeholder": _placeholder(count), "examples": [{"text": question} for question in starters]}


def _about(count: int | None, report: dict[str, Any] | None = None) -> str:
    documents = "" if count is None else f"{count:,} document{'' if count == 1 else 's'} · "
    return f'<h1>Footnote</h1><p class="fn-sub">{documents}every sentence of an answer shows where it stands</p>{report_html(report) if report else ""}'


def _placeholder(count: int | None) -> str:
    if count == 0:
        return _notice("The index is empty", "Its sources hold no document any more. Add some, then run <code>footnote build FOLDER</code>.")
    return _notice("Ask your documents", "Every sentence of an answer shows where it stands. What the documents do not say is declined.")


def _notice(title: str, *paragraphs: str, kind: str = "") -> str:
    return f'<div class="fn-empty {kind}"><h2>{title}</h2>{"".join(f"<p>{paragraph}</p>" for paragraph in paragraphs)}</div>'


def _trouble(error: IndexingError) -> str:
    title = "No index yet" if isinstance(error, NoIndexError) else "The index cannot be opened"
    return _notice(title, html_text(str(error)), "This page sees it as soon as it is built: ask again then.", kind="fn-trouble")
