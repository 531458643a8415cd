"""`db`: the store itself."""

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from watcher.cli.common import ConfigOption, Verbose, control_socket, database, load, quiet_log, reading, with_world
from watcher.errors import UsageError, WatcherError

if TYPE_CHECKING:
    from watcher.world import World


def register(app: typer.Typer) -> None:
    db = typer.Typer(help="Upgrade, back up, prune or verify the store.", no_args_is_help=True)
    for command in (upgrade, backup, prune, verify):
        db.command()(command)
    app.add_typer(db, name="db")


def upgrade(config: ConfigOption = None, verbose: Verbose = False) -> None:
    """Bring the store's schema up to date.

    The store is backed up beside itself first. The daemon does the same when it starts.
    """
    quiet_log(verbose)
    loaded = load(config, verbose)
    if control_socket(loaded.database) is not None:
        raise UsageError("a daemon is running on this store: it was upgraded when the daemon started")

    async def nothing(_: "World") -> None:
        """Opening was all."""

    asyncio.run(with_world(loaded, nothing))
    print("the store is up to date")


def backup(
    path: Annotated[Path, typer.Argument(metavar="FILE", help="Where to; it must not be there yet.")],
    config: ConfigOption = None,
    verbose: Verbose = False,
) -> None:
    """Copy the store to a file, also while it is in use."""
    with reading(database(config, verbose)) as store:
        store.backup(path)
    print(f"wrote {path} ({path.stat().st_size:,} bytes)")


def prune(config: ConfigOption = None, verbose: Verbose = False) -> None:
    """Take away what [retention] no longer keeps.

    The daemon does so every night.
    """
    from datetime import UTC, datetime

    quiet_log(verbose)
    loaded = load(config, verbose)
    if control_socket(loaded.database) is not None:
        raise UsageError("a daemon is running on this store: it prunes every night at 03:17 UTC")
    kept = loaded.retention

    async def work(world: "World") -> Any:
        now = datetime.now(UTC)
        return await world.writer.run(lambda s: s.prune(snapshots=kept.snapshots, polls=kept.polls, now=now))

    with reading(loaded.database) as there:  # pruning makes no store
        assert there.dialect
    gone = asyncio.run(with_world(loaded, work))
    print(f"took away {gone.bodies} bodies ({gone.bytes:,} bytes) and the single records of {gone.polls} polls")


def verify(config: ConfigOption = None, verbose: Verbose = False) -> None:
    """Walk every chain of records and work out every hash anew."""
    with reading(database(config, verbose)) as store:
        problems = 0
        for problem in store.verify():
            problems += 1
            print(problem, file=sys.stderr)
    if problems:
        raise WatcherError(f"{problems} problems: the store was changed outside Watcher or is damaged")
    print("every record and every body is as it was written")
