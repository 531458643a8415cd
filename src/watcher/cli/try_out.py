"""`inspect` and `replay`: what Watcher sees and would announce; nothing is stored."""

import asyncio
import sys
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from watcher.cli import complete
from watcher.cli.common import ConfigOption, Json, Verbose, load, moment, option, quiet_log, reading
from watcher.errors import ConfigError, FetchError, ReadError, UsageError

if TYPE_CHECKING:
    from watcher.config import Config
    from watcher.model import Change, Fetched, Source
    from watcher.replay import Step

WEB = ("http://", "https://")

KindName = Annotated[
    str | None,
    option("--kind", "KIND", "feed, article, listing, dataset or file; found out without it.", complete.kinds),
]
Url = Annotated[str | None, option("--url", "URL", "What a file's address would be.")]
Locale = Annotated[str | None, option("--locale", "LOCALE", "Order of day and month, such as en-US.")]
Zone = Annotated[str | None, option("--timezone", "ZONE", "Of times that name no zone; UTC without it.")]
At = Annotated[str | None, option("--at", "TIME", "The moment of polling; now without it.")]
Select = Annotated[str | None, option("--select", "CSS", "Where the content stands on the page.")]
AllowPrivate = Annotated[list[str] | None, option("--allow-private", "NETWORK", "A private network that may be asked.")]
Stored = Annotated[
    str | None,
    option("--source", "NAME", "The stored history of this source, read with today's rules.", complete.source_names),
]


def register(app: typer.Typer) -> None:
    app.command()(inspect)
    app.command()(replay)


