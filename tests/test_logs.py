"""Log lines: their forms, their bounds, and what must never stand in them."""

import io
import json
import logging
import os
import pty
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from watcher import logs
from watcher.errors import UsageError


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    """Leave the process's logging as it was found."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def written(form: str = "text", *, verbose: bool = False) -> io.StringIO:
    stream = io.StringIO()
    logs.configure(form, verbose, stream=stream)
    return stream


def test_text_is_one_line_an_event() -> None:
    """In a pipe, an event is one plain line: time in UTC, level, name, fields in the order given."""
    stream = written()
    structlog.get_logger().info("poll.done", source="xda", seconds=0.4, changed=True)
    (line,) = stream.getvalue().splitlines()
    stamp, rest = line.split(" ", 1)
    assert stamp.endswith("Z")
    assert abs(datetime.fromisoformat(stamp) - datetime.now(UTC)) < timedelta(minutes=1)
    assert rest.split() == ["[info", "]", "poll.done", "source=xda", "seconds=0.4", "changed=True"]


def test_json_is_one_object_an_event() -> None:
    """With --log-format json an event is one object: time, level, event, then its fields, whatever they hold."""
    stream = written("json")
    structlog.get_logger().warning(
        "poll.failed", source="xda", at=datetime(2021, 5, 12, 6, 16, tzinfo=_EASTERN), n=None
    )
    event = json.loads(stream.getvalue())
    assert list(event) == ["time", "level", "event", "source", "at", "n"]
    assert event["level"] == "warning"
    assert event["event"] == "poll.failed"
    assert event["at"] == "2021-05-12T10:16:00.000Z"
    assert event["n"] is None


_EASTERN = timezone(timedelta(hours=-4))


def test_journal_lines_carry_their_priority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the stream leads to journald every line, of a traceback too, begins with its priority and has no time."""
    with (tmp_path / "journal").open("w+") as stream:
        found = os.fstat(stream.fileno())
        monkeypatch.setenv("JOURNAL_STREAM", f"{found.st_dev}:{found.st_ino}")
        logs.configure(verbose=True, stream=stream)
        log = structlog.get_logger()
        log.debug("d")
        log.info("i", source="xda")
        log.warning("w")
        log.error("e")
        log.critical("c")
        try:
            raise ValueError("first\nsecond")
        except ValueError:
            log.exception("poll.crashed")
        logging.getLogger("some.library").error("told\n<0>forged")
        stream.seek(0)
        lines = stream.read().splitlines()
    assert [line[:3] for line in lines[:5]] == ["<7>", "<6>", "<4>", "<3>", "<2>"]
    assert lines[1].split() == ["<6>[info", "]", "i", "source=xda"]
    assert all(line.startswith(("<3>[error", "<3>  | ")) for line in lines[5:])
    assert lines[-1].endswith("told\\n<0>forged")


def test_json_in_the_journal_keeps_its_priority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """JSON that goes to journald is prefixed too, and an object once journald took the prefix off."""
    with (tmp_path / "journal").open("w+") as stream:
        found = os.fstat(stream.fileno())
        monkeypatch.setenv("JOURNAL_STREAM", f"{found.st_dev}:{found.st_ino}")
        logs.configure("json", stream=stream)
        structlog.get_logger().error("poll.failed")
        stream.seek(0)
        line = stream.read()
    assert line.startswith("<3>{")
    assert json.loads(line[3:])["event"] == "poll.failed"


@pytest.mark.parametrize("inherited", ["", "1:1", "no", "1:", ":", "8:12345678901234567890"])
def test_an_inherited_journal_is_none(tmp_path: Path, inherited: str) -> None:
    """JOURNAL_STREAM counts only if it names this very stream: output sent to a file has no priorities."""
    with (tmp_path / "log").open("w") as stream:
        assert not logs.leads_to_journal(stream, {"JOURNAL_STREAM": inherited})
    assert not logs.leads_to_journal(io.StringIO(), {"JOURNAL_STREAM": "1:1"})


