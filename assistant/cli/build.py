"""`build` and `watch`: make the index hold what its sources hold, once or for as long as it runs."""

import os
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from assistant.cli.options import as_json, settings_of, with_index
from assistant.cli.output import print_json, track
from index.errors import IndexingError

if TYPE_CHECKING:
    from assistant.update import Update
    from index.build import Plan
    from index.load import Loading


@click.command()
@click.argument("sources", nargs=-1, metavar="[SOURCE]...")
@click.option("--full", is_flag=True, help="Read and embed everything again.")
@click.option("--dry-run", is_flag=True, help="Say what would change, and change nothing.")
@click.option("--model", metavar="NAME", help="A sentence-transformers model: a name or a folder (or FOOTNOTE_MODEL).")
@click.option("--device", metavar="NAME", help="Where to embed: cpu (the default), cuda or mps (or FOOTNOTE_DEVICE).")
@click.option("--reader", "readers", multiple=True, metavar="[SUFFIX=]MODULE:CLASS", help="Read with a llama-index reader; the sources are what it asks for.")
@as_json
@with_index
def build(
    sources: tuple[str, ...],
    full: bool,
    dry_run: bool,
    model: str | None,
    device: str | None,
    readers: tuple[str, ...],
    as_json: bool,
    index_folder: Path | None,
) -> None:
    """Make the index hold exactly these files and folders.

    Without a SOURCE: those of the last build, else ./seeds. Only what changed is read and embedded.
    """
    from assistant.update import Watching, preview, update

    settings = settings_of(index_folder, model, device)
    watching = Watching(track("Reading files"), track("Embedding chunks"), _complain, _warn)
    if dry_run:
        _print_plan(*preview(settings, sources, full, watching, readers), as_json)
    else:
        try:
            done = update(settings, sources, full, watching, readers=readers)
        except KeyboardInterrupt:
            _warn("stopped; the index is as it was, and what was embedded is kept: the next build goes on from it")
            raise
        if not done.report.documents:
            _warn("the sources hold nothing any more; the index is now empty")
        _print_update(done, settings.index, as_json)


def _warn(message: str) -> None:
    click.echo(f"footnote: warning: {message}", err=True)


def _counted(loading: "Loading") -> str:
    return f"{len(loading.failed)} files failed, {len(loading.skipped)} skipped"


def _complain(loading: "Loading") -> None:
    from assistant.plain import one_line

    for word, problems in (("not read", loading.failed), ("skipped", loading.skipped), ("note", loading.notes)):
        for problem in problems:
            click.echo(f"footnote: {word}: {one_line(problem.file)}: {one_line(problem.reason)}", err=True)


def _changes(plan: "Plan") -> dict[str, Any]:
    return {"added": list(plan.added), "changed": list(plan.changed), "removed": list(plan.removed), "kept": list(plan.kept)}


def _print_plan(plan: "Plan", loading: "Loading", as_json: bool) -> None:
    from assistant.plain import one_line

    if as_json:
        from assistant.update import problems

        found = {"failed": problems(loading.failed), "skipped": problems(loading.skipped), "warnings": problems(loading.notes)}
        print_json({**_changes(plan), **found})
        return
    for mark, ids in (("+", plan.added), ("~", plan.changed), ("-", plan.removed)):
        for id in ids:
            click.echo(f"{mark} {one_line(id)}")
    click.echo(f"{_summary(plan)}; nothing was changed (--dry-run).")


def _summary(plan: "Plan") -> str:
    return f"{len(plan.added)} added, {len(plan.changed)} changed, {len(plan.removed)} removed, {len(plan.kept)} kept"


def _print_update(done: "Update", folder: Path, as_json: bool) -> None:
    from assistant.update import reading_report

    report, reading = done.report, reading_report(done)
    counts = {"documents": report.documents, "sentences": report.sentences, "chunks": report.chunks, "embedded": report.embedded, "resumed": report.resumed}
    if as_json:
        found = {kind: reading[kind] for kind in ("failed", "skipped", "warnings")}
        print_json({**_changes(report.plan), **found, **counts, "index": str(folder), "seconds": round(done.seconds, 2), "reading": reading})
        return
    if reading["read"]:
        _print_reading(reading)
    click.echo(f"{_summary(report.plan)}; {_counted(done.loading)}.")
    held = ", ".join(f"{count} {name}" for name, count in counts.items() if count or name != "resumed")
    click.echo(f"{folder}: {held} now ({done.seconds:.1f} s).")


def _print_reading(reading: dict[str, Any]) -> None:
    """A short table of what was read."""
    rows = {
        "read": _listed(reading["types"]),
        "language": _listed(reading["languages"]),
        "text": f"{reading['characters']:,} characters, {reading['in_sentences'] or 0:.0%} of them in sentences",
        "seconds": ", ".join(f"{stage} {took:.1f}" for stage, took in reading["seconds"].items() if stage != "total"),
    }
    for name, value in rows.items():
        click.echo(f"{name + ':':<10} {value}")


def _listed(counts: dict[str, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in counts.items())


@click.command()
@click.argument("sources", nargs=-1, metavar="[SOURCE]...")
@click.option("--poll", default=0.0, metavar="SECONDS", type=click.FloatRange(0), help="Look every so often instead of waiting to be told (network folders).")
@click.option("--model", metavar="NAME", help="A sentence-transformers model: a name or a folder (or FOOTNOTE_MODEL).")
@click.option("--while", "process", default=0, hidden=True, help="Stop when this process, which started it, has ended.")
@with_index
def watch(sources: tuple[str, ...], poll: float, model: str | None, process: int, index_folder: Path | None) -> None:
    """Keep the index equal to its sources until stopped (Ctrl+C). A chat that is open sees each new index with its next question."""
    from assistant.watch import watch

    settings = settings_of(index_folder, model)
    watch(settings, sources, _tell, lambda: process > 0 and os.getppid() != process, poll)


def _tell(news: "Update | IndexingError") -> None:
    """A line for each build, and for each error."""
    at = datetime.now().astimezone().strftime("%H:%M:%S")
    if isinstance(news, IndexingError):
        _warn(f"{at} {news}")
        return
    _complain(news.loading)
    click.echo(f"{at} {_summary(news.report.plan)}; {news.report.documents} documents ({news.seconds:.1f} s).")
