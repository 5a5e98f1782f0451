"""The command line; the only print. Results go to standard output, everything else to standard error."""

import contextlib
import errno
import functools
import io
import json
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from assistant.errors import AssistantError, SettingsError
from assistant.settings import Settings, from_environment, keep_offline
from index.errors import IndexingError, NoIndexError, SourceError, StoreError

if TYPE_CHECKING:
    from assistant.types import Answer
    from index.build import Plan, Report
    from index.filter import Filter
    from index.load import Loading, Problem
    from index.store import Store

T = TypeVar("T")
FOUND, WRONG, NOT_SAID = 0, 2, 3


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit: 0 done, 2 wrong call, file or setting (one line says which), 3 not said."""
    keep_offline()
    _ready_output()
    try:
        code = cli.main(args=arguments, prog_name="footnote", standalone_mode=False)
        sys.stdout.flush()
    except (AssistantError, IndexingError) as error:
        _fail(str(error))
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message())
        sys.exit(FOUND)
    except click.UsageError as error:
        command = error.ctx.command_path if error.ctx else "footnote"
        _fail(f"{error.format_message()} See `{command} --help`.")
    except click.ClickException as error:
        _fail(error.format_message())
    except (click.Abort, KeyboardInterrupt):
        sys.exit(130)
    except SystemExit as leaving:
        sys.exit(FOUND if isinstance(leaving.__context__, BrokenPipeError) else leaving.code)  # `| head` has seen enough.
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        _fail("the output cannot be written: no space left; free some, or write it elsewhere")
    sys.exit(code if isinstance(code, int) else FOUND)


def _ready_output() -> None:
    """Print what the terminal's encoding lacks as "?", and nothing at all if output was closed."""
    sys.stdout = sys.stdout or Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - It stays open to the end.
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")


def _fail(message: str) -> None:
    click.echo(f"footnote: {' '.join(message.split())}".encode("utf-8", "backslashreplace").decode(), err=True)
    sys.exit(WRONG)


def _with_index(command: Callable[..., Any]) -> Callable[..., Any]:
    option = click.option(
        "--index", "index_folder", metavar="DIR", type=click.Path(path_type=Path), help="The index folder (default: .footnote, or FOOTNOTE_INDEX)."
    )
    return option(command)


def _settings(index_folder: Path | None, model: str | None = None, device: str | None = None) -> Settings:
    settings = from_environment()
    return replace(settings, index=index_folder or settings.index, model=model or settings.model, device=device or settings.device)


DAY = click.DateTime(["%Y-%m-%d"])


def _with_filter(command: Callable[..., Any]) -> Callable[..., Any]:
    """Options that narrow a search, handed on as one `only`."""

    @functools.wraps(command)
    def narrowed(
        sources: tuple[Path, ...], paths: tuple[str, ...], types: tuple[str, ...], since: datetime | None, until: datetime | None, **options: Any
    ) -> Any:
        from index.filter import Filter

        days = (since.date() if since else None, until.date() if until else None)
        return command(only=Filter(tuple(map(Path.resolve, sources)), paths, types, *days), **options)

    options = (
        click.option("--source", "sources", multiple=True, metavar="PATH", type=click.Path(path_type=Path), help="Only what was indexed from this source."),
        click.option("--path", "paths", multiple=True, metavar="GLOB", help="Only documents whose path fits, as in 'contracts/*.pdf'."),
        click.option("--type", "types", multiple=True, metavar="SUFFIX", help="Only files of this type, as in pdf."),
        click.option("--since", type=DAY, metavar="YYYY-MM-DD", help="Only files changed on this day (UTC) or later."),
        click.option("--until", type=DAY, metavar="YYYY-MM-DD", help="Only files changed on this day (UTC) or earlier."),
    )
    for option in reversed(options):
        narrowed = option(narrowed)
    return narrowed


as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="footnote", message="%(prog)s %(version)s")
def cli() -> None:
    """Ask your own documents. Every sentence of an answer points to the exact sentence it rests on."""


# --- build -------------------------------------------------------------------------------------------


