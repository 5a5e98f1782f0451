"""What the page says, in each language that it speaks: one JSON file a language, read by the server and by the browser."""

import json
import re
from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files

DEFAULT = "en"
LANGUAGES = ("en", "de")


class Words:
    """The words of one language."""

    def __init__(self, language: str) -> None:
        self.language = language
        self._words: dict[str, str] = json.loads((files(__name__) / f"{language}.json").read_text("utf-8"))

    def __call__(self, name: str, /, **values: object) -> str:
        """What is called `name`, with its {places} filled. Raises KeyError for what no language file holds."""
        return re.sub(r"\{(\w+)\}", lambda place: str(values[place[1]]), self._words[name])


@lru_cache(len(LANGUAGES))
def words_of(language: str) -> Words:
    return Words(language)


def chosen(headers: Mapping[str, str]) -> Words:
    """The words of the language that a browser asks for: by the choice made on the page, else by its own settings."""
    picked = re.search(r"(?:^|; )footnote_language=(\w+)", headers.get("cookie", ""))
    wanted = [picked[1]] if picked else re.findall(r"[a-z]{2}", headers.get("accept-language", "").lower())
    return words_of(next((language for language in wanted if language in LANGUAGES), DEFAULT))
