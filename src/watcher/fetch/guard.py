"""Keeps requests away from private networks: which addresses may be asked, and the look-up of names.

Three walls: `Guard.refuse_host` before a request (literal addresses, old number forms, `localhost`), `Names` for what
a name resolves to (one private address refuses the whole name), and `Guard.open_socket` for every socket that is
opened, whatever asked for it. Behind a proxy only the first can stand. Names are looked up in threads of their own,
so that one name server that hangs stops no other host.
"""

import asyncio
import contextlib
import ipaddress
import re
import socket
import threading
from collections.abc import Callable, Iterable
from typing import Any

from aiohttp.abc import AbstractResolver, ResolveResult

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
LookUp = Callable[[str, int], list[tuple[int, str]]]

# RFC 6052 and RFC 8215: IPv4 inside IPv6; RFC 2765's SIIT; RFC 4291's "IPv4-compatible".
_IPV4_IN_LAST_32_BITS = tuple(
    ipaddress.IPv6Network(net) for net in ("64:ff9b::/96", "64:ff9b:1::/48", "::ffff:0:0:0/96", "::/96")
)
_NEVER = tuple(
    ipaddress.ip_network(net)
    for net in (
        "0.0.0.0/8",
        "100.64.0.0/10",  # carrier-grade NAT, RFC 6598; cloud metadata lives there too
        "192.0.0.0/24",  # RFC 6890
        "192.88.99.0/24",  # 6to4 relays, RFC 7526
        "198.18.0.0/15",  # benchmarks, RFC 2544
        "168.63.129.16/32",  # a cloud's metadata service on a public address
        "2001::/23",  # IETF protocols, Teredo among them
        "3fff::/20",  # documentation, RFC 9637
        "5f00::/16",  # segment routing, RFC 9602
        "fec0::/10",  # site-local, RFC 3879
    )
)
# What inet_aton(3) reads as an address although nobody writes it so: 2130706433, 0x7f.1, 0177.0.0.1, 127.1.
_NUMBERS = re.compile(r"(?:0x[0-9a-f]*|\d+)(?:\.(?:0x[0-9a-f]*|\d+)){0,3}\.?", re.IGNORECASE)


class Blocked(OSError):  # noqa: N818 - says what the address is
    """An address that may not be asked; an OSError, so that it travels through aiohttp unharmed."""

    def __init__(self, what: str, *, final: bool = False) -> None:
        self.what = what
        self.final = final  # no setting can allow it
        super().__init__(what)


def parse_networks(networks: Iterable[str]) -> tuple[Network, ...]:
    """Read networks in CIDR form (`127.0.0.0/8`, `::1`); raises ValueError for what is none."""
    return tuple(ipaddress.ip_network(net, strict=False) for net in networks)


def is_public(address: Address, allowed: Iterable[Network] = ()) -> bool:
    """Say whether an address lies on the public internet, or in a network that was allowed.

    An IPv4 address wrapped into IPv6 (mapped, NAT64, 6to4, Teredo, compatible) is judged by what it wraps, and by the
    wrapping itself. (RFC 6890 and the IANA special-purpose registries.)
    """
    if any(address in net for net in allowed if net.version == address.version):
        return True
    if isinstance(address, ipaddress.IPv6Address):
        if address.teredo is not None:
            return False
        inner = address.ipv4_mapped or address.sixtofour
        if inner is None and any(address in net for net in _IPV4_IN_LAST_32_BITS):
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(inner, allowed)
    if any(address in net for net in _NEVER if net.version == address.version):
        return False
    return address.is_global and not address.is_multicast and not address.is_reserved


def literal(host: str) -> Address | None:
    """Read a host as a literal address, in brackets or not, zone left out; None when it is a name."""
    try:
        return ipaddress.ip_address(host.strip("[]").partition("%")[0])
    except ValueError:
        return None


