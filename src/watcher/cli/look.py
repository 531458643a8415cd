"""Commands that only look: `changes`, `tail`, `diff`, `deliveries`. They never create a store."""

import sys
import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from watcher.cli import complete
from watcher.cli.common import ConfigOption, Json, Verbose, database, option, reading, since_when
from watcher.errors import UsageError

if TYPE_CHECKING:
    from watcher.model import Delivery, Document, Revision
    from watcher.store import Store, StoredChange

Since = Annotated[str | None, option("--since", "WHEN", "A period back from now (2h, 7d), or a time.")]
SourceName = Annotated[str | None, option("--source", "NAME", "Only of this source.", complete.source_names)]
StoryName = Annotated[str | None, option("--story", "NAME", "Only of this story.", complete.story_names)]
EventName = Annotated[
    str | None,
    option(
        "--event", "EVENT", "Only this event, such as update.new; `update` stands for all of updates.", complete.events
    ),
]
StateName = Annotated[str | None, option("--state", "STATE", "Only pending, sent or dead.", complete.states)]
ChannelName = Annotated[str | None, option("--channel", "NAME", "Only through this channel.", complete.channel_names)]
Held = Annotated[bool, typer.Option("--held", help="Only what was not announced, with the reason.")]
Limit = Annotated[int, typer.Option("--limit", metavar="N", min=1, help="At most so many, the newest.")]

PAUSE = 0.5  # seconds between two looks of `tail`
CONFIRMED_WITHIN = timedelta(hours=2)  # how long `tail` waits for what is held until it is seen again


def register(app: typer.Typer) -> None:
    for command in (changes, tail, diff, deliveries):
        app.command()(command)


def _event(event: str | None) -> str | None:
    """Check the name of an event. Raises UsageError with the nearest known one."""
    from watcher.model import DOCUMENT_EVENTS, HEALTH_EVENTS

    if event in HEALTH_EVENTS:
        raise UsageError(f"--event {event!r}: is of Watcher's health, not of a document; `watcher deliveries` shows it")
    known = {*DOCUMENT_EVENTS, *(name.split(".")[0] for name in DOCUMENT_EVENTS)}
    if event is not None and event not in known:
        import difflib

        near = difflib.get_close_matches(event, sorted(known), 1)
        told = f", did you mean {near[0]!r}?" if near else f"; known are {', '.join(DOCUMENT_EVENTS)}"
        raise UsageError(f"--event {event!r}: there is no such event{told}")
    return event


def _print_changes(store: "Store", found: "Sequence[StoredChange]", as_json: bool) -> None:
    """Print changes, each with who of its pair confirmed it."""
    from watcher.cli import output
    from watcher.core.shape import change_json, instant

    told = [stored.change.id for stored in found if stored.change.announced]
    confirmed = store.pairs.confirmations(told) if told else {}
    out = output.console()
    wide = min(24, max((len(stored.change.source) for stored in found), default=0)) if out.is_terminal else 0
    for stored in found:
        shape = change_json(stored.change)
        if by := confirmed.get(stored.change.id):
            shape["confirmed_by"] = [{"source": name, "at": instant(at, ms=True)} for name, at in by]
        if as_json:
            output.json_lines([{**shape, "source": stored.change.source}])
        else:
            output.print_change(out, shape, source=stored.change.source, wide=wide, at=output.stamp(stored.committed))
    sys.stdout.flush()


