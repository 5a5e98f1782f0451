"""`eval` and `calibrate`: how good the answers are on questions of one's own, and when none is given."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from assistant.cli.options import as_json, settings_of, with_index
from assistant.cli.output import FOUND, WORSE, print_json, track
from index.errors import LockError

if TYPE_CHECKING:
    from assistant.calibrate import Calibration

MOST_RUNS = 100


@click.command()
@click.argument("questions", type=click.Path(path_type=Path))
@click.option("--baseline", metavar="FILE", type=click.Path(path_type=Path), help="An earlier run's JSON: exit status 4 where this one is worse.")
@as_json
@with_index
def eval(questions: Path, baseline: Path | None, as_json: bool, index_folder: Path | None) -> int:
    """Measure retrieval, citations and refusals on QUESTIONS, a file of JSON lines.

    Each line is {"question": "…", "gold": ["words of a sentence that answers it", …]}; an empty gold means that the documents do not
    answer it; "document" may name where the gold stands.
    """
    from assistant.answer import Assistant
    from assistant.evaluate import evaluate, read_baseline, read_known, regressions, to_json

    known, before = read_known(questions), read_baseline(baseline) if baseline else []
    settings = settings_of(index_folder)
    assistant = Assistant.open(settings.index, settings.cache_folder, settings.model)
    outcomes = evaluate(assistant, known, track("Asking"))
    worse = regressions(outcomes, before) if before else []
    told = to_json(outcomes)
    _keep_run(settings.index, {"questions_file": str(questions), "generation": assistant.index.generation, **told["figures"]})
    if as_json:
        print_json({**told, "regressions": worse})
    else:
        _print_figures(told["figures"])
    for line in worse:
        click.echo(f"footnote: worse than {baseline}: {line}", err=True)
    return WORSE if worse else FOUND


def _keep_run(index: Path, run: dict[str, Any]) -> None:
    """Add a run to those that are kept beside the index."""
    from index.store import Store, now

    store = Store(index)
    try:
        with store.lock():
            runs = (store.remembered("RUNS") or b"").splitlines()[-(MOST_RUNS - 1) :]
            store.remember("RUNS", b"\n".join([*runs, json.dumps({"at": now(), **run}).encode()]))
    except LockError as error:
        click.echo(f"footnote: warning: this run is not kept: {error}", err=True)


def _print_figures(told: dict[str, Any]) -> None:
    for name, value in told.items():
        if name == "reliability":
            continue
        shown = "–" if value is None else f"{value:.1%}" if isinstance(value, float) and not name.startswith(("latency", "AUROC", "calibration")) else value
        click.echo(f"{name + ':':<30} {shown}")
    click.echo("\nconfidence  questions  of which the documents answer")
    for one in told["reliability"]:
        click.echo(f"{one['from']:.1f}–{one['from'] + 0.1:.1f}     {one['questions']:>9}  {one['answerable']:>6.0%}  {'█' * round(20 * one['answerable'])}")


@click.command()
@click.option("--prefer", type=click.Choice(["precision", "balance", "recall"]), default="balance", show_default=True, help="What matters more.")
@as_json
@with_index
def calibrate(prefer: str, as_json: bool, index_folder: Path | None) -> None:
    """Fit the bar under which it is declined to answer to what is in the index, and keep it there.

    Precision: few answers to what the documents do not say. Recall: few refusals of what they do say.
    """
    from assistant.bar import keep_bar
    from assistant.calibrate import calibrate as fit
    from assistant.evidence import identity, open_evidence
    from index import Index

    settings = settings_of(index_folder)
    index = Index.open(settings.index, settings.cache_folder, settings.model)
    found = fit(index, open_evidence(index.embedder, index.keywords), prefer, track("Asking"))
    keep_bar(settings.index, identity(), found.bar, prefer)
    if as_json:
        print_json(_calibration_json(found, prefer))
    else:
        click.echo("\n".join(_calibration_lines(found, prefer)))


def _calibration_json(found: "Calibration", prefer: str) -> dict[str, Any]:
    from dataclasses import asdict

    return {"prefer": prefer, **asdict(found)}


def _calibration_lines(found: "Calibration", prefer: str) -> Sequence[str]:
    asked = f"{found.answerable} questions made of the documents; {found.taken_away} with the answer taken away, {found.foreign} of foreign topics"
    rows = [f"{'→' if row.bar == found.bar else ' '} {row.bar:.2f}   {row.false_refusals:>14.0%}   {row.false_answers:>13.0%}" for row in found.rows]
    return (asked, "", "   bar   false refusals   false answers", *rows, "", f"Kept: answers below a confidence of {found.bar:.2f} are declined ({prefer}).")
