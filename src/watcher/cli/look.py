"""Commands that only read: `status`, `sources`, `changes`, `tail`, `diff`, `deliveries`. They never create a store."""

import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from watcher.cli.common import ConfigOption, Json, Verbose, reading, since_when
from watcher.errors import UsageError

if TYPE_CHECKING:
    from watcher.model import Delivery, Document, Revision
    from watcher.store import SourceRow, Store, StoredChange

Since = Annotated[str | None, typer.Option("--since", help="A period back from now (2h, 7d) or a time.", show_default=False)]
SourceName = Annotated[str | None, typer.Option("--source", help="Only of this source.", show_default=False)]
StoryName = Annotated[str | None, typer.Option("--story", help="Only of this story.", show_default=False)]
EventName = Annotated[str | None, typer.Option("--event", help="Only this event, such as update.new.", show_default=False)]
Held = Annotated[bool, typer.Option("--held", help="Only what was held back, with its reason.")]


def register(app: typer.Typer) -> None:
    for command in (status, sources, changes, tail, diff, deliveries):
        app.command()(command)


def status(
    config: ConfigOption = None,
    check: Annotated[bool, typer.Option("--check", help="End with 1 when unhealthy.")] = False,
    as_json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Show health in totals, and what is unwell. Reads the store, not the configuration."""
    from watcher.cli import output
    from watcher.cli.common import config_path, control_socket
    from watcher.config import database_of

    now = datetime.now(UTC)
    with reading(config, verbose) as store:
        totals, unwell = store.totals(now), store.unwell(now, 20)
    running = control_socket(database_of(config_path(config))) is not None
    problems = _problems(totals, running)
    if as_json:
        shape = {
            "running": running, "healthy": not problems, "problems": problems, "sources": totals.sources, "failing": totals.failing,
            "never_polled": totals.never_polled, "muted": totals.muted, "overdue": totals.overdue, "polls_24h": totals.polls_day,
            "failed_24h": totals.failed_day, "changes_24h": totals.changes_day, "announced_24h": totals.announced_day,
            "pending": totals.pending, "dead": totals.dead, "disabled_channels": list(totals.disabled_channels),
            "newest_poll": _instant(totals.newest_poll), "next_poll": _instant(totals.next_poll),
            "unwell": [_row_json(row) for row in unwell],
        }  # fmt: skip
        output.json_lines([shape])
    else:
        _print_totals(totals, running, problems, now)
        if unwell:
            output.table(("source", "failing", "tries", "last good", "why"), [_unwell_row(row, now) for row in unwell], title="Unwell")
    if check and problems:
        raise typer.Exit(1)


def _problems(totals: Any, running: bool) -> list[str]:
    found = []
    if not running:
        found.append("no daemon is running")
    if totals.failing:
        found.append(f"{totals.failing} sources fail")
    if totals.overdue and running:
        found.append(f"{totals.overdue} polls are overdue")
    if totals.dead:
        found.append(f"{totals.dead} alerts could not be delivered")
    if totals.disabled_channels:
        found.append("switched off: " + ", ".join(totals.disabled_channels))
    return found


def _print_totals(totals: Any, running: bool, problems: list[str], now: datetime) -> None:
    from watcher.cli import output

    console = output.console()
    console.print(output.styled("watcher is running" if running else "watcher is not running", "bold green" if running else "bold red"))
    newest = output.ago(totals.newest_poll, now)
    lines = (
        ("sources", f"{totals.sources} watched, {totals.failing} failing, {totals.never_polled} never polled, {totals.muted} muted"),
        ("polls", f"{totals.polls_day} in 24 h, {totals.failed_day} failed; last {newest}, next {output.ago(totals.next_poll, now)}"),
        ("changes", f"{totals.changes_day} in 24 h, {totals.announced_day} announced"),
        ("outbox", f"{totals.pending} waiting, {totals.dead} dead" + (f", oldest {output.ago(totals.oldest_pending, now)}" if totals.oldest_pending else "")),
    )
    for name, words in lines:
        console.print(output.styled(f"{name:<8} ", "dim").append(words, style="default"))
    for problem in problems:
        console.print(output.styled(f"  ! {problem}", "red"))


def _unwell_row(row: "SourceRow", now: datetime) -> tuple[str, str, str, str, str]:
    from watcher.cli import output

    return (row.source, output.ago(row.failing_since, now), str(row.failures), output.ago(row.last_ok_at, now), output.clean(row.error, 120))


def _instant(at: datetime | None) -> str | None:
    from watcher.core.shape import instant

    return instant(at, ms=True) if at else None


def _row_json(row: "SourceRow") -> dict[str, Any]:
    from watcher.core.mask import mask_url

    return {
        "source": row.source, "title": row.title, "url": mask_url(row.url), "kind": row.kind, "enabled": row.enabled,
        "entries": row.entries, "failures": row.failures, "failing_since": _instant(row.failing_since), "error": row.error,
        "last_poll_at": _instant(row.last_poll_at), "last_ok_at": _instant(row.last_ok_at), "next_poll_at": _instant(row.next_poll_at),
        "last_change_at": _instant(row.last_change_at), "moved_to": mask_url(row.moved_to) if row.moved_to else None,
        "muted_until": _instant(row.muted_until), "stories": list(row.stories),
    }  # fmt: skip


def sources(
    names: Annotated[list[str] | None, typer.Argument(show_default=False)] = None,
    config: ConfigOption = None,
    as_json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Show every source: when it was polled, when next, what it gave."""
    from watcher.cli import output
    from watcher.core.mask import mask_url

    now = datetime.now(UTC)
    with reading(config, verbose) as store:
        rows = store.source_rows(names or None)
    if names and (missing := set(names) - {row.source for row in rows}):
        raise UsageError("not in the store: " + ", ".join(sorted(missing)))
    if as_json:
        output.json_lines(_row_json(row) for row in rows)
        return
    shown = []
    for row in rows:
        state = f"failing: {output.clean(row.error, 60)}" if row.failures else ("ok" if row.last_ok_at else "new") if row.enabled else "off"
        if row.moved_to:
            state += f"; moved to {mask_url(row.moved_to)}"
        style = "red" if row.failures else "dim" if not row.enabled else "green"
        cells = (row.source, row.kind or "?", output.ago(row.last_poll_at, now), output.ago(row.next_poll_at, now), output.ago(row.last_change_at, now))
        shown.append((*cells, output.styled(state, style)))
    output.table(("source", "kind", "polled", "next", "changed", "state"), shown)


def _print_changes(found: "tuple[StoredChange, ...]", as_json: bool) -> None:
    from watcher.cli import output
    from watcher.core.shape import change_json

    shapes = [(stored, change_json(stored.change)) for stored in found]
    if as_json:
        output.json_lines({**shape, "source": stored.change.source} for stored, shape in shapes)
        return
    for stored, shape in shapes:
        output.console().print(output.change_line(shape, source=stored.change.source, at=output.stamp(stored.committed)))
    sys.stdout.flush()


def changes(
    config: ConfigOption = None,
    since: Since = None,
    source: SourceName = None,
    story: StoryName = None,
    event: EventName = None,
    held: Held = False,
    limit: Annotated[int, typer.Option("--limit", help="At most so many, the newest.")] = 200,
    as_json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Show the timeline: what was found, oldest first. With --held: what was not announced, and why."""
    with reading(config, verbose) as store:
        found = store.changes(since=since_when(since), source=source, story=story, event=event, held=True if held else None, limit=limit)
    shown = found if held or as_json else tuple(c for c in found if c.change.announced)
    _print_changes(shown, as_json)
    if not shown and not as_json:
        print("nothing yet" if not found else f"nothing announced; {len(found)} held back (--held shows them)", file=sys.stderr)


def tail(
    config: ConfigOption = None,
    since: Since = None,
    source: SourceName = None,
    story: StoryName = None,
    event: EventName = None,
    held: Held = False,
    as_json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Show the timeline as it happens; Ctrl-C ends."""
    with reading(config, verbose) as store:
        start, after = since_when(since) or datetime.now(UTC), None
        while True:
            found = store.changes(since=start, source=source, story=story, event=event, held=True if held else None, after=after)
            if found:
                _print_changes(tuple(c for c in found if held or c.change.announced), as_json)
                after = found[-1].change.id
            time.sleep(0.5)


def diff(
    name: Annotated[str, typer.Argument(help="A source or a document (doc_…).")],
    first: Annotated[int | None, typer.Argument(help="Revision N; the last but one when left out.", show_default=False)] = None,
    second: Annotated[int | None, typer.Argument(help="Revision M; the last when left out.", show_default=False)] = None,
    config: ConfigOption = None,
    html: Annotated[bool, typer.Option("--html", help="One self-contained HTML file on stdout.")] = False,
    unified: Annotated[bool, typer.Option("--unified", help="Unified text, one block a line.")] = False,
    output_file: Annotated[Path | None, typer.Option("--output", "-o", help="Write there instead.", show_default=False)] = None,
    verbose: Verbose = False,
) -> None:
    """Show what changed between two revisions: coloured words on a terminal, --unified or --html."""
    from watcher.cli import shown

    with reading(config, verbose) as store:
        document = _document(store, name)
        old, new = _chosen(store.revisions(document.id), first, second, document)
    if html:
        page = shown.diff_html(document, old, new)
        if output_file is None:
            print(page)
        else:
            output_file.write_text(page, "utf-8")
            print(f"wrote {output_file}")
        return
    shown.print_diff(document, old, new, unified=unified)


def _document(store: "Store", name: str) -> "Document":
    found = store.find_document(name)
    if not found:
        raise UsageError(f"the store knows no source or document {name!r}; `watcher sources` lists the sources")
    if len(found) > 1:
        newest = sorted(found, key=lambda d: d.fetched_at, reverse=True)[:15]
        listed = "\n".join(f"  {d.id}  {d.revision} revisions  {d.title[:80]}" for d in newest)
        raise UsageError(f"{name} is a feed of {len(found)} entries; name one of them:\n{listed}")
    return found[0]


def _chosen(revisions: "tuple[Revision, ...]", first: int | None, second: int | None, document: "Document") -> "tuple[Revision, Revision]":
    numbers = {revision.number: revision for revision in revisions}
    last = max(numbers)
    if last == 1 and first is None:
        raise UsageError(f"{document.title}: there is only one revision so far, nothing changed yet")
    new = second if second is not None else last if first is None or first != last else last
    old = first if first is not None else new - 1
    for number in (old, new):
        if number not in numbers:
            raise UsageError(f"there is no revision {number}; there are {min(numbers)} to {last}")
    return numbers[old], numbers[new]


def deliveries(
    config: ConfigOption = None,
    state: Annotated[str | None, typer.Option("--state", help="pending, sent or dead.", show_default=False)] = None,
    channel: Annotated[str | None, typer.Option("--channel", show_default=False)] = None,
    limit: Annotated[int, typer.Option("--limit")] = 50,
    as_json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Show the outbox: what was sent, what waits and why, what could not be delivered."""
    from watcher.cli import output

    if state not in (None, "pending", "sent", "dead"):
        raise UsageError(f"--state {state!r}: pending, sent or dead")
    now = datetime.now(UTC)
    with reading(config, verbose) as store:
        found = store.deliveries(state=state, channel=channel, limit=limit)
    if as_json:
        output.json_lines(_delivery_json(delivery) for delivery in found)
        return
    rows = []
    for d in found:
        style = {"sent": "green", "dead": "bold red"}.get(d.state, "yellow")
        when = output.ago(d.sent_at, now) if d.state == "sent" else f"next {output.ago(d.next_at, now)}" if d.state == "pending" else "-"
        rows.append((d.alert.id, d.alert.channel, output.styled(d.state, style), str(d.attempts), when, output.clean(d.alert.subject, 90), output.clean(d.last_error, 90)))
    output.table(("alert", "channel", "state", "tries", "when", "subject", "last error"), rows)


def _delivery_json(d: "Delivery") -> dict[str, Any]:
    return {
        "alert": d.alert.id, "channel": d.alert.channel, "type": d.alert.type, "state": d.state, "attempts": d.attempts,
        "subject": d.alert.subject, "at": _instant(d.alert.at), "next_at": _instant(d.next_at), "sent_at": _instant(d.sent_at),
        "last_error": d.last_error,
    }  # fmt: skip
