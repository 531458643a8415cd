"""What the commands share: the options, the configuration they mean, the store they read, the daemon they ask."""

import os
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from watcher.cli import complete
from watcher.errors import UsageError

if TYPE_CHECKING:
    from watcher.config import Config
    from watcher.store import Store
    from watcher.world import World

T = TypeVar("T")


def option(flag: str, metavar: str, meaning: str, complete: Callable[..., Any] | None = None) -> Any:
    """Describe an option that is nothing unless it is given; `complete` gives the shell what it may be."""
    return typer.Option(flag, metavar=metavar, help=meaning, autocompletion=complete, show_default=False)


ConfigOption = Annotated[
    Path | None,
    typer.Option(
        "--config",
        "-c",
        metavar="FILE",
        help="The configuration file; otherwise $WATCHER_CONFIG, ./config.toml, …",
        envvar="WATCHER_CONFIG",
        show_default=False,
        show_envvar=False,
    ),
]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Name the configuration and the store; say more.")]
SourceNames = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="NAME",
        help="Sources; all of them when none is named.",
        autocompletion=complete.source_names,
        show_default=False,
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON Lines.")]


def config_path(explicit: Path | None) -> Path:
    """Find the configuration file or say where it was looked for. Raises UsageError."""
    from watcher import config as configuration

    path = configuration.find(explicit, os.environ, Path.cwd())
    if path is None:
        raise UsageError(
            "no configuration found: name one with --config or $WATCHER_CONFIG, or make one here with `watcher init`\n"
            "(looked for ./config.toml, $XDG_CONFIG_HOME/watcher/config.toml and /etc/watcher/config.toml)"
        )
    return path


def _told(path: Path, database: str, verbose: bool) -> None:
    if verbose:
        from watcher.core.mask import mask_url

        print(f"config {path}\nstore  {mask_url(database)}", file=sys.stderr, flush=True)


def load(explicit: Path | None, verbose: bool = False) -> "Config":
    """Load the configuration. Raises ConfigError, UsageError."""
    from watcher import config as configuration

    path = config_path(explicit)
    config = configuration.load(path)
    _told(path, config.database, verbose)
    return config


def database(explicit: Path | None, verbose: bool = False) -> str:
    """Say which store the configuration names, without reading its sources. Raises ConfigError, UsageError."""
    from watcher.config import database_of

    path = config_path(explicit)
    url = database_of(path)
    _told(path, url, verbose)
    return url


@contextmanager
def reading(url: str) -> "Iterator[Store]":
    """Open a store for a command that only reads: never created, never migrated. Raises StoreError."""
    from watcher.store import Store

    store = Store.open(url)
    try:
        yield store
    finally:
        store.close()


def since_when(text: str | None) -> datetime | None:
    """Read `--since`: a period back from now ("2h", "7d") or a time. Raises UsageError."""
    if not text:
        return None
    from watcher.config import duration

    try:
        return datetime.now(UTC) - duration(text)
    except (ValueError, OverflowError):
        return moment(text, "--since", "a period such as 2h or 7d, or a time such as 2021-05-12T06:00Z")


def moment(text: str, option: str, wanted: str) -> datetime:
    """Read a time that an option gives. Raises UsageError."""
    from watcher.core import when

    found = when.parse_machine(text)
    if found is None:
        raise UsageError(f"{option} {text!r}: give {wanted}")
    return found.at


def period(text: str, option: str) -> timedelta:
    """Read a period such as "2h". Raises UsageError."""
    from watcher.config import duration

    try:
        return duration(text)
    except ValueError as error:
        raise UsageError(f"{option} {text!r}: {error}") from None


def control_socket(url: str) -> Path | None:
    """Find the socket of a daemon that runs on this store."""
    from watcher import control

    return control.find(url, os.environ)


async def with_world(config: "Config", work: "Callable[[World], Awaitable[T]]") -> T:
    """Take the store's lock, put the program together, do the work, end in order. Raises StoreError."""
    from watcher.world import open_world

    world = await open_world(config, progress=lambda words: print(words, file=sys.stderr))
    try:
        return await work(world)
    finally:
        await world.close()


def act(config: "Config", request: dict[str, Any], work: "Callable[[World], Awaitable[Any]]") -> Any:
    """Let a running daemon act and give its one answer; without a daemon, do it here under the lock."""
    socket = control_socket(config.database)
    if socket is not None:
        from watcher import control

        return next(iter(list(control.ask(socket, request))), None)
    import asyncio

    return asyncio.run(with_world(config, work))


def quiet_log(verbose: bool) -> None:
    """Let a command that acts print its own results; the log only with -v."""
    from watcher import logs

    logs.configure("text", verbose, quiet=not verbose)
