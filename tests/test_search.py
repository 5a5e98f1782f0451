"""Hits tell where they stand and why; words, phrases and filters narrow them; llama-index can stand on them."""

import os
from datetime import date
from pathlib import Path

import pytest

import index.search
import index.vectors
from index import Index
from index.embed import Embedder
from index.filter import Filter
from tests.conftest import REPOSITORY, build_index, write


def test_a_hit_is_a_run_of_sentences_of_its_document(seeds_index: Index) -> None:
    hits = seeds_index.search("Who can see my documents?", top=5)
    assert len(hits) == 5
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    best = hits[0].chunk
    assert best.document.id == "citations-privacy-trouble.pdf"
    assert "Your documents stay on your computer." in best.text
    assert best.page == 1
    for hit in hits:
        chunk = hit.chunk
        assert chunk.text == chunk.document.text[chunk.start : chunk.end]
        assert [s.text for s in chunk.sentences] == [chunk.document.text[s.start : s.end] for s in chunk.sentences]


def test_the_sample_set_has_a_document_of_every_kind(seeds_index: Index) -> None:
    assert {Path(id).suffix for id in seeds_index.document_ids} == {".md", ".txt", ".html", ".docx", ".pdf"}
    assert len(seeds_index.document("citations-privacy-trouble.pdf").pages) == 2
    assert seeds_index.document("getting-started.txt").text == (REPOSITORY / "seeds" / "getting-started.txt").read_text()


@pytest.mark.parametrize("question", ["", "  ", "\n"])
def test_an_empty_question_finds_nothing(seeds_index: Index, question: str) -> None:
    assert seeds_index.search(question) == []


def test_at_least_one_hit_must_be_asked_for(seeds_index: Index) -> None:
    with pytest.raises(ValueError, match="top is 0"):
        seeds_index.search("x", top=0)


def test_a_stock_query_engine_of_llama_index_answers_from_our_nodes(seeds_index: Index) -> None:
    from llama_index.core.llms import MockLLM
    from llama_index.core.query_engine import RetrieverQueryEngine
    from llama_index.core.schema import MetadataMode

    engine = RetrieverQueryEngine.from_args(seeds_index.as_retriever(top=3), llm=MockLLM())
    response = engine.query("Who can see my documents?")
    assert "Your documents stay on your computer." in str(response)
    hits = seeds_index.search("Who can see my documents?", top=3)
    assert len(response.source_nodes) == 3
    for found, hit in zip(response.source_nodes, hits, strict=True):
        node = found.node
        assert found.score == hit.score
        assert node.get_content(MetadataMode.NONE) == hit.chunk.text
        assert (node.start_char_idx, node.end_char_idx) == (hit.chunk.start, hit.chunk.end)
        document = seeds_index.document(node.metadata["document"])
        assert [document.text[a:b] for a, b in node.metadata["sentences"]] == [s.text for s in hit.chunk.sentences]


def built(folder: Path, embedder: Embedder, files: dict[str, str]) -> Index:
    write(folder, files)
    place = folder.parent / "index"
    build_index(place, [folder], embedder)
    return Index.open(place)


MEETING = "The committee met in the harbour on a rainy day in {0}. It talked about the price of bread, and went home early.\n\n"
MONTHS = "January February March April May June July August September October November December".split()


def test_an_exact_word_is_found_that_no_meaning_leads_to(folder: Path, embedder: Embedder) -> None:
    files = {f"{month}.txt": MEETING.format(month) + f"The file of that day is kept as QX-{number:04}-Z.\n" for number, month in enumerate(MONTHS)}
    best = built(folder, embedder, files).search("QX-0007-Z", top=3)[0]
    assert best.chunk.document.id == "August.txt"
    assert (best.lexical_rank, best.words) == (1, ("QX", "0007", "Z", "QX-0007-Z"))
    assert best.why.startswith("meaning (cosine ")
    assert "words QX, 0007, Z, QX-0007-Z (BM25 " in best.why


