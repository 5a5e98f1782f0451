"""`status`, `show` and `doctor`: what is in the index, and whether it holds."""

import sys
from pathlib import Path

import click

from assistant.cli.options import as_json, model_of, settings_of, with_index
from assistant.cli.output import BROKEN, FOUND, print_json, track
from assistant.errors import LlmError, SettingsError
from assistant.settings import Settings


@click.command()
@as_json
@with_index
def status(as_json: bool, index_folder: Path | None) -> None:
    """Say what is in the index."""
    from assistant.plain import one_line
    from assistant.update import last_report
    from index.contents import FILES, Contents
    from index.store import Store

    settings = settings_of(index_folder)
    snapshot = Store(settings.index).read(FILES)
    contents, manifest = Contents.from_files(snapshot.files), snapshot.manifest
    facts = {
        "index": str(settings.index),
        "sources": list(manifest.sources),
        "documents": len(contents),
        "sentences": len(contents.tables.sentences),
        "chunks": len(contents.chunks),
        "model": manifest.model.name,
        "dimension": manifest.model.dimension,
        "vectors": contents.vectors.kind,
        "bytes": snapshot.size,
        "built_at": manifest.built_at,
        "generation": snapshot.generation,
    }
    if as_json:
        print_json({**facts, "document_ids": list(contents.ids), "reading": last_report(settings)})
        return
    facts["bytes"] = f"{snapshot.size / 1e6:.1f} MB on disk"
    report = last_report(settings)
    facts["not_read"] = f"{len(report.get('failed', ()))} files failed, {len(report.get('skipped', ()))} skipped"
    for name, value in facts.items():
        click.echo(f"{name.replace('_', ' ') + ':':<12} {one_line(', '.join(value) if isinstance(value, list) else str(value))}")


@click.command()
@click.argument("document")
@as_json
@with_index
def show(document: str, as_json: bool, index_folder: Path | None) -> None:
    """Print a document as it was read: the text that citations count their characters in.

    On a terminal, characters that could steer it are replaced.
    """
    from assistant.plain import CONTROLS
    from index.contents import FILES, Contents
    from index.store import Store

    settings = settings_of(index_folder)
    contents = Contents.from_files(Store(settings.index).read(FILES).files)
    if not contents.has(document):
        raise SettingsError(f"there is no document {document!r} in {settings.index}: `footnote status --json` lists them")
    shown = contents.document(document)
    if as_json:
        headings = [[heading.start, heading.end, heading.level] for heading in shown.headings]
        print_json(
            {
                "document": shown.id,
                "title": shown.name,
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


def _examine_llm(settings: Settings, as_json: bool) -> int:
    """Make one small call of a language model, and tell whether it answers, how much it reads, and how fast it is."""
    import time

    model = model_of(settings)
    if model is None:
        raise SettingsError("no language model is named: give one, as in `footnote doctor --llm ollama:llama3.2`, or set FOOTNOTE_LLM")
    start = time.perf_counter()
    found: dict[str, object] = {"llm": model.name, "where": model.where, "stays_on_this_machine": model.local}
    try:
        found["reads_characters"] = model.room()
        pieces = list(model.stream("Write the word: ready"))
        found |= {"answers": any(piece.strip() for piece in pieces), "seconds": round(time.perf_counter() - start, 1)}
    except LlmError as error:
        found |= {"answers": False, "error": str(error)}
    if as_json:
        print_json(found)
    elif found["answers"]:
        place = "on this machine" if model.local else "NOT on this machine"
        click.echo(f"{model.name} at {model.where} ({place}) answers, in {found['seconds']} s; it is given up to {found['reads_characters']:,} characters.")
    else:
        click.echo(f"wrong: {found.get('error', f'{model.name} at {model.where} sent an empty answer')}")
    return FOUND if found["answers"] else BROKEN


@click.command()
@click.option("--full", is_flag=True, help="Embed every chunk anew, and not a sample.")
@click.option(
    "--llm", "ask_llm", is_flag=False, flag_value="", metavar="[NAME]", help="Call this language model (default: FOOTNOTE_LLM) instead, and say what works."
)
@as_json
@with_index
def doctor(full: bool, ask_llm: str | None, as_json: bool, index_folder: Path | None) -> int:
    """Check everything stored against the files it came from. Exit status 1: something does not hold."""
    if ask_llm is not None:
        return _examine_llm(settings_of(index_folder, llm=ask_llm or None), as_json)
    from dataclasses import asdict

    from assistant.plain import one_line
    from index.doctor import examine
    from index.embed import open_embedder
    from index.store import Store

    settings = settings_of(index_folder)
    found = examine(Store(settings.index), lambda model: open_embedder(model.name, settings.cache_folder, model), full, track("Examining"))
    if as_json:
        print_json({"sound": found.sound, "checked": found.checked, "findings": [asdict(finding) for finding in found.findings]})
        return FOUND if found.sound else BROKEN
    for finding in sorted(found.findings, key=lambda finding: finding.note):
        remedy = f" ({finding.remedy})" if finding.remedy else ""
        click.echo(f"{'note' if finding.note else 'wrong'}: {one_line(finding.subject)}: {one_line(finding.message)}{remedy}")
    checked = ", ".join(f"{count} {name}" for name, count in found.checked.items())
    click.echo(f"{'Everything holds' if found.sound else 'Not everything holds'}{f': checked {checked}' if checked else ''}.")
    return FOUND if found.sound else BROKEN