@pytest.mark.parametrize(("no_color", "coloured"), [(None, True), ("1", False)])
def test_colours_on_a_terminal(monkeypatch: pytest.MonkeyPatch, no_color: str | None, coloured: bool) -> None:
    """A terminal gets colours, unless NO_COLOR is set."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    if no_color:
        monkeypatch.setenv("NO_COLOR", no_color)
    ours, theirs = pty.openpty()
    with os.fdopen(theirs, "w") as terminal:
        logs.configure(stream=terminal)
        structlog.get_logger().info("poll.done")
        terminal.flush()
        shown = os.read(ours, 4_096)
    os.close(ours)
    assert b"poll.done" in shown
    assert (b"\x1b[" in shown) is coloured


def test_verbose_decides_what_is_shown() -> None:
    """Debug events and what libraries have to say at INFO are shown only when asked for; requests never."""
    quiet, loud = io.StringIO(), io.StringIO()
    for stream, verbose in ((quiet, False), (loud, True)):
        logs.configure(verbose=verbose, stream=stream)
        structlog.get_logger().debug("gate.stopped")
        logging.getLogger("some.library").info("library-said")
        logging.getLogger("httpx").info("HTTP Request: GET https://example.org/?token=abc")
    assert quiet.getvalue() == ""
    assert "gate.stopped" in loud.getvalue()
    assert "library-said" in loud.getvalue()
    assert "HTTP Request" not in loud.getvalue()


def test_quiet_shows_errors_only() -> None:
    """A command that shows its own results asks for errors alone."""
    stream = io.StringIO()
    logs.configure("text", quiet=True, stream=stream)
    structlog.get_logger().warning("poll.failed")
    logging.getLogger("some.library").warning("library-said")
    structlog.get_logger().error("store.trouble")
    (line,) = stream.getvalue().splitlines()
    assert "store.trouble" in line


def test_an_unknown_format_is_a_usage_error() -> None:
    """A format that does not exist is refused, with those that do."""
    with pytest.raises(UsageError, match="--log-format yaml: unknown; it is one of text, json"):
        logs.configure("yaml")


def test_configure_replaces() -> None:
    """Configuring again sends the log to the new stream only, also of a logger that was in use before."""
    first = written()
    log = structlog.get_logger()
    log.info("one")
    second = written("json")
    log.info("two")
    assert "two" not in first.getvalue()
    assert json.loads(second.getvalue())["event"] == "two"


def test_standard_error_is_the_default(capsys: pytest.CaptureFixture[str]) -> None:
    """The log goes to standard error, so that standard output stays for data."""
    logs.configure()
    structlog.get_logger().info("daemon.started")
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "daemon.started" in captured.err
    assert sys.stderr is not sys.stdout


def test_context_stands_in_every_line() -> None:
    """What a task bound to its context stands in each of its lines."""
    stream = written("json")
    with structlog.contextvars.bound_contextvars(poll="pol_1"):
        structlog.get_logger().info("poll.done")
    assert json.loads(stream.getvalue())["poll"] == "pol_1"


SECRETS = [
    ("https://user:hunter2@example.org/feed", "https://***@example.org/feed"),
    ("smtps://desk:hunter2@x@mail.example.org:465", "smtps://***@mail.example.org:465"),
    ("get https://example.org/f?a=1&token=hunter2&b=2 failed", "get https://example.org/f?a=1&token=***&b=2 failed"),
    ("https://example.org/f?X-Amz-Signature=hunter2", "https://example.org/f?X-Amz-Signature=***"),
    ("https://example.org/f?api_key=hunter2#top", "https://example.org/f?api_key=***#top"),
    ("https://example.org/f?key=hunter2", "https://example.org/f?key=***"),
    ("https://example.org/cb#access_token=hunter2", "https://example.org/cb#access_token=***"),
    ("Authorization: Bearer hunter2hunter2", "Authorization: Bearer ***"),
    ("authorization: basic aHVudGVyMjpodW50ZXIy", "authorization: basic ***"),
    ("signed with whsec_hunter2+/=", "signed with whsec_***"),
    ("https://example.org/@author/keys?page=2&monkey=1", "https://example.org/@author/keys?page=2&monkey=1"),
    ("mail desk@example.org about tokens", "mail desk@example.org about tokens"),
]


@pytest.mark.parametrize(("text", "shown"), SECRETS)
@pytest.mark.parametrize("form", logs.FORMATS)
def test_secrets_are_masked_wherever_they_stand(text: str, shown: str, form: str) -> None:
    """Credentials in addresses and headers never reach the log, as event, field, inner value, or in a traceback."""
    assert logs.mask(text) == shown
    stream = written(form)
    log = structlog.get_logger()
    log.info("poll.done", url=text, many=[text, {"deep": text}], error=ValueError(text))
    logging.getLogger("some.library").error("said %s", text)
    try:
        raise ValueError(text)
    except ValueError:
        log.exception("poll.crashed")
    assert "hunter2" not in stream.getvalue()
    assert "aHVudGVy" not in stream.getvalue()


def test_fields_named_as_secrets_are_masked() -> None:
    """A field whose name says that it is secret is never shown, at any depth; its neighbours are."""
    stream = written("json")
    structlog.get_logger().info(
        "config.read",
        password="hunter2",
        headers={"Authorization": "hunter2", "set-cookie": ["hunter2"], "accept": "*/*"},
        api_key=b"hunter2",
        token=None,
        tokens=3,
    )
    event = json.loads(stream.getvalue())
    assert "hunter2" not in stream.getvalue()
    assert event["headers"] == {"Authorization": "***", "set-cookie": "***", "accept": "*/*"}
    assert event["token"] is None
    assert event["tokens"] == 3


def test_fields_are_bounded() -> None:
    """A hostile value costs a bounded line: long texts, long lists and deep nesting are cut."""
    stream = written("json")
    deep: object = "x"
    for _ in range(50):
        deep = [deep] * 2
    structlog.get_logger().info("poll.done", text="x" * 1_000_000, many=["y"] * 10_000, deep=deep)
    event = json.loads(stream.getvalue())
    assert len(event["text"]) == logs.TEXT_CHARS
    assert event["text"].endswith("…")
    assert len(event["many"]) == logs.ITEMS
    assert len(stream.getvalue()) < 100_000


@given(st.text(), st.sampled_from(logs.FORMATS))
def test_any_text_makes_one_line(text: str, form: str) -> None:
    """Whatever a publisher writes, an event is one line of printable, encodable text."""
    stream = written(form)
    structlog.get_logger().info("poll.done", title=text)
    logging.getLogger("some.library").error(text or "nothing")
    output = stream.getvalue()
    assert len(output.encode().splitlines()) == len(output.splitlines()) == 2
    assert "\x1b" not in output
    assert "\u202e" not in output
    if form == "json":
        assert [json.loads(line)["level"] for line in output.splitlines()] == ["info", "error"]
