"""Private networks stay out of reach, however an address is written and wherever it comes from."""

import asyncio
import ipaddress
import json
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers_need import need
from watcher.fetch.guard import Blocked, Guard, Names, is_public, literal

PRIVATE = [
    "0.0.0.0",
    "0.1.2.3",
    "10.0.0.1",
    "100.64.0.1",
    "100.127.255.255",
    "127.0.0.1",
    "127.255.255.255",
    "168.63.129.16",
    "169.254.0.1",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.1",
    "192.0.0.170",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.0.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::127.0.0.1",
    "::ffff:0:10.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::a00:1",
    "100::1",
    "2001::1",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    "2001:db8::1",
    "2002:7f00:1::",
    "2002:a00:1::1",
    "3fff::1",
    "fc00::1",
    "fd00::1",
    "fe80::1",
    "fec0::1",
    "ff02::1",
]
PUBLIC = [
    "1.1.1.1",
    "8.8.8.8",
    "93.184.215.14",
    "100.63.255.255",
    "100.128.0.1",
    "172.15.0.1",
    "172.32.0.1",
    "192.167.0.1",
    "192.169.0.1",
    "198.17.0.1",
    "198.20.0.1",
    "223.255.255.255",
    "2606:4700::1111",
    "2a00:1450:4001::1",
    "64:ff9b::808:808",
    "::ffff:8.8.8.8",
    "2002:808:808::1",
]


@pytest.mark.parametrize("address", PRIVATE)
def test_special_addresses_are_not_public(address: str) -> None:
    """Private, loopback, link-local, shared, documentation, multicast, reserved addresses: out, wrapped too."""
    assert not is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", PUBLIC)
def test_ordinary_addresses_are_public(address: str) -> None:
    """Addresses of the internet may be asked, and IPv6 that wraps one of them."""
    assert is_public(ipaddress.ip_address(address))


@given(st.ip_addresses(v=4), st.sampled_from(["::ffff:{}", "64:ff9b::{}", "::ffff:0:{}"]))
def test_wrapping_an_address_does_not_change_the_answer(address: ipaddress.IPv4Address, wrapping: str) -> None:
    """IPv4 inside IPv6 is as public as the IPv4 address; and what is allowed plainly is allowed wrapped."""
    wrapped = ipaddress.ip_address(wrapping.format(address))
    assert is_public(wrapped) == is_public(address)
    assert is_public(wrapped, (ipaddress.ip_network(f"{address}/32"),))


@pytest.mark.parametrize(
    "host", ["2130706433", "0x7f.1", "127.1", "0177.0.0.1", "1.1.1", "0x08080808", "[::1]", "localhost", "x.LOCALHOST."]
)
def test_hosts_that_need_no_look_up_are_refused_at_once(host: str) -> None:
    """Odd numbers are refused even where they mean a public address; so are literals and localhost."""
    with pytest.raises(Blocked):
        Guard().refuse_host(host)


@pytest.mark.parametrize(
    "host", ["example.org", "1.example", "0x.example", "8.8.8.8", "face.b00c", "localhost.example.org"]
)
def test_hosts_that_look_ordinary_pass(host: str) -> None:
    """Names with digits in them are names."""
    Guard().refuse_host(host)


def test_every_socket_is_checked() -> None:
    """A socket is opened for allowed addresses only, whoever asks for it."""
    guard = Guard(("127.0.0.0/8",))
    guard.open_socket((socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 80))).close()
    for address in ("10.0.0.1", "169.254.169.254", "example.org"):
        with pytest.raises(Blocked):
            guard.open_socket((socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 80)))
    with pytest.raises(Blocked):
        guard.open_socket((socket.AF_INET6, socket.SOCK_STREAM, 6, "", ("fe80::1%lo", 80, 0, 0)))


