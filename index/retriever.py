"""Our hits as llama-index nodes, so that any of its pipelines can stand on this index."""

from typing import TYPE_CHECKING

from llama_index.core.retrievers import BaseRetriever
from llama_index.core.schema import NodeWithScore, QueryBundle, TextNode

from index.types import Hit

if TYPE_CHECKING:
    from index.search import Index


class FootnoteRetriever(BaseRetriever):
    """A llama-index retriever over an `Index`.

    Each node carries the text of a chunk, its offsets as `start_char_idx` and `end_char_idx`, and in its
    metadata `document`, `title`, `page`, and `sentences`: the (start, end) of each sentence in the document.
    """

    def __init__(self, index: "Index", top: int) -> None:
        super().__init__()
        self._index = index
        self._top = top

    def _retrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        return [_node(hit) for hit in self._index.search(query_bundle.query_str, self._top)]


def _node(hit: Hit) -> NodeWithScore:
    chunk = hit.chunk
    metadata = {
        "document": chunk.document.id,
        "title": chunk.document.name,
        "page": chunk.page,
        "start": chunk.start,
        "end": chunk.end,
        "sentences": [[sentence.start, sentence.end] for sentence in chunk.sentences],
    }
    hidden = ["start", "end", "sentences"]
    node = TextNode(
        id_=f"{chunk.id:016x}",
        text=chunk.text,
        start_char_idx=chunk.start,
        end_char_idx=chunk.end,
        metadata=metadata,
        excluded_llm_metadata_keys=hidden,
        excluded_embed_metadata_keys=hidden,
    )
    return NodeWithScore(node=node, score=hit.score)
