"""What tests need of the machine: absent, they skip at a developer's desk and fail in CI.

`from helpers_need import need` in a test, a fixture or a helper. A green CI must not hide a test that never ran.
"""

import os

import pytest

CI = os.environ.get("CI", "").lower() in {"1", "true", "yes"}


def need(condition: object, reason: str) -> None:
    """Go on if `condition` is true; otherwise skip with `reason`, or fail with it where the variable CI is set."""
    if condition:
        return
    if CI:
        pytest.fail(f"CI lacks what this test needs: {reason}", pytrace=False)
    pytest.skip(reason)
