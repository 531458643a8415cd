"""The client: one conditional GET at a time, politely, within bounds, never half an answer.

`Client.get` follows redirects by hand (each hop is checked, waits for its host's turn, loses secrets when the origin
changes), reads the raw stream within the bound and decodes it itself. Every failure is a FetchError in words, its
address masked; other exceptions are bugs. One client serves all requests of a process; it belongs to one event loop.
"""

import asyncio
import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from http.cookiejar import CookieJar, DefaultCookiePolicy
from types import TracebackType
from typing import Self

import httpx
from httpx_aiohttp import AiohttpTransport

from watcher.core.mask import mask_headers
from watcher.errors import ConfigError, FetchError, Problem, Refused, TooLarge, WatcherError
from watcher.fetch import answers, lanes, robots, target
from watcher.fetch.browsing import Browsing, Way
from watcher.fetch.decode import Body, Oversize, Undecodable
from watcher.fetch.errors_map import EXPECTED, translate
from watcher.fetch.guard import Blocked, Guard, LookUp, getaddrinfo
from watcher.fetch.lanes import PEER, Lane, Peer
from watcher.fetch.limits import Load, Turns
from watcher.fetch.render import Document
from watcher.fetch.target import Target
from watcher.model import Fetched, FetchSettings, HostRule, NotModified, Request, Secret

MOST_REDIRECTS = 8
MOST_HEADER_BYTES = 262_144
_MOST_VALIDATOR = 4096  # a longer ETag would make our own request too large
_KEPT_FINALS = 10_000


@dataclass(slots=True)
class _Trip:
    """One request on its way from hop to hop."""

    request: Request
    at: Target
    headers: tuple[tuple[str, str], ...]
    robots: bool
    most_redirects: int = MOST_REDIRECTS
    cut: bool = False  # keep what fits of a body that is too large, instead of refusing it
    hops: int = 0
    permanent: bool = True
    authorization: str | None = None
    spent: float = 0.0  # seconds on the network; waiting for a turn does not count
    seen: tuple[str, ...] = ()
    conditional: bool = False
    sent: tuple[tuple[str, str], ...] | list[tuple[str, str]] = ()
    received: tuple[tuple[str, str], ...] = ()  # the answer's headers, nothing masked

    @property
    def moved_to(self) -> str | None:
        return self.at.text if self.hops and self.permanent else None

    def move(self, status: int, location: str) -> None:
        """Go where a redirect leads, or raise."""
        there = target.follow(self.at, location)
        self.seen += (self.at.text,)
        self.hops += 1
        shown = self.at.shown
        if there.text in self.seen:
            raise TooLarge(shown, f"{self.at.host} redirects in a circle, back to {there.shown} ({shown}).")
        if self.hops > self.most_redirects:
            raise TooLarge(shown, f"{self.at.host} redirects more than {self.most_redirects} times ({shown}).")
        self.permanent = self.permanent and status in answers.PERMANENT
        if not target.keeps_secrets(self.at, there):
            self.headers = target.harmless(self.headers)
            self.authorization = None
        # A log-in that stands in the new address is the server's word: it goes there and no further.
        self.authorization = there.authorization or self.authorization
        self.at = there

    def onward(self, url: str, cookies: str) -> "_Trip":
        """Make the trip to where a document that was rendered leads, with the browser's cookies; raises FetchError."""
        there = target.follow(self.at, url)
        same = target.keeps_secrets(self.at, there)
        headers = tuple(pair for pair in self.headers if pair[0].lower() != "cookie")
        headers = (headers if same else target.harmless(headers)) + ((("cookie", cookies),) if cookies else ())
        login = there.authorization or (self.authorization if same else None)
        return _Trip(self.request, there, headers, self.robots, authorization=login)


