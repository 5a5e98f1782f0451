"""The web chat: a guarded server, a page made with gradio, panels of our own beside it, and the viewer of cited sentences."""

PEOPLE, CONVERSATIONS = "people.sqlite", "people"
"""In the data folder: who may log in, and a folder of conversations and uploads for each person."""
