"""Exact search, ties by id, and an updated index that is a fresh one."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.errors import DamagedError
from index.vectors import Rows, Vectors


def unit(count: int, seed: int = 0) -> Rows:
    rows = np.random.default_rng(seed).normal(size=(count, 8)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def test_the_nearest_are_those_that_numpy_finds() -> None:
    rows, ids = unit(500), np.arange(500, dtype=np.int64) * 7 + 3
    query = unit(1, 9)[0]
    expected = np.argsort(-(rows @ query), kind="stable")[:10]
    found = Vectors.of(ids, rows).nearest(query, 10)
    assert [id for id, _ in found] == ids[expected].tolist()
    assert np.allclose([score for _, score in found], (rows @ query)[expected], atol=1e-6)


def test_equal_scores_stand_in_order_of_id_and_are_not_cut_at_random() -> None:
    row = unit(1)
    ids = np.array([50, 3, 2**62, 17, *range(1000, 1100)], np.int64)
    found = Vectors.of(ids, np.repeat(row, len(ids), axis=0)).nearest(row[0], 3)
    assert [id for id, _ in found] == [3, 17, 50]


@given(st.sets(st.integers(0, 2**63 - 1), max_size=20), st.sets(st.integers(0, 2**63 - 1), max_size=20))
def test_an_updated_index_is_a_fresh_one(before: set[int], after: set[int]) -> None:
    known = {id: unit(1, id % 1000)[0] for id in before | after}

    def made(ids: set[int]) -> Vectors:
        return Vectors.of(np.array(sorted(ids), np.int64), np.stack([known[i] for i in sorted(ids)]) if ids else np.zeros((0, 8), np.float32))

    new = sorted(after - before)
    updated = made(before).replace(before - after, np.array(new, np.int64), np.stack([known[i] for i in new]) if new else np.zeros((0, 8), np.float32))
    assert updated.to_bytes() == made(after).to_bytes()


def test_saved_then_loaded_is_the_same() -> None:
    vectors = Vectors.of(np.array([5, 1], np.int64), unit(2))
    again = Vectors.from_bytes(vectors.to_bytes())
    assert (len(again), again.dimension, again.ids.tolist()) == (2, 8, [1, 5])
    assert (again.rows == vectors.rows).all()


def test_an_empty_index_finds_nothing() -> None:
    assert Vectors.of(np.array([], np.int64), np.zeros((0, 8), np.float32)).nearest(unit(1)[0], 5) == []


def test_what_is_no_index_is_refused() -> None:
    with pytest.raises(DamagedError, match="cannot read the stored vectors"):
        Vectors.from_bytes(b"not an index at all")
