"""What routes reply with, whatever they are asked."""

from typing import Any

from fastapi import Request
from fastapi.responses import JSONResponse

from assistant.errors import AssistantError
from index.errors import IndexingError

NEVER_KEPT = {"cache-control": "no-store"}
MENDABLE = (AssistantError, IndexingError)
"""What the person can mend."""


def failing(_: Request, error: Exception) -> JSONResponse:
    """What the person can mend is an answer like any other: a browser calls what is refused an error of the page."""
    return told({"trouble": str(error)})


def told(value: Any) -> JSONResponse:
    """A value that no browser keeps."""
    return JSONResponse(value, headers=NEVER_KEPT)


def missing(message: str = "There is no such thing (any more).") -> JSONResponse:
    """That there is nothing."""
    return JSONResponse({"message": message}, 404, NEVER_KEPT)
