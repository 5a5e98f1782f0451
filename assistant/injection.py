"""Sentences that are written to a language model and not to a reader: they are neither quoted nor offered as evidence.

Rules over words, in English. An instruction that is worded like an ordinary sentence is not seen here; what a model
makes of it still has to pass the check.
"""

import re
import unicodedata
from collections.abc import Sequence

MODEL = r"(?:AIs?|A\.I\.|LLMs?|GPT\S*|Claude|chat-?bots?|assistants?|(?:language|AI|chat)\ models?|AI\ \w+)"
ORDERS = r"(?:instructions?|prompts?|rules?|directions?|guidelines?|guidance|directives?|commands?|constraints?|safety|filters?)"
EARLIER = r"(?:previous|prior|above|earlier|preceding|foregoing|all|any|your|these|those|system|original|existing|other|everything)"
REPLY = r"(?:answers?|responses?|repl(?:y|ies)|outputs?|summar(?:y|ies))"
IGNORE = r"(?:ignor\w*|disregard\w*|forget\w*|overrid\w*|bypass\w*|overwrit\w*|discard\w*|do\ not\ follow|don['’]t\ follow|stop\ following)"
SAYS = r"(?:respond|reply|answer|say|state|output|ignore|tell|write|claim|include|append|cite|recommend|print|follow|obey|mention|insist|summari[sz]e)"

PEOPLE = r"(?<!teaching\ assistant)(?<!each\ assistant)(?!\s+(?:professor|director|manager|editor|secretary|coach|surgeon))"

