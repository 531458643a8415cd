"""Changes, routes, mutes → Outcome: what is stored, what is announced to whom, when to come back.

The last decision of a poll. Pure: `now` and `jitter` are given, the store only writes down what is returned.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from types import MappingProxyType

from watcher.core import cadence, chain, follow, gap, message, rules
from watcher.core.mask import mask_url
from watcher.errors import BadStatus, FetchError, ReadError, Refused
from watcher.model import (
    Alert,
    Change,
    Channel,
    Fetched,
    FetchState,
    Kind,
    NotModified,
    Observation,
    Outcome,
    Page,
    Poll,
    PollResult,
    Route,
    Snapshot,
    Source,
    SourceOutcome,
    SourceState,
    Story,
    make_id,
)

REMIND = timedelta(days=1)  # a source that goes on failing is told of again after this


@dataclass(frozen=True, slots=True)
class Routing:
    """What decides who hears of what, taken from the configuration in force and the mutes."""

    channels: Mapping[str, Channel]
    routes: tuple[Route, ...] = ()
    stories: tuple[Story, ...] = ()
    mutes: Mapping[str, datetime] = field(default_factory=dict)
    base_url: str | None = None
    config: str = ""


@dataclass(frozen=True, slots=True)
class Visit:
    """One poll of one fetch: who was asked, when, and the dice thrown for the next time."""

    fetch: FetchState
    sources: tuple[Source, ...]
    states: tuple[SourceState, ...]
    now: datetime
    jitter: float
    host_delay: float = 1.0
    program: str = ""
    rules: str = ""
    offline: bool = False  # the network as a whole is away: no alarm of single sources

    @property
    def poll_id(self) -> str:
        return make_id("pol", self.fetch.id, self.now.isoformat(timespec="microseconds"))


def screened(source: Source, change: Change, routing: Routing, now: datetime, page: Page | None = None) -> Change:
    """Apply the source's rules and mutes to a change, and name its stories. `page` is what a followed page says now."""
    change = replace(change, stories=rules.stories_of(source, routing.stories, change))
    if not change.announced:
        return change
    if follow.waits(source, change):
        return replace(change, announced=False, reason="unconfirmed")
    kept = rules.wanted(source, change) if source.parent is None else follow.wanted(source, change, page)
    return muted(source, change, routing, now) if kept else replace(change, announced=False, reason="rule")


def muted(source: Source, change: Change, routing: Routing, now: datetime) -> Change:
    """Apply the mutes to a change; a followed page shares its source's."""
    until = routing.mutes.get((source.parent or source).name)
    if until is not None and until > now:
        return replace(change, announced=False, reason="muted")
    return change


def alerts_for(
    source: Source,
    changes: Sequence[Change],
    routing: Routing,
    *,
    poll: str,
    now: datetime,
    kind: Kind | None,
    flood: int = 0,
) -> tuple[Alert, ...]:
    """Make the alerts of one source's changes: one a channel, or one a change where the channel asks for that. `flood`
    is how many more there were than can be told."""
    if (parent := source.parent) is not None:  # told as news of the source that is configured
        source, kind = parent, parent.kind
    by_channel: dict[str, list[Change]] = {}
    for change in changes:
        named = rules.channels_for(source, routing.routes, change)
        if change.reason == "minor-event" and change.event == "update.renumbered":
            named = tuple(
                dict.fromkeys(c for r in routing.routes if r.event and rules.fits(r, source, change) for c in r.notify)
            )
        elif not change.announced:
            named = ()
        for name in named:
            by_channel.setdefault(name, []).append(change)
    alerts = []
    for name, told in by_channel.items():
        channel = routing.channels.get(name)
        if channel is None:
            continue
        groups = [[c] for c in told] if channel.group == "change" else [told]
        for group in groups:
            key = group[0].id if channel.group == "change" else source.name
            alerts.append(
                message.changes_alert(
                    channel,
                    source,
                    group,
                    poll=poll,
                    group=key,
                    now=now,
                    config=routing.config,
                    base_url=routing.base_url,
                    kind=kind,
                    flood=flood if channel.group == "poll" else 0,
                )
            )
    return tuple(alerts)


