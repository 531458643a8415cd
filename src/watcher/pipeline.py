"""The shell around the core: fetch what is due, let the core decide, write the outcome down.

`Pipeline.poll_job` serves the daemon and `watcher check` alike. Nothing is decided here; clock and dice are handed in.
"""

import asyncio
import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any, Protocol

import structlog

from watcher import config as configuration
from watcher import datasets, logins
from watcher.ahead import Ahead
from watcher.config import Config
from watcher.core import doubt, gap, login, observe, settle
from watcher.core.dataset import MOST_BYTES
from watcher.core.follow import MARK, parent_of
from watcher.core.mask import mask_url
from watcher.errors import BadStatus, ConfigError, FetchError, ReadError, StoreError
from watcher.fetch.credentials import basic_auth, cookie_header
from watcher.following import Follower, planned, source_of
from watcher.model import (
    Document,
    EntryRef,
    Fetched,
    FetchState,
    Job,
    NotModified,
    Observation,
    Outcome,
    PackedBody,
    PageReading,
    Request,
    Secret,
    Snapshot,
    Source,
    SourceState,
)
from watcher.paging import BELIEVED, MorePagesError, Pages, joined
from watcher.pairing import Pairing
from watcher.reading import Readers, here, is_small
from watcher.store import Store, Writer, pack_file

log = structlog.get_logger("watcher.pipeline")

SPOOL = 8_000_000  # bytes from which the body of a dataset goes to a file
LONG = 1800.0  # seconds that a dataset may take to come


class Getter(Protocol):
    """What the pipeline needs of the HTTP client."""

    async def get(self, request: Request) -> Fetched | NotModified: ...


@dataclass(frozen=True, slots=True)
class Parts:
    """The world, handed in by whoever composes the program."""

    store: Store
    writer: Writer
    client: Getter
    clock: Callable[[], datetime]
    dice: Callable[[], float]  # uniform in [0, 1)
    workers: Executor  # where bodies are read
    program: str
    readers: Readers | None = None  # where large and odd bodies are read; None: where small ones are


