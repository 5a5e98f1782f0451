"""Words as a search sees them: folded (case, accents, width) and stemmed as English. The only door to the stemmer.

Scripts that are written without spaces are cut into pairs of characters. Codes (`XR-7731-B`, `12.4`) count whole, too. Stop
words are not indexed. What is changed here changes the stored index: raise `index.store.FORMAT`.
"""

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache

import Stemmer

UNSPACED = (
    "\u0e00-\u0eff\u1000-\u1049\u1050-\u109f\u1780-\u17d3"
    "\u3005-\u3007\u3041-\u30fa\u30fc-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f\uac00-\ud7af"
)
"""Thai, Lao, Burmese, Khmer; Japanese, Chinese; and Korean, whose words take endings."""
INDIC = "\u0900-\u0963\u0966-\u0df3"
ACCENTS = "\u0300-\u036f\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e8\u06ea-\u06ed"
"""Marks on Latin, Greek, Cyrillic, Hebrew and Arabic letters, without which a word is the same; the vowels of other scripts are none of them."""
ACCENT = re.compile(f"[{ACCENTS}]")
LETTER = rf"(?:[^\W_{UNSPACED}]|[{INDIC}])"
REST = rf"(?:[^\W_{UNSPACED}]|[{INDIC}{ACCENTS}])*"
SPACED = rf"{LETTER}{REST}(?:'{LETTER}{REST})?"
WORD = re.compile(rf"[{UNSPACED}]+|{SPACED}")
ASCII_WORD = re.compile(r"[A-Za-z0-9]+(?:'[A-Za-z0-9]+)?")  # The same, six times as fast.
CODE = re.compile(r"(?<![\w.:/-])(?=[A-Za-z0-9_.:/-]*[0-9])[A-Za-z0-9]+(?:[_.:/-][A-Za-z0-9]+)+")
# Separators say nothing; signs do: "C++" is not "C#", "€5" not "$5", "-5" not "5", "1/5" not "1.5".
SEPARATORS = r"!\"&'()*,./:;<>?@\[\\\]`{|}~¡¿·‐-‧′″‹›、。「」『』•▪■□●○◦…–—−-"
EXACT = re.compile(rf"[{UNSPACED}]|{SPACED}|(?<=\w)\#|(?<!\w)[-−](?=\d)|(?<=\d)[.,:/-](?=\d)|[^\w\s#{SEPARATORS}]")
LONE = re.compile(rf"[{UNSPACED}]")
UNWRITTEN = str.maketrans(dict.fromkeys("\u00ad\u200b\u200c\u200d\u2060\ufeff") | {"’": "'", "ʼ": "'", "™": " ", "℠": " "})

LONGEST = 64  # Characters of a stem: what is longer is data, and found by its beginning.

STOP_WORDS = frozenset(
    "a about above after again against all also although am an and any anybody anyone anything are as at be because been"
    " before being below between both but by can cannot could did do does doing done down during each either else ever every"
    " everyone exactly few for from further get give given gives go got had has have having he hence her here hers herself him"
    " himself his how however i if in into is it its itself just kind kindly let like many may me might more most much must my"
    " myself neither no nor not of off often on once one only onto or other others ought our ours ourselves out over own per"
    " please quite rather really same shall she should since so some somebody someone something such tell than that the their"
    " theirs them themselves then there therefore these they thing things this those though through thus to too under until up"
    " upon us very via was we were what whatever when whenever where wherever whether which whichever while who whoever whom"
    " whose why will with within without would yes yet you your yours yourself according say says said saying state states"
    " stated explain describe mention mentioned document documents text article 's 'd 'll 're 've".split()
)


@lru_cache(maxsize=1)
def _stemmer() -> Stemmer.Stemmer:
    return Stemmer.Stemmer("english")


def _prepared(text: str) -> str:
    """The text in compatibility form (NFKC), with straight apostrophes, and without what is not seen."""
    return text if text.isascii() else unicodedata.normalize("NFKC", text.translate(UNWRITTEN))


@lru_cache(maxsize=65536)
def fold(word: str) -> str:
    """A word without case, accents, and an English possessive."""
    folded = word.casefold()
    if not folded.isascii():
        bare = ACCENT.sub("", unicodedata.normalize("NFKD", folded.translate(UNWRITTEN)))
        folded = unicodedata.normalize("NFC", bare)
    return re.sub(r"'s?$", "", folded)


@lru_cache(maxsize=65536)
def stem(word: str) -> str:
    """The folded word cut to its stem, if it is written in Latin letters."""
    folded = fold(word)
    return _stemmer().stemWord(folded) if folded.isascii() else folded


def words(text: str) -> list[tuple[str, str]]:
    """The (word, stem) of every word of a text, in order; of scripts without spaces, every pair of characters; codes whole, at the end."""
    text = _prepared(text)
    found: list[tuple[str, str]] = []
    for word in (ASCII_WORD if text.isascii() else WORD).findall(text):
        found += _cut(word)
    return found + [(code, fold(code)) for code in CODE.findall(text)]


@lru_cache(maxsize=65536)
def _cut(word: str) -> tuple[tuple[str, str], ...]:
    if LONE.match(word):
        return tuple((word[i : i + 2], word[i : i + 2]) for i in range(max(len(word) - 1, 1)))
    return ((word, stem(word)),)


def indexed_stems(text: str) -> list[str]:
    """The stems of a text that are indexed: of all its words but stop words, cut to 64 characters, in order."""
    return [stemmed[:LONGEST] for word, stemmed in words(text) if fold(word) not in STOP_WORDS]


def exact_words(text: str) -> tuple[str, ...]:
    """The words and signs of a text without case, accents and punctuation: texts that agree in them say the same, word for word."""
    return tuple(map(fold, EXACT.findall(_prepared(text))))


def content_words(text: str) -> list[tuple[str, str]]:
    """The words that carry meaning: without stop words and small lone letters; each stem once, in order."""
    kept: dict[str, str] = {}
    for place, (word, stemmed) in enumerate(words(text)):
        if fold(word) not in STOP_WORDS and (len(stemmed) > 1 or stemmed.isdigit() or LONE.match(word) or (place and word.isupper())):
            kept.setdefault(stemmed, word)
    return [(word, stemmed) for stemmed, word in kept.items()]


def shared_words(text: str, others: Sequence[str]) -> int:
    """How many content words of a text stand in some others."""
    said = {stemmed for other in others for _, stemmed in words(other)}
    return sum(stemmed in said for _, stemmed in content_words(text))
