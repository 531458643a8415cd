"""The shared gold set of update notes, where it is at hand: its figures may only rise (tests/gold/best.json)."""

import functools
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import helpers_gold as gold

ROOT = Path(os.environ.get("WATCHER_SHARED", "/nonexistent")) / "updates_gold"
pytestmark = pytest.mark.skipif(not ROOT.is_dir(), reason="WATCHER_SHARED does not name the shared data")

LEAST = {
    "notes": {"f1": 0.98, "sequence_acc": 0.99, "timestamp_acc_dated": 0.98, "kind_acc": 0.97, "location_acc": 0.95},
    "merged": {"f1": 0.98},
    "scenarios": {"scenarios_announcements_exact": 1.0, "transitions_all_exact": 37 / 38},
}


@functools.cache
def report() -> dict[str, Any]:
    """The report of the set's own scorer on what this program says."""
    predictions = "".join(json.dumps(one) + "\n" for one in gold.predictions(ROOT / "dev"))
    command = [sys.executable, str(ROOT / "score.py"), "/dev/stdin", "--split", "dev", "--json"]
    scored = subprocess.run(command, input=predictions, capture_output=True, text=True, check=True, timeout=60)
    found: dict[str, Any] = json.loads(scored.stdout)
    return found


def figures() -> dict[str, float]:
    """The figures of the report that may only rise, each under its level's name."""
    found = {f"{level}.{name}": report()[level][name] for level, bounds in LEAST.items() for name in bounds}
    for level in ("notes", "merged"):
        traps = report()[level]
        found[f"{level}.clean_traps"] = 1 - traps["traps_with_false_note"] / traps["traps"]
    found["scenarios.body_changed_acc"] = report()["scenarios"]["body_changed_acc"]
    return found


def test_the_gold_set_is_read_as_well_as_promised() -> None:
    """Notes, merged updates and scenarios of the gold set reach the promised figures, and no trap brings a note."""
    for level, bounds in LEAST.items():
        for name, least in bounds.items():
            assert report()[level][name] >= least - 1e-9, f"{level} {name}"
    assert report()["notes"]["traps_with_false_note"] == 0
    assert report()["merged"]["traps_with_false_note"] == 0


def test_no_figure_of_the_gold_set_falls() -> None:
    """The gold set is read at least as well as ever before."""
    assert gold.lost("dev", figures()) == []


if __name__ == "__main__":
    gold.keep("dev", figures())
