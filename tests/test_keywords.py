"""Words are folded, stemmed and counted; a lexical index that is updated is one made afresh."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.keywords import ChunkWords, Keywords, highest
from index.words import content_words, exact_words, fold, indexed_stems, stem, words


@pytest.mark.parametrize(("one", "other"), [("Séjourné", "sejourne"), ("STRASSE", "straße"), ("Italy's", "italy"), ("Peter’s", "peter")])
def test_case_accents_and_possessives_are_folded(one: str, other: str) -> None:
    assert fold(one) == fold(other)


SAME = [
    ("O’Brien", "O'Brien"),
    ("re\u0301sume\u0301", "résumé"),
    ("straw\u00adberries", "strawberries"),
    ("اللُّغَةُ", "اللغة"),
    ("ﾃﾞｰﾀﾍﾞｰｽ", "データベース"),
    ("½", "1⁄2"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_however_a_word_is_written_it_is_the_same(one: str, other: str) -> None:
    assert indexed_stems(one) == indexed_stems(other) != []
    assert exact_words(one) == exact_words(other)


def test_words_of_several_scripts_are_told_apart_where_they_touch() -> None:
    assert indexed_stems("我们使用Python编写") == ["我们", "们使", "使用", "python", "编写"]


def test_codes_count_whole_too() -> None:
    assert [stemmed for _, stemmed in words("Part XR-7731-B costs 4.50 (see v1.2).")][-3:] == ["xr-7731-b", "4.50", "v1.2"]
    assert words("well-known e.g. and/or")[-1] == ("or", "or")


DIFFERENT = [("C++", "C#"), ("€100", "$100"), ("-5 degrees", "5 degrees"), ("1/5", "1.5"), ("दिन", "दीन"), ("กิน", "กัน"), ("😀", "🚀"), ("vitamin C", "C++")]


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_signs_that_mean_something_are_no_punctuation(one: str, other: str) -> None:
    assert exact_words(one) != exact_words(other)


def test_punctuation_and_markup_say_nothing() -> None:
    assert exact_words("**Notice**, as agreed (in writing):") == exact_words("notice as agreed — “in writing”")


@pytest.mark.parametrize(("one", "other"), [("sending", "send"), ("contracts", "contract"), ("agreed", "agree")])
def test_forms_of_a_word_share_a_stem(one: str, other: str) -> None:
    assert stem(one) == stem(other)


def test_scripts_without_spaces_are_cut_into_pairs() -> None:
    assert [pair for pair, _ in words("契約期間")] == ["契約", "約期", "期間"]


def test_content_words_leave_out_what_every_question_has() -> None:
    assert [word for word, _ in content_words("When did the Ministers of Italy say that?")] == ["Ministers", "Italy"]
    assert [word for word, _ in content_words("What does section B say of a dog’s tail?")] == ["section", "B", "dog's", "tail"]


def document(*sentences: str, context: str = "") -> ChunkWords:
    """A document of one chunk for every two sentences."""
    pairs = [(first, min(first + 2, len(sentences))) for first in range(0, len(sentences), 2)]
    return ChunkWords([indexed_stems(sentence) for sentence in sentences], pairs, [frozenset(indexed_stems(context))] * len(pairs))


def test_rare_words_weigh_more() -> None:
    keywords = Keywords.of([document("The cat sat.", "The dog ran.", "The cat ran away.", context="animals")])
    assert keywords.sentences == 3
    assert keywords.rarity("dog") > keywords.rarity("cat") > 0
    assert "cat" in keywords
    assert "horse" not in keywords


def test_a_word_of_the_title_is_searched_but_is_in_no_sentence() -> None:
    keywords = Keywords.of([document("It ends in May.", context="Lease"), document("It ends in June.", context="Licence")])
    assert "leas" not in keywords
    assert keywords.scores(["leas"]).tolist() == [pytest.approx(keywords.scores(["leas"]).max()), 0]


def test_scores_are_bm25() -> None:
    keywords = Keywords.of([document("cat cat dog"), document("dog"), document("bird bird bird bird")])
    idf, tf, length, average = math.log(1 + 2.5 / 1.5), 2, 3, 8 / 3
    expected = idf * tf * 2.2 / (tf + 1.2 * (0.25 + 0.75 * length / average))
    assert keywords.scores(["cat"]).tolist() == pytest.approx([expected, 0, 0])
    assert keywords.scores(["cat", "cat"]).tolist() == pytest.approx([2 * expected, 0, 0])
    assert keywords.scores(["dog", "bird", "none"]).argsort().tolist() == [0, 1, 2]


def test_stop_words_are_not_indexed_and_long_ones_are_cut() -> None:
    long = "x" * 200
    assert indexed_stems(f"What is the {long}?") == ["x" * 64]
    assert Keywords.of([document(f"{long} here")]).rows(long).tolist() == [0]


def test_exact_words_tell_what_is_said_and_not_how_it_is_set() -> None:
    assert exact_words("The  Séjour: 30 days!") == exact_words("the sejour — 30 DAYS")
    assert exact_words("30 days") != exact_words("31 days")


def test_which_chunks_hold_a_word() -> None:
    keywords = Keywords.of([document("cat"), document("dog"), document("a cat and a dog")])
    assert keywords.rows("cat").tolist() == [0, 2]
    assert keywords.holds("dog", np.array([0, 1, 2])).tolist() == [False, True, True]
    assert keywords.holds("horse", np.array([0, 1])).tolist() == [False, False]


@given(st.lists(st.sampled_from([0.0, 0.5, 1.0, 2.0, 3.0]), max_size=5000), st.integers(1, 40))
def test_the_highest_are_found_with_all_their_ties(values: list[float], top: int) -> None:
    scores = np.array(values, np.float32)
    positive = sorted((value for value in values if value > 0), reverse=True)
    least = positive[min(top, len(positive)) - 1] if positive else 1.0
    assert highest(scores, top).tolist() == np.flatnonzero((scores >= least) & (scores > 0)).tolist()


SENTENCES = st.lists(st.lists(st.sampled_from("cat dog bird horse the fish Ähre 契約期間 12".split()), min_size=1, max_size=5).map(" ".join), max_size=5)


@given(st.dictionaries(st.integers(0, 9), SENTENCES, max_size=6), st.dictionaries(st.integers(0, 9), SENTENCES, max_size=6))
def test_an_updated_index_is_a_fresh_one(before: dict[int, list[str]], after: dict[int, list[str]]) -> None:
    made = {key: document(*sentences, context=f"name{key}") for key, sentences in sorted(before.items())}
    wanted = {key: document(*sentences, context=f"name{key}") for key, sentences in sorted(after.items())}
    old = Keywords.from_files(Keywords.of(list(made.values())).to_files())
    same = {key for key in wanted if made.get(key) == wanted[key]}
    starts = dict(zip(made, np.cumsum([0, *(len(d.chunks) for d in made.values())]).tolist(), strict=False))
    kept = [starts[key] + place for key in sorted(same) for place in range(len(made[key].chunks))]
    new = [wanted[key] for key in wanted if key not in same]
    kept_count, new_count, order = 0, len(kept), []
    for key, item in wanted.items():
        for _ in item.chunks:
            order.append(kept_count if key in same else new_count)
            kept_count, new_count = kept_count + (key in same), new_count + (key not in same)
    gone = [sentence for key, item in made.items() if key not in same for sentence in item.sentences]
    updated = old.rearranged(np.array(kept, np.int64), gone, Keywords.of(new), np.array(order, np.int64))
    fresh = Keywords.of(list(wanted.values()))
    assert updated.to_files() == fresh.to_files()
    assert Keywords.from_files(fresh.to_files()).to_files() == fresh.to_files()
    assert updated.scores(["cat", "hors"]).tolist() == fresh.scores(["cat", "hors"]).tolist()
