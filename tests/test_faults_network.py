"""Names that cannot be looked up, private addresses, a full disk: in namespaces of their own, so that nothing leaks."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from guarded_faults import METADATA
from helpers_need import need


def isolated(root: Path, what: str, folder: Path) -> dict[str, Any]:
    """Run tests/guarded_faults.py in a network and mount namespace of its own."""
    unshare = shutil.which("unshare")
    need(unshare and shutil.which("ip"), "unshare(1) and ip(8) make namespaces")
    flags = ["-nm"] if os.geteuid() == 0 else ["-rnm"]
    probe = subprocess.run(
        [str(unshare), *flags, "mount", "-t", "tmpfs", "x", str(folder)], capture_output=True, check=False
    )
    need(probe.returncode == 0, f"this machine does not permit namespaces: {probe.stderr.decode()}")
    paths = [str(root / "tests"), str(root / "src")]
    done = subprocess.run(
        [str(unshare), *flags, sys.executable, str(root / "tests" / "guarded_faults.py"), what, str(folder)],
        capture_output=True,
        timeout=240,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_names_and_where_they_lead(root: Path, tmp_path: Path) -> None:
    """A name that is unknown, whose servers fail or say nothing, or that leads to a private address is told in words,
    the metadata service is not reached by a redirect, other hosts go on, and nothing is lost when all is well again."""
    found = isolated(root, "names", tmp_path)
    names = {"gone", "away", "hangs", "inner", "calm", "meta"}
    assert found["before"] == {name: ["baseline", [], None] for name in names}
    words = {
        "gone": ("failed", "gone.test cannot be looked up: it is not known"),
        "away": ("failed", "the name servers do not answer for it"),
        "hangs": ("failed", "the name servers do not answer for it"),
        "inner": ("refused", "not a public address"),
        "meta": ("refused", f"{METADATA} is not a public address"),
    }
    for name, (outcome, said) in words.items():
        assert found["meanwhile"][name][:2] == [outcome, []]
        assert said in found["meanwhile"][name][2]
    assert found["meanwhile"]["calm"] == ["unchanged", [], None]
    assert found["hosts"] == ["calm.test", "meta.test"]
    assert found["after"] == {name: ["changed", ["text.changed"], None] for name in names}
    assert found["told"] == len(names)


@pytest.mark.long
def test_a_full_disk(root: Path, tmp_path: Path) -> None:
    """A daemon whose disk is full says so at every look, goes on, sends nothing twice; with room it loses nothing."""
    found = isolated(root, "full", tmp_path)
    assert found["asked_while_full"] <= 6
    assert found["said"]
    assert all(found["said"])
    assert found["mails_while_full"] <= 1
    assert (found["stop"], found["verify"], found["twice"], found["mails"]) == (0, 0, 0, 0)