@cli.command()
@click.argument("sources", nargs=-1, metavar="[SOURCE]...", type=click.Path(path_type=Path))
@click.option("--full", is_flag=True, help="Read and embed everything again.")
@click.option("--dry-run", is_flag=True, help="Say what would change, and change nothing.")
@click.option("--model", metavar="NAME", help="A sentence-transformers model: a name or a folder (or FOOTNOTE_MODEL).")
@click.option("--device", metavar="NAME", help="Where to embed: cpu (the default), cuda or mps (or FOOTNOTE_DEVICE).")
@as_json
@_with_index
def build(sources: tuple[Path, ...], full: bool, dry_run: bool, model: str | None, device: str | None, as_json: bool, index_folder: Path | None) -> None:
    """Make the index hold exactly these files and folders.

    Without a SOURCE: those of the last build, else ./seeds. Only what changed is read and embedded.
    """
    from index.build import build, plan, reusable
    from index.embed import open_embedder
    from index.load import load
    from index.store import Store

    started = time.perf_counter()
    settings = _settings(index_folder, model, device)
    store = Store(settings.index)
    chosen, before = _sources(store, sources)
    embedder = open_embedder(_model(store, settings, full), settings.cache_folder, device=settings.device)
    with contextlib.nullcontext() if dry_run else store.lock():
        old = None if full else reusable(store, embedder.identity)
        loading = load(chosen, old.documents if old else {}, leave_out=[settings.index], track=_track("Reading files"))

        def check() -> None:
            _complain(loading)
            _require_documents(loading, chosen, before)

        if dry_run:
            changes = plan(loading.documents, old)
            check()
            _print_plan(changes, loading, as_json)
            return
        report = build(store, loading, embedder, list(map(str, chosen)), old, track=_track("Embedding chunks"), check=check)
    _print_report(report, loading, settings.index, time.perf_counter() - started, as_json)


def _sources(store: "Store", given: Sequence[Path]) -> tuple[list[Path], tuple[str, ...]]:
    """What to index, as absolute paths: what was given, else the last build's sources, else ./seeds; and the last build's."""
    from index.load import resolve

    try:
        before = store.sources()
    except NoIndexError:
        before = ()
    except StoreError:
        if not given:
            raise
        before = ()
    chosen = given or tuple(map(Path, before)) or (Path("seeds"),)
    return list(dict.fromkeys(map(resolve, chosen))), before


def _model(store: "Store", settings: Settings, full: bool) -> str:
    """The model that was asked for; else the one of the index; else, where there is none or it cannot be told, the default."""
    if settings.model:
        return settings.model
    try:
        return store.manifest().model.name
    except NoIndexError:
        return settings.model_name
    except StoreError:
        if not full:
            raise
        return settings.model_name


def _require_documents(loading: "Loading", chosen: Sequence[Path], before: Sequence[str]) -> None:
    """A source that is named for the first time must hold something; one that was emptied since leaves an empty index."""
    if not loading.read and list(before) != list(map(str, chosen)):
        named = ", ".join(map(str, chosen))
        raise SourceError(f"nothing in {named} can be read ({_counted(loading)}): add .txt, .md, .html, .pdf, .docx or .rtf files; the index is as it was")
    if not loading.read:
        click.echo("footnote: warning: the sources hold nothing any more; the index is now empty", err=True)


def _counted(loading: "Loading") -> str:
    return f"{len(loading.failed)} files failed, {len(loading.skipped)} skipped"


def _complain(loading: "Loading") -> None:
    from assistant.render import one_line

    for word, problems in (("not read", loading.failed), ("skipped", loading.skipped), ("note", loading.warnings)):
        for problem in problems:
            click.echo(f"footnote: {word}: {one_line(problem.file)}: {one_line(problem.reason)}", err=True)


def _changes(plan: "Plan", loading: "Loading") -> dict[str, Any]:
    return {
        "added": list(plan.added),
        "changed": list(plan.changed),
        "removed": list(plan.removed),
        "kept": list(plan.kept),
        "failed": _problems(loading.failed),
        "skipped": _problems(loading.skipped),
        "warnings": _problems(loading.warnings),
    }


def _problems(problems: Sequence["Problem"]) -> list[dict[str, str]]:
    return [{"file": problem.file, "reason": problem.reason} for problem in problems]


def _print_plan(plan: "Plan", loading: "Loading", as_json: bool) -> None:
    from assistant.render import one_line

    if as_json:
        _print_json(_changes(plan, loading))
        return
    for mark, ids in (("+", plan.added), ("~", plan.changed), ("-", plan.removed)):
        for id in ids:
            click.echo(f"{mark} {one_line(id)}")
    click.echo(f"{_summary(plan)}; nothing was changed (--dry-run).")


