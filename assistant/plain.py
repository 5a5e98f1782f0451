"""Text that is only text: on one line, without anything that steers a terminal, hides what is said, or passes for a turn of a conversation."""

import re

CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
TURNS = re.compile(
    r"<\|[^|>]{0,40}\|>|<</?SYS>>|</?(?:s|system|assistant|user|human|evidence|conversation|instructions?|prompt)\s*/?>|`{3,}|#{3,}", re.IGNORECASE
)
"""What language models are told turns apart by."""


BRACKETS = str.maketrans("[]【】［］", "()()()")


def one_line(text: str) -> str:
    """Text on one line, without anything that could steer a terminal or hide what is said."""
    return CONTROLS.sub("\ufffd", " ".join(text.split()))


def as_data(text: str) -> str:
    """Text for a prompt: on one line, in which nothing passes for a number of a sentence or for a turn of a conversation."""
    return TURNS.sub(" ", one_line(text)).translate(BRACKETS)
