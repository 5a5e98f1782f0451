"""What the page's own scripts ask the server for, beside what gradio asks: citations, pages, conversations, documents, uploads, the login."""

from fastapi import APIRouter

from assistant.web.routes import citations, conversations, documents, login
from assistant.web.who import Who


def make_router(who: Who) -> APIRouter:
    """All routes of our own."""
    router = APIRouter()
    for part in (citations, conversations, documents, login):
        part.add(router, who)
    return router
