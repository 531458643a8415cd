"""Where bodies are read: small ones here, large and odd ones in a process of its own that can be stopped.

    Readers().runner(url, *bodies)    a `Run`: calls a pure function of the core with pickled arguments and result

The child knows no store, no network, no environment and no open file of ours; it is bounded in memory, in processor
time and on the clock, is started when first needed, kept warm, and killed when it exceeds its bounds: `ReadError` then
says so in words. What it hands back may hold values of the model only.
"""

import contextlib
import io
import os
import pickle
import re
import resource
import select
import struct
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, is_dataclass
from typing import IO, Any, Protocol, TypeVar

from watcher.errors import ReadError

T = TypeVar("T")

SMALL = 300_000  # bytes of a body that is read where one is
_MOST_TAGS = 20_000  # of such a body
_LONG_TAG = re.compile(rb"<[^<>]{20000}")  # attributes are compared each with each
_FILES = (b"%PDF-", b"PK\x03\x04", b"\xd0\xcf\x11\xe0")  # files are always read in the child
_HEAD = struct.Struct(">Q?")  # how many bytes follow, and whether the sender ends after them
_LONGEST_REPLY = 512_000_000
_READY = b"ready"  # what a child says once it has loaded what it reads with
_LONGEST_START = 60.0  # seconds
_SWOLLEN = 200_000_000  # bytes from which a child is not kept


class Run(Protocol):
    """Calls a pure function of the core; raises what it raises, and ReadError where its bounds were exceeded."""

    def __call__(self, function: Callable[..., T], /, *args: Any, **kwargs: Any) -> T: ...


def here(function: Callable[..., T], /, *args: Any, **kwargs: Any) -> T:
    """Call it in this thread."""
    return function(*args, **kwargs)


def is_small(body: bytes) -> bool:
    """Say whether reading a body is sure to end soon: by its size, and by how many and how long its tags are."""
    return (
        len(body) < SMALL
        and not body.startswith(_FILES)
        and body.count(b"<") < _MOST_TAGS
        and _LONG_TAG.search(body) is None
    )


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one reading: seconds on the clock and of the processor, bytes of address space; idle seconds until
    the child ends, and how many readings one child serves."""

    seconds: float = 10.0
    memory: int = 768 << 20
    idle: float = 300.0
    served: int = 200


class ReaderFaultError(RuntimeError):
    """A fault of the program that arose in the child; its traceback stands in the notes."""


class _Values(pickle.Unpickler):
    """Lets through values of the model and of the standard library's dates, and no function."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("pydantic_core._pydantic_core", "TzInfo"):  # of the times that come from the store
            return super().find_class(module, name)
        ours = module == "watcher.errors" or module.startswith(("watcher.model.", "watcher.core."))
        found = super().find_class(module, name) if ours or module == "datetime" else None
        if module == "datetime" or (
            isinstance(found, type) and (is_dataclass(found) or issubclass(found, (Exception, tuple)))
        ):
            return found
        raise pickle.UnpicklingError(f"{module}.{name} is no value of a reading")


