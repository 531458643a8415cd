"""The commands through the public door, on a real site, a real mail server, a webhook's receiver and SQLite."""

import os
import re
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from typer.main import get_command

from daemon import Pages, configure, source
from helpers_cli import Cli, article, cli_in, rss
from inbox import Answer, Hook, Inbox
from watcher.cli.app import SECTIONS, app

COMMANDS = [name for _, names in SECTIONS for name in names]
SUB = [["db", name] for name in ("upgrade", "backup", "prune", "verify")] + [
    ["channels", n] for n in ("enable", "test")
]
READING = [["status"], ["sources"], ["changes"], ["tail"], ["diff", "page"], ["deliveries"], ["retry"]]
READING += [["db", "verify"], ["db", "backup", "copy.db"], ["db", "prune"], ["replay", "--source", "page"]]
CHANGE = {"id", "event", "severity", "silent", "announced", "reason", "document", "revision", "times", "stories"}
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


@dataclass
class World:
    """A site with a page and a feed, both channels, a configuration that names them."""

    page: Pages
    feed: Pages
    inbox: Inbox
    hook: Hook
    config: Path


@pytest.fixture
def cli(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Cli:
    return cli_in(tmp_path, monkeypatch, capsys)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    def page(stage: int) -> bytes:
        return article(f"The order takes effect on {stage + 1} March 2031 at noon.")

    def feed(stage: int) -> bytes:
        return rss(*[f"Notice {number}" for number in range(stage + 2)])

    with Inbox() as inbox, Hook() as hook, Pages(page) as site, Pages(feed, "application/rss+xml") as news:
        told = source("page", site.url(), kind="article", title="The page") + source("notices", news.url("/feed"))
        yield World(site, news, inbox, hook, configure(tmp_path, inbox, hook, told))


def test_help_is_whole(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every command says what it does and what its options mean, in whole sentences, at any width."""
    for columns in ("60", "100"):
        monkeypatch.setenv("COLUMNS", columns)
        for args in ([], *([name] for name in COMMANDS), *SUB):
            shown = cli(*args, "--help").out
            assert "..." not in re.sub(r"\]?\.\.\.( |$)", "", shown, flags=re.MULTILINE), shown
            assert "--help" in shown
    known = set(vars(get_command(app))["commands"])  # a command that no section names is not found
    assert known == set(COMMANDS)
    for name in COMMANDS:
        assert f"  {name} " in cli("--help").out


def test_wrong_usage_is_told(cli: Cli) -> None:
    """No command, an unknown one, an unknown option and a value out of bounds end with 2 and say what is wrong."""
    assert "Usage: watcher" in "".join((cli(code=2).out, cli(code=2).err))
    assert "Did you mean 'status'?" in cli("statsu", code=2).err
    assert "--dryrun" in cli("check", "--dryrun", code=2).err
    assert cli("changes", "--limit", "0", code=2).err
    assert cli("--version").out.startswith("watcher ")


def test_no_configuration(cli: Cli) -> None:
    """Without a configuration a command says where it looked and how to make one."""
    for args in (["status"], ["check"], ["run"], ["validate"]):
        told = cli(*args, code=2).err
        assert "no configuration found" in told
        assert "watcher init" in told
    assert "nowhere.toml" in cli("validate", "--config", "nowhere.toml", code=2).err


def test_init_then_validate(cli: Cli, tmp_path: Path) -> None:
    """`init` writes a configuration that `validate` accepts, says what to do next, and never writes over a file."""
    assert "watcher validate" in cli("init").out
    assert "no problems" in cli("validate").out
    before = (tmp_path / "config.toml").read_bytes()
    assert "--force" in cli("init", code=2).err
    assert (tmp_path / "config.toml").read_bytes() == before
    assert "--config other.toml" in cli("init", "other.toml").out
    assert cli("init", "no/such/folder.toml", code=2).err


def test_validate(cli: Cli, world: World) -> None:
    """`validate` shows each host's load, warns of what reaches nobody, and tells all problems at once, with lines."""
    text = world.config.read_text("utf-8")
    world.config.write_text(text.replace('name = "page"', 'name = "page"\nnotify = []'), "utf-8")
    ended = cli("validate", "-v")
    assert "reaches no channel" in ended.err
    assert f"config {world.config}\nstore  sqlite:///" in ended.err
    assert ended.out.splitlines()[0].split("\t")[:2] == ["127.0.0.1", "2"]
    lines = cli("validate", "--json").lines
    assert any("reaches no channel" in line.get("warning", "") for line in lines)
    assert {"host", "sources", "per_minute", "budget_per_minute"} in [set(line) for line in lines]
    world.config.write_text(text.replace("timezon", "x") + '\n[watchr]\na = 1\n[[sources]]\nname = "x"\n', "utf-8")
    problems = cli("validate", code=2).err.splitlines()
    assert len(problems) >= 2
    assert all(re.match(r"config\.toml:\d+: ", problem) for problem in problems)
    told = cli("validate", "--json", code=2).lines
    assert len(told) == len(problems)
    assert all(set(line) == {"problem", "place", "file", "line"} and line["line"] for line in told)
    world.config.write_text(text.replace('secret = "', 'secret = "env:NO_SUCH_SECRET" # "'), "utf-8")
    cli("validate")
    assert "NO_SUCH_SECRET" in cli("validate", "--secrets", code=2).err


def test_reading_commands_make_no_store(cli: Cli, world: World) -> None:
    """Before the first poll, commands that only look say so and create no database."""
    for args in READING:
        told = cli(*args, code=1)
        assert "there is no database at" in told.err, args
        assert told.out == ""
    assert not list(world.config.parent.glob("*.db*"))
    assert cli("channels").out.splitlines()[0].split("\t")[0] == "desk"
    assert not list(world.config.parent.glob("*.db*"))


def test_check(cli: Cli, world: World) -> None:
    """`check` polls once, prints a line for each source, delivers, and its exit code says what happened."""
    first = {line["source"]: line for line in cli("check", "--json", "--exit-code").lines}
    assert {name: line["outcome"] for name, line in first.items()} == {"page": "baseline", "notices": "baseline"}
    assert set(first["page"]) == {"source", "url", "outcome", "changes", "error", "seconds"}
    assert first["page"]["error"] is None
    assert [line["outcome"] for line in cli("check", "page", "page", "--json", "--exit-code").lines] == ["unchanged"]
    world.page.stage = 1
    dry = cli("check", "--dry-run", "--json", "--exit-code", code=10).lines
    assert [line["outcome"] for line in dry if line["source"] == "page"] == ["changed"]
    assert not world.hook.accepted
    (line,) = cli("check", "page", "--json", "--exit-code", code=10).lines
    assert line["outcome"] == "changed"
    (change,) = line["changes"]
    assert set(change) >= CHANGE
    assert (change["event"], change["announced"]) == ("text.changed", True)
    assert len(world.hook.wait(1)) == len(world.inbox.wait(1)) == 1
    world.feed.stage = 1
    ended = cli("check", "notices")
    assert ended.out.splitlines()[0].split() == ["changed", "notices"]
    assert "New · Notice 2" in ended.out
    assert ended.err == "1 changed\n"


def test_check_says_what_failed(cli: Cli, world: World) -> None:
    """A poll or a delivery that fails ends with 1 and words on stderr; a wrong name polls nothing and ends with 2."""
    cli("check")
    told = cli("check", "pge", code=2).err
    assert "there is no source 'pge', did you mean 'page'?" in told
    world.page.status = 500
    ended = cli("check", "--json", code=1)
    assert {line["source"]: line["outcome"] for line in ended.lines} == {
        "page": "failed",
        "notices": "not-modified",
    } | {line["source"]: line["outcome"] for line in ended.lines if line["outcome"] == "unchanged"}
    assert "watcher: page: " in ended.err
    assert "500" in ended.err
    world.page.status, world.page.stage = 200, 1
    world.inbox.greeting = "421 4.3.2 come back later"
    undelivered = cli("check", "page", code=1)
    assert "channel desk: " in undelivered.err
    assert "come back later" in undelivered.err
    text = world.config.read_text("utf-8")
    world.config.write_text(text.replace('name = "page"', 'name = "page"\nenabled = false'), "utf-8")
    assert "switched off" in cli("check", "page", code=2).err


def test_looking(cli: Cli, world: World) -> None:
    """What was found can be looked at: as JSON in the promised shapes, as tab-separated text in a pipe."""
    cli("check")
    world.page.stage = world.feed.stage = 1
    cli("check")
    found = cli("changes", "--json").lines
    assert all(set(change) >= {*CHANGE, "source"} for change in found)
    assert {c["event"] for c in found} == {"text.changed", "entry.new"}
    assert {c["reason"] for c in found if not c["announced"]} == {"baseline"}
    assert [c["event"] for c in cli("changes", "--json", "--event", "text.changed", "--since", "1h").lines] == [
        "text.changed"
    ]
    assert all(
        c["source"] == "notices" for c in cli("changes", "--json", "--source", "notices", "--event", "entry").lines
    )
    text = cli("changes").out
    assert len(text.splitlines()) == sum(c["announced"] for c in found)
    assert re.match(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ  \w+  ", text)
    assert "[held: baseline]" in cli("changes", "--held").out
    assert cli("changes", "--since", "2099-01-01T00:00Z").err == "nothing yet\n"
    for wrong in (["--since", "soon"], ["--event", "updat.new"], ["--source", "nope"]):
        assert cli("changes", *wrong, code=2).err
    rows = cli("sources", "--json").lines
    assert [(r["source"], r["kind"], r["failures"]) for r in rows] == [("notices", "feed", 0), ("page", "article", 0)]
    assert len(cli("sources", "page").out.strip().split("\t")) == 6
    assert "'nope'" in cli("sources", "page", "nope", code=2).err
    sent = cli("deliveries", "--json", "--state", "sent").lines
    assert {d["channel"] for d in sent} == {"desk", "hook"}
    assert {d["state"] for d in sent} == {"sent"}
    assert all(line.count("\t") == 5 for line in cli("deliveries").out.splitlines())
    assert cli("deliveries", "--state", "lost", code=2).err


def test_status(cli: Cli, world: World) -> None:
    """`status` tells health in totals and what is unwell; `--check` ends with 1 then."""
    world.page.status = 500
    cli("check", code=1)
    (shape,) = cli("status", "--json").lines
    assert (shape["running"], shape["healthy"], shape["sources"], shape["failing"]) == (False, False, 2, 1)
    assert [row["source"] for row in shape["unwell"]] == ["page"]
    ended = cli("status", "--check", "-v", code=1)
    assert "not running" in ended.out
    assert "1 source fails" in ended.out
    assert "store  sqlite" in ended.err


def test_diff(cli: Cli, world: World, tmp_path: Path) -> None:
    """`diff` shows two revisions: marked words in a pipe, unified text, or one self-contained HTML file."""
    cli("check")
    assert "one revision so far" in cli("diff", "page", code=2).err
    world.page.stage = world.feed.stage = 1
    cli("check")
    world.page.stage = 2
    cli("check", "page")
    assert "[-2-]{+3+}" in cli("diff", "page").out
    assert "[-1-]{+3+}" in cli("diff", "page", "1").out
    assert "[-1-]{+2+}" in cli("diff", "page", "1", "2").out
    unified = cli("diff", "page", "1", "3", "--unified").out.splitlines()
    assert unified[0].startswith("--- http://127.0.0.1")
    assert unified[1].startswith("+++ ")
    assert sum(line.startswith("- ") and "The order" in line for line in unified) == 1
    (shape,) = cli("diff", "page", "1", "3", "--json").lines
    assert (shape["previous"]["number"], shape["revision"]["number"]) == (1, 3)
    assert shape["diff"] == "\n".join(unified[2:])
    assert ["+", "3"] in shape["words"]
    page = cli("diff", "page", "--html").out
    assert "<del>2</del>" in page
    assert "<script" not in page
    assert not re.search(r"""(src|href)=["']""", page)
    cli("diff", "page", "--html", "--output", "diff.html")
    assert "<ins>3</ins>" in (tmp_path / "diff.html").read_text("utf-8")
    document = cli("changes", "--json", "--source", "page").lines[0]["document"]["id"]
    assert cli("diff", document, "1").out == cli("diff", "page", "1").out
    assert "notices has 3 entries" in cli("diff", "notices", code=2).err


def test_a_secret_that_is_missing_is_named_in_words(cli: Cli, world: World, tmp_path: Path) -> None:
    """A source whose secret cannot be read fails with a sentence, without the place in the configuration."""
    config = tmp_path / "config.toml"
    config.write_text(config.read_text().replace('name = "page"', 'name = "page"\ncookies = "env:NOT_THERE"', 1))
    failed = next(line for line in cli("check", "page", "--json", code=1).lines if line.get("error"))
    assert failed["error"] == "its secrets cannot be read: the environment variable NOT_THERE is not set"


def test_alerts_of_health_are_looked_for_among_the_deliveries(cli: Cli, world: World) -> None:
    """`changes` knows the events of documents; asked for one of health, it says where those are."""
    cli("check")
    said = cli("changes", "--event", "source.gap", code=2).err
    assert "watcher deliveries" in said
    assert "did you mean" not in said
    for wrong in (["page", "1", "9"], ["nope"], ["page", "--html", "--unified"], ["page", "--output", "x"]):
        assert cli("diff", *wrong, code=2).err


def test_hostile_text_stays_text(cli: Cli, tmp_path: Path) -> None:
    """A headline can neither colour the terminal nor move its cursor, break a line, or pass for markup of ours."""
    evil = "\x1b[31mRed\x07 \u202egnp.exe [bold]b[/bold] &lt;script&gt; :smile: 中文 العربية \ttab"
    stage = 0
    with Inbox() as inbox, Hook() as hook, Pages(lambda n: article(f"{evil} {n + 1}", f"{evil} {n}")) as site:
        configure(tmp_path, inbox, hook, source("evil", site.url(), kind="article"))
        cli("check")
        site.stage = stage + 1
        shown = cli("check").out
        for args in (["changes"], ["deliveries"], ["diff", "evil"], ["diff", "evil", "--unified"], ["sources"]):
            shown += cli(*args).out
        (file := tmp_path / "evil.html").write_bytes(article(evil, evil))
        shown += cli("inspect", str(file)).out
    assert not CONTROL.search(shown)
    assert "[bold]b[/bold]" in shown
    assert ":smile: 中文 العربية" in shown
    assert "<script>" not in cli("diff", "evil", "--html").out


def test_outbox(cli: Cli, world: World) -> None:
    """What could not be delivered is shown with the reason, and goes out again when `retry` says so."""
    cli("check")
    world.hook.usual = Answer(400)
    world.page.stage = 1
    cli("check", "page")
    (dead,) = cli("deliveries", "--json", "--state", "dead").lines
    assert dead["channel"] == "hook"
    assert "400" in dead["last_error"]
    assert "1 alert could not be delivered" in cli("status").out
    assert "alr_nope" in cli("retry", "alr_nope", code=2).err
    world.hook.usual = Answer(204)
    assert cli("retry", dead["alert"]).out.startswith("1 alert is tried again")
    (call,) = world.hook.accepted
    assert call.alert == dead["alert"]
    assert "delivered already" in cli("retry", dead["alert"]).err
    assert cli("retry").out == "there are no dead letters\n"


def test_channels(cli: Cli, world: World) -> None:
    """Channels are listed without their secrets, tried out with a real alert, and a wrong name is told."""
    cli("check")
    listed = cli("channels", "--json").lines
    assert [(line["name"], line["on"]) for line in listed] == [("desk", True), ("hook", True)]
    assert "whsec_" not in cli("channels").out
    assert "took the test alert" in cli("channels", "test", "hook").out
    assert world.hook.accepted[-1].payload["type"] == "alert.test"
    world.inbox.greeting = "554 no"
    assert "channel desk: " in cli("channels", "test", "desk", code=1).err
    assert "configured: desk, hook" in cli("channels", "test", "dsk", code=2).err
    assert "is on; 0 dead letters go out" in cli("channels", "enable", "hook").out


def test_mute(cli: Cli, world: World) -> None:
    """A muted source is stored and not announced; a mute can be lifted."""
    cli("check")
    assert "page is muted until 2" in cli("mute", "page", "--for", "2h").out
    world.page.stage = 1
    (line,) = cli("check", "page", "--json").lines
    assert [change["reason"] for change in line["changes"]] == ["muted"]
    assert "muted" in cli("sources", "page").out
    assert cli("mute", "page", "--for", "0").out == "page is not muted\n"
    assert cli("mute", "page", "--for", "long", code=2).err
    assert cli("mute", "nope", code=2).err


def test_db(cli: Cli, world: World, tmp_path: Path) -> None:
    """The store is backed up, verified, pruned and upgraded; a record that was changed from outside is named."""
    cli("check")
    cli("db", "upgrade")
    assert "wrote copy.db" in cli("db", "backup", "copy.db").out
    assert "already there" in cli("db", "backup", "copy.db", code=1).err
    assert "as it was written" in cli("db", "verify").out
    assert cli("db", "prune").out.startswith("took away 0 bodies")
    connection = sqlite3.connect(tmp_path / "watcher.db")
    connection.execute("update bodies set data = x'00'")
    connection.commit()
    connection.close()
    assert "damaged" in cli("db", "verify", code=1).err


def test_pipes_and_completion(cli: Cli, world: World, tmp_path: Path) -> None:
    """A reader that goes away ends a command quietly; the shell completes commands, options and names of sources."""
    cli("check")
    watcher = [sys.executable, "-m", "watcher"]
    with subprocess.Popen(
        [*watcher, "changes", "--held"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as ended:
        assert ended.stdout is not None
        assert ended.stderr is not None
        ended.stdout.close()
        assert ended.stderr.read() == ""
    assert ended.returncode == 0

    def complete(words: str) -> list[str]:
        count = str(len(words.split(" ")) - 1)
        environ = {**os.environ, "_WATCHER_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": count}
        ended = subprocess.run(watcher, env=environ, capture_output=True, text=True, check=False)
        return ended.stdout.split()

    assert complete("watcher st") == ["status"]
    assert complete("watcher check no") == ["notices"]
    assert complete(f"watcher channels test --config {tmp_path / 'config.toml'} ") == ["desk", "hook"]
