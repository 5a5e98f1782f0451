"""Words as a search sees them: folded (case, accents) and stemmed as English. The only door to the stemmer.

Scripts that are written without spaces are cut into pairs of characters. Stop words are not indexed.
"""

import re
import unicodedata
from functools import lru_cache

import Stemmer

WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)?")
UNSPACED = re.compile(r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\u0e00-\u0e7f]+")

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


@lru_cache(maxsize=65536)
def fold(word: str) -> str:
    """A word without case, accents, and an English possessive."""
    folded = "".join(c for c in unicodedata.normalize("NFKD", word.casefold()) if not unicodedata.combining(c))
    return re.sub(r"['’]s?$", "", folded)


@lru_cache(maxsize=65536)
def stem(word: str) -> str:
    """The folded word cut to its stem, if it is written in Latin letters."""
    folded = fold(word)
    return _stemmer().stemWord(folded) if folded.isascii() else folded


def words(text: str) -> list[tuple[str, str]]:
    """The (word, stem) of every word of a text, in order; of scripts without spaces, every pair of characters."""
    found: list[tuple[str, str]] = []
    for word in WORD.findall(text):
        found += _cut(word)
    return found


@lru_cache(maxsize=65536)
def _cut(word: str) -> tuple[tuple[str, str], ...]:
    if UNSPACED.search(word):
        return tuple((word[i : i + 2], word[i : i + 2]) for i in range(max(len(word) - 1, 1)))
    return ((word, stem(word)),)


def indexed_stems(text: str) -> list[str]:
    """The stems of a text that are indexed: of all its words but stop words, cut to 64 characters, in order."""
    return [stemmed[:LONGEST] for word, stemmed in words(text) if fold(word) not in STOP_WORDS]


def folded_words(text: str) -> tuple[str, ...]:
    """The words of a text without case and accents: texts that agree in them say the same, word for word."""
    return tuple(map(fold, WORD.findall(text)))


def content_words(text: str) -> list[tuple[str, str]]:
    """The words that carry meaning: without stop words and lone letters; each stem once, in order."""
    kept: dict[str, str] = {}
    for word, stemmed in words(text):
        if fold(word) not in STOP_WORDS and (len(stemmed) > 1 or stemmed.isdigit()):
            kept.setdefault(stemmed, word)
    return [(word, stemmed) for stemmed, word in kept.items()]
