"""The laws of the house, read from the source itself."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY

FILES = sorted([*(REPOSITORY / "index").rglob("*.py"), *(REPOSITORY / "assistant").rglob("*.py")])

# A module may import from its own floor's number or below, except its siblings: those with the same number.
FLOORS = {
    "index.errors": 0, "index.types": 0, "index.words": 0,
    "index.load": 1, "index.split": 1, "index.embed": 1, "index.vectors": 1, "index.keywords": 1, "index.filter": 1, "index.journal": 1, "index.tables": 1,
    "index.store": 2, "index.contents": 2, "index.retriever": 2, "index.original": 2,
    "index.pages": 2, "index.build": 3, "index.search": 3, "index.union": 4, "index.doctor": 4, "index": 5,
    "assistant.plain": 10, "assistant.injection": 10, "assistant.opposites": 7, "assistant.quantities": 7, "assistant.clauses": 8, "assistant.crossing": 9,
    "assistant.terms": 9, "assistant.exchange": 9,
    "assistant.errors": 10, "assistant.types": 10, "assistant.agreement": 10, "assistant.wording": 10, "assistant.followup": 10, "assistant.context": 10,
    "assistant.settings": 11, "assistant.prompts": 11, "assistant.evidence": 11, "assistant.cite": 11, "assistant.quote": 11, "assistant.verify": 11,
    "assistant.bar": 11, "assistant.reply": 11, "assistant.overview": 11,
    "assistant.about": 12, "assistant.parts": 12, "assistant.llm": 12, "assistant.compose": 12, "assistant.answer": 13,
    "assistant.calibrate": 14, "assistant.evaluate": 14, "assistant.database": 11, "assistant.standing": 10, "assistant.record": 11, "assistant.people": 12,
    "assistant.history": 12,
    "assistant.update": 12, "assistant.watch": 13, "assistant.conversation": 14,
    "assistant.render": 15, "assistant.export": 16, "assistant": 16, "assistant.training": 17, "assistant.web": 17, "assistant.cli": 18,
}  # fmt: skip

DOORS = {
    "faiss": {"index.vectors"},
    "sentence_transformers": {"index.embed.export"},
    "onnxruntime": {"assistant.evidence.shipped", "index.embed.graph", "index.embed.runtime"},
    "tokenizers": {"assistant.evidence.encode", "index.embed.runtime"},
    "torch": {
        "assistant.training.export",
        "assistant.training.fit",
        "index.embed.graph",
        "assistant.training.batches",
        "assistant.training.losses",
        "assistant.training.network",
        "assistant.training.packing",
        "assistant.training.prune",
        "assistant.training.reopen",
        "assistant.training.rounding",
        "assistant.training.start",
        "assistant.training.train",
        "index.embed.accelerator",
        "index.embed.export",
    },
    "transformers": {"index.embed.graph", "assistant.training.start", "index.embed.export"},
    "huggingface_hub": {"index.embed.model"},
    "Stemmer": {"index.words"},
    "xxhash": {"index.journal", "index.store"},
    "llama_index": {"index.retriever", "assistant.llm"},  # And whichever reader is named: `index.load.foreign` imports it by its name.
    "docx": {"index.load.word"},
    "pptx": {"index.load.slides"},
    "python_calamine": {"index.load.sheets"},
    "oxmsg": {"index.load.mail"},
    "compressed_rtf": {"index.load.mail"},
    "pylatexenc": {"index.load.latex"},
    "lxml": {"index.load.markup", "index.load.slides", "index.load.word"},
    "pypdfium2": {"index.load.pdf", "index.load.printed"},
    "rapidocr": {"index.load.ocr"},
    "charset_normalizer": {"index.load.text"},
    "watchfiles": {"assistant.watch"},
    "sqlite3": {"assistant.database"},
    "jinja2": {"assistant.prompts"},
    "click": {
        "assistant.cli",
        "assistant.cli.ask",
        "assistant.cli.build",
        "assistant.cli.chat",
        "assistant.cli.inspect",
        "assistant.cli.keep",
        "assistant.cli.measure",
        "assistant.cli.options",
        "assistant.cli.output",
        "assistant.cli.people",
    },
    "rich": {"assistant.cli.output"},
    "gradio": {"assistant.web.page", "assistant.web.server"},
    "fastapi": {
        "assistant.web.routes",
        "assistant.web.routes.citations",
        "assistant.web.routes.conversations",
        "assistant.web.routes.documents",
        "assistant.web.routes.login",
        "assistant.web.routes.replies",
        "assistant.web.server",
    },
    "uvicorn": {"assistant.web.server"},
}


def module_of(file: Path) -> str:
    parts = file.relative_to(REPOSITORY).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(file: Path) -> Iterator[str]:
    """The modules that a file imports, inside functions too; those for type checking only do not count."""
    for node in nodes(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            if node.module in ("index", "assistant"):
                submodules = {alias.name for alias in node.names if _is_module(REPOSITORY / node.module / alias.name)}
                yield from (f"{node.module}.{name}" for name in submodules)
                if len(submodules) < len(node.names):
                    yield node.module
            else:
                yield node.module


def _is_module(place: Path) -> bool:
    return place.with_suffix(".py").is_file() or (place / "__init__.py").is_file()


def nodes(tree: ast.AST) -> Iterator[ast.AST]:
    for node in ast.iter_child_nodes(tree):
        if not (isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"):
            yield node
            yield from nodes(node)


def floor(module: str) -> int:
    while module not in FLOORS:
        module = module.rpartition(".")[0]
    return FLOORS[module]


@pytest.mark.parametrize("file", FILES, ids=module_of)
def test_imports_go_one_way(file: Path) -> None:
    own = module_of(file)
    for imported in imports(file):
        if imported.split(".")[0] in ("index", "assistant"):
            family = own.rpartition(".")[0] not in ("", "index", "assistant") or own in (
                "index.embed",
                "index.load",
                "assistant.agreement",
                "assistant.cli",
                "assistant.evidence",
                "assistant.web",
            )
            inside = family and (imported + ".").startswith(".".join(own.split(".")[:2]) + ".")
            assert inside or floor(imported) < floor(own), f"{own} must not import {imported}"


@pytest.mark.parametrize("file", FILES, ids=module_of)
def test_each_library_has_one_door(file: Path) -> None:
    for imported in imports(file):
        doors = DOORS.get(imported.split(".")[0])
        assert doors is None or module_of(file) in doors, f"{module_of(file)} must not import {imported}"


def test_every_door_is_used() -> None:
    used = {(imported.split(".")[0], module_of(file)) for file in FILES for imported in imports(file)}
    assert {(library, door) for library, doors in DOORS.items() for door in doors} <= used


@pytest.mark.parametrize("file", FILES, ids=module_of)
def test_only_settings_decides_by_the_environment(file: Path) -> None:
    writes_for_others = {"assistant.settings", "assistant.web.server", "index.load.worker"}  # The last two pass it on to gradio and to a child.
    assert "os.environ" not in file.read_text("utf-8") or module_of(file) in writes_for_others


@pytest.mark.parametrize("file", FILES, ids=module_of)
def test_every_module_says_what_it_is_for(file: Path) -> None:
    assert ast.get_docstring(ast.parse(file.read_text("utf-8")))


def test_index_knows_nothing_of_assistant() -> None:
    assert not [f for f in FILES if module_of(f).startswith("index") and any(i.split(".")[0] == "assistant" for i in imports(f))]


HEAVY = "scipy torch gradio llama_index sentence_transformers transformers onnxruntime fastapi".split()


@pytest.mark.parametrize(
    ("code", "forbidden"),
    [
        ("import assistant.cli", HEAVY),
        ("import index, assistant", [name for name in HEAVY if name != "faiss"]),
        (
            "from assistant import Assistant; Assistant.open(INDEX).ask('What does a citation promise?')",
            [n for n in HEAVY if n not in ("onnxruntime", "faiss")],
        ),
    ],
)
def test_heavy_imports_wait_until_they_are_needed(code: str, forbidden: list[str], seeds: Path, offline: dict[str, str]) -> None:
    program = f"INDEX = {str(seeds)!r}\n{code}\nimport sys\nprint([name for name in {forbidden} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], env=offline, capture_output=True, check=True)
    assert done.stdout.decode().strip() == "[]"
