"""Bodies that would hang, swallow the memory or bring down the program: each is stopped and told in words."""

import contextlib
import itertools
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from watcher import replay
from watcher.core import observe
from watcher.errors import ReadError
from watcher.model import Source, SourceState
from watcher.pipeline import observe_one
from watcher.reading import SMALL, Limits, ReaderFaultError, Readers, here, is_small

URL = "https://authority.example/a"
SOURCE = Source("authority", URL, kind="article")
AT = datetime(2031, 3, 4, 12, tzinfo=UTC)
START = "<html><body><article><h1>Order</h1><p>The authority has published its decision on the Meridian group.</p>"
BIG = (START + f"<p>{'Words of the order of the authority. ' * 100}</p>" * 100).encode()


@pytest.fixture(scope="module")
def readers() -> Iterator[Readers]:
    made = Readers(Limits(seconds=2.0))
    yield made
    made.close()


@pytest.fixture
def hasty() -> Iterator[Readers]:
    made = Readers(Limits(seconds=0.5))
    yield made
    made.close()


def processes_of(parent: int) -> list[int]:
    told = subprocess.run(["ps", "-o", "pid=", "--ppid", str(parent)], capture_output=True, text=True, check=False)
    return [int(pid) for pid in told.stdout.split()]


def test_small_bodies_are_read_in_place() -> None:
    """A page of common size needs no process; a large, a crowded, an overlong one and a file do."""
    assert is_small(START.encode() * 100)
    assert not is_small(b"x" * SMALL)
    assert not is_small(b"<b>" * 30_000)
    assert not is_small(b"<p " + b"a=1 " * 10_000 + b">")
    assert not is_small(b"%PDF-1.7")


def test_both_ways_read_the_same(readers: Readers) -> None:
    """A body reads the same in the process of its own as in place."""
    answer = replay.fetched_of(BIG, URL, AT, name="x.html")
    run = readers.runner(URL, BIG)
    assert run is not here
    assert run(observe.read, SOURCE, "article", answer) == observe.read(SOURCE, "article", answer)


def test_a_reader_that_never_ends_is_stopped(hasty: Readers) -> None:
    """A reading that would go on for ever fails in words once its time is over, and the next one works."""
    began = time.monotonic()
    with pytest.raises(ReadError, match=r"longer than 0\.5 seconds"):
        hasty.runner(URL, BIG)(sum, itertools.count())
    assert time.monotonic() - began < 10
    assert hasty.runner(URL, BIG)(len, "abc") == 3


def test_the_calls_of_one_body_share_its_time(hasty: Readers) -> None:
    """What one body takes is bounded as a whole, not call by call."""
    run = hasty.runner(URL, BIG)
    run(time.sleep, 0.3)
    with pytest.raises(ReadError, match="longer"):
        run(time.sleep, 0.3)


def test_a_reader_that_wants_all_memory_is_told_no(readers: Readers) -> None:
    """A reading that asks for more memory than a page may have fails in words, and the next one works."""
    with pytest.raises(ReadError, match="more memory"):
        readers.runner(URL, BIG)(bytearray, 1 << 40)
    assert readers.runner(URL, BIG)(len, "abc") == 3


def test_a_reader_that_crashes_takes_nothing_along(readers: Readers) -> None:
    """A parser that brings its process down brings down nothing else."""
    with pytest.raises(ReadError, match="ended the reader's process"):
        readers.runner(URL, BIG)(os.abort)
    assert readers.runner(URL, BIG)(len, "abc") == 3


def test_a_child_that_went_by_itself_is_replaced() -> None:
    """A process that ended for want of work is no failure of the next reading."""
    readers = Readers(Limits(idle=0.05))
    assert readers.runner(URL, BIG)(len, "abc") == 3
    time.sleep(0.2)
    assert readers.runner(URL, BIG)(len, "abcd") == 4
    readers.close()


def test_what_the_child_raises_arrives(readers: Readers) -> None:
    """A body that is no page is a ReadError as in place; a fault of the program keeps its traceback."""
    binary = b"\x89PNG" + bytes(SMALL)
    with pytest.raises(ReadError, match="binary format") as unread:
        readers.runner(URL, binary)(observe.read, SOURCE, "article", replay.fetched_of(binary, URL, AT))
    assert unread.value.url == URL
    with pytest.raises(ReaderFaultError, match="ZeroDivisionError") as fault:
        readers.runner(URL, BIG)(divmod, 1, 0)
    assert "Traceback" in fault.value.__notes__[0]


def test_a_result_that_is_no_value_of_the_model_is_refused(readers: Readers) -> None:
    """A child that was taken over cannot hand back anything that would run here."""
    with pytest.raises(ReadError, match="trusted"):
        readers.runner(URL, BIG)(eval, "__import__('os').system")


def test_the_child_knows_no_secrets(readers: Readers, monkeypatch: pytest.MonkeyPatch) -> None:
    """The process that reads strangers' bytes has none of the environment's secrets."""
    monkeypatch.setenv("SMTP_PASSWORD", "hunter2")
    assert readers.runner(URL, BIG)(eval, "__import__('os').environ.get('SMTP_PASSWORD')") is None


def test_nothing_is_left_running() -> None:
    """After `close` no process is left, not even one that is in the middle of a reading."""
    readers = Readers(Limits(seconds=60))
    before = set(processes_of(os.getpid()))
    readers.runner(URL, BIG)(len, "abc")
    raised: list[ReadError] = []

    def hang() -> None:
        try:
            readers.runner(URL, BIG)(sum, itertools.count())
        except ReadError as error:
            raised.append(error)

    thread = threading.Thread(target=hang)
    thread.start()
    time.sleep(0.2)
    started = set(processes_of(os.getpid())) - before
    assert started
    readers.close()
    thread.join(5)
    assert "Watcher is ending" in raised[0].message
    assert not started & set(processes_of(os.getpid()))


def test_a_child_whose_parent_is_gone_ends() -> None:
    """The process ends by itself when nobody is left to read for."""
    child = subprocess.Popen(
        [sys.executable, "-m", "watcher.reading", "5", str(1 << 30), "60"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    with child:
        assert child.stdin is not None
        child.stdin.close()
        assert child.wait(10) == 0


HOSTILE = {
    "deep nesting": START + "<div>" * 60_000,
    "open tags of type": START + "<b>x" * 30_000,
    "one tag with a hundred thousand attributes": START
    + "<p "
    + " ".join(f"a{i}=1" for i in range(100_000))
    + ">t</p>",
    "one attribute of a megabyte": START + '<p class="' + "x " * 500_000 + '">t</p>',
    "line breaks without end": START + "x<br>" * 60_000,
    "nested tables": START + "<table><tr><td>" * 20_000,
    "notes without end": START + "<p>Update 1: x</p>" * 20_000,
    "a bomb of brackets": '<html><script type="application/ld+json">' + "[" * 400_000 + "</script>" + START,
    "angle brackets": START + "<" * 400_000,
    "zeroes": START + "\x00" * 400_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_pages_end(readers: Readers, name: str) -> None:
    """A page made to be slow gives a reading or a ReadError within its time."""
    body = HOSTILE[name].encode()
    began = time.monotonic()
    answer = replay.fetched_of(body, URL, AT, name="x.html")
    with contextlib.suppress(ReadError):
        seen = observe_one(replay.Memory(), SOURCE, SourceState("authority"), answer, confirmed=True, readers=readers)
        assert seen.result == "baseline"
    assert time.monotonic() - began < 20
