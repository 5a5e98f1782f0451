"""Answers what is asked about the conversation or the documents themselves, and names the documents that a request means. Pure."""

import re
from collections.abc import Callable, Sequence

from assistant.followup import History
from index.words import content_words, words

MOST_LISTED = 50
THINGS = r"(?:documents?|files?|sources?|papers?|texts?|pdfs?)"
ORDINALS = "first second third fourth fifth sixth seventh eighth ninth tenth".split()


def _any(*patterns: str, whole: bool = False) -> re.Pattern[str]:
    """A pattern of alternatives; with `whole` one of them must be all there is, but for punctuation."""
    either = "|".join(patterns)
    return re.compile(rf"^\W*(?:{either})\W*$" if whole else either, re.IGNORECASE)


HERE = r"(?: (?:you have|you know|there are|there|here|in (?:the|your|my) (?:index|library)))"
WHICH_DOCUMENTS = _any(
    rf"(?:can you |please )?(?:list|show|name|tell me)\b(?: (?:of|all|my|your|the|which|what|indexed))+ {THINGS}{HERE}?",
    rf"(?:what|which)\s+{THINGS}\s+(?:do you (?:have|know|see|hold)|are (?:there|indexed)|have you read|did you read|were indexed)(?: (?:here|now|so far))?",
    rf"(?:what|which)\s+{THINGS}\s+(?:are in (?:the|your|my) (?:index|library)|can (?:you|i) (?:see|read|ask|use))(?: about)?",
    rf"what (?:is|'s) in (?:the|your|my) (?:index|library|{THINGS})",
    rf"how many {THINGS} (?:do you (?:have|know|see)|are (?:there|indexed|in the index)|have you (?:read|got)|did you read)",
    whole=True,
)
WHEN = r"(first|second|third|last|previous|before|just|so far|already|earlier)"
ASKED = _any(
    rf"what (?:did i|have i|was i) (?:{WHEN} )?ask(?:ed)?(?: you)?(?: about)?(?: {WHEN})?",
    rf"what (?:was|were|is|are) my (?:{WHEN} )?questions?(?: {WHEN})?",
    whole=True,
)
ANSWERED = _any(
    r"what did you (?:just )?(?:say|answer)|what was your (?:last |previous )?answer",
    r"(?:please )?(?:repeat|say) (?:that|it|your (?:last )?answer)(?: again)?",
    whole=True,
)
HELP = _any(
    r"hi|hello|hey|help|good (?:morning|evening|afternoon)", r"(?:who|what) are you|how do you work", r"what can you do|what can i ask(?: you)?", whole=True
)
THANKS = _any(r"thanks?(?: you)?(?: very much| a lot)?|great|ok(?:ay)?|perfect|good|bye|goodbye", whole=True)

END = r"(?=\W*$|,? (?:and|with|to|or|from|in|for|please)\b)"
ORDINAL = _any(
    rf"\b(?:the )?({'|'.join(ORDINALS)}|last)(?: (?:one|{THINGS}))\b{END}",
    rf"\bthe ({'|'.join(ORDINALS)}|last)(?= (?:and|with|to|or) the (?:{'|'.join(ORDINALS)}|last) (?:one|{THINGS})\b{END})",
    rf"\b{THINGS} (?:number |no\.? ?|#)?(\d{{1,3}})\b",
)
ASKING = (
    r"^\W*(?:(?:can|could|would|will) you |please |give me |i (?:want|need|would like) |show me |write |make |what is |what are |what's |how do |how does )*"
)
SUMMARY = _any(
    rf"{ASKING}(?:to )?(?:(?:a|an|the|short|brief|quick|me) )*(?:summari[sz]e|summary|overview|gist|tl;?dr|sum up)\b",
    rf"{ASKING}(?:the )?(?:main|key) (?:points?|ideas?|topics?|findings?|takeaways?) (?:of|in|from)\b",
    rf"^\W*what (?:is|are) (?:it|this|that|these|those|the (?:{'|'.join(ORDINALS)}|last) (?:one|{THINGS})) about\W*$",
    rf"^\W*what (?:is|are) (?:the|this|that|my|your|these|those|all|both) [\w\s-]{{0,30}}?{THINGS} about\W*$",
)
COMPARISON = _any(
    rf"{ASKING}(?:to )?(?:(?:a|the) )?(?:compare|comparison|contrast)\b",
    rf"{ASKING}(?:the )?(?:main )?(?:differences?|similarit\w+) between\b|^\W*what do .{{0,60}} have in common\W*$",
)
THIS = _any(r"\b(?:it|this|that)\W*$", r"\b(?:this|that|the|the same) (?:document|file|source|paper|text|pdf)\b")
EVERY = _any(
    r"\b(?:all|both|every|each|my|your|these|those|the)\b[^?]{0,12}\b(?:documents|files|sources|papers|texts|pdfs)\b",
    r"\b(?:both|everything|them all|all of them)\W*$",
)


