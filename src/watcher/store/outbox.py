"""Alerts and their deliveries, channels and mutes: what is to be told, to whom, and what became of it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Select, bindparam, func, select

from watcher.errors import StoreError
from watcher.model import Alert, Delivery
from watcher.store.codec import clean, from_ms, maybe_clean, maybe_ms, maybe_time, to_ms
from watcher.store.rows import alert_row, delivery_of, upsert
from watcher.store.tables import alerts, aliases, channels, deliveries, mutes, sources
from watcher.store.values import ChannelState

LATE = timedelta(days=7)  # how old a dead letter may be to go out when its channel comes back


def add(connection: Connection, new: Sequence[Alert], now: datetime) -> None:
    """Write alerts with a delivery each, due at once; on a disabled channel it is a dead letter from the start. An
    alert that is already there is left alone."""
    if not new:
        return
    names = {alert.channel for alert in new}
    off = {
        row.name: row.reason
        for row in connection.execute(
            select(channels).where(channels.c.name.in_(names), channels.c.disabled_at.is_not(None))
        )
    }
    rows = [alert_row(replace(alert, data=_dated(alert.data, now))) for alert in new]
    connection.execute(upsert(connection, alerts, ("id",)), rows)
    waiting = [
        {
            "alert": alert.id,
            "channel": alert.channel,
            "state": "dead" if alert.channel in off else "pending",
            "attempts": 0,
            "created_at": to_ms(now),
            "next_at": None if alert.channel in off else to_ms(now),
            "late": False,
            "last_error": _off(off[alert.channel]) if alert.channel in off else None,
        }
        for alert in new
    ]
    connection.execute(upsert(connection, deliveries, ("alert",)), waiting)


def _off(reason: str) -> str:
    return f"the channel was disabled: {reason}"


def _dated(data: Mapping[str, Any], now: datetime) -> Mapping[str, Any]:
    """The payload with the time of this transaction in its changes' `times.committed`."""
    changes = data.get("changes")
    if not isinstance(changes, list | tuple) or not changes:
        return data
    text = now.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    dated = [
        {**each, "times": {**each["times"], "committed": text}}
        if isinstance(each, Mapping) and isinstance(each.get("times"), Mapping)
        else each
        for each in changes
    ]
    return {**data, "changes": dated}


def mark(connection: Connection, done: Sequence[Delivery]) -> None:
    """Write down what became of deliveries. A channel that took one is no longer thought gone."""
    if not done:
        return
    names = ("state", "attempts", "next_at", "first_at", "sent_at", "last_error", "late")
    statement = deliveries.update().where(deliveries.c.alert == bindparam("at_alert"))
    rows = [
        {
            "at_alert": each.alert.id,
            "state": each.state,
            "attempts": each.attempts,
            "next_at": maybe_ms(each.next_at),
            "first_at": maybe_ms(each.first_at),
            "sent_at": maybe_ms(each.sent_at),
            "last_error": maybe_clean(each.last_error),
            "late": each.late,
        }
        for each in done
    ]
    connection.execute(statement.values({name: bindparam(name) for name in names}), rows)
    took = {each.alert.channel for each in done if each.state == "sent"}
    if took:
        back = channels.update().where(channels.c.name.in_(took), channels.c.gone_at.is_not(None))
        connection.execute(back.values(gone_at=None))


def retry(connection: Connection, ids: Sequence[str] | None, now: datetime) -> int:
    """Dead letters (all, or those of these alerts) go out again, marked late; returns how many. A named alert that is
    still pending is tried at once."""
    chosen = deliveries.c.state == "dead"
    if ids is not None:
        chosen = chosen & deliveries.c.alert.in_(list(ids))
        waiting = deliveries.update().where(deliveries.c.alert.in_(list(ids)), deliveries.c.state == "pending")
        connection.execute(waiting.values(next_at=to_ms(now)))
    return _revive(connection, chosen, now)


def _revive(connection: Connection, chosen: Any, now: datetime) -> int:
    fresh = {"state": "pending", "attempts": 0, "next_at": to_ms(now), "first_at": None, "late": True}
    return connection.execute(deliveries.update().where(chosen).values(fresh)).rowcount


def disable(connection: Connection, name: str, now: datetime, reason: str) -> None:
    """Switch a channel off: what waits for it becomes dead letters. One that is off already keeps its reason."""
    row = {"name": name, "disabled_at": to_ms(now), "reason": clean(reason), "gone_at": None}
    statement = upsert(
        connection, channels, ("name",), ("disabled_at", "reason"), where=lambda _: channels.c.disabled_at.is_(None)
    )
    connection.execute(statement, [row])
    waiting = deliveries.update().where(deliveries.c.channel == name, deliveries.c.state == "pending")
    connection.execute(waiting.values(state="dead", next_at=None, last_error=_off(clean(reason))))


