"""Datasets through the real pipeline, over HTTP, on both engines: what is told when, kept, left by a crash."""

import asyncio
import csv
import json
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from helpers_store import address, postgres_schema
from pg import postgres_server
from servers import Request, Response, Server
from watcher import config as configuration
from watcher.config import fetch_identity
from watcher.model import Change, Outcome
from watcher.replay import replay
from watcher.world import open_world

__all__ = ["address", "postgres_schema", "postgres_server"]  # fixtures

HEAD = "id,name,address,end_date\n"


def table(*rows: str, head: str = HEAD) -> str:
    return head + "".join(row + "\n" for row in rows)


def rows(*numbers: int, end: str = "2030") -> list[str]:
    return [f'{n},"NAME {n}","{n} Harbour Road, Hong Kong",{end}' for n in numbers]


class Site:
    """One file behind an address, without validators; what it gives next can be set."""

    def __init__(self) -> None:
        self.body: bytes = b""

    async def __call__(self, _: Request) -> Response:
        return Response(self.body, headers=(("Content-Type", "text/csv"),))


@pytest.fixture
def site() -> Iterator[tuple[Site, Server]]:
    made = Site()
    with Server(made) as server:
        yield made, server


def settings(folder: Path, address: str, url: str, extra: str = "") -> configuration.Config:
    path = folder / "config.toml"
    path.write_text(
        f'[watcher]\ndatabase = "{address}"\n[fetch]\ndelay = "0s"\nallow_private = ["127.0.0.0/8"]\n'
        f'[channels.hook]\ntype = "webhook"\nurl = "http://127.0.0.1:9/"\n'
        f'[[sources]]\nname = "list"\nkind = "dataset"\nurl = "{url}"\nnotify = ["hook"]\n{extra}\n'
    )
    return configuration.load(path)


def polled(config: configuration.Config, site: Site, *bodies: str | bytes) -> list[Outcome]:
    """Poll once for each body."""

    async def poll() -> list[Outcome]:
        world = await open_world(config)
        found = []
        try:
            for body in bodies:
                site.body = body if isinstance(body, bytes) else body.encode()
                outcome = await world.pipeline.poll(fetch_identity(config.sources[0]))
                assert outcome is not None
                found.append(outcome)
        finally:
            await world.close()
        return found

    return asyncio.run(poll())


def changes(outcome: Outcome) -> list[Change]:
    return [change for part in outcome.sources if part.observation for change in part.observation.changes]


def told(outcome: Outcome) -> list[tuple[str, str, bool]]:
    return [(c.event, c.record.title if c.record else "", c.announced) for c in changes(outcome)]


def test_records_are_added_changed_and_removed(tmp_path: Path, address: str, site: tuple[Site, Server]) -> None:
    """The first look is a baseline; new and changed records are told at once, a missing one when it lacks again."""
    made, server = site
    config = settings(tmp_path, address, server.url("/list.csv"), 'key = "id"')
    first = table(*rows(1, 2, 3, 4))
    second = table(*rows(1, 2, end="2031"), *rows(4, 5))
    base, same, new, again, after = polled(config, made, first, first, second, second, second)
    assert (base.poll.result, same.poll.result, new.poll.result) == ("baseline", "unchanged", "changed")
    assert sorted(told(new)) == [
        ("record.added", "NAME 5", True),
        ("record.changed", "NAME 1", True),
        ("record.changed", "NAME 2", True),
        ("record.removed", "NAME 3", False),
    ]
    changed = next(c for c in changes(new) if c.event == "record.changed")
    assert changed.record is not None
    assert changed.record.key == (("id", "1"),)
    assert changed.record.changed == (("end_date", "2030", "2031"),)
    assert sorted(told(again)) == [("record.removed", "NAME 3", True)]
    assert changes(again)[0].id == next(c.id for c in changes(new) if c.event == "record.removed")
    assert len(new.alerts) == 1
    assert new.alerts[0].subject == "Added: NAME 5 (+2) — list"
    assert again.alerts[0].subject == "Removed: NAME 3 — list"
    assert after.poll.result == "unchanged"


