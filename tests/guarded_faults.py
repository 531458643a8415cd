"""Run inside a network and mount namespace of its own by test_faults_network.py: names, private addresses, a full disk.

`names FOLDER`: a name server on 127.0.0.53 of which each name's fate can be changed, `check` before, while and after it
misbehaves. `full FOLDER`: a daemon whose store lies on a disk of a few megabytes. Prints one JSON object.
"""

import contextlib
import json
import socket
import struct
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

from daemon import Daemon, Pages, changes_of, configure, source
from helpers_faults import announced, article
from inbox import Hook, Inbox, wait_for
from servers import Request, Response, Server, redirect

METADATA = "169.254.169.254"


class Names(threading.Thread):
    """A name server (RFC 1035): each name has an address, or a fate: `unknown`, `fails`, `silent`."""

    def __init__(self, table: dict[str, str]) -> None:
        super().__init__(daemon=True)
        self.table = table
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.53", 53))

    def run(self) -> None:
        while True:
            question, who = self.socket.recvfrom(512)
            if (answer := self.answer(question)) is not None:
                self.socket.sendto(answer, who)

    def answer(self, question: bytes) -> bytes | None:
        labels, at = [], 12
        while question[at]:
            labels.append(question[at + 1 : at + 1 + question[at]].decode())
            at += question[at] + 1
        kind = struct.unpack(">H", question[at + 1 : at + 3])[0]
        asked = question[12 : at + 5]
        fate = self.table.get(".".join(labels).lower(), "unknown")
        if fate == "silent":
            return None
        code = {"unknown": 3, "fails": 2}.get(fate, 0)
        address = socket.inet_aton(fate) if not code and kind == 1 else b""
        record = b"\xc0\x0c" + struct.pack(">HHIH", 1, 1, 0, 4) + address if address else b""
        return question[:2] + struct.pack(">HHHHH", 0x8180 | code, 1, 1 if address else 0, 0, 0) + asked + record


def shell(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)


def set_up(folder: Path) -> None:
    """Bring loopback up, serve the metadata address, and let names be asked of our own server only."""
    shell("ip", "link", "set", "lo", "up")
    for address in (f"{METADATA}/32", "10.1.2.3/32"):
        shell("ip", "address", "add", address, "dev", "lo")
    for path, text in (
        ("/etc/resolv.conf", "nameserver 127.0.0.53\noptions timeout:1 attempts:1\n"),
        ("/etc/nsswitch.conf", "hosts: files dns\n"),
    ):
        mine = folder / Path(path).name
        mine.write_text(text)
        with contextlib.suppress(subprocess.CalledProcessError):  # a machine without that file needs none
            shell("mount", "--bind", str(mine), path)


FATES = {
    "gone.test": "unknown",
    "away.test": "fails",
    "hangs.test": "silent",
    "inner.test": "10.1.2.3",
    "calm.test": "",
}


def names(folder: Path) -> dict[str, Any]:
    """Poll by name while every name is well, while each has its fate, and when all are well again."""
    set_up(folder)
    table = dict.fromkeys([*FATES, "meta.test"], "127.0.0.9")
    Names(table).start()
    stage, broken = 0, False

    async def handle(request: Request) -> Response:
        if request.headers["host"].startswith("meta") and broken:
            return await redirect(f"http://{METADATA}:{server.port}/latest/meta-data")(request)
        return Response(status=404) if request.path == "/robots.txt" else Response(article("x", stage).encode())

    found: dict[str, Any] = {}
    with Hook() as hook, Inbox() as inbox, Server(handle, bind="0.0.0.0") as server:
        told = "".join(source(n.partition(".")[0], f"http://{n}:{server.port}/p", kind="article") for n in table)
        daemon = Daemon(configure(folder, inbox, hook, told, notify=["hook"], fetch='timeout = "3s"\n'))
        daemon.environ["RES_OPTIONS"] = "timeout:1 attempts:1"

        def check(name: str) -> None:
            start = time.monotonic()
            ended = daemon.run("check", "--json")
            lines = {line["source"]: line for line in map(json.loads, ended.stdout.splitlines())}
            found[name] = {n: [line["outcome"], announced(line), line["error"]] for n, line in lines.items()}
            found[f"{name}, seconds"] = time.monotonic() - start

        check("before")
        table.update({name: fate for name, fate in FATES.items() if fate})
        broken = True
        asked = len(server.requests)
        check("meanwhile")
        hosts = {request.headers["host"].partition(":")[0] for request in server.requests[asked:]}
        table.update(dict.fromkeys(table, "127.0.0.9"))
        broken, stage = False, 1
        check("after")
        return {**found, "hosts": sorted(hosts), "told": len(changes_of(hook))}


def full(folder: Path) -> dict[str, Any]:
    """Let a daemon's disk run full while its page changes and a mail is on its way; then make room."""
    shell("mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", str(folder))
    shell("ip", "link", "set", "lo", "up")
    with Hook() as hook, Inbox() as inbox, Pages(lambda stage: article("one", stage).encode()) as site:
        config = configure(folder, inbox, hook, source("one", site.url(), kind="article"))
        daemon = Daemon(config, PYTHONDONTWRITEBYTECODE="1")
        with daemon:
            wait_for(lambda: len(inbox.mails) == 1 and len(hook.accepted) == 1, 30, "the start")
            site.stage = 1
            wait_for(lambda: len(changes_of(hook)) == 1, 20, "the first change")
            fill(folder / "filler")
            site.stage = 2
            wait_for(lambda: "store.full" in daemon.log() or "no room" in daemon.log(), 30, "the complaint")
            mails = len(inbox.mails)
            # The first to find no room may be a delivery; a poll of the next second lets `status` know.
            wait_for(lambda: "no room" in daemon.run("status").stdout, 30, "status to say so")
            asked = len(site.server.requests)
            said = looks_for(5, daemon)
            result: dict[str, Any] = {"said": said, "asked_while_full": len(site.server.requests) - asked}
            result["mails_while_full"] = len(inbox.mails) - mails
            (folder / "filler").unlink()
            wait_for(lambda: len(changes_of(hook)) == 2, 90, "the change that could not be stored")
            wait_for(lambda: "store.recovered" in daemon.log(), 30, "the recovery")
            site.stage = 3
            wait_for(lambda: len(changes_of(hook)) == 3, 30, "the next change")
            wait_for(
                lambda: ["watcher.recovered"] in [c.payload["data"]["events"] for c in hook.accepted], 30, "the word"
            )
            alerts = [call.alert for call in hook.accepted]
            result |= {"twice": len(alerts) - len(set(alerts)), "stop": daemon.stop()}
            result["verify"] = daemon.run("db", "verify").returncode
            result["mails"] = len({mail.alert for mail in inbox.mails}) - len(inbox.mails)
    return result


def looks_for(seconds: float, daemon: Daemon) -> list[bool]:
    """Look at the daemon's status again and again; gives for each look whether it says that there is no room."""
    said, end = [], time.monotonic() + seconds
    while time.monotonic() < end:
        said.append("no room" in daemon.run("status").stdout)
    return said


def fill(path: Path) -> None:
    """Leave no room on the disk."""
    with contextlib.suppress(OSError), path.open("wb", buffering=0) as file:
        while file.write(b"x" * 4096):
            continue


if __name__ == "__main__":
    folder = Path(sys.argv[2])
    print(json.dumps({"names": names, "full": full}[sys.argv[1]](folder)))
