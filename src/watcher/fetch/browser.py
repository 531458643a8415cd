"""The browser's process: the system's Chromium, found, started, watched, ended.

`Browser.page` lends a fresh profile in a process that is started when the first page asks for it, replaced after some
pages, ended when nobody asked for a while, and killed when it takes too much memory or does not let go. It gets no
environment, no file of ours and no network but the proxy on loopback. Raises FetchError: not transient where a browser
cannot be had at all, with what to do about it. Playwright speaks to it, over a pipe that nobody else can use.
"""

import asyncio
import contextlib
import os
import secrets
import shutil
import signal
import tempfile
from collections.abc import AsyncIterator, Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from watcher.errors import FetchError

if TYPE_CHECKING:
    from playwright.async_api import Browser as Chromium
    from playwright.async_api import BrowserContext, Playwright

T = TypeVar("T")
AT_ONCE = 2  # pages
MOST_PAGES = 100  # of one process
MOST_MEMORY = 1_500_000_000  # bytes of all its processes, what they share not counted
IDLE = 60.0  # seconds without a page after which the process is ended
_LOOK = 0.5  # seconds between two looks at its memory
_PATIENCE = 10.0  # seconds that it is given to close something
_START_SECONDS = 30.0
_DRIVER_GONE = "Connection closed"  # what Playwright says, in an exception without a class of its own

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
_PLACES = ("/usr/bin", "/usr/local/bin", "/snap/bin", "/opt/google/chrome")
NO_PLAYWRIGHT = "pages with `render = true` need the extra `browser`: pip install 'regwatcher[browser]'"
NO_BROWSER = (
    "pages with `render = true` need Chromium, and none is installed: apt install chromium "
    '(or name another one: `[fetch] browser = "/path"`)'
)
NO_SANDBOX = (
    "Chromium cannot put its pages into a sandbox here ({why}); run Watcher as a user of its own on a kernel with user "
    "namespaces (as a service with the drop-in systemd/watcher.service.d/browser.conf), or accept that the pages' "
    "scripts run without it: `[fetch] browser_sandbox = false`"
)

# Nothing but what a page asks for itself may be said to anybody, and that only through the proxy.
FLAGS = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-domain-reliability",
    "--disable-sync",
    "--disable-default-apps",
    "--disable-extensions",
    "--disable-client-side-phishing-detection",
    "--no-pings",
    "--no-first-run",
    "--disable-breakpad",
    "--disable-crash-reporter",
    "--disable-quic",
    "--dns-prefetch-disable",
    # No name is looked up by the browser: the proxy does that. What does not go there leads nowhere.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--disable-notifications",
    "--disable-speech-api",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--password-store=basic",
    "--js-flags=--max-old-space-size=512",
)


class Gone(Exception):  # noqa: N818 - says what the process is
    """The browser's process ended."""


def find(named: str | None) -> str | None:
    """Find the browser: the one that the configuration names, else the system's; None when there is none."""
    if named is not None:
        path = Path(named).expanduser()
        return str(path) if path.is_file() and os.access(path, os.X_OK) else None
    return next((found for name in NAMES if (found := _which(name))), None)


def _which(name: str) -> str | None:
    return shutil.which(name) or shutil.which(name, path=os.pathsep.join(_PLACES))


@dataclass(slots=True, eq=False)
class _Running:
    """One process, and who uses it."""

    chromium: "Chromium"
    playwright: "Playwright"
    mark: str  # stands in its command line
    home: "tempfile.TemporaryDirectory[str]"
    gone: asyncio.Future[None]  # done when the process has ended
    users: int = 0
    pages: int = 0
    killed: str | None = None  # why, in half a sentence
    doubtful: bool = False  # a page failed in a way that may be the process's fault

    @property
    def usable(self) -> bool:
        return not self.doubtful and self.killed is None and self.pages < MOST_PAGES and self.chromium.is_connected()


