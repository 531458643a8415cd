"""Commands that act: `run`, `check`, `retry`, `mute`, `channels`, `db`, `demo`.

Beside a running daemon they go through its control socket; without one they take the database's lock.
"""

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from watcher.cli.common import ConfigOption, Json, Verbose, ask_or_none, config_path, control_socket, load, period, reading
from watcher.errors import UsageError, WatcherError

if TYPE_CHECKING:
    from watcher.config import Config
    from watcher.world import World

T = TypeVar("T")
LogFormat = Annotated[str, typer.Option("--log-format", help="text or json.", show_default=False)]


def register(app: typer.Typer) -> None:
    app.command()(run)
    app.command()(check)
    app.command()(retry)
    app.command()(mute)
    app.command()(demo)
    channels = typer.Typer(help="Show the channels; switch one on again; try one out.", invoke_without_command=True)
    channels.callback()(channels_list)
    channels.command("enable")(channels_enable)
    channels.command("test")(channels_test)
    app.add_typer(channels, name="channels")
    db = typer.Typer(help="The store: upgrade, backup, prune, verify.", no_args_is_help=True)
    for name, command in (("upgrade", db_upgrade), ("backup", db_backup), ("prune", db_prune), ("verify", db_verify)):
        db.command(name)(command)
    app.add_typer(db, name="db")


def run(
    config: ConfigOption = None,
    log_format: LogFormat = "text",
    verbose: Verbose = False,
) -> None:
    """Run the daemon in the foreground. SIGHUP reloads the configuration, SIGTERM ends cleanly."""
    from watcher import daemon, logs

    logs.configure(log_format, verbose)
    _warn_of_namesake()
    daemon.serve(config_path(config), os.environ)


def _warn_of_namesake() -> None:
    """Other programs are called watcher too: say so when one of them would be started by the bare name."""
    import shutil

    found = shutil.which("watcher")
    mine = Path(sys.executable).parent / "watcher"
    if found and mine.exists() and Path(found).resolve() != mine.resolve():
        print(f"note: another `watcher` lies earlier on the path ({found}); `regwatcher` is this one", file=sys.stderr)


async def _with_world(config: "Config", work: "Callable[[World], Awaitable[T]]") -> T:
    from watcher.world import open_world

    world = await open_world(config, progress=lambda words: print(words, file=sys.stderr))
    try:
        return await work(world)
    finally:
        await world.close()