def test_a_record_that_comes_back_was_never_removed(tmp_path: Path, address: str, site: tuple[Site, Server]) -> None:
    """A removal that the next poll does not confirm stays untold, and the record is no news."""
    made, server = site
    config = settings(tmp_path, address, server.url("/list.csv"))
    whole, less = table(*rows(1, 2, 3)), table(*rows(1, 3))
    _, gone, back, quiet = polled(config, made, whole, less, whole, whole)
    assert told(gone) == [("record.removed", "NAME 2", False)]
    assert (told(back), back.alerts) == ([], ())
    assert quiet.poll.result == "unchanged"


def test_behind_a_window_no_record_is_removed(tmp_path: Path, address: str, site: tuple[Site, Server]) -> None:
    """With `window`, a record that scrolled out is not removed and no news when it is back, unless it changed."""
    made, server = site
    config = settings(tmp_path, address, server.url("/list.csv"), "window = true")
    looks = [range(1, 21), range(4, 24), range(4, 24), range(30, 50), range(22, 42)]
    bodies = [table(*rows(*look)) for look in looks]
    later = table(*rows(*range(24, 42)), *rows(22, 23, end="2031"))
    _, scrolled, same, turned, back, edited = polled(config, made, *bodies, later)
    assert sorted(told(scrolled)) == [("record.added", f"NAME {n}", True) for n in (21, 22, 23)]
    assert (told(same), same.poll.result) == ([], "unchanged")
    assert sorted(told(turned)) == [("record.added", f"NAME {n}", True) for n in range(30, 50)]
    assert sorted(told(back)) == [("record.added", f"NAME {n}", True) for n in range(24, 30)]
    assert sorted(told(edited)) == [("record.changed", f"NAME {n}", True) for n in (22, 23)]


def test_a_list_that_lost_its_half_is_held(tmp_path: Path, address: str, site: tuple[Site, Server]) -> None:
    """A sudden loss is not believed at once: held first, then unconfirmed, then told; a whole list ends it."""
    made, server = site
    config = settings(tmp_path, address, server.url("/list.csv"))
    whole, half = table(*rows(*range(20))), table(*rows(*range(6)))
    _, held, back, once, twice, thrice = polled(config, made, whole, half, whole, half, half, half)
    assert (held.poll.result, told(held), held.alerts) == ("held", [], ())
    assert (back.poll.result, told(back)) == ("unchanged", [])
    assert once.poll.result == "held"
    assert [announced for _, _, announced in told(twice)] == [False] * 14
    assert [announced for _, _, announced in told(thrice)] == [True] * 14


def test_a_file_that_breaks_off_removes_nothing(tmp_path: Path, address: str, site: tuple[Site, Server]) -> None:
    """A truncated file is a failure with its reason, and what is known stays known."""
    made, server = site
    config = settings(tmp_path, address, server.url("/list.csv"))
    whole = table(*rows(1, 2, 3))
    _, cut, page, good = polled(config, made, whole, whole[:-30], "<!doctype html><p>Sorry", whole)
    assert cut.poll.result == page.poll.result == "failed"
    assert "breaks off" in (cut.poll.error or "")
    assert "web page" in (page.poll.error or "")
    assert (good.poll.result, told(good)) == ("unchanged", [])


def test_a_renamed_record_is_one_change(tmp_path: Path, address: str, site: tuple[Site, Server]) -> None:
    """A record under another key with the same address and a similar name is said to be renamed, at once."""
    made, server = site
    config = settings(tmp_path, address, server.url("/list.csv"), 'key = ["name"]')
    head = "name,address,since\n"
    old = table('LUOKONG,"Building 3, Beijing",2021', 'ALPHA,"1 Road, Minsk",2020', head=head)
    new = table('"LUOKUNG TECHNOLOGY CORP.","Building 3, Beijing",2021', 'ALPHA,"1 Road, Minsk",2020', head=head)
    _, renamed, after = polled(config, made, old, new, new)
    assert told(renamed) == [("record.changed", "LUOKUNG TECHNOLOGY CORP.", True)]
    shown = changes(renamed)[0].record
    assert shown is not None
    assert shown.renamed == ("LUOKONG", "LUOKUNG TECHNOLOGY CORP.")
    assert shown.was == (("name", "LUOKONG"),)
    assert renamed.alerts[0].subject == 'Renamed: "LUOKONG" → "LUOKUNG TECHNOLOGY CORP." — list'
    assert after.poll.result == "unchanged"


