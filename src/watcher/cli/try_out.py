"""`inspect` and `replay`: what Watcher sees and would announce; nothing is stored."""

import asyncio
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from watcher.cli.common import Json, Verbose
from watcher.errors import ReadError, UsageError


def register(app: typer.Typer) -> None:
    app.command()(inspect)
    app.command()(replay)


def inspect(
    targets: Annotated[list[str], typer.Argument(help="Addresses or files.")],
    kind: Annotated[str | None, typer.Option("--kind", help="feed or article; found out when left out.", show_default=False)] = None,
    url: Annotated[str | None, typer.Option("--url", help="What a file's address would be.", show_default=False)] = None,
    locale: Annotated[str | None, typer.Option("--locale", help="Order of day and month, such as en-US.", show_default=False)] = None,
    timezone: Annotated[str, typer.Option("--timezone", help="Of times that name no zone.")] = "UTC",
    at: Annotated[str | None, typer.Option("--at", help="The moment of polling; now when left out.", show_default=False)] = None,
    select: Annotated[str | None, typer.Option("--select", help="CSS selector of the content.", show_default=False)] = None,
    allow_private: Annotated[list[str] | None, typer.Option("--allow-private", help="A private network that may be asked.", show_default=False)] = None,
    as_json: Json = False,
) -> None:
    """Show what Watcher sees at an address or in a file; stores nothing."""
    from watcher.cli import output
    from watcher.cli.shown import print_reading
    from watcher.core.shape import reading_json
    from watcher.replay import inspect as look

    moment = _moment(at)
    failed = 0
    for target in targets:
        told: dict[str, Any] = {"name": "inspect", "url": url or _address(target), "timezone": timezone}
        told |= {key: value for key, value in (("kind", kind), ("locale", locale), ("select", select)) if value}
        source = _source(told)
        try:
            body, name, address = _body(target, source.url, tuple(allow_private or ()))
            found, reading = look(body, name, source if url or not address else _source({**told, "url": address}), moment)
        except ReadError as error:
            print(f"{target}: {error.message}", file=sys.stderr)
            failed += 1
            continue
        shape = reading_json(reading, found)
        if as_json:
            output.json_lines([shape])
        else:
            print_reading(shape)
    if failed:
        raise typer.Exit(1)


def _moment(at: str | None) -> datetime:
    from watcher.core import when

    if at is None:
        return datetime.now(UTC)
    moment = when.parse_machine(at)
    if moment is None:
        raise UsageError(f"--at {at!r}: give a time such as 2021-05-12T06:30:00-04:00")
    return moment.at


def _address(target: str) -> str:
    if target.startswith(("http://", "https://")):
        return target
    return "https://file.invalid/" + Path(target).name


def _source(told: dict[str, Any]) -> Any:
    from watcher import config as configuration

    return configuration.one_source(told, file="inspect")


def _body(target: str, url: str, allow_private: tuple[str, ...]) -> tuple[bytes, str, str | None]:
    """Read a file, or fetch an address with all the manners of the daemon; give body, name and final address."""
    if not target.startswith(("http://", "https://")):
        path = Path(target)
        try:
            return path.read_bytes(), path.name, None
        except OSError as error:
            raise UsageError(f"{target}: {error.strerror} (an address begins with http:// or https://)") from error
    return asyncio.run(_fetch(target, allow_private))


async def _fetch(url: str, allow_private: tuple[str, ...]) -> tuple[bytes, str, str]:
    from watcher import __version__
    from watcher import config as configuration
    from watcher.fetch import Client
    from watcher.model import Fetched, FetchSettings, Request
    from watcher.world import clock

    client = Client(FetchSettings(allow_private=allow_private), version=__version__, clock=clock, resolve=lambda s: configuration.resolve(s, os.environ))
    try:
        answer = await client.get(Request(url, robots=False))
    finally:
        await client.close()
    assert isinstance(answer, Fetched)  # a request without validators is never answered by 304 (the client refuses that)
    suffix = (answer.header("content-type") or "").split(";")[0].strip().lower()
    names = {"text/plain": "x.txt", "application/json": "x.json", "application/feed+json": "x.json", "text/html": "x.html"}
    return answer.body, names.get(suffix, "x"), answer.url


def replay(
    folders: Annotated[list[Path], typer.Argument(help="Folders with rev1.html, rev2.html …")],
    as_json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Take the revisions in a folder through the real pipeline in memory and print what each step would announce."""
    from watcher.cli import output
    from watcher.core.shape import change_json
    from watcher.replay import replay as play

    for folder in folders:
        if not folder.is_dir():
            raise UsageError(f"{folder} is not a folder")
        for before, step, changes in play(folder):
            shapes = [change_json(change) for change in changes]
            if as_json:
                output.json_lines([{"dir": str(folder), "from": before.file.name, "to": step.file.name, "changes": shapes}])
                continue
            console = output.console()
            console.print(output.styled(f"{before.file.name} → {step.file.name}  {output.stamp(step.at)}", "bold"))
            told = [shape for shape in shapes if shape["announced"] or verbose]
            for shape in told:
                console.print(output.change_line(shape, indent=2))
            if not told:
                held = f", {len(shapes)} held back (-v shows them)" if shapes else ""
                console.print(f"  nothing to announce{held}")
