"""The house rules of docs/design.md, held against the source: who imports whom, what is pure, how long things grow."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "src" / "watcher"

# Left to right; a room imports only from columns to its left, and never from a neighbour in its own.
COLUMNS: tuple[tuple[str, ...], ...] = (
    ("model", "errors"),
    ("core",),
    ("fetch", "store", "channels", "reading"),
    ("config",),
    ("datasets", "ahead", "pairing", "following", "paging", "logins"),
    ("pipeline", "delivery"),
    ("dispatch", "actions", "replay"),
    ("web",),
    ("control", "world", "notify", "logs"),
    ("dry", "health"),
    ("daemon", "fleet"),
    ("cli", "demo"),
)
# The demo is a command: `watcher demo` starts it, and it shows what the commands show.
WITHIN = {("cli", "demo"), ("demo", "cli")}

PURE = ("model", "errors", "core")
# Clock, disk, network, dice, threads, logs.
# fmt: off
IMPURE = {
    "os", "sys", "io", "time", "random", "secrets", "uuid", "socket", "ssl", "select", "selectors", "asyncio",
    "anyio", "threading", "multiprocessing", "concurrent", "subprocess", "signal", "shutil", "tempfile", "glob",
    "pathlib", "fileinput", "mmap", "logging", "structlog", "warnings", "sqlite3", "sqlalchemy", "httpx", "aiohttp",
    "requests", "urllib.request", "http.client", "http.server", "smtplib", "ftplib", "webbrowser", "platform",
    "locale", "getpass",
}
# fmt: on
# What of them has no effect: types, streams over what is in memory (feedparser and csv read streams), and the turn that
# callers of a library without threads must take (PDFium).
HARMLESS = {"time": {"struct_time"}, "io": {"BytesIO", "StringIO"}, "threading": {"Lock"}}
IMPURE_CALLS = frozenset({"open", "input", "print", "exec", "eval", "compile", "breakpoint", "__import__"})
CLOCKS = frozenset({"now", "utcnow", "today"})  # datetime's, under whatever name it was imported

MODULE_LINES = 500
FUNCTION_LINES = 50
# (path, what) → why it may be longer. Keep it short: a reason is "it is one table", never "it grew".
LONG: dict[tuple[str, str], str] = {}


def sources() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def shown(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def module_name(path: Path) -> str:
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def modules() -> dict[str, Path]:
    return {module_name(path): path for path in sources()}


def named(tree: ast.Module, package: tuple[str, ...] = ()) -> Iterator[tuple[int, str]]:
    """Yield (line, dotted name) of everything a module of `package` imports, inside functions too.

    Of `from a import b` that is `a.b`; relative imports are made absolute.
    """
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            origin = ".".join([*base, *([node.module] if node.module else [])])
            yield from ((node.lineno, f"{origin}.{alias.name}") for alias in node.names)


def imported(path: Path) -> Iterator[tuple[int, str]]:
    """Yield (line, dotted name) of everything a file of the package imports."""
    parts = tuple(module_name(path).split("."))
    return named(tree(path), parts if path.name == "__init__.py" else parts[:-1])


def room(name: str) -> str | None:
    """Name the room of a dotted name, `core` for `watcher.core.text`; None for `watcher` itself and for others."""
    parts = name.split(".")
    known = {each for column in COLUMNS for each in column}
    if parts[0] != "watcher" or len(parts) < 2:
        return None
    if parts[1] in known:
        return parts[1]
    # `from watcher import __version__` and the entry `python -m watcher` belong to no room
    return None if parts[1].startswith("__") else f"unknown room {parts[1]}"


def column(name: str) -> int:
    return next(number for number, names in enumerate(COLUMNS) if name in names)


def test_every_module_stands_in_a_room() -> None:
    """Every module of the package belongs to a room of the plan (docs/design.md, "Who may import whom")."""
    stray = [shown(path) for name, path in modules().items() if (room(name) or "").startswith("unknown")]
    assert stray == []


def test_imports_go_left() -> None:
    """A room imports only rooms to its left, and not its neighbours."""
    wrong = []
    for name, path in modules().items():
        here = room(name)
        if here is None:
            continue
        for line, target in imported(path):
            there = room(target)
            if there is None or there == here or (here, there) in WITHIN:
                continue
            if there.startswith("unknown") or column(there) >= column(here):
                wrong.append(f"{shown(path)}:{line}: {here} imports {there}")
    assert wrong == []


def edges() -> dict[str, set[str]]:
    """Map each module to the modules of Watcher that it imports at import time or inside a function."""
    known = modules()
    found: dict[str, set[str]] = {}
    for name, path in known.items():
        targets = set()
        for _, target in imported(path):
            # `watcher.core.text.blocks` is the module `watcher.core.text`; importing it runs its package too,
            # but a package that lists its own parts is no cycle
            steps = target.split(".")
            names = (".".join(steps[:depth]) for depth in range(len(steps), 0, -1))
            module = next((each for each in names if each in known), name)
            if module != name and not name.startswith(f"{module}."):
                targets.add(module)
        found[name] = targets
    return found


def cycle(graph: dict[str, set[str]]) -> list[str]:
    """Find a cycle in `graph` and return it as a path that ends where it began; [] if there is none."""
    done: set[str] = set()

    def visit(node: str, path: list[str]) -> list[str]:
        if node in path:
            return [*path[path.index(node) :], node]
        if node in done:
            return []
        for target in sorted(graph.get(node, ())):
            if found := visit(target, [*path, node]):
                return found
        done.add(node)
        return []

    return next((found for node in sorted(graph) if (found := visit(node, []))), [])


def test_no_cycles() -> None:
    """No module imports itself by way of others, inside a package neither."""
    assert cycle({"a": {"b"}, "b": {"c"}, "c": {"b"}}) == ["b", "c", "b"]
    assert cycle(edges()) == []


def dotted(node: ast.expr) -> str:
    """Write `a.b.c` for a chain of names, "" for anything else."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute) and (base := dotted(node.value)):
        return f"{base}.{node.attr}"
    return ""


