"""The sources: ten thousand tables checked in one go, problems told for each, defaults merged in."""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from watcher.config import schema
from watcher.config.files import absolute
from watcher.config.names import Named, duplicates
from watcher.config.report import Place, Report
from watcher.config.toml import Document
from watcher.config.values import shown
from watcher.model import Source

_WITH_PATHS = frozenset({"headers", "cookies", "auth", "proxy"})
Table = tuple[Place, dict[str, Any]]


def read_sources(report: Report, documents: tuple[Document, ...], base: dict[str, Any]) -> list[Named[Source]]:
    """Check the sources of all files.

    In: the documents, and what holds for a source that says nothing else, already checked. Out: every source with a
    name, without value where its table has problems, which are in the report.
    """
    found: list[Named[Source]] = []
    for document in documents:
        raw = document.data.get("sources", [])
        if not isinstance(raw, list):
            report.add(Place(document, ("sources",), ""), 'sources: wanted tables, each under "[[sources]]"')
            continue
        tables = [(Place(document, ("sources", index), ""), item) for index, item in enumerate(raw)]
        wrong, usable = _usable(report, tables)
        broken, right = _checked(report, usable)
        found += [_source(report, place, checked, base) for place, checked in right]
        found += [
            Named(table["name"], None, _placed(place, table)) for place, table in wrong + broken if _has_name(table)
        ]
    duplicates(report, found, "name")
    return found


def both_paces(report: Report, checked: Mapping[str, Any], place: Place) -> None:
    """Note a table that says both how often and when."""
    if "every" in checked and "cron" in checked:
        report.add(place.at("cron"), "cron: stands beside every; only one of them can hold")


def _has_name(table: Mapping[str, Any]) -> bool:
    return isinstance(table.get("name"), str)


def _placed(place: Place, table: Mapping[str, Any]) -> Place:
    """The place by the source's name, else by its number in the file."""
    number = place.location[-1]
    name = table.get("name")
    shown_name = shown(name) if isinstance(name, str) and name else str(int(number) + 1)
    return Place(place.document, place.location, f"[[sources]] {shown_name}")


def _usable(report: Report, tables: list[tuple[Place, Any]]) -> tuple[list[Table], list[Table]]:
    """Part the tables into those of which no more can be said, and the others without keys that this version lacks."""
    wrong: list[Table] = []
    usable: list[Table] = []
    later = schema.LATER["sources"]
    for place, raw in tables:
        if not isinstance(raw, dict):
            report.add(_placed(place, {}), f"found {shown(raw)}, wanted a table")
        elif "preset" in raw:  # its parameters are keys with names of their own
            report.add(_placed(place, raw).at("preset"), f"preset: {schema.NOT_AVAILABLE}")
            wrong.append((place, raw))
        elif later.isdisjoint(raw):
            usable.append((place, raw))
        else:
            usable.append((place, report.without_later(raw, _placed(place, raw), "sources")))
    return wrong, usable


def _checked(report: Report, tables: list[Table]) -> tuple[list[Table], list[Table]]:
    """Check all tables at once: those with problems as they are, the others in their final types."""
    try:
        checked = schema.SOURCES.validate_python([table for _, table in tables])
    except ValidationError as error:
        problems: dict[int, list[dict[str, Any]]] = {}
        for problem in error.errors(include_url=False):
            problems.setdefault(int(problem["loc"][0]), []).append({**problem, "loc": problem["loc"][1:]})
    else:
        return [], [(place, table) for (place, _), table in zip(tables, checked, strict=True)]
    for index, errors in problems.items():
        place, table = tables[index]
        report.explain(errors, schema.SOURCE.keys, _placed(place, table))
    right = [pair for index, pair in enumerate(tables) if index not in problems]
    _, rest = _checked(report, right)
    return [pair for index, pair in enumerate(tables) if index in problems], rest


def _source(report: Report, place: Place, checked: dict[str, Any], base: dict[str, Any]) -> Named[Source]:
    name, own = checked["name"], frozenset(checked)
    place = Place(place.document, place.location, f'[[sources]] "{name}"')
    both_paces(report, checked, place)
    if own & _WITH_PATHS:
        checked = absolute(checked, place.document.path.parent)
    merged = {**base, **checked}
    if "wait" in own and not merged.get("render"):
        report.add(place.at("wait"), "wait: only a page that is rendered is waited for; it needs render = true")
    if "follow" not in own and merged.get("kind") not in (None, "feed", "listing"):
        merged.pop("follow", None)  # the defaults mean those that lead on
    if "cron" in own:
        merged.pop("every", None)
    elif "every" in own:
        merged.pop("cron", None)
    return Named(name, Source(**merged), place, own)
