"""Following, at the edge: which followed pages a poll brings, what they mean for entries that wait, and when they end.

    source_of(config, state)                 the source that a state belongs to, configured or followed
    planned(config, sources, seen, answer)   what a poll means for followed pages: part of its outcome
    plans(config, rows)                      followed pages as the store is to take them over with a configuration
    Follower.decide, Follower.sweep          entries that wait; pages whose time is over

What is decided stands in core/follow.py. Entries that wait are data: each step can be repeated after a crash, and the
alert of an entry has the same id whoever decides it.
"""

import asyncio
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from fnmatch import fnmatchcase
from functools import partial

import structlog

from watcher import config as configuration
from watcher.config import Config
from watcher.core import follow, message, rules, settle
from watcher.core.markup import decode
from watcher.core.mask import mask_url
from watcher.core.urls import host_of, nearest_first
from watcher.model import (
    Alert,
    Change,
    Child,
    Fetched,
    Followed,
    Following,
    Observation,
    Page,
    Plan,
    Source,
    SourceState,
)
from watcher.store import FollowedRow, Store, Writer

log = structlog.get_logger("watcher.follow")


def source_of(config: Config, state: SourceState) -> Source | None:
    """Give the source of a state: the configured one of its name, or the followed page; None when it is no longer
    wanted."""
    if state.followed is None:
        return config.source(state.source)
    parent = config.source(follow.parent_of(state.source))
    if parent is None or parent.follow is None:
        return None
    return follow.child_of(parent, state.source, state.followed)


def plans(config: Config, rows: Iterable[FollowedRow], now: datetime) -> tuple[Plan, ...]:
    """Name the followed pages that a configuration goes on following, under the names that their sources have now."""
    following = [source for source in config.sources if source.enabled and source.follow]
    parents = {name: source for source in following for name in (*source.was, source.name)}
    found = []
    for row in rows:
        parent = parents.get(row.parent)
        if parent is None or parent.follow is None or row.since <= now - parent.follow:
            continue
        name = parent.name + follow.MARK + row.source.partition(follow.MARK)[2]
        child = follow.child_of(parent, name, Followed(row.url, row.since, row.life))
        was = () if name == row.source else (row.source,)
        fetch = configuration.fetch_identity(child)
        found.append(Plan(name, was, fetch, row.url, host_of(row.url), None, row.title, parent.stories))
    return tuple(found)


# --- what a poll brings -----------------------------------------------------------------------------------------------


def planned(
    config: Config, sources: Sequence[Source], seen: Mapping[str, Observation], answer: Fetched
) -> Following | None:
    """Say what a poll means for followed pages: what its new entries and pages lead to, and what showed life."""
    children: list[Child] = []
    entries: list[str] = []
    warm: list[str] = []
    read: list[str] = []
    for source in sources:
        observation = seen.get(source.name)
        if observation is None:
            continue
        if source.follow is not None:
            pages = {document.id: document.page for document in observation.documents}
            for change in observation.changes:
                if follow.leads(source, change):
                    children += _of_entry(source, change, pages.get(change.document.id))
                elif follow.shows_life(change):
                    entries.append(change.document.id)
        elif source.followed is not None:
            children += _of_page(source, observation, answer)
            if any(map(follow.shows_life, observation.changes)):
                warm.append(source.name)
            if observation.result == "baseline":
                read.append(source.name)
    if not (children or entries or warm or read):
        return None
    return Following(_spread(config, children), tuple(dict.fromkeys(entries)), tuple(warm), tuple(read))


def _spread(config: Config, children: Sequence[Child]) -> tuple[Child, ...]:
    """Spread what one poll found so that half of each host's time is left to others, now and later."""
    totals = Counter(child.host for child in children)
    steps = {host: 2 * _delay(config, host) for host in totals}
    counted: Counter[str] = Counter()
    found = []
    for child in children:
        step = steps[child.host]
        found.append(replace(child, after=step * counted[child.host], least=step * totals[child.host]))
        counted[child.host] += 1
    return tuple(found)


def _delay(config: Config, host: str) -> float:
    """The least pause between two requests to a host, in seconds: of the nearest rule that says one, else of all."""
    name = host.rpartition(":")[0] if re.search(r":\d+$", host) else host
    told = (rule.delay for rule in nearest_first(config.hosts) if fnmatchcase(name, rule.pattern))
    return next((delay for delay in told if delay is not None), config.fetch.delay)


def _of_entry(source: Source, change: Change, page: Page | None) -> list[Child]:
    make = partial(_child, source, by=source.name, entry=change.document.id, change=change.id)
    return [make(url, title=change.document.title) for url in follow.entry_links(source, change, page)]


def _of_page(source: Source, observation: Observation, answer: Fetched) -> list[Child]:
    """The documents that a followed page links, in its content or, at first sight, anywhere on it."""
    parent, followed = source.parent, source.followed
    if parent is None or followed is None or followed.depth >= follow.DEEPEST or observation.state.kind != "article":
        return []
    found: list[Child] = []
    for document in observation.documents:
        urls = follow.document_links(document.page)
        if not urls and observation.result == "baseline":
            urls = follow.documents_in(decode(answer.body, answer.header("content-type")), answer.url)
        found += [_child(parent, url, by=source.name, title=document.title, depth=followed.depth + 1) for url in urls]
    return found


