"""Unit vectors, the same bits whatever stands beside a text; models that are not what they should be are refused."""

import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from index.embed import DEFAULT_MODEL, Embedder, default_cache, export, model, open_embedder
from index.embed.runtime import OnnxEmbedder
from index.errors import ModelError


def test_vectors_are_of_unit_length_and_near_for_near_meanings(embedder: Embedder) -> None:
    rows = embedder.documents(["The cat sleeps on the sofa.", "A kitten is napping on the couch.", "Interest rates rose."])
    assert rows.dtype == np.float32
    assert rows.shape == (3, 384)
    assert np.allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-6)
    assert rows[0] @ rows[1] > 0.6 > 0.2 > rows[0] @ rows[2]


def test_a_vector_does_not_depend_on_its_neighbours(embedder: Embedder) -> None:
    texts = ["Short.", "A much longer text about the weather in the north. " * 8, "Middling, with a comma.", "Short."]
    together = embedder.documents(texts)
    assert all((together[place] == embedder.documents([text])[0]).all() for place, text in enumerate(texts))
    assert (embedder.question(texts[0]) == together[0]).all()


def test_no_word_of_a_long_text_is_ignored(embedder: Embedder) -> None:
    beginning = "The meeting is about the budget. " * 80
    one, other = embedder.documents([beginning + "Bees make honey. " * 40, beginning + "The court was adjourned. " * 40])
    assert one @ other < 0.999


def test_tokens_are_counted_without_special_ones(embedder: Embedder) -> None:
    assert embedder.count(["hello world", "", "a"]) == [2, 0, 1]


def test_nothing_is_embedded_for_nothing(embedder: Embedder) -> None:
    assert embedder.documents([]).shape == (0, 384)


def test_the_export_agrees_with_the_published_model(embedder: Embedder) -> None:
    """int8 is not float32: what is promised is a cosine of 0.99 for a sentence, and the same order of nearness."""
    original = pytest.importorskip("sentence_transformers").SentenceTransformer(str(model.packaged()), device="cpu", local_files_only=True)
    texts = ["Who signed the contract?", "The parties signed on 3 May 2021 in Ghent.", "The lake was frozen from December to March."]
    ours, theirs = embedder.documents(texts), original.encode(texts, normalize_embeddings=True)
    assert isinstance(embedder, OnnxEmbedder)
    assert embedder.precision == "int8"
    assert ((ours * theirs).sum(1) > 0.985).all()
    assert ours[0] @ ours[1] > ours[0] @ ours[2] + 0.2


