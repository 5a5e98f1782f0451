"""One frozen Settings; the only reader of the environment."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from assistant.errors import SettingsError
from index.embed import DEFAULT_MODEL, default_cache

LOOPBACK = ("127.0.0.1", "localhost", "::1")
"""The names of this machine."""
UNSUPPORTED = ("mark", "remove")
"""What may be done with a sentence of a language model that no document supports."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What can be chosen. Flags override it by `dataclasses.replace`."""

    index: Path = Path(".footnote")
    data: Path | None = None
    model: str | None = None
    cache: Path | None = None
    llm: str | None = None
    device: str = "cpu"
    llm_silence: float = 45.0
    upload_mb: int = 50
    unsupported: str = "mark"
    ollama_address: str = "http://127.0.0.1:11434"
    openai_address: str = "https://api.openai.com/v1"
    anthropic_address: str = "https://api.anthropic.com"
    openai_key: str = field(default="", repr=False)
    anthropic_key: str = field(default="", repr=False)
    llm_key: str = field(default="", repr=False)

    @property
    def data_folder(self) -> Path:
        """Where conversations, uploads and users are kept."""
        index = self.index.resolve()
        return self.data or index.with_name(f"{index.name}-chats")

    @property
    def model_name(self) -> str:
        return self.model or DEFAULT_MODEL

    @property
    def cache_folder(self) -> Path:
        return self.cache or default_cache()


def from_environment(environment: Mapping[str, str] = os.environ) -> Settings:
    """Settings from FOOTNOTE_* and the variables that the makers of language models name; empty ones count as unset.

    Raises SettingsError for a value that cannot be used.
    """
    given = {name: value for name, value in environment.items() if value}
    return Settings(
        index=Path(given.get("FOOTNOTE_INDEX", ".footnote")),
        data=Path(given["FOOTNOTE_DATA"]) if "FOOTNOTE_DATA" in given else None,
        upload_mb=int(_positive(given.get("FOOTNOTE_UPLOAD_MB", "50"), "FOOTNOTE_UPLOAD_MB", "the largest file that may be uploaded, in MB")),
        model=given.get("FOOTNOTE_MODEL"),
        cache=Path(given["FOOTNOTE_CACHE"]) if "FOOTNOTE_CACHE" in given else None,
        llm=given.get("FOOTNOTE_LLM"),
        device=given.get("FOOTNOTE_DEVICE", "cpu"),
        llm_silence=_positive(given.get("FOOTNOTE_LLM_TIMEOUT", "45")),
        unsupported=_one_of("FOOTNOTE_UNSUPPORTED", given.get("FOOTNOTE_UNSUPPORTED", "mark"), UNSUPPORTED),
        ollama_address=_address(given.get("OLLAMA_HOST", "127.0.0.1:11434")),
        openai_address=given.get("OPENAI_BASE_URL", given.get("OPENAI_API_BASE", "https://api.openai.com/v1")),
        anthropic_address=given.get("ANTHROPIC_BASE_URL", "https://api.anthropic.com"),
        openai_key=given.get("OPENAI_API_KEY", ""),
        anthropic_key=given.get("ANTHROPIC_API_KEY", ""),
        llm_key=given.get("FOOTNOTE_LLM_KEY", ""),
    )


def _positive(text: str, name: str = "FOOTNOTE_LLM_TIMEOUT", meaning: str = "the seconds that a language model may be silent") -> float:
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0 < number <= 3600:
        raise SettingsError(f"{name} is {text!r}: give {meaning}, up to 3600")
    return number


def _one_of(name: str, value: str, choices: tuple[str, ...]) -> str:
    if value not in choices:
        raise SettingsError(f"{name} is {value!r}: choose one of {', '.join(choices)}")
    return value


def _address(host: str) -> str:
    """The address of an Ollama as OLLAMA_HOST gives it: with or without a scheme and a port; that it listens on every address is no address."""
    scheme, there, rest = host.rpartition("://")
    rest = re.sub(r"^(?:0\.0\.0\.0|\[::\]|(?=:\d))", "127.0.0.1", rest.rstrip("/"))
    return f"{scheme if there else 'http'}://{rest if ':' in rest.rpartition(']')[2] or there else rest + ':11434'}"


def keep_offline() -> None:
    """Tell every library that would call home not to, and none to go through a proxy to this machine; call it before they are imported."""
    there = os.environ.get("NO_PROXY") or os.environ.get("no_proxy") or ""
    os.environ["NO_PROXY"] = os.environ["no_proxy"] = ",".join(dict.fromkeys([*filter(None, there.split(",")), *LOOPBACK]))
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
