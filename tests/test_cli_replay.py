"""`inspect` and `replay`: what Watcher sees and would announce, with nothing stored."""

import json
import os
import random
from pathlib import Path

import pytest

from daemon import Pages, configure, source
from helpers_cli import Cli, article, cli_in, rss
from inbox import Hook, Inbox
from watcher.demo import story

READING = {
    "kind", "url", "title", "published_at", "modified_at", "language", "notes", "updates", "blocks", "entries",
    "records", "links",
}  # fmt: skip
NOTE = {"sequence", "kind", "published_at", "date_only", "heading", "summary", "text", "links"}
WHERE = ("--locale", "en-US", "--timezone", "America/New_York")


@pytest.fixture
def cli(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Cli:
    return cli_in(tmp_path, monkeypatch, capsys)


def told(folder: Path, stages: int = 6) -> Path:
    """A folder with the demo's story, one file a revision."""
    noise = random.Random(5)
    folder.mkdir()
    for stage in range(stages):
        (folder / f"rev{stage + 6}.html").write_text(story.page(stage, noise), "utf-8")
    return folder


TOML = 'url = "https://example.org/meridian"\nkind = "article"\nlocale = "en-US"\ntimezone = "America/New_York"\n'


def test_replay_of_a_folder(cli: Cli, tmp_path: Path) -> None:
    """Each revision after the first has a line with everything found, in natural order of the files."""
    folder = told(tmp_path / "story")
    (folder / "replay.toml").write_text(TOML, "utf-8")
    lines = cli("replay", "story", "--json").lines
    assert [set(line) for line in lines] == [{"dir", "from", "to", "changes"}] * 5
    assert {line["dir"] for line in lines} == {"story"}
    assert [(line["from"], line["to"]) for line in lines] == [
        (f"rev{n}.html", f"rev{n + 1}.html") for n in range(6, 11)
    ]
    announced = [[c for c in line["changes"] if c["announced"]] for line in lines]
    assert [[c["event"] for c in step] for step in announced] == [["update.new"]] * 5
    assert [step[0]["update"]["sequence"] for step in announced] == [1, 2, 3, 4, 5]
    assert announced[4][0]["update"]["published_at"] == "2031-06-12T10:16:00Z"
    text = cli("replay", "story").out.splitlines()
    assert text[0] == "rev6.html → rev7.html"
    assert text[1] == "  Update 1 · Meridian answers"
    assert len(text) == 10
    assert not list(tmp_path.glob("*.db"))


def test_replay_with_failures(cli: Cli, tmp_path: Path) -> None:
    """A replay.toml names the revisions with their times; one with a failing status announces nothing."""
    folder = told(tmp_path / "story", 2)
    steps = [("rev6.html", 200), ("gone.html", 503), ("rev7.html", 200)]
    toml = TOML + "".join(
        f'[[revisions]]\nfile = "{name}"\nat = "2031-03-04T1{n}:00:00-05:00"\nstatus = {status}\n'
        for n, (name, status) in enumerate(steps)
    )
    (folder / "replay.toml").write_text(toml, "utf-8")
    lines = cli("replay", str(folder), "--json").lines
    assert [[c["event"] for c in line["changes"] if c["announced"]] for line in lines] == [[], ["update.new"]]
    assert lines[1]["changes"][0]["times"]["fetched"] == "2031-03-04T17:00:00.000Z"
    for wrong in ("at = 3", 'file = "x"', 'at = "soon"\nfile = "rev6.html"'):
        (folder / "replay.toml").write_text(f"[[revisions]]\n{wrong}\n", "utf-8")
        assert "replay.toml" in cli("replay", str(folder), code=2).err
    (folder / "replay.toml").write_text('kynd = "article"\n', "utf-8")
    assert 'did you mean "kind"' in cli("replay", str(folder), code=2).err


def test_replay_needs_something(cli: Cli, tmp_path: Path) -> None:
    """No folder, a file, a folder without revisions and one with bytes that are no page are told."""
    assert "--source" in cli("replay", code=2).err
    (tmp_path / "empty").mkdir()
    assert "no revisions" in cli("replay", "empty", code=2).err
    assert "not a folder" in cli("replay", "nowhere", code=2).err
    (tmp_path / "empty" / "rev1.xml").write_bytes(b"<rss><channel>")
    (tmp_path / "empty" / "replay.toml").write_text('kind = "feed"\n', "utf-8")
    assert "rev1.xml: the feed is cut off" in cli("replay", "empty", code=1).err


def test_replay_of_stored_history(cli: Cli, tmp_path: Path) -> None:
    """The stored bodies of a source go through today's rules: what `never` rules out now is no longer announced."""
    noise = random.Random(6)
    keys: dict[str, object] = {"kind": "article", "locale": "en-US", "timezone": "America/New_York"}
    with Inbox() as inbox, Hook() as hook, Pages(lambda stage: story.page(stage, noise).encode()) as site:
        path = configure(tmp_path, inbox, hook, source("gazette", site.url(), **keys))
        for site.stage in range(3):
            cli("check")
        lines = cli("replay", "--source", "gazette", "--json").lines
        assert [set(line) for line in lines] == [{"source", "from", "to", "changes"}] * 2
        assert [[c["event"] for c in line["changes"] if c["announced"]] for line in lines] == [["update.new"]] * 2
        assert all(line["from"].endswith("Z") and line["from"] < line["to"] for line in lines)
        path.write_text(path.read_text("utf-8").replace('name = "gazette"', 'name = "gazette"\nnever = ["statement"]'))
        lines = cli("replay", "--source", "gazette", "--json").lines
        assert [[c["reason"] for c in line["changes"] if c["event"] == "update.new"] for line in lines] == [
            ["rule"],
            [None],
        ]
        assert "held back" in cli("replay", "--source", "gazette").out
        assert "[held: rule]" in cli("replay", "--source", "gazette", "-v").out
        assert "'nope'" in cli("replay", "--source", "nope", code=2).err


def test_inspect_of_files(cli: Cli, tmp_path: Path) -> None:
    """A page shows its notes where they stand and its updates merged, a feed its entries."""
    path = tmp_path / "page.html"
    path.write_text(story.page(5, random.Random(1)), "utf-8")
    feed = tmp_path / "feed.xml"
    feed.write_bytes(rss("One", "Two"))
    page, entries = cli("inspect", str(path), str(feed), *WHERE, "--json").lines
    assert set(page) == READING
    assert set(entries) >= READING
    assert (page["kind"], page["url"]) == ("article", "https://file.invalid/page.html")
    assert [note["location"] for note in page["notes"]] == ["title"] + ["banner"] * 5 + ["section"] * 5
    assert all(set(note) >= NOTE for note in [*page["notes"], *page["updates"]])
    assert sorted(update["sequence"] for update in page["updates"]) == [1, 2, 3, 4, 5]
    assert {block["type"] for block in page["blocks"]} >= {"p", "h2"}
    assert [set(e) >= {"id", "title", "url", "published_at", "updated_at", "summary"} for e in entries["entries"]] == [
        True
    ] * 2
    (there,) = cli("inspect", str(path), "--url", "https://example.org/a", "--json").lines
    assert there["url"] == "https://example.org/a"
    text = cli("inspect", str(path), str(feed), *WHERE).out
    assert "Update 5  2031-06-12T10:16:00Z  Authority to remove Meridian from the list" in text
    assert "2 entries" in text


def test_inspect_says_what_is_wrong(cli: Cli, tmp_path: Path) -> None:
    """One target that cannot be read is told and does not stop the others; wrong options end with 2."""
    (tmp_path / "bad.html").write_bytes(b"\x00\x01\x02")
    (tmp_path / "good.html").write_bytes(article("Something."))
    ended = cli("inspect", "bad.html", "good.html", "--kind", "article", "--json", code=1)
    assert len(ended.lines) == 1
    assert "bad.html: " in ended.err
    assert "http://127.0.0.1:9/: " in cli("inspect", "http://127.0.0.1:9/", code=1).err
    for wrong in (["nowhere.html"], ["good.html", "--kind", "novel"], ["good.html", "--timezone", "Mars"],
                  ["good.html", "--at", "later"], ["good.html", "--url", "nonsense"]):  # fmt: skip
        assert cli("inspect", *wrong, code=2).err


def test_inspect_of_an_address(cli: Cli, tmp_path: Path) -> None:
    """An address is asked for as configured and read by its source's rules; a private one only if that is allowed."""
    with (
        Inbox() as inbox,
        Hook() as hook,
        Pages(lambda _: article("Kept.") + b"<main class=x>Only this.</main>") as site,
    ):
        assert "private" in cli("inspect", site.url(), code=1).err
        (shape,) = cli("inspect", site.url(), "--allow-private", "127.0.0.0/8", "--json").lines
        assert shape["title"] == "Seven firms barred"
        configure(tmp_path, inbox, hook, source("page", site.url(), kind="article", select="p"))
        (shape,) = cli("inspect", site.url(), "--json", "-v").lines
        assert {block["type"] for block in shape["blocks"]} == {"p"}
        assert "watcher" in site.server.requests[-1].headers["user-agent"].lower()
        assert "ops@example.org" in site.server.requests[-1].headers["user-agent"]
        (tmp_path / "config.toml").write_text("[watchr]\n[[sources]]\n", "utf-8")
        assert "it has faults" in cli("inspect", site.url(), "--allow-private", "127.0.0.0/8").err
        assert cli("inspect", site.url(), "--config", "config.toml", code=2).err
    assert not list(tmp_path.glob("*.db"))


def test_what_is_printed_is_utf8_json(cli: Cli, tmp_path: Path) -> None:
    """JSON Lines carry text as it is, and lone surrogates escaped."""
    (tmp_path / "page.html").write_bytes(article("Über 中文 &#xD800; 😀 end."))
    out = cli("inspect", "page.html", "--json").out
    assert "Über 中文" in out
    assert json.loads(out.encode())["kind"] == "article"
    assert os.linesep not in out.rstrip("\n")
