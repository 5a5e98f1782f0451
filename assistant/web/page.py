"""The page: the chat at the left, the sources at the right. What it says comes from `render`, which escapes it."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import gradio

from assistant.answer import LONGEST_QUESTION
from assistant.errors import AssistantError
from assistant.render import answer_html, html_text, report_html
from assistant.types import Answer
from assistant.web.library import Chat, Library
from index.errors import IndexingError, NoIndexError

Message = dict[str, str]
Shown = tuple[list[Message], Any, str]
"""The messages, what the box shall hold, and the conversation's name."""

TEXT_FONT = ("Inter", "ui-sans-serif", "system-ui", "Segoe UI", "Roboto", "Noto Sans", "sans-serif")
CODE_FONT = ("ui-monospace", "Cascadia Mono", "Consolas", "Noto Sans Mono", "monospace")
THEME = gradio.themes.Base(primary_hue="indigo", neutral_hue="slate", font=TEXT_FONT, font_mono=CODE_FONT, radius_size="md")

WAITING = '<p class="fn-waiting">Reading the documents …</p>'


def make_page(library: Library) -> gradio.Blocks:
    """The page over a library. Its events hold no state but the name of the conversation."""
    with gradio.Blocks(title="Footnote", fill_height=True, fill_width=True, analytics_enabled=False, delete_cache=(600, 3600)) as page:
        name = gradio.State("", time_to_live=12 * 3600)
        with gradio.Row(elem_id="fn-page", equal_height=True):
            with gradio.Column(scale=3, min_width=300, elem_id="fn-left"):
                with gradio.Row(elem_id="fn-top"):
                    about = gradio.Markdown(_about(None), elem_id="fn-about")
                    fresh = gradio.Button("New conversation", size="sm", scale=0, min_width=150, elem_id="fn-new")
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
                    container=False,
                )
            gradio.Column(scale=2, min_width=300, elem_id="fn-right")  # chat.js builds the viewer in it.

        def opened() -> tuple[str, str, Any]:
            about, empty = _state_of(library)
            return library.new_chat(), about, gradio.Chatbot(**empty)

        def renewed() -> tuple[str, str, Any]:
            about, empty = _state_of(library)
            return library.new_chat(), about, gradio.Chatbot(value=[], **empty)

        def typed(question: str, name: str) -> Iterator[Shown]:
            yield from _respond(library, name or library.new_chat(), question)

        def picked(name: str, event: gradio.SelectData) -> Iterator[Shown]:
            yield from _respond(library, name or library.new_chat(), event.value["text"])

        # Only questions go through the queue: gradio's client can lose the second of two events that are queued at nearly
        # the same moment, so that a question asked while the page was still loading was never answered.
        page.load(opened, None, [name, about, chat], show_progress="hidden", queue=False)
        box.submit(typed, [box, name], [chat, box, name], show_progress="hidden")
        chat.example_select(picked, [name], [chat, box, name], show_progress="hidden")
        fresh.click(renewed, None, [name, about, chat], show_progress="hidden", queue=False)
    return page


def _respond(library: Library, name: str, question: str) -> Iterator[Shown]:
    """The conversation as it grows: the question, the wait, the answer claim by claim. Empties the box once: the next question may be under way in it."""
    before = messages(library.chat(name))
    if not question.strip():
        yield before, "", name
        return
    asked = [*before, {"role": "user", "content": html_text(question)}]
    yield [*asked, {"role": "assistant", "content": WAITING}], "", name
    try:
        answer, key = library.ask(name, question)
    except (IndexingError, AssistantError) as error:
        yield [*asked, {"role": "assistant", "content": f'<p class="fn-error">{html_text(str(error))}</p>'}], gradio.skip(), name
        return
    for shown in _growing(answer):
        yield [*asked, {"role": "assistant", "content": _content(shown, key)}], gradio.skip(), name


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
    asked = f'<p class="fn-standalone">Asked as: {html_text(answer.standalone)}</p>' if answer.standalone != answer.question.strip() else ""
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
    return _notice("Ask your documents", "Answers are quoted word for word, each with its source. What the documents do not say is declined.")


def _notice(title: str, *paragraphs: str, kind: str = "") -> str:
    return f'<div class="fn-empty {kind}"><h2>{title}</h2>{"".join(f"<p>{paragraph}</p>" for paragraph in paragraphs)}</div>'


def _trouble(error: IndexingError) -> str:
    title = "No index yet" if isinstance(error, NoIndexError) else "The index cannot be opened"
    return _notice(title, html_text(str(error)), "This page sees it as soon as it is built: ask again then.", kind="fn-trouble")