def test_a_hit_tells_both_figures_and_its_place_in_both_lists(seeds_index: Index) -> None:
    hits = seeds_index.search("Who can see my documents?", top=29)
    assert {hit.dense_rank for hit in hits} == set(range(1, 30))
    assert [hit.dense_rank for hit in sorted(hits, key=lambda hit: -hit.cosine)] == list(range(1, 30))
    by_words = sorted((hit for hit in hits if hit.lexical_rank), key=lambda hit: hit.lexical_rank or 0)
    assert [hit.lexical_rank for hit in by_words] == list(range(1, len(by_words) + 1))
    assert [hit.bm25 for hit in by_words] == sorted((hit.bm25 for hit in by_words), reverse=True)
    most = by_words[0].bm25
    for hit in hits:
        assert hit.score == pytest.approx((hit.cosine + 0.5 * hit.bm25 / most) / 1.5, abs=1e-5)
        assert bool(hit.words) == (hit.bm25 > 0)


def test_a_question_without_a_known_word_is_searched_by_meaning_alone(seeds_index: Index) -> None:
    hits = seeds_index.search("Wie geht das?", top=3)
    assert [(hit.bm25, hit.words, hit.lexical_rank) for hit in hits] == [(0.0, (), None)] * 3


def test_file_name_and_title_words_count(folder: Path, embedder: Embedder) -> None:
    text = "The parties agree that notice is given in writing. It takes effect at once."
    index = built(folder, embedder, {"harbour/lease_2021.txt": text, "forest/licence_2019.txt": text + " No fee is due."})
    assert index.search("lease 2021")[0].chunk.document.id == "harbour/lease_2021.txt"
    assert index.search("forest notice")[0].chunk.document.id == "forest/licence_2019.txt"


@pytest.mark.parametrize("marks", ['"{}"', "“{}”", "«{}»"])
def test_a_quoted_phrase_is_wanted_word_for_word(folder: Path, embedder: Embedder, marks: str) -> None:
    index = built(
        folder, embedder, {"a.txt": "In case of Force Majeure neither party is liable.", "b.txt": "The majeure part of the force left; force is used. Majeure!"}
    )
    assert len(index.search("force majeure")) == 2
    (hit,) = index.search(f"What about {marks.format('force majeure')}?")
    assert (hit.chunk.document.id, hit.phrases) == ("a.txt", ("force majeure",))
    assert "phrase “force majeure”" in hit.why
    assert index.search('"to be" or not')[0].phrases == ()  # No chunk has it, so the words are searched.


def test_of_two_phrases_what_holds_most_is_found(folder: Path, embedder: Embedder) -> None:
    index = built(folder, embedder, {"a.txt": "The harbour opens at six.", "b.txt": "The harbour master opens the school gate.", "c.txt": "A forest."})
    assert [hit.chunk.document.id for hit in index.search('"the harbour" "school gate"')] == ["b.txt"]
    assert [(hit.chunk.document.id, hit.phrases) for hit in index.search('"unicorn" "a forest" "  "')] == [("c.txt", ("a forest",))]


def test_a_phrase_that_runs_into_the_next_chunk_is_found_where_it_begins(folder: Path, embedder: Embedder) -> None:
    sentences = [f"Sentence number {number} talks about item{number} and its colour in the warehouse." for number in range(60)]
    index = built(folder, embedder, {"long.txt": " ".join(sentences), "other.txt": "Its colour in the warehouse."})
    first = index.neighbours(index.search("Sentence number 0")[0].chunk, 99)[0]
    phrase = f"{first.sentences[-1].text.split(' and ')[1]} Sentence number {len(first.sentences)}"
    assert [hit.chunk for hit in index.search(f'"{phrase}"')] == [first]


PHRASES = [
    ("北京是中华", "北京是中华人民共和国的首都。", "北京中华"),
    ("계약은", "계약은 내년 삼월에 종료됩니다.", "계약 종료"),
    ("データベース", "データベースのバックアップ", "テータヘース"),
    ("½ cup", "Take ½ cup of flour.", "Take cup 12."),
    ("C++", "Written in C++.", "Written in C#, for vitamin C."),
    ("€100", "It costs €100.", "It costs $100."),
    ("10:30", "At 10:30 sharp.", "At 10.30 sharp."),
    ("7731-B", "Part XR-7731-B.", "Part XR-7731-A."),
    ("京", "北京是首都。", "上海很大。"),
]


@pytest.mark.parametrize(("phrase", "text", "other"), PHRASES)
def test_a_phrase_may_be_of_any_script_and_hold_signs(folder: Path, embedder: Embedder, phrase: str, text: str, other: str) -> None:
    (hit,) = built(folder, embedder, {"a.txt": other, "b.txt": text}).search(f'"{phrase}"')
    assert hit.chunk.text == text


