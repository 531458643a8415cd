"""Parts of a configuration for commands that need no more: where the database is; one source of a command line."""

import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from watcher.config.build import load
from watcher.config.find import state_directory
from watcher.config.report import Report
from watcher.config.secrets import resolve
from watcher.config.settings import Config
from watcher.config.sources import read_sources
from watcher.config.toml import Document
from watcher.errors import ConfigError, Problem
from watcher.model import Secret, Source

_WATCHER = re.compile(r"^[ \t]*\[[ \t]*watcher[ \t]*\][ \t]*(?:#.*)?$", re.MULTILINE)
_TABLE = re.compile(r"^[ \t]*\[", re.MULTILINE)
_INCLUDE = re.compile(r"^[ \t]*include[ \t]*=", re.MULTILINE)


def database_of(path: Path, *, environ: Mapping[str, str] = os.environ) -> str:
    """Find where the database is without reading ten thousand sources: only `[watcher]` of the main file is parsed.

    Whatever is not plain (another file includes it, the table does not parse) is left to the whole configuration, whose
    ConfigError it then is.
    """
    try:
        text = path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError):
        return load(path, environ=environ).database
    head = _WATCHER.search(text)
    if head is None:
        if _INCLUDE.search(text):
            return load(path, environ=environ).database
        return f"sqlite:///{state_directory(environ).absolute() / 'watcher.db'}"
    end = _TABLE.search(text, head.end())
    try:
        found = tomllib.loads(text[head.end() : end.start() if end else len(text)]).get("database")
    except tomllib.TOMLDecodeError:
        found = False
    if found is None:
        return f"sqlite:///{state_directory(environ).absolute() / 'watcher.db'}"
    if isinstance(found, str) and found.startswith("sqlite:///"):
        return f"sqlite:///{path.absolute().parent / Path(found.removeprefix('sqlite:///')).expanduser()}"
    return load(path, environ=environ).database


def one_source(told: Mapping[str, Any], *, file: str) -> Source:
    """Check the keys of one source as if they stood in `file`. Raises ConfigError with every problem."""
    path = Path(file)
    report = Report()
    found = read_sources(report, (Document(path, file, "", {"sources": [dict(told)]}),), {})
    if report or not found or found[0].value is None:
        raise ConfigError(report.problems())
    return found[0].value


def unreadable_secrets(config: Config, environ: Mapping[str, str] = os.environ) -> tuple[Problem, ...]:
    """Try to read every secret; give a problem for each that cannot be, never a value."""
    secrets: list[tuple[str, object]] = []
    for source in config.sources:
        values = [
            *(value for _, value in source.headers),
            source.cookies,
            source.proxy,
            source.auth[1] if source.auth else None,
        ]
        secrets += [(f'[[sources]] "{source.name}"', value) for value in values]
    for channel in config.channels:
        values = [channel.password, channel.secret, channel.url, *(value for _, value in channel.headers)]
        secrets += [(f"[channels.{channel.name}]", value) for value in values]
    secrets += [("[fetch]", config.fetch.proxy), *((f'[hosts."{rule.pattern}"]', rule.proxy) for rule in config.hosts)]
    problems = []
    for place, secret in secrets:
        if isinstance(secret, Secret):
            try:
                resolve(secret, environ)
            except ConfigError as error:
                problems += [Problem(str(config.path), None, place, problem.message) for problem in error.problems]
    return tuple(problems)
