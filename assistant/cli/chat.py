"""`chat`: the web chat."""

from pathlib import Path

import click

from assistant.cli.options import settings_of, with_index


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on; this machine's own only.")
@click.option("--port", default=7860, show_default=True, type=click.IntRange(0, 65535), help="The port; 0 takes a free one.")
@click.option("--open", "open_browser", is_flag=True, help="Open the chat in the browser.")
@with_index
def chat(host: str, port: int, open_browser: bool, index_folder: Path | None) -> None:
    """Open the web chat."""
    from assistant.web.server import serve

    serve(settings_of(index_folder), host, port, open_browser, click.echo)
