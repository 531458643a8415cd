"""The commands' names and options; the exit codes; errors in words on stderr."""

import os
import sys
from collections.abc import Sequence

import typer

from watcher import __version__
from watcher.cli import act, look, setup, try_out
from watcher.errors import ConfigError, UsageError, WatcherError

app = typer.Typer(
    name="watcher",
    help="Watch feeds, living articles and filing pages; notice every update; tell once.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"watcher {__version__}")
        raise typer.Exit


@app.callback()
def root(version: bool = typer.Option(False, "--version", callback=_version, is_eager=True, help="Show the version and exit.")) -> None:
    """Watch feeds, living articles and filing pages; notice every update; tell once."""


for module in (setup, act, try_out, look):
    module.register(app)


def run(args: Sequence[str]) -> int:
    """Run one command line; give its exit code."""
    try:
        app(args=list(args), prog_name="watcher")
    except SystemExit as ended:  # how the library ends: usage errors were shown by it
        return ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130
    except (ConfigError, UsageError) as error:
        print(error, file=sys.stderr)
        return 2
    except BrokenPipeError:
        # The reader of a pipe (head, less) went away; there is nobody left to tell.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except WatcherError as error:
        print(f"watcher: {error}", file=sys.stderr)
        return 1
    return 0
