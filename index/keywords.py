"""Words as a search sees them, and how rare each is in the indexed sentences.

The only door to the stemmer. Words are folded (case, accents) and stemmed as English; scripts that are
written without spaces are cut into pairs of characters.
"""

import json
import math
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from functools import lru_cache

import Stemmer

WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)?")
UNSPACED = re.compile(r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\u0e00-\u0e7f]+")

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
    found = []
    for match in WORD.finditer(text):
        word = match[0]
        if UNSPACED.search(word):
            found += [(pair, pair) for pair in _pairs(word)]
        else:
            found.append((word, stem(word)))
    return found


def _pairs(run: str) -> list[str]:
    return [run[i : i + 2] for i in range(max(len(run) - 1, 1))]


def content_words(text: str) -> list[tuple[str, str]]:
    """The words that carry meaning: without stop words and lone letters; each stem once, in order."""
    kept: dict[str, str] = {}
    for word, stemmed in words(text):
        if fold(word) not in STOP_WORDS and (len(stemmed) > 1 or stemmed.isdigit()):
            kept.setdefault(stemmed, word)
    return [(word, stemmed) for stemmed, word in kept.items()]


class Vocabulary:
    """In how many of the indexed sentences each stem occurs."""

    def __init__(self, counts: Counter[str], sentences: int) -> None:
        self.counts = counts
        self.sentences = sentences

    @classmethod
    def of(cls, texts: Iterable[str]) -> "Vocabulary":
        counts: Counter[str] = Counter()
        total = 0
        for text in texts:
            counts.update({stemmed for _, stemmed in words(text)})
            total += 1
        return cls(counts, total)

    @classmethod
    def from_bytes(cls, data: bytes | memoryview) -> "Vocabulary":
        stored = json.loads(bytes(data))
        return cls(Counter(stored["counts"]), stored["sentences"])

    def to_bytes(self) -> bytes:
        return json.dumps({"sentences": self.sentences, "counts": dict(sorted(self.counts.items()))}).encode()

    def replace(self, removed: "Vocabulary", added: "Vocabulary") -> "Vocabulary":
        """This vocabulary without some sentences and with others; equal to one made afresh."""
        counts = self.counts + added.counts
        counts.subtract(removed.counts)
        return Vocabulary(+counts, self.sentences + added.sentences - removed.sentences)

    def __contains__(self, stemmed: str) -> bool:
        return stemmed in self.counts

    def rarity(self, stemmed: str) -> float:
        """Inverse document frequency over sentences, as in BM25 (Robertson and Zaragoza, 2009): ln(1 + (N - n + ½) / (n + ½))."""
        n = self.counts.get(stemmed, 0)
        return math.log(1 + (self.sentences - n + 0.5) / (n + 0.5))
