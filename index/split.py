"""Text into sentences, sentences into chunks; owns their offsets and ids.

Sentences are exact spans: together with the white space between them they make up the text. The rules
are ours, so that every offset is; they follow the cases that sentence-boundary tests agree on
(abbreviations, initials, decimals, quotations, ellipses, lists, wrapped lines, other scripts' marks).
"""

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

from index.types import Chunk, Document, Heading, Sentence

Span = tuple[int, int]
TokenCounts = Callable[[Sequence[str]], Sequence[int]]
"""Counts the embedder's tokens of each text, without the special ones."""

VERSION = 3
"""Raised when the same file would be read or cut in another way: a build then does both again."""

# --- Words that decide whether a full stop ends a sentence -------------------------------------------

NEVER_LAST = frozenset(
    "mr mrs ms dr prof gen sen rep gov capt cmdr lt col sgt maj adm rev hon pres supt messrs mme mlle mt ft e.g i.e cf viz vs"
    " approx ca resp esp incl excl hrsg dipl ing z.b d.h bzw ggf sog vgl sra srta dott sig avv".split()
)
BEFORE_NUMBER = frozenset(
    "p pp no nos n° nº № nr fig figs eq eqs sec sect secs art arts ch chap chaps vol vols ex tab ref refs para paras cl app"
    " pt ver al c s sp ss jan feb mar apr jun jul aug sep sept oct nov dec".split()
)
MAYBE_LAST = frozenset(
    "inc ltd co corp plc bros jr sr etc al ave blvd rd st dept univ assn est min max hrs hr sec fig jan feb mar apr jun jul"
    " aug sep sept oct nov dec mon tue tues wed thu thur thurs fri sat sun ph.d m.d b.a m.a d.c u.s u.k e.u u.n u.s.a a.d b.c"
    " a.d b.c.e c.e p.s".split()
)
ABBREVIATIONS = NEVER_LAST | BEFORE_NUMBER | MAYBE_LAST
LONGEST_ABBREVIATION = max(map(len, ABBREVIATIONS))
STARTERS = frozenset(
    "A After All Although Among An And Another Any Are As At Because Before Both But By Can Could Despite Did Do Does During"
    " Each Even Every Few First For From Had Has Have He Hence Her Here His How However I If In Instead Is It Its Just Last"
    " Later Let Many Meanwhile More Moreover Most Much My Neither Nevertheless Next No None Nor Not Nothing Now Of Often On"
    " Once One Only Or Other Others Our Over Perhaps Please Second She Should Since So Some Such Than Thank That The Their"
    " Then There Therefore These They This Those Though Thus To Today Tomorrow Under Unfortunately Unless Until We Were What"
    " When Where Whether Which While Who Whose Why Will With Without Would Yesterday Yet You Your".split()
)
GERMAN_MONTHS = frozenset("Januar Februar März April Mai Juni Juli August September Oktober November Dezember".split())

# --- The marks -------------------------------------------------------------------------------------

