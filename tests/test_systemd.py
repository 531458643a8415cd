"""The unit file, held against systemd's own tools."""

import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from helpers_need import need

UNIT = Path(__file__).resolve().parent.parent / "systemd" / "watcher.service"

BROWSER = UNIT.parent / "watcher.service.d" / "browser.conf"

MOST_EXPOSURE = 2.0  # of 10, by systemd's own reckoning; a service without any hardening has 9.6
MOST_WITH_BROWSER = 2.2


def directives(unit: Path = UNIT) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in unit.read_text(encoding="utf-8").splitlines():
        if "=" in line and not line.startswith(("#", ";")):
            name, _, value = line.partition("=")
            found.setdefault(name, []).append(value)
    return found


def analyze(*args: str) -> "subprocess.CompletedProcess[str]":
    need(shutil.which("systemd-analyze"), "systemd-analyze is not installed (Debian package systemd)")
    return subprocess.run(
        ["systemd-analyze", "--no-pager", *args], capture_output=True, text=True, timeout=60, check=False
    )


def test_the_unit_is_valid(tmp_path: Path) -> None:
    """systemd reads the unit without a complaint."""
    program = tmp_path / "watcher"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    unit = tmp_path / "watcher.service"
    # verify looks for the program, which is installed elsewhere on this machine
    unit.write_text(UNIT.read_text(encoding="utf-8").replace("/opt/watcher/.venv/bin/watcher", str(program)))
    verified = analyze("verify", "--man=no", str(unit))
    complaints = [line for line in verified.stderr.splitlines() if "watcher.service" in line]
    assert complaints == []


def test_the_exposure_is_low(tmp_path: Path) -> None:
    """systemd reckons an exposure of at most 2.0."""
    unit = shutil.copy(UNIT, tmp_path)  # away from its drop-in
    reckoned = analyze("security", "--offline=true", f"--threshold={int(MOST_EXPOSURE * 10)}", str(unit))
    found = re.search(r"Overall exposure level for watcher.service: ([\d.]+)", reckoned.stdout)
    assert found, reckoned.stdout + reckoned.stderr
    assert float(found[1]) <= MOST_EXPOSURE
    assert reckoned.returncode == 0


def test_the_drop_in_for_a_browser_is_valid(tmp_path: Path) -> None:
    """systemd reads the unit with the drop-in without a complaint, and the exposure rises by little."""
    unit = tmp_path / "watcher.service"
    unit.write_text(UNIT.read_text(encoding="utf-8").replace("/opt/watcher/.venv/bin/watcher", "/bin/true"))
    drop_in = tmp_path / "watcher.service.d" / "browser.conf"
    drop_in.parent.mkdir()
    drop_in.write_text(BROWSER.read_text(encoding="utf-8"))
    verified = analyze("verify", "--man=no", str(unit))
    assert [line for line in verified.stderr.splitlines() if "watcher.service" in line] == []
    reckoned = analyze("security", "--offline=true", str(unit))
    found = re.search(r"Overall exposure level for watcher.service: ([\d.]+)", reckoned.stdout)
    assert found, reckoned.stdout + reckoned.stderr
    assert float(found[1]) <= MOST_WITH_BROWSER
    drop_in.write_text("[Service]\nNonsense=1\n")
    assert "Nonsense" in analyze("verify", "--man=no", str(unit)).stderr


def test_the_drop_in_says_why() -> None:
    """Each line of the drop-in has its reason above it, and none of the walls against the network is opened."""
    lines = BROWSER.read_text(encoding="utf-8").splitlines()
    set_here = [number for number, line in enumerate(lines) if re.match(r"\w+=", line)]
    assert all(lines[number - 1].startswith("#") for number in set_here)
    kept = {"IPAddressDeny", "IPAddressAllow", "RestrictAddressFamilies", "DynamicUser", "ProtectSystem", "NoExecPaths"}
    assert not kept & directives(BROWSER).keys()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Type", "notify"),
        ("ExecReload", "/bin/kill -HUP $MAINPID"),
        ("WatchdogSec", "60"),
        ("Restart", "on-failure"),
        ("RestartPreventExitStatus", "2"),
        ("DynamicUser", "yes"),
        ("StateDirectory", "watcher"),
        ("RuntimeDirectory", "watcher"),
        ("RuntimeDirectoryMode", "0750"),
        ("ConfigurationDirectory", "watcher"),
        ("MemoryDenyWriteExecute", "yes"),
        ("CapabilityBoundingSet", ""),
    ],
)
def test_what_operations_relies_on(name: str, value: str) -> None:
    """What docs/operations.md promises of the service stands in the unit."""
    assert directives()[name] == [value]


def test_the_service_runs_the_daemon() -> None:
    """The unit starts `watcher run`, with the configuration of its own directory and without a shell."""
    (command,) = directives()["ExecStart"]
    program, *arguments = shlex.split(command)
    assert program == "/opt/watcher/.venv/bin/watcher"
    assert arguments == ["run", "--config", "${CONFIGURATION_DIRECTORY}/config.toml"]
    assert "User" not in directives()


def test_private_networks_are_walled_off() -> None:
    """The kernel refuses private networks and the metadata address, loopback stays open."""
    denied = " ".join(directives()["IPAddressDeny"]).split()
    assert {"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "100.64.0.0/10", "fc00::/7"} <= {*denied}
    assert not {"localhost", "any", "127.0.0.0/8", "::1/128"} & {*denied}


def test_secrets_are_no_environment() -> None:
    """Secrets come by LoadCredential: the unit sets no environment, and none is hinted at."""
    text = UNIT.read_text(encoding="utf-8")
    assert "LoadCredential=" in text
    assert "Environment=" not in text
    assert "EnvironmentFile=" not in text