class Browser:
    """Lends pages. `named` is the executable that the configuration names. Made in a running loop."""

    def __init__(self, named: str | None = None, *, sandbox: bool = True) -> None:
        self._named = named
        self._sandbox = sandbox
        self._running: _Running | None = None
        self._all: set[_Running] = set()
        self._starting = asyncio.Lock()
        self._places = asyncio.Semaphore(AT_ONCE)
        self._watch: asyncio.Task[None] | None = None
        self._idle: asyncio.TimerHandle | None = None
        self._ending: set[asyncio.Task[None]] = set()
        self._closed = False

    def ready(self, shown: str) -> str:
        """Give the executable; raises FetchError where no page can be rendered on this machine as it is set up."""
        try:
            import playwright  # noqa: F401  # only whether it is there
        except ImportError as error:
            raise FetchError(shown, f"{NO_PLAYWRIGHT} ({shown}).", transient=False) from error
        found = find(self._named)
        if found is None:
            why = NO_BROWSER if self._named is None else f"`[fetch] browser`: {self._named} is no program"
            raise FetchError(shown, f"{why} ({shown}).", transient=False)
        if self._sandbox and os.geteuid() == 0:
            why = NO_SANDBOX.format(why="it never does so for root")
            raise FetchError(shown, f"{why} ({shown}).", transient=False)
        return found

    @contextlib.asynccontextmanager
    async def place(self) -> AsyncIterator[None]:
        """Hold one of the few places for pages."""
        async with self._places:
            yield

    @contextlib.asynccontextmanager
    async def page(
        self, shown: str, proxy: str, profile: dict[str, Any]
    ) -> AsyncIterator[tuple["BrowserContext", asyncio.Future[None]]]:
        """Lend a fresh profile with these properties; `proxy` is the address of ours. The future is done when the
        process ends under it: raise Gone then. Raises FetchError, also in place of what its user meets when the process
        was killed meanwhile."""
        running = await self._enter(shown, proxy)
        try:
            context = await _unless(running.gone, running.chromium.new_context(**profile))
            try:
                yield context, running.gone
            finally:
                await self._let_go(running, context)
        except Gone as error:
            raise FetchError(
                shown, f"The browser {running.killed or 'ended before the page was read'} ({shown})."
            ) from error
        except FetchError:
            raise  # it knows better
        except asyncio.CancelledError:  # too late, perhaps because a part of the browser died
            running.doubtful = True
            raise
        except Exception as error:
            running.doubtful = True
            if running.killed is not None or _DRIVER_GONE in str(error):
                why = running.killed or "ended before the page was read"
                raise FetchError(shown, f"The browser {why} ({shown}).") from error
            raise
        finally:
            self._leave(running)

    async def start(self, shown: str, proxy: str) -> None:
        """Have a process ready, before a page is asked for that could not be shown. Raises FetchError."""
        await self._process(shown, proxy)
        self._sleep()

    async def close(self) -> None:
        """End every process; pages under way fail."""
        self._closed = True
        if self._idle is not None:
            self._idle.cancel()
        if self._watch is not None:
            self._watch.cancel()
        for running in list(self._all):
            self._retire(running)
        if self._ending:
            await asyncio.wait(set(self._ending), timeout=3 * _PATIENCE)

    async def _enter(self, shown: str, proxy: str) -> _Running:
        running = await self._process(shown, proxy)
        running.users += 1
        running.pages += 1
        if self._watch is None or self._watch.done():
            self._watch = asyncio.get_running_loop().create_task(self._watch_memory())
        return running

    async def _process(self, shown: str, proxy: str) -> _Running:
        """Give a process that can take a page, started if there is none."""
        if self._idle is not None:
            self._idle.cancel()
            self._idle = None
        async with self._starting:
            if self._running is not None and not self._running.usable:
                if not self._running.users:
                    self._retire(self._running)
                self._running = None
            if self._running is None:
                self._running = await self._start(shown, proxy)
                self._all.add(self._running)
            return self._running

    def _leave(self, running: _Running) -> None:
        running.users -= 1
        if running.users or running not in self._all:
            return
        if running is not self._running or not running.usable:
            self._retire(running)
        else:
            self._sleep()

    def _sleep(self) -> None:
        """End the process after a while, unless a page comes before."""
        if self._idle is not None:
            self._idle.cancel()
        if not self._closed:
            self._idle = asyncio.get_running_loop().call_later(IDLE, self._rest)

    def _rest(self) -> None:
        if self._running is not None and not self._running.users:
            self._retire(self._running)

    def _retire(self, running: _Running) -> None:
        """End a process, beside what else goes on."""
        self._all.discard(running)
        if self._running is running:
            self._running = None
        task = asyncio.get_running_loop().create_task(_end(running))
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)

    async def _start(self, shown: str, proxy: str) -> _Running:
        from playwright.async_api import Error, async_playwright

        executable = self.ready(shown)
        mark = f"--watcher-browser={secrets.token_hex(8)}"
        home = tempfile.TemporaryDirectory(prefix="watcher-browser-", ignore_cleanup_errors=True)
        playwright = None
        try:
            async with asyncio.timeout(_START_SECONDS):
                playwright = await async_playwright().start()
            chromium = await playwright.chromium.launch(
                executable_path=executable,
                args=[*FLAGS, mark],
                chromium_sandbox=self._sandbox,
                headless=True,
                env={"PATH": os.defpath, "HOME": home.name, "TMPDIR": home.name, "LANG": "C.UTF-8", "TZ": "UTC"},
                proxy={"server": proxy, "bypass": "<-loopback>"},
                timeout=_START_SECONDS * 1000,
                handle_sigint=False,
                handle_sigterm=False,
                handle_sighup=False,
            )
        except BaseException as error:
            _kill(mark)
            if playwright is not None:
                with contextlib.suppress(Error, OSError):  # what did not start need not stop
                    await playwright.stop()
            home.cleanup()
            if isinstance(error, Exception):  # Playwright has no class of its own for a driver that died
                raise _not_started(shown, str(error)) from error
            raise
        gone: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        def ended(_: "Chromium") -> None:
            if not gone.done():
                gone.set_result(None)

        chromium.on("disconnected", ended)
        return _Running(chromium, playwright, mark, home, gone)

    async def _let_go(self, running: _Running, context: "BrowserContext") -> None:
        """Close a profile; a process that does not let go of it is killed."""
        closing = asyncio.ensure_future(context.close())
        both: set[asyncio.Future[Any]] = {closing, running.gone}
        done, _ = await asyncio.wait(both, timeout=_PATIENCE, return_when=asyncio.FIRST_COMPLETED)
        if closing not in done:
            closing.cancel()
            if running.gone not in done:
                self._kill(running, "did not let go of the page and was ended")
        elif not closing.cancelled():
            closing.exception()  # a process that died has let go

    def _kill(self, running: _Running, why: str) -> None:
        if running.killed is None:
            running.killed = why
            _kill(running.mark)

    async def _watch_memory(self) -> None:
        """Look at the memory while pages are open."""
        loop = asyncio.get_running_loop()
        while any(running.users for running in self._all):
            for running in list(self._all):
                used = await loop.run_in_executor(None, memory, running.mark)
                if used > MOST_MEMORY:
                    self._kill(running, f"took more than {MOST_MEMORY // 1_000_000:,} MB of memory and was ended")
            await asyncio.sleep(_LOOK)


