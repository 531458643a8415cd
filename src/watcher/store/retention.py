"""Retention: bodies that brought no revision go after a while, polls become daily sums. Records of the chain stay.

Done in small steps, each its own transaction, so that the polls never wait for it.
"""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, and_, exists, func, select, update

from watcher.store import bodies as chains
from watcher.store.codec import to_ms
from watcher.store.commit import HOUR
from watcher.store.rows import upsert
from watcher.store.tables import bodies, fetches, hours, polls, polls_daily, revisions, snapshots
from watcher.store.values import Pruned

DAY = 24 * HOUR
KEPT_HOURS = 48


def prune_bodies(connection: Connection, older: timedelta, now: datetime, most: int) -> Pruned:
    """Take away up to `most` bodies that are older, brought no revision and are no fetch's newest."""
    cut = to_ms(now - older)
    newest = snapshots.alias("newest")
    spared = (
        exists().where(revisions.c.sha256 == bodies.c.sha256)
        | exists().where(snapshots.c.body_sha256 == bodies.c.sha256, snapshots.c.at >= cut)
        | exists(
            select(newest.c.seq)
            .join(fetches, fetches.c.snapshot == newest.c.id)
            .where(newest.c.body_sha256 == bodies.c.sha256)
        )
    )
    old = select(bodies.c.sha256).where(bodies.c.at < cut, ~spared).order_by(bodies.c.at).limit(most)
    doomed = connection.execute(old).scalars().all()
    if not doomed:
        return Pruned()
    gone = and_(snapshots.c.body_sha256.in_(doomed), snapshots.c.pruned_at.is_(None))
    connection.execute(update(snapshots).where(gone).values(pruned_at=to_ms(now)))
    freed = chains.drop(connection, bodies, doomed)
    return Pruned(bodies=len(doomed), bytes=freed, more=len(doomed) == most)


def prune_polls(connection: Connection, older: timedelta, now: datetime, most: int) -> Pruned:
    """Turn the polls of whole days that are older into daily sums, for up to `most` fetches."""
    cut = to_ms(now - older) // DAY * DAY
    connection.execute(hours.delete().where(hours.c.hour < to_ms(now) // HOUR - KEPT_HOURS))
    old = exists().where(polls.c.fetch == fetches.c.id, polls.c.at < cut)
    chosen = connection.execute(select(fetches.c.id).where(old).limit(most)).scalars().all()
    if not chosen:
        return Pruned()
    mine = and_(polls.c.fetch.in_(chosen), polls.c.at < cut)
    day = (polls.c.at // DAY).label("day")
    sums: Any = (
        select(
            polls.c.fetch,
            day,
            polls.c.result,
            func.count().label("polls"),
            func.sum(polls.c.seconds).label("seconds"),
            func.coalesce(func.sum(polls.c.size), 0).label("bytes"),
        )
        .where(mine)
        .group_by(polls.c.fetch, day, polls.c.result)
    )
    rows = [dict(row._mapping) for row in connection.execute(sums)]
    key = ("fetch", "day", "result")
    connection.execute(upsert(connection, polls_daily, key, ("polls", "seconds", "bytes")), rows)
    gone = connection.execute(polls.delete().where(mine)).rowcount
    return Pruned(polls=gone, more=len(chosen) == most)
