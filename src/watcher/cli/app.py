"""The commands' names and sections; the exit codes; errors in words on stderr."""

import os
import sys
from collections.abc import Sequence
from typing import Any

import typer
from typer.core import TyperGroup

from watcher import __version__
from watcher.cli import act, channels, db, look, setup, state, try_out
from watcher.errors import ConfigError, UsageError, WatcherError

SECTIONS = (
    ("Begin", ("init", "validate", "demo")),
    ("Watch", ("run", "check", "unfollow")),
    ("Try out, storing nothing", ("inspect", "replay")),
    ("Look", ("status", "sources", "changes", "tail", "diff")),
    ("Tell", ("deliveries", "retry", "channels", "mute")),
    ("Keep", ("db",)),
)
EPILOG = (
    "`watcher COMMAND --help` says more. Exit codes: 0 done, 1 something failed, 2 usage or configuration, "
    "10 `check --exit-code` found a change."
)


class Root(TyperGroup):
    """The commands in their sections; a pipe that was closed and Ctrl-C are ends, not failures."""

    def list_commands(self, _: Any) -> list[str]:
        return [name for _, names in SECTIONS for name in names]

    def format_commands(self, _: Any, formatter: Any) -> None:
        wide = max(map(len, self.commands))
        for title, names in SECTIONS:
            with formatter.section(title):
                helps = [self.commands[name].get_short_help_str(200) for name in names]
                formatter.write_dl([(name.ljust(wide), said) for name, said in zip(names, helps, strict=True)])

    def invoke(self, ctx: Any) -> Any:
        try:
            result = super().invoke(ctx)
            sys.stdout.flush()
        except BrokenPipeError:
            # The reader of a pipe (head, less) went away; there is nobody left to tell.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit(0) from None
        except KeyboardInterrupt:
            print("interrupted", file=sys.stderr)
            raise typer.Exit(130) from None
        return result


app = typer.Typer(
    name="watcher",
    cls=Root,
    epilog=EPILOG,
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
def root(
    version: bool = typer.Option(
        False, "--version", callback=_version, is_eager=True, help="Show the version and exit."
    ),
) -> None:
    """Watch feeds, living articles and filing pages; notice every update; tell once."""


for module in (setup, act, try_out, state, look, channels, db):
    module.register(app)


def run(args: Sequence[str]) -> int:
    """Run one command line; give its exit code."""
    try:
        app(args=list(args), prog_name="watcher")
    except SystemExit as ended:  # how the library ends: usage errors were shown by it
        return ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    except (ConfigError, UsageError) as error:
        print(error, file=sys.stderr)
        return 2
    except WatcherError as error:
        print(f"watcher: {error}", file=sys.stderr)
        return 1
    return 0
