"""What a reader may use beside the file: a folder to unpack into, what is worth unpacking, and a way to say that it is still at work."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Desk:
    """`scratch` is an empty folder, for files of names that are read (`is_read`).

    `alive()` begins the time that a file is given anew, as after each page that was recognised.
    """

    scratch: Path
    is_read: Callable[[str], bool]
    alive: Callable[[], None] = lambda: None
