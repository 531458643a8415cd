"""When the clock was set back: what was planned by the wrong one is pulled to now, so that nothing sleeps until then.

A fetch whose last poll lies in the future was planned by a clock that ran ahead; so was a delivery that was written
in the future. What lies further ahead than any pause may be is named by the caller.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, bindparam, or_, select

from watcher.model import Due
from watcher.store.codec import from_ms, to_ms
from watcher.store.tables import deliveries, fetches

SLACK = timedelta(minutes=1)  # clocks are corrected by small steps all the time
LONGEST_WAIT = timedelta(days=4, hours=12)  # of a delivery: its patience, and the spread of its last pause


def ahead(connection: Connection, after: datetime) -> tuple[Due, ...]:
    """The fetches that are due later than a time."""
    column = fetches.c.next_poll_at
    wanted = select(fetches.c.id, fetches.c.host, column).where(column > to_ms(after)).order_by(column)
    return tuple(Due(row.id, row.host, from_ms(row.next_poll_at)) for row in connection.execute(wanted))


def wind_back(connection: Connection, now: datetime, far: Sequence[str]) -> int:
    """Make due now what a clock that ran ahead has planned, and the fetches `far`; returns how many there were."""
    at, slack = to_ms(now), to_ms(now + SLACK)
    late = fetches.c.next_poll_at > at
    planned = fetches.update().where(late, fetches.c.last_poll_at > slack).values(next_poll_at=at)
    count = connection.execute(planned).rowcount
    if far:
        named = fetches.update().where(late, fetches.c.id == bindparam("at_id")).values(next_poll_at=at)
        count += connection.execute(named, [{"at_id": fetch} for fetch in far]).rowcount
    waiting = deliveries.update().where(
        deliveries.c.state == "pending",
        deliveries.c.next_at > slack,
        or_(deliveries.c.created_at > slack, deliveries.c.next_at > to_ms(now + LONGEST_WAIT)),
    )
    return count + connection.execute(waiting.values(next_at=at)).rowcount
