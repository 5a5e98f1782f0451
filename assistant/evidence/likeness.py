"""How like texts are: the cosines of their vectors, of which the last few thousand are kept."""

import threading
from collections import OrderedDict
from collections.abc import Sequence

import numpy as np

from index.embed import Embedder, Vectors32

KEPT = 4096


class Likeness:
    """The cosines that an embedder gives. Safe to use from several threads."""

    def __init__(self, embedder: Embedder) -> None:
        self.model = embedder.identity.name
        self._embedder = embedder
        self._vectors: OrderedDict[str, Vectors32] = OrderedDict()
        self._lock = threading.Lock()

    def cosines(self, asked: str, texts: Sequence[str]) -> Vectors32:
        """The cosine of a question with each of some texts, float32 (n,)."""
        near: Vectors32 = self._rows(texts) @ self._embedder.question(asked)
        return near

    def nearest(self, text: str, others: Sequence[str]) -> float:
        """The cosine of a text with the one of some others that is most like it."""
        rows = self._rows([text, *others])
        return float((rows[1:] @ rows[0]).max())

    def among(self, texts: Sequence[str]) -> Vectors32:
        """The cosine of each of some texts with each, float32 (n, n)."""
        rows = self._rows(texts)
        return rows @ rows.T

    def _rows(self, texts: Sequence[str]) -> Vectors32:
        """The vectors of texts, float32 (n, dimension)."""
        with self._lock:
            vectors = {text: self._vectors[text] for text in texts if text in self._vectors}
        new = [text for text in dict.fromkeys(texts) if text not in vectors]
        vectors.update(zip(new, self._embedder.documents(new), strict=True))
        with self._lock:
            self._vectors.update(vectors)
            while len(self._vectors) > KEPT:
                self._vectors.popitem(last=False)
        return np.stack([vectors[text] for text in texts])