class _Child:
    """One process that serves one call at a time."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._served = 0
        self._is_ready = self._leaves = False
        kept = {"PATH", "PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR"}
        self._process = subprocess.Popen(  # noqa: S603 - this program itself, with numbers as arguments
            [sys.executable, "-m", "watcher.reading", str(limits.seconds), str(limits.memory), str(limits.idle)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={name: value for name, value in os.environ.items() if name in kept},
            bufsize=0,
        )

    @property
    def is_alive(self) -> bool:
        return not self._leaves and self._served < self._limits.served and self._process.poll() is None

    def call(self, job: bytes, seconds: float) -> tuple[bytes, float]:
        """Send a job and wait for its reply; gives it and the seconds it took.

        Raises TimeoutError, EOFError when the child ended, OSError.
        """
        self._served += 1
        sent, got = self._process.stdin, self._process.stdout
        if sent is None or got is None:
            raise EOFError
        if not self._is_ready:  # its start is no part of the reading's time
            _receive(got.fileno(), len(_READY), time.monotonic() + _LONGEST_START)
            self._is_ready = True
        deadline = time.monotonic() + seconds
        os.set_blocking(sent.fileno(), False)
        _send(sent.fileno(), _HEAD.pack(len(job), False) + job, deadline)
        size, self._leaves = _HEAD.unpack(_receive(got.fileno(), _HEAD.size, deadline))
        if size > _LONGEST_REPLY:
            raise EOFError
        return _receive(got.fileno(), size, deadline), seconds - (deadline - time.monotonic())

    def kill(self) -> None:
        """Stop it at once; whoever waits for its reply meets an EOFError."""
        self._process.kill()

    def end(self, *, grace: float = 0.0) -> int:
        """Kill it, unless it ends by itself within `grace` seconds; gives its exit status, negative for a signal."""
        try:
            status = self._process.wait(grace)
        except subprocess.TimeoutExpired:
            self._process.kill()
            status = self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()
        return status


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def _send(fd: int, data: bytes, deadline: float) -> None:
    view = memoryview(data)
    while view:
        if select.select([], [fd], [], _left(deadline))[1]:
            try:
                view = view[os.write(fd, view[: 1 << 16]) :]
            except BlockingIOError:
                continue


def _receive(fd: int, size: int, deadline: float) -> bytes:
    parts: list[bytes] = []
    while size:
        if select.select([fd], [], [], _left(deadline))[0]:
            part = os.read(fd, min(size, 1 << 20))
            if not part:
                raise EOFError
            parts.append(part)
            size -= len(part)
    return b"".join(parts)


class Readers:
    """The children and the threads that wait for them; `close` ends both."""

    def __init__(self, limits: Limits | None = None, *, children: int = 1) -> None:
        self.limits = limits or Limits()
        self.threads: Executor = ThreadPoolExecutor(children, thread_name_prefix="bounded-reader")
        self._places = threading.BoundedSemaphore(children)
        self._guard = threading.Lock()
        self._idle: list[_Child] = []
        self._busy: set[_Child] = set()
        self._closed = False

    def runner(self, url: str, *bodies: bytes) -> Run:
        """Give the `Run` for bodies of `url`: `here` for small ones, else a child's; one deadline is for all calls."""
        if all(map(is_small, bodies)):
            return here
        left = self.limits.seconds

        def run(function: Callable[..., T], /, *args: Any, **kwargs: Any) -> T:
            nonlocal left
            with self._places:
                result: T
                job = pickle.dumps((function, args, kwargs), pickle.HIGHEST_PROTOCOL)
                result, seconds = self._call(url, left, job)
                left -= seconds
                return result

        return run

    def _call(self, url: str, seconds: float, job: bytes, *, again: bool = True) -> tuple[Any, float]:
        """Give the result and the seconds it took. A child that had just ended by itself is replaced once."""
        child = self._take()
        try:
            reply, took = child.call(job, seconds)
        except TimeoutError:
            child.end()
            words = f"reading it took longer than {self.limits.seconds:g} seconds and was stopped"
            raise ReadError(url, words) from None
        except (EOFError, OSError) as error:
            status = child.end(grace=1.0)
            if self._closed:
                raise ReadError(url, "reading it was stopped because Watcher is ending") from error
            if again and (status == 0 or isinstance(error, BrokenPipeError)):
                return self._call(url, seconds, job, again=False)
            raise ReadError(url, f"reading it ended the reader's process ({_ended(status)})") from error
        else:
            self._give(child)
        finally:
            with self._guard:
                self._busy.discard(child)
        return _result(url, reply), took

    def _take(self) -> _Child:
        """Take a warm child or start one."""
        with self._guard:
            if self._closed:
                raise RuntimeError("the readers are closed")
            while self._idle:
                child = self._idle.pop()
                if child.is_alive:
                    break
                child.end()
            else:
                child = _Child(self.limits)
            self._busy.add(child)
            return child

    def _give(self, child: _Child) -> None:
        with self._guard:
            if not self._closed and child.is_alive:
                self._idle.append(child)
                return
        child.end()

    def close(self) -> None:
        """End every child, also one that is reading, and take no more work."""
        with self._guard:
            self._closed = True
            idle, self._idle = self._idle, []
            for child in self._busy:
                child.kill()  # the thread that waits for it ends it
        for child in idle:
            child.end()
        self.threads.shutdown(wait=False, cancel_futures=True)