def inspect(
    targets: Annotated[list[str], typer.Argument(metavar="URL|FILE", help="Addresses or files.")],
    *,
    kind: KindName = None,
    url: Url = None,
    locale: Locale = None,
    timezone: Zone = None,
    at: At = None,
    select: Select = None,
    allow_private: AllowPrivate = None,
    config: ConfigOption = None,
    as_json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Show what Watcher sees at an address or in a file.

    An address is asked for with the [fetch] settings of the configuration, where there is one; one that is a
    configured source is read by that source's rules, unless an option says otherwise.
    """
    from watcher.cli import output
    from watcher.cli.shown import print_reading
    from watcher.core.mask import mask_url
    from watcher.core.shape import reading_json
    from watcher.replay import inspect as look

    quiet_log(verbose)
    now = datetime.now(UTC) if at is None else moment(at, "--at", "a time such as 2021-05-12T06:30:00-04:00")
    options = {"kind": kind, "locale": locale, "timezone": timezone, "select": select}
    told = {key: value for key, value in options.items() if value is not None}
    known = _configuration(config, verbose) if any(map(_on_the_web, targets)) else None
    failed = 0
    for target in targets:
        source = _source(target, url, told, known)
        try:
            body, name, address = _body(target, source, tuple(allow_private or ()), known)
            found, seen = look(body, name, replace(source, url=url or address), now)
        except (ReadError, FetchError) as error:
            print(f"{mask_url(target)}: {error.message}", file=sys.stderr)
            failed += 1
            continue
        shape = reading_json(seen, found)
        if as_json:
            output.json_lines([shape])
        else:
            print_reading(shape)
    if failed:
        raise typer.Exit(1)


def _on_the_web(target: str) -> bool:
    return target.startswith(WEB)


def _configuration(explicit: Path | None, verbose: bool) -> "Config | None":
    """Give the configuration, where there is one; one with faults counts only if it was named."""
    try:
        return load(explicit, verbose)
    except (ConfigError, UsageError) as error:
        if explicit is not None:
            raise
        if isinstance(error, ConfigError):
            print(f"note: the configuration is not used, it has faults: {error.problems[0]}", file=sys.stderr)
        return None


def _source(target: str, url: str | None, told: dict[str, Any], known: "Config | None") -> "Source":
    """Give the source that the options describe, on top of the configured one with this address."""
    from watcher import config as configuration

    address = url or (target if _on_the_web(target) else "https://file.invalid/" + Path(target).name)
    asked = {"name": "inspect", "url": address} | told
    checked = configuration.one_source(asked, file="inspect")
    like = next((s for s in known.sources if s.url == address), None) if known else None
    return replace(like, **{key: getattr(checked, key) for key in told}) if like else checked


def _body(
    target: str, source: "Source", allow_private: tuple[str, ...], known: "Config | None"
) -> tuple[bytes, str, str]:
    """Read a file, or fetch an address with all the manners of the daemon; give body, name and address."""
    if not _on_the_web(target):
        path = Path(target)
        try:
            return path.read_bytes(), path.name, source.url
        except (OSError, ValueError) as error:
            words = getattr(error, "strerror", None) or str(error)
            raise UsageError(f"{target}: {words} (an address begins with http:// or https://)") from error
    answer = asyncio.run(_fetch(target, source, allow_private, known))
    kind = (answer.header("content-type") or "").split(";")[0].strip().lower()
    return answer.body, _NAMES.get(kind, "x"), answer.url


_NAMES = {"text/plain": "x.txt", "application/json": "x.json", "application/feed+json": "x.json", "text/html": "x.html"}


async def _fetch(target: str, source: "Source", allow_private: tuple[str, ...], known: "Config | None") -> "Fetched":
    from watcher import __version__
    from watcher import config as configuration
    from watcher.core.dataset import MOST_BYTES
    from watcher.fetch import Client
    from watcher.model import Fetched, FetchSettings, Request
    from watcher.pipeline import headers_of
    from watcher.world import clock

    settings = known.fetch if known else FetchSettings()
    settings = replace(settings, allow_private=(*settings.allow_private, *allow_private))
    hosts = known.hosts if known else ()
    client = Client(settings, hosts, version=__version__, clock=clock, resolve=configuration.resolve)
    request = Request(
        target,
        headers=headers_of(source),
        user_agent=source.user_agent,
        contact=source.contact,
        proxy=configuration.resolve(source.proxy) if source.proxy else None,
        timeout=source.timeout.total_seconds() if source.timeout else settings.timeout,
        deadline=source.deadline.total_seconds() if source.deadline else settings.deadline,
        max_bytes=source.max_bytes or (MOST_BYTES if source.kind == "dataset" else settings.max_bytes),
        render=source.render,
        wait=source.wait,
    )
    try:
        answer = await client.get(request)
    finally:
        await client.close()
    assert isinstance(answer, Fetched)  # a request without validators is never answered by 304 (the client refuses it)
    return answer


def replay(
    folders: Annotated[
        list[Path] | None,
        typer.Argument(metavar="DIR", help="Folders with rev1.html, rev2.html …", show_default=False),
    ] = None,
    source: Stored = None,
    config: ConfigOption = None,
    as_json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Show what each of several revisions would announce.

    The files of a folder, in natural order, go through the real pipeline in memory. A replay.toml there gives any key
    of a source, and [[revisions]] with `file`, `at` and, for failures, `status`. -v also shows what was held back.
    """
    from watcher.replay import replay as play

    if not folders and source is None:
        raise UsageError("name a folder with revisions, or a source with --source")
    for folder in folders or ():
        if not folder.is_dir():
            raise UsageError(f"{folder} is not a folder")
    for folder in folders or ():
        _print_steps({"dir": str(folder)}, play(folder), as_json=as_json, verbose=verbose)
    if source is not None:
        _replay_source(source, config, as_json=as_json, verbose=verbose)


def _replay_source(name: str, explicit: Path | None, *, as_json: bool, verbose: bool) -> None:
    from watcher.replay import history, run

    loaded = load(explicit, verbose)
    configured = loaded.source(name)
    if configured is None:
        raise UsageError(f"there is no source {name!r} in {loaded.path}")
    with reading(loaded.database) as store:
        steps = history(store, name)
        if len(steps) < 2:
            raise UsageError(f"{name}: fewer than two revisions are stored, there is nothing to replay")
        _print_steps({"source": name}, run(configured, steps, loaded.stories), as_json=as_json, verbose=verbose)


def _print_steps(
    place: dict[str, str], steps: "Iterable[tuple[Step, Step, tuple[Change, ...]]]", *, as_json: bool, verbose: bool
) -> None:
    from watcher.cli import output
    from watcher.core.shape import change_json

    for before, step, changes in steps:
        shapes = [change_json(change) for change in changes]
        if as_json:
            output.json_lines([{**place, "from": before.name, "to": step.name, "changes": shapes}])
            continue
        out = output.console()
        out.print(output.styled(f"{output.clean(before.name)} → {output.clean(step.name)}", "bold"))
        told = [shape for shape in shapes if shape["announced"] or verbose]
        for shape in told:
            output.print_change(out, shape, indent=2)
        if not told:
            held = f" ({len(shapes)} held back, -v shows them)" if shapes else ""
            out.print(f"  nothing to announce{held}", style="dim")
        sys.stdout.flush()
