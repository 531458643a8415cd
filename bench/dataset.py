"""What a dataset costs: a million rows of CSV, and a sanctions list of 30 MB in XML, each in two versions.

Each case is a process of its own: the daemon's world with one source, polled by hand; the server is another process.
Told are the seconds of each poll (reading, comparison, commit), the most memory that was ever resident, how long other
writes waited meanwhile, and what changed. `--rows N` makes the CSV smaller.
"""

import argparse
import asyncio
import contextlib
import json
import os
import random
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

CITIES = ("Shanghai", "Hong Kong", "Minsk", "Tehran", "Caracas", "Moscow", "Havana", "Pyongyang", "Beirut", "Dubai")
PROGRAMS = ("SDGT", "IRAN", "CUBA", "DPRK4", "RUSSIA-EO14024", "VENEZUELA", "UKRAINE-EO13662", "NS-CCMC")


def csv_rows(count: int, version: int) -> Iterator[str]:
    """Rows of a list; in version 2 one in a thousand differs, five came and five went."""
    yield "entity_number,name,programs,address,city,country,start_date,end_date,remarks\n"
    for number in range(count + 5 * version):
        if version == 2 and number < 5:
            continue
        end = "2031-01-01" if version == 2 and number % 1000 == 500 else "2030-01-01"
        city = CITIES[number % 10]
        yield (
            f'{100_000 + number},"ENTITY NO. {number} TRADING CO., LTD.",{PROGRAMS[number % 8]},'
            f'"{number % 977} Harbour Road",{city},CN,2019-05-{number % 28 + 1:02},{end},'
            f"Linked to {city} group {number % 313}\n"
        )


XSI = "http://www.w3.org/2001/XMLSchema-instance"
OFAC = "https://sanctionslistservice.ofac.treas.gov/api/PublicationPreview/exports/XML"


def sdn(count: int, version: int) -> Iterator[str]:
    """OFAC's list as it is published (SDN.XML); version 2 lacks one entry, has two new and one changed."""
    dice = random.Random(7)
    entries = []
    for number in range(count + (2 if version == 2 else 0)):
        made = entry(number, dice, version)
        if version == 1 or number != 17:
            entries.append(made)
    head = {"Publish_Date": f"0{version}/14/2026", "Record_Count": len(entries)}
    yield '<?xml version="1.0" standalone="yes"?>\n'
    yield f'<sdnList xmlns:xsi="{XSI}" xmlns="{OFAC}">\n'
    yield element("publshInformation", head, 2)
    yield from entries
    yield "</sdnList>\n"


def element(name: str, holds: Any, indent: int) -> str:
    """An element as OFAC writes it: each on a line of its own, those that hold others indented by two."""
    pad = " " * indent
    if isinstance(holds, dict):
        inner = "".join(element(key, part, indent + 2) for key, part in holds.items())
        return f"{pad}<{name}>\n{inner}{pad}</{name}>\n"
    if isinstance(holds, list):
        return "".join(element(name, part, indent) for part in holds)
    return f"{pad}<{name}>{holds}</{name}>\n"


def entry(number: int, dice: random.Random, version: int) -> str:
    roll = dice.random()
    name = f"COMPANY {number} {CITIES[number % 10].upper()}"
    akas = [
        {"uid": number * 10 + k, "type": "a.k.a.", "category": "strong", "lastName": f"{name} ALIAS {k}"}
        for k in range(1 + int(roll * 4))
    ]
    addresses = [
        {
            "uid": 900_000 + number * 10 + k,
            "address1": f"{number % 977} Harbour Road, Unit {k}",
            "city": CITIES[(number + k) % 10],
            "postalCode": f"{number % 99999:05}",
            "country": "China",
        }
        for k in range(1 + int(roll * 2))
    ]
    ids = {
        "uid": 700_000 + number,
        "idType": "Registration Number",
        "idNumber": f"91310{number:07}",
        "idCountry": "China",
    }
    whole = {
        "uid": number + 36,
        "lastName": name,
        "sdnType": "Entity",
        "remarks": "Secondary sanctions risk" + (": removed" if version == 2 and number == 42 else ""),
        "programList": {"program": [PROGRAMS[number % 8], PROGRAMS[(number + 3) % 8]]},
        "idList": {"id": ids},
        "akaList": {"aka": akas},
        "addressList": {"address": addresses},
    }
    return element("sdnEntry", whole, 2)