def _came_back(visit: Visit, routing: Routing) -> tuple[Alert, ...]:
    """Tell the channels that a source whose failure was told of answers again."""
    if visit.fetch.alarmed_at is None:
        return ()
    named = tuple(source for source in visit.sources if source.parent is None)
    return _health(replace(visit, sources=named or visit.sources), routing, "source.recovered", "answers again")


def _told_as(visit: Visit, source: Source, told: message.SourceHealth, event: str) -> tuple[str, message.SourceHealth]:
    """Name the occasion of an alert of health. Followed pages of one host that fail, or come back, are one a day."""
    if source.parent is None:
        return f"{visit.poll_id}:{source.name}", told
    host, parent = visit.fetch.host, source.parent
    day = visit.now if event == "source.failing" else visit.fetch.alarmed_at or visit.now
    words = f"pages followed on {host}, such as this one: {told.error}" if told.error else None
    told = replace(told, name=parent.name, title=parent.shown, kind=parent.kind, error=words)
    return f"follow:{parent.name}:{host}:{day.date()}", told


def _health(visit: Visit, routing: Routing, event: str, words: str) -> tuple[Alert, ...]:
    alerts = []
    states = {state.source: state for state in visit.states}
    for source in visit.sources:
        state = states.get(source.name)
        told = message.SourceHealth(
            name=source.name,
            title=source.shown,
            url=mask_url(source.url),
            kind=source.kind or (state.kind if state else None),
            last_ok_at=visit.fetch.last_ok_at,
            last_change_at=state.last_change_at if state else None,
            failing_since=visit.fetch.failing_since or visit.now,
            failures=visit.fetch.failures + 1 if event == "source.failing" else None,
            error=words if event == "source.failing" else None,
        )
        key, told = _told_as(visit, source, told, event)
        for name in dict.fromkeys(source.notify):
            if channel := routing.channels.get(name):
                alert = message.health_alert(
                    channel,
                    event,
                    key=key,
                    now=visit.now,
                    sources=(told,),
                    message="" if event == "source.failing" else words,
                    config=routing.config,
                    base_url=routing.base_url,
                )
                alerts.append(alert)
    return tuple(alerts)


def _max_age(answer: Fetched | NotModified) -> float | None:
    """Read Cache-Control's max-age in seconds (RFC 9111, 5.2.2.1)."""
    control = answer.header("cache-control")
    for part in control.split(",") if control else ():
        name, _, value = part.strip().partition("=")
        if name.lower() == "max-age" and value.strip('" ').isdigit():
            return float(value.strip('" ')[:9])
    return None


def _next(
    visit: Visit, *, failures: int = 0, retry_after: float | None = None, max_age: float | None = None
) -> datetime:
    soonest = [
        cadence.next_poll(
            [source],
            now=visit.now,
            jitter=visit.jitter,
            failures=failures,
            retry_after=retry_after,
            max_age=max_age,
            kind=source.kind or state.kind,
            host_delay=visit.host_delay,
        )
        for source, state in zip(visit.sources, visit.states, strict=True)
    ]
    return min(soonest)


def _good(visit: Visit, answer: Fetched | NotModified, **more: object) -> FetchState:
    """Give the fetch's state after an answer: failures are over, validators are the server's newest."""
    return replace(
        visit.fetch,
        next_poll_at=_next(visit, max_age=_max_age(answer)),
        etag=answer.header("etag") or (visit.fetch.etag if isinstance(answer, NotModified) else None),
        last_modified=answer.header("last-modified")
        or (visit.fetch.last_modified if isinstance(answer, NotModified) else None),
        failures=0,
        failing_since=None,
        error=None,
        alarmed_at=None,
        last_poll_at=visit.now,
        last_ok_at=visit.now,
        moved_to=answer.moved_to or visit.fetch.moved_to,
        polls=visit.fetch.polls + 1,
        **more,  # type: ignore[arg-type]  # field names of FetchState, checked by replace
    )