def changes(
    *,
    config: ConfigOption = None,
    since: Since = None,
    source: SourceName = None,
    story: StoryName = None,
    event: EventName = None,
    held: Held = False,
    limit: Limit = 200,
    as_json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Show the timeline: what was announced, oldest first.

    With --held, what was found and not announced, with the reason; with --json, both.
    """
    start, told, _ = since_when(since), True if held else None if as_json else False, _event(event)
    with reading(database(config, verbose)) as store:
        _known(store, source)
        asked = partial(store.changes, since=start, source=source, story=story, event=event)
        found = asked(held=told, limit=limit)
        other = 0 if found or as_json else len(asked(held=not told, limit=10_000))
        _print_changes(store, found, as_json)
    if not found and not as_json:
        if held or not other:
            print("nothing was held back" if held else "nothing yet", file=sys.stderr)
        else:
            print(f"nothing was announced; {other:,} held back (--held shows them)", file=sys.stderr)


def _known(store: "Store", source: str | None) -> None:
    if source is not None and not store.source_rows([source]):
        raise UsageError(f"the store knows no source {source!r}; `watcher sources` lists them")


def tail(
    *,
    config: ConfigOption = None,
    since: Since = None,
    source: SourceName = None,
    story: StoryName = None,
    event: EventName = None,
    held: Held = False,
    as_json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Show the timeline as it happens; Ctrl-C ends it.

    --since also shows what came before. With --json, what is held back is shown too.
    """
    from datetime import UTC

    start, _ = since_when(since) or datetime.now(UTC), _event(event)
    with reading(database(config, verbose)) as store:
        _known(store, source)
        asked = partial(store.changes, since=start, source=source, story=story, event=event, limit=10_000)
        timeline = Timeline(asked, store.change)
        while True:
            found = timeline.look(datetime.now(UTC))
            _print_changes(store, [each for each in found if as_json or each.change.announced != held], as_json)
            time.sleep(PAUSE)


class Timeline:
    """The changes as they come. What is held until it is seen again comes twice: held, and when it is announced."""

    def __init__(
        self, ask: "Callable[..., tuple[StoredChange, ...]]", again: "Callable[[str], StoredChange | None]"
    ) -> None:
        self._ask, self._again = ask, again
        self._after: str | None = None
        self._unsure: dict[str, datetime] = {}

    def look(self, now: datetime) -> "list[StoredChange]":
        """Give what came since the last look."""
        asked = (self._again(id_) for id_ in self._unsure)
        late = [stored for stored in asked if stored is not None and stored.change.announced]
        for stored in late:
            del self._unsure[stored.change.id]
        self._unsure = {id_: at for id_, at in self._unsure.items() if now - at < CONFIRMED_WITHIN}
        found = self._ask(after=self._after)
        if found:
            self._after = found[-1].change.id
        self._unsure |= {stored.change.id: now for stored in found if stored.change.reason == "unconfirmed"}
        return [*late, *found]


def diff(
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME|DOCUMENT", help="A source, or a document (doc_…).", autocompletion=complete.source_names
        ),
    ],
    first: Annotated[
        int | None,
        typer.Argument(metavar="N", help="From revision N; without it, the last but one.", show_default=False),
    ] = None,
    second: Annotated[
        int | None, typer.Argument(metavar="M", help="To revision M; without it, the last.", show_default=False)
    ] = None,
    *,
    config: ConfigOption = None,
    html: Annotated[bool, typer.Option("--html", help="Print one self-contained HTML file.")] = False,
    unified: Annotated[bool, typer.Option("--unified", help="Print unified text, one block a line.")] = False,
    output_file: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="Write it to a file instead.", show_default=False),
    ] = None,
    as_json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Show what changed between two revisions, word by word."""
    from watcher.cli import output, shown

    if html + unified + as_json > 1:
        raise UsageError("--html, --unified and --json: choose one")
    if output_file is not None and not (html or unified):
        raise UsageError("--output: say in which form, --html or --unified")
    with reading(database(config, verbose)) as store:
        document = _document(store, name)
        old, new = _chosen(store.revisions(document.id), first, second, document)
    if as_json:
        output.json_lines([shown.diff_json(document, old, new)])
        return
    if not html and not unified:
        shown.print_diff(document, old, new)
        return
    text = shown.diff_html(document, old, new) if html else shown.diff_unified(document, old, new)
    if output_file is None:
        print(text.encode("utf-8", "replace").decode())
        return
    try:
        output_file.write_text(text + "\n", "utf-8", errors="replace")
    except OSError as error:
        raise UsageError(f"{output_file} cannot be written: {error.strerror}") from error
    print(f"wrote {output_file}", file=sys.stderr)


def _document(store: "Store", name: str) -> "Document":
    from watcher.cli import output

    found = store.find_document(name)
    if not found:
        if store.source_rows([name]):
            raise UsageError(f"nothing of {name} is stored yet")
        raise UsageError(f"the store knows no source or document {name!r}; `watcher sources` lists the sources")
    if len(found) == 1:
        return found[0]
    grown = [document for document in found if document.revision > 1]
    if len(grown) == 1:
        return grown[0]
    newest = sorted(grown or found, key=lambda d: d.fetched_at, reverse=True)[:15]
    listed = "\n".join(f"  {d.id}  {output.clean(d.title, 80)}  ({d.revision} revisions)" for d in newest)
    said = f"{len(grown):,} of them changed" if grown else "none of them changed so far"
    raise UsageError(f"{name} has {len(found):,} entries, {said}; name one:\n{listed}")


def _chosen(
    revisions: "tuple[Revision, ...]", first: int | None, second: int | None, document: "Document"
) -> "tuple[Revision, Revision]":
    """N and M; without M the last; without both the last two. N alone, when it is the last, means what it brought."""
    numbers = {revision.number: revision for revision in revisions}
    if not numbers:
        raise UsageError(f"{document.id}: no revision of it can be read; `watcher db verify` says more")
    last = max(numbers)
    if last == 1 and first in (None, 1) and second in (None, 1):
        raise UsageError(f"{document.title}: there is one revision so far, nothing changed yet")
    new = second if second is not None else last
    old = first if first is not None else new - 1
    if first == last and second is None:
        old = last - 1
    for number in (old, new):
        if number not in numbers:
            raise UsageError(f"there is no revision {number}; there are {min(numbers)} to {last}")
    return numbers[old], numbers[new]


def deliveries(
    *,
    config: ConfigOption = None,
    state: StateName = None,
    channel: ChannelName = None,
    limit: Limit = 50,
    as_json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Show the outbox: what was sent, what waits and why."""
    from datetime import UTC

    from watcher.cli import output

    if state not in (None, "pending", "sent", "dead"):
        raise UsageError(f"--state {state!r}: it is one of pending, sent, dead")
    now = datetime.now(UTC)
    with reading(database(config, verbose)) as store:
        found = store.deliveries(state=state, channel=channel, limit=limit)
    if as_json:
        output.json_lines(_delivery_json(delivery) for delivery in found)
        return
    rows = []
    for each in found:
        style = {"sent": "green", "dead": "bold red"}.get(each.state, "yellow")
        subject = output.styled(output.clean(each.alert.subject, 120), None)
        if each.last_error:
            subject.append(" · ", style="dim").append(output.clean(each.last_error, 160), style="red")
        shown = output.styled(each.state + (" late" if each.late else ""), style)
        rows.append((each.alert.id, each.alert.channel, shown, str(each.attempts), _when(each, now), subject))
    output.table(("alert", "channel", "state", "tries", "when", "subject"), rows, empty="nothing was to be delivered")


def _when(delivery: "Delivery", now: datetime) -> str:
    from watcher.cli import output

    if delivery.state == "pending":
        return output.ago(delivery.next_at, now) if delivery.next_at and delivery.next_at > now else "now"
    return output.ago(delivery.sent_at or delivery.alert.at, now)


def _delivery_json(d: "Delivery") -> dict[str, Any]:
    from watcher.core.shape import instant

    def at(moment: datetime | None) -> str | None:
        return instant(moment, ms=True) if moment else None

    return {
        "alert": d.alert.id,
        "channel": d.alert.channel,
        "type": d.alert.type,
        "state": d.state,
        "late": d.late,
        "attempts": d.attempts,
        "subject": d.alert.subject,
        "at": at(d.alert.at),
        "next_at": at(d.next_at),
        "sent_at": at(d.sent_at),
        "last_error": d.last_error,
    }
