"""Real revisions, as far as they are at hand: no figure falls below the best that was reached."""

import importlib.util
import os
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = os.environ.get("WATCHER_SHARED")
pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(not ROOT or not Path(ROOT, "corpus").is_dir(), reason="WATCHER_SHARED names no corpus"),
]

# set → what it counts: (real changes announced at least, false announcements at most)
REACHED = {
    "ota": {"ota": (96, 0), "ota links or markup": (10, 0), "ota lost or moved": (6, 0)},
    "nodejs": {"nodejs notes": (28, 0)},
    "sanctions": {"sanctions": (9, 0)},
    "feeds": {
        "feed anac_atom": (6, 0),
        "feed anac_jsonfeed": (6, 0),
        "feed anac_rss": (6, 0),
        "feed federalregister_rfc_rss": (51, 0),
    },
    "living": {"living": (23, 1)},
}


@pytest.fixture(scope="module")
def bench() -> ModuleType:
    path = Path(__file__).resolve().parent.parent / "bench" / "revisions.py"
    spec = importlib.util.spec_from_file_location("revisions", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["revisions"] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", REACHED)
def test_figures_only_rise(bench: ModuleType, name: str) -> None:
    """Of labelled real revisions as many are announced as ever, and no more noise is."""
    scores = bench.SETS[name](bench.shared(), [])
    for label, (announced, false) in REACHED[name].items():
        score = scores[label]
        assert score.announced >= announced, score.wrong
        assert score.false <= false, score.wrong
