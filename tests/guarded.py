"""Run inside a network namespace of its own by test_guard.py: tries to reach private addresses, prints what happened.

Every address tried here is served, on every port that matters, inside the namespace: a hole in the guard shows as an
answer, and reaches nobody. Prints one JSON object: name of the attempt → [class of the error or "Fetched", message].
"""

import asyncio
import json
import subprocess
from typing import Any

from helpers_fetch import make_client
from servers import Request as Asked
from servers import Response, Server, redirect
from watcher.errors import FetchError
from watcher.model import Request

PUBLIC = "93.184.215.14"
ADDRESSES = [
    *("10.0.0.1/8", "169.254.169.254/16", "192.168.1.1/24", "172.16.0.1/12", "100.64.0.1/10", f"{PUBLIC}/24"),
    *("fd00::1/64", "fe80::5/64", "2606:2800::1/64", "64:ff9b::a00:1/96", "2002:a00:1::1/48", "fec0::1/64"),
]
HOSTS = {
    "loopback": "127.0.0.1",
    "loopback, another": "127.8.9.10",
    "this host": "0.0.0.0",
    "metadata": "169.254.169.254",
    "ten": "10.0.0.1",
    "172": "172.16.0.1",
    "192": "192.168.1.1",
    "carrier": "100.64.0.1",
    "decimal": "2130706433",
    "hexadecimal": "0x7f000001",
    "hexadecimal parts": "0x7f.0.0.0x1",
    "octal": "0177.0.0.1",
    "short": "127.1",
    "mixed": "0x7f.1",
    "decimal metadata": "2852039166",
    "full-width digits": "１２７.0.0.1",
    "ideographic dots": "127。0。0。1",
    "percent signs": "%31%32%37.0.0.1",
    "a dot at the end": "127.0.0.1.",
    "v6 loopback": "[::1]",
    "v6 unspecified": "[::]",
    "mapped": "[::ffff:127.0.0.1]",
    "mapped, hexadecimal": "[::ffff:7f00:1]",
    "compatible": "[::127.0.0.1]",
    "NAT64": "[64:ff9b::a00:1]",
    "6to4": "[2002:a00:1::1]",
    "unique local": "[fd00::1]",
    "site local": "[fec0::1]",
    "link local": "[fe80::5%25lo]",
    "localhost": "localhost",
    "localhost with a dot": "localhost.",
    "below localhost": "a.localhost",
    "LOCALHOST": "LOCALHOST",
}
NAMES = {
    "ten.test": ["10.0.0.1"],
    "loop.test": ["127.0.0.1"],
    "v6loop.test": ["::1"],
    "mapped.test": ["::ffff:10.0.0.1"],
    "mixed.test": [PUBLIC, "10.0.0.1"],
    "mixed-the-other-way.test": ["10.0.0.1", PUBLIC],
    "meta.test": ["169.254.169.254"],
    "zone.test": ["fe80::5%lo"],
    "nat64.test": ["64:ff9b::a00:1"],
    "nonsense.test": ["not-an-address"],
}


def set_up() -> None:
    """Bring loopback up and give it every address that is tried, so that something answers there."""
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    for address in ADDRESSES:
        subprocess.run(
            ["ip", "address", "add", address, "dev", "lo", *(["nodad"] if ":" in address else [])], check=True
        )


class Rebinding:
    """A name server that gives a public address first and a private one from then on."""

    def __init__(self) -> None:
        self.asked = 0

    def __call__(self, host: str, port: int) -> list[tuple[int, str]]:
        if host == "rebind.test":
            self.asked += 1
            return [(2, PUBLIC if self.asked == 1 else "10.0.0.1")]
        return [(10 if ":" in address else 2, address) for address in NAMES.get(host, [PUBLIC])]


async def attempt(urls: dict[str, str], look_up: Rebinding, **settings: Any) -> dict[str, list[str]]:
    results: dict[str, list[str]] = {}
    async with make_client(look_up=look_up, **settings) as client:
        for name, url in urls.items():
            try:
                fetched = await client.get(Request(url, timeout=2.0))
                results[name] = [type(fetched).__name__, fetched.url]
            except FetchError as error:
                results[name] = [type(error).__name__, error.message]
    return results


async def handle(request: Asked) -> Response:
    if request.path.startswith("/to/"):
        return await redirect("http://" + request.path.removeprefix("/to/"))(request)
    return Response(b"reached", close=request.path == "/close")


def main() -> None:
    set_up()
    with Server(handle, bind="0.0.0.0") as four, Server(handle, bind="::", port=four.port) as six:
        assert four.port == six.port
        port = four.port
        urls = {name: f"http://{host}:{port}/" for name, host in HOSTS.items()}
        urls |= {f"name {name}": f"http://{name}:{port}/" for name in NAMES}
        urls |= {f"redirect to {name}": f"http://{PUBLIC}:{port}/to/{host}:{port}/" for name, host in HOSTS.items()}
        urls |= {f"redirect to name {name}": f"http://public.test:{port}/to/{name}:{port}/" for name in NAMES}
        urls["rebinding, first"] = f"http://rebind.test:{port}/close"
        results = asyncio.run(attempt(urls, Rebinding(), allow_private=()))
        served = sorted({request.headers["host"] for server in (four, six) for request in server.requests})
        again = Rebinding()
        again.asked = 1
        results |= asyncio.run(attempt({"rebinding, then": f"http://rebind.test:{port}/"}, again, allow_private=()))
        public = {"public": PUBLIC, "public v6": "[2606:2800::1]", "public name": "public.test"}
        free = {name: f"http://{host}:{port}/" for name, host in public.items()}
        results |= asyncio.run(attempt(free, Rebinding(), allow_private=()))
        allowed = {f"allowed {name}": urls[name] for name in ("ten", "loopback", "name ten.test", "v6 loopback")}
        results |= asyncio.run(attempt(allowed, Rebinding(), allow_private=("10.0.0.0/24", "127.0.0.0/8", "::1/128")))
        far = {"no way there": "http://8.8.8.8/", "no way there, v6": "http://[2001:4860:4860::8888]/"}
        results |= asyncio.run(attempt(far, Rebinding(), allow_private=()))
        print(json.dumps({"results": results, "served": served, "port": port}))


if __name__ == "__main__":
    main()
