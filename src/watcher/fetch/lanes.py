"""Sessions of the HTTP client: one TLS context and one pool of connections for all who go the same way.

A `Lane` is a way out: direct or through one proxy, with one set of trusted authorities. httpx speaks (its requests,
responses and transport API), aiohttp carries. Sessions keep no cookies, read no environment, unpack nothing.
"""

import contextvars
import hashlib
import socket
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import aiohttp
import httpx
from httpx_aiohttp import AiohttpTransport

from watcher.errors import ConfigError, FetchError, Problem
from watcher.fetch.credentials import basic_auth
from watcher.fetch.guard import Guard, LookUp, Names

KEEP_ALIVE = 10.0  # seconds that an idle connection is kept: for other sources of its host, not for the next poll
MOST_FIELD = 65_536  # bytes of one header; aiohttp's own bound of 8 KB refuses real servers
MOST_FIELDS = 256
_DNS_KEPT = 60  # seconds
_EYEBALLS = 0.25  # RFC 8305

# Where systems keep their trust store, for a Python that was built to look elsewhere.
_STORES = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
)


@dataclass(slots=True)
class Peer:
    """Who answered: filled in while the answer begins, since its connection is given back before its end is read."""

    address: Any = None
    tls: ssl.SSLObject | None = None

    @property
    def shown(self) -> str | None:
        """`192.0.2.1:443`, `[2001:db8::1]:443`."""
        if not self.address:
            return None
        host, port = self.address[0], self.address[1]
        return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"

    @property
    def certificate_sha256(self) -> str | None:
        """The SHA-256 of the peer's certificate (DER), in hex; None without TLS."""
        der = self.tls.getpeercert(binary_form=True) if self.tls is not None else None
        return hashlib.sha256(der).hexdigest() if der else None


PEER: contextvars.ContextVar[Peer | None] = contextvars.ContextVar("watcher_peer", default=None)


class _Recorded(aiohttp.ClientResponse):
    """A response that notes whom it comes from."""

    async def start(self, connection: Any) -> aiohttp.ClientResponse:
        peer = PEER.get()
        transport = connection.transport
        if peer is not None and transport is not None:
            peer.address = transport.get_extra_info("peername")
            peer.tls = transport.get_extra_info("ssl_object")
        return await super().start(connection)


def tls_context(ca: str | None) -> ssl.SSLContext:
    """Build a verifying TLS context: the system's trust store, and the authorities in the file `ca`.

    Costs tens of milliseconds: build one, share it. Raises ConfigError when the file cannot be read or holds none.
    """
    context = ssl.create_default_context()
    paths = ssl.get_default_verify_paths()
    if not paths.cafile and not paths.capath:
        store = next((path for path in _STORES if Path(path).is_file()), None)
        if store is not None:
            context.load_verify_locations(store)
    trust(context, ca)
    return context


def trust(context: ssl.SSLContext, ca: str | None) -> None:
    """Let a context trust the authorities in a file, too; raises ConfigError."""
    if ca is None:
        return
    try:
        context.load_verify_locations(ca)
    except OSError as error:  # ssl.SSLError among them
        why = "holds no certificate in PEM form" if isinstance(error, ssl.SSLError) else error.strerror or str(error)
        raise ConfigError([Problem(ca, None, "ca", f"the certificates cannot be used: {why}")]) from error


def parse_proxy(address: str, shown: str) -> tuple[httpx.Proxy, str | None]:
    """Take a proxy's address apart. Out: the proxy, its Proxy-Authorization. Raises FetchError."""
    try:
        url = httpx.URL(address)
    except (httpx.InvalidURL, ValueError, TypeError) as error:
        raise FetchError(shown, f"The proxy's address is none ({shown}).", transient=False) from error
    if url.scheme not in ("http", "https") or not url.host:
        raise FetchError(shown, f"A proxy must be http://host:port or https://host:port ({shown}).", transient=False)
    login = None
    headers = {}
    if url.userinfo:
        user, _, password = url.userinfo.decode("ascii").partition(":")
        login = basic_auth(unquote(user), unquote(password))
        headers["Proxy-Authorization"] = login
        url = url.copy_with(userinfo=b"")
    return httpx.Proxy(url, headers=headers), login


def open_session(context: ssl.SSLContext, guard: Guard | None, look_up: LookUp) -> aiohttp.ClientSession:
    """Open a session (inside a running loop); with a guard, it asks for every name and every socket."""
    connector = aiohttp.TCPConnector(
        limit=0,  # politeness counts, not the pool
        ssl=context,
        resolver=Names(guard, look_up),
        socket_factory=guard.open_socket if guard is not None else None,
        family=socket.AF_UNSPEC,
        ttl_dns_cache=_DNS_KEPT,
        keepalive_timeout=KEEP_ALIVE,
        happy_eyeballs_delay=_EYEBALLS,
    )
    return aiohttp.ClientSession(
        connector=connector,
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(total=None),
        auto_decompress=False,
        trust_env=False,
        max_line_size=MOST_FIELD,
        max_field_size=MOST_FIELD,
        max_headers=MOST_FIELDS,
        response_class=_Recorded,
    )


class Lane:
    """One way out. It is closed when it was retired and nobody uses it any more."""

    __slots__ = ("_retired", "_session", "_users", "proxied", "proxy_login", "transport")

    def __init__(
        self, context: ssl.SSLContext, guard: Guard, look_up: LookUp, proxy: str | None = None, shown: str = ""
    ) -> None:
        found: httpx.Proxy | None = None
        self.proxy_login: str | None = None
        if proxy:
            found, self.proxy_login = parse_proxy(proxy, shown)
        self.proxied = found is not None
        # Behind a proxy the only address we connect to is the proxy's, which is the owner's word.
        self._session = open_session(context, None if self.proxied else guard, look_up)
        self.transport = AiohttpTransport(verify=context, client=self._session, proxy=found, trust_env=False)
        self._users = 0
        self._retired = False

    def enter(self) -> None:
        self._users += 1

    async def leave(self) -> None:
        self._users -= 1
        if self._retired and not self._users:
            await self._session.close()

    async def retire(self) -> None:
        """Close as soon as the last user has left."""
        self._retired = True
        if not self._users:
            await self._session.close()

    async def close(self) -> None:
        await self._session.close()