def harmless(tree: ast.Module, target: str) -> bool:
    """Say whether only the harmless parts of an impure module are used under its own name."""
    module, _, name = target.partition(".")
    allowed = HARMLESS.get(module)
    if allowed is None or name:
        return name in (allowed or ())
    used = {dotted(node) for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    return all(each.split(".")[1] in allowed for each in used if each.startswith(f"{module}."))


def effects(tree: ast.Module, targets: Iterator[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    """Yield (line, what) of everything in a module that reaches beyond its arguments."""
    for line, target in targets:
        names = {".".join(target.split(".")[:depth]) for depth in range(1, target.count(".") + 2)}
        if names & IMPURE and not harmless(tree, target):
            yield line, f"imports {target}"
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else dotted(node.func)
            if called in (CLOCKS if isinstance(node.func, ast.Attribute) else IMPURE_CALLS):
                yield node.lineno, f"calls {called}()"
        elif isinstance(node, ast.AsyncFunctionDef | ast.Await):
            yield node.lineno, "waits"
        elif isinstance(node, ast.Global):
            yield node.lineno, f"global {', '.join(node.names)}"


def test_the_core_is_pure() -> None:
    """Values, errors and core never open, sleep, log, read a clock or roll dice."""
    found = [
        f"{shown(path)}:{line}: {what}"
        for name, path in modules().items()
        if room(name) in PURE
        for line, what in effects(tree(path), imported(path))
    ]
    assert found == []


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("import os.path", ["imports os.path"]),
        ("from time import sleep", ["imports time.sleep"]),
        ("import time\nx: time.struct_time", []),
        ("import time\nx = time.time()", ["imports time"]),
        ("from io import BytesIO\nBytesIO(b'')", []),
        ("import io\nio.open('x')", ["imports io"]),
        ("from datetime import datetime as d\nd.now()", ["calls now()"]),
        ("import datetime\ndatetime.date.today()", ["calls today()"]),
        ("open('x')", ["calls open()"]),
        ("async def f(): pass", ["waits"]),
        ("def f():\n global x", ["global x"]),
        ("from urllib.parse import urlsplit", []),
        ("from urllib import request", ["imports urllib.request"]),
    ],
)
def test_the_purity_check_sees(code: str, found: list[str]) -> None:
    """The check of purity finds what it forbids, and nothing else."""
    parsed = ast.parse(code)
    assert [what for _, what in effects(parsed, named(parsed))] == found


def lengths(path: Path) -> Iterator[tuple[str, int, int]]:
    """Yield (what, line, length) of a file and its functions; a docstring is not held against its function."""
    yield "module", 1, path.read_text(encoding="utf-8").count("\n")
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno:
            first = node.body[0]
            documented = ast.get_docstring(node) is not None and first.end_lineno is not None
            prose = first.end_lineno - first.lineno + 1 if documented and first.end_lineno else 0
            yield node.name, node.lineno, node.end_lineno - node.lineno + 1 - prose


def test_files_and_functions_stay_short() -> None:
    """A file has at most 500 lines, a function at most 50 beside its docstring."""
    long = []
    for path in [*sources(), *sorted((ROOT / "tests").rglob("*.py")), *sorted((ROOT / "bench").rglob("*.py"))]:
        for what, line, length in lengths(path):
            bound = MODULE_LINES if what == "module" else FUNCTION_LINES
            if length > bound and (shown(path), what) not in LONG:
                long.append(f"{shown(path)}:{line}: {what} has {length} lines")
    assert long == []


def test_exceptions_to_the_length_are_needed() -> None:
    """An exception to the bounds goes when its reason does."""
    needed = {
        (shown(path), what)
        for path in {ROOT / name for name, _ in LONG}
        for what, _, length in lengths(path)
        if length > (MODULE_LINES if what == "module" else FUNCTION_LINES)
    }
    assert set(LONG) == needed


def test_modules_say_what_they_are() -> None:
    """Every module with code opens with its contract: a docstring of at most ten lines."""
    wrong = []
    for path in sources():
        docstring = ast.get_docstring(tree(path))
        if tree(path).body and not docstring:
            wrong.append(f"{shown(path)}: no docstring")
        elif docstring and docstring.count("\n") >= 10 and path.name not in ("errors.py",):  # errors.py draws its tree
            wrong.append(f"{shown(path)}: {docstring.count(chr(10)) + 1} lines of docstring")
    assert wrong == []


def test_nothing_is_mocked() -> None:
    """Tests talk to real peers on loopback: no Mock, no patch."""
    found = []
    for path in [*sources(), *sorted((ROOT / "tests").rglob("*.py"))]:
        for line, target in named(tree(path)):
            if "mock" in target.lower().split(".") or target.split(".")[-1] in {"Mock", "MagicMock", "patch"}:
                found.append(f"{shown(path)}:{line}: {target}")
    assert found == []


# What runs on import because somebody else's form wants it so.
SCRIPTS = {
    "src/watcher/__main__.py": "python -m watcher",
    "src/watcher/cli/app.py": "Typer's table of commands, put together out of the files beside it",
    "src/watcher/store/migrations/env.py": "Alembic executes this file",
}


@pytest.mark.parametrize("path", [pytest.param(path, id=shown(path)) for path in sources()])
def test_nothing_registers_itself(path: Path) -> None:
    """Importing a module only defines things: no loop, no with, no bare call at its top level."""
    doing = [
        f"{shown(path)}:{node.lineno}"
        for node in tree(path).body
        if isinstance(node, ast.For | ast.While | ast.With | ast.Delete)
        or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Call))
    ]
    assert doing == [] or shown(path) in SCRIPTS
