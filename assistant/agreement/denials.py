"""Rules for what is denied: a word that one side denies and the other says, matter by matter."""

from collections.abc import Sequence
from itertools import pairwise

from assistant.agreement.case import Case, Matter
from assistant.agreement.figures import AT_LEAST, words_before
from assistant.clauses import CONTRASTS, HELPS, LEADS, clauses
from assistant.quantities import Token
from index.words import STOP_WORDS, stem

NEGATIONS = frozenset("not no never none neither nor cannot without nobody nothing nowhere".split())
DENIES = frozenset(map(stem, "refuse deny fail lack forbid prohibit ban exclude reject prevent decline".split()))
TO_DO = frozenset(map(stem, ("fail", "decline")))
"""These deny only what one fails, or declines, to do."""
RUBBISH = frozenset("and or of the household domestic garden collection collections bin bins disposal sack sacks chute room area".split())
"""Words beside "refuse" where it is what is thrown away."""
SET_ASIDE = frozenset({("instead", "of"), ("rather", "than"), ("left", "out"), ("leave", "out"), ("leaving", "out")})
"""What sets aside what comes after it: no denial, but what is denied on the other side agrees with it."""
NOTHING = frozenset(("nothing", "nobody"))
"""What denies the verb before it: "cost the Trust nothing"."""
TAXES = frozenset("vat tax taxes duty".split())
"""What a sum is told before, or excludes."""
NEEDS = frozenset("need needs needed require requires required must only".split())
"""What says with no denial that something goes not without something."""
FEWER = frozenset("fewer less closer lower smaller shorter younger nearer".split())
REACH = 4
"""Words after a negation that it may stand for."""


def matters_of(claim: str, sentences: Sequence[list[Token]], contents: Sequence[set[str]], nearest: int) -> list[Matter]:
    """Each sentence with the clauses of the claim most of whose words it has, more than any other has; the nearest sentence with the rest."""
    shared: dict[int, list[Token]] = {}
    for clause in clauses(claim):
        words = content_stems(clause)
        counts = [len(words & content) for content in contents]
        best = max(counts)
        clear = counts.count(best) == 1 and 2 * best >= max(len(words), 4)
        shared.setdefault(counts.index(best) if clear else nearest, []).extend(clause)
    return [_matter(said, sentences[n]) for n, said in shared.items()]


def negation(case: Case) -> bool:
    """What the evidence denies and the claim says, where the claim denies nothing."""
    return any(matter.dropped and not matter.denied for matter in case.matters)


def denial(case: Case) -> bool:
    """A word that is denied on one side and said on the other, in any other way: perhaps the same in other words, "is not open" over "is closed"."""
    return any(matter.added or matter.dropped for matter in case.matters) and not negation(case)


def _matter(said: Sequence[Token], known: Sequence[Token]) -> Matter:
    """What a claim says of a sentence's matter, beside that sentence."""
    denied, known_denied = denied_words(said), denied_words(known)
    if _only_with(said, known) or _only_with(known, said):
        return Matter(denied, set(), set())
    dropped = (known_denied & content_stems(said)) - denied - _set_aside(said)
    stems = [token.stem for token in known]  # A word that stands there both denied and not settles nothing.
    return Matter(
        denied,
        added=(denied & content_stems(known)) - known_denied - _set_aside(known),
        dropped={word for word in dropped if stems.count(word) < 2},
    )


def _only_with(one: Sequence[Token], other: Sequence[Token]) -> bool:
    """Whether one says by two denials what the other says by none: "not without a permit", "needs one"; "no trip with fewer than two", "at least two"."""
    there = [token.folded for token in other]
    place = next((place for place, token in enumerate(one) if token.folded in NEGATIONS), len(one))
    rest = one[place + 1 :]
    if not NEGATIONS.isdisjoint(there):
        return False
    if any(token.folded == "without" for token in rest):
        return not NEEDS.isdisjoint(there)
    than = next((n for n, (word, after) in enumerate(pairwise(rest), 1) if word.folded in FEWER and after.folded == "than"), None)
    if than is None:
        return False
    values = {token.value for token in rest[than + 1 : than + 3] if token.value is not None}
    if not values:
        return ("at", "least") in pairwise(there)
    return any(token.value in values and AT_LEAST.search(words_before(other, n)) for n, token in enumerate(other))


def content_stems(tokens: Sequence[Token]) -> set[str]:
    return set(_content(tokens))


def _content(tokens: Sequence[Token]) -> list[str]:
    """The stems of the content words, in order."""
    return [token.stem for token in tokens if token.value is None and token.folded not in STOP_WORDS]


def denied_words(tokens: Sequence[Token]) -> set[str]:
    """The first content word after each negation, within reach; "not only", "no later than" deny nothing."""
    found = set()
    for place, token in enumerate(tokens):
        after = tokens[place + 1 : place + 1 + REACH]
        free_of = token.folded == "free" and [word.folded for word in after[:1]] == ["of"]
        if token.folded == "not" and place and tokens[place - 1].folded == "or":
            continue  # "Whether or not".
        if not free_of and token.folded not in NEGATIONS and (token.stem not in DENIES or _is_something(tokens, place)):
            continue
        if after and after[0].folded in ("only", "later", "less", "more", "fewer", "earlier", "just", "least"):
            continue
        if after and after[0].folded == "longer":  # "No longer sold" denies; "no longer than two years" does not.
            after = [] if after[1:2] and after[1].folded == "than" else after[1:]
        found.add(_first_content(after))
    return found - {""}


def _is_something(tokens: Sequence[Token], place: int) -> bool:
    """Whether "refuse" is what is thrown away ("refuse collection", "water and refuse"); or a firm fails and sales decline, but not to do something."""
    after = tokens[place + 1 : place + 2]
    around = {token.folded for token in (*tokens[max(0, place - 1) : place], *after)}
    return (tokens[place].folded == "refuse" and bool(around & RUBBISH)) or (tokens[place].stem in TO_DO and [token.folded for token in after] != ["to"])


def _set_aside(tokens: Sequence[Token]) -> set[str]:
    """The first content words after each "instead of", "except" and the like: "rather than whole schools"; the last ones before each "nothing"; a tax that
    a sum is told before.
    """
    pairs = [after for after, (one, other) in enumerate(pairwise(tokens), 2) if (one.folded, other.folded) in SET_ASIDE]
    lone = [after for after, token in enumerate(tokens, 1) if token.folded in ("except", "excepting", "excluding", "unless")]
    verbs = {word for n, token in enumerate(tokens) if token.folded in NOTHING for word in _content(tokens[max(0, n - REACH) : n])[-2:]}
    taxes = {token.stem for before, token in pairwise(tokens) if before.folded == "before" and token.folded in TAXES}
    return {word for after in (*pairs, *lone) for word in _content(tokens[after : after + REACH])[:2]} | verbs | taxes | _left_to(tokens)


def _left_to(tokens: Sequence[Token]) -> set[str]:
    """The words of a part of a sentence that ends by denying what was said before: "the pump is covered, but the seal and the lamp are not"."""
    found: set[str] = set()
    said = [token.folded for token in tokens]
    for place, word in enumerate(said):
        if word == "not" and said[max(0, place - 1)] in HELPS and set(said[place + 1 : place + 2]) <= LEADS:
            starts = [n for n in range(place) if said[n] in CONTRASTS or (said[n] == "and" and not HELPS.isdisjoint(said[:n]))]
            found |= content_stems(tokens[max(starts, default=0) : place])
    return found


def _first_content(tokens: Sequence[Token]) -> str:
    return next(iter(_content(tokens)), "")
