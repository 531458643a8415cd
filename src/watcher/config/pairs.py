"""Source pairs in the configuration: what is wrong with a `confirms`, and which sources belong together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from watcher.config.identity import fetch_identity
from watcher.config.names import Named
from watcher.config.report import Report
from watcher.config.values import nearest
from watcher.model import Confirms, Source, make_id


@dataclass(frozen=True, slots=True)
class Group:
    """The enabled sources that say the same records: `id` names them together with what their records are known by."""

    id: str
    key: str | None
    sources: tuple[Source, ...]


# --- what one source says of another ----------------------------------------------------------------------------------


def check_pairs(report: Report, sources: Sequence[Named[Source]]) -> None:
    """Note every `confirms` that cannot hold: an unknown source, a circle, kinds or keys that do not fit."""
    known = {item.name: item.value for item in sources}
    for item in sources:
        source = item.value
        if source is None or source.confirms is None:
            continue
        if problem := _problem(source, source.confirms, known):
            report.add(item.place.at("confirms"), f"confirms: {problem}")


def _problem(source: Source, told: Confirms, known: Mapping[str, Source | None]) -> str | None:
    if told.source == source.name:
        return "a source cannot confirm itself"
    if told.source not in known:
        return f'no source is called "{told.source}"{nearest(told.source, known)}'
    other = known[told.source]
    if other is None:  # it has problems of its own
        return None
    if circle := _circle(source, known):
        return f"goes round in a circle: {' → '.join(circle)}"
    for each in (source, other):
        if each.kind in {"article", "file"}:
            article = "an" if each.kind == "article" else "a"
            return f'"{each.name}" is {article} {each.kind}, which has no records to share'
    if fetch_identity(source) == fetch_identity(other):
        return f'"{other.name}" has the same address: it can confirm nothing'
    if told.key is None and source.key and other.key and source.key != other.key:
        mine, theirs = (" + ".join(each.key or ()) for each in (source, other))
        return (
            f'the records of "{source.name}" are known by {mine}, those of "{other.name}" by {theirs}: a pair shares '
            'one key; give both the same `key`, or say what both print: confirms = { …, key = "re:…" }'
        )
    root = _root(source, known)
    keys = {_key_of(each) for each in known.values() if each and each.confirms and _root(each, known) == root}
    if len(keys) > 1:
        return f'the sources that confirm "{root}" share one key; they say different ones'
    return None


def _key_of(source: Source) -> str | None:
    return source.confirms.key if source.confirms else None


def _chain(source: Source, known: Mapping[str, Source | None]) -> list[str]:
    """The names from a source to what it confirms in the end; a circle is cut where it closes."""
    names = [source.name]
    at: Source | None = source
    while at is not None and at.confirms is not None:
        names.append(at.confirms.source)
        if names.count(names[-1]) > 1:
            break
        at = known.get(at.confirms.source)
    return names


def _circle(source: Source, known: Mapping[str, Source | None]) -> list[str]:
    names = _chain(source, known)
    return names if len(names) > 1 and names[-1] == source.name else []


def _root(source: Source, known: Mapping[str, Source | None]) -> str:
    return _chain(source, known)[-1]


def groups(sources: Sequence[Source]) -> Mapping[str, Group]:
    """Give the group of each enabled source that has a pair, by the source's name."""
    known: dict[str, Source | None] = {source.name: source for source in sources if source.enabled}
    members: dict[str, list[Source]] = {}
    for source in known.values():
        if source is not None:
            members.setdefault(_root(source, known), []).append(source)
    found: dict[str, Group] = {}
    for root, group in members.items():
        if len(group) > 1 and root in known:
            key = next((_key_of(each) for each in group if each.confirms), None)
            made = Group(make_id("pair", root, key), key, tuple(group))
            found |= dict.fromkeys((each.name for each in group), made)
    return found
