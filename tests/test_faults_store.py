"""What befalls the store and the daemon: files that are none, two daemons, bad reloads, kills; all said in words."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from daemon import Daemon, Pages, changes_of, configure, settle, source
from helpers_faults import Fault, Field, article
from inbox import Hook, Inbox, wait_for
from servers import Request, Response, Server
from watcher.cli.app import run
from watcher.store import Store

READING = (
    *(("status",), ("sources",), ("changes",), ("tail",), ("diff", "one"), ("deliveries",)),
    *(("db", "verify"), ("db", "backup", "copy.db")),
)
SIMPLE = """\
[watcher]
database = "sqlite:///{database}"
[fetch]
delay = "1ms"
allow_private = ["127.0.0.0/8"]
[[sources]]
name = "one"
url = "http://127.0.0.1:1/"
kind = "article"
notify = []
"""


@dataclass(frozen=True)
class Trouble:
    """What is wrong beforehand, and what the commands must say and do."""

    name: str
    make: Callable[[Path], None]
    words: str
    code: int = 1
    reading: bool = True  # reading commands fail with the same words


def no_database(folder: Path) -> None:
    (folder / "watcher.db").write_bytes(b"these are not the bytes of a database" * 100)


def newer(folder: Path) -> None:
    Store.open(f"sqlite:///{folder}/watcher.db", create=True, migrate=True).close()
    with closing(sqlite3.connect(folder / "watcher.db")) as connection:
        connection.execute("update alembic_version set version_num = '9999'")
        connection.commit()


def torn(folder: Path) -> None:
    Store.open(f"sqlite:///{folder}/watcher.db", create=True, migrate=True).close()
    path = folder / "watcher.db"
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * (path.stat().st_size - 4096))


def add(text: str) -> Callable[[Path], None]:
    def make(folder: Path) -> None:
        path = folder / "config.toml"
        path.write_text(text + path.read_text("utf-8"), "utf-8")

    return make


def include_broken(folder: Path) -> None:
    add('include = ["more.toml"]\n')(folder)
    (folder / "more.toml").write_bytes(b"\xff\xfe\x00 not text")


def include_malformed(folder: Path) -> None:
    add('include = ["more.toml"]\n')(folder)
    (folder / "more.toml").write_text("[[sources]\nname = 'two'\n")


def directory(folder: Path) -> None:
    (folder / "watcher.db").mkdir()


def sealed(folder: Path) -> None:
    """A directory in which nobody, root neither, makes a file."""
    path = folder / "config.toml"
    elsewhere = path.read_text("utf-8").replace("sqlite:///watcher.db", "sqlite:////proc/watcher/watcher.db")
    path.write_text(elsewhere, "utf-8")


TROUBLES = [
    Trouble("no database", no_database, "is not a sound SQLite database"),
    Trouble("a newer schema", newer, "was written by a newer Watcher (schema 9999"),
    Trouble("a torn file", torn, "is not a sound SQLite database"),
    Trouble("a directory", directory, "cannot be opened"),
    Trouble("no place for files", sealed, "cannot be", reading=False),
    Trouble("an include that is not there", add('include = ["gone.toml"]\n'), '"gone.toml": no such file', 2, False),
    Trouble("an include that is no text", include_broken, "more.toml", 2, False),
    Trouble("an include that is malformed", include_malformed, "more.toml:1", 2, False),
    Trouble("an unknown key", add("[wacher]\n"), 'did you mean "watcher"', 2, False),
]


@pytest.mark.parametrize("trouble", TROUBLES, ids=lambda trouble: trouble.name.replace(" ", "-"))
def test_what_cannot_be_used_is_said_and_left_alone(
    tmp_path: Path, trouble: Trouble, capsys: pytest.CaptureFixture[str]
) -> None:
    """A store or configuration that cannot be used ends a command with one sentence and is left as it is."""
    (tmp_path / "config.toml").write_text(SIMPLE.format(database="watcher.db"), "utf-8")
    trouble.make(tmp_path)
    path = tmp_path / "watcher.db"
    before = path.read_bytes() if path.is_file() else None
    ended = Daemon(tmp_path / "config.toml").run("run")
    assert trouble.words in ended.stderr
    assert ended.returncode == trouble.code
    assert "Traceback" not in ended.stderr
    if trouble.reading:
        assert run(["changes", "--config", str(tmp_path / "config.toml")]) == trouble.code
        assert trouble.words in capsys.readouterr().err
    assert (path.read_bytes() if path.is_file() else None) == before


def test_reading_commands_make_no_database(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Commands that only read say that there is nothing yet, and create nothing."""
    (tmp_path / "config.toml").write_text(SIMPLE.format(database="watcher.db"), "utf-8")
    before = sorted(tmp_path.rglob("*"))
    for command in READING:
        assert run([*command, "--config", str(tmp_path / "config.toml")]) == 1, command
        assert "there is no database at" in capsys.readouterr().err, command
    assert sorted(tmp_path.rglob("*")) == before


Watched = tuple[Daemon, Pages, Hook, Callable[[str], None]]


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watched]:
    """A daemon on one page, and a way to write its sources anew."""
    with Hook() as hook, Inbox() as inbox, Pages(lambda stage: article("one", stage).encode()) as site:

        def write(sources: str) -> None:
            configure(tmp_path, inbox, hook, sources, notify=["hook"])

        write(source("one", site.url(), kind="article"))
        with Daemon(tmp_path / "config.toml") as daemon:
            wait_for(lambda: len(started(hook)) == 1, 30, "the start")
            yield daemon, site, hook, write


