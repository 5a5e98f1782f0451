"""Print every benchmark; `python -m benchmarks 1_000 100_000` compares systems at these sizes only."""

import sys

from benchmarks import drafts, durability, embedder, evidence, lexical, quality, retrieval, scale, speed, update, vectors

sizes = tuple(int(size.replace("_", "")) for size in sys.argv[1:]) or scale.SIZES

for title, run in (
    ("Cold start, sentences", speed.main),
    ("Reading: the forms of the embedding model", embedder.main),
    ("Retrieval: nDCG@10", retrieval.main),
    ("Evidence", evidence.main),
    ("Answers", quality.main),
    ("Drafts of a language model", drafts.main),
    ("Vectors: the kinds", lambda: vectors.main(sizes[1:] or sizes)),
    ("Words: the libraries", lexical.main),
    ("An update beside a first build", update.main),
    ("Durability", durability.main),
    ("Footnote, llama-index and txtai, at each size", lambda: scale.main(sizes)),
):
    print(f"\n## {title}\n", flush=True)
    run()
