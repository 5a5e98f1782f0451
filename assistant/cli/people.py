"""`user`: who may log in to a chat with `--auth`."""

import sys
from pathlib import Path

import click

from assistant.cli.options import settings_of, with_data, with_index
from assistant.errors import SettingsError
from assistant.people import People
from assistant.web import CONVERSATIONS, PEOPLE


@click.group()
def user() -> None:
    """Who may log in to `footnote chat --auth`."""


def _people(index_folder: Path | None, data: Path | None) -> People:
    return People(settings_of(index_folder, data=data).data_folder / PEOPLE)


def _password() -> str:
    """A password, asked for twice on a terminal; else the first line of standard input."""
    if sys.stdin.isatty():
        return str(click.prompt("Password", hide_input=True, confirmation_prompt=True))
    return sys.stdin.readline().rstrip("\r\n")


@user.command()
@click.argument("name")
@click.option("--admin", is_flag=True, help="They may rebuild the index and change what is in it.")
@with_data
@with_index
def add(name: str, admin: bool, index_folder: Path | None, data: Path | None) -> None:
    """Add somebody; the password is asked for, or read from standard input."""
    left = settings_of(index_folder, data=data).data_folder / CONVERSATIONS / name
    if left.is_dir():
        raise SettingsError(f"{left} holds conversations of an earlier {name}: move it away, or take another name")
    _people(index_folder, data).add(name, _password(), admin)
    click.echo(f"{name} can log in{' and change the library' if admin else ''}.")


@user.command()
@click.argument("name")
@with_data
@with_index
def password(name: str, index_folder: Path | None, data: Path | None) -> None:
    """Give somebody another password, and log them out everywhere."""
    _people(index_folder, data).set_password(name, _password())
    click.echo(f"{name} has a new password.")


@user.command()
@click.argument("name")
@with_data
@with_index
def remove(name: str, index_folder: Path | None, data: Path | None) -> None:
    """Take somebody's access away; their conversations stay on the disk."""
    _people(index_folder, data).remove(name)
    click.echo(f"{name} can no longer log in.")


@user.command("list")
@with_data
@with_index
def list_users(index_folder: Path | None, data: Path | None) -> None:
    """Show who may log in."""
    for person in _people(index_folder, data).users():
        click.echo(f"{person.name}{'  (administrator)' if person.admin else ''}")
