"""What must not stand in the repository, and what must agree with each other."""

import re
import shutil
import subprocess
from functools import cache
from pathlib import Path

import pytest

import watcher
from helpers_need import need

ROOT = Path(__file__).resolve().parent.parent
BINARY = {".png", ".jpg", ".gif", ".gz", ".zst", ".pdf", ".xlsx", ".zip", ".bin", ".ico", ".woff2"}
SELF = "tests/test_hygiene.py"  # names what it forbids


@cache
def tracked() -> tuple[Path, ...]:
    """List the files that git keeps; a copy without git has none to be judged."""
    need(shutil.which("git"), "git is not installed")
    if not (ROOT / ".git").exists():
        pytest.skip("not a git working tree")
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, timeout=30).stdout
    return tuple(path for name in listed.decode().split("\0") if name and (path := ROOT / name).is_file())


def texts(*suffixes: str) -> list[tuple[str, str]]:
    """Give (name, text) of the tracked text files with one of the suffixes; of all when none is named."""
    return [
        (path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8", errors="replace"))
        for path in tracked()
        if path.suffix not in BINARY and (not suffixes or path.suffix in suffixes)
    ]


def hits(pattern: str, files: list[tuple[str, str]], flags: int = 0) -> list[str]:
    return [
        f"{name}:{text.count(chr(10), 0, match.start()) + 1}: {match[0].strip()}"
        for name, text in files
        if name != SELF
        for match in re.finditer(pattern, text, flags | re.MULTILINE)
    ]


def test_nothing_is_left_to_do() -> None:
    """The repository holds finished work: no marks of unfinished business."""
    assert hits(r"\b(?:TODO|FIXME|XXX|HACK)\b[:( ]", texts(".py", ".toml", ".md", ".service", ".html", ".j2")) == []
    assert hits(r"raise NotImplementedError|^\s*\.\.\.\s*#\s*stub", texts(".py")) == []


def test_no_error_is_swallowed() -> None:
    """An exception is handled, suppressed by name, or goes on: never passed over in silence."""
    assert hits(r"except[^\n]*:\s*(?:#[^\n]*)?\n?\s*(?:pass|\.\.\.)\s*$", texts(".py")) == []
    assert hits(r"^\s*except\s*:", texts(".py")) == []
    assert hits(r"suppress\((?:Base)?Exception\)", texts(".py")) == []


def test_ignores_have_reasons() -> None:
    """A rule is switched off by its name and with its reason beside it, never wholesale."""
    python = texts(".py")
    assert hits(r"#\s*type:\s*ignore(?!\[)", python) == []
    assert hits(r"#\s*noqa(?!:)", python) == []
    assert hits(r"#\s*(?:ruff|flake8):\s*noqa\s*$", python) == []
    ours = [each for each in python if each[0].startswith("src/")]
    assert hits(r"#\s*(?:type:\s*ignore\[[^\]]*\]|noqa:\s*[A-Z0-9, ]+?)\s*$", ours) == []


def test_nothing_speaks_of_a_machine() -> None:
    """No file names somebody's home, a working folder of one machine, or a host to get packages from."""
    files = texts()
    assert hits(r"(?<![\w.])/(?:work|home/\w+|Users|root)/[\w.-]+", files) == []
    registries = r"(?i)\b(?:files\.)?pythonhosted\.org|\bpypi\.org|\bdeb\.debian\.org|registry\.npm"
    assert hits(registries, files) == []
    assert hits(r"--(?:extra-)?index-url\s+\S", files) == []


def test_the_version_stands_in_one_place() -> None:
    """Only the package itself says its version; the changelog has an entry for it."""
    (line,) = re.findall(r'^__version__ = "(.+)"$', (ROOT / "src/watcher/__init__.py").read_text(), re.MULTILINE)
    assert line == watcher.__version__
    places = hits(rf'version(?:__)?\s*=\s*"{re.escape(line)}"', texts(".py", ".toml"))
    assert [place.split(":")[0] for place in places] == ["src/watcher/__init__.py"]
    changelog = (ROOT / "CHANGELOG.md").read_text()
    assert re.search(rf"^## \[(?:Unreleased|{re.escape(line)})\]", changelog, re.MULTILINE)


def targets() -> set[str]:
    return set(re.findall(r"^([a-z-]+):.*##", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))


def test_what_the_docs_tell_to_type_exists() -> None:
    """Every `make …` and every `watcher …` in the docs is a target and a command that there is."""
    docs = [(name, text) for name, text in texts(".md") if name != "CHANGELOG.md"]
    named = {match for _, text in docs for match in re.findall(r"(?:^|`|[$#] )make ([a-z][a-z-]*)", text, re.MULTILINE)}
    assert named - targets() == set()
    assert {"demo", "test", "run"} <= named
    command = re.compile(r"(?:^|`|\bbin/|[$#] )watcher ([a-z]+)", re.MULTILINE)
    typed = {match for _, text in docs for match in command.findall(text)}
    assert typed - commands() == set()


@cache
def commands() -> frozenset[str]:
    from typer.main import get_command

    from watcher.cli.app import app

    return frozenset(getattr(get_command(app), "commands"))  # noqa: B009 - its type is a plain command


def logged() -> set[str]:
    """List the names of events that the source logs."""
    call = re.compile(r'\blog\.(?:debug|info|warning|error|exception|critical)\(\s*f?"([^"]+)"')
    found: set[str] = set()
    for name, text in texts(".py"):
        if name.startswith("src/"):
            found |= {re.sub(r"\{[^}]*\}", "*", event) for event in call.findall(text)}
    return found


def test_the_docs_list_every_log_event() -> None:
    """The table of log events in docs/operations.md and the source agree, in both directions."""
    text = (ROOT / "docs/operations.md").read_text(encoding="utf-8")
    _, _, rest = text.partition("### Log events")
    listed = set(re.findall(r"^\| `([a-z.*_-]+)`", rest.partition("\n#")[0], re.MULTILINE))
    assert listed == logged()


def test_links_in_the_docs_lead_somewhere() -> None:
    """Every relative link in a Markdown file leads to a file that there is."""
    broken = []
    for name, text in texts(".md"):
        for target in re.findall(r"\]\(([^)\s]+)\)", text):
            path = target.partition("#")[0]
            if path and ":" not in path and not (ROOT / name).parent.joinpath(path).exists():
                broken.append(f"{name}: {target}")
    assert broken == []
