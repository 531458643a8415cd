"""The configuration: TOML files in, one frozen `Config` out, or every problem at once with its file and line.

Reads the files that it is named and the environment that it is handed; never the network, never the store. Secrets
stay references until `resolve` is called by the command that uses them.
"""

import os
from collections.abc import Mapping
from pathlib import Path

from watcher.config.settings import Advice, Config, HostLoad, Retention
from watcher.model import Plan, Secret, Source

__all__ = ["Advice", "Config", "HostLoad", "Retention", "advice", "fetch_identity", "find", "host_loads", "load", "plans", "resolve", "rules_of", "template"]


def find(explicit: Path | None, environ: Mapping[str, str], cwd: Path) -> Path | None:
    raise NotImplementedError


def load(path: Path, *, environ: Mapping[str, str] = os.environ) -> Config:
    raise NotImplementedError


def resolve(secret: Secret, environ: Mapping[str, str] = os.environ) -> str:
    raise NotImplementedError


def advice(config: Config) -> tuple[Advice, ...]:
    raise NotImplementedError


def host_loads(config: Config) -> tuple[HostLoad, ...]:
    raise NotImplementedError


def template() -> str:
    raise NotImplementedError


def fetch_identity(source: Source) -> str:
    raise NotImplementedError


def plans(config: Config) -> tuple[Plan, ...]:
    raise NotImplementedError


def rules_of(source: Source) -> str:
    raise NotImplementedError