def told(question: str, history: History, listed: Callable[[], Sequence[tuple[str, str]]]) -> str | None:
    """What there is to say of the conversation or the documents, where that is what is asked; None where it is not.

    `listed` gives the (id, title) of every document; it is called only where they are asked about.
    """
    if WHICH_DOCUMENTS.match(question):
        return _listed(listed())
    if match := ASKED.match(question):
        return _asked(history, next((group.lower() for group in match.groups() if group), ""), question)
    if ANSWERED.match(question) and history:
        return f"I answered: {history[-1][1]}" if history[-1][1] else "I answered that the documents do not say."
    if HELP.match(question):
        return (
            f"I answer questions from {_count(listed())}, and show for every sentence where it stands. What the documents do not say, I decline."
            " Ask a question, ask for a summary of a document, or ask which documents there are."
        )
    return "You are welcome. Ask on whenever you like." if THANKS.match(question) else None


def _listed(documents: Sequence[tuple[str, str]]) -> str:
    lines = [f"{number}. {id}" if title in id else f"{number}. {title} ({id})" for number, (id, title) in enumerate(documents[:MOST_LISTED], 1)]
    more = [f"… and {len(documents) - MOST_LISTED} more."] if len(documents) > MOST_LISTED else []
    return "\n".join([f"I have {_count(documents)}{':' if documents else '.'}", *lines, *more])


def _count(documents: Sequence[tuple[str, str]]) -> str:
    return f"{len(documents)} document{'' if len(documents) == 1 else 's'}" if documents else "no documents"


def _asked(history: History, which: str, question: str) -> str:
    if not history:
        return "This is the first question of our conversation."
    if which in ORDINALS[:3]:
        place = ORDINALS.index(which)
        return f"Your {which} question was: “{history[place][0]}”" if place < len(history) else f"You have asked {len(history)} so far."
    if which in ("last", "previous", "before", "just") or (not which and not re.search(r"\bquestions\b|\bhave i\b", question, re.IGNORECASE)):
        return f"Your last question was: “{history[-1][0]}”"
    return "\n".join(["So far you asked:", *(f"{number}. {asked}" for number, (asked, _) in enumerate(history, 1))])


# --- Which documents a request means ----------------------------------------------------------------------


def summarises(question: str) -> bool:
    """Whether a summary is asked for."""
    return SUMMARY.search(question) is not None


def compares(question: str) -> bool:
    """Whether a comparison is asked for."""
    return COMPARISON.search(question) is not None


def meant(question: str, documents: Sequence[tuple[str, str]], shown: Sequence[str]) -> tuple[str, ...]:
    """The ids of the documents that a request names: by number, by name or title, as "this" (those `shown` last), or as all. Empty where it names none."""
    found = [documents[place][0] for place in _places(question, len(documents))]
    found += [id for id, title in documents if id not in found and _names(question, id, title)]
    if found:
        return tuple(dict.fromkeys(found))
    if EVERY.search(question) or (len(documents) == 1 and THIS.search(question)):
        return tuple(id for id, _ in documents)
    return tuple(dict.fromkeys(shown)) if THIS.search(question) else ()


def _places(question: str, count: int) -> list[int]:
    """The places in the list of documents that a question numbers."""
    places = []
    for match in ORDINAL.finditer(question):
        word = (match[1] or match[2] or "").lower()
        place = int(match[3]) - 1 if match[3] else count - 1 if word == "last" else ORDINALS.index(word)
        if 0 <= place < count:
            places.append(place)
    return places


def _names(question: str, id: str, title: str) -> bool:
    """Whether a question holds a document's file name, or most of the words of it or of its title."""
    stem = re.sub(r"\.\w+$", "", id.rsplit("/", 1)[-1])
    if re.search(rf"(?<!\w){re.escape(stem)}(?!\w)", question, re.IGNORECASE):
        return True
    asked = {stemmed for _, stemmed in words(question)}
    return any(len(own) > 1 and own <= asked for own in ({s for _, s in content_words(re.sub(r"[_-]+", " ", name))} for name in (stem, title)))