def write(path: Path, pieces: Iterator[str]) -> int:
    with path.open("w", encoding="utf-8") as file:
        file.writelines(pieces)
    return path.stat().st_size


def resident() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


async def case(folder: Path, url: str, extra: str, database: str | None) -> dict[str, Any]:
    """Poll one source: baseline, the same file, the second version, that again."""
    from watcher import config as configuration
    from watcher.config import fetch_identity
    from watcher.world import open_world

    where = f'database = "{database or f"sqlite:///{folder}/watcher.db"}"'
    config = folder / "config.toml"
    config.write_text(
        f'[watcher]\n{where}\n[fetch]\nallow_private = ["127.0.0.0/8"]\ndelay = "0s"\n'
        f'[[sources]]\nname = "list"\nkind = "dataset"\nurl = "{url}"\n{extra}\n'
    )
    loaded = configuration.load(config)
    world = await open_world(loaded)
    told: dict[str, Any] = {"at start": f"{resident():.0f} MB"}
    fetch = fetch_identity(loaded.sources[0])
    served = folder / "served"
    try:
        for step, version in (("baseline", 1), ("same file", 1), ("second version", 2), ("again", 2)):
            with contextlib.suppress(FileNotFoundError):
                (served / "list").unlink()
            (served / "list").symlink_to(folder / f"v{version}")
            waits: list[float] = []
            busy = asyncio.create_task(others(world.writer, waits))
            began, used = time.perf_counter(), time.process_time()
            outcome = await world.pipeline.poll(fetch)
            spent = time.perf_counter() - began
            busy.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await busy
            assert outcome is not None
            found: dict[str, int] = {}
            for part in outcome.sources:
                for change in part.observation.changes if part.observation else ():
                    name = change.event if change.announced else f"{change.event} ({change.reason})"
                    found[name] = found.get(name, 0) + 1
            told[step] = {
                "result": outcome.poll.result,
                "error": outcome.poll.error,
                "seconds": round(spent, 2),
                "of processor": round(time.process_time() - used, 2),
                "resident": f"{resident():.0f} MB",
                "longest wait of another write": f"{max(waits, default=0) * 1000:.0f} ms",
                "changes": found,
            }
    finally:
        await world.close()
    return told


async def others(writer: Any, waits: list[float]) -> None:
    """Another write every 50 ms, as other polls make them."""
    while True:
        began = time.perf_counter()
        await writer.run(lambda store: store.mutes(store_now()))
        waits.append(time.perf_counter() - began)
        await asyncio.sleep(0.05)


def store_now() -> Any:
    from datetime import UTC, datetime

    return datetime.now(UTC)


def run(name: str, v1: Iterator[str], v2: Iterator[str], extra: str, database: str | None) -> None:
    with TemporaryDirectory() as temporary:
        folder = Path(temporary)
        (folder / "served").mkdir()
        sizes = [write(folder / "v1", v1), write(folder / "v2", v2)]
        os.utime(folder / "v2", (time.time() + 60, time.time() + 60))  # the server tells versions apart by the second
        command = [
            sys.executable,
            "-u",
            "-m",
            "http.server",
            "0",
            "--bind",
            "127.0.0.1",
            "--directory",
            f"{folder}/served",
        ]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
            assert server.stdout is not None
            port = server.stdout.readline().split(" port ")[1].split()[0]
            try:
                arguments = [str(folder), f"http://127.0.0.1:{port}/list", extra, database or ""]
                done = subprocess.run(
                    [sys.executable, __file__, "--case", *arguments], check=True, capture_output=True, text=True
                )
            finally:
                server.terminate()
        print(f"{name}: {sizes[0] / 1e6:.0f} MB")
        for step, told in json.loads(done.stdout.splitlines()[-1]).items():
            print(f"  {step}: {told if isinstance(told, str) else ', '.join(f'{k} {v}' for k, v in told.items() if v)}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--entries", type=int, default=22_000)
    parser.add_argument("--database", help="instead of SQLite: postgresql+psycopg://…")
    parser.add_argument("--case", nargs=4, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.case:
        folder, url, extra, database = given.case
        print(json.dumps(asyncio.run(case(Path(folder), url, extra, database or None))))
        return
    run("XML in OFAC's shape", sdn(given.entries, 1), sdn(given.entries, 2), "", given.database)
    run("CSV", csv_rows(given.rows, 1), csv_rows(given.rows, 2), 'key = ["entity_number"]', given.database)


if __name__ == "__main__":
    main()
