"""The questions that one question is made of, each made to stand alone: "When was it built, and who paid for it?" asks two. Pure rules, in English."""

import re
from collections.abc import Sequence

from assistant import followup
from index.words import content_words, words

ASKING = r"(?:(?:in|at|by|for|from|of|on|to|under|with) )?(?:what|who|whom|whose|when|where|why|which|how)\b"
AUXILIARY = r"(?:is|are|was|were|do|does|did|has|have|had|can|could|may|might|must|should|will|would)\b"
INVERTED = r"(?:(?:do|does|did|can|could|may|might|must|should|will|would) \w|(?:is|are|was|were|has|have|had) (?:there|it|he|she|they|this|that)\b)"
"""How a question begins that asks yes or no; not "was the", which goes on with what was said: "Who left Paris and was the first to fly?"."""
AND = re.compile(rf"\?\s+(?=\S)|[,;]?\s+and\s+(?:also\s+)?(?={ASKING}|{INVERTED})", re.IGNORECASE)
COMMA = re.compile(rf",\s+(?={ASKING} {AUXILIARY})", re.IGNORECASE)
"""What parts three questions or more, the last of them after "and"."""
BEGINS = re.compile(rf"(?:^|[,.:;!])\W*(?:(?:and|but|so|also|then|please)\b\W*)?(?:{ASKING}|{AUXILIARY}|explain|describe|tell)\b", re.IGNORECASE)
"""How a part asks, whatever leads to it: "In the lease, who …"."""
LEAST_WORDS = 3
"""Of each part: "when and where?" asks for one thing."""
MOST = 4
"""Parts that are looked at by themselves: each is searched for."""


def parts_of(question: str) -> list[tuple[str, str]]:
    """The two to four questions that one is made of, each as it is asked and as it stands alone; empty where it asks but one.

    A part that leans on those before it is made to stand alone as a follow-up is; another takes the names in them along, and what leads to the first.
    """
    question, carried = followup.taken_apart(question)
    pieces = AND.split(question)
    if len(pieces) > 1:
        pieces = [piece for part in pieces for piece in COMMA.split(part)]
    asked = [f"{part.strip(' ,;?')}?" for part in map(str.strip, pieces)]
    asking = [BEGINS.search(part) for part in asked]
    if not 1 < len(asked) <= MOST or not all(asking) or any(len(words(part)) < LEAST_WORDS for part in asked):
        return []
    lead = asked[0][: asking[0].start()] if asking[0] else ""
    return [(part, f"{part} {carried}" if carried else _alone(part, asked[:place], lead)) for place, part in enumerate(asked)]


def _alone(part: str, before: Sequence[str], lead: str) -> str:
    if not before:
        return part
    if followup.leans(part) or len(content_words(part)) < 2:
        return followup.standalone(part, [(asked, "") for asked in before])
    named = [] if any(followup.names(part)) else [name for asked in before for name in followup.names(asked)]
    carried = dict.fromkeys(word for text in (lead, *named) for word, _ in content_words(text))
    return f"{part} ({' '.join(carried)})" if carried else part