def test_equal_texts_are_run_once(embedder: Embedder, monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[int] = []
    real = OnnxEmbedder._run

    def counted(self: OnnxEmbedder, ids: Sequence[int]) -> object:
        ran.append(len(ids))
        return real(self, ids)

    monkeypatch.setattr(OnnxEmbedder, "_run", counted)
    rows = embedder.documents(["One sentence.", "Another.", "One sentence."])
    assert len(ran) == 2
    assert (rows[0] == rows[2]).all()


def test_a_model_that_int8_would_change_stays_as_it_is(tmp_path: Path, tiny_model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = export.agreement

    def poor_in_int8(made: OnnxEmbedder, original: export.Original) -> float:
        return 0.97 if made.precision == "int8" else real(made, original)

    monkeypatch.setattr(export, "agreement", poor_in_int8)
    opened = open_embedder(str(tiny_model), tmp_path)
    assert isinstance(opened, OnnxEmbedder)
    assert opened.precision == "float32"


def test_a_model_whose_attention_cannot_be_replaced_is_exported_as_it_is(tmp_path: Path, tiny_model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lean = open_embedder(str(tiny_model), tmp_path / "lean").documents(["the text", "another, longer text"])
    monkeypatch.setattr(export, "slim", lambda model, body: False)
    masked = open_embedder(str(tiny_model), tmp_path / "masked").documents(["the text", "another, longer text"])
    assert ((lean * masked).sum(1) > 0.99).all()


@pytest.mark.parametrize("device", ["cuda", "mps"])
def test_a_gpu_gives_the_same_vectors(device: str, tmp_path: Path, tiny_model: Path) -> None:
    import torch

    if not {"cuda": torch.cuda.is_available, "mps": torch.backends.mps.is_available}[device]():
        pytest.skip(f"there is no {device} device here")
    texts = ["the text", "another, longer text. " * 40, "the text"]
    ours = open_embedder(str(tiny_model), tmp_path)
    accelerated = open_embedder(str(tiny_model), tmp_path, device=device)
    assert accelerated.count(texts) == ours.count(texts)
    assert ((ours.documents(texts) * accelerated.documents(texts)).sum(1) > 0.99).all()


def test_a_device_that_is_not_there_is_refused(tmp_path: Path, tiny_model: Path) -> None:
    with pytest.raises(ModelError, match="'tpu' is none of cpu, cuda, mps"):
        open_embedder(str(tiny_model), tmp_path, device="tpu")
    import torch

    if not torch.backends.mps.is_available():
        with pytest.raises(ModelError, match="there is no mps device here"):
            open_embedder(str(tiny_model), tmp_path, device="mps")


def test_the_model_itself_embeds_as_its_export_does(tmp_path: Path, tiny_model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The path of a GPU, run on the CPU: pieces, batches and order are the same everywhere."""
    import torch

    texts = ["the text", "another, longer text. " * 40, "the text", ""]
    ours = open_embedder(str(tiny_model), tmp_path)
    monkeypatch.setattr(export.SentenceTransformer, "__init__", _on_cpu(export.SentenceTransformer.__init__))
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    accelerated = open_embedder(str(tiny_model), tmp_path, device="cuda")
    assert accelerated.count(texts) == ours.count(texts)
    assert ((ours.documents(texts) * accelerated.documents(texts)).sum(1) > 0.99).all()
    assert ours.question("the text") @ accelerated.question("the text") > 0.99


def _on_cpu(real: Callable[..., None]) -> Callable[..., None]:
    return lambda self, *arguments, **options: real(self, *arguments, **{**options, "device": "cpu"})


def test_a_damaged_export_is_made_again(tmp_path: Path, tiny_model: Path) -> None:
    first = open_embedder(str(tiny_model), tmp_path)
    (folder,) = tmp_path.iterdir()
    data = bytearray((folder / "model.onnx").read_bytes())
    data[len(data) // 2] ^= 1
    (folder / "model.onnx").write_bytes(data)
    second = open_embedder(str(tiny_model), tmp_path)
    assert (first.documents(["the text"]) == second.documents(["the text"])).all()
    assert sorted(path.name for path in folder.iterdir()) == ["card.json", "model.onnx", "tokenizer.json"]
    assert list(tmp_path.iterdir()) == [folder]


@pytest.mark.parametrize(
    "damage", [lambda card: card.unlink(), lambda card: card.write_text(""), lambda card: card.write_text(card.read_text().replace("32", "33", 1))]
)
def test_a_damaged_card_is_made_again(tmp_path: Path, tiny_model: Path, damage: Callable[[Path], object]) -> None:
    open_embedder(str(tiny_model), tmp_path)
    damage(next(tmp_path.glob("*/card.json")))
    assert open_embedder(str(tiny_model), tmp_path).identity.dimension == 32


def test_an_export_that_differs_from_its_model_is_refused(tmp_path: Path, tiny_model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = export.encoder
    monkeypatch.setattr(export, "encoder", lambda loaded: lambda text: -real(loaded)(text))
    with pytest.raises(ModelError, match=r"differs from the model \(cosine 0.000 < 0.99\)"):
        open_embedder(str(tiny_model), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_model_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="not a folder and not in the local model cache"):
        open_embedder("nobody/nothing", tmp_path)


def test_weights_in_a_format_that_can_run_code_are_refused(tmp_path: Path, tiny_model: Path) -> None:
    shutil.copytree(tiny_model, tmp_path / "model")
    (tmp_path / "model" / "model.safetensors").rename(tmp_path / "model" / "pytorch_model.bin")
    with pytest.raises(ModelError, match=r"no \.safetensors file"):
        open_embedder(str(tmp_path / "model"), tmp_path / "cache")


def test_a_changed_default_model_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tiny_model: Path) -> None:
    shutil.copytree(tiny_model, tmp_path / "fake_minilm" / "model")
    (tmp_path / "fake_minilm" / "__init__.py").touch()
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(model, "DEFAULT_PACKAGE", "fake_minilm")
    with pytest.raises(ModelError, match="not the published model"):
        open_embedder(DEFAULT_MODEL, tmp_path / "cache")


def test_another_model_than_expected_is_refused(tmp_path: Path, tiny_model: Path, embedder: Embedder) -> None:
    with pytest.raises(ModelError, match="made with another model"):
        open_embedder(str(tiny_model), tmp_path, replace(embedder.identity, weights="0" * 64))


def test_an_expected_model_is_opened_from_the_cache_alone(embedder: Embedder) -> None:
    again = open_embedder("gone/away", default_cache(), embedder.identity)
    assert again.identity == embedder.identity


def test_a_cache_that_cannot_be_written_says_so(tmp_path: Path, tiny_model: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ModelError, match="set FOOTNOTE_CACHE to a folder that can be written"):
        open_embedder(str(tiny_model), tmp_path / "file" / "cache")


def test_the_card_says_what_the_model_is(tmp_path: Path, tiny_model: Path) -> None:
    identity = open_embedder(str(tiny_model), tmp_path).identity
    card = json.loads(next(tmp_path.glob("*/card.json")).read_text())["card"]
    assert (identity.dimension, identity.window, identity.name) == (32, 64, str(tiny_model))
    assert card["identity"]["weights"] == identity.weights