def check(
    names: Annotated[list[str] | None, typer.Argument(help="Sources; all when none is named.", show_default=False)] = None,
    config: ConfigOption = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Store nothing, send nothing.")] = False,
    exit_code: Annotated[bool, typer.Option("--exit-code", help="End with 10 when something changed.")] = False,
    as_json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Poll now, once; print what changed and deliver it. Beside a running daemon: let it poll now."""
    from watcher import logs
    from watcher.cli.progress import Shown

    logs.configure("text", verbose, quiet=not verbose)
    loaded = load(config, verbose)
    shown = Shown(as_json=as_json, total=len(names) if names else sum(s.enabled for s in loaded.sources))
    socket = None if dry_run else control_socket(loaded.database)
    with shown:
        if socket is not None:
            from watcher import control

            for line in control.ask(socket, {"action": "check", "names": names or []}):
                shown.line(line)
        elif dry_run:
            asyncio.run(_dry(loaded, names or [], shown.line))
        else:
            asyncio.run(_with_world(loaded, lambda world: _check(world, names or [], shown.line)))
    shown.summary()
    if shown.failed:
        raise typer.Exit(1)
    if exit_code and shown.changed:
        raise typer.Exit(10)


async def _check(world: "World", names: list[str], show: Callable[[dict[str, Any]], None]) -> None:
    async for line in world.actions.check(names):
        show(line)
    while await world.deliverer.round():
        pass


async def _dry(config: "Config", names: list[str], show: Callable[[dict[str, Any]], None]) -> None:
    """Poll against what the store knows (read only), or against nothing when there is none yet."""
    from watcher.dry import dry_check

    async for line in dry_check(config, names, os.environ):
        show(line)


def _act(config: "Config", request: dict[str, Any], work: "Callable[[World], Awaitable[Any]]") -> Any:
    """Ask the daemon, or do it here under the lock."""
    answers = ask_or_none(config.database, request)
    if answers is not None:
        return answers[0] if answers else None
    return asyncio.run(_with_world(config, work))


def retry(
    alerts: Annotated[list[str] | None, typer.Argument(help="Alerts (alr_…); all dead letters when none is named.", show_default=False)] = None,
    config: ConfigOption = None,
    verbose: Verbose = False,
) -> None:
    """Send dead letters again."""
    loaded = load(config, verbose)

    async def work(world: "World") -> int:
        count = await world.actions.retry(alerts or [])
        await world.deliverer.round()
        return count

    count = _act(loaded, {"action": "retry", "alerts": alerts or []}, work)
    print(f"{count} put back into the outbox; `watcher deliveries` shows what becomes of them")


def mute(
    name: Annotated[str, typer.Argument(help="The source.")],
    for_: Annotated[str, typer.Option("--for", help="How long, such as 2h; 0 lifts a mute.")] = "2h",
    config: ConfigOption = None,
    verbose: Verbose = False,
) -> None:
    """Announce nothing of a source for a while; what is found is stored all the same."""
    loaded = load(config, verbose)
    span = None if for_ in ("0", "0s") else period(for_)
    request = {"action": "mute", "name": name, "seconds": span.total_seconds() if span else None}

    async def work(world: "World") -> str | None:
        until = await world.actions.mute(name, span)
        return until.isoformat() if until else None

    until = _act(loaded, request, work)
    print(f"{name} is muted until {until}" if until else f"{name} is no longer muted")


def channels_list(context: typer.Context, config: ConfigOption = None, as_json: Json = False, verbose: Verbose = False) -> None:
    """Show the channels, and whether they are on."""
    if context.invoked_subcommand is not None:
        return
    from watcher.cli import output
    from watcher.core.mask import mask_url

    loaded = load(config, verbose)
    try:
        with reading(config) as store:
            states = store.channel_states()
    except WatcherError:
        states = {}  # no store yet: nothing was ever switched off
    rows = []
    for channel in loaded.channels:
        state = states.get(channel.name)
        off = state is not None and state.disabled_at is not None
        to = ", ".join(channel.to) if channel.type == "email" else (mask_url(channel.url) if isinstance(channel.url, str) else "(secret)")
        rows.append((channel.name, channel.type, to, f"off: {state.reason}" if state and off else "on"))
    if as_json:
        output.json_lines(dict(zip(("name", "type", "to", "state"), row, strict=True)) for row in rows)
    else:
        output.table(("channel", "type", "to", "state"), rows)


def channels_enable(name: str, config: ConfigOption = None, verbose: Verbose = False) -> None:
    """Switch a channel on again; its dead letters of seven days go out, marked late."""
    count = _act(load(config, verbose), {"action": "enable", "name": name}, lambda world: world.actions.enable_channel(name))
    print(f"channel {name} is on; {count} dead letters go out")


def channels_test(name: str, config: ConfigOption = None, verbose: Verbose = False) -> None:
    """Send a test alert through a channel and say what became of it."""
    loaded = load(config, verbose)

    async def work(world: "World") -> str:
        alert = await world.actions.test_channel(name)
        await world.deliverer.round()
        return alert

    alert = _act(loaded, {"action": "test", "name": name}, work)
    with reading(config) as store:
        state = _settled(store, alert)
    if state is None or state.state != "sent":
        raise WatcherError(f"channel {name}: {state.last_error if state and state.last_error else 'not delivered yet'} ({alert})")
    print(f"channel {name} took the test alert {alert}")


def _settled(store: Any, alert: str, patience: float = 20.0) -> Any:
    import time

    end = time.monotonic() + patience
    while True:
        found = next((d for d in store.deliveries(limit=1000) if d.alert.id == alert), None)
        if found is None or found.state != "pending" or found.attempts or time.monotonic() > end:
            return found
        time.sleep(0.1)


def db_upgrade(config: ConfigOption = None, verbose: Verbose = False) -> None:
    """Bring the store's schema up to this version; the store is backed up first."""
    loaded = load(config, verbose)
    if control_socket(loaded.database) is not None:
        raise UsageError("a daemon is running on this store; it upgraded the store when it started")
    asyncio.run(_with_world(loaded, _nothing))
    print("the store is up to date")


async def _nothing(_: "World") -> None:
    """Opening was all."""


def db_backup(path: Annotated[Path, typer.Argument(help="Where to.")], config: ConfigOption = None, verbose: Verbose = False) -> None:
    """Copy the store while it is in use."""
    with reading(config, verbose) as store:
        store.backup(path)
    print(f"wrote {path} ({path.stat().st_size:,} bytes)")


def db_prune(config: ConfigOption = None, verbose: Verbose = False) -> None:
    """Take away what retention no longer keeps (the daemon does so every night)."""
    loaded = load(config, verbose)
    if control_socket(loaded.database) is not None:
        raise UsageError("a daemon is running on this store; it prunes every night")

    async def work(world: "World") -> Any:
        kept = world.config.retention
        return await world.writer.run(lambda store: store.prune(snapshots=kept.snapshots, polls=kept.polls, now=datetime.now(UTC)))

    gone = asyncio.run(_with_world(loaded, work))
    print(f"took away {gone.bodies} bodies ({gone.bytes:,} bytes) and the single records of {gone.polls} polls")


def db_verify(config: ConfigOption = None, verbose: Verbose = False) -> None:
    """Walk every chain of records and work out every hash anew."""
    with reading(config, verbose) as store:
        problems = 0
        for problem in store.verify():
            problems += 1
            print(problem, file=sys.stderr)
    if problems:
        raise WatcherError(f"{problems} problems: the store was changed outside Watcher or is damaged")
    print("every record and every body is as it was written")


def demo(
    folder: Annotated[Path, typer.Option("--folder", help="Where the database and the mails are left.")] = Path("watcher-demo"),
    pace: Annotated[float, typer.Option("--pace", help="Seconds between two polls.")] = 1.0,
) -> None:
    """Show a whole story in a minute, with no internet."""
    from watcher.demo import play

    play(folder, pace=pace)
