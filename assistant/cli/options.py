"""Options that commands share, and the settings they make."""

import functools
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from assistant.settings import Settings, from_environment
from assistant.types import QUOTE

if TYPE_CHECKING:
    from assistant.llm import ChatModel


def with_index(command: Callable[..., Any]) -> Callable[..., Any]:
    """`--index DIR`, handed on as `index_folder`."""
    option = click.option(
        "--index", "index_folder", metavar="DIR", type=click.Path(path_type=Path), help="The index folder (default: .footnote, or FOOTNOTE_INDEX)."
    )
    return option(command)


def settings_of(index_folder: Path | None, model: str | None = None, device: str | None = None, llm: str | None = None, data: Path | None = None) -> Settings:
    """The settings of the environment, overridden by what was given."""
    settings = from_environment()
    return replace(
        settings,
        index=index_folder or settings.index,
        data=data or settings.data,
        model=model or settings.model,
        device=device or settings.device,
        llm=llm or settings.llm,
    )


def with_llm(command: Callable[..., Any]) -> Callable[..., Any]:
    """`--llm NAME` and `--no-llm`, handed on as one `llm`."""

    @functools.wraps(command)
    def named(llm: str | None, no_llm: bool, **options: Any) -> Any:
        return command(llm=QUOTE if no_llm else llm, **options)

    named = click.option("--no-llm", is_flag=True, help="Quote the documents word for word, whatever FOOTNOTE_LLM says.")(named)
    models = "ollama:MODEL, openai:MODEL, anthropic:MODEL or compatible:MODEL@http://host:port/v1"
    return click.option("--llm", metavar="NAME", help=f"Answer in the words of a language model: {models} (default: quote, or FOOTNOTE_LLM).")(named)


def model_of(settings: Settings) -> "ChatModel | None":
    """The language model that the settings name; None for `quote`. Raises SettingsError for one that cannot be used."""
    if settings.llm in (None, QUOTE):
        return None
    from assistant.llm import open_model

    return open_model(settings.llm, settings)


DAY = click.DateTime(["%Y-%m-%d"])


def with_filter(command: Callable[..., Any]) -> Callable[..., Any]:
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


with_data = click.option(
    "--data", metavar="DIR", type=click.Path(path_type=Path), help="Where conversations and uploads are kept (default: beside the index, or FOOTNOTE_DATA)."
)
as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
