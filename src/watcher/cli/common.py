"""What the commands share: the options, the configuration they mean, the store they read."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from watcher.errors import UsageError

if TYPE_CHECKING:
    from watcher.config import Config
    from watcher.store import Store

ConfigOption = Annotated[
    Path | None, typer.Option("--config", "-c", help="The configuration file.", envvar="WATCHER_CONFIG", show_default=False)
]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Say which configuration and store are in use; log more.")]
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


def load(explicit: Path | None, verbose: bool = False) -> "Config":
    """Load the configuration. Raises ConfigError, UsageError."""
    from watcher import config as configuration

    path = config_path(explicit)
    config = configuration.load(path)
    if verbose:
        from watcher.core.mask import mask_url

        print(f"config {path}\nstore  {mask_url(config.database)}", file=sys.stderr)
    return config


@contextmanager
def reading(explicit: Path | None, verbose: bool = False) -> Iterator["Store"]:
    """Open the store for a command that only reads: never created, never migrated."""
    from watcher import config as configuration
    from watcher.core.mask import mask_url
    from watcher.store import Store

    path = config_path(explicit)
    url = configuration.database_of(path)
    if verbose:
        print(f"config {path}\nstore  {mask_url(url)}", file=sys.stderr)
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
    from watcher.core import when

    try:
        return datetime.now(UTC) - duration(text)
    except ValueError:
        moment = when.parse_machine(text)
        if moment is None:
            raise UsageError(f"--since {text!r}: give a period such as 2h or 7d, or a time such as 2021-05-12T06:00Z") from None
        return moment.at


def period(text: str) -> timedelta:
    """Read a period such as "2h". Raises UsageError."""
    from watcher.config import duration

    try:
        return duration(text)
    except ValueError as error:
        raise UsageError(f"{text!r}: {error}") from None


def control_socket(database: str) -> Path | None:
    """Find the socket of a daemon that runs on this database."""
    from watcher import control

    return control.find(database, os.environ)


def ask_or_none(database: str, request: dict[str, Any]) -> list[Any] | None:
    """Let a running daemon act; None when there is none."""
    from watcher import control

    socket = control_socket(database)
    return None if socket is None else list(control.ask(socket, request))
