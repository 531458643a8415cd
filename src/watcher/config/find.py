"""Where the configuration is: the first of five places, in the order that the documentation promises."""

import re
from collections.abc import Mapping
from pathlib import Path

_OURS = re.compile(rb"^[ \t]*(?:\[[ \t]*watcher[ \t]*\]|\[\[[ \t]*sources[ \t]*\]\])", re.MULTILINE)


def find(explicit: Path | None, environ: Mapping[str, str], cwd: Path) -> Path | None:
    """Find the configuration's main file.

    In: what `--config` said, the environment, the working directory. Out: `--config` or `$WATCHER_CONFIG` as they are
    (whether they exist or not), else `./config.toml` if it holds `[watcher]` or `[[sources]]`, else
    `$XDG_CONFIG_HOME/watcher/config.toml`, else `/etc/watcher/config.toml`; None when there is none. Absolute.
    """
    if explicit is not None:
        return cwd / explicit.expanduser()
    if named := environ.get("WATCHER_CONFIG"):
        return cwd / Path(named).expanduser()
    here = cwd / "config.toml"
    if here.is_file() and _is_ours(here):
        return here
    if xdg := environ.get("XDG_CONFIG_HOME"):
        home: Path | None = Path(xdg)
    else:
        home = Path(environ["HOME"]) / ".config" if environ.get("HOME") else None
    places = [home / "watcher" / "config.toml"] if home is not None and home.is_absolute() else []
    places.append(Path("/etc/watcher/config.toml"))
    return next((place for place in places if place.is_file()), None)


def _is_ours(path: Path) -> bool:
    """Whether a file is Watcher's; also one with mistakes in it, so that they are told instead of passed over."""
    try:
        return bool(_OURS.search(path.read_bytes()))
    except OSError:
        return True  # loading it says what is wrong


def state_directory(environ: Mapping[str, str]) -> Path:
    """Where the database is by default: systemd's state directory, else the user's own (XDG Base Directory)."""
    if systemd := environ.get("STATE_DIRECTORY"):
        return Path(systemd.split(":")[0])
    if (xdg := environ.get("XDG_STATE_HOME")) and Path(xdg).is_absolute():
        return Path(xdg) / "watcher"
    return Path(environ.get("HOME") or Path.home()) / ".local" / "state" / "watcher"
