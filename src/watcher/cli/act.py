"""Commands that act: `run`, `check`, `retry`, `mute`, `unfollow`, `demo`.

Beside a running daemon they go through its control socket; without one they take the store's lock.
"""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from watcher.cli import complete
from watcher.cli.common import (
    ConfigOption,
    Json,
    SourceNames,
    Verbose,
    act,
    config_path,
    control_socket,
    database,
    load,
    period,
    quiet_log,
    reading,
    with_world,
)
from watcher.errors import UsageError

if TYPE_CHECKING:
    from watcher.config import Config
    from watcher.world import World


def register(app: typer.Typer) -> None:
    for command in (run, check, retry, mute, unfollow, demo):
        app.command()(command)


def run(
    config: ConfigOption = None,
    log_format: Annotated[
        str, typer.Option("--log-format", metavar="FORMAT", help="text (for people and journald) or json.")
    ] = "text",
    verbose: Verbose = False,
) -> None:
    """Run the daemon in the foreground.

    SIGHUP reloads the configuration, SIGTERM and Ctrl-C end it cleanly.
    """
    from watcher import logs

    logs.configure(log_format, verbose)
    path = config_path(config)
    database(path, verbose)
    _warn_of_namesake()
    from watcher import daemon

    daemon.serve(path, os.environ)


def _warn_of_namesake() -> None:
    """Other programs are called watcher too: say so when one of them would be started by the bare name."""
    import shutil

    found = shutil.which("watcher")
    mine = Path(sys.executable).parent / "watcher"
    if found and mine.exists() and Path(found).resolve() != mine.resolve():
        print(f"note: another `watcher` lies earlier on the path ({found}); `regwatcher` is this one", file=sys.stderr)


def check(
    names: SourceNames = None,
    *,
    config: ConfigOption = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Store nothing, send nothing.")] = False,
    exit_code: Annotated[
        bool, typer.Option("--exit-code", help="End with 10 when there is something to tell.")
    ] = False,
    as_json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Poll now, once; print what changed, and deliver it.

    Beside a running daemon, the daemon polls now and delivers. A poll that fails ends with exit code 1.
    """
    import asyncio

    quiet_log(verbose)
    loaded = load(config, verbose)
    from watcher.cli.progress import Shown

    shown = Shown(as_json=as_json, total=_wanted(loaded, names or []), everything=verbose)
    socket = None if dry_run else control_socket(loaded.database)
    with shown:
        if socket is not None:
            from watcher import control

            for line in control.ask(socket, {"action": "check", "names": names or []}):
                shown.line(line)
        elif dry_run:
            from watcher.dry import dry_check

            async def dry() -> None:
                async for line in dry_check(loaded, names or [], os.environ):
                    shown.line(line)

            asyncio.run(dry())
        else:
            shown.undelivered = asyncio.run(with_world(loaded, lambda world: _check(world, names or [], shown.line)))
    shown.summary()
    if shown.failed or shown.undelivered:
        raise typer.Exit(1)
    if exit_code and shown.changed:
        raise typer.Exit(10)


def _wanted(loaded: "Config", names: list[str]) -> int:
    """Count the sources that are to be polled. Raises UsageError for a name that the configuration lacks."""
    from watcher.actions import named
    from watcher.core.follow import MARK

    configured = [name for name in names if MARK not in name]
    return len(names) - len(configured) + (len(named(loaded, configured)) if configured or not names else 0)


async def _check(world: "World", names: list[str], show: Callable[[dict[str, Any]], None]) -> dict[str, str]:
    """Poll and deliver; give the channels that took not everything, each with its last error."""
    async for line in world.actions.check(names):
        show(line)
    while await world.deliverer.round():
        continue  # until nothing more is due
    waiting = world.store.deliveries(state="pending", limit=1000)
    return {each.alert.channel: each.last_error for each in waiting if each.last_error}


def retry(
    alerts: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="ALERT", help="Alerts (alr_…); all dead letters when none is named.", show_default=False
        ),
    ] = None,
    config: ConfigOption = None,
    verbose: Verbose = False,
) -> None:
    """Send again what could not be delivered.

    Dead letters go out marked late; an alert that still waits and is named is tried at once.
    """
    quiet_log(verbose)
    loaded = load(config, verbose)
    with reading(loaded.database) as store:
        found = {alert: store.delivery(alert) for alert in alerts or []}
        pending = len(store.deliveries(state="pending", limit=10_000))
    if unknown := [alert for alert, delivery in found.items() if delivery is None]:
        raise UsageError(f"there is no alert {', '.join(unknown)}; `watcher deliveries` lists them")

    async def work(world: "World") -> int:
        count = await world.actions.retry(alerts or [])
        while await world.deliverer.round():
            continue  # until nothing more is due
        return count

    count = int(act(loaded, {"action": "retry", "alerts": alerts or []}, work))
    count += sum(delivery is not None and delivery.state == "pending" for delivery in found.values())
    sent = [alert for alert, delivery in found.items() if delivery is not None and delivery.state == "sent"]
    for alert in sent:
        print(f"{alert} was delivered already", file=sys.stderr)
    if count:
        print(
            f"{count} alert{'s are' if count != 1 else ' is'} tried again; `watcher deliveries` shows what comes of it"
        )
    elif not sent:
        waiting = f"; {pending:,} wait for their next try" if pending else ""
        print(f"there are no dead letters{waiting}")


def mute(
    name: Annotated[
        str,
        typer.Argument(metavar="NAME", help="The source.", autocompletion=complete.source_names, show_default=False),
    ],
    for_: Annotated[
        str, typer.Option("--for", metavar="PERIOD", help="How long, such as 30m, 2h or 7d; 0 lifts a mute.")
    ] = "2h",
    config: ConfigOption = None,
    verbose: Verbose = False,
) -> None:
    """Announce nothing of a source for a while.

    What is found meanwhile is stored, and `watcher changes --held` shows it.
    """
    span = None if for_ in ("0", "0s") else period(for_, "--for")
    quiet_log(verbose)
    loaded = load(config, verbose)

    async def work(world: "World") -> str | None:
        until = await world.actions.mute(name, span)
        return until.isoformat() if until else None

    seconds = span.total_seconds() if span else None
    until = act(loaded, {"action": "mute", "name": name, "seconds": seconds}, work)
    print(f"{name} is muted until {_stamp(until)}" if until else f"{name} is not muted")


def unfollow(
    names: Annotated[
        list[str],
        typer.Argument(
            metavar="NAME", help="Followed pages (as `sources` names them), or sources.", show_default=False
        ),
    ],
    config: ConfigOption = None,
    verbose: Verbose = False,
) -> None:
    """Stop watching pages that are followed for an entry.

    Their history stays; entries that come later are followed as before.
    """
    quiet_log(verbose)
    loaded = load(config, verbose)

    async def work(world: "World") -> int:
        return await world.actions.unfollow(names)

    count = int(act(loaded, {"action": "unfollow", "names": names}, work))
    print(f"{count:,} page{'s are' if count != 1 else ' is'} no longer followed")


def _stamp(until: str) -> str:
    from datetime import datetime

    from watcher.cli import output

    return output.stamp(datetime.fromisoformat(until))


def demo(
    folder: Annotated[
        Path, typer.Option("--folder", metavar="DIR", help="Where the store and the mails are left.")
    ] = Path("watcher-demo"),
    pace: Annotated[float, typer.Option("--pace", metavar="SECONDS", min=1, max=60, help="Between two polls.")] = 1.0,
) -> None:
    """Show a whole story in a minute, with no internet."""
    from watcher.demo import play

    play(folder, pace=pace)