def _ended(status: int) -> str:
    return f"signal {-status}" if status < 0 else f"status {status}"


def _result(url: str, reply: bytes) -> Any:
    try:
        kind, value = _Values(io.BytesIO(reply)).load()
    except Exception as error:  # whatever a reply that is none raises
        raise ReadError(url, "reading it brought no result that can be trusted") from error
    if kind == "value":
        return value
    if kind == "unread":
        raise ReadError(*value)
    if kind == "memory":
        raise ReadError(url, "reading it needs more memory than one page may have")
    name, words, trace = value
    fault = ReaderFaultError(f"{name}: {words}")
    fault.add_note(trace)
    raise fault


# --- the child ------------------------------------------------------------------------------------------------------


def _size() -> int:
    """The memory that this process holds, in bytes; where the system does not tell, the most that it ever held."""
    try:
        with open("/proc/self/statm", "rb") as told:  # noqa: PTH123 - a pseudo file, read at every job
            return int(told.read().split()[1]) * resource.getpagesize()
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def _bound(seconds: float, memory: int) -> None:
    """Bound this process; where the system forbids even that, the parent's clock remains."""
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
        used = resource.getrusage(resource.RUSAGE_SELF)
        soft = int(used.ru_utime + used.ru_stime + seconds) + 2
        resource.setrlimit(resource.RLIMIT_CPU, (soft, resource.RLIM_INFINITY))


def _answer(job: bytes) -> bytes:
    try:
        function, args, kwargs = pickle.loads(job)  # noqa: S301 - from our own parent
        reply: tuple[str, Any] = ("value", function(*args, **kwargs))
        return pickle.dumps(reply, pickle.HIGHEST_PROTOCOL)
    except ReadError as error:
        reply = ("unread", (error.url, error.message))
    except MemoryError:
        reply = ("memory", None)
    except Exception as error:  # a fault of ours: told to the parent, who keeps it with its traceback
        reply = ("fault", (type(error).__name__, str(error)[:1000], traceback.format_exc()[-8000:]))
    return pickle.dumps(reply, pickle.HIGHEST_PROTOCOL)


def _read(source: IO[bytes], size: int) -> bytes | None:
    """Read so many bytes; None when the parent is gone."""
    data = bytearray()
    while len(data) < size:
        part = source.read(min(size - len(data), 1 << 20))
        if not part:
            return None
        data += part
    return bytes(data)


def serve(seconds: float, memory: int, idle: float, source: IO[bytes], sink: IO[bytes]) -> None:
    """Serve jobs until the parent is gone, nothing came for `idle` seconds, or a body left this process too large."""
    while select.select([source], [], [], idle)[0]:
        head = _read(source, _HEAD.size)
        job = _read(source, _HEAD.unpack(head)[0]) if head else None
        if job is None:
            return
        _bound(seconds, memory)
        reply = _answer(job)
        leaves = _size() > _SWOLLEN
        sink.write(_HEAD.pack(len(reply), leaves) + reply)
        sink.flush()
        if leaves:
            return


def _main() -> None:
    import signal

    from watcher.core import observe  # noqa: F401 - what is read with, before the bounds count

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal's Ctrl-C is the parent's to handle
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # a library that prints must not write into a reply
    out.write(_READY)
    out.flush()
    seconds, memory, idle = sys.argv[1:4]
    with contextlib.suppress(BrokenPipeError):
        serve(float(seconds), int(memory), float(idle), os.fdopen(0, "rb", buffering=0), out)


if __name__ == "__main__":
    _main()
