"""`init` and `validate`: before anything runs."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from watcher.cli.common import ConfigOption, Json, Verbose, load
from watcher.errors import ConfigError, UsageError


def register(app: typer.Typer) -> None:
    app.command()(init)
    app.command()(validate)


def init(
    path: Annotated[Path, typer.Argument(help="Where to write it.")] = Path("config.toml"),
    force: Annotated[bool, typer.Option("--force", help="Write over a file that is there.")] = False,
) -> None:
    """Write a commented config.toml and say what to do next."""
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
    secrets: Annotated[bool, typer.Option("--secrets", help="Try to read every secret (nothing is printed of them).")] = False,
    as_json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Check the configuration: problems, the load each host would bear, sources that reach no channel."""
    from watcher import config as configuration
    from watcher.cli import output

    loaded = load(config, verbose)
    if secrets and (bad := configuration.unreadable_secrets(loaded)):
        raise ConfigError(bad)
    warnings, loads = configuration.advice(loaded), configuration.host_loads(loaded)
    if as_json:
        output.json_lines({"warning": w.message, "place": w.place} for w in warnings)
        output.json_lines(
            {"host": h.host, "sources": h.sources, "per_minute": round(h.per_minute, 3), "budget_per_minute": h.budget_per_minute}
            for h in loads
        )
        return
    heaviest = sorted(loads, key=lambda h: -h.per_minute / max(h.budget_per_minute, 1e-9))
    rows = [
        (h.host, str(h.sources), f"{h.per_minute:.2f}", f"{h.budget_per_minute:.0f}", f"{100 * h.per_minute / max(h.budget_per_minute, 1e-9):.1f} %")
        for h in heaviest[:20]
    ]
    output.table(("host", "sources", "requests/min", "budget/min", "used"), rows, title=f"Load per host ({len(loads)} hosts)")
    for warning in warnings:
        print(f"warning: {warning}", file=sys.stderr)
    print(f"{loaded.path}: no problems; {len(loaded.sources)} sources, {len(loaded.channels)} channels, {len(warnings)} warnings")