def test_a_new_column_is_told_once(tmp_path: Path, address: str, site: tuple[Site, Server]) -> None:
    """A field that all records get at once is one change of the list; what else changed is told beside it."""
    made, server = site
    config = settings(tmp_path, address, server.url("/list.csv"), 'key = ["id"]')
    old = table(*rows(*range(30)))
    new = "id,name,address,end_date,source\n" + "".join(
        f"{row},EU\n" for row in [*rows(*range(29)), *rows(29, end="2031")]
    )
    _, swept = polled(config, made, old, new)
    assert [event for event, _, _ in told(swept)] == ["meta.changed", "record.changed"]
    assert changes(swept)[0].diff == "+ source (30 records)"
    last = changes(swept)[1].record
    assert last is not None
    assert last.changed == (("end_date", "2030", "2031"),)


def test_better_rules_are_no_news(tmp_path: Path, address: str, site: tuple[Site, Server]) -> None:
    """With other rules the last body is read again: only what differs between the two bodies is told."""
    made, server = site
    url = server.url("/list.csv")
    first, second = table(*rows(1, 2, 3)), table(*rows(1, 2, end="2031"), *rows(3))
    polled(settings(tmp_path, address, url, 'key = ["id"]'), made, first)
    config = settings(tmp_path, address, url, 'key = ["name"]\nfields = ["end_date"]')
    same, changed = polled(config, made, first, second)
    assert told(same) == []
    assert sorted(told(changed)) == [("record.changed", "NAME 1", True), ("record.changed", "NAME 2", True)]


def test_a_flood_is_told_in_part_and_stored_whole(tmp_path: Path, site: tuple[Site, Server]) -> None:
    """Of thousands of changes a thousand are announced, with their number; the others are stored; what the rules ask
    for is among the announced wherever it stands."""
    made, server = site
    config = settings(tmp_path, f"sqlite:///{tmp_path}/w.db", server.url("/list.csv"), 'key = ["id"]')
    _, flood = polled(config, made, table(*rows(1, 2, 3)), table(*rows(*range(1, 2504))))
    assert sum(c.announced for c in changes(flood)) == 1000
    assert flood.alerts[0].data["changes_total"] == 2500
    assert flood.alerts[0].subject.startswith("Added: NAME 4 (+2499)")

    async def stored() -> list[str | None]:
        world = await open_world(config)
        try:
            return [s.change.reason for s in world.store.changes(limit=5000)]
        finally:
            await world.close()

    reasons = asyncio.run(stored())
    assert (len(reasons), reasons.count("flood")) == (2500, 1500)
    only = settings(
        tmp_path, f"sqlite:///{tmp_path}/o.db", server.url("/list.csv"), 'key = ["id"]\nonly = ["NAME 2400"]'
    )
    _, one = polled(only, made, table(*rows(1, 2, 3)), table(*rows(*range(1, 2504))))
    assert [c.record.title for c in changes(one) if c.announced and c.record] == ["NAME 2400"]


