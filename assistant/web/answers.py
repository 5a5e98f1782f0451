"""Answers as the chat shows them. Whatever comes from a document, a person or a model is escaped here."""

import re
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from assistant.plain import one_line
from assistant.render import named
from assistant.standing import State
from assistant.types import Answer, Citation, Claim, Support
from assistant.web.words import Words

SPECIAL = re.compile(r"[&<>\"'\\`*_{}\[\]()#+!|~$:@-]|(?<=^\d)\.|(?<=^\d\d)\.|(?<=^\d\d\d)\.")  # "1." at the beginning would be a list.
SURE = (0.95, 0.8, 0.6, 0.4)
"""From which confidence on each of the words for it is said, the surest first: they are calibrated probabilities."""
NEAR = (0.2, 0.05)
"""The same for what was declined."""
MOST_MARKS, MOST_SOURCES = 12, 60
"""Marks of one sentence, and sources of one answer, that are shown: a hostile draft may cite thousands."""


@dataclass(frozen=True, slots=True)
class Now:
    """What has become of an answer since: the state of each citation (none of a fresh one), and how it was rated."""

    states: Mapping[int, State] = field(default_factory=dict)
    good: bool | None = None


def answer_html(answer: Answer, key: str, words: Words, now: Now = Now()) -> str:
    """An answer for the chat. Its marks are links to `#cite-KEY-N`, which the page opens in the viewer; others begin with `#do-`."""
    if answer.told is not None:
        return "".join(f'<p class="fn-answer">{html_text(line)}</p>' for line in answer.told.splitlines())
    if not answer.claims and not answer.pending:
        return _declined(answer, key, words, now)
    quotes = {citation.label: citation for citation in answer.citations}
    claims = " ".join(_claim(claim, quotes, key, words) for claim in answer.claims)
    claims += f' <span class="fn-pending">{html_text(answer.pending)}</span>' if answer.pending else ""
    short = f'<p class="fn-short">{html_text(answer.short_answer)}</p>' if answer.short_answer else ""
    sure = "" if answer.pending else _sure(answer, words)
    foot = "" if answer.pending else _actions(key, words, now)
    sources = _sources("sources", answer.citations, key, words, now)
    return f'{short}<p class="fn-answer">{claims}</p>{sure}{_notes(answer, words)}{_since(now, words)}{sources}{foot}'


def _claim(claim: Claim, quotes: Mapping[int, Citation], key: str, words: Words) -> str:
    """A sentence with its marks; one that the documents do not carry, or hardly, says so in words."""
    marks = "".join(_mark(quotes[label], key, words) for label in claim.citations[:MOST_MARKS])
    match claim.support:
        case Support.SUPPORTED:
            return html_text(claim.text) + marks
        case Support.WEAK:
            flag = f'<span class="fn-flag">{words("weak")}</span>'
            return f'<span class="fn-weak" title="{words("weak-title")}">{html_text(claim.text)}</span>{marks}{flag}'
    why = f": {words('differs', what=words(f'differs-{claim.differs[0]}'))}" if claim.differs else ""
    flag = f'<span class="fn-flag">{words("unsupported")}{html_text(why)}</span>'
    return f'<span class="fn-unsupported" title="{words("unsupported-title")}"><span class="fn-struck">{html_text(claim.text)}</span>{flag}</span>'


def _declined(answer: Answer, key: str, words: Words, now: Now) -> str:
    missing = ", ".join(f"“{word}”" for word in answer.missing_words)
    said = html_text(words("declined-words", words=missing) if missing else words("declined"))
    near = "unsure-" + str(3 - sum(answer.confidence < bar for bar in NEAR))
    note = f'<p class="fn-note">{words(near)} ({_percent(answer.confidence, words)})</p>'
    return f'<p class="fn-declined">{said}</p>{note}{_notes(answer, words)}{_sources("closest", answer.nearest, key, words, now)}{_actions(key, words, now)}'


