"""The outcome of a poll, held against the books of source pairs: the last decision before it is written down.

Pure: a record that another source of the pair has told is stored as its confirmation, one that the fast source missed
goes out in an alert of its own, marked late, and disagreements that are due are told.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from watcher.core import pairs, rules, settle
from watcher.model import Alert, Change, Observation, Outcome, PairKept, Source, SourceOutcome, SourceState, make_id


def paired(
    outcome: Outcome,
    books: Mapping[str, pairs.Book],
    sources: Sequence[Source],
    states: Sequence[SourceState],
    routing: settle.Routing,
) -> Outcome:
    """Give the outcome as the pairs have it; `books` are those of the polled sources that have a pair, by name."""
    if outcome.poll.result in {"failed", "refused"}:
        return outcome
    known = {state.source: state for state in states}
    judged: list[tuple[pairs.Book, PairKept]] = []  # of sources that share an address and a pair
    for source in sources:
        if source.name in books:
            part = next((each for each in outcome.sources if each.source == source.name), SourceOutcome(source.name))
            seen = part.observation or Observation("unchanged", known[source.name])
            if part.error is None and seen.result not in {"held", "failed"}:
                book = books[source.name]
                for earlier, kept in judged:
                    book = pairs.after(book, earlier, kept) if earlier.group == book.group else book
                outcome, left = _with(outcome, book, source, seen, routing)
                judged += [(book, left)] if left is not None else []
    return outcome


def _with(
    outcome: Outcome, book: pairs.Book, source: Source, seen: Observation, routing: settle.Routing
) -> tuple[Outcome, PairKept | None]:
    """The outcome as the pair of one source has it, and what that leaves in the book."""
    now = outcome.poll.at

    def channels(change: Change) -> tuple[str, ...]:
        named = rules.channels_for(source, routing.routes, change)
        return tuple(name for name in named if name in routing.channels)

    judged = pairs.judge(
        book, source, seen.changes, now=now, channels=channels,
        screen=lambda change: settle.screened(source, change, routing, now),
    )  # fmt: skip
    if judged.kept is None and judged.changes == seen.changes:
        return outcome, None
    result = "changed" if judged.changes and seen.result == "unchanged" else seen.result
    seen = replace(seen, changes=judged.changes, pair=judged.kept, result=result)
    parts = [part for part in outcome.sources if part.source != source.name]
    others = [alert for alert in outcome.alerts if not _tells(alert, source)]
    alerts = _alerts(outcome.poll.id, source, seen, judged, routing, now=now)
    sources = (*parts, SourceOutcome(source.name, seen))
    return replace(outcome, sources=sources, alerts=(*others, *alerts)), judged.kept


def _tells(alert: Alert, source: Source) -> bool:
    return alert.type == "alert.changes" and alert.data["source"]["name"] == source.name


def _alerts(
    poll: str, source: Source, seen: Observation, judged: pairs.Judged, routing: settle.Routing, *, now: datetime
) -> list[Alert]:
    """Write the alerts anew: each channel is told what it has not heard, and what is late by itself."""
    alerts: list[Alert] = []
    for name, channel in routing.channels.items():
        own = replace(routing, channels={name: channel})
        told = [change for change in seen.changes if name not in judged.spared.get(change.id, frozenset())]
        late = [change for change in told if change.paired is not None and change.paired.what == "late"]
        rest = [change for change in told if change not in late]
        for changes, is_late in ((rest, False), (late, True)):
            made = settle.alerts_for(
                source, changes, own, poll=poll, now=now, kind=seen.state.kind, flood=0 if is_late else seen.flood
            )
            alerts += map(_late, made) if is_late else made
    return alerts


def _late(alert: Alert) -> Alert:
    """The alert of what the fast source of a pair has missed."""
    name = make_id("alr", alert.id, "late")
    link = alert.data["link"]
    subject = f"Late: {alert.subject}"[:200]
    data = {
        **alert.data,
        "alert": name,
        "subject": subject,
        "link": link.replace(alert.id, name) if link else None,
        "late": True,
    }
    return replace(alert, id=name, subject=subject, data=data)
