"""`status` and `sources`: how everything fares. From the store alone, which they never create."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from watcher.cli.common import ConfigOption, Json, SourceNames, Verbose, control_socket, database, reading
from watcher.errors import UsageError

if TYPE_CHECKING:
    from rich.text import Text

    from watcher.store import SourceRow
    from watcher.store.values import Totals

UNWELL = 20  # sources that `status` names


def register(app: typer.Typer) -> None:
    for command in (status, sources):
        app.command()(command)


def _now() -> datetime:
    from datetime import UTC

    return datetime.now(UTC)


def status(
    config: ConfigOption = None,
    check: Annotated[bool, typer.Option("--check", help="End with 1 when something is unwell.")] = False,
    as_json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Show health in totals, and what is unwell."""
    from watcher.cli import output

    now, url = _now(), database(config, verbose)
    with reading(url) as store:
        totals, unwell = store.totals(now), store.unwell(now, UNWELL)
    said = _daemon(url)
    running = said is not None
    problems = [*(said or ()), *_problems(totals, running)]
    if as_json:
        output.json_lines([_totals_json(totals, unwell, running, problems)])
    else:
        _print_totals(totals, running, problems, now)
        if unwell:
            columns = ("source", "failing", "tries", "last good", "why")
            title = "Unwell" if len(unwell) < UNWELL else f"Unwell, the {UNWELL} longest"
            output.table(columns, [_unwell_row(row, now) for row in unwell], title=title)
    if check and problems:
        raise typer.Exit(1)


def _daemon(url: str) -> list[str] | None:
    """Ask a running daemon what is wrong with it; None when there is none. One out of our reach is only seen to run."""
    from watcher import control
    from watcher.errors import WatcherError
    from watcher.store import holder

    socket = control_socket(url)
    if socket is None:
        return None if holder(url) is None else []
    try:
        about: dict[str, Any] = next(iter(control.ask(socket, {"action": "status"}, timeout=5)), {})
    except (OSError, WatcherError) as error:
        return [f"the daemon does not answer: {error}"]
    return [str(about[key]) for key in ("error", "trouble") if about.get(key)]


def _totals_json(
    totals: "Totals", unwell: "tuple[SourceRow, ...]", running: bool, problems: list[str]
) -> dict[str, Any]:
    return {
        "running": running,
        "healthy": not problems,
        "problems": problems,
        "sources": totals.sources,
        "disabled": totals.disabled,
        "followed": totals.followed,
        "followed_unread": totals.unread,
        "failing": totals.failing,
        "never_polled": totals.never_polled,
        "muted": totals.muted,
        "overdue": totals.overdue,
        "polls_24h": totals.polls_day,
        "failed_24h": totals.failed_day,
        "changes_24h": totals.changes_day,
        "announced_24h": totals.announced_day,
        "pending": totals.pending,
        "dead": totals.dead,
        "oldest_pending": _instant(totals.oldest_pending),
        "disabled_channels": list(totals.disabled_channels),
        "newest_poll": _instant(totals.newest_poll),
        "next_poll": _instant(totals.next_poll),
        "bytes": totals.bytes,
        "absent": totals.absent,
        "stuck": totals.stuck,
        "stuck_since": _instant(totals.stuck_since),
        "unwell": [row_json(row) for row in unwell],
    }


def _some(count: int, what: str) -> str:
    return f"{count:,} {what}{'s' if count != 1 else ''}"


def _followed_words(count: int, unread: int) -> str:
    return f"{_some(count, 'page')} followed" + (f" ({unread:,} cannot be read)" if unread else "")


def _problems(totals: "Totals", running: bool) -> list[str]:
    from watcher.cli import output

    found = []
    if not running:
        found.append("no daemon is running on this store")
    if totals.failing:
        found.append(f"{_some(totals.failing, 'source')} fail{'s' if totals.failing == 1 else ''}")
    if totals.absent:
        found.append(f"{_some(totals.absent, 'page')} {'is' if totals.absent == 1 else 'are'} gone or walled")
    if totals.overdue and running:
        found.append(f"{_some(totals.overdue, 'poll')} overdue")
    if totals.stuck and totals.stuck_since:
        waits = f"{_some(totals.stuck, 'alert')} wait{'s' if totals.stuck == 1 else ''}"
        error = output.clean(totals.stuck_error or "no answer", 200)
        found.append(f"{waits} since {totals.stuck_since:%Y-%m-%d %H:%M} UTC: {error}")
    if totals.dead:
        found.append(f"{_some(totals.dead, 'alert')} could not be delivered: `watcher deliveries --state dead`")
    if totals.disabled_channels:
        found.append("channels switched off: " + ", ".join(totals.disabled_channels))
    return found


def _print_totals(totals: "Totals", running: bool, problems: list[str], now: datetime) -> None:
    from rich.text import Text

    from watcher.cli import output

    out = output.console()
    if not problems:
        out.print(Text("Watcher is running, all is well", style="bold green"))
    else:
        out.print(
            Text(
                f"Watcher is {'running' if running else 'not running'}", style="bold yellow" if running else "bold red"
            )
        )
    parts = [f"{totals.sources:,} watched"]
    for count, word in ((totals.failing, "failing"), (totals.never_polled, "never polled"), (totals.muted, "muted")):
        parts += [f"{count:,} {word}"] if count else []
    if totals.followed:
        parts.append(_followed_words(totals.followed, totals.unread))
    waiting = f"{totals.pending:,} waiting" + (
        f", the oldest since {output.ago(totals.oldest_pending, now)}" if totals.oldest_pending else ""
    )
    lines = (
        ("sources", ", ".join(parts)),
        ("polls", _polls(totals, running, now)),
        ("changes", f"{totals.changes_day:,} in 24 h, {totals.announced_day:,} announced"),
        ("outbox", f"{waiting}; {totals.dead:,} dead"),
        ("store", f"{totals.bytes / 1e6:,.1f} MB"),
    )
    for name, words in lines:
        output.hanging(out, Text(f"{name:<8}  ", style="dim"), Text(words))
    for problem in problems:
        output.hanging(out, Text("  ! ", style="bold red"), Text(problem, style="red"))