def test_a_long_list_is_written_ahead(tmp_path: Path, address: str, site: tuple[Site, Server]) -> None:
    """A list beyond ten thousand records takes its place with its poll; what it replaced is swept away; large bodies
    pass through a file."""
    made, server = site
    config = settings(tmp_path, address, server.url("/list.csv"), 'key = ["id"]')
    filler = "x" * 700
    old = table(*(f"{row}{filler}" for row in rows(*range(12_000))))
    new = table(*(f"{row}{filler}" for row in rows(*range(5, 12_000), end="2031")))
    assert len(old) > 8_000_000
    base, mass, again = polled(config, made, old, new, new)
    assert base.packed is not None
    assert base.poll.result == "baseline"
    gone = [c for c in changes(mass) if c.event == "record.removed"]
    assert mass.alerts[0].data["changes_total"] == 11_995
    assert len(gone) == 5
    assert sorted(told(again)) == [("record.removed", f"NAME {n}", True) for n in range(5)]

    async def kept() -> tuple[int, int, list[str], bytes | None]:
        world = await open_world(config)
        try:
            index = list(world.store.record_index("list"))
            body = world.store.body(mass.fetch.body_sha256 or "")
            problems = list(world.store.verify())
            return len(index), sum(world.store.sweep_lists("list") for _ in range(3)), problems, body
        finally:
            await world.close()

    assert asyncio.run(kept()) == (11_995, 0, [], new.encode())


KILLED = """
import asyncio, os, pathlib, signal, sys
from watcher import config
from watcher.config import fetch_identity
from watcher.store import Store
from watcher.world import open_world
count = 0
real = Store.add_records
def dies(self, number, rows):
    global count
    count += 1
    if count == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return real(self, number, rows)
Store.add_records = dies
async def main():
    loaded = config.load(pathlib.Path(sys.argv[1]))
    world = await open_world(loaded)
    await world.pipeline.poll(fetch_identity(loaded.sources[0]))
asyncio.run(main())
"""


def test_killed_in_the_middle_of_a_long_list(tmp_path: Path, site: tuple[Site, Server]) -> None:
    """A kill -9 while a list is written leaves the old one in force; the next poll tells everything, once."""
    made, server = site
    config = settings(tmp_path, f"sqlite:///{tmp_path}/watcher.db", server.url("/list.csv"), 'key = ["id"]')
    old, new = table(*rows(*range(15_000))), table(*rows(*range(15_000), end="2031"))
    polled(config, made, old)
    made.body = new.encode()
    done = subprocess.run([sys.executable, "-c", KILLED, str(config.path)], check=False, timeout=120)
    assert done.returncode == -signal.SIGKILL
    same, changed, quiet = polled(config, made, old, new, new)
    assert told(same) == []
    assert changed.alerts[0].data["changes_total"] == 15_000
    assert quiet.poll.result == "unchanged"


def test_an_ending_gives_a_comparison_up(tmp_path: Path, site: tuple[Site, Server]) -> None:
    """A world that is closed in the middle of a long list ends soon, and nothing of the poll is kept."""
    made, server = site
    config = settings(tmp_path, f"sqlite:///{tmp_path}/watcher.db", server.url("/list.csv"), 'key = ["id"]')
    made.body = table(*rows(*range(60_000))).encode()

    async def close_early() -> float:
        world = await open_world(config)
        task = asyncio.create_task(world.pipeline.poll(fetch_identity(config.sources[0])))
        await asyncio.sleep(0.3)
        began = time.monotonic()
        await world.close()
        await asyncio.gather(task, return_exceptions=True)
        return time.monotonic() - began

    assert asyncio.run(close_early()) < 10
    (first,) = polled(config, made, table(*rows(1, 2)))
    assert first.poll.result in ("baseline", "unchanged", "held")


# --- real histories, where there are any -----------------------------------------------------------------------------


def plain_difference(
    old: list[dict[str, Any]], new: list[dict[str, Any]], key: str
) -> tuple[set[str], set[str], set[str]]:
    before, after = ({str(row[key]): row for row in part} for part in (old, new))
    both = before.keys() & after.keys()
    return after.keys() - both, before.keys() - both, {k for k in both if before[k] != after[k]}


def replayed(folder: Path, **keys: Any) -> Iterator[tuple[str, dict[str, set[str]]]]:
    for _, step, found in replay(folder, {"kind": "dataset", **keys}):
        sets: dict[str, set[str]] = {"record.added": set(), "record.removed": set(), "record.changed": set()}
        for change in found:
            assert change.record is not None
            sets[change.event].add("|".join(value for _, value in change.record.key))
        yield step.name, sets