class Guard:
    """Decides which addresses may be asked; `allowed` are private networks that may be all the same."""

    def __init__(self, allow_private: Iterable[str] = ()) -> None:
        self.allowed = parse_networks(allow_private)

    def refuse_host(self, host: str) -> None:
        """Raise Blocked for a host that needs no look-up to be refused: literals, odd numbers, `localhost`."""
        lower = host.lower().rstrip(".")
        address = literal(lower)
        if address is not None:
            self.check(address, host)
        elif _NUMBERS.fullmatch(host):
            raise Blocked(f"{host} is an old way to write an IPv4 address; write it as four numbers", final=True)
        elif lower == "localhost" or lower.endswith(".localhost"):  # RFC 6761: always this machine
            self.check(ipaddress.IPv4Address("127.0.0.1"), host)

    def check(self, address: Address, host: str) -> None:
        """Raise Blocked unless `address`, found for `host`, may be asked."""
        if not is_public(address, self.allowed):
            named = str(address) if literal(host) == address else f"{host} ({address})"
            raise Blocked(f"{named} is not a public address")

    def open_socket(self, info: tuple[Any, ...]) -> socket.socket:
        """Open a socket for one result of getaddrinfo, or raise Blocked: the last wall, asked for every connection."""
        family, kind, proto, _, sockaddr = info
        address = literal(str(sockaddr[0]))
        if address is None:
            raise Blocked(f"{sockaddr[0]} is not an address")
        self.check(address, str(address))
        return socket.socket(family=family, type=kind, proto=proto)


def getaddrinfo(host: str, port: int) -> list[tuple[int, str]]:
    """Look a name up, blocking. Out: (address family, address) in the system's order; raises OSError."""
    infos = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG)
    found = {}
    for family, _, _, _, sockaddr in infos:
        found[str(sockaddr[0])] = int(family)
    return [(family, address) for address, family in found.items()]


class Names(AbstractResolver):
    """Looks names up, each in a thread of its own, and lets through only what the guard allows.

    Names that resolved last time have a lane of their own: however many unknown or dead names hang in the other, a
    host that works is never kept waiting by them. The threads are daemons, since getaddrinfo cannot be stopped and
    must not hold up the end of the program.
    """

    def __init__(self, guard: Guard | None, look_up: LookUp = getaddrinfo, threads: int = 32) -> None:
        self._guard = guard
        self._look_up = look_up
        self._good = asyncio.Semaphore(threads)
        self._unknown = asyncio.Semaphore(threads)
        self._resolved: dict[str, None] = {}

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Look `host` up; raises OSError when there is no such name, Blocked when it leads to a private address."""
        async with self._good if host in self._resolved else self._unknown:
            try:
                infos = await self._in_thread(host, port)
            except OSError:
                self._resolved.pop(host, None)
                raise
        if not infos:
            raise socket.gaierror(socket.EAI_NONAME, "no address for this name")
        if self._guard is not None:
            for _, address in infos:
                parsed = literal(address)
                if parsed is None:
                    raise Blocked(f"{host} resolves to {address}, which is not an address")
                self._guard.check(parsed, host)
        self._remember(host)
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=found,
                proto=0,
                flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
            )
            for found, address in infos
            if family in (socket.AF_UNSPEC, found)
        ]

    def _remember(self, host: str) -> None:
        if len(self._resolved) >= 100_000:  # redirects can bring any number of names
            self._resolved.pop(next(iter(self._resolved)))
        self._resolved[host] = None

    async def _in_thread(self, host: str, port: int) -> list[tuple[int, str]]:
        loop = asyncio.get_running_loop()
        done: asyncio.Future[list[tuple[int, str]]] = loop.create_future()

        def settle(infos: list[tuple[int, str]], error: BaseException | None) -> None:
            if done.done():
                return
            if error is None:
                done.set_result(infos)
            else:
                done.set_exception(error)

        def run() -> None:
            infos: list[tuple[int, str]] = []
            error: BaseException | None = None
            try:
                infos = self._look_up(host, port)
            except OSError as caught:
                error = caught
            except UnicodeError as caught:  # a label that is too long or empty, found by the idna codec
                error = socket.gaierror(socket.EAI_NONAME, f"not a name: {caught}")
            except Exception as caught:  # carried to the one who waits
                error = caught
            with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
                loop.call_soon_threadsafe(settle, infos, error)

        threading.Thread(target=run, name=f"dns-{host[:40]}", daemon=True).start()
        return await done

    async def close(self) -> None:
        """Nothing to release: threads end by themselves."""
