"""From TOML files to a `Config`: read, check, merge, or every problem at once.

Each table is checked by its shape (schema.py); what one table says of another is checked afterwards (names.py).
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from watcher.config import schema, values
from watcher.config.files import absolute, documents_of
from watcher.config.find import state_directory
from watcher.config.names import Known, Named, check_names, duplicates, names_of
from watcher.config.pairs import check_pairs
from watcher.config.report import Place, Report
from watcher.config.secrets import masked
from watcher.config.settings import Config, Retention
from watcher.config.sources import both_paces, read_sources
from watcher.config.toml import Document
from watcher.core.mask import mask_url
from watcher.errors import ConfigError
from watcher.model import Channel, FetchSettings, HostRule, Route, Story, make_id

T = TypeVar("T")


def load(path: Path, *, environ: Mapping[str, str] = os.environ) -> Config:
    """Read a configuration with the files that it includes.

    In: the main file; the environment, for the state directory only. Out: the frozen configuration. Raises
    ConfigError with every problem found, each with its file and line. No secret is read.
    """
    report = Report()
    config = _Builder(documents_of(path), environ, report).build()
    if report:
        raise ConfigError(report.problems())
    return config


def digest_of(config: Config) -> str:
    """Name what is in force, `cfg_…`: the same for the same values, however they are written; secrets do not count."""
    database = mask_url(config.database)
    parts = (database, config.contact, config.timezone, config.fetch, config.hosts, config.retention, config.base_url)
    return make_id("cfg", *parts, config.sources, config.stories, config.channels, config.routes)


class _Builder:
    """One loading: the documents, and the report that takes the problems found in them."""

    def __init__(self, documents: tuple[Document, ...], environ: Mapping[str, str], report: Report) -> None:
        self.documents = documents
        self.environ = environ
        self.report = report
        self.timezone = "UTC"

    def build(self) -> Config:
        """Check everything and put it together; worth something only while the report is empty."""
        self._top_level()
        single = {name: self._single(name) for name in schema.SINGLE}
        self.timezone = single["watcher"].get("timezone", "UTC")
        sources = read_sources(self.report, self.documents, {"timezone": self.timezone, **single["defaults"]})
        stories = self._named("stories", self._story)
        channels = self._named("channels", self._channel)
        hosts = self._named("hosts", self._host)
        routes = self._routes()
        known = Known(names_of(channels), names_of(stories), names_of(sources))
        check_names(self.report, sources, routes, known)
        check_pairs(self.report, sources)
        self._check_defaults(single["defaults"], known)
        contact = single["watcher"].get("contact") or None
        config = Config(
            path=self.documents[0].path,
            files=tuple(document.path for document in self.documents),
            digest="",
            masked="",
            database=self._database(single["watcher"].get("database")),
            contact=contact,
            timezone=self.timezone,
            fetch=FetchSettings(contact=contact, **single["fetch"]),
            hosts=_values(hosts),
            retention=Retention(**single["retention"]),
            base_url=(single["web"].get("base_url") or "").rstrip("/") or None,
            sources=_values(sources),
            stories=_values(stories),
            channels=_values(channels),
            routes=_values(routes),
        )
        return config if self.report else replace(config, digest=digest_of(config), masked=self._masked())

    def _masked(self) -> str:
        texts = [masked(document) for document in self.documents]
        if len(texts) == 1:
            return texts[0]
        return "\n".join(f"# {doc.shown}\n{text}" for doc, text in zip(self.documents, texts, strict=True))

    def _top_level(self) -> None:
        for document in self.documents:
            for key in document.data:
                if key not in schema.TABLES:
                    place = Place(document, (key,), "")
                    self.report.add(place, f"{key}: unknown table{values.nearest(key, schema.TABLES)}")

    def _holder(self, name: str) -> Place | None:
        """Where a table stands that may stand in one file only."""
        return next(iter(self._holders(name)), None)

    def _holders(self, name: str) -> list[Place]:
        return [Place(document, (name,), f"[{name}]") for document in self.documents if name in document.data]

    def _single(self, name: str) -> dict[str, Any]:
        places = self._holders(name)
        if not places:
            return {}
        place = places[0]
        for other in places[1:]:
            self.report.add(other, f"stands already in {place.document.shown}:{place.line}")
        raw = place.document.data[name]
        if name == "web" and isinstance(raw, dict) and raw.get("listen") == "":
            raw = {key: value for key, value in raw.items() if key != "listen"}  # off is what this version does
        if name == "defaults" and isinstance(raw, dict):
            for key in ("name", "url", "was", "confirms"):
                if key in raw:
                    self.report.add(place.at(key), f"{key}: can stand only at a source")
            raw = {key: value for key, value in raw.items() if key not in ("name", "url", "was", "confirms")}
        checked = self.report.check(schema.SINGLE[name], raw, place, name) or {}
        if name == "defaults":
            both_paces(self.report, checked, place)
        return absolute(checked, place.document.path.parent)

    def _check_defaults(self, defaults: Mapping[str, Any], known: Known) -> None:
        if (place := self._holder("defaults")) is not None:
            known.missing(self.report, place, "notify", defaults.get("notify", ()))
            known.missing(self.report, place, "stories", defaults.get("stories", ()))

    # --- tables with names ------------------------------------------------------------------------------------------

    def _named(self, table: str, build: Callable[[str, object, Place], T | None]) -> list[Named[T]]:
        """The tables `[table.NAME]` of all files."""
        found: list[Named[T]] = []
        for document in self.documents:
            raw = document.data.get(table, {})
            if not isinstance(raw, dict):
                self.report.add(Place(document, (table,), ""), f'{table}: wanted tables, each under "[{table}.NAME]"')
                continue
            for name, inner in raw.items():
                shown = f'[{table}."{name}"]' if table == "hosts" else f"[{table}.{name}]"
                place = Place(document, (table, name), shown)
                key = name.lower() if table == "hosts" else name
                found.append(Named(key, build(name, inner, place), place))
        duplicates(self.report, found)
        return found

    def _name(self, name: str, place: Place) -> None:
        try:
            values.name(name)
        except ValueError as error:
            self.report.add(place, str(error))

    def _story(self, name: str, raw: object, place: Place) -> Story | None:
        self._name(name, place)
        checked = self.report.check(schema.STORY, raw, place)
        return None if checked is None else Story(name, checked.get("title", name), checked.get("match", ()))

    def _host(self, name: str, raw: object, place: Place) -> HostRule | None:
        try:
            pattern = values.host_pattern(name)
        except ValueError as error:
            self.report.add(place, str(error))
            return None
        checked = self.report.check(schema.HOST, raw, place)
        return None if checked is None else HostRule(pattern, **absolute(checked, place.document.path.parent))

    def _channel(self, name: str, raw: object, place: Place) -> Channel | None:
        self._name(name, place)
        if not isinstance(raw, dict):
            self.report.add(place, f"found {values.shown(raw)}, wanted a table")
            return None
        kind = raw.get("type")
        if not isinstance(kind, str) or kind not in schema.CHANNELS:
            self.report.add(place.at("type"), _no_such_type(raw))
            return None
        if raw.get("auth") == "oauth2" and kind == "email":  # with keys of its own, of which no more can be said
            self.report.add(place.at("auth"), f'auth: "oauth2" is {schema.NOT_AVAILABLE}')
            return None
        checked = self.report.check(schema.CHANNELS[kind], raw, place, kind)
        if checked is None:
            return None
        if kind == "email":
            way = checked.pop("smtp")
            if way.password is not None and "password" in checked:
                self.report.add(place.at("password"), "password: stands in smtp, too; one is enough")
            checked = {"password": way.password, **checked, "smtp": way.url, "tls": way.tls}
        settings = {"group": "poll", "timezone": self.timezone, **absolute(checked, place.document.path.parent)}
        return Channel(name=name, **settings)

    def _routes(self) -> list[Named[Route]]:
        found: list[Named[Route]] = []
        for document in self.documents:
            raw = document.data.get("routes", [])
            if not isinstance(raw, list):
                self.report.add(Place(document, ("routes",), ""), 'routes: wanted tables, each under "[[routes]]"')
                continue
            for index, inner in enumerate(raw):
                place = Place(document, ("routes", index), f"[[routes]] {index + 1}")
                checked = self.report.check(schema.ROUTE, inner, place)
                found.append(Named(str(index + 1), None if checked is None else Route(**checked), place))
        return found

    def _database(self, text: str | None) -> str:
        if text is None:
            return f"sqlite:///{state_directory(self.environ).absolute() / 'watcher.db'}"
        if text.startswith("sqlite:///"):
            holder = self._holder("watcher")
            base = (holder.document if holder else self.documents[0]).path.parent
            return f"sqlite:///{base / Path(text.removeprefix('sqlite:///')).expanduser()}"
        return text


def _values(items: list[Named[T]]) -> tuple[T, ...]:
    return tuple(item.value for item in items if item.value is not None)


def _no_such_type(raw: Mapping[str, Any]) -> str:
    if "type" not in raw:
        return "type is missing; allowed: email, webhook"
    if raw["type"] == "apprise":
        return f'type: "apprise" is {schema.NOT_AVAILABLE}; allowed: email, webhook'
    hint = values.nearest(str(raw["type"]), schema.CHANNELS)
    return f"type: found {values.shown(raw['type'])}, allowed: email, webhook{hint}"
