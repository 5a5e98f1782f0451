"""One frozen Settings; the only reader of the environment."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from index.embed import DEFAULT_MODEL, default_cache


@dataclass(frozen=True, slots=True)
class Settings:
    """What can be chosen. Flags override it by `dataclasses.replace`."""

    index: Path = Path(".footnote")
    model: str | None = None
    cache: Path | None = None
    llm: str | None = None
    device: str = "cpu"

    @property
    def model_name(self) -> str:
        return self.model or DEFAULT_MODEL

    @property
    def cache_folder(self) -> Path:
        return self.cache or default_cache()


def from_environment(environment: Mapping[str, str] = os.environ) -> Settings:
    """Settings from FOOTNOTE_INDEX, FOOTNOTE_MODEL, FOOTNOTE_CACHE, FOOTNOTE_LLM and FOOTNOTE_DEVICE; empty ones count as unset."""
    given = {name: value for name, value in environment.items() if value}
    return Settings(
        index=Path(given.get("FOOTNOTE_INDEX", ".footnote")),
        model=given.get("FOOTNOTE_MODEL"),
        cache=Path(given["FOOTNOTE_CACHE"]) if "FOOTNOTE_CACHE" in given else None,
        llm=given.get("FOOTNOTE_LLM"),
        device=given.get("FOOTNOTE_DEVICE", "cpu"),
    )


def keep_offline() -> None:
    """Tell every library that would call home not to; call it before they are imported."""
    os.environ.update(
        HF_HUB_OFFLINE="1",
        TRANSFORMERS_OFFLINE="1",
        HF_HUB_DISABLE_TELEMETRY="1",
        DO_NOT_TRACK="1",
        GRADIO_ANALYTICS_ENABLED="False",
        GRADIO_SHARE="False",
        GRADIO_MCP_SERVER="False",
        GRADIO_SSR_MODE="False",
        TOKENIZERS_PARALLELISM="false",
    )
