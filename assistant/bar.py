"""The bar under which it is declined to answer, as `footnote calibrate` fitted it to an index, and kept beside it."""

import json
from pathlib import Path

from index.store import Store


def read_bar(index: Path, model: str) -> float | None:
    """The bar of an index; None where none was fitted, or to another evidence model than this."""
    data = Store(index).remembered("BAR")
    kept = json.loads(data) if data else {}
    return float(kept["bar"]) if kept.get("model") == model else None


def keep_bar(index: Path, model: str, bar: float, prefer: str) -> None:
    """Keep the bar beside the index. Raises StoreError where that cannot be done, LockError while a build goes on."""
    store = Store(index)
    with store.lock():
        store.remember("BAR", json.dumps({"bar": bar, "model": model, "prefer": prefer}).encode())
