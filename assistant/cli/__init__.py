"""The command line; the only print. Results go to standard output, everything else to standard error."""

import errno
import os
import sys
from collections.abc import Sequence

import click

from assistant.cli import ask, build, chat, inspect, keep, measure, people
from assistant.cli.output import FOUND, fail, ready_output
from assistant.errors import AssistantError
from assistant.settings import keep_offline
from index.errors import IndexingError


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit: 0 done, 2 wrong call, file or setting (one line says which), 3 not said."""
    keep_offline()
    ready_output()
    try:
        code = cli.main(args=arguments, prog_name="footnote", standalone_mode=False)
        sys.stdout.flush()
    except (AssistantError, IndexingError) as error:
        fail(str(error))
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message())
        sys.exit(FOUND)
    except click.UsageError as error:
        command = error.ctx.command_path if error.ctx else "footnote"
        fail(f"{error.format_message()} See `{command} --help`.")
    except click.ClickException as error:
        fail(error.format_message())
    except (click.Abort, KeyboardInterrupt):
        sys.exit(130)
    except SystemExit as leaving:
        sys.exit(FOUND if isinstance(leaving.__context__, BrokenPipeError) else leaving.code)  # `| head` has seen enough.
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # What could not be written would be tried again as Python ends.
        fail("the output cannot be written: no space left; free some, or write it elsewhere")
    sys.exit(code if isinstance(code, int) else FOUND)


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="footnote", message="%(prog)s %(version)s")
def cli() -> None:
    """Ask your own documents. Every sentence of an answer points to the exact sentence it rests on."""


for command in (
    build.build,
    build.watch,
    ask.ask,
    ask.search,
    ask.prompt,
    chat.chat,
    inspect.status,
    inspect.show,
    inspect.doctor,
    keep.chats,
    keep.export,
    keep.verify,
    people.user,
    measure.eval,
    measure.calibrate,
):
    cli.add_command(command)