STRONG = re.compile(
    rf"""
    \b{IGNORE}\b [^.!?]{{0,40}} \b{EARLIER}\b [^.!?]{{0,40}} \b(?:{ORDERS}|context|documents?|sources?|sentences?|evidence|citations?|question)\b
    | \b{IGNORE}\b [^.!?]{{0,20}} \b{ORDERS}\s+(?:above|before)\b
    | \b{IGNORE}\s+(?:all\ of\ |everything\ |anything\ |all\ |the\ |what(?:ever)?\ )?(?:is\ |was\ |you\ were\ |you\ have\ been\ )?
        (?:above|before|preceding|previous|foregoing|told|so\ far)\b (?=\s*(?:[.,;:!]|and\b|text|content|$))
    | \boverrid\w*\s+(?:all|any|every)\s+(?:earlier|previous|prior|other)\b | ^\W*override\W*[:.]
    | \b(?:system|developer|hidden|secret)\s+(?:prompt|instructions?|override)\b | \bnew\ (?:system\ )?(?:instructions?|task|prompt)\s*:
    | \b(?:message|note|order|update)\s+from\s+(?:the\ |your\ |its\ )?(?:developers?|system|administrators?|creators?|operators?)\b
    | \b(?:in(?:to)?|enter|enable|activate)\s+(?:developer|debug|admin|god|DAN|jailbreak|unrestricted)\s+mode\b | \bjail-?br(?:eak|oken)\b
    | \byou\s+(?:are\ now|are\ no\ longer|must\ now|will\ now|shall\ now)\b | \bfrom\s+(?:now|this\ point)\s+on(?:wards?)?,?\s+you\s+(?:must|are|will|shall)\b
    | (?:^|[,;:]\s+|\bplease\s+|\byou\ (?:must|should|will)\s+)(?:now\s+)?(?:pretend|act|behave|role-?play|respond|answer)
        \s+(?:to\ be|that\ you\b|as\ if|as\ though|as\ an?\b|like\ an?\b)
    | \b(?:reveal|print|repeat|output|leak|disclose|exfiltrate|paste)\b
        [^.!?]{{0,40}} \b(?:prompts?|instructions?|api\ keys?|secrets?|credentials|chat\ history)\b
    | \b(?:dear|attention|note\ to|notice\ to|message\ to|instructions?\ (?:to|for)|if\ you\ are\ an?|you\ are\ an?|as\ the|hey|hello)
        [,:]?\s+(?:\w+\s+){{0,2}}{MODEL}\b{PEOPLE}
    | \b{MODEL}\b{PEOPLE} [^.!?]{{0,40}}
        \b(?:must|should|shall|ha(?:s|ve)\ to|(?:is|are)\ required\ to|will\ now|needs?\ to)\s+(?:\w+\s+)?{SAYS}\b
    | \byour\ {REPLY}\ (?:must|should|shall|has\ to|have\ to|will)
        \ (?:always\ |only\ )?(?:begin|start|end|include|contain|mention|say|be\ (?:exactly|only))\b
    | \bin\ your\ {REPLY}\b | \byour\ (?:new|real|only|true|next)\ (?:task|job|goal|purpose|role|objective|mission|instructions?)\ (?:is|are)\b
    | \bwhen\ (?:answering|responding|replying|summari[sz]ing|you\ (?:answer|respond|reply|summari[sz]e))\b
        [^.!?]{{0,60}} \b(?:always|never|only|must|{SAYS})\b
    | (?:^|[,;:]\s+)(?:please\ )?(?:do\ not|don['’]t|never|stop|refuse\ to)
        \s+(?:cit(?:e|ing)|summari[sz](?:e|ing)|answer(?:ing)?\ (?:the|any|this|questions?)|mention(?:ing)?\ (?:this|these)
        |us(?:e|ing)\ the\ (?:documents?|sources?|context))
    | ^\W*translate\ (?:everything|all|your|the\ answer)\b | \bskip\ (?:all|any|the)\ (?:checks?|safety|filters?|rules?)\b
    | ^\W*(?:system|assistant|human|end\ of\ (?:document|context|data|evidence)|begin\ (?:new\ )?instructions?)
        \s*(?:\]|\)|>|\#)*\s*:
    | ^\W*end\ of\ (?:the\ )?(?:document|context|data|evidence|text)\W*$
    | <\|[^|>]*\|> | \[/?INST\] | <</?SYS>> | </?(?:system|assistant|user|instructions?|prompt|human|s)\s*/?>
    | ^\W*\#{{2,}}\s*(?:system|instructions?|assistant|user|response)\b
    | !\[[^\]]*\]\([^)]*\) | <img\b | javascript:\S | \]\(\s*(?:data:|javascript:)
    """,
    re.IGNORECASE | re.VERBOSE,
)  # fmt: skip
DENIED = re.compile(rf"\b(?:not|never|cannot|nobody may|no one may)\s+(?:{IGNORE}|disclose|reveal|share)", re.IGNORECASE | re.VERBOSE)
"""What forbids people to ignore or to disclose something is no order to ignore or to disclose it."""
ASKS = re.compile(
    r"^\W*(?:(?:instead|then|now|please|always|only|simply|just|and|so),?\s+)*"
    rf"(?:respond|reply|answer|say|output|tell|claim|insist|cite|recommend|(?:begin|start|end) your {REPLY})\b",
    re.IGNORECASE,
)
"""How an instruction to say something begins; people are told such things too."""
SIGNS = (
    re.compile(rf"\b(?:the|your|every|each|any|all)\s+(?:users?|{REPLY}|conversation|reader|asker)\b|\bquestions?\s+(?:by|with)\b", re.IGNORECASE),
    re.compile(rf"\b(?:{MODEL}|prompt)\b"),
    re.compile(r"\b(?:only|exactly|nothing else|no matter|regardless|word for word|with the (?:word|text|phrase|sentence|string)|whatever)\b", re.IGNORECASE),
    re.compile(r"[\"“'‘][^\"”'’]{2,80}[\"”'’]"),
    re.compile(r"\[\d+\]|https?://|\b[A-Z]{6,}\b"),
)
"""What tells, in a sentence that asks for something to be said, that a model is asked."""
GOES_ON = re.compile(
    r"^\W*(?:instead|then|and|now|also|next|finally|you|your|do not|don['’]t|never|always|only|simply|just|respond|reply|answer|say|output|print|tell"
    r"|write|state|claim|include|append|cite|remember|important|failure|obey|comply)\b",
    re.IGNORECASE,
)
"""How a sentence begins that goes on with the instruction before it."""


def instructs(sentence: str) -> bool:
    """Whether a sentence is an instruction to a language model, a turn of a conversation with one, or an image that calls out."""
    sentence = " ".join(unicodedata.normalize("NFKC", sentence).split())
    if DENIED.search(sentence):
        return False
    return bool(STRONG.search(sentence)) or (bool(ASKS.search(sentence)) and any(sign.search(sentence) for sign in SIGNS))


def instructions(sentences: Sequence[str]) -> list[bool]:
    """Which of the sentences of a passage, in order, are instructions, or go on with one."""
    found: list[bool] = []
    for sentence in sentences:
        goes_on = bool(found) and found[-1] and GOES_ON.match(sentence) is not None
        found.append(goes_on or instructs(sentence))
    return found