class Client:
    """Fetches sources. `clock` gives aware UTC time; `resolve` reads secrets (a proxy's address); `look_up` is
    getaddrinfo, blocking, called in threads. Raises ConfigError for a `ca` or `allow_private` that cannot be used."""

    def __init__(
        self,
        settings: FetchSettings,
        hosts: Sequence[HostRule] = (),
        *,
        version: str,
        clock: Callable[[], datetime],
        resolve: Callable[[Secret], str],
        look_up: LookUp = getaddrinfo,
    ) -> None:
        self._version = version
        self._clock = clock
        self._resolve = resolve
        self._look_up = look_up
        self._turns = Turns(settings, hosts)
        self._robots = robots.Robots()
        self._lanes: dict[tuple[str | None, str | None], Lane] = {}
        self._retired: set[asyncio.Task[None]] = set()
        self._finals: dict[str, str] = {}
        self._http: httpx.AsyncClient | None = None
        self._browsing: Browsing | None = None  # made when the first page wants it
        self._closed = False
        self._settings = settings
        self._guard = _guard(settings)
        self._contexts = {ca: lanes.tls_context(ca) for ca in _authorities(settings, hosts)}
        self._open_context = self._contexts[settings.ca]
        self._proxies: dict[Secret, str] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close every connection; requests under way fail."""
        self._closed = True
        if self._browsing is not None:
            await self._browsing.close()
        await self._robots.close()
        for lane in self._lanes.values():
            await lane.close()
        self._lanes.clear()
        if self._retired:
            await asyncio.gather(*self._retired)
        if self._http is not None:
            await self._http.aclose()

    def reconfigure(self, settings: FetchSettings, hosts: Sequence[HostRule]) -> None:
        """Take new settings, inside the running loop. Politeness and robots.txt are remembered; requests under way end
        by the old ones. Raises ConfigError, and then the old settings stay."""
        guard = _guard(settings)
        wanted = _authorities(settings, hosts)
        contexts = {ca: self._contexts.get(ca) or lanes.tls_context(ca) for ca in wanted}
        if contexts[settings.ca] is not self._open_context:
            lanes.trust(self._open_context, settings.ca)
        stale = guard.allowed != self._guard.allowed or wanted != set(self._contexts)
        browsers = [(each.browser, each.browser_sandbox) for each in (settings, self._settings)]
        self._settings, self._contexts = settings, contexts
        self._proxies.clear()
        self._turns.reconfigure(settings, hosts)
        if stale:
            self._guard = guard
            for lane in self._lanes.values():
                self._retire(lane)
            self._lanes.clear()
        if self._browsing is not None and (stale or browsers[0] != browsers[1]):
            self._retire(self._browsing)
            self._browsing = None

    def _retire(self, what: Lane | Browsing) -> None:
        task = asyncio.get_running_loop().create_task(what.retire())
        self._retired.add(task)
        task.add_done_callback(self._retired.discard)

    @property
    def http(self) -> httpx.AsyncClient:
        """A client for channels, whose addresses are the owner's word: no guard, no redirects, no cookies."""
        if self._http is None:
            context = self._open_context
            transport = AiohttpTransport(
                verify=context, client=lambda: lanes.open_session(context, None, self._look_up), trust_env=False
            )
            self._http = httpx.AsyncClient(
                transport=transport,
                headers={"user-agent": target.user_agent(self._version, self._settings.contact)},
                timeout=httpx.Timeout(self._settings.timeout),
                cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),
                follow_redirects=False,
                trust_env=False,
            )
        return self._http

    def load(self) -> Mapping[str, Load]:
        """Tell what is open and what waits, for each host or pattern that is not at rest."""
        return self._turns.load()

    async def get(self, request: Request) -> Fetched | NotModified:
        """Ask for one address, with its validators if it has any.

        Out: `Fetched` (200, 203; an empty body too) or `NotModified`. `seconds` counts the network, not the wait for
        the host's turn. With `render` the page is read through a browser, and asked for without validators. Raises
        FetchError: BadStatus, Refused, TooLarge, or itself for all else.
        """
        if self._closed:
            raise RuntimeError("the client is closed")
        at = target.parse(request.url)
        if request.headers:
            target.check_headers(at.shown, request.headers)
        trip = _Trip(request, at, request.headers, request.robots, authorization=at.authorization)
        return await (self._rendered(trip) if request.render else self._travel(trip))

    async def _rendered(self, trip: _Trip) -> Fetched:
        """Read a page through the browser: its documents are asked for here, what they load goes through our proxy."""
        if self._browsing is None:
            self._browsing = Browsing(self._settings, self._guard, self._look_up, self._open_context, self._clock)
        trip.request = replace(trip.request, etag=None, last_modified=None, spool=None)
        asked = trip

        async def ask(url: str, cookies: str | None) -> Document:
            nonlocal asked
            if cookies is not None:  # one document has led to another
                asked = asked.onward(url, cookies)
            answer = await self._travel(asked)
            if isinstance(answer, NotModified):
                raise Refused(asked.at.shown, f"{asked.at.host} answered an unconditional request with 304.")
            return Document(answer, asked.received)

        def cookies() -> str:
            return "; ".join(value for name, value in asked.headers if name.lower() == "cookie")

        def proxy(host: str) -> str | None:
            return trip.request.proxy or self._proxy(trip.at.shown, self._turns.rule(host))

        agent = self._agent(trip.request, self._turns.rule(trip.at.host))
        way = Way(ask, cookies, agent, self._turns.take, self._turns.per_host, proxy)
        return await self._browsing.read(trip.request, trip.at.shown, way)

    async def _travel(self, trip: _Trip) -> Fetched | NotModified:
        while True:
            answer = await self._hop(trip)
            if answer is not None:
                return answer

    async def _hop(self, trip: _Trip) -> Fetched | NotModified | None:
        """Ask one address of a trip; None when it was a redirect, and the trip has moved on."""
        at = trip.at
        rule = self._turns.rule(at.host)
        try:
            self._guard.refuse_host(at.host)
        except Blocked as error:
            raise translate(error, at.text, at.host, silence=0.0) from error
        agent = self._agent(trip.request, rule)
        pause = 0.0
        if trip.robots and (rule is None or rule.robots is not False):
            pause = await self._robots.check(
                at.text, at.origin, target.robots_name(agent), at.shown, lambda url: self._ask_robots(url, trip.request)
            )
        lane = self._lane(trip, rule)
        silence = rule.timeout if rule is not None and rule.timeout is not None else trip.request.timeout
        lane.enter()
        try:
            async with self._turns.take(at.host, pause):
                return await self._timed(trip, lane, agent, silence)
        finally:
            await lane.leave()

    async def _timed(self, trip: _Trip, lane: Lane, agent: str, silence: float) -> Fetched | NotModified | None:
        """Make the exchange within the deadline, and every error a FetchError."""
        at = trip.at
        loop = asyncio.get_running_loop()
        start = loop.time()
        bound = asyncio.timeout(max(trip.request.deadline - trip.spent, 0.001))
        try:
            async with bound:
                return await self._exchange(trip, lane, agent, silence, start)
        except EXPECTED as error:
            if bound.expired():
                message = f"{at.host} took longer than {trip.request.deadline:g} seconds in all ({at.shown})."
                raise FetchError(at.shown, message) from error
            raise translate(error, at.text, at.host, silence=silence) from error
        finally:
            trip.spent += loop.time() - start

    async def _exchange(
        self, trip: _Trip, lane: Lane, agent: str, silence: float, start: float
    ) -> Fetched | NotModified | None:
        at = trip.at
        validators = self._validators(trip)
        trip.conditional = bool(validators)
        trip.sent = target.build_headers(agent, trip.headers, validators, trip.authorization)
        headers = trip.sent
        if lane.proxy_login is not None and at.scheme == "http":
            headers = [*headers, ("proxy-authorization", lane.proxy_login)]
        peer = Peer()
        PEER.set(peer)
        response = await lane.transport.handle_async_request(
            httpx.Request(
                "GET",
                at.url,
                headers=headers,
                # `pool` bounds all of connecting for this transport: look-up, TCP and TLS.
                extensions={"timeout": {"connect": silence, "read": silence, "pool": silence}},
            )
        )
        try:
            return await self._judge(trip, response, peer, start)
        finally:
            await response.aclose()

    async def _judge(
        self, trip: _Trip, response: httpx.Response, peer: Peer, start: float
    ) -> Fetched | NotModified | None:
        at, status = trip.at, response.status_code
        raw = response.headers.raw
        if sum(len(name) + len(value) for name, value in raw) > MOST_HEADER_BYTES:
            raise TooLarge(at.shown, f"The header of {at.host}'s answer is larger than Watcher accepts ({at.shown}).")
        headers = trip.received = answers.read_headers(raw)
        if status == 304 and trip.conditional:
            seconds = trip.spent + asyncio.get_running_loop().time() - start
            return NotModified(
                trip.request.url, self._arrive(trip), mask_headers(headers), self._clock(), trip.moved_to, seconds
            )
        if status in answers.WITH_CONTENT:
            return await self._content(trip, response, headers, peer, start)
        location = response.headers.get("location")
        if status in answers.REDIRECTS and location:
            trip.move(status, location)
            return None
        if status == 304:
            raise FetchError(at.shown, f"{at.host} {answers.status_words(status)} ({at.shown}).")
        raise answers.bad_status(at.shown, at.host, status, response.headers.get("retry-after"), self._clock())

    async def _content(
        self, trip: _Trip, response: httpx.Response, headers: tuple[tuple[str, str], ...], peer: Peer, start: float
    ) -> Fetched:
        with contextlib.ExitStack() as undo:
            body, (decoded, sha256, wire) = await self._body(trip, response, undo)
            undo.pop_all()
        return Fetched(
            requested=trip.request.url,
            url=self._arrive(trip),
            status=response.status_code,
            headers=mask_headers(headers),
            body=decoded,
            at=self._clock(),
            body_sha256=sha256,
            wire_sha256=wire,
            request_headers=mask_headers(trip.sent, trip.request.hidden),
            peer=peer.shown,
            certificate_sha256=peer.certificate_sha256,
            moved_to=trip.moved_to,
            seconds=trip.spent + asyncio.get_running_loop().time() - start,
            file=body.file,
            length=None if body.file is None else body.size,
        )

    async def _body(
        self, trip: _Trip, response: httpx.Response, undo: contextlib.ExitStack
    ) -> tuple[Body, tuple[bytes, str, str]]:
        """Take the body in, into a file where it is asked for and long; `undo` closes that when something fails."""
        at = trip.at
        try:
            body = Body(response.headers.get("content-encoding", ""), trip.request.max_bytes, trip.request.spool)
            undo.callback(body.discard)
            length = response.headers.get("content-length", "")
            if not trip.cut and len(length) < 20 and length.isdecimal() and int(length) > body.most_on_wire:
                raise Oversize(f"is {int(length):,} bytes long, more than the {trip.request.max_bytes:,} allowed")
            try:
                async for chunk in response.stream:  # type: ignore[union-attr]  # an async stream, by the transport's type
                    body.feed(chunk)
            except Oversize:
                if not trip.cut:
                    raise
            return body, body.finish(whole=not trip.cut)
        except Oversize as error:
            raise TooLarge(
                at.shown, f"The answer of {at.host} {error}; `max_bytes` is the bound ({at.shown})."
            ) from error
        except Undecodable as error:
            raise FetchError(at.shown, f"The answer of {at.host} {error} ({at.shown}).") from error

    def _arrive(self, trip: _Trip) -> str:
        """Note where an address led in the end, and return that."""
        if trip.hops:
            if len(self._finals) >= _KEPT_FINALS:
                self._finals.pop(next(iter(self._finals)))
            self._finals[trip.request.url] = trip.at.text
        return trip.at.text

    def _validators(self, trip: _Trip) -> tuple[tuple[str, str], ...]:
        """Choose what to ask conditionally with. A date says nothing of another address: beyond a redirect it is sent
        only where it came from; an ETag names its content wherever it is."""
        etag, date = trip.request.etag, trip.request.last_modified
        if etag is None and date is None:
            return ()
        found = []
        if etag and len(etag) <= _MOST_VALIDATOR and etag.isprintable():
            found.append(("if-none-match", etag))
        if date and len(date) <= _MOST_VALIDATOR and date.isprintable():
            here = not trip.hops or self._finals.get(trip.request.url) == trip.at.text
            if here:
                found.append(("if-modified-since", date))
        return tuple(found)

    def _agent(self, request: Request, rule: HostRule | None) -> str:
        agent = request.user_agent or (rule.user_agent if rule is not None else None)
        if agent:
            return agent
        contact = request.contact if request.contact is not None else self._settings.contact
        return target.user_agent(self._version, contact)

    def _lane(self, trip: _Trip, rule: HostRule | None) -> Lane:
        ca = rule.ca if rule is not None and rule.ca is not None else self._settings.ca
        proxy = trip.request.proxy or self._proxy(trip.at.shown, rule)
        key = (proxy, ca)
        lane = self._lanes.get(key)
        if lane is None:
            lane = self._lanes[key] = Lane(self._contexts[ca], self._guard, self._look_up, proxy, trip.at.shown)
        return lane

    def _proxy(self, shown: str, rule: HostRule | None) -> str | None:
        secret = rule.proxy if rule is not None and rule.proxy is not None else self._settings.proxy
        if secret is None:
            return None
        if secret not in self._proxies:
            try:
                self._proxies[secret] = self._resolve(secret)
            except (WatcherError, OSError) as error:
                raise FetchError(shown, f"The proxy's address cannot be read: {error} ({shown}).") from error
        return self._proxies[secret]

    async def _ask_robots(self, url: str, request: Request) -> bytes:
        """Get a robots.txt the way its page is got, but with nothing that is meant for the page."""
        at = target.parse(url)
        asked = Request(
            url,
            user_agent=request.user_agent,
            contact=request.contact,
            proxy=request.proxy,
            timeout=request.timeout,
            deadline=min(request.deadline, 60.0),
            max_bytes=robots.MOST_BYTES,
        )
        trip = _Trip(asked, at, (), robots=False, most_redirects=robots.MOST_REDIRECTS, cut=True)
        answer = await self._travel(trip)
        if isinstance(answer, NotModified):
            raise Refused(at.shown, f"{at.host} answered an unconditional request with 304 ({at.shown}).")
        return answer.body


def _guard(settings: FetchSettings) -> Guard:
    try:
        return Guard(settings.allow_private)
    except ValueError as error:
        raise ConfigError([Problem("", None, "[fetch] allow_private", f"{error}")]) from error


def _authorities(settings: FetchSettings, hosts: Sequence[HostRule]) -> set[str | None]:
    return {settings.ca, *(rule.ca for rule in hosts if rule.ca is not None)}
