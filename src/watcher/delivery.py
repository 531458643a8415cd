"""The second loop: hand over what was written to the outbox, mark it after it was sent.

Channels work side by side; within a channel alerts go in order. An alert is sent at least once and its id never
changes, so a receiver can tell a repetition. What cannot be delivered waits with growing pauses, then becomes a dead
letter that `watcher deliveries` shows and `watcher retry` mends.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from watcher.core import message
from watcher.core.retry import next_try
from watcher.errors import DeliveryError, StoreError, WatcherError
from watcher.model import Channel, Delivery
from watcher.store import Store, Writer

log = structlog.get_logger("watcher.delivery")

LATE = timedelta(hours=1)  # from this age on an alert says that it is late
GONE_AGAIN = timedelta(hours=1)  # a receiver that says 410 twice, this far apart, is believed
REVIVED = timedelta(days=7)  # how old a dead letter may be to go out when its channel comes back
PROBE = timedelta(minutes=1)  # the longest rest of a channel whose last try failed
REFUSED = timedelta(seconds=10)  # between two tries to write down what was sent, when the store refuses
BATCH = 200


class Sender(Protocol):
    """What delivery needs of a channel."""

    async def send(self, delivery: Delivery, *, late: bool = False) -> None: ...


class Deliverer:
    """Sends pending alerts through `senders`, by channel name; `configure` exchanges them."""

    def __init__(self, store: Store, writer: Writer, clock: Callable[[], datetime], dice: Callable[[], float]) -> None:
        self.store, self.writer, self.clock, self.dice = store, writer, clock, dice
        self.senders: Mapping[str, Sender] = {}
        self.channels: Mapping[str, Channel] = {}
        self._busy: set[str] = set()
        self._resume: dict[str, datetime] = {}
        self._failed: set[str] = set()  # channels whose last try failed: their dead letters wait for a success
        self._unwritten: dict[str, Delivery] = {}  # what became of alerts, while the store could not be written
        self._blocked: datetime | None = None  # until when the store is left alone after it refused
        self.wake = asyncio.Event()

    def configure(self, channels: Mapping[str, Channel], senders: Mapping[str, Sender]) -> None:
        self.channels, self.senders = channels, senders
        self._resume.clear()

    def hurry(self) -> None:
        """A person asks: look at the outbox now, also for channels that rest after a failure."""
        self._resume.clear()
        self.wake.set()

    async def round(self) -> int:
        """Deliver what is pending now; give the number of alerts sent. Returns when all channels had their turn.

        Raises StoreError; what was sent and could not be written down is then written down before all else.
        """
        now = self.clock()
        if self._blocked is not None and now < self._blocked <= now + PROBE:
            return 0
        try:
            sent = await self._round(now)
        except StoreError:
            self._blocked = now + REFUSED
            raise
        self._blocked = None
        return sent

    async def _round(self, now: datetime) -> int:
        if late := list(self._unwritten.values()):
            await self.writer.run(lambda store: store.mark(late))
            for delivery in late:
                self._unwritten.pop(delivery.alert.id, None)
        if not self.senders:
            return 0
        resting = {name for name, at in self._resume.items() if now < at <= now + PROBE}
        pending = await asyncio.get_running_loop().run_in_executor(None, self._pending, now, self._busy | resting)
        by_channel: dict[str, list[Delivery]] = {}
        for delivery in pending:
            if delivery.alert.channel in self.senders:
                by_channel.setdefault(delivery.alert.channel, []).append(delivery)
        sent = await asyncio.gather(*(self._channel(name, group) for name, group in by_channel.items()))
        return sum(sent)

    def _pending(self, now: datetime, skip: set[str]) -> tuple[Delivery, ...]:
        if not self.store.is_pending(now):
            return ()
        disabled = {name for name, state in self.store.channel_states().items() if state.disabled_at}
        return self.store.pending(now, BATCH, skip=skip | disabled)

    async def _channel(self, name: str, deliveries: list[Delivery]) -> int:
        sent = 0
        self._busy.add(name)
        try:
            for delivery in deliveries:
                if not await self._one(name, delivery):
                    break
                sent += 1
        finally:
            self._busy.discard(name)
        return sent

    async def _write(self, delivery: Delivery) -> None:
        """Write down what became of a delivery; until that is done, the alert is not sent again."""
        self._unwritten[delivery.alert.id] = delivery
        await self.writer.run(lambda store: store.mark([delivery]))
        self._unwritten.pop(delivery.alert.id, None)

    async def _one(self, name: str, delivery: Delivery) -> bool:
        """Try one alert; False when the channel should rest."""
        now = self.clock()
        first = delivery.first_at or now
        delivery = replace(delivery, attempts=delivery.attempts + 1, first_at=first)
        try:
            await self.senders[name].send(delivery, late=delivery.late or now - delivery.alert.at >= LATE)
        except DeliveryError as error:
            return await self._not_sent(name, delivery, error)
        except WatcherError as error:
            return await self._not_sent(name, delivery, DeliveryError(name, str(error)))
        except Exception as fault:  # a sender's surprise must not end the loop; it is kept as the delivery's error
            log.exception("delivery.fault", channel=name, alert=delivery.alert.id)
            return await self._not_sent(
                name, delivery, DeliveryError(name, f"fault in Watcher: {type(fault).__name__}: {fault}")
            )
        done = replace(delivery, state="sent", sent_at=self.clock(), next_at=None, last_error=None)
        await self._write(done)
        log.info("delivery.sent", channel=name, alert=delivery.alert.id, attempts=delivery.attempts)
        if name in self._failed:
            self._failed.discard(name)
            await self._revive(name)
        return True

    async def _not_sent(self, name: str, delivery: Delivery, error: DeliveryError) -> bool:
        now = self.clock()
        channel = self.channels[name]
        again = None
        if not error.permanent:
            again = next_try(
                delivery.attempts,
                first_at=delivery.first_at or now,
                now=now,
                jitter=self.dice(),
                pauses=channel.pauses,
                retry_after=error.retry_after,
            )
        waiting = replace(
            delivery, state="dead" if again is None else "pending", next_at=again, last_error=error.message
        )
        await self._write(waiting)
        log.warning("delivery.failed", channel=name, alert=delivery.alert.id, error=error.message, dead=again is None)
        if error.gone:
            await self._gone(name, now, error.message)
        if again is None and error.permanent:
            return True  # the receiver answers, it only did not want this one
        self._failed.add(name)
        if again is not None:
            # Alerts that are younger than the one that failed must not wait for its long pause.
            self._resume[name] = min(again, now + PROBE)
        return False

    async def _gone(self, name: str, now: datetime, reason: str) -> None:
        """A receiver says that it no longer exists: believe it the second time, and tell the others."""
        state = self.store.channel_states().get(name)
        if state is None or state.gone_at is None:
            await self.writer.run(lambda store: store.note_gone(name, now))
            return
        if now - state.gone_at < GONE_AGAIN or state.disabled_at:
            return
        alerts = [
            message.health_alert(
                channel,
                "channel.disabled",
                key=f"{name}:{now.isoformat()}",
                now=now,
                message=f"channel {name} was switched off: {reason}. To switch it on: watcher channels enable {name}",
            )
            for other, channel in self.channels.items()
            if other != name
        ]

        def write(store: Store) -> None:
            store.disable_channel(name, now, reason)
            store.add_alerts(alerts, now)

        await self.writer.run(write)
        log.error("channel.disabled", channel=name, reason=reason)
        self.wake.set()

    async def _revive(self, name: str) -> None:
        """The channel is back: what waits for it goes out now, and so do its dead letters of the last days."""
        now = self.clock()
        dead = self.store.deliveries(state="dead", channel=name, limit=1000)
        waiting = self.store.deliveries(state="pending", channel=name, limit=1000)
        ids = [d.alert.id for d in dead if now - d.alert.at <= REVIVED]
        sooner = [replace(d, next_at=now) for d in waiting if d.next_at is not None and d.next_at > now]

        def write(store: Store) -> None:
            if ids:
                store.retry(ids, now)
            store.mark(sooner)

        if ids or sooner:
            await self.writer.run(write)
            self.wake.set()