class Pipeline:
    """Polls fetches of the configuration in force; `configure` puts another in force between two polls."""

    def __init__(self, parts: Parts, config: Config, config_id: str) -> None:
        self.parts = parts
        self.offline = False
        self.pairing = Pairing(parts.store, parts.writer)
        self.follower = Follower(parts.store, parts.writer, parts.clock)
        self._turns: dict[str, tuple[asyncio.Lock, int]] = {}  # fetches under way: the lock, and who holds or wants it
        self._rules: dict[str, str] = {}  # by source whose kind is known: it stays with the configuration
        self._lists = ThreadPoolExecutor(1, thread_name_prefix="list")  # one large list at a time: memory is bounded
        self._ending = False
        self._log = log.bind()  # with the settings in force now: most polls have only a word for `-v`
        self.configure(config, config_id)

    def configure(self, config: Config, config_id: str) -> None:
        """Put `config` in force; polls under way end with the one they began with."""
        self.config = config
        self.pairing.configure(config)
        self._rules.clear()
        self.routing = settle.Routing(
            channels={channel.name: channel for channel in config.channels},
            routes=config.routes,
            stories=config.stories,
            mutes=self.parts.store.mutes(self.parts.clock()),
            base_url=config.base_url,
            config=config_id,
        )

    def close(self) -> None:
        """Give up the comparison of lists that is under way; its poll is as if it had not been."""
        self._ending = True
        self._lists.shutdown(wait=False, cancel_futures=True)

    def remute(self) -> None:
        """Read the mutes anew after one was set or lifted."""
        self.routing = replace(self.routing, mutes=self.parts.store.mutes(self.parts.clock()))

    async def poll(self, fetch: str, *, store: bool = True) -> Outcome | None:
        """Poll one fetch and commit its outcome; None when no source in force wants it. Raises StoreError only."""
        loop = asyncio.get_running_loop()
        jobs = await loop.run_in_executor(None, self.parts.store.jobs, [fetch])
        if not jobs:
            return None
        return await self.poll_job(jobs[0], store=store)

    async def poll_job(self, job: Job, *, store: bool = True) -> Outcome | None:
        """Poll a loaded job. With `store` False nothing is written (`check --dry-run`).

        One poll of a fetch at a time: two that began from the same state would tell the same change twice. One that had
        to wait loads its job again.
        """
        key = job.fetch.id
        lock, others = self._turns.get(key, (asyncio.Lock(), 0))
        self._turns[key] = lock, others + 1
        try:
            async with lock:
                if others:
                    fresh = await asyncio.get_running_loop().run_in_executor(None, self.parts.store.jobs, [key])
                    if not fresh:
                        return None
                    job = fresh[0]
                return await self._poll_job(job, store=store)
        finally:
            lock, count = self._turns.pop(key)
            if count > 1:
                self._turns[key] = lock, count - 1

    async def _poll_job(self, job: Job, *, store: bool) -> Outcome | None:
        pairs = [(s, state) for state in job.sources if (s := source_of(self.config, state)) is not None]
        if not pairs:
            return None
        sources, states = tuple(s for s, _ in pairs), tuple(state for _, state in pairs)
        routing = self.routing  # that of `_outcome`: another may be put in force before it is there
        outcome = await self._outcome(job.fetch, sources, states, store=store)
        async with self.pairing.turn(sources):
            outcome = await self.pairing.settled(outcome, sources, states, routing, store=store)
            if store:
                await self.parts.writer.commit(outcome)
        if store:
            await self.pairing.hurry(outcome)
            await self._sweep(outcome)
            outcome = await self._decide(outcome, sources)
        _say(self._log, outcome, sources)
        return outcome

    async def _sweep(self, outcome: Outcome) -> None:
        """Take away the lists that new ones took the place of, a piece at a time."""
        for part in outcome.sources:
            kept = part.observation.records if part.observation else None
            if kept is not None and (kept.anew or kept.list is not None):
                sweep = partial(Store.sweep_lists, source=part.source)
                while await self.parts.writer.run(sweep):
                    continue

    async def _decide(self, outcome: Outcome, sources: Sequence[Source]) -> Outcome:
        """Decide the entries that waited for what this poll read, or found to be followed already."""
        names = {source.name for source in sources if source.parent is not None and not outcome.fetch.failures}
        if outcome.following is not None:
            names |= {f"{parent_of(child.by)}{MARK}{child.tail}" for child in outcome.following.children}
        if not names:
            return outcome
        decided = await self.follower.decide(self.config, self.routing, sorted(names))
        return replace(outcome, decided=decided)

    def _rules_of(self, sources: tuple[Source, ...], states: tuple[SourceState, ...]) -> str:
        """The rules of all sources of a fetch; worked out once for each source and configuration."""
        found = []
        for source, state in zip(sources, states, strict=True):
            kind = source.kind or state.kind
            rules = self._rules.get(source.name) if kind else rules_of(source, kind)
            if rules is None:
                rules = self._rules[source.name] = sys.intern(rules_of(source, kind))  # many sources, few rules
            found.append(rules)
        return ";".join(found)

    def _visit(self, fetch: FetchState, sources: tuple[Source, ...], states: tuple[SourceState, ...]) -> settle.Visit:
        rules = self._rules_of(sources, states)
        return settle.Visit(
            fetch, sources, states, self.parts.clock(), self.parts.dice(), host_delay=self.config.fetch.delay,
            program=self.parts.program, rules=rules, offline=self.offline,
        )  # fmt: skip

    async def _outcome(
        self, fetch: FetchState, sources: tuple[Source, ...], states: tuple[SourceState, ...], *, store: bool
    ) -> Outcome:
        routing = self.routing
        try:
            request = self._request(fetch, sources, states)
            answer = await self.parts.client.get(request)
        except ConfigError as error:
            said = "; ".join(dict.fromkeys(problem.message for problem in error.problems))
            words = FetchError(mask_url(fetch.url), f"its secrets cannot be read: {said}", transient=False)
            return settle.failed(self._visit(fetch, sources, states), words, routing)
        except BadStatus as error:
            visit = self._visit(fetch, sources, states)
            return await asyncio.get_running_loop().run_in_executor(None, self._turned_away, visit, error, routing)
        except FetchError as error:
            return settle.failed(self._visit(fetch, sources, states), error, routing)
        visit = self._visit(fetch, sources, states)
        if isinstance(answer, NotModified):
            return settle.not_modified(visit, answer, routing)
        try:
            return await self._answered(visit, answer, routing, store=store)
        finally:
            if answer.file is not None:
                answer.file.close()

    async def _answered(self, visit: settle.Visit, answer: Fetched, routing: settle.Routing, *, store: bool) -> Outcome:
        fetch, states = visit.fetch, visit.states
        known = answer.body_sha256 == fetch.body_sha256 and answer.moved_to in (None, fetch.moved_to)
        if known and visit.rules == fetch.rules and not _confirming(states):
            return settle.unchanged(visit, answer, routing)
        loop = asyncio.get_running_loop()
        pages = Pages()
        try:
            ahead = Ahead(self.parts.writer, loop, self.parts.clock, visit.poll_id) if store else None
            while True:
                read = partial(self._read, visit, answer, routing, ahead, pages)
                try:
                    return await loop.run_in_executor(self._room(visit, answer), read)
                except MorePagesError as more:
                    pages = await self._turned(visit, more.url, pages)
        except StoreError:
            raise
        except FetchError as error:
            return settle.failed(visit, error, routing)
        except Exception as fault:  # one source's surprise must stop nothing else; it is kept with its traceback
            log.exception("poll.fault", url=mask_url(fetch.url))
            unread = ReadError(
                fetch.url, f"could not be read because of a fault in Watcher ({type(fault).__name__}: {fault})"
            )
            return settle.failed(visit, unread, routing)

    async def _turned(self, visit: settle.Visit, url: str, pages: Pages) -> Pages:
        """Ask for a list's next page. One that cannot be had fails the poll, so that nothing on it is missed; after
        some such polls, or where it never can be had, the list is read as far as it goes. Raises FetchError."""
        request = replace(
            self._request(visit.fetch, visit.sources, visit.states),
            url=url, etag=None, last_modified=None, spool=None, robots=self.config.fetch.robots,
        )  # fmt: skip
        try:
            answer = await self.parts.client.get(request)
        except FetchError as error:
            if not error.transient or visit.fetch.failures >= BELIEVED:
                return replace(pages, ended=True)
            error.message = f"page {len(pages.answers) + 2} of the list could not be fetched: {error.message}"
            raise
        if isinstance(answer, NotModified):
            return replace(pages, ended=True)
        return replace(pages, answers=(*pages.answers, answer))

    def _turned_away(self, visit: settle.Visit, error: BadStatus, routing: settle.Routing) -> Outcome:
        """An error status: of an article's page it may mean that the page is gone, or walled."""
        observations = {}
        if why := login.refused(visit.sources[0], visit.states[0], error.status):
            error.message = why
            return settle.failed(visit, error, routing)
        for source, state in _both(visit):
            if seen := observe.missing(source, state, self._whole(source, state), error.status, visit.now, visit.fetch):
                observations[source.name] = seen
        return settle.failed(visit, error, routing, observations=observations)

    def _whole(self, source: Source, state: SourceState) -> Document | None:
        """The document that stands for all of a source: its page, or its list."""
        if state.kind in {"article", "file"}:
            return self.parts.store.page(source.name)
        return self.parts.store.list_document(source.name) if state.kind in {"listing", "dataset"} else None

    def _request(self, fetch: FetchState, sources: tuple[Source, ...], states: tuple[SourceState, ...]) -> Request:
        source = sources[0]
        settings = self.config.fetch
        lists = all((s.kind or k.kind) == "dataset" for s, k in zip(sources, states, strict=True))
        conditional = self._rules_of(sources, states) == fetch.rules and not _confirming(states)
        return Request(
            url=source.url,
            headers=headers_of(source),
            hidden=frozenset(name.lower() for name, value in source.headers if isinstance(value, Secret)),
            etag=fetch.etag if conditional else None,
            last_modified=fetch.last_modified if conditional else None,
            user_agent=source.user_agent,
            contact=source.contact,
            proxy=configuration.resolve(source.proxy) if source.proxy else None,
            timeout=max((s.timeout.total_seconds() for s in sources if s.timeout), default=settings.timeout),
            deadline=max(
                (s.deadline.total_seconds() for s in sources if s.deadline),
                default=LONG if lists else settings.deadline,
            ),
            max_bytes=max(
                (s.max_bytes for s in sources if s.max_bytes), default=MOST_BYTES if lists else settings.max_bytes
            ),
            spool=SPOOL if lists else None,
            robots=settings.robots and _asks_robots(sources, states),
            render=source.render,
            wait=source.wait,
        )

    def _room(self, visit: settle.Visit, answer: Fetched) -> Executor:
        """Where a body is waited for: large ones must not keep small ones waiting."""
        readers = self.parts.readers
        if answer.file is None and (readers is None or is_small(answer.body)):
            return self.parts.workers
        lists = any(observe.kind_of(source, state, answer) == "dataset" for source, state in _both(visit))
        return self._lists if lists or readers is None else readers.threads

    def _read(
        self, visit: settle.Visit, answer: Fetched, routing: settle.Routing, ahead: Ahead | None, pages: Pages
    ) -> Outcome:
        """Run in a worker: read the body for each source, judge, settle. Raises MorePagesError."""
        extractors = ",".join(
            dict.fromkeys(observe.extractor(observe.kind_of(s, st, answer)) for s, st in _both(visit))
        )
        records: list[tuple[Snapshot, bytes]] = []
        link = visit
        for page in pages.answers:  # the first page is the newest record: what is next is held against it
            records.append((settle.seal(link, page, routing, extractors), page.body))
            link = replace(visit, fetch=replace(visit.fetch, chain=records[-1][0].hash))
        snapshot = settle.seal(link, answer, routing, extractors)
        pages = replace(pages, records=tuple(record.id for record, _ in records))
        observations: dict[str, Observation] = {}
        errors: dict[str, ReadError] = {}
        for source, state in _both(visit):
            try:
                rules = self._rules_of((source,), (state,)) if source.kind or state.kind else None
                observations[source.name] = observe_one(
                    self.parts.store, source, state, answer, snapshot=snapshot.id, fetch=visit.fetch,
                    rules=rules, readers=self.parts.readers, ahead=ahead, stop=lambda: self._ending, pages=pages,
                )  # fmt: skip
            except ReadError as error:
                errors[source.name] = error
        if errors and not observations:
            return settle.failed(visit, next(iter(errors.values())), routing, seconds=answer.seconds)
        words = {name: error.message for name, error in errors.items()}
        outcome = settle.observed(visit, answer, snapshot, observations=observations, errors=words, routing=routing)
        seen = {part.source: part.observation for part in outcome.sources if part.observation is not None}
        outcome = replace(outcome, following=planned(self.config, visit.sources, seen, answer))
        if answer.file is None:
            return replace(outcome, pages=tuple(records))
        return replace(outcome, body=None, packed=PackedBody(answer.size, pack_file(answer.file)))


