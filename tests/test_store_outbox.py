"""The outbox: alerts, deliveries, channels and mutes, on both engines."""

from dataclasses import replace
from datetime import timedelta

import pytest

from helpers_store import NOW, SECOND, address, outcome, plan, postgres_schema, store
from pg import postgres_server
from watcher.errors import StoreError
from watcher.model import Alert, Delivery
from watcher.store import Store

__all__ = ["address", "postgres_schema", "postgres_server", "store"]  # fixtures

DAY = timedelta(days=1)


def _alert(number: int, channel: str = "desk", thread: str = "doc_1") -> Alert:
    return Alert(f"alr_{channel}{number}", channel, "alert.health", NOW, "notice", f"S {number}", thread, {"v": 1})


def _ids(deliveries: tuple[Delivery, ...]) -> list[str]:
    return [each.alert.id for each in deliveries]


def test_alerts_are_given_out_oldest_first_by_thread(store: Store) -> None:
    """Pending alerts come in the order in which they were written, each naming its thread's first on its channel."""
    store.add_alerts([_alert(1), _alert(2, thread="doc_2"), _alert(1, "hook")], NOW)
    store.add_alerts([_alert(3), _alert(3)], NOW + SECOND)
    pending = store.pending(NOW + SECOND)
    assert _ids(pending) == ["alr_desk1", "alr_desk2", "alr_hook1", "alr_desk3"]
    assert [each.references for each in pending] == [None, None, None, "alr_desk1"]
    assert _ids(store.pending(NOW)) == ["alr_desk1", "alr_desk2", "alr_hook1"]
    assert _ids(store.pending(NOW, skip=["desk"])) == ["alr_hook1"]


def test_a_long_queue_of_one_channel_does_not_crowd_another_out(store: Store) -> None:
    """When there is more than fits, each channel's oldest come first."""
    store.add_alerts([_alert(n) for n in range(50)], NOW)
    store.add_alerts([_alert(0, "hook")], NOW)
    assert "alr_hook0" in _ids(store.pending(NOW, limit=10))


def test_what_became_of_a_delivery_is_kept(store: Store) -> None:
    """State, tries, times and the last error are given back as they were marked."""
    store.add_alerts([_alert(1)], NOW)
    (given,) = store.pending(NOW)
    waiting = replace(given, attempts=1, next_at=NOW + DAY, first_at=NOW, last_error="refused\x00")
    store.mark([waiting])
    assert store.pending(NOW) == ()
    assert store.pending(NOW + DAY) == (replace(waiting, last_error="refused\ufffd"),)
    sent = replace(waiting, state="sent", sent_at=NOW + DAY, next_at=None, last_error=None)
    store.mark([sent])
    assert store.delivery("alr_desk1") == sent
    assert store.deliveries(state="sent") == store.deliveries(channel="desk") == (sent,)
    assert store.delivery("alr_none") is None


def test_dead_letters_go_out_again_marked_late(store: Store) -> None:
    """`retry` revives what is dead, all or by name, for four more days; a named one that waits is tried at once."""
    store.add_alerts([_alert(1), _alert(2), _alert(3)], NOW)
    given = store.pending(NOW)
    store.mark([replace(each, state="dead", attempts=9, first_at=NOW, next_at=None) for each in given[:2]])
    store.mark([replace(given[2], attempts=1, next_at=NOW + DAY)])
    assert store.retry(["alr_desk1", "alr_desk3"], NOW) == 1
    first, third = store.pending(NOW)
    assert (first.alert.id, first.late, first.attempts, first.first_at) == ("alr_desk1", True, 0, None)
    assert (third.alert.id, third.late) == ("alr_desk3", False)
    assert store.retry(None, NOW) == 1
    assert store.retry(None, NOW) == 0
    assert store.totals(NOW).pending == 3


def test_a_disabled_channel_keeps_dead_letters_and_sends_them_late(store: Store) -> None:
    """What waits for a disabled channel, and what comes, is kept; when it comes back, seven days of it go out late."""
    store.add_alerts([_alert(1), _alert(1, "hook")], NOW - timedelta(days=8))
    store.add_alerts([_alert(2)], NOW)
    store.disable_channel("desk", NOW, "it said 410")
    store.disable_channel("desk", NOW + DAY, "another reason")
    store.add_alerts([_alert(3)], NOW)
    assert _ids(store.pending(NOW)) == ["alr_hook1"]
    state = store.channel_states()["desk"]
    assert (state.disabled_at, state.reason) == (NOW, "it said 410")
    assert store.totals(NOW).disabled_channels == ("desk",)
    assert {each.last_error for each in store.deliveries(state="dead")} == {"the channel was disabled: it said 410"}
    assert store.enable_channel("desk", NOW) == 2
    assert [(each.alert.id, each.late) for each in store.pending(NOW, skip=["hook"])] == [
        ("alr_desk2", True),
        ("alr_desk3", True),
    ]
    assert store.channel_states()["desk"].disabled_at is None
    assert store.enable_channel("never heard of", NOW) == 0


def test_a_channel_is_thought_gone_until_it_takes_an_alert(store: Store) -> None:
    """The first 410 is the one that counts; a success takes it back."""
    store.add_alerts([_alert(1)], NOW)
    store.note_gone("desk", NOW)
    store.note_gone("desk", NOW + DAY)
    assert store.channel_states()["desk"].gone_at == NOW
    store.mark([replace(store.pending(NOW)[0], state="sent", sent_at=NOW)])
    assert store.channel_states()["desk"].gone_at is None


def test_mutes_end_by_themselves(store: Store) -> None:
    """A source is quiet until the time given, or until it is lifted."""
    store.mute("xiaomi", NOW + DAY, NOW)
    assert store.mutes(NOW) == {"xiaomi": NOW + DAY}
    assert store.mutes(NOW + DAY) == {}
    assert store.totals(NOW).muted == 1
    assert store.source_rows()[0].muted_until == NOW + DAY
    store.mute("xiaomi", None, NOW)
    assert store.mutes(NOW) == {}
    with pytest.raises(StoreError, match="no source 'none'"):
        store.mute("none", NOW + DAY, NOW)


def test_each_channel_gets_its_alert_with_the_change(store: Store) -> None:
    """Alerts are written in the transaction of their change: one a channel, however often it is committed."""
    store.sync([plan()], NOW)
    given = outcome(store, channels=("desk", "hook", "chat"))
    store.commit([given], NOW)
    store.commit([given], NOW)
    assert [each.alert.channel for each in store.pending(NOW)] == ["desk", "hook", "chat"]


def test_alerts_that_wait_long_are_counted_as_stuck(store: Store) -> None:
    """One that was tried and waits for more than a quarter of an hour is told of in the totals, with its error."""
    store.add_alerts([_alert(1), _alert(2)], NOW)
    given = store.pending(NOW)[0]
    store.mark([replace(given, attempts=1, next_at=NOW + DAY, first_at=NOW, last_error="refused")])
    assert store.totals(NOW + timedelta(minutes=15)).stuck == 0
    totals = store.totals(NOW + timedelta(minutes=16))
    assert (totals.stuck, totals.stuck_since, totals.stuck_error) == (1, NOW, "refused")
