"""When a delivery is tried again."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watcher.core.retry import PATIENCE, next_try

FIRST = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("attempts", "seconds"), [(0, 10), (1, 10), (2, 60), (3, 600), (4, 3_600), (5, 21_600), (6, 21_600), (50, 21_600)]
)
def test_pauses_grow_and_the_last_repeats(attempts: int, seconds: int) -> None:
    """Tries come after 10 s, 1 min, 10 min, 1 h, 6 h, and then every 6 h."""
    assert next_try(attempts, FIRST, FIRST, 0.0) == FIRST + timedelta(seconds=seconds)


def test_a_channel_s_own_pauses_count() -> None:
    """A channel may name its own pauses."""
    own = (timedelta(seconds=5), timedelta(seconds=30))
    assert next_try(1, FIRST, FIRST, 0.0, own) == FIRST + own[0]
    assert next_try(9, FIRST, FIRST, 0.0, own) == FIRST + own[1]


def test_after_four_days_a_delivery_is_dead() -> None:
    """The last try falls on the end of the fourth day, then nothing is tried any more."""
    late = FIRST + PATIENCE - timedelta(minutes=1)
    assert next_try(20, FIRST, late, 0.5) == FIRST + PATIENCE
    assert next_try(21, FIRST, FIRST + PATIENCE, 0.5) is None
    assert next_try(21, FIRST, FIRST + timedelta(days=9), 0.5) is None


@pytest.mark.parametrize(("asked", "seconds"), [(0.0, 10), (5.0, 10), (120.0, 120), (-3.0, 10), (1e12, 4 * 86_400)])
def test_a_receiver_may_lengthen_a_pause_but_not_shorten_it(asked: float, seconds: int) -> None:
    """Retry-After is honoured where it asks for more patience, within the four days."""
    assert next_try(1, FIRST, FIRST, 0.0, (), asked) == FIRST + timedelta(seconds=seconds)


@given(st.integers(0, 10_000), st.floats(0, 1), st.timedeltas(timedelta(0), timedelta(days=10)))
def test_the_next_try_is_later_and_within_the_four_days(attempts: int, jitter: float, age: timedelta) -> None:
    """Whatever the dice say, the next try lies ahead and never beyond the four days."""
    now = FIRST + age
    again = next_try(attempts, FIRST, now, jitter)
    assert again is None if age >= PATIENCE else again is not None and now < again <= FIRST + PATIENCE
