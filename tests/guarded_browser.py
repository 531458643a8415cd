"""Run inside a network namespace of its own by test_browser.py: renders a page that tries every way out of a browser.

One end of a made-up cable has the default route, so that whatever is sent anywhere leaves by it and is heard. Prints
one JSON object: the page's text, how many packets were heard of a probe, every packet heard while the page was open.
"""

import asyncio
import contextlib
import json
import socket
import subprocess

from helpers_browser import browsing, look, page
from servers import Server

IPV4, IPV6 = 0x0800, 0x86DD
ICMPV6 = 58
TRIES = """
const frame = document.createElement('iframe');  // a fresh world, with whatever it offers
document.body.append(frame);
const Peer = frame.contentWindow.RTCPeerConnection || window.RTCPeerConnection;
document.body.append(Peer ? 'calls ' : 'no calls ');
for (const host of ['10.9.9.8', 'stun.example.org', '93.184.215.14']) {
  try {
    const peer = new Peer({iceServers: [{urls: `stun:${host}:3478`},
      {urls: `turn:${host}:3478?transport=tcp`, username: 'u', credential: 'p'}]});
    peer.createDataChannel('x');
    peer.createOffer().then(offer => peer.setLocalDescription(offer));
  } catch {}
  try { new WebTransport(`https://${host}:4433/`).ready.catch(() => 0) } catch {}
  if (host.startsWith('93')) continue;  // a public address: the proxy would ask there for what is web
  for (const rel of ['dns-prefetch', 'preconnect', 'prefetch', 'prerender', 'icon', 'manifest'])
    document.head.insertAdjacentHTML('beforeend', `<link rel=${rel} href='https://${host}/'>`);
  fetch(`https://${host}/`).catch(() => 0);
  fetch(`http://${host}:53/`).catch(() => 0);
  try { new WebSocket(`wss://${host}/`) } catch {}
}
setTimeout(() => { document.body.id = 'done'; document.body.append('sent ' + 'all') }, 2500);
"""


def set_up() -> None:
    for command in (
        "link set lo up",
        "link add out0 type veth peer name far0",
        "link set far0 up",
        "address add 10.9.9.1/24 dev out0",
        "link set out0 up",
        "neighbor add 10.9.9.9 lladdr 02:00:00:00:00:09 dev out0",
        "route add default via 10.9.9.9",
    ):
        subprocess.run(["ip", *command.split()], check=True)


def heard(ears: socket.socket) -> list[str]:
    """Take what was sent meanwhile; what the kernel says to its neighbours (IPv6) by itself does not count."""
    found = []
    with contextlib.suppress(BlockingIOError):
        while True:
            data, (_, kind, *_) = ears.recvfrom(2048)
            if kind == IPV4:
                found.append(f"IPv4 protocol {data[23]} to {socket.inet_ntoa(data[30:34])}")
            elif kind != IPV6 or data[20] not in (ICMPV6, 0):
                found.append(f"{kind:#06x} {data[:64].hex()}")
    return found


async def render() -> str:
    # Public addresses are looked up as private ones, so that our own proxy sends nothing there either.
    with Server(page(TRIES)) as server:
        async with browsing(look_up=lambda host, port: [(2, "10.0.0.1")]) as client:
            return (await look(client, server.url("/"), wait="#done")).body.decode("utf-8")


def main() -> None:
    set_up()
    ears = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0003))
    ears.bind(("out0", 0))
    ears.setblocking(False)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.sendto(b"x", ("192.0.2.1", 9))
    probed = len(heard(ears))
    text = asyncio.run(render())
    print(json.dumps({"text": text, "probe": probed, "packets": heard(ears)}))


if __name__ == "__main__":
    main()
