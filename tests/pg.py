"""A real PostgreSQL for the tests: one server a pytest process, started at first use, ended with it.

`postgres_server` (session) gives it; `server.fresh()` makes a database and returns its address. The server listens on
a unix socket only. As root it runs as an unprivileged user, since PostgreSQL refuses root.
"""

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import pytest

from helpers_need import need

FAST = ("fsync=off", "full_page_writes=off", "synchronous_commit=off", "shared_buffers=32MB", "max_connections=60")


def binaries() -> Path | None:
    """The folder of initdb and postgres: as pg_config says, on the path, or Debian's newest."""
    places = []
    if shutil.which("pg_config"):
        said = subprocess.run(["pg_config", "--bindir"], capture_output=True, text=True, check=False)
        places.append(Path(said.stdout.strip()))
    if found := shutil.which("initdb"):
        places.append(Path(found).resolve().parent)
    places += sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda p: -int(p.parent.name.split(".")[0]))
    return next((place for place in places if (place / "initdb").exists() and (place / "postgres").exists()), None)


def _user() -> pwd.struct_passwd | None:
    """Whom the server runs as; None: as we are."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    return None


def _lowered(user: pwd.struct_passwd | None) -> list[str]:
    """The start of a command that gives root up, and dies when the tests do."""
    if user is None:
        return ["setpriv", "--pdeathsig", "INT"] if shutil.which("setpriv") else []
    return ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups", "--pdeathsig", "INT"]


@dataclass
class Server:
    """A running server; `folder` holds its data and its socket."""

    folder: Path
    bindir: Path
    process: "subprocess.Popen[bytes]"
    _names: "count[int]" = field(default_factory=count)

    def url(self, database: str) -> str:
        return f"postgresql+psycopg://watcher@/{database}?host={self.folder}"

    def fresh(self) -> str:
        """A new, empty database; returns its address."""
        name = f"t{next(self._names)}"
        self.sql(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'")
        return self.url(name)

    def sql(self, statement: str) -> None:
        import psycopg

        with psycopg.connect(f"host={self.folder} user=watcher dbname=postgres", autocommit=True) as connection:
            connection.execute(statement.encode())


def _start(folder: Path, bindir: Path) -> Server:
    user = _user()
    if user is not None:
        os.chown(folder, user.pw_uid, user.pw_gid)
    environment = {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C", "TZ": "UTC"}
    data = folder / "data"
    lowered = _lowered(user)

    def command(*words: str | Path) -> Sequence[str]:
        return [*lowered, *map(str, words)]

    made = subprocess.run(
        command(
            bindir / "initdb", "-D", data, "-U", "watcher", "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync"
        ),
        capture_output=True,
        text=True,
        env=environment,
        cwd="/",
        check=False,
    )
    assert made.returncode == 0, f"initdb failed: {made.stderr}"
    options = [word for option in FAST for word in ("-c", option)]
    process = subprocess.Popen(
        command(bindir / "postgres", "-D", data, "-k", folder, "-c", "listen_addresses=", *options),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=environment,
        cwd="/",
    )
    return Server(folder, bindir, process)


def _wait(server: Server) -> None:
    import psycopg

    until = time.monotonic() + 30
    while True:
        try:
            server.sql("SELECT 1")
        except psycopg.OperationalError:
            assert server.process.poll() is None, "the PostgreSQL server ended at once"
            assert time.monotonic() < until, "the PostgreSQL server does not answer"
            time.sleep(0.05)
        else:
            return


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Server]:
    """A PostgreSQL server of our own."""
    bindir = binaries()
    need(bindir, "PostgreSQL's server binaries (Debian: postgresql)")
    need(os.geteuid() != 0 or (_user() and shutil.which("setpriv")), "a user for PostgreSQL, which refuses root")
    assert bindir is not None
    folder = Path(tempfile.mkdtemp(prefix="wpg"))
    server = _start(folder, bindir)
    try:
        _wait(server)
        yield server
    finally:
        server.process.send_signal(2)  # SIGINT: a fast shutdown
        try:
            server.process.wait(10)
        except subprocess.TimeoutExpired:
            server.process.kill()
            server.process.wait()
        shutil.rmtree(folder, ignore_errors=True)
