"""The web chat: a guarded server, a page made with gradio, and the viewer of cited passages."""
