"""Whether a claim gives to one thing what the evidence says of another: each word of it is there, and none is wrong but their being together.

Pure rules over words, in English: they see values and names in parallel parts of a sentence, and the heads of two sentences. What is crossed in
freer words they miss.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import partial
from itertools import combinations, pairwise

from assistant.clauses import CLEAR as SEAMS
from assistant.clauses import HELPS, JOINS, broken, clauses, looks_like_verb, statements
from assistant.quantities import FAMILY, MONEY, Token, spelt_out, tokens_of
from index.words import STOP_WORDS, stem

Key = str | float
"""A content word by its stem, a number by its value."""

POINTING = frozenset("it its he she his her him they them their this that these those such both we i you one ones former latter".split())
BACK = frozenset("it he she him they them".split())
"""What stands, in a later part, for a thing of an earlier one."""
VERBS = HELPS | {"means", "takes", "gives"}
"""At these a head ends."""
OFTEN = frozenset("once twice daily weekly monthly yearly annually hourly".split())
VAGUE = frozenset(("", "a", "an", "the", "of"))
"""Words before a name that tell nothing of what it is there for."""
CLEAR = JOINS | {"followed"}
"""What, after a comma, clearly begins another part."""
EMPTY = STOP_WORDS | CLEAR
FREE = 0.2
"""The share of a claim's words, if they are more than one, from which on, where they are in no sentence, what it leaves out of these tells nothing: in freer
words a head has another name.
"""
SEMICOLON = re.compile(r";\s+")
HEAD = 4
"""Content words that are looked at of how a sentence begins."""


# --- Within a sentence -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Part:
    """One of several parallel parts of a sentence: its value, and the words before and after it, nearest the value last and first."""

    value: tuple[Token, ...]
    before: tuple[Token, ...]
    after: tuple[Token, ...]


def crossed(claim: str, sentence: str) -> bool:
    """Whether a sentence has values or names for several things, and a claim, or a statement of it, has but the value of one, with the words of another.

    "The basement has 184 square metres" over "The ground floor has 184 square metres and the basement 96".
    """
    said = [tokens_of(text) for text in dict.fromkeys((claim, *statements(claim)))]
    said += [[*part.before, *part.value, *part.after] for parts in _parallel(claim) for part in parts]
    return any(
        any(_is_crossed(tokens, parts) for tokens in said) or sum(_is_crossed(piece, parts) for piece in _pieces(claim, said[0], parts)) > 1
        for parts in _parallel(sentence)
    )


def _pieces(claim: str, tokens: Sequence[Token], parts: Sequence[_Part]) -> list[Sequence[Token]]:
    """A claim that has the values of several parts, cut where another part begins between two of them; nothing where none does."""
    text = spelt_out(claim)
    values = [token for part in parts for token in part.value]
    places = [place for place, token in enumerate(tokens) if token.is_in(values) or any(token.text == value.text for value in values)]
    cuts = [_cut(text, tokens, before + 1, after) for before, after in pairwise(places)]
    starts = sorted({0, *(cut for cut in cuts if cut is not None)})
    return [tokens[start:end] for start, end in pairwise([*starts, len(tokens)])] if len(starts) > 1 else []


def _is_crossed(claim: Sequence[Token], parts: Sequence[_Part]) -> bool:
    said = _keys(claim)
    stems = {token.stem for token in claim}
    own_values = _own([{token.stem for token in part.value} for part in parts])
    told = []
    for place, part in enumerate(parts):
        value = [token for token in part.value if token.stem in own_values[place]]
        if any(token.is_in(claim) if token.value is not None else token.stem in stems for token in value):
            told.append(place)
    if len(told) != 1 or any(token.folded in BACK for part in parts[1:] for token in (*part.before, *part.after)):
        return False
    labels = _labels(parts)
    own = labels.pop(told[0])
    return bool(own) and not own & said and any(label & said for label in labels)


def _labels(parts: Sequence[_Part]) -> list[set[Key]]:
    """The words that tell each part from the others: those before the values, or, where the later parts have none of their own there, those after."""
    ahead = [_contents(part.before) for part in parts]
    behind = [_contents(part.after) for part in parts]
    if all(set(later) - set(ahead[0]) for later in ahead[1:]):
        longest = max(map(len, ahead[1:]))
        chosen = [ahead[0][-longest:], *ahead[1:]]  # What comes before that is said of them all.
    else:
        longest = max(map(len, behind[:-1]))
        chosen = [*behind[:-1], behind[-1][:longest]]
    return _own([set(words) for words in chosen], [{*before, *after} for before, after in zip(ahead, behind, strict=True)])


def _own(sets: Sequence[set[Key]], whole: Sequence[set[Key]] | None = None) -> list[set[Key]]:
    """What each has that no other has; with `whole`, that no other has of these."""
    others = whole or sets
    return [own - set().union(*(other for n, other in enumerate(others) if n != place)) for place, own in enumerate(sets)]


def _parallel(sentence: str) -> Iterator[list[_Part]]:
    """For each kind of value that a sentence has several of, the parts that hold one each."""
    text, tokens = spelt_out(sentence), tokens_of(sentence)
    if any(token.folded == "respectively" for token in tokens):
        return
    values = _values(tokens)
    for kind in dict.fromkeys(kind for kind, _, _ in values):
        for run in _runs(text, tokens, [(first, last) for of, first, last in values if of == kind]):
            ends = [*(start for start, _, _ in run[1:]), _end(text, tokens, run[-1][2])]
            parts = zip(run, ends, strict=True)
            yield [_Part(tuple(tokens[first:last]), tuple(tokens[start:first]), tuple(tokens[last:end])) for (start, first, last), end in parts]


def _runs(text: str, tokens: Sequence[Token], places: Sequence[tuple[int, int]]) -> Iterator[list[tuple[int, int, int]]]:
    """Several values that each begin another part of the sentence: where the part begins, and from where to where its value stands."""
    run = [(0, *places[0])]
    for before, after in pairwise(places):
        cut = _cut(text, tokens, before[1], after[0])
        if cut is None:
            if len(run) > 1:
                yield run
            run = []
        run.append((before[1] if cut is None else cut, *after))
    if len(run) > 1:
        yield run


def _values(tokens: Sequence[Token]) -> list[tuple[str, int, int]]:
    """The numbers and names of a sentence: of what kind, and from which token to which. Values of one kind have one unit, or the same word beside them."""
    found: list[tuple[str, int, int]] = []
    place = 0
    while place < len(tokens):
        token, before = tokens[place], tokens[place - 1].folded if place else ""
        end = place + 1
        if token.folded in OFTEN and before in OFTEN:
            pass  # "Once daily" is one value.
        elif token.value is not None or token.folded in OFTEN:
            unit = _unit(tokens, place)
            found += [(unit, place, end)] if unit else [(f"{before} …", place, end), (f"… {tokens[end].folded if end < len(tokens) else ''}", place, end)]
        elif before not in VAGUE and token.text[0].isupper() and token.folded not in STOP_WORDS:
            while end < len(tokens) and (tokens[end].text[0].isupper() or tokens[end].text.isdecimal()):
                end += 1
            found.append((f"{before} name", place, end))
        place = end
    return [value for value in found if not JOINS.intersection(value[0].split())]


def _unit(tokens: Sequence[Token], place: int) -> str:
    """What measures a number: the kind of its unit, or a degree; "" where nothing does."""
    after = tokens[place + 1].stem if place + 1 < len(tokens) else ""
    if tokens[place].folded in OFTEN:
        after = "year"
    elif place and tokens[place - 1].text in MONEY:
        after = "dollar"
    return f"unit {FAMILY[after]}" if after in FAMILY else after if after == "°" else ""


def _cut(text: str, tokens: Sequence[Token], start: int, end: int) -> int | None:
    """The place of the last token between two values that begins another part, one that clearly does if there is any; None where none does."""
    places = [place for place in range(start, end + 1) if _begins(text, tokens, place)]
    clear = [place for place in places if broken(text, tokens, place) and tokens[place].folded in CLEAR]
    return max(clear or places, default=None)


def _begins(text: str, tokens: Sequence[Token], place: int) -> bool:
    """Whether a comma stands before a token, or it joins what comes after it."""
    return tokens[place].folded in JOINS or broken(text, tokens, place)


def _end(text: str, tokens: Sequence[Token], start: int) -> int:
    return next((place for place in range(start, len(tokens)) if _begins(text, tokens, place)), len(tokens))


def _contents(tokens: Sequence[Token]) -> list[Key]:
    found: list[Key] = []
    for token in tokens:
        if token.value is not None:
            found.append(token.value)
        elif "-" in token.folded:  # "Out-of-network care" is care out of network.
            found += [stem(part) for part in token.folded.split("-") if part not in EMPTY]
        elif token.folded not in EMPTY:
            found.append(token.stem)
    return found


def _keys(tokens: Sequence[Token]) -> set[Key]:
    return set(_contents(tokens))


# --- Between sentences -----------------------------------------------------------------------------------


class Mix(Enum):
    """Whether a claim mixes up what several sentences say."""

    NONE = "none"
    PERHAPS = "perhaps"
    SURELY = "surely"


def mixed(claim: str, sentences: Sequence[str]) -> Mix:
    """Whether a claim has, within one clause, words that only one of some sentences has and words that only another has, of whose head it says nothing.

    "The slide was repaired" over "The slide was closed" and "The swing was repaired"; not "The slide was closed, and the swing repaired".
    Surely where it has, of two values of a kind, that of the other sentence, or says "it" of what another sentence is about.
    """
    told = [tokens_of(sentence) for sentence in sentences]
    contents = [_keys(tokens) for tokens in told]
    only = _own(contents)
    parts: list[set[Key]] = []
    pointed = False
    for clause in clauses(claim):
        first = next((token.folded for token in clause if token.folded not in JOINS), "")
        if parts and first in BACK:  # It speaks of what the clause before it speaks of.
            parts[-1] |= _keys(clause)
            pointed = True
        else:
            parts.append(_keys(clause))
    shared = [clause for clause in parts if sum(bool(own & clause) for own in only) > 1]
    if not shared:
        return Mix.NONE
    said = set().union(*parts)
    if any(_swaps(clause, said, told, only) for clause in shared):
        return Mix.SURELY
    if len(said.difference(*contents)) > max(1, FREE * len(said)):
        return Mix.NONE
    if any(_is_elsewhere(said, tokens) for tokens, own in zip(told, only, strict=True) if own & said):
        return Mix.SURELY if pointed else Mix.PERHAPS
    return Mix.NONE


def turned(claim: str, sentences: Sequence[str]) -> bool:
    """Whether a claim says of one thing what some sentences, or their statements, say of another, and of that what they say of the one.

    "The guests clean the hall and the caretaker locks it" over "The caretaker cleans the hall. The guests lock it."
    """
    said = [_keys(tokens_of(part)) for part in SEAMS.split(claim)]
    if len(said) < 2:
        return False
    whole = list(map(tokens_of, sentences))
    parts = [tokens_of(part) for sentence in sentences for clause in SEMICOLON.split(sentence) for part in statements(clause)]
    return any(_is_turned(said, [(_keys(tokens), subject(tokens)) for tokens in told]) for told in (whole, parts) for subject in SUBJECTS)


def _is_turned(said: Sequence[set[Key]], told: Sequence[tuple[set[Key], set[Key]]]) -> bool:
    """`told` has, of each sentence, its words and those of its subject."""
    for (keys, subject), (its, its_subject) in combinations(told, 2):
        head, rest = subject - its, keys - its - subject
        its_head, its_rest = its_subject - keys, its - keys - its_subject
        if not (head and its_head):
            continue
        # Of which of both each statement speaks, by its head and by the rest.
        ways = {(_more(_share(head, part), _share(its_head, part)), _more(len(rest & part), len(its_rest & part))) for part in said}
        if {(1, -1), (-1, 1)} <= ways:
            return True
    return False


def _share(own: set[Key], said: set[Key]) -> float:
    return len(own & said) / len(own)


def _more(one: float, other: float) -> int:
    """1 where the one is more, -1 where the other is, 0 where neither is."""
    return (one > other) - (one < other)


def _subject(tokens: Sequence[Token], *, named: bool = False, most: int = HEAD) -> set[Key]:
    """The first content words up to a verb, which a word in -s is after a name if that is `named`; none where it begins with a word that points elsewhere."""
    found: list[Key] = []
    for before, token in zip([None, *tokens], tokens, strict=False):
        if token.folded in POINTING and not (token.text.isupper() and len(token.text) > 1):  # "IT" is no "it".
            break
        third = named and before is not None and before.text[0].isupper() and token.text.endswith("s")
        if len(found) >= most or (found and token.text[0].islower() and (token.folded in VERBS or looks_like_verb(token.folded) or third)):
            break
        found += _contents([token])
    return set(found)


SUBJECTS = (_subject, partial(_subject, named=True), partial(_subject, most=1))
"""Where a subject ends is not sure without a grammar: "Haldane expects", "Average days", "The caretaker cleans"."""


def elsewhere(claim: str, sentence: str) -> bool:
    """Whether a sentence begins with what a claim says nothing of."""
    return _is_elsewhere(_keys(tokens_of(claim)), tokens_of(sentence))


def _is_elsewhere(said: set[Key], sentence: Sequence[Token]) -> bool:
    head = _head(sentence)
    return bool(head) and 2 * sum(key in said for key in head) <= len(head)


def _swaps(clause: set[Key], said: set[Key], told: Sequence[list[Token]], only: Sequence[set[Key]]) -> bool:
    """Whether a clause has the words of one sentence, all of whose values of a kind the claim leaves out, with another's value of that kind."""
    numbers = [_numbers(tokens) for tokens in told]
    for place, own in enumerate(only):
        for kind, values in numbers[place].items() if own & clause else ():
            others = [other.get(kind, set()) & only[n] & clause for n, other in enumerate(numbers) if n != place]
            if any(others) and not values & said:
                return True
    return False


def _numbers(tokens: Sequence[Token]) -> dict[str, set[Key]]:
    """The numbers of a sentence by the kind of their unit, if they have one."""
    found: dict[str, set[Key]] = {}
    for place, token in enumerate(tokens):
        if token.value is not None:
            found.setdefault(_unit(tokens, place), set()).add(token.value)
    return found


def _head(tokens: Sequence[Token]) -> list[Key]:
    """The first content words of a sentence, up to its verb, as far as that is told; none where it begins with a word that points elsewhere."""
    found: list[Key] = []
    for token in tokens:
        if token.folded in POINTING:
            return found
        if token.folded in VERBS or len(found) == HEAD:
            break
        found += _contents([token])
    return found
