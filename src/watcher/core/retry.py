"""When to try a delivery again: growing pauses over four days, then the dead letters."""

from collections.abc import Sequence
from datetime import datetime, timedelta

PAUSES = (
    timedelta(seconds=10),
    timedelta(minutes=1),
    timedelta(minutes=10),
    timedelta(hours=1),
    timedelta(hours=6),
)
PATIENCE = timedelta(days=4)  # counted from the first try
SPREAD = 0.1  # a pause is lengthened by up to this share, so that a receiver that returns is not met by all at once


def next_try(  # noqa: PLR0917 - what every caller has at hand, in this order
    attempts: int,
    first_at: datetime,
    now: datetime,
    jitter: float,
    pauses: Sequence[timedelta] = (),
    retry_after: float | None = None,
) -> datetime | None:
    """Return when to try again, or None when four days since the first try are over: the delivery is dead.

    `attempts` counts the failed tries, the one that just failed included (1 and up); `jitter` is a throw of dice in
    [0, 1); `pauses` are the channel's own, the last repeats; `retry_after` is what the receiver asked for, in seconds,
    and lengthens a pause, never shortens it. The last try falls exactly on the end of the four days.
    """
    end = first_at + PATIENCE
    if now >= end:
        return None
    steps = pauses or PAUSES
    pause = steps[min(max(attempts, 1), len(steps)) - 1]
    pause += pause * (SPREAD * min(max(jitter, 0.0), 1.0))
    if retry_after is not None:
        pause = max(pause, timedelta(seconds=min(max(retry_after, 0.0), PATIENCE.total_seconds())))
    return min(now + pause, end)