def test_one_private_address_refuses_a_name() -> None:
    """A name that resolves to a public and a private address is not asked at all."""

    async def resolve(*addresses: str) -> int:
        names = Names(Guard(), lambda host, port: [(2, address) for address in addresses])
        return len(await names.resolve("x.test", 80))

    assert asyncio.run(resolve("8.8.8.8", "1.1.1.1")) == 2
    for addresses in (("8.8.8.8", "10.0.0.1"), ("10.0.0.1",), ("8.8.8.8", "fe80::1%lo"), ("8.8.8.8", "nonsense")):
        with pytest.raises(Blocked):
            asyncio.run(resolve(*addresses))
    with pytest.raises(socket.gaierror):
        asyncio.run(resolve())


def test_a_look_up_that_breaks_is_no_silence() -> None:
    """Whatever goes wrong in the thread of a look-up reaches the one who waits for it."""

    async def resolve(error: Exception) -> None:
        def look_up(host: str, port: int) -> list[tuple[int, str]]:
            raise error

        await Names(None, look_up).resolve("x.test", 80)

    with pytest.raises(socket.gaierror):
        asyncio.run(resolve(UnicodeError("label too long")))
    with pytest.raises(KeyError):
        asyncio.run(resolve(KeyError("bug")))


def test_literals_are_read_with_brackets_and_zones() -> None:
    """Brackets and zones do not hide an address."""
    assert literal("[fe80::1%25eth0]") == ipaddress.ip_address("fe80::1")
    assert literal("example.org") is None


# --- the whole client, in a network of its own -----------------------------------------------------------------------


@pytest.fixture(scope="module")
def isolated(root: Path) -> dict[str, Any]:
    """What tests/guarded.py found inside a network namespace in which every private address answers."""
    unshare, ip = shutil.which("unshare"), shutil.which("ip")
    need(unshare and ip, "unshare(1) and ip(8) make a network namespace")
    flags = ["-n"] if os.geteuid() == 0 else ["-rn"]
    probe = subprocess.run([str(unshare), *flags, str(ip), "link", "set", "lo", "up"], capture_output=True, check=False)
    need(probe.returncode == 0, f"this machine does not permit network namespaces: {probe.stderr.decode()}")
    paths = [str(root / "tests"), str(root / "src")]
    done = subprocess.run(
        [str(unshare), *flags, sys.executable, str(root / "tests" / "guarded.py")],
        capture_output=True,
        timeout=60,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_no_private_address_is_reached(isolated: dict[str, Any]) -> None:
    """Literal, in an old or odd form, by name, mixed with a public one, behind a redirect: each is refused."""
    results = dict(isolated["results"])
    first = results.pop("rebinding, first")
    open_ones = {name: results.pop(name) for name in list(results) if name.startswith(("public", "allowed", "no way"))}
    assert first[0] == "Fetched"
    assert all(open_ones)
    reached = {name: result for name, result in results.items() if result[0] != "Refused"}
    # A name with impossible characters may also be refused as no address.
    reached = {name: result for name, result in reached.items() if "is no address" not in result[1]}
    assert not reached
    assert len(results) > 70


def test_only_public_addresses_were_asked(isolated: dict[str, Any]) -> None:
    """The servers inside the namespace, which listen on every address, saw only requests that were meant for them."""
    port = isolated["port"]
    assert set(isolated["served"]) <= {f"{host}:{port}" for host in ("93.184.215.14", "public.test", "rebind.test")}


def test_what_is_allowed_is_reached(isolated: dict[str, Any]) -> None:
    """Public addresses are fetched, and private ones inside `allow_private`, literal or by name."""
    found = {name: result[0] for name, result in isolated["results"].items() if name.startswith(("public", "allowed"))}
    assert set(found.values()) == {"Fetched"}
    assert len(found) == 7


def test_no_way_to_a_host_says_that_the_network_may_be_away(isolated: dict[str, Any]) -> None:
    """Without a route the error names that, so that an outage of our own is told from a server's."""
    for name in ("no way there", "no way there, v6"):
        kind, message = isolated["results"][name]
        assert kind == "FetchError"
        assert "There is no way to" in message
