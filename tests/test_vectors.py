"""Search of every kind; equal vectors by row; an updated index that is a fresh one."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import index.vectors
from index.errors import DamagedError
from index.vectors import Rows, Vectors

KINDS = {"exact": index.vectors.EXACT, "coarse": 5}


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Each kind at a size that a test can make."""
    become(request.param, monkeypatch)
    return str(request.param)


def become(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index.vectors, "EXACT", KINDS[kind])


def unit(count: int, seed: int = 0, dimension: int = 64) -> Rows:
    rows = np.random.default_rng(seed).normal(size=(count, dimension)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def test_the_nearest_are_those_that_numpy_finds(kind: str) -> None:
    rows, queries = unit(3000), unit(50, 9)
    vectors = Vectors.of(rows)
    assert vectors.kind == kind
    kept = rows.astype(np.float16).astype(np.float32)
    expected = np.argsort(-(queries @ kept.T), axis=1, kind="stable")[:, :10]
    found = [vectors.nearest(query, 10) for query in queries]
    recall = np.mean([len({row for row, _ in pairs} & set(wanted)) / 10 for pairs, wanted in zip(found, expected.tolist(), strict=True)])
    assert recall == 1 if kind == "exact" else recall > 0.99
    for query, pairs in zip(queries, found, strict=True):
        assert np.allclose([cosine for _, cosine in pairs], [kept[row] @ query for row, _ in pairs], atol=1e-6)
        assert [cosine for _, cosine in pairs] == sorted((cosine for _, cosine in pairs), reverse=True)


def test_equal_vectors_stand_in_order_of_row_and_are_not_cut_at_random(kind: str) -> None:
    found = Vectors.of(np.repeat(unit(1), 104, axis=0)).nearest(unit(1)[0], 3)
    assert [row for row, _ in found] == [0, 1, 2]
    assert len({cosine for _, cosine in found}) == 1


def test_only_what_is_allowed_is_found(kind: str) -> None:
    rows, query = unit(3000), unit(1, 9)[0]
    allowed = np.zeros(3000, np.bool_)
    allowed[[7, 1100, 2999]] = True
    vectors = Vectors.of(rows)
    assert {row for row, _ in vectors.nearest(query, 10, allowed)} == {7, 1100, 2999}
    assert vectors.nearest(query, 10, np.zeros(3000, np.bool_)) == []


def test_cosines_are_told_for_any_row(kind: str) -> None:
    rows, query = unit(100), unit(1, 9)[0]
    told = Vectors.of(rows).cosines(query, [5, 99, 0])
    assert np.allclose(told, rows[[5, 99, 0]].astype(np.float16).astype(np.float32) @ query, atol=1e-6)
    assert Vectors.of(rows).cosines(query, []).shape == (0,)


@given(st.lists(st.integers(0, 40), max_size=30), st.lists(st.integers(0, 40), max_size=30), st.sampled_from(sorted(KINDS)))
def test_an_updated_index_is_a_fresh_one(before: list[int], after: list[int], kind: str) -> None:
    known = unit(41, 3)
    with pytest.MonkeyPatch.context() as patch:
        become(kind, patch)
        old = Vectors.of(known[before])
        kept = [row for row, value in enumerate(before) if value in after]
        new = sorted(set(after) - set(before))
        both = [before[row] for row in kept] + new
        order = np.array([both.index(value) for value in after], np.int64)
        updated = old.rearranged(np.array(kept, np.int64), known[new], order)
        assert updated.to_bytes() == Vectors.of(known[after]).to_bytes()


def test_saved_then_loaded_is_the_same(kind: str) -> None:
    vectors = Vectors.of(unit(40))
    again = Vectors.from_bytes(*vectors.to_bytes())
    assert (len(again), again.dimension, again.kind) == (40, 64, kind)
    assert again.to_bytes() == vectors.to_bytes()
    query = unit(1, 9)[0]
    assert again.nearest(query, 10) == vectors.nearest(query, 10)


def test_an_empty_index_finds_nothing() -> None:
    empty = Vectors.of(np.zeros((0, 8), np.float32))
    assert empty.nearest(unit(1, dimension=8)[0], 5) == []
    assert len(Vectors.from_bytes(*empty.to_bytes())) == 0


def test_what_is_no_index_is_refused() -> None:
    with pytest.raises(DamagedError, match="cannot read the stored vectors"):
        Vectors.from_bytes(b"not an index at all", b"")