def _poll(visit: Visit, result: PollResult, routing: Routing, **more: object) -> Poll:
    return Poll(
        id=visit.poll_id,
        fetch=visit.fetch.id,
        at=visit.now,
        result=result,
        config=routing.config,
        due_at=visit.fetch.next_poll_at,
        **more,  # type: ignore[arg-type]  # field names of Poll, checked by its constructor
    )


def not_modified(visit: Visit, answer: NotModified, routing: Routing) -> Outcome:
    """The server says that nothing changed."""
    state = _good(visit, answer)
    poll = _poll(visit, "not-modified", routing, status=304, seconds=answer.seconds)
    return Outcome(poll, state, alerts=_came_back(visit, routing))


def unchanged(visit: Visit, answer: Fetched, routing: Routing) -> Outcome:
    """The same bytes as before: nothing to read, nothing to store but the poll."""
    state = _good(visit, answer, rules=visit.rules)
    poll = _poll(visit, "unchanged", routing, status=answer.status, seconds=answer.seconds, size=answer.size)
    return Outcome(poll, state, alerts=_came_back(visit, routing))


def seal(visit: Visit, answer: Fetched, routing: Routing, extractor: str) -> Snapshot:
    """Make the record of a body, chained to the one before it."""
    return chain.seal(
        fetch=visit.fetch.id,
        at=answer.at,
        status=answer.status,
        url=mask_url(answer.url),
        headers=answer.headers,
        request_headers=answer.request_headers,
        peer=answer.peer,
        certificate_sha256=answer.certificate_sha256,
        body_sha256=answer.body_sha256,
        wire_sha256=answer.wire_sha256,
        size=answer.size,
        config=routing.config,
        program=visit.program,
        extractor=extractor,
        previous=visit.fetch.chain,
    )


def _overall(observations: Sequence[Observation]) -> PollResult:
    order: tuple[PollResult, ...] = ("changed", "held", "baseline", "unchanged")
    found = {observation.result for observation in observations}
    return next((result for result in order if result in found), "unchanged")


def _as_before(seen: Observation, visit: Visit) -> bool:
    """Say whether a look left nothing to write down."""
    return not (seen.documents or seen.revisions or seen.entries or seen.changes) and seen.state in visit.states


def _unread(
    visit: Visit, source: Source, state: SourceState, words: str, routing: Routing
) -> tuple[SourceState, tuple[Alert, ...]]:
    """Count that a source could not read what others of its address could, and tell of it when it has lasted."""
    since = _past(state.failing_since, visit.now) or visit.now
    last = _past(state.alarmed_at, visit.now)
    state = replace(state, failures=state.failures + 1, failing_since=since, error=words, alarmed_at=last)
    named = (source,) if source.parent is None else ()
    if visit.now - since < _patience(source) or not _is_due(named, last, visit.now):
        return state, ()
    alerts = _health(_alone(visit, source, state), routing, "source.failing", words)
    return replace(state, alarmed_at=visit.now), alerts


def _reread(visit: Visit, source: Source, before: SourceState, routing: Routing) -> tuple[Alert, ...]:
    """Tell that a source which alone had failed is read again, unless its fetch's return is told anyway."""
    if before.alarmed_at is None or visit.fetch.alarmed_at is not None:
        return ()
    return _health(_alone(visit, source, before), routing, "source.recovered", "can be read again")