def started(hook: Hook) -> list[list[str]]:
    """The names of the sources in each alert of a start."""
    found = [call.payload["data"] for call in hook.accepted if call.payload["data"]["events"] == ["source.started"]]
    return [[each["name"] for each in data["sources"]] for data in found]


def test_a_second_daemon_is_refused(watched: Watched) -> None:
    """A second daemon on the same store ends at once and names the first one's process; the first goes on."""
    daemon, site, hook, _ = watched
    assert daemon.process is not None
    ended = daemon.run("run")
    assert ended.returncode == 1
    assert f"in use by process {daemon.process.pid}" in ended.stderr
    site.stage = 1
    wait_for(lambda: len(changes_of(hook)) == 1, 15, "the first daemon")
    assert daemon.run("check").returncode == 0


def test_reloads(watched: Watched) -> None:
    """SIGHUP with a bad file keeps the old configuration and says so; a good one starts what is new, told once."""
    daemon, site, hook, write = watched
    good = daemon.config.read_text("utf-8")
    daemon.config.write_text(good.replace('kind = "article"', 'kind = "artcle"'), "utf-8")
    daemon.reload()
    wait_for(lambda: "config.refused" in daemon.log(), 10, "the refusal")
    status = daemon.run("status")
    assert "the old one stays in force" in status.stdout
    assert 'did you mean "article"' in status.stdout
    site.stage = 1
    wait_for(lambda: len(changes_of(hook)) == 1, 15, "the old source goes on")
    daemon.config.write_bytes(b"\xff\x00")
    daemon.reload()
    wait_for(lambda: daemon.log().count("config.refused") >= 2, 10, "the second refusal")
    write(source("one", site.url(), kind="article") + source("two", site.url("/two"), kind="article"))
    daemon.reload()
    wait_for(lambda: len(started(hook)) == 2, 20, "the new source")
    assert started(hook) == [["one"], ["two"]]
    assert "stays in force" not in daemon.run("status").stdout
    site.stage = 2
    wait_for(lambda: len(changes_of(hook)) == 3, 15, "both")
    settle(1.2)
    assert len(started(hook)) == 2
    write(source("two", site.url("/two"), kind="article"))
    daemon.reload()
    wait_for(lambda: daemon.log().count("config.reloaded") == 2, 10, "the removal")
    asked = site.server.requests.copy()
    settle(1.5)
    assert {request.path for request in site.server.requests[len(asked) + 1 :]} <= {"/two"}
    assert daemon.stop() == 0


@pytest.mark.long
def test_an_outage_of_the_network_is_one_alarm(tmp_path: Path) -> None:
    """When nothing at all can be reached, that is one alarm and not one a source; its end is told, nothing is lost."""
    stage = 0

    async def handle(request: Request) -> Response:
        return (
            Response(article(request.path, stage).encode()) if request.path != "/robots.txt" else Response(status=404)
        )

    with Hook() as hook, Inbox() as inbox:
        with Server(handle, bind="0.0.0.0") as server:
            port = server.port
            urls = {f"s{n}": server.url(f"/s{n}", host=f"127.0.7.{n}") for n in range(1, 7)}
            told = "".join(source(name, url, kind="article", alarm_after="3s") for name, url in urls.items())
            config = configure(tmp_path, inbox, hook, told, notify=["hook"])
            daemon = Daemon(config).start()
            wait_for(lambda: len(started(hook)) == 1, 30, "the start")
        try:
            wait_for(lambda: ["watcher.degraded"] in events(hook), 20, "the alarm")
            settle(4)
            stage = 1
            with Server(handle, bind="0.0.0.0", port=port):
                wait_for(lambda: ["watcher.recovered"] in events(hook), 60, "the end")
                wait_for(lambda: len(changes_of(hook)) == 6, 60, "the changes")
            health = [each for each in events(hook) if each != ["text.changed"]]
            assert health == [["source.started"], ["watcher.degraded"], ["watcher.recovered"]]
        finally:
            daemon.__exit__()


def events(hook: Hook) -> list[list[str]]:
    return [call.payload["data"]["events"] for call in hook.accepted]


def facts(field: Field) -> list[tuple[str, str]]:
    """What was told: source and entry, of every alert once however often it arrived."""
    alerts = {call.alert: call.payload for call in field.hook.accepted if call.payload["type"] == "alert.changes"}
    return [
        (payload["data"]["source"]["name"], change["entry"]["title"])
        for payload in alerts.values()
        for change in payload["data"]["changes"]
        if "entry" in change
    ]


@pytest.mark.long
def test_kills_in_the_midst_of_commits(tmp_path: Path) -> None:
    """A daemon that is killed while forty feeds change leaves a sound store, loses nothing and tells nothing twice."""
    with Field(tmp_path, [Fault(f"feed {n}", kind="feed") for n in range(40)]) as field:
        field.poll()
        for kill in range(1, 5):
            before = len(facts(field))
            field.stage = kill
            field.daemon.start()
            wait_for(lambda: len(facts(field)) >= before + 5 * kill, 60, "alerts under way")  # noqa: B023 - waited for here
            field.daemon.kill()
        with field.daemon:
            wait_for(lambda: len(set(facts(field))) == 41 * 4, 60, "all that is new")
            settle(1.5)
            assert field.daemon.stop() == 0
        told = facts(field)
        assert len(told) == len(set(told)) == 41 * 4
        assert field.daemon.run("db", "verify").returncode == 0