def test_a_phrase_of_words_that_are_not_indexed_is_found(folder: Path, embedder: Embedder) -> None:
    index = built(folder, embedder, {"a.txt": "He asked whether to be or not to be.", "b.txt": "Nothing is to be seen."})
    assert [hit.chunk.document.id for hit in index.search('"to be or not to be"')] == ["a.txt"]


def test_what_says_the_same_is_folded_into_one_hit(folder: Path, embedder: Embedder) -> None:
    text = "The notice period is ninety days. It begins when the letter arrives."
    index = built(folder, embedder, {"a.txt": text, "b.txt": text.replace(". ", ".\n").upper(), "c.txt": text.replace("ninety", "sixty")})
    hits = index.search("How long is the notice period of ninety days?", top=2)
    assert [[hit.chunk.document.id, *(chunk.document.id for chunk in hit.duplicates)] for hit in hits] == [["a.txt", "b.txt"], ["c.txt"]] or [
        [hit.chunk.document.id, *(chunk.document.id for chunk in hit.duplicates)] for hit in hits
    ] == [["b.txt", "a.txt"], ["c.txt"]]


def test_duplicates_do_not_crowd_out_what_is_asked_for(folder: Path, embedder: Embedder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index.search, "DEPTH", 5)
    files = {f"copy{number}.txt": "Apples are red." for number in range(30)} | {"other.txt": "Bananas are yellow, and apples are not."}
    hits = built(folder, embedder, files).search("red apples", top=2)
    assert sorted({hit.chunk.text for hit in hits}) == ["Apples are red.", "Bananas are yellow, and apples are not."]
    assert len(hits) == 2


def test_the_neighbours_of_a_hit_are_reached(folder: Path, embedder: Embedder) -> None:
    text = "".join(f"# Part {number}\n\nThe {word} is described here.\n\n" for number, word in enumerate("apple pear plum cherry".split()))
    index = built(folder, embedder, {"a.md": text})
    hit = index.search("plum", top=1)[0]
    around = index.neighbours(hit.chunk)
    assert [next(word for word in ("apple", "pear", "plum", "cherry") if word in chunk.text) for chunk in around] == ["pear", "plum", "cherry"]
    assert index.neighbours(hit.chunk, reach=9)[0].start == 0


FILTERS = [
    (Filter(paths=("contracts/*",)), {"contracts/a.txt", "contracts/old/b.md"}),
    (Filter(paths=("*.md", "note.txt")), {"contracts/old/b.md", "note.txt"}),
    (Filter(types=("MD",)), {"contracts/old/b.md"}),
    (Filter(types=(".txt",), paths=("contracts/*",)), {"contracts/a.txt"}),
    (Filter(since=date(2021, 1, 1)), {"note.txt"}),
    (Filter(since=date(2020, 6, 1), until=date(2020, 6, 1)), {"contracts/old/b.md"}),
    (Filter(until=date(2019, 12, 31)), {"contracts/a.txt"}),
    (Filter(paths=("nowhere/*",)), set()),
]


@pytest.mark.parametrize(("only", "expected"), FILTERS)
@pytest.mark.parametrize("exact", [True, False])
def test_filters_say_what_is_searched(folder: Path, embedder: Embedder, only: Filter, expected: set[str], exact: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if not exact:
        monkeypatch.setattr(index.vectors, "EXACT", 1)
    text = "The lease says: notice is ninety days, in {0}."
    write(folder, {name: text.format(name) for name in ("contracts/a.txt", "contracts/old/b.md", "note.txt")})
    for name, when in (("contracts/a.txt", 1546300800), ("contracts/old/b.md", 1590969600), ("note.txt", 1640995200)):
        os.utime(folder / name, (when, when))
    found = built(folder, embedder, {}).search("notice of the lease", only=only)
    assert {hit.chunk.document.id for hit in found} == expected
    assert [hit.dense_rank for hit in sorted(found, key=lambda hit: -hit.cosine)] == list(range(1, len(expected) + 1))


def test_a_filter_by_source_tells_sources_apart(tmp_path: Path, embedder: Embedder) -> None:
    write(tmp_path, {"one/a.txt": "Apples are red.", "two/b.txt": "Bananas are yellow."})
    build_index(tmp_path / "index", [tmp_path / "one", tmp_path / "two"], embedder)
    hits = Index.open(tmp_path / "index").search("fruit", only=Filter(sources=(tmp_path / "two",)))
    assert [hit.chunk.document.id for hit in hits] == ["b.txt"]
