"""What every test stands on: real embedding model, real files, a blocked network, and no pickle anywhere."""

import json
import os
import pickle
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from assistant.settings import Settings, from_environment, keep_offline
from index import Index
from index.build import Report, build, reusable
from index.embed import DEFAULT_MODEL, Embedder, default_cache, open_embedder
from index.load import Seen, load, version
from index.store import Store

keep_offline()
pytest.register_assert_rewrite("tests.browser")

REPOSITORY = Path(__file__).parents[1]
SHARED = REPOSITORY.parent / "shared"
CHROMIUM = shutil.which("chromium")
CHROMIUM_FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"]


@pytest.fixture(autouse=True)
def _no_pickle(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing we read may be able to run code."""

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a pickle was about to be read")

    real = np.load

    def load_array(*arguments: Any, **options: Any) -> Any:
        assert not options.get("allow_pickle"), "a pickled array was about to be read"
        return real(*arguments, **options)

    monkeypatch.setattr(pickle, "load", refuse)
    monkeypatch.setattr(pickle, "loads", refuse)
    monkeypatch.setattr(np, "load", load_array)


@pytest.fixture(scope="session")
def embedder() -> Embedder:
    return open_embedder(DEFAULT_MODEL, default_cache())


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sentence-transformers model of our own: 32 dimensions, a window of 64, weights at random."""
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Pooling, Transformer
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

    torch.manual_seed(7)
    place = tmp_path_factory.mktemp("tiny")
    letters = [*"abcdefghijklmnopqrstuvwxyz0123456789.,?!"]
    vocabulary = {token: number for number, token in enumerate(["[PAD]", "[UNK]", "[CLS]", "[SEP]", *letters, *("##" + letter for letter in letters)])}
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.TemplateProcessing("[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)])
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token="[PAD]", unk_token="[UNK]", cls_token="[CLS]", sep_token="[SEP]", model_max_length=64)
    shape = BertConfig(vocab_size=len(vocabulary), hidden_size=32, num_hidden_layers=1, num_attention_heads=2, intermediate_size=64, max_position_embeddings=64)
    BertModel(shape).save_pretrained(place / "bert")
    fast.save_pretrained(place / "bert")
    transformer = Transformer(str(place / "bert"), max_seq_length=64)
    SentenceTransformer(modules=[transformer, Pooling(32)], device="cpu").save(str(place / "model"))
    return place / "model"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An empty folder of documents."""
    made = tmp_path / "documents"
    made.mkdir()
    return made


Built = Callable[..., Report]


def write(folder: Path, files: Mapping[str, str | bytes]) -> None:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())


def build_index(index: Path, sources: Sequence[Path], embedder: Embedder, full: bool = False) -> Report:
    """What the command line does for `footnote build`, with an embedder that is open already."""
    store = Store(index)
    with store.lock():
        old = None if full else reusable(store)
        seen = Seen() if full else Seen.from_bytes(store.remembered("SEEN"), version())
        documents = load(sources, old.contents if old else None, seen, leave_out=[index])
        return build(
            store, documents, embedder, list(map(str, sources)), old, check=lambda: store.remember("SEEN", seen.to_bytes(version())), reading=version()
        )


@pytest.fixture(scope="session")
def seeds(tmp_path_factory: pytest.TempPathFactory, embedder: Embedder) -> Path:
    """The index of the sample documents."""
    index = tmp_path_factory.mktemp("seeds") / "index"
    build_index(index, [REPOSITORY / "seeds"], embedder)
    return index


@pytest.fixture(scope="session")
def seeds_index(seeds: Path) -> Index:
    return Index.open(seeds)


BLOCKER = """
import sys
def _refuse(event, arguments):
    if event == "socket.connect":
        address = arguments[1]
        if isinstance(address, tuple) and address[0] not in ("127.0.0.1", "::1"):
            raise PermissionError(f"the network is blocked: {address}")
    if event == "socket.getaddrinfo" and arguments[0] not in (None, "localhost", "127.0.0.1", "::1"):
        raise PermissionError(f"the network is blocked: {arguments[0]}")
sys.addaudithook(_refuse)
"""


@pytest.fixture(scope="session")
def offline(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """An environment in which Python cannot reach any other machine."""
    place = tmp_path_factory.mktemp("offline")
    (place / "sitecustomize.py").write_text(BLOCKER)
    return {**os.environ, "PYTHONPATH": f"{place}{os.pathsep}{REPOSITORY}", "COLUMNS": "80"}


Run = Callable[..., subprocess.CompletedProcess[bytes]]


@pytest.fixture
def footnote(offline: dict[str, str], tmp_path: Path) -> Run:
    """Run the command in a process of its own, offline, in a folder of its own."""

    def run(*arguments: str | Path, code: int | None = 0, **environment: str) -> subprocess.CompletedProcess[bytes]:
        command = [sys.executable, "-m", "assistant.cli", *map(str, arguments)]
        done = subprocess.run(command, cwd=tmp_path, env={**offline, **environment}, capture_output=True, timeout=300, check=False)
        assert code is None or done.returncode == code, done.stderr.decode()
        return done

    return run


def interruptible() -> None:
    """For `preexec_fn`: a test run in the background of a shell has Ctrl+C ignored, and so would its children."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def output(done: subprocess.CompletedProcess[bytes]) -> Any:
    return json.loads(done.stdout)


def complaint(done: subprocess.CompletedProcess[bytes]) -> str:
    """The one line of an error."""
    lines = done.stderr.decode().splitlines()
    assert len(lines) == 1, lines
    return lines[0]


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """A real browser. Its absence is a failure in CI, and a reason to skip elsewhere."""
    if CHROMIUM is None:
        reason = "Chromium is not installed: apt-get install chromium"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_FLAGS)
        yield browser
        browser.close()


MODEL_KEY = "sk-of-the-test-1234567"


@dataclass(frozen=True)
class ModelServer:
    """A server of language models: `says` sets what a model replies, `heard` are the calls so far."""

    folder: Path
    port: int

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def says(self, model: str, text: str = "", **script: object) -> None:
        file = self.folder / "scripts.json"
        scripts = json.loads(file.read_text())
        (self.folder / "new").write_text(json.dumps({**scripts, model: {"text": text, **script}}))
        (self.folder / "new").replace(file)

    def heard(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in (self.folder / "log").read_text().splitlines()]

    def name(self, kind: str, model: str) -> str:
        return f"compatible:{model}@{self.address}/v1" if kind == "compatible" else f"{kind}:{model}"

    @property
    def environment(self) -> dict[str, str]:
        return {
            "OLLAMA_HOST": f"127.0.0.1:{self.port}", "OPENAI_BASE_URL": f"{self.address}/v1", "ANTHROPIC_BASE_URL": self.address,
            "OPENAI_API_KEY": MODEL_KEY, "FOOTNOTE_LLM_KEY": MODEL_KEY, "ANTHROPIC_API_KEY": MODEL_KEY, "FOOTNOTE_LLM_TIMEOUT": "3",
        }  # fmt: skip

    @property
    def settings(self) -> Settings:
        return from_environment(self.environment)


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModelServer]:
    """A server of language models in a process of its own."""
    folder = tmp_path_factory.mktemp("models")
    (folder / "scripts.json").write_text("{}")
    (folder / "log").touch()
    command = [sys.executable, "-m", "tests.model_server", str(folder / "scripts.json"), str(folder / "log")]
    with subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE) as process:
        assert process.stdout
        yield ModelServer(folder, int(process.stdout.readline()))
        process.kill()
