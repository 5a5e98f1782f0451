"""Whether sentences carry a claim: what the model makes of both, joined with the rules that it misses."""

import math
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from assistant.agreement import RULES, disagreements
from assistant.evidence.candidates import logistic, verdict_of
from assistant.evidence.reader import Reader
from assistant.types import Support, Verdict

EVIDENCE = ("logit", *RULES, "constant")
"""What the probability that a claim is supported is the logistic function of a weighted sum of: the model's log odds, and each rule that is broken."""
LEAST = 1e-4


def judge_claim(reader: Reader, claim: str, evidence: Sequence[str], around: str = "") -> Verdict:
    """The verdict on a claim that is not word for word among its evidence; neither is empty. `around` is where the evidence stands: title, heading.

    A broken rule makes the verdict "unsupported"; the probability weighs it as often as it was right.
    """
    differs = disagreements(claim, evidence, around)
    weights: Mapping[str, float] = reader.card["joined"]["claim"]
    told = measured(reader.verdict(claim, evidence)[0], differs)
    probability = logistic(float(told @ [weights[name] for name in EVIDENCE]))
    hard = [name for name in differs if name != "name" or around]  # A sentence that says "he" names nobody; its title may.
    verdict = verdict_of(probability, *reader.card["joined"]["claim bars"])
    return Verdict(Support.UNSUPPORTED if hard else verdict.verdict, verdict.probability, differs)


def measured(probability: float, differs: Sequence[str]) -> NDArray[np.float64]:
    """The model's probability and the rules that are broken, as EVIDENCE, float64 (n,)."""
    sure = min(max(probability, LEAST), 1 - LEAST)
    return np.array([math.log(sure / (1 - sure)), *(name in differs for name in RULES), 1.0])
