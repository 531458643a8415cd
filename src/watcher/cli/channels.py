"""`channels`: which there are, whether they are on; switch one on again; try one out."""

import time
from typing import TYPE_CHECKING, Annotated, Any

import typer

from watcher.cli import complete
from watcher.cli.common import ConfigOption, Json, Verbose, act, load, quiet_log, reading
from watcher.errors import StoreError, WatcherError

if TYPE_CHECKING:
    from watcher.model import Channel, Delivery
    from watcher.store import Store
    from watcher.world import World

PATIENCE = 20.0  # seconds that `test` waits for a daemon to deliver

Name = Annotated[
    str, typer.Argument(metavar="NAME", help="The channel.", autocompletion=complete.channel_names, show_default=False)
]


def register(app: typer.Typer) -> None:
    channels = typer.Typer(invoke_without_command=True)
    channels.callback()(listed)
    channels.command()(enable)
    channels.command("test")(send_test)
    app.add_typer(channels, name="channels")


def listed(
    context: typer.Context, config: ConfigOption = None, as_json: Json = False, verbose: Verbose = False
) -> None:
    """Show the channels; switch one on again, or try one out."""
    if context.invoked_subcommand is not None:
        return
    from watcher.cli import output

    loaded = load(config, verbose)
    try:
        with reading(loaded.database) as store:
            states = store.channel_states()
    except StoreError:
        states = {}  # no store yet: nothing was ever switched off
    rows = []
    for channel in loaded.channels:
        state = states.get(channel.name)
        off = state.reason or "switched off" if state is not None and state.disabled_at is not None else None
        rows.append((channel.name, channel.type, _goes_to(channel), channel.group, off))
    if as_json:
        names = ("name", "type", "to", "group", "on", "reason")
        output.json_lines(dict(zip(names, (*row[:4], row[4] is None, row[4]), strict=True)) for row in rows)
        return
    shown = [
        (*row[:4], output.styled(f"off: {row[4]}" if row[4] else "on", "bold red" if row[4] else "green"))
        for row in rows
    ]
    output.table(("channel", "type", "to", "one alert a", "state"), shown, empty="no channels are configured")


def _goes_to(channel: "Channel") -> str:
    from watcher.core.mask import mask_url

    if channel.type == "email":
        return ", ".join(channel.to)
    return mask_url(channel.url) if isinstance(channel.url, str) else f"({channel.url.reference.split(':')[0]} secret)"


def enable(name: Name, config: ConfigOption = None, verbose: Verbose = False) -> None:
    """Switch a channel on again.

    Its dead letters of seven days go out, marked late.
    """
    quiet_log(verbose)

    async def work(world: "World") -> int:
        count = await world.actions.enable_channel(name)
        await world.deliverer.round()
        return count

    count = act(load(config, verbose), {"action": "enable", "name": name}, work)
    print(f"channel {name} is on; {count} dead letter{'s go' if count != 1 else ' goes'} out")


def send_test(name: Name, config: ConfigOption = None, verbose: Verbose = False) -> None:
    """Send a test alert and say what became of it."""
    quiet_log(verbose)
    loaded = load(config, verbose)

    async def work(world: "World") -> str:
        alert = await world.actions.test_channel(name)
        await world.deliverer.round()
        return alert

    alert = act(loaded, {"action": "test", "name": name}, work)
    with reading(loaded.database) as store:
        found = settled(store, alert)
    if found is None or found.state != "sent":
        why = (
            found.last_error if found is not None and found.last_error else "others are before it, it was not tried yet"
        )
        raise WatcherError(f"channel {name}: {why} ({alert})")
    print(f"channel {name} took the test alert {alert}")


def settled(store: "Store", alert: str, patience: float = PATIENCE) -> "Delivery | None":
    """Wait until an alert was tried; give what became of it."""
    end = time.monotonic() + patience
    while True:
        found: Any = store.delivery(alert)
        if found is None or found.state != "pending" or found.attempts or time.monotonic() > end:
            return found  # type: ignore[no-any-return]  # a Delivery or None
        time.sleep(0.1)
