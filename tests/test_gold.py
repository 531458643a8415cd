"""The shared gold set of update notes, where it is at hand: figures may only rise."""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from watcher.core import article
from watcher.core.when import Look
from watcher.model import Note, Source

ROOT = Path(os.environ.get("WATCHER_SHARED", "/nonexistent")) / "updates_gold"
pytestmark = pytest.mark.skipif(not ROOT.is_dir(), reason="WATCHER_SHARED does not name the shared data")

LEAST = {
    "notes": {"f1": 0.98, "sequence_acc": 0.99, "timestamp_acc_dated": 0.98, "kind_acc": 0.97, "location_acc": 0.95},
    "merged": {"f1": 0.98},
}


def published(note: Note) -> str | None:
    if note.published is None:
        return None
    return note.published.day.isoformat() if note.published.date_only else note.published.at.isoformat()


def as_predicted(note: Note) -> dict[str, Any]:
    out: dict[str, Any] = {name: getattr(note, name) for name in ("sequence", "kind", "heading", "summary", "location")}
    if note.text:
        out["first_paragraph"] = note.text.split("\n")[0]
    return out | {"published": published(note), "links": list(note.links)}


def predictions() -> list[dict[str, Any]]:
    out = []
    for file in sorted((ROOT / "dev" / "labels").glob("*.json")):
        label = json.loads(file.read_text("utf-8"))
        source = Source("gold", label["url"], kind="article", locale=label["locale"], timezone=label["default_tz"])
        now = datetime.fromisoformat(label["reference_date"]).astimezone(UTC)
        look = Look(label["locale"], label["default_tz"], now)
        page = article.read((ROOT / "dev" / label["file"]).read_bytes(), "text/html", label["url"], source, look).page
        made = {"notes": [*map(as_predicted, page.notes)], "merged": [*map(as_predicted, page.updates)]}
        out.append({"id": label["id"], **made})
    return out


def test_the_gold_set_is_read_as_well_as_promised(tmp_path: Path) -> None:
    """Notes and merged updates of the gold set reach the promised figures, and no trap brings a note."""
    file = tmp_path / "predictions.jsonl"
    file.write_text("".join(json.dumps(one) + "\n" for one in predictions()), "utf-8")
    command = [sys.executable, str(ROOT / "score.py"), str(file), "--split", "dev", "--json"]
    scored = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    report = json.loads(scored.stdout)
    for level, bounds in LEAST.items():
        for name, least in bounds.items():
            assert report[level][name] >= least, f"{level} {name}"
        assert report[level]["traps_with_false_note"] == 0
