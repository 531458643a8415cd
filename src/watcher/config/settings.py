"""The configuration in force: frozen values that everything else is handed.

Made by `config.load`; nothing here reads files or the environment.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from types import MappingProxyType

from watcher.model import Channel, FetchSettings, HostRule, Route, Source, Story


@dataclass(frozen=True, slots=True)
class Retention:
    """How long raw bodies that brought no revision, and the record of each poll, are kept."""

    snapshots: timedelta = timedelta(days=30)
    polls: timedelta = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Config:
    """A whole configuration, all files read, defaults merged in.

    `files` are the main file and the included ones, absolute. `digest` is a hash of what is in force, secrets masked,
    so that comments and order of keys do not count. `masked` is the text of all files with plain secrets masked.
    `database` is an absolute SQLAlchemy address.
    """

    path: Path
    files: tuple[Path, ...]
    digest: str
    masked: str
    database: str
    contact: str | None = None
    timezone: str = "UTC"
    fetch: FetchSettings = field(default_factory=FetchSettings)
    hosts: tuple[HostRule, ...] = ()
    retention: Retention = field(default_factory=Retention)
    base_url: str | None = None
    sources: tuple[Source, ...] = ()
    stories: tuple[Story, ...] = ()
    channels: tuple[Channel, ...] = ()
    routes: tuple[Route, ...] = ()
    _sources: Mapping[str, Source] = field(
        init=False, repr=False, compare=False, default_factory=lambda: MappingProxyType({})
    )

    def __post_init__(self) -> None:
        object.__setattr__(self, "_sources", MappingProxyType({source.name: source for source in self.sources}))

    def source(self, name: str) -> Source | None:
        """The source of this name, or None."""
        return self._sources.get(name)

    def channel(self, name: str) -> Channel | None:
        """The channel of this name, or None."""
        return next((channel for channel in self.channels if channel.name == name), None)

    def story(self, name: str) -> Story | None:
        """The story of this name, or None."""
        return next((story for story in self.stories if story.name == name), None)


@dataclass(frozen=True, slots=True)
class Advice:
    """What `watcher validate` would have a person look at, although the configuration can be used.

    `place` is as in a problem (`[[sources]] "xda-xiaomi"`, `host www.sec.gov`); `message` says what and what to do.
    """

    place: str
    message: str

    def __str__(self) -> str:
        return f"{self.place}: {self.message}"


@dataclass(frozen=True, slots=True)
class HostLoad:
    """What one host, or all hosts of one `[hosts]` rule together, would bear: requests a minute against the budget."""

    host: str
    sources: int
    per_minute: float
    budget_per_minute: float