CLOSERS = "\"'”’»›)\\]}*_"
WIDE_STOPS = "。！？｡"
OTHER_STOPS = "؟۔।॥։።፧။។៕"
BULLETS = "•⁃▪◦‣●"
MARK = re.compile(rf"[.!?…{WIDE_STOPS}{OTHER_STOPS}{BULLETS}]")  # One class and nothing else: `re` scans for it fast.
CANDIDATE = re.compile(
    rf"(?P<stop>\.(?: \.){{2,}}|[.!?…]+)(?P<close>[{CLOSERS}]*(?:\[\d+(?:[,–-] ?\d+)*\])*[¹²³⁰-⁹]*)(?P<gap>\s+|(?=[A-Z][a-z])|$)"
    rf"|(?P<wide>[{WIDE_STOPS}]+)(?P<wideclose>[」』”’）》】\"')]*)"
    rf"|(?P<other>[{OTHER_STOPS}]+)(?P<otherclose>[{CLOSERS}]*)"
    rf"|(?<=\s)(?P<bullet>[{BULLETS}])"
)
LAST_TOKEN = re.compile(r"[^\s(\[{“\"‘«/—–]*\Z")
NEXT_WORD = re.compile(r"[\"'“‘«(\[*_]*([^\W_]+(?:['’][^\W_]+)?)")
INITIAL = re.compile(r"[A-Z]\Z")
ACRONYM = re.compile(r"(?:[A-Za-z]\.)+[A-Za-z]\Z")
INDENT = re.compile(r"\s*")
HANGING = re.compile(r"[)\],;]|[-–—]\s*(?:\n|\Z)")  # What no sentence begins with.
MARKER = re.compile(r"(?:[•⁃▪◦‣●*-]\s*)?\(?(?:\d{1,3}|[A-Za-z]|[ivxIVX]{1,5})[.)]{1,2}\Z")
ITEM = re.compile(r"\s*+(?:[•⁃▪◦‣●]\s*+)?\(?(?P<label>\d{1,3}|[a-z])(?P<mark>\.\)|\.|\))\s")
PARAGRAPH = re.compile(r"[\n\f\u2029](?:(?<=\n)[^\S\n]*\n|(?<!\n))\s*")
STRUCTURE = re.compile(r"\s*(?:[-*+•‣◦⁃▪●–—]\s|\(?\d{1,3}[.)]\s|\(?[A-Za-z][)]\s|#{1,6}\s|\||```|~~~|>|={3,}\s*$|-{3,}\s*$)")
ALONE = re.compile(r"\s*(?:#{1,6}\s|\||```|~~~|={3,}\s*$|-{3,}\s*$)")
SHORT_LINE = 60  # Characters: a line of a list or a heading; wrapped prose runs longer.
WORDS_OF_TITLE = re.compile(r"[^\W_]+")
LONGEST_CONTEXT = 60  # Characters each of title and heading: no script makes more tokens of them than half a window.
LONGEST = 20_000  # Characters: what goes on longer without a mark is no sentence but data.


def sentence_spans(text: str) -> tuple[Span, ...]:
    """The sentences of a text as (start, end) code-point offsets, in order, trimmed of white space."""
    return tuple(_spans(text))


def _spans(text: str) -> Iterator[Span]:
    start = 0
    for paragraph_end, following in _paragraphs(text):
        for end in _boundaries(text, start, paragraph_end):
            yield from _trimmed(text, start, end)
            start = end
        yield from _trimmed(text, start, paragraph_end)
        start = following