def _both(visit: settle.Visit) -> Sequence[tuple[Source, SourceState]]:
    states = {state.source: state for state in visit.states}
    return [(source, states[source.name]) for source in visit.sources]


def _asks_robots(sources: Sequence[Source], states: Sequence[SourceState]) -> bool:
    """Say whether robots.txt is obeyed: for pages, and for whatever was only followed; not for a feed, a list or a file
    that the owner named."""
    named = [(s, k) for s, k in zip(sources, states, strict=True) if s.parent is None]
    return not named or any((s.kind or k.kind) in (None, "article") for s, k in named)


def _confirming(states: Collection[SourceState]) -> bool:
    """Say whether the next answer must be read, although it may be the one that is known."""
    return any(state.confirm_at is not None or state.absence is not None for state in states)


def headers_of(source: Source) -> tuple[tuple[str, str], ...]:
    """Resolve the source's headers; cookies and a log-in become headers too. Raises ConfigError."""
    headers = [
        (name, configuration.resolve(value) if isinstance(value, Secret) else value) for name, value in source.headers
    ]
    if source.cookies:
        headers.append(("Cookie", cookie_header(configuration.resolve(source.cookies), source.url)))
    if source.auth:
        headers.append(("Authorization", basic_auth(source.auth[0], configuration.resolve(source.auth[1]))))
    return tuple(headers)


