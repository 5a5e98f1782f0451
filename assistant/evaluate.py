"""Measures retrieval, citations and refusals on questions whose answers are known. Pure but for asking them."""

import json
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assistant.answer import Assistant, require_question
from assistant.errors import QuestionError, QuestionsError
from index.types import Hit

DEPTHS = (1, 3, 8, 20)
"""Of retrieval: how often one of so many chunks holds the answer."""
BINS = 10
SAMPLES, SURE = 2_000, 0.975
"""Bootstrap samples; the share of them that must be worse before a difference is a regression."""
COMPARED = {"first": "first citation right", "any": "any citation right", "decided": "answered or declined right", "retrieved": f"recall@{DEPTHS[2]}"}
"""What a run is compared with its baseline by, and its name."""

Floats = NDArray[np.float64]
Track = Callable[[Sequence[Any]], Iterable[Any]]


@dataclass(frozen=True, slots=True)
class Known:
    """A question, parts of the sentences that answer it (none if the documents do not), and the document where they stand, if told."""

    question: str
    gold: tuple[str, ...]
    document: str | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a question. `rank` is of the first chunk with a gold sentence, from 1, None if none of 20 has one.

    `first` and `any`: the first citation, any of them, holds one; `right` of `cited` citations do, and `covered` of `golds`.
    """

    question: str
    answerable: bool
    found: bool
    confidence: float
    rank: int | None
    first: bool
    any: bool
    cited: int
    right: int
    covered: int
    golds: int
    ms: float


def read_known(file: Path) -> list[Known]:
    """The questions of a file of JSON lines. Raises QuestionsError with the line that is wrong."""
    try:
        lines = file.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise QuestionsError(f"{file} cannot be read ({error}): give a file of JSON lines, each with a question and its gold") from error
    known = [_known(line, f"{file}, line {number}") for number, line in enumerate(lines, 1) if line.strip()]
    if not known:
        raise QuestionsError(f'{file} holds no question: write lines like {{"question": "…", "gold": ["words of the sentence that answers"]}}')
    return known


def _known(line: str, place: str) -> Known:
    try:
        row = json.loads(line)
        gold, document = row["gold"], row.get("document")
        require_question(row["question"])
        if not isinstance(gold, list) or not all(isinstance(text, str) and text.strip() for text in gold) or not isinstance(document, str | None):
            raise QuestionsError(f'{place}: "gold" must be a list of words of sentences, and "document" a name')
        return Known(row["question"], tuple(gold), document)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise QuestionsError(f'{place} is not {{"question": "…", "gold": […]}} ({error}): mend or remove it') from error
    except QuestionError as error:
        raise QuestionsError(f"{place}: {error}") from error


def evaluate(assistant: Assistant, known: Sequence[Known], track: Track = lambda items: items) -> list[Outcome]:
    """Ask every question."""
    return [_outcome(assistant, one) for one in track(known)]


def _outcome(assistant: Assistant, known: Known) -> Outcome:
    start = time.perf_counter()
    answer = assistant.ask(known.question)
    ms = (time.perf_counter() - start) * 1000
    rights = [_gold_in(c.sentence.text, c.sentence.document.id, known) for c in answer.citations]
    covered = set().union(*rights) if rights else set()
    return Outcome(
        question=known.question,
        answerable=bool(known.gold),
        found=answer.found,
        confidence=answer.confidence,
        rank=_rank(assistant.index.search(known.question, max(DEPTHS)), known),
        first=bool(rights and rights[0]),
        any=any(rights),
        cited=len(rights),
        right=sum(map(bool, rights)),
        covered=len(covered),
        golds=len(known.gold),
        ms=round(ms, 2),
    )


def _rank(hits: Sequence[Hit], known: Known) -> int | None:
    return next((rank for rank, hit in enumerate(hits, 1) if _gold_in(hit.chunk.text, hit.chunk.document.id, known)), None)


def _gold_in(text: str, document: str, known: Known) -> set[str]:
    """The gold parts that a text of a document holds, however its lines are broken."""
    folded = _folded(text)
    return {gold for gold in known.gold if known.document in (None, document) and _folded(gold) in folded}


def _folded(text: str) -> str:
    return " ".join(text.split()).casefold()


# --- Figures -----------------------------------------------------------------------------------------------


def figures(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """Every figure by its name; None where there is nothing that it could be told of."""
    answerable = [o for o in outcomes if o.answerable]
    not_said = [o for o in outcomes if not o.answerable]
    answered = [o for o in outcomes if o.found]
    confidence, labels = np.array([o.confidence for o in outcomes]), np.array([o.answerable for o in outcomes])
    return {
        "questions": len(outcomes),
        "answerable": len(answerable),
        **{f"recall@{depth}": _mean([o.rank is not None and o.rank <= depth for o in answerable]) for depth in DEPTHS},
        "first citation right": _mean([o.first for o in answerable]),
        "any citation right": _mean([o.any for o in answerable]),
        "citation precision": _ratio(sum(o.right for o in answered), sum(o.cited for o in answered)),
        "citation recall": _ratio(sum(o.covered for o in answerable), sum(o.golds for o in answerable)),
        "answerable and answered": sum(o.found for o in answerable),
        "answerable but declined": sum(not o.found for o in answerable),
        "not said but answered": sum(o.found for o in not_said),
        "not said and declined": sum(not o.found for o in not_said),
        "answered or declined right": _mean([o.found == o.answerable for o in outcomes]),
        "AUROC of confidence": auroc(confidence, labels),
        "calibration error": calibration_error(confidence, labels),
        "reliability": reliability(confidence, labels),
        "latency ms, median": round(float(np.median([o.ms for o in outcomes])), 1),
        "latency ms, 95%": round(float(np.quantile([o.ms for o in outcomes], 0.95)), 1),
    }


def auroc(scores: Floats, labels: NDArray[np.bool_]) -> float | None:
    """The chance that a positive scores above a negative, a tie counting half (Mann-Whitney)."""
    if labels.all() or not labels.any():
        return None
    values, places = np.unique(scores, return_inverse=True)
    counts = np.bincount(places, minlength=len(values))
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[places]
    positives = int(labels.sum())
    return round(float((ranks[labels].sum() - positives * (positives + 1) / 2) / (positives * (len(labels) - positives))), 4)


def reliability(confidence: Floats, labels: NDArray[np.bool_]) -> list[dict[str, float]]:
    """The reliability diagram: for each tenth of confidence how many questions, their mean confidence, and the share that was answerable."""
    bins = np.minimum((confidence * BINS).astype(int), BINS - 1)
    return [_bin(n, confidence[bins == n], labels[bins == n]) for n in np.unique(bins).tolist()]


def _bin(number: int, confidence: Floats, labels: NDArray[np.bool_]) -> dict[str, float]:
    means = round(float(confidence.mean()), 4), round(float(labels.mean()), 4)
    return {"from": number / BINS, "questions": len(labels), "confidence": means[0], "answerable": means[1]}


def calibration_error(confidence: Floats, labels: NDArray[np.bool_]) -> float:
    """The expected calibration error: the mean distance of confidence and share over the bins, weighted by their questions (Guo et al., 2017)."""
    told = reliability(confidence, labels)
    return round(sum(one["questions"] * abs(one["confidence"] - one["answerable"]) for one in told) / len(labels), 4)


def _mean(values: Sequence[bool]) -> float | None:
    return round(float(np.mean(values)), 4) if values else None


def _ratio(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None


# --- Comparing ---------------------------------------------------------------------------------------------


def to_json(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """The figures, and every outcome: what a later run is compared with."""
    return {"figures": figures(outcomes), "outcomes": [asdict(outcome) for outcome in outcomes]}


def read_baseline(file: Path) -> list[Outcome]:
    """The outcomes of an earlier run, as `footnote eval --json` printed them. Raises QuestionsError where the file is none of its."""
    try:
        return [Outcome(**row) for row in json.loads(file.read_text("utf-8"))["outcomes"]]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise QuestionsError(f"{file} is no baseline ({error}): write one with `footnote eval QUESTIONS --json > {file.name}`") from error


def regressions(now: Sequence[Outcome], before: Sequence[Outcome]) -> list[str]:
    """What is worse than before, beyond chance: by a paired bootstrap over the questions that both runs asked. Raises QuestionsError where there is none."""
    known: Mapping[str, Outcome] = {outcome.question: outcome for outcome in before}
    pairs = [(outcome, known[outcome.question]) for outcome in now if outcome.question in known]
    if not pairs:
        raise QuestionsError("the baseline shares no question with this file: make it of the same questions")
    chance = np.random.default_rng(0)
    found = []
    for name, told in COMPARED.items():
        differences = np.array([_value(one, name) - _value(other, name) for one, other in pairs if one.answerable or name == "decided"])
        if not len(differences):
            continue
        means = differences[chance.integers(0, len(differences), (SAMPLES, len(differences)))].mean(1)
        if (means < 0).mean() >= SURE:
            found.append(f"{told}: {differences.mean():+.1%} over {len(differences)} questions")
    return found


def _value(outcome: Outcome, name: str) -> float:
    match name:
        case "first":
            return float(outcome.first)
        case "any":
            return float(outcome.any)
        case "decided":
            return float(outcome.found == outcome.answerable)
    return float(outcome.rank is not None and outcome.rank <= DEPTHS[2])