def _trimmed(text: str, start: int, end: int) -> Iterator[Span]:
    """The span without the white space around it; nothing if there is nothing else."""
    piece = text[start:end].rstrip()
    end = start + len(piece)
    start = end - len(piece.lstrip())
    if start == end:
        return
    while end - start > LONGEST:
        cut = max(text.rfind(space, start + LONGEST // 2, start + LONGEST) for space in " \n")
        cut = cut if cut > 0 else start + LONGEST
        yield start, start + len(text[start:cut].rstrip())
        blank = INDENT.match(text, cut, end)
        start = blank.end() if blank else cut
    yield start, end


# --- Paragraphs and lines --------------------------------------------------------------------------


def _paragraphs(text: str) -> Iterator[Span]:
    """The (end, start of what follows) of each stretch that no sentence crosses."""
    start = 0
    for gap in PARAGRAPH.finditer(text):
        if gap.start() < start or _runs_on(text, gap.start(), gap.end()):
            continue
        yield from _lines(text, start, gap.start())
        yield gap.start(), gap.end()
        start = gap.end()
    yield from _lines(text, start, len(text))
    yield len(text), len(text)


def _runs_on(text: str, before: int, after: int) -> bool:
    """Whether a sentence goes on over a gap: broken inside brackets or at a dash, or over a page's edge."""
    while before and text[before - 1].isspace():
        before -= 1
    if before == 0 or after >= len(text):
        return False
    if text[after] in ")],;" or text[before - 1] in "([" or text[before - 2 : before] in (" -", " –", " —"):
        return True
    return "\f" in text[before:after] and text[after].islower() and text[before - 1] not in ".!?:"


def _lines(text: str, start: int, end: int) -> Iterator[Span]:
    """The breaks inside one paragraph at lines that were ended on purpose, not wrapped."""
    if text.find("\n", start, end) < 0:
        return
    lines = [(m.start(), m.end()) for m in re.compile(r"[^\n]+").finditer(text, start, end)]
    plain = [text[a:b].strip() for a, b in lines]
    width = max(map(len, plain), default=0)
    listed = (
        width <= SHORT_LINE
        and not any(re.search(r"[.!?…:;,][\"'”’)\]]*$", line) for line in plain)
        and (len(plain) > 2 or (len(plain) == 2 and not plain[1][:1].islower()))
    )
    for (line, (_, line_end)), (following, (next_start, _)) in pairwise(zip(plain, lines, strict=True)):
        if listed or ALONE.match(line) or STRUCTURE.match(following) or _ended(line, following, width):
            yield line_end, next_start


def _ended(line: str, following: str, width: int) -> bool:
    """Whether a line stops well short of the width though the next word, which starts anew, would have fitted."""
    if not line or not following or line[-1] in '.!?…,;:-–—("”’)]' or following[0].islower():
        return False
    fits = len(line) + 1 + len(following.split(None, 1)[0]) < 0.7 * width
    return fits and (following[0].isupper() or following[0].isdigit())


# --- Marks inside a paragraph ----------------------------------------------------------------------


def _boundaries(text: str, start: int, end: int) -> Iterator[int]:
    """Where sentences end inside one paragraph."""
    sentence = start
    items = _inline_items(text, start, end)
    item = next(items, end)
    for candidate in _candidates(text, start, end):
        while item <= candidate.start():
            yield item
            sentence, item = item, next(items, end)
        boundary = _boundary(text, sentence, candidate, end)
        if boundary and sentence < boundary < end:
            yield boundary
            sentence = boundary
    if item < end:
        yield item
        yield from items


def _candidates(text: str, start: int, end: int) -> Iterator[re.Match[str]]:
    position = start
    for mark in MARK.finditer(text, start, end):
        place = mark.start()
        if place < position or (text[place] == "." and text[place + 1 : place + 2].isdecimal()):
            continue
        if candidate := CANDIDATE.match(text, place, end):
            yield candidate
            position = candidate.end()


def _boundary(text: str, sentence: int, candidate: re.Match[str], end: int) -> int | None:
    """Where the sentence that began at `sentence` ends by this mark; None if the mark ends nothing."""
    if candidate["stop"]:
        return _after_stop(text, sentence, candidate, end)
    if candidate["wide"]:
        after = candidate.end("wideclose")
        quoted_on = candidate["wideclose"] and after < end and text[after].isalpha()
        return None if quoted_on else after
    if candidate["other"]:
        return candidate.end("otherclose")
    return candidate.start("bullet")


def _after_stop(text: str, sentence: int, candidate: re.Match[str], end: int) -> int | None:
    stop, after = candidate["stop"], candidate.end("close")
    if candidate.end() >= end:
        return None
    if stop == "." and candidate["gap"] and not candidate["close"]:  # The common case, at a third of the cost.
        first = text[candidate.end()]
        if first.islower():
            return None
        if first.isalpha() and after - sentence >= 12 and _plain_word(text, candidate.start()):
            return after
    word = NEXT_WORD.match(text, candidate.end(), end)
    following = word[1] if word else ""
    if not candidate["gap"]:
        return after if _run_together(text, candidate.start(), following) else None
    if (following[:1].islower() and stop[-1] != " ") or HANGING.match(text, candidate.end(), end):
        return None
    if after - sentence < 12 and MARKER.match(text[sentence:after].strip()):
        return None
    if (stop[0] == "." and len(stop) > 1) or stop[0] == "…":
        return _after_ellipsis(text, candidate, following)
    if stop[0] != "." or candidate["close"]:
        return after
    return after if _full_stop(text, sentence, candidate.start(), following, text[candidate.end()]) else None


def _plain_word(text: str, end: int) -> bool:
    """Whether a word that is no abbreviation and no initial ends here."""
    tail = text[max(0, end - LONGEST_ABBREVIATION - 1) : end]
    word = tail[tail.rfind(" ") + 1 :]
    return len(word) > 1 and word.isalpha() and word.lower() not in ABBREVIATIONS


def _after_ellipsis(text: str, candidate: re.Match[str], following: str) -> int | None:
    """`end.... Next` and `end . . . . Next` end a sentence; three spaced dots, `[...]` and `… word` do not."""
    start, stop, after = candidate.start(), candidate["stop"], candidate.end("close")
    if not following or not following[0].isupper() or text[start - 1 : start] == "[":
        return None
    if " " not in stop:
        return None if following == "I" and len(stop) < 4 else after
    if stop.count(".") < 4:
        return None
    return after if text[start - 1 : start].isspace() else start + 1


def _run_together(text: str, stop: int, following: str) -> bool:
    """`one.The other`: a missing space before a word that starts sentences; not a name such as `np.The`."""
    token = LAST_TOKEN.search(text, max(0, stop - 40), stop)
    before = token[0] if token else ""
    known = following in STARTERS or following.lower() in NEVER_LAST
    return known and len(before) > 1 and not re.search(r"[/@:_=]", before)


def _full_stop(text: str, sentence: int, stop: int, following: str, first: str) -> bool:
    """Whether a single full stop, with white space behind it, ends the sentence."""
    found = LAST_TOKEN.search(text, max(sentence, stop - 40), stop)
    token = found[0] if found else ""
    lowered = token.lower()
    if lowered in NEVER_LAST:
        return False
    if lowered in BEFORE_NUMBER and (first.isdigit() or first in "(§" or (len(following) == 1 and following != "I")):
        return False
    if lowered in ("a.m", "p.m"):
        return stop - sentence > 60 or not _adverbial(text[sentence:stop])
    if lowered in MAYBE_LAST or ACRONYM.match(token):
        return following in STARTERS or not following
    if INITIAL.match(token):
        return _initial_ends(text[max(sentence, stop - 60) : stop - 1], token, following)
    if token.isdigit() and len(token) < 3 and following in GERMAN_MONTHS:
        return False
    return lowered not in BEFORE_NUMBER or lowered in ("no", "al", "ex", "app", "mar", "sec") or following in STARTERS


def _adverbial(so_far: str) -> bool:
    """`At 5 a.m.` opens a sentence; it is not one."""
    words = so_far.split()
    return len(words) < 4 and bool(words) and words[0].lower() in ("at", "by", "from", "on", "until", "till", "before", "after", "around", "since")


def _initial_ends(before: str, letter: str, following: str) -> bool:
    """`you and I. Did` ends; `Albert I. Jones` and `J. R. Smith` do not."""
    words = before.split()
    named = bool(words) and (words[-1][:1].isupper() or words[-1].endswith("."))
    return following in STARTERS and (not named or (letter != "I" and following not in ("A", "I")))


def _inline_items(text: str, start: int, end: int) -> Iterator[int]:
    """Where the later items of a list written in one line begin: `1) One 2) Two`, `a. One b. Two`."""
    item = ITEM.match(text, start, end)
    while item:
        label = str(int(item["label"]) + 1) if item["label"].isdigit() else chr(ord(item["label"]) + 1)
        later = rf"(?<=\s)[{BULLETS}]?\s?\(?(?P<label>{re.escape(label)})(?P<mark>{re.escape(item['mark'])})\s"
        item = re.compile(later).search(text, item.end(), end)
        if item:
            yield item.start()


# --- Chunks ----------------------------------------------------------------------------------------


def sentences(document: Document) -> tuple[Sentence, ...]:
    """The sentences of a document. A heading is always one of its own, unless it is only guessed."""
    spans: list[Span] = []
    position = 0
    for heading in (heading for heading in document.headings if not heading.guessed):
        spans += _shifted(document.text, position, heading.start)
        spans += _trimmed(document.text, heading.start, heading.end)
        position = heading.end
    spans += _shifted(document.text, position, len(document.text))
    return tuple(Sentence(document, start, end) for start, end in spans)


def _shifted(text: str, start: int, end: int) -> list[Span]:
    if start >= end:
        return []
    whole = (start, end) == (0, len(text))
    return [(start + a, start + b) for a, b in _spans(text if whole else text[start:end])]


def chunks(document: Document, every: Sequence[Sentence], count: TokenCounts, window: int) -> tuple[Chunk, ...]:
    """Runs of whole sentences of one section that fit `window` tokens together with their context.

    `every` are the sentences of the document, as `sentences` cuts them. No sentence stands in two chunks: an overlap of
    one embedded a tenth more and found answers no oftener (78% first on SQuAD articles with it and without). A sentence
    longer than the window is a chunk of its own (the embedder reads it in pieces).
    """
    costs = count([sentence.text for sentence in every]) if every else ()
    runs: list[tuple[Sentence, ...]] = []
    start = 0
    while start < len(every):
        heading = document.heading_at(every[start].start)
        section_end = _section_end(document, every, start, heading)
        contexts = {context(document, sentence.start) for sentence in every[start:section_end]}
        room = max(window - max(count(sorted(contexts))), window // 2)
        runs += _runs(every[start:section_end], costs[start:section_end], room)
        start = section_end
    texts = [embedded_text(document, run[0].start, run[-1].end) for run in runs]
    return tuple(map(Chunk, chunk_ids(document.id, texts), [document] * len(runs), runs))


def _section_end(document: Document, every: Sequence[Sentence], start: int, heading: Heading | None) -> int:
    """The first sentence after `start` that stands under another heading; headings without text join what follows."""
    index = start + 1
    while index < len(every):
        over = document.heading_at(every[index].start)
        only_headings = heading is not None and every[index - 1].start == heading.start
        if over != heading and not only_headings:
            return index
        heading = over
        index += 1
    return index


def _runs(section: Sequence[Sentence], costs: Sequence[int], room: int) -> Iterator[tuple[Sentence, ...]]:
    first = 0
    while first < len(section):
        last, total = first + 1, costs[first]
        while last < len(section) and total + costs[last] <= room:
            total += costs[last]
            last += 1
        yield tuple(section[first:last])
        first = last


def context(document: Document, start: int) -> str:
    """What a chunk that starts here is read under: the title, if it says something, and the heading if it stands above."""
    heading = document.heading_at(start)
    lines = [document.title[:LONGEST_CONTEXT]] if telling(document.title) else []
    if heading and heading.start < start:
        lines.append(document.text[heading.start : heading.end].strip(" #\t\r\n")[:LONGEST_CONTEXT])
    return "".join(f"{line}\n" for line in dict.fromkeys(lines) if line)


def telling(title: str) -> bool:
    """Whether a title says something: "doc_0184" and "MED-10" are labels, which only disturb a vector (by half a point of nDCG@10).

    Two words of letters do, and one where there is no digit. The words of any title are found by the lexical index.
    """
    words = WORDS_OF_TITLE.findall(title)
    letters = [word for word in words if word.isalpha() and (len(word) > 2 or not word.isascii())]
    return len(letters) > 1 or (len(letters) == 1 and not any(c.isdigit() for c in title))


def embedded_text(document: Document, start: int, end: int) -> str:
    """What is embedded for a chunk: its context and its words."""
    return context(document, start) + document.text[start:end]


def text_key(text: str) -> int:
    """A 63-bit hash of an embedded text: equal texts have one vector, whatever document they stand in."""
    return _hash63(text.encode("utf-8", "replace"))


def _hash63(data: bytes) -> int:
    return int.from_bytes(hashlib.sha256(data).digest()[:8], "big") >> 1


def chunk_ids(document: str, texts: Sequence[str]) -> list[int]:
    """63-bit ids that name what a chunk says: a hash of document id, embedded text, and its n-th occurrence.

    The context counts as text, because a chunk under another title has another vector.
    """
    seen: Counter[str] = Counter()
    ids = []
    for text in texts:
        ids.append(_hash63(f"{document}\0{seen[text]}\0{text}".encode()))
        seen[text] += 1
    return ids
