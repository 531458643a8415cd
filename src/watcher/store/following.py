"""Followed pages in the store: made with the poll that found them, listed, ended; and the entries that wait for them.

A followed page is a source of its own beside its row in `children`; `followed` says which entries led to it.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, Connection, and_, exists, literal, or_, select

from watcher.core.follow import MARK, Member, Verdict, Waiting, parent_of
from watcher.model import Change, Child, FetchState, Followed, Following, SourceState
from watcher.store.codec import clean, from_ms, pack_value, to_ms, unpack_value
from watcher.store.rows import fetch_row, some, stories_json, upsert
from watcher.store.tables import changes, children, fetches, followed, sources
from watcher.store.values import FollowedRow

_OPEN = ("unconfirmed", "rule")  # reasons of an entry that may still be announced


# --- made with a poll -------------------------------------------------------------------------------------------------


def keep(connection: Connection, names: dict[str, str], given: Following, now: datetime) -> None:
    """Write what a poll means for followed pages; `names` are today's of the sources that it names.

    A page that is followed already is only noted for the entry; one that had ended begins anew.
    """
    for child in given.children:
        _keep_one(connection, names.get(child.by, child.by), child, to_ms(now))
    if given.read:
        still_open = _undecided(followed.c.change)
        read = followed.c.source.in_([names.get(name, name) for name in given.read])
        connection.execute(followed.update().where(read, still_open).values(waits=True))
    if given.entries or given.sources:
        _warm(connection, given.entries, [names.get(name, name) for name in given.sources], to_ms(now))


def _keep_one(connection: Connection, by: str, child: Child, now: int) -> None:
    parent = parent_of(by)
    alive = connection.execute(select(sources.c.enabled).where(sources.c.name == parent)).scalar_one_or_none()
    if not alive:  # taken out of the configuration while the poll was under way
        return
    name = parent + MARK + child.tail
    there = connection.execute(select(sources.c.enabled).where(sources.c.name == name)).scalar_one_or_none()
    _wake_fetch(connection, child, now)
    if not there:
        _begin(connection, name, parent, child, now, again=there is not None)
    led = followed.insert().from_select(["source", "entry", "change", "at", "waits"], _entries(name, by, child, now))
    connection.execute(led)


def _undecided(change: Any) -> Any:
    """Whether a change (its id) may still be announced."""
    return exists().where(changes.c.id == change, changes.c.announced.is_(False), changes.c.reason.in_(_OPEN))


def _entries(name: str, by: str, child: Child, now: int) -> Any:
    """The rows of `followed` that are missing: of one entry, or of all that the page `by` is followed for."""
    known = select(followed.c.entry).where(followed.c.source == name)
    if child.entry is not None and child.change is not None:
        entry, change = literal(child.entry), literal(child.change)
        one = select(literal(name), entry, change, literal(now, BigInteger), _undecided(change))
        return one.where(entry.not_in(known))
    given = followed.alias()
    undecided = _undecided(given.c.change)
    wanted = select(literal(name), given.c.entry, given.c.change, literal(now, BigInteger), undecided)
    return wanted.where(given.c.source == by, given.c.entry.not_in(known))


def _wake_fetch(connection: Connection, child: Child, now: int) -> None:
    """Make the fetch due, whether it is new, asleep or shared with others."""
    at = now + round(child.after * 1000)
    state = FetchState(id=child.fetch, url=child.url, host=child.host, next_poll_at=from_ms(at))
    connection.execute(upsert(connection, fetches, ("id",)), [fetch_row(state)])
    later = or_(fetches.c.next_poll_at.is_(None), fetches.c.next_poll_at > at)
    woken = fetches.update().where(fetches.c.id == child.fetch, later)
    connection.execute(woken.values(enabled=True, next_poll_at=at))


def _begin(connection: Connection, name: str, parent: str, child: Child, now: int, *, again: bool) -> None:
    plan = {"fetch": child.fetch, "url": clean(child.url), "enabled": True, "removed_at": None}
    if again:
        connection.execute(sources.update().where(sources.c.name == name).values(plan))
    else:
        extra = {
            "name": name, "kind": None, "title": clean(child.title), "stories": stories_json(child.stories),
            "added_at": now, "started": True, "baseline_at": None, "last_change_at": None, "entries": 0,
            "state": pack_value(SourceState(source=name, started_alert=True)),
        }  # fmt: skip
        connection.execute(sources.insert(), [{**plan, **extra}])
    row = {"source": name, "parent": parent, "depth": child.depth, "since": now, "life": now, "ended_at": None}
    row["least"] = round(child.least * 1000)
    connection.execute(
        upsert(connection, children, ("source",), ("depth", "since", "life", "least", "ended_at")), [row]
    )


def _warm(connection: Connection, entries: Sequence[str], names: Sequence[str], now: int) -> None:
    """Look soon at all that is followed for these entries, and for those that led to these followed pages."""
    led = select(followed.c.entry).where(followed.c.source.in_(names))
    together = select(followed.c.source).where(or_(followed.c.entry.in_(entries), followed.c.entry.in_(led)))
    connection.execute(children.update().where(children.c.source.in_(together)).values(life=now))
    homes = select(sources.c.fetch).where(sources.c.name.in_(together), sources.c.name.not_in(names), sources.c.enabled)
    late = and_(fetches.c.id.in_(homes), fetches.c.enabled, fetches.c.failures == 0, fetches.c.next_poll_at > now)
    connection.execute(fetches.update().where(late).values(next_poll_at=now))


# --- known ------------------------------------------------------------------------------------------------------------


def known(connection: Connection, names: Sequence[str]) -> dict[str, Followed]:
    """What makes these sources followed ones, by name; others are left out."""
    passed = exists().where(
        followed.c.source == children.c.source, followed.c.change == changes.c.id, changes.c.announced.is_(True)
    )
    wanted = select(children, sources.c.url, sources.c.title, passed.label("passed")).join(
        sources, sources.c.name == children.c.source
    )
    found: dict[str, Followed] = {}
    for part in some(names):
        for row in connection.execute(wanted.where(children.c.source.in_(part))):
            since, life, least = from_ms(row.since), from_ms(row.life), timedelta(milliseconds=row.least)
            found[row.source] = Followed(row.url, since, life, row.depth, bool(row.passed), least, row.title or "")
    return found


def listed(connection: Connection, parent: str | None = None) -> tuple[FollowedRow, ...]:
    """The followed pages that nobody ended, of one source or of all."""
    wanted = (
        select(children, sources.c.url, sources.c.title, sources.c.enabled, sources.c.stories)
        .join(sources, sources.c.name == children.c.source)
        .where(children.c.ended_at.is_(None))
        .order_by(children.c.parent, children.c.since, children.c.source)
    )
    if parent is not None:
        wanted = wanted.where(children.c.parent == parent)
    return tuple(
        FollowedRow(row.source, row.parent, row.url, row.title, from_ms(row.since), from_ms(row.life), row.enabled)
        for row in connection.execute(wanted)
    )


# --- ended ------------------------------------------------------------------------------------------------------------


def end(connection: Connection, names: Sequence[str], now: datetime, *, for_good: bool) -> int:
    """Stop following these; with `for_good` nothing but a new entry brings them back. Returns how many were alive."""
    ended = 0
    for part in some(names):
        alive = sources.update().where(sources.c.name.in_(part), sources.c.enabled)
        ended += connection.execute(alive.values(enabled=False, removed_at=to_ms(now))).rowcount
        if for_good:
            gone = children.update().where(children.c.source.in_(part), children.c.ended_at.is_(None))
            connection.execute(gone.values(ended_at=to_ms(now)))
        others = exists().where(sources.c.fetch == fetches.c.id, sources.c.enabled)
        put_off = exists().where(changes.c.id == followed.c.change, changes.c.reason != "unconfirmed")
        nothing_left = followed.update().where(followed.c.source.in_(part), followed.c.waits, put_off)
        connection.execute(nothing_left.values(waits=False))
        homes = select(sources.c.fetch).where(sources.c.name.in_(part))
        asleep = fetches.update().where(fetches.c.id.in_(homes), ~others)
        connection.execute(asleep.values(enabled=False, next_poll_at=None))
    return ended


def over(
    connection: Connection, begun: dict[str, datetime], most: int
) -> tuple[tuple[str, ...], dict[str, tuple[str, ...]]]:
    """Name the followed pages whose time is over: begun before their parent's time in `begun`, or of no parent there;
    and, by parent, those beyond the `most` that last showed life."""
    wanted = (
        select(children.c.source, children.c.parent, children.c.since)
        .join(sources, sources.c.name == children.c.source)
        .where(sources.c.enabled)
        .order_by(children.c.parent, children.c.life.desc(), children.c.source)
    )
    found: list[str] = []
    alive: dict[str, list[str]] = {parent: [] for parent in begun}
    for row in connection.execute(wanted):
        at = begun.get(row.parent)
        (found if at is None or row.since <= to_ms(at) else alive[row.parent]).append(row.source)
    return tuple(found), {parent: tuple(names[most:]) for parent, names in alive.items() if len(names) > most}


# --- entries that wait ------------------------------------------------------------------------------------------------


def waiting(
    connection: Connection, names: Sequence[str] | None = None, before: datetime | None = None
) -> tuple[Waiting, ...]:
    """The entries that are not decided yet: those that wait for these followed pages, those that came before a time and
    were not put off yet, or all."""
    wanted = select(followed.c.change).where(followed.c.waits)
    if names is not None:
        wanted = wanted.where(followed.c.source.in_(names))
    if before is not None:
        wanted = wanted.where(followed.c.at <= to_ms(before))
    stored = select(changes.c.id, changes.c.source, changes.c.data).where(
        changes.c.id.in_(wanted), changes.c.announced.is_(False)
    )
    if before is not None:
        stored = stored.where(changes.c.reason == "unconfirmed")
    return tuple(_waiting(connection, row) for row in connection.execute(stored.order_by(changes.c.seq)).all())


def _waiting(connection: Connection, row: Any) -> Waiting:
    wanted = (
        select(
            followed.c.source,
            followed.c.at,
            sources.c.url,
            sources.c.baseline_at,
            sources.c.enabled,
            fetches.c.last_ok_at,
        )
        .join(sources, sources.c.name == followed.c.source)
        .join(fetches, fetches.c.id == sources.c.fetch)
        .where(followed.c.change == row.id)
        .order_by(followed.c.at, followed.c.source)
    )
    rows = connection.execute(wanted).all()
    members = tuple(
        Member(r.source, r.url, r.baseline_at is not None and (r.last_ok_at or 0) >= r.at, not r.enabled) for r in rows
    )
    since = from_ms(min(r.at for r in rows))
    return Waiting(unpack_value(Change, row.data), row.source, since, members)


def settled(connection: Connection, verdicts: Sequence[Verdict]) -> None:
    """Note which entries wait no longer."""
    for verdict in verdicts:
        if not verdict.waits:
            connection.execute(
                followed.update().where(followed.c.change == verdict.change.id, followed.c.waits).values(waits=False)
            )
