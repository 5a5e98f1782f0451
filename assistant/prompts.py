"""Fills the templates in `prompts/`, strictly: a missing or unknown variable raises by name."""

from pathlib import Path

from assistant.errors import PromptError


def fill(name: str, **variables: object) -> str:
    """The text of a template with its variables. Raises PromptError, which names what is missing or unknown."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined, TemplateNotFound, meta

    # A prompt is plain text: nothing is escaped as HTML.
    environment = Environment(loader=FileSystemLoader(folder()), undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)  # noqa: S701
    try:
        source, _, _ = FileSystemLoader(folder()).get_source(environment, f"{name}.md")
    except TemplateNotFound:
        raise PromptError(f"there is no prompt {name!r} in {folder()}") from None
    wanted = meta.find_undeclared_variables(environment.parse(source))
    if missing := sorted(wanted - variables.keys()):
        raise PromptError(f"the prompt {name!r} needs {', '.join(missing)}, which is not given")
    if unknown := sorted(variables.keys() - wanted):
        raise PromptError(f"the prompt {name!r} does not use {', '.join(unknown)}")
    return environment.from_string(source).render(**variables)


def folder() -> Path:
    """Where the templates are: inside an installed package, or at the top of a checkout."""
    installed = Path(__file__).parent / "prompts_data"
    return installed if installed.is_dir() else Path(__file__).parents[1] / "prompts"
