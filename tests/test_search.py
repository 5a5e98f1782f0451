"""Hits tell where they stand; llama-index can stand on them."""

from pathlib import Path

import pytest

from index import Index
from tests.conftest import REPOSITORY


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