def _alone(visit: Visit, source: Source, state: SourceState) -> Visit:
    """The visit as if it were of this source only, with its own failures."""
    last = gap.last_look(visit.fetch, state) if state.baseline_at else None
    own = replace(visit.fetch, failures=max(state.failures - 1, 0), failing_since=state.failing_since, last_ok_at=last)
    return replace(visit, fetch=own, sources=(source,), states=(state,))


def _settled(
    visit: Visit, observations: Mapping[str, Observation], errors: Mapping[str, str], routing: Routing
) -> tuple[list[SourceOutcome], list[Alert]]:
    """Settle each source: its changes screened, its own failures counted or over, its alerts written."""
    before = {state.source: state for state in visit.states}
    sources: list[SourceOutcome] = []
    alerts: list[Alert] = []
    said: list[tuple[Source, Change]] = []
    for source in sorted(visit.sources, key=lambda each: each.parent is not None):
        known = before[source.name]
        if source.name in errors:
            state, told = _unread(visit, source, known, errors[source.name], routing)
            alerts += told
            sources.append(SourceOutcome(source.name, Observation("failed", state), errors[source.name]))
            continue
        seen = observations[source.name]
        if known.failures:
            alerts += _reread(visit, source, known, routing)
            state = replace(seen.state, failures=0, failing_since=None, error=None, alarmed_at=None)
            seen = replace(seen, state=state)
        if seen.changes:
            page = seen.documents[0].page if source.parent and seen.documents else None
            named = [follow.titled(source, change, seen.state.kind) for change in seen.changes]
            kept = [screened(source, change, routing, visit.now, page) for change in named]
            changes = follow.once(source, kept, said)
            alerts += alerts_for(
                source, changes, routing, poll=visit.poll_id, now=visit.now, kind=seen.state.kind, flood=seen.flood
            )
            seen = replace(seen, changes=changes)
        sources.append(SourceOutcome(source.name, seen))
    return sources, [*_gaps(visit, observations, routing), *alerts]


def _gaps(visit: Visit, observations: Mapping[str, Observation], routing: Routing) -> tuple[Alert, ...]:
    both = [(source, observations[source.name]) for source in visit.sources if source.name in observations]
    found = [(source, seen.state, seen.gap) for source, seen in both if seen.gap is not None]
    return gap.alerts(
        found, poll=visit.poll_id, now=visit.now, channels=routing.channels, config=routing.config,
        base_url=routing.base_url,
    )  # fmt: skip


def _warmed(visit: Visit, observations: Mapping[str, Observation]) -> Visit:
    """The visit with the followed pages that just showed life: their pace is that of young ones again."""
    warm = []
    for source in visit.sources:
        seen = observations.get(source.name)
        if source.followed is not None and seen is not None and any(map(follow.shows_life, seen.changes)):
            source = replace(source, followed=replace(source.followed, life=visit.now))  # noqa: PLW2901 - the same one
        warm.append(source)
    return replace(visit, sources=tuple(warm))


def observed(
    visit: Visit,
    answer: Fetched,
    snapshot: Snapshot,
    *,
    observations: Mapping[str, Observation],
    errors: Mapping[str, str],
    routing: Routing,
) -> Outcome:
    """A body was read: screen its changes, write the alerts, keep validators only if every source could read it."""
    visit = _warmed(visit, observations)
    sources, told = _settled(visit, observations, errors, routing)
    alerts = [*_came_back(visit, routing), *told]
    overall = _overall(list(observations.values()))
    if overall == "unchanged":
        sources = [part for part in sources if part.observation is None or not _as_before(part.observation, visit)]
    state = _good(visit, answer, snapshot=snapshot.id, chain=snapshot.hash)
    confirm = [o.state.confirm_at for o in observations.values() if o.state.confirm_at is not None]
    least = visit.now + timedelta(seconds=visit.host_delay)
    confirm += [max(at, least) for o in observations.values() if (at := o.state.learn_at) and at > visit.now]
    if confirm:
        state = replace(state, next_poll_at=min(state.next_poll_at or confirm[0], *confirm))
    if errors:
        # A validator saved after a failed reading would hide this body for good.
        state = replace(state, etag=None, last_modified=None, body_sha256=None, error="; ".join(errors.values()))
    else:
        rules_read = ";".join(observations[source.name].state.rules for source in visit.sources)
        state = replace(state, body_sha256=answer.body_sha256, rules=rules_read)
    poll = _poll(
        visit,
        overall,
        routing,
        status=answer.status,
        seconds=answer.seconds,
        size=answer.size,
    )
    return Outcome(poll, state, snapshot, answer.body, tuple(sources), tuple(alerts))


