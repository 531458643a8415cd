"""What all tests share: a local time zone unlike any other, hypothesis profiles, the async backend, example data."""

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from helpers_need import CI
from helpers_need import need as _need

# Times are UTC inside Watcher. In a zone that no machine runs in, code that asks for local time shows at once.
os.environ["TZ"] = "Asia/Kathmandu"
time.tzset()

# A shell that runs the tests in the background has them ignore Ctrl-C, and so would every program that they start.
signal.signal(signal.SIGINT, signal.default_int_handler)

# Deadlines measure the machine, not the code. CI must fail on every run or on none.
_RELAXED = [HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
settings.register_profile("dev", deadline=None, suppress_health_check=_RELAXED)
settings.register_profile("ci", deadline=None, suppress_health_check=_RELAXED, derandomize=True, database=None)
settings.load_profile("ci" if CI else "dev")


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """The daemon runs on asyncio, so do the async tests."""
    return "asyncio"


@pytest.fixture(scope="session")
def need() -> Callable[[object, str], None]:
    """`need(condition, reason)`: skip on a developer's machine, fail in CI (helpers_need.py)."""
    return _need


@pytest.fixture(scope="session")
def root() -> Path:
    """The project's root folder."""
    return Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of example data that WATCHER_SHARED names; a machine without one skips, in CI too."""
    folder = os.environ.get("WATCHER_SHARED")
    if not folder:
        pytest.skip("WATCHER_SHARED is not set")
    path = Path(folder)
    assert path.is_dir(), f"WATCHER_SHARED names no folder: {folder}"
    return path
