"""`status`, `show` and `doctor`: what is in the index, and whether it holds."""

import sys
from pathlib import Path

import click

from assistant.cli.options import as_json, settings_of, with_index
from assistant.cli.output import BROKEN, FOUND, print_json, track
from assistant.errors import SettingsError


@click.command()
@as_json
@with_index
def status(as_json: bool, index_folder: Path | None) -> None:
    """Say what is in the index."""
    from assistant.render import one_line
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
    from assistant.render import CONTROLS
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


@click.command()
@click.option("--full", is_flag=True, help="Embed every chunk anew, and not a sample.")
@as_json
@with_index
def doctor(full: bool, as_json: bool, index_folder: Path | None) -> int:
    """Check everything stored against the files it came from. Exit status 1: something does not hold."""
    from dataclasses import asdict

    from assistant.render import one_line
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
