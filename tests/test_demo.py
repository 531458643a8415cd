"""The demo: a whole story in a folder of its own, and nobody else's."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from helpers_cli import Cli, cli_in
from inbox import wait_for

WATCHER = [sys.executable, "-m", "watcher"]


@pytest.fixture
def cli(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Cli:
    return cli_in(tmp_path, monkeypatch, capsys)


def alive(folder: Path) -> list[str]:
    """The processes that mention a folder in their environment: the demo's daemon does."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if f"WATCHER_CONFIG={folder}".encode() in (process / "environ").read_bytes():
                found.append(process.name)
        except OSError:
            continue  # it ended, or is not ours
    return found


@pytest.mark.long
def test_the_whole_story(tmp_path: Path, cli: Cli) -> None:
    """Eleven mails and eleven webhooks, each once; the folder is left to look around in; a second demo replaces it."""
    folder = tmp_path / "shown"
    played = subprocess.run(
        [*WATCHER, "demo", "--folder", str(folder), "--pace", "1"],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert played.returncode == 0, played.stdout + played.stderr
    assert "11 mails, 11 webhooks" in played.stdout
    assert len(list((folder / "mails").glob("*.eml"))) == 11
    assert len(list((folder / "mails").glob("*.html"))) == 11
    assert str(folder) in played.stdout
    assert not alive(folder)
    config = ("--config", str(folder / "config.toml"))
    told = [change["event"] for change in cli("changes", "--json", *config).lines if change["announced"]]
    assert sorted(told) == ["entry.new"] * 5 + ["update.new"] * 5
    assert "{+" in cli("diff", "gazette-meridian", "1", "6", *config).out
    cli("db", "verify", *config)
    assert all(d["state"] == "sent" for d in cli("deliveries", "--json", *config).lines)
    with subprocess.Popen([*WATCHER, "demo", "--folder", str(folder)], stdout=subprocess.PIPE, text=True) as second:
        wait_for(lambda: alive(folder) != [], 30)
        assert len(list((folder / "mails").glob("*.eml"))) < 11
        second.send_signal(signal.SIGINT)
        second.communicate(timeout=30)


def test_ctrl_c_ends_the_demo(tmp_path: Path) -> None:
    """Ctrl-C ends the demo and its daemon, quietly."""
    folder = tmp_path / "shown"
    with subprocess.Popen(
        [*WATCHER, "demo", "--folder", str(folder)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as demo:
        wait_for(lambda: "started" in read(folder / "watcher.log"), 30)
        demo.send_signal(signal.SIGINT)
        _, said = demo.communicate(timeout=30)
    assert demo.returncode == 130
    assert said == "interrupted\n"
    assert not alive(folder)


def read(path: Path) -> str:
    return path.read_text("utf-8") if path.exists() else ""


def test_a_foreign_folder_is_refused(tmp_path: Path, cli: Cli) -> None:
    """The demo never clears a folder that it did not make, and says what to do."""
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years of work", "utf-8")
    assert "--folder" in cli("demo", "--folder", "mine", code=2).err
    assert "--folder" in cli("demo", "--folder", "mine/thesis.txt", code=2).err
    assert (tmp_path / "mine" / "thesis.txt").exists()
    assert cli("demo", "--pace", "0.1", code=2).err
