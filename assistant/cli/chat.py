"""`chat`: the web chat."""

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from assistant.cli.options import model_of, settings_of, with_data, with_index, with_llm


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on; with --auth or --expose another than this machine's own.")
@click.option("--port", default=7860, show_default=True, type=click.IntRange(0, 65535), help="The port; 0 takes a free one.")
@click.option("--open", "open_browser", is_flag=True, help="Open the chat in the browser.")
@click.option("--auth", is_flag=True, help="Ask people to log in (`footnote user add`); they see their own conversations only.")
@click.option("--expose", is_flag=True, help="Listen on another address than this machine's without a login.")
@with_data
@click.option("--watch", is_flag=True, help="Keep the index equal to its sources meanwhile, as `footnote watch` does.")
@with_llm
@with_index
def chat(
    host: str, port: int, open_browser: bool, auth: bool, expose: bool, data: Path | None, watch: bool, llm: str | None, index_folder: Path | None
) -> None:
    """Open the web chat."""
    from assistant.web.server import serve

    settings = settings_of(index_folder, llm=llm, data=data)
    model_of(settings)  # What cannot be used is told here and now.
    with _watching(settings.index) if watch else contextlib.nullcontext():
        serve(settings, host, port, open_browser, click.echo, auth, expose)


@contextlib.contextmanager
def _watching(index: Path) -> Iterator[None]:
    """A process beside the chat that keeps its index equal to its sources; a build takes nothing from the chat but a core."""
    command = [sys.executable, "-P", "-m", "assistant.cli", "watch", "--index", str(index), "--while", str(os.getpid())]
    with subprocess.Popen(command, stdout=sys.stderr) as watcher:
        try:
            yield
        finally:
            watcher.terminate()