def _sure(answer: Answer, words: Words) -> str:
    if answer.confidence >= 1.0:
        return ""  # Sentences that were chosen, as for a summary: there is nothing to be sure of.
    level = 5 - sum(answer.confidence < bar for bar in SURE)
    return f'<p class="fn-note fn-sure">{words(f"sure-{level}")} ({_percent(answer.confidence, words)})</p>'


def _percent(confidence: float, words: Words) -> str:
    return words("probability", percent=min(99, max(1, round(100 * confidence))))


def _notes(answer: Answer, words: Words) -> str:
    notes = [answer.notice, words("by-words") if answer.judge == "words" else None]
    return "".join(f'<p class="fn-note">{html_text(note)}</p>' for note in notes if note)


def _since(now: Now, words: Words) -> str:
    """What is to be said of an answer whose documents have changed."""
    if not now.states:
        return ""
    changed = any(state is not State.UNCHANGED for state in now.states.values())
    return f'<p class="fn-note fn-since">{words("documents-changed")}</p>' if changed else f'<p class="fn-note">{words("unchanged-all")}</p>'


def _actions(key: str, words: Words, now: Now) -> str:
    """What can be done with an answer."""
    good = ("rated-good" if now.good else "good", "fn-act fn-good" + (" fn-chosen" if now.good else ""))
    bad = ("rated-bad" if now.good is False else "bad", "fn-act fn-bad" + (" fn-chosen" if now.good is False else ""))
    offered = [
        ("why", "why", "fn-act"),
        ("copy", "copy", "fn-act"),
        ("good", *good),
        ("bad", *bad),
        ("again", "ask-again", "fn-act"),
        ("edit", "edit-question", "fn-act"),
    ]
    links = " ".join(f'<a class="{look}" href="#do-{what}-{key}" title="{words(name)}"><span>{words(name)}</span></a>' for what, name, look in offered)
    return f'<p class="fn-actions">{links}</p>'


def _mark(citation: Citation, key: str, words: Words) -> str:
    # The word joiner keeps the mark on the line of the word it follows.
    return f'&#8288;<a class="fn-mark" href="#cite-{key}-{citation.label}" title="{html_text(_hover(citation, words))}">{citation.label}</a>'


def _sources(heading: str, citations: Sequence[Citation], key: str, words: Words, now: Now) -> str:
    if not citations:
        return ""
    items = "".join(
        f'<li><a class="fn-source" href="#cite-{key}-{c.label}"><span class="fn-label">{c.label}</span>'
        f'<span class="fn-where">{html_text(_where(c, words))}{_state(now.states.get(c.label), words)}</span>'
        f'<span class="fn-quote">{html_text(c.sentence.text)}</span></a></li>'
        for c in citations[:MOST_SOURCES]
    )
    more = f'<li class="fn-note">{words("report-more", count=len(citations) - MOST_SOURCES)}</li>' if len(citations) > MOST_SOURCES else ""
    return f'<p class="fn-heading">{words(heading)}</p><ol class="fn-sources">{items}{more}</ol>'


def _state(state: State | None, words: Words) -> str:
    if state in (None, State.UNCHANGED):
        return ""
    return f' <span class="fn-flag fn-state" title="{words("state-title")}">{words(f"state-{state}")}</span>'


def _hover(citation: Citation, words: Words) -> str:
    return f"{_where(citation, words)}: {textwrap.shorten(one_line(citation.sentence.text), 300, placeholder=' …')}"


def _where(citation: Citation, words: Words) -> str:
    page = f", {words('page', page=citation.page)}" if citation.page else ""
    return f"{named(citation.sentence.document)}{page}"


def html_text(text: str) -> str:
    """Text that is only text: no tag, no attribute, and nothing that Markdown or a formula would read as more."""
    return SPECIAL.sub(lambda match: f"&#{ord(match[0])};", one_line(text))