def _summary(plan: "Plan") -> str:
    return f"{len(plan.added)} added, {len(plan.changed)} changed, {len(plan.removed)} removed, {len(plan.kept)} kept"


def _print_report(report: "Report", loading: "Loading", folder: Path, seconds: float, as_json: bool) -> None:
    counts = {"documents": report.documents, "sentences": report.sentences, "chunks": report.chunks, "embedded": report.embedded}
    if as_json:
        _print_json({**_changes(report.plan, loading), **counts, "index": str(folder), "seconds": round(seconds, 2)})
        return
    click.echo(f"{_summary(report.plan)}; {_counted(loading)}.")
    held = ", ".join(f"{count} {name}" for name, count in counts.items())
    click.echo(f"{folder}: {held} now ({seconds:.1f} s).")


def _track(label: str) -> Callable[[Sequence[T]], Iterable[T]]:
    """Wrap a sequence in a progress bar with a rate and a time to go, if standard error is a terminal."""
    return lambda items: _bar(label, items) if sys.stderr.isatty() and items else items


def _bar(label: str, items: Sequence[T]) -> Iterator[T]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    def size(item: T) -> int:
        return len(item) if isinstance(item, Sequence) else 1

    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[rate]}"), TimeRemainingColumn()
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(label, total=sum(map(size, items)), rate="")
        for item in items:
            yield item
            progress.advance(task, size(item))
            progress.update(task, rate=f"{progress.tasks[0].speed or 0:.0f}/s")


# --- status, show ------------------------------------------------------------------------------------


@cli.command()
@as_json
@_with_index
def status(as_json: bool, index_folder: Path | None) -> None:
    """Say what is in the index."""
    from assistant.render import one_line
    from index.contents import FILES, Contents
    from index.store import Store

    settings = _settings(index_folder)
    snapshot = Store(settings.index).read(FILES)
    contents, manifest = Contents.from_files(snapshot.files), snapshot.manifest
    facts = {
        "index": str(settings.index),
        "sources": list(manifest.sources),
        "documents": len(contents),
        "sentences": len(contents.sentences),
        "chunks": len(contents.chunks),
        "model": manifest.model.name,
        "dimension": manifest.model.dimension,
        "vectors": contents.vectors.kind,
        "bytes": snapshot.size,
        "built_at": manifest.built_at,
        "generation": snapshot.generation,
    }
    if as_json:
        _print_json({**facts, "document_ids": list(contents.ids)})
        return
    facts["bytes"] = f"{snapshot.size / 1e6:.1f} MB on disk"
    for name, value in facts.items():
        click.echo(f"{name.replace('_', ' ') + ':':<12} {one_line(', '.join(value) if isinstance(value, list) else str(value))}")


@cli.command()
@click.argument("document")
@as_json
@_with_index
def show(document: str, as_json: bool, index_folder: Path | None) -> None:
    """Print a document as it was read: the text that citations count their characters in.

    On a terminal, characters that could steer it are replaced.
    """
    from assistant.render import CONTROLS
    from index.contents import FILES, Contents
    from index.store import Store

    settings = _settings(index_folder)
    contents = Contents.from_files(Store(settings.index).read(FILES).files)
    if not contents.has(document):
        raise SettingsError(f"there is no document {document!r} in {settings.index}: `footnote status --json` lists them")
    shown = contents.document(document)
    if as_json:
        headings = [[heading.start, heading.end, heading.level] for heading in shown.headings]
        _print_json(
            {
                "document": shown.id,
                "title": shown.title,
                "source": shown.source,
                "modified": shown.modified,
                "pages": list(shown.pages),
                "headings": headings,
                "document_hash": f"sha256:{shown.source_hash}",
                "text": shown.text,
            }
        )
        return
    if sys.stdout.isatty():
        click.echo(CONTROLS.sub("\ufffd", shown.text))
    else:
        sys.stdout.buffer.write(shown.text.encode())
        sys.stdout.buffer.flush()


# --- search, ask, prompt -----------------------------------------------------------------------------