def _polls(totals: "Totals", running: bool, now: datetime) -> str:
    from watcher.cli import output

    # a busy daemon may have written it after `now` was read
    last = min(totals.newest_poll, now) if totals.newest_poll is not None else None
    said = f"{totals.polls_day:,} in 24 h, {totals.failed_day:,} failed; the last {output.ago(last, now)}"
    if not running or totals.next_poll is None:
        return said
    return f"{said}, the next {output.ago(totals.next_poll, now) if totals.next_poll > now else 'now'}"


def _unwell_row(row: "SourceRow", now: datetime) -> tuple[str, str, str, str, str]:
    from watcher.cli import output

    said = row.error or row.absence
    why = output.clean(said, 200) if said else "overdue"
    failing = output.ago(row.failing_since, now) if row.failing_since else "-"
    return row.source, failing, str(row.failures), output.ago(row.last_ok_at, now), why


def _instant(at: datetime | None) -> str | None:
    from watcher.core.shape import instant

    return instant(at, ms=True) if at else None


def row_json(row: "SourceRow") -> dict[str, Any]:
    """Give one source as `sources --json` prints it."""
    from watcher.core.mask import mask_url

    return {
        "source": row.source,
        "title": row.title,
        "url": mask_url(row.url),
        "kind": row.kind,
        "enabled": row.enabled,
        "entries": row.entries,
        "failures": row.failures,
        "failing_since": _instant(row.failing_since),
        "error": row.error,
        "last_poll_at": _instant(row.last_poll_at),
        "last_ok_at": _instant(row.last_ok_at),
        "next_poll_at": _instant(row.next_poll_at),
        "last_change_at": _instant(row.last_change_at),
        "moved_to": mask_url(row.moved_to) if row.moved_to else None,
        "muted_until": _instant(row.muted_until),
        "stories": list(row.stories),
        "absence": row.absence,
    }


def sources(
    names: SourceNames = None,
    config: ConfigOption = None,
    as_json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Show every source: when polled, when next, how it fares.

    The pages that are followed for a source are counted, and listed where the source is named.
    """
    from watcher.cli import output
    from watcher.core.follow import MARK, parent_of

    with reading(database(config, verbose)) as store:
        rows = store.source_rows(names or None)
        if names:
            missing = [name for name in names if not store.source_rows([name])]
            if missing:
                raise UsageError("the store knows no source " + ", ".join(repr(name) for name in missing))
    if as_json:
        output.json_lines(row_json(row) for row in rows)
        return
    now = _now()  # after the store was read: what it holds is past
    if names:
        shown = [_source_row(row, now, _state(row, now)) for row in rows]
    else:
        followed: dict[str, list[SourceRow]] = {}
        for row in rows:
            if MARK in row.source and row.enabled:
                followed.setdefault(parent_of(row.source), []).append(row)
        shown = [
            _source_row(row, now, _with_followed(row, followed.get(row.source, ()), now))
            for row in rows
            if MARK not in row.source
        ]
    output.table(("source", "kind", "polled", "next", "changed", "state"), shown, empty="no sources yet")


def _source_row(row: "SourceRow", now: datetime, state: "Text") -> "tuple[str | Text, ...]":
    from watcher.cli import output

    ahead = row.next_poll_at is not None and row.next_poll_at > now
    return (
        row.source,
        row.kind or "-",
        output.ago(row.last_poll_at, now),
        output.ago(row.next_poll_at, now) if ahead else "now" if row.enabled else "-",
        output.ago(row.last_change_at, now) if row.last_change_at else "-",
        state,
    )


def _with_followed(row: "SourceRow", followed: "Sequence[SourceRow]", now: datetime) -> "Text":
    """The state of a configured source, with how many pages are followed for it."""
    state = _state(row, now)
    if followed:
        state.append(f", {_followed_words(len(followed), sum(page.failures > 0 for page in followed))}")
    return state


def _state(row: "SourceRow", now: datetime) -> "Text":
    from watcher.cli import output
    from watcher.core.follow import MARK
    from watcher.core.mask import mask_url

    state = _own_state(row, now)
    if MARK in row.source:
        state.append(f" · {output.clean(mask_url(row.url), 300)}", "dim")
    return state


def _own_state(row: "SourceRow", now: datetime) -> "Text":
    from watcher.cli import output
    from watcher.core.follow import MARK
    from watcher.core.mask import mask_url

    if not row.enabled:
        why = "no longer followed" if MARK in row.source else "no longer in the configuration"
        return output.styled(f"off: {why}", "dim")
    if row.failures:
        return output.styled(
            f"failing for {output.ago(row.failing_since, now).removesuffix(' ago')}: {output.clean(row.error, 200)}",
            "red",
        )
    if row.absence:
        return output.styled(output.clean(row.absence, 200), "yellow" if row.absence.startswith("held") else "red")
    said = ["ok" if row.last_ok_at else "not polled yet"]
    if row.entries:
        said.append(f"{row.entries:,} {'entry' if row.entries == 1 else 'entries'}")
    if row.muted_until and row.muted_until > now:
        said.append(f"muted, ends {output.ago(row.muted_until, now)}")
    if row.moved_to:
        said.append(f"moved to {mask_url(row.moved_to)}")
    quiet = row.muted_until or row.moved_to
    return output.styled(", ".join(said), "yellow" if quiet else "green" if row.last_ok_at else "dim")