def rules_of(source: Source, kind: str | None) -> str:
    """Name the rules and the reader's version by which the source's bodies are read."""
    return f"{configuration.rules_of(source)}/{observe.EXTRACTORS.get(kind or '', '-')}"


class Known(datasets.KnownRecords, Protocol):
    """What judging needs of the store; `replay` has one in memory."""

    def entry_refs(self, source: str) -> tuple[EntryRef, ...]: ...
    def documents(self, ids: Sequence[str]) -> Mapping[str, Document]: ...
    def page(self, source: str) -> Document | None: ...
    def body(self, sha256: str) -> bytes | None: ...


def observe_one(
    known: Known,
    source: Source,
    state: SourceState,
    answer: Fetched,
    *,
    snapshot: str | None = None,
    fetch: FetchState | None = None,
    confirmed: bool = False,
    rules: str | None = None,
    readers: Readers | None = None,
    ahead: datasets.Ahead | None = None,
    stop: Callable[[], bool] = lambda: False,
    pages: Pages | None = None,
) -> Observation:
    """Let the core look at one body for one source: load what is known, read, judge. Raises ReadError, and
    MorePagesError where `pages` is given and another one must be asked for.

    `rules` is what `rules_of` says, if known. The core's functions run in a process of their own where `readers` says
    so; the store is asked here.
    """
    state = observe.begun_anew(source, state, answer)
    kind = observe.kind_of(source, state, answer)
    rules = rules or rules_of(source, kind)
    if kind == "dataset":
        look = observe.look_at(source, answer, snapshot, confirmed=confirmed)
        logins.guard(source, state, answer)
        return datasets.observe(datasets.Visit(known, source, state, answer, look, rules, fetch, ahead, stop))
    fresh = state.baseline_at is None or state.rules == rules
    old = None if fresh else _last(known, answer, fetch)
    run = here if readers is None else readers.runner(answer.url, answer.body, old.body if old else b"")
    if fresh and (same := run(observe.glance, state, answer)) is not None:
        return Observation("unchanged", same)
    refs = known.entry_refs(source.name) if kind in ("feed", "listing") else ()
    named = partial(known.page, source.name)
    reading = logins.read(run, source, state, kind, answer, refs=refs, fresh=fresh, known=named)
    if isinstance(reading, PageReading):
        page = named()
        if reading.kind == "article":
            first = page is None or state.baseline_at is None
            _doubt(run(doubt.wrong_answer, answer, reading.page, first=first), answer, fetch)
        documents: Mapping[str, Document] = {page.id: page} if page else {}
    else:
        if reading.kind == "listing" and state.baseline_at is None:
            _doubt(run(doubt.cut_answer, answer), answer, fetch)
        if pages is not None and old is None:
            reading = joined(source, state, reading, pages, refs, run=run, failures=fetch.failures if fetch else 0)
        documents = _documents(known, source, state, observe.wanted(reading, refs, source))
    if old is not None:  # read the last body with the rules of today and compare with that: better rules are no news
        documents = run(observe.rebased, source, state, old, documents, refs)
    before = run(observe.before, source, state, old) if old and kind in ("feed", "listing") else None
    return run(
        observe.judge, source, state, reading, answer, documents=documents, refs=refs, snapshot=snapshot,
        confirmed=confirmed, rules=rules, before=before, last_at=gap.last_look(fetch, state),
        further=tuple(zip(pages.answers, pages.records, strict=True)) if pages is not None else (),
    )  # fmt: skip