def _patience(source: Source) -> timedelta:
    """How long a source may fail before that is told; a followed page's first day often is a bad one."""
    return source.alarm_after if source.parent is None else max(source.alarm_after, follow.PATIENCE)


def _is_due(named: Sequence[Source], last: datetime | None, now: datetime) -> bool:
    """Say whether a failure is to be told (again): daily, of followed pages once."""
    return last is None or (bool(named) and now - last >= REMIND)


def failed(
    visit: Visit,
    error: FetchError | ReadError,
    routing: Routing,
    *,
    seconds: float = 0.0,
    observations: Mapping[str, Observation] = MappingProxyType({}),
) -> Outcome:
    """The poll brought nothing: count it, wait longer, and tell the owner when it has lasted.

    `observations` are of articles for which the error status means that their page is gone or walled: once that was
    told, it is not told again as a failure.
    """
    state = _failing(visit, error)
    confirm = [o.state.confirm_at for o in observations.values() if o.state.confirm_at is not None]
    if confirm and not (isinstance(error, BadStatus) and error.retry_after):
        state = replace(state, next_poll_at=min(state.next_poll_at or confirm[0], *confirm))
    sources: list[SourceOutcome] = []
    alerts: list[Alert] = []
    for source in visit.sources:
        seen = observations.get(source.name)
        if seen is not None:
            seen = replace(seen, changes=tuple(screened(source, c, routing, visit.now) for c in seen.changes))
            kind = seen.state.kind
            alerts += alerts_for(source, seen.changes, routing, poll=visit.poll_id, now=visit.now, kind=kind)
        sources.append(SourceOutcome(source.name, seen, error.message))
    named = tuple(source for source in visit.sources if source.parent is None)
    lasting = visit.now - (state.failing_since or visit.now) >= min(map(_patience, named or visit.sources))
    if not observations and not visit.offline and lasting and _is_due(named, state.alarmed_at, visit.now):
        alerts += _health(replace(visit, sources=named or visit.sources), routing, "source.failing", error.message)
        state = replace(state, alarmed_at=visit.now)
    status = error.status if isinstance(error, BadStatus) else None
    result: PollResult = "refused" if isinstance(error, Refused) else "failed"
    poll = _poll(visit, result, routing, status=status, seconds=seconds, error=error.message)
    offline = isinstance(error, FetchError) and error.offline
    return Outcome(poll, state, sources=tuple(sources), alerts=tuple(alerts), offline=offline)


def _past(at: datetime | None, now: datetime) -> datetime | None:
    """Give a time of the past; one that is yet to come was given by a clock that ran ahead."""
    return None if at is None else min(at, now)


def _failing(visit: Visit, error: FetchError | ReadError) -> FetchState:
    """Give the fetch's state after one more failure."""
    failures = visit.fetch.failures + 1
    retry_after = error.retry_after if isinstance(error, BadStatus) else None
    return replace(
        visit.fetch,
        next_poll_at=_next(visit, failures=failures, retry_after=retry_after),
        failures=failures,
        failing_since=_past(visit.fetch.failing_since, visit.now) or visit.now,
        alarmed_at=_past(visit.fetch.alarmed_at, visit.now),
        error=error.message,
        last_poll_at=visit.now,
        polls=visit.fetch.polls + 1,
    )