@cli.command()
@click.argument("query")
@click.option("--top", default=10, show_default=True, type=click.IntRange(1, 1000), help="How many hits.")
@click.option("--explain", is_flag=True, help="Say why each passage was found.")
@click.option("--neighbours", default=0, metavar="N", type=click.IntRange(0, 10), help="Show each passage with N before and after it.")
@_with_filter
@as_json
@_with_index
def search(query: str, top: int, explain: bool, neighbours: int, only: "Filter", as_json: bool, index_folder: Path | None) -> None:
    """Find passages by meaning and by words: score, document, page, snippet. What stands in "quotation marks" is wanted word for word."""
    from assistant.answer import require_question
    from assistant.render import hit_json, hits_plain
    from index import Index

    require_question(query)
    settings = _settings(index_folder)
    index = Index.open(settings.index, settings.cache_folder, settings.model)
    hits = index.search(query, top, only)
    around = [index.neighbours(hit.chunk, neighbours) if neighbours else () for hit in hits]
    if as_json:
        _print_json({"query": query, "hits": [hit_json(rank, hit, near) for rank, (hit, near) in enumerate(zip(hits, around, strict=True), 1)]})
    elif hits:
        click.echo(hits_plain(hits, around, _width(), sys.stdout.isatty(), explain))
    else:
        click.echo("No document fits the filter." if only else "The index holds no documents.")


@cli.command()
@click.argument("question")
@click.option("--llm", metavar="NAME", help="Refused in this version, which answers with quotations only.")
@click.option("--no-llm", is_flag=True, help="Use no language model (the default).")
@click.option("--markdown", is_flag=True, help="Print Markdown with footnotes.")
@_with_filter
@as_json
@_with_index
def ask(question: str, llm: str | None, no_llm: bool, markdown: bool, only: "Filter", as_json: bool, index_folder: Path | None) -> int:
    """Answer a question from the documents, each sentence with its source. Exit status 3: they do not say."""
    settings = _settings(index_folder)
    if (llm or settings.llm) and not no_llm:
        raise SettingsError(
            f"{llm or settings.llm} cannot be used: this version answers with quotations only; leave out --llm and FOOTNOTE_LLM, or give --no-llm"
        )
    answer = _ask(question, settings, only)
    _print_answer(answer, as_json, markdown)
    return FOUND if answer.found else NOT_SAID


def _ask(question: str, settings: Settings, only: "Filter") -> "Answer":
    from assistant.answer import Assistant, require_question

    require_question(question)
    return Assistant.open(settings.index, settings.cache_folder, settings.model).ask(question, only=only)


def _print_answer(answer: "Answer", as_json: bool, markdown: bool) -> None:
    from assistant.render import answer_json, answer_markdown, answer_plain

    if as_json:
        _print_json(answer_json(answer))
    elif markdown:
        click.echo(answer_markdown(answer))
    else:
        click.echo(answer_plain(answer, _width(), sys.stdout.isatty()))


@cli.command()
@click.argument("question")
@_with_index
def prompt(question: str, index_folder: Path | None) -> int:
    """Print the question with its numbered evidence, to paste into any language model."""
    from assistant.answer import Assistant, require_question
    from assistant.prompts import fill
    from assistant.render import evidence_lines, one_line

    require_question(question)
    settings = _settings(index_folder)
    grounds = Assistant.open(settings.index, settings.cache_folder, settings.model).ground(question)
    if not grounds.offered:
        click.echo("footnote: the documents do not say, so there is no evidence to give a model", err=True)
        return NOT_SAID
    click.echo(fill("answer", question=one_line(question), evidence=evidence_lines(grounds.offered), declining="The documents do not say."))
    return FOUND


# --- chat --------------------------------------------------------------------------------------------


@cli.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on; this machine's own only.")
@click.option("--port", default=7860, show_default=True, type=click.IntRange(0, 65535), help="The port; 0 takes a free one.")
@click.option("--open", "open_browser", is_flag=True, help="Open the chat in the browser.")
@_with_index
def chat(host: str, port: int, open_browser: bool, index_folder: Path | None) -> None:
    """Open the web chat."""
    from assistant.web.server import serve

    serve(_settings(index_folder), host, port, open_browser, click.echo)


# --- Output ------------------------------------------------------------------------------------------


def _print_json(value: dict[str, Any]) -> None:
    """Print JSON as UTF-8; a lone surrogate of a file name becomes its JSON escape."""
    sys.stdout.buffer.write(json.dumps(value, ensure_ascii=False, indent=2).encode("utf-8", "backslashreplace") + b"\n")
    sys.stdout.buffer.flush()


def _width() -> int:
    return max(40, min(shutil.get_terminal_size().columns, 100))


if __name__ == "__main__":
    main()