def _documents(known: Known, source: Source, state: SourceState, wanted: Sequence[str]) -> Mapping[str, Document]:
    """The documents of entries; with the one of the whole list where that was gone."""
    whole = known.list_document(source.name) if observe.is_absent(state) else None
    return {**known.documents(wanted), **({whole.id: whole} if whole is not None else {})}


def _doubt(why: str | None, answer: Fetched, fetch: FetchState | None) -> None:
    """Raise ReadError for an answer that is not a page. One that breaks off in the same way again and again is."""
    if why is None:
        return
    again = fetch is not None and fetch.failures >= BELIEVED and fetch.error == why
    if not (again and why.startswith(doubt.BREAKS_OFF)):
        raise ReadError(answer.url, why)


def _last(known: Known, answer: Fetched, fetch: FetchState | None) -> Fetched | None:
    """The last body, as the answer that it came with; None where there is none any more."""
    digest = fetch.body_sha256 if fetch is not None else None
    body = known.body(digest) if digest else None
    if fetch is None or digest is None or body is None:
        return None
    return replace(answer, body=body, body_sha256=digest, at=fetch.last_ok_at or answer.at)


def _say(log: Any, outcome: Outcome, sources: Sequence[Source]) -> None:
    """Leave one line in the log for what a person may want to know; quiet for polls that brought nothing."""
    poll = outcome.poll
    name = sources[0].name if len(sources) == 1 else f"{sources[0].name} (+{len(sources) - 1})"
    if poll.result in ("failed", "refused"):
        log.warning("poll.failed", source=name, error=poll.error, failures=outcome.fetch.failures)
    elif poll.result in ("changed", "baseline", "held"):
        changes = [c for s in outcome.sources if s.observation for c in s.observation.changes]
        log.info(
            f"poll.{poll.result}",
            source=name,
            changes=len(changes),
            announced=sum(c.announced for c in changes),
            alerts=len(outcome.alerts),
        )
    else:
        log.debug(f"poll.{poll.result}", source=name)
