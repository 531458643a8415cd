"""`init` and `validate`: before anything runs."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from watcher.cli.common import ConfigOption, Json, Verbose, load
from watcher.errors import ConfigError, UsageError

if TYPE_CHECKING:
    from watcher.config import HostLoad

HOSTS = 15  # hosts whose load `validate` shows for people


def register(app: typer.Typer) -> None:
    app.command()(init)
    app.command()(validate)


def init(
    path: Annotated[Path, typer.Argument(metavar="FILE", help="Where to write it.")] = Path("config.toml"),
    force: Annotated[bool, typer.Option("--force", help="Write over a file that is there.")] = False,
) -> None:
    """Write a commented config.toml, and say what to do next."""
    from watcher import config as configuration

    if path.exists() and not force:
        raise UsageError(f"{path} is there already; --force writes over it")
    try:
        path.write_text(configuration.template(), "utf-8")
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}") from error
    option = "" if path == Path("config.toml") else f" --config {path}"
    print(f"Wrote {path}. Next:")
    print(f"  1. put your sources and channels into it; `watcher validate{option}` checks it")
    print("  2. see what Watcher makes of an address: `watcher inspect URL`")
    print(f"  3. poll once and print what is new: `watcher check{option}`")
    print(f"  4. run the service: `watcher run{option}`")


def validate(
    config: ConfigOption = None,
    secrets: Annotated[bool, typer.Option("--secrets", help="Also try to read every secret; none is printed.")] = False,
    as_json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Check the configuration, and what it asks of each host.

    Warns of sources that reach no channel and of paces that cannot be kept. With --json each problem is a line too.
    """
    from watcher import config as configuration
    from watcher.cli import output

    try:
        loaded = load(config, verbose)
        if secrets and (bad := configuration.unreadable_secrets(loaded)):
            raise ConfigError(bad)
    except ConfigError as error:
        if as_json:
            output.json_lines(
                {"problem": p.message, "place": p.place, "file": p.file, "line": p.line} for p in error.problems
            )
        raise
    warnings, loads = configuration.advice(loaded), configuration.host_loads(loaded)
    if as_json:
        output.json_lines({"warning": w.message, "place": w.place} for w in warnings)
        output.json_lines(
            {
                "host": h.host,
                "sources": h.sources,
                "per_minute": round(h.per_minute, 3),
                "budget_per_minute": h.budget_per_minute,
            }
            for h in loads
        )
        return
    title = f"Load per host, the {HOSTS} heaviest of {len(loads):,}" if len(loads) > HOSTS else "Load per host"
    columns = ("host", "sources", "requests/min", "allowed/min", "used")
    output.table(columns, [_load_row(load) for load in loads[:HOSTS]], title=title)
    for warning in warnings:
        print(f"warning: {warning}", file=sys.stderr)
    counts = (
        (len(loaded.sources), "source"),
        (len(loaded.channels), "channel"),
        (len(warnings), "warning"),
    )
    said = ", ".join(f"{count:,} {word}{'s' if count != 1 else ''}" for count, word in counts)
    print(f"{loaded.path}: no problems; {said}")


def _load_row(load: "HostLoad") -> tuple[str, str, str, str, str]:
    used = load.per_minute / max(load.budget_per_minute, 1e-9)
    return load.host, f"{load.sources:,}", f"{load.per_minute:.2f}", f"{load.budget_per_minute:g}", f"{used:.1%}"