async def _unless(gone: asyncio.Future[None], wanted: Coroutine[Any, Any, T]) -> T:
    """Wait for something of the browser; raises Gone when the process ends before."""
    task = asyncio.ensure_future(wanted)
    both: set[asyncio.Future[Any]] = {task, gone}
    try:
        await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            raise Gone
        return await task
    finally:
        if not task.done():
            task.cancel()


async def _end(running: _Running) -> None:
    async def leave() -> None:
        await running.chromium.close()
        await running.playwright.stop()

    leaving = asyncio.ensure_future(leave())
    done, _ = await asyncio.wait({leaving}, timeout=_PATIENCE)
    if not done:
        _kill(running.mark)
        done, _ = await asyncio.wait({leaving}, timeout=_PATIENCE)
    if not done:
        leaving.cancel()
    elif not leaving.cancelled():
        leaving.exception()  # it is gone, whatever it says of that
    _kill(running.mark)
    running.home.cleanup()


def _not_started(shown: str, words: str) -> FetchError:
    lines = [line.strip() for line in words.splitlines()]
    if "sandbox" in words.lower() and ("usable sandbox" in words or "namespace" in words.lower()):
        why = NO_SANDBOX.format(why="the kernel gives no user namespaces")
        return FetchError(shown, f"{why} ({shown}).", transient=False)
    why = "".join(c if c.isprintable() else " " for c in next(filter(None, lines), "no word of why"))[:200]
    hint = "as a service it needs the drop-in systemd/watcher.service.d/browser.conf"
    return FetchError(shown, f"The browser did not start: {why}; {hint} ({shown}).")


def _processes() -> dict[int, tuple[int, bytes]]:
    """Every process in sight: its parent and its command line. Empty where the system has no /proc."""
    found = {}
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError, ValueError, IndexError):  # it ended meanwhile, or is not ours to look at
            parent = int((entry / "stat").read_text("utf-8", "replace").rpartition(")")[2].split()[1])
            found[int(entry.name)] = parent, (entry / "cmdline").read_bytes()
    return found


def tree(mark: str) -> list[int]:
    """Process ids of the browser with this mark in its command line, and of all below it."""
    everyone = _processes()
    members = {pid for pid, (_, line) in everyone.items() if mark.encode() in line}
    while more := {pid for pid, (parent, _) in everyone.items() if parent in members} - members:
        members |= more
    return sorted(members)


def memory(mark: str) -> int:
    """Bytes of memory that the processes of a browser hold, what they share not counted; blocking."""
    total = 0
    page = os.sysconf("SC_PAGE_SIZE")
    for pid in tree(mark):
        with contextlib.suppress(OSError, ValueError, IndexError):  # it ended meanwhile
            _, resident, shared = Path(f"/proc/{pid}/statm").read_text("ascii").split()[:3]
            total += (int(resident) - int(shared)) * page
    return total


def _kill(mark: str) -> None:
    for pid in tree(mark):
        with contextlib.suppress(ProcessLookupError, PermissionError):  # it ended meanwhile
            os.kill(pid, signal.SIGKILL)