def _child(
    parent: Source,
    url: str,
    *,
    by: str,
    title: str,
    depth: int = 1,
    entry: str | None = None,
    change: str | None = None,
) -> Child:
    now = datetime.min  # noqa: DTZ901 - the address alone counts for the identity of the fetch
    fetch = configuration.fetch_identity(follow.child_of(parent, parent.name, Followed(url, now, now)))
    tail = follow.tail_of(url)
    return Child(by, tail, url, fetch, host_of(url), title, depth, entry, change, parent.stories)


# --- entries that wait, pages whose time is over ----------------------------------------------------------------------


class Follower:
    """Decides the entries that wait for followed pages, and ends the pages whose time is over."""

    def __init__(self, store: Store, writer: Writer, clock: Callable[[], datetime]) -> None:
        self.store, self.writer, self.clock = store, writer, clock
        self._begun = False

    async def decide(
        self,
        config: Config,
        routing: settle.Routing,
        names: Sequence[str] | None = None,
        before: datetime | None = None,
    ) -> tuple[Change, ...]:
        """Decide the entries that wait for these followed pages, that have waited since before a time, or all; give
        those that were decided. Raises StoreError."""
        now = self.clock()
        loop = asyncio.get_running_loop()
        verdicts, alerts = await loop.run_in_executor(None, self._verdicts, config, routing, names, before, now)
        if verdicts:
            await self.writer.run(lambda store: store.decide(verdicts, alerts, now))
        return tuple(verdict.change for verdict in verdicts)

    def _verdicts(
        self,
        config: Config,
        routing: settle.Routing,
        names: Sequence[str] | None,
        before: datetime | None,
        now: datetime,
    ) -> tuple[list[follow.Verdict], list[Alert]]:
        verdicts: list[follow.Verdict] = []
        alerts: list[Alert] = []
        for waiting in self.store.waiting(names, before):
            source = config.source(waiting.source)
            if source is None or (before is not None and not follow.is_overdue(source, waiting, now)):
                continue
            texts = self._texts(waiting)
            verdict = follow.verdict(source, waiting, texts, now)
            if verdict is None:
                continue
            if verdict.change.announced:
                verdict, told = _announced(source, verdict, texts, routing, now)
                alerts += told
            if verdict.waits and verdict.change.reason == waiting.change.reason:
                continue  # put off before
            verdicts.append(verdict)
        return verdicts, alerts

    def _texts(self, waiting: follow.Waiting) -> dict[str, str]:
        found = {}
        for member in waiting.members:
            if (page := self.store.page(member.source)) is not None:
                found[mask_url(member.url)] = follow.text_of(page.page)
        return found

    async def sweep(self, config: Config, routing: settle.Routing) -> None:
        """End the pages whose time is over, or that are too many, and decide what has waited long enough.

        Raises StoreError.
        """
        now = self.clock()
        loop = asyncio.get_running_loop()
        begun = {source.name: now - source.follow for source in config.sources if source.enabled and source.follow}
        over, crowded = await loop.run_in_executor(None, self.store.followed_over, begun, follow.MOST)
        if over:
            await self.writer.run(lambda store: store.end_followed(over, now, for_good=False))
            log.info("follow.ended", pages=len(over))
        for name, many in crowded.items():
            source = config.source(name)
            alerts = _crowded(source, len(many), routing, now) if source is not None else ()
            end = partial(Store.end_followed, names=many, now=now, for_good=True, alerts=alerts)
            await self.writer.run(end)
            log.warning("follow.crowded", source=name, ended=len(many), most=follow.MOST)
        # the first time all of them: an end by force may have come between a reading and its verdict
        await self.decide(config, routing, before=now - follow.UNCHECKED if self._begun else None)
        self._begun = True


def _announced(
    source: Source, verdict: follow.Verdict, texts: Mapping[str, str], routing: settle.Routing, now: datetime
) -> tuple[follow.Verdict, tuple[Alert, ...]]:
    """Name the stories of an entry by all that it leads to, apply mutes, write its alerts: routes see that text too."""
    own = verdict.change.text
    change = replace(verdict.change, text="\n".join((own, *texts.values())))
    change = replace(change, stories=rules.stories_of(source, routing.stories, change))
    change = settle.muted(source, change, routing, now)
    alerts = settle.alerts_for(source, [change], routing, poll=f"follow:{change.id}", now=now, kind=source.kind)
    return follow.Verdict(replace(change, text=own), verdict.waits), alerts


def _crowded(source: Source, ended: int, routing: settle.Routing, now: datetime) -> tuple[Alert, ...]:
    """Tell, once a day, that more is followed for a source than can be."""
    words = (
        f"more than {follow.MOST:,} pages are followed for it; the {ended:,} that were quiet the longest are no longer "
        "watched, which a shorter `follow` would do in order"
    )
    told = message.SourceHealth(source.name, source.shown, mask_url(source.url), source.kind)
    channels = [routing.channels[name] for name in dict.fromkeys(source.notify) if name in routing.channels]
    key = f"follow:{source.name}:{now.date()}"
    return tuple(
        message.health_alert(
            channel, "source.gap", key=key, now=now, sources=(told,), message=words, config=routing.config,
            base_url=routing.base_url,
        )
        for channel in channels
    )  # fmt: skip