@pytest.fixture
def history(shared: Path, tmp_path: Path) -> Any:
    def made(name: str) -> tuple[Path, list[dict[str, Any]]]:
        folder = next(path for path in (shared / "corpus" / name).iterdir() if path.is_dir())
        for file in folder.iterdir():
            if file.name not in ("gold.json", "index.csv"):
                (tmp_path / file.name).symlink_to(file)
        return tmp_path, json.loads((folder / "gold.json").read_text())

    return made


@pytest.mark.parametrize(
    ("name", "keys"),
    [
        ("list_cisa_kev", {}),
        ("list_ofac_sdn", {}),
        ("list_fara", {"key": ["Registration Number", "Registration Date", "Termination Date"]}),
    ],
)
def test_real_histories_give_what_really_changed(history: Any, name: str, keys: dict[str, Any]) -> None:
    """Successive versions of public lists give exactly the records that were added, removed and changed."""
    folder, gold = history(name)
    steps = dict(replayed(folder, **keys))
    assert len(steps) == len(gold) - 1
    for each in gold[1:]:
        wanted = {f"record.{part}": set(each[part]) for part in ("added", "removed", "changed")}
        assert steps[each["file"]] == wanted, each["file"]


def test_fires_that_tick(history: Any) -> None:
    """Records in JSON whose numbers move give what a plain comparison of the parsed values gives."""
    folder, _ = history("list_calfire")
    files = sorted(file for file in folder.iterdir() if file.suffix == ".json")
    read = {file.name: json.loads(file.read_text())["Incidents"] for file in files}
    names = list(read)
    for before, (name, found) in zip(names, replayed(folder, rows="$.Incidents", key=["UniqueId"]), strict=False):
        added, removed, changed = plain_difference(read[before], read[name], "UniqueId")
        assert (found["record.added"], found["record.removed"], found["record.changed"]) == (added, removed, changed)


def test_advisories_name_what_changed(shared: Path, tmp_path: Path) -> None:
    """Every revised advisory is one changed record; a new entry of its revision history is told by its number."""
    folders = sorted((shared / "corpus" / "rev_cisa_csaf").iterdir())
    for folder in folders:
        meta = json.loads((folder / "meta.json").read_text())
        place = tmp_path / folder.name
        place.mkdir()
        for number, name in enumerate(("before.json", "after.json")):
            (place / f"{number}.json").symlink_to(folder / name)
        ((_, _, found),) = replay(place, {"kind": "dataset", "rows": "$"})
        read = [json.loads((folder / name).read_text()) for name in ("before.json", "after.json")]
        if read[0] == read[1]:
            assert found == ()
            continue
        assert [change.event for change in found] == ["record.changed"], folder.name
        shown = found[0].record
        assert shown is not None
        for entry in meta["new_revision_entries"]:
            path = f"document.tracking.revision_history[{entry['number']}]"
            assert any(name.startswith(path) for name, _, _ in shown.changed), (folder.name, path, shown.changed)


def test_tables_of_sanctions_pages(shared: Path, tmp_path: Path) -> None:
    """Of tables whose rows have no id, what is told accounts for every row that came and every row that went."""
    for folder in sorted((shared / "corpus" / "rev_sanctions_pages").glob("*.csv__*")):
        place = tmp_path / folder.name
        place.mkdir()
        sides = []
        for number, name in enumerate(("before.csv", "after.csv")):
            (place / f"{number}.csv").symlink_to(folder / name)
            with (folder / name).open(encoding="utf-8-sig", newline="") as file:
                sides.append({tuple(row) for row in list(csv.reader(file))[1:]})
        ((_, _, found),) = replay(place, {"kind": "dataset"})
        events = Counter(change.event for change in found)
        came, went = len(sides[1] - sides[0]), len(sides[0] - sides[1])
        assert events["record.added"] + events["record.changed"] == came, folder.name
        assert events["record.removed"] + events["record.changed"] == went, folder.name
