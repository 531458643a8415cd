"""What is built, installed and locked."""

import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

import watcher
from helpers_need import need

ROOT = Path(__file__).resolve().parent.parent


def project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def locked() -> dict[str, set[str]]:
    """Map the locked packages to their versions: more than one where platforms or Pythons differ."""
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    found: dict[str, set[str]] = {}
    for name, version in re.findall(r"^([a-z0-9._-]+)==([^\s;\\]+)", text, re.MULTILINE):
        found.setdefault(name, set()).add(version)
    return found


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_the_names_are_as_promised() -> None:
    """The distribution is regwatcher; it brings the commands watcher and regwatcher, which are the same."""
    assert metadata.version("regwatcher") == watcher.__version__
    scripts = {
        each.name: each.value
        for each in metadata.distribution("regwatcher").entry_points.select(group="console_scripts")
    }
    assert scripts == {"watcher": "watcher.cli:main", "regwatcher": "watcher.cli:main"}
    assert project()["project"]["requires-python"] == ">=3.11"
    assert project()["project"]["license"] == "MIT"


def test_every_dependency_is_locked() -> None:
    """Each dependency, of extras and tools too, has a lower bound and stands in the lock."""
    content = project()
    wanted = [
        *content["project"]["dependencies"],
        *(each for extra in content["project"]["optional-dependencies"].values() for each in extra),
        *content["dependency-groups"]["dev"],
        *content["build-system"]["requires"],
    ]
    names = {normal(re.split(r"[\[<>=;! ]", each)[0]) for each in wanted}
    assert names - {normal(name) for name in locked()} == set()
    unbounded = [each for each in content["project"]["dependencies"] if ">=" not in each]
    assert unbounded == []


def test_every_lock_entry_has_hashes() -> None:
    """Every locked package has hashes, and the lock names no place to get it from."""
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    entries = re.split(r"^(?=[a-z0-9])", text, flags=re.MULTILINE)[1:]
    assert len(entries) == sum(map(len, locked().values())) > 20
    assert [entry.split("\n")[0] for entry in entries if "--hash=sha256:" not in entry] == []
    assert "://" not in text
    assert "--index-url" not in re.sub(r"^#.*$", "", text, flags=re.MULTILINE)


def test_what_is_installed_is_what_is_locked() -> None:
    """The environment of the tests has the locked versions, so a green run is about what users get."""
    differing = {}
    for name, versions in locked().items():
        try:
            found = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue  # for another platform or Python
        if found not in versions:
            differing[name] = (found, versions)
    assert differing == {}


def test_the_wheel_carries_everything(tmp_path: Path) -> None:
    """The wheel holds the code, its data files, the type marker and the licence; no tests."""
    copy = tmp_path / "copy"
    shutil.copytree(ROOT / "src", copy / "src", ignore=shutil.ignore_patterns("__pycache__", "*.db*"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, copy)
    build = "import sys, hatchling.build as b; print(b.build_wheel(sys.argv[1]))"
    subprocess.run([sys.executable, "-c", build, str(tmp_path)], cwd=copy, check=True, capture_output=True, timeout=120)
    (wheel,) = tmp_path.glob("*.whl")
    assert wheel.name == f"regwatcher-{watcher.__version__}-py3-none-any.whl"
    names = set(zipfile.ZipFile(wheel).namelist())
    source = {
        path.relative_to(copy / "src").as_posix() for path in (copy / "src" / "watcher").rglob("*") if path.is_file()
    }
    assert source - names == set()
    assert "watcher/py.typed" in names
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert not any(name.startswith("tests/") for name in names)


def test_the_package_works_without_the_tools() -> None:
    """Nothing that users install imports what only the tests need."""
    tools = {
        "pytest",
        "hypothesis",
        "aiosmtpd",
        "standardwebhooks",
        "jsonschema",
        "trustme",
        "mypy",
        "ruff",
        "hatchling",
    }
    pattern = re.compile(rf"^\s*(?:import|from)\s+({'|'.join(sorted(tools))})\b", re.MULTILINE)
    found = [
        f"{path.relative_to(ROOT)}: {match[1]}"
        for path in sorted((ROOT / "src").rglob("*.py"))
        for match in pattern.finditer(path.read_text(encoding="utf-8"))
    ]
    assert found == []


def make(folder: Path, *args: str) -> "subprocess.CompletedProcess[str]":
    need(shutil.which("make"), "make is not installed")
    return subprocess.run(["make", *args], cwd=folder, capture_output=True, text=True, timeout=60, check=False)


def test_make_alone_lists_its_targets(tmp_path: Path) -> None:
    """`make` without a target changes nothing and lists what there is, one line each."""
    folder = tmp_path / "a folder with spaces"
    folder.mkdir()
    shutil.copy(ROOT / "Makefile", folder)
    ran = make(folder)
    assert ran.returncode == 0
    targets = re.findall(r"^  ([a-z-]+)  +\S", ran.stdout, re.MULTILINE)
    assert {"demo", "run", "test", "test-long", "check", "bench", "lock", "fmt", "clean", "help"} <= set(targets)
    assert [path.name for path in folder.iterdir()] == ["Makefile"]


@pytest.mark.parametrize(
    ("script", "told"),
    [
        ("exit 1", "Watcher needs Python 3.11 or newer; tried: {python}"),
        ('case "$2" in *venv*) exit 1;; esac', "{python} lacks the venv module"),
    ],
)
def test_make_says_what_python_lacks(tmp_path: Path, script: str, told: str) -> None:
    """A Python that is too old, or lacks the venv module, is told in words, and nothing half made is left."""
    folder = tmp_path / "a folder with spaces"
    folder.mkdir()
    for name in ("Makefile", "requirements.lock", "pyproject.toml"):
        shutil.copy(ROOT / name, folder)
    python = tmp_path / "old python"
    python.write_text(f"#!/bin/sh\n{script}\n")
    python.chmod(0o755)
    ran = make(folder, f"PYTHON={python}", "setup")
    assert ran.returncode != 0
    assert told.format(python=python) in ran.stderr
    assert not (folder / ".venv").exists()