def enable(connection: Connection, name: str, now: datetime) -> int:
    """Switch a channel on again; its dead letters of seven days go out marked late. Returns how many."""
    known = connection.execute(
        channels.update().where(channels.c.name == name).values(disabled_at=None, reason="", gone_at=None)
    ).rowcount
    if not known:
        return 0
    recent = deliveries.c.created_at >= to_ms(now - LATE)
    return _revive(connection, (deliveries.c.channel == name) & (deliveries.c.state == "dead") & recent, now)


def note_gone(connection: Connection, name: str, now: datetime) -> None:
    """Note when a channel's receiver first said that it no longer exists."""
    row = {"name": name, "disabled_at": None, "reason": "", "gone_at": to_ms(now)}
    statement = upsert(connection, channels, ("name",), ("gone_at",), where=lambda _: channels.c.gone_at.is_(None))
    connection.execute(statement, [row])


def states(connection: Connection) -> dict[str, ChannelState]:
    """Every channel that something is known of."""
    return {
        row.name: ChannelState(row.name, maybe_time(row.disabled_at), row.reason, maybe_time(row.gone_at))
        for row in connection.execute(select(channels))
    }


def mute(connection: Connection, source: str, until: datetime | None, now: datetime) -> None:
    """Keep a source quiet until a time; None lifts it. Raises StoreError for a source that is not there."""
    name = current_name(connection, source)
    if name is None:
        raise StoreError(f"there is no source {source!r}")
    connection.execute(mutes.delete().where((mutes.c.source == name) | (mutes.c.until <= to_ms(now))))
    if until is not None and until > now:
        connection.execute(mutes.insert().values(source=name, until=to_ms(until), at=to_ms(now)))


def muted(connection: Connection, now: datetime) -> dict[str, datetime]:
    """The sources that are muted now, each with the time when that ends."""
    rows = connection.execute(select(mutes.c.source, mutes.c.until).where(mutes.c.until > to_ms(now)))
    return {row.source: from_ms(row.until) for row in rows}


def current_name(connection: Connection, source: str) -> str | None:
    """The name that a source has now, by this or an earlier name."""
    if connection.execute(select(sources.c.name).where(sources.c.name == source)).first():
        return source
    return connection.execute(select(aliases.c.source).where(aliases.c.name == source)).scalar_one_or_none()


# --- reading ---------------------------------------------------------------------------------------------------------


def _with_alerts() -> Select[Any]:
    """Deliveries with their alerts, each with the id of the first alert in its thread on its channel."""
    other = alerts.alias("other")
    first = (
        select(other.c.id)
        .where(other.c.channel == alerts.c.channel, other.c.thread == alerts.c.thread)
        .order_by(other.c.seq)
        .limit(1)
        .scalar_subquery()
    )
    return select(deliveries, alerts.c.seq, alerts.c.data, first.label("first")).join_from(deliveries, alerts)


_IS_PENDING = select(deliveries.c.alert).where(
    deliveries.c.state == "pending", deliveries.c.next_at <= bindparam("now")
)


def is_pending(connection: Connection, now: datetime) -> bool:
    """Whether any delivery is due."""
    return connection.execute(_IS_PENDING.limit(1), {"now": to_ms(now)}).first() is not None


def pending(connection: Connection, now: datetime, limit: int, skip: Collection[str]) -> tuple[Delivery, ...]:
    """What is due, oldest first; at most `limit` of each channel and in all, so that none crowds another out."""
    rank = func.row_number().over(partition_by=deliveries.c.channel, order_by=alerts.c.seq).label("rank")
    due = (
        select(deliveries.c.alert, rank)
        .join_from(deliveries, alerts)
        .where(deliveries.c.state == "pending", deliveries.c.next_at <= to_ms(now))
    )
    if skip:
        due = due.where(deliveries.c.channel.not_in(list(skip)))
    chosen = due.subquery("due")
    turn = select(chosen.c.alert).order_by(chosen.c.rank, chosen.c.alert).limit(limit)
    wanted = _with_alerts().where(deliveries.c.alert.in_(turn)).order_by(alerts.c.seq)
    return tuple(delivery_of(row) for row in connection.execute(wanted))


def listed(connection: Connection, state: str | None, channel: str | None, limit: int) -> tuple[Delivery, ...]:
    """Deliveries for people, newest last."""
    wanted = _with_alerts().order_by(alerts.c.seq.desc()).limit(limit)
    if state is not None:
        wanted = wanted.where(deliveries.c.state == state)
    if channel is not None:
        wanted = wanted.where(deliveries.c.channel == channel)
    return tuple(delivery_of(row) for row in reversed(connection.execute(wanted).all()))


def alert(connection: Connection, id_: str) -> Delivery | None:
    """One alert's delivery, by the alert's id."""
    row = connection.execute(_with_alerts().where(deliveries.c.alert == id_)).one_or_none()
    return None if row is None else delivery_of(row)
