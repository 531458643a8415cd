"""What one table says of another: names that stand twice, and names that nothing bears."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from watcher.config.report import Place, Report
from watcher.config.values import nearest
from watcher.model import Channel, Route, Source, Story

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Named(Generic[T]):
    """A value, None when its table has problems of its own, with the place that it was read from; `own` are the keys
    that stand in its table, as opposed to the defaults."""

    name: str
    value: T | None
    place: Place
    own: frozenset[str] = frozenset()


def duplicates(report: Report, items: Sequence[Named[Any]], key: str = "") -> None:
    """Note every name that stands twice, in one file or in two; `key` is the key that holds it, if one does."""
    first: dict[str, Named[Any]] = {}
    for item in items:
        if (other := first.setdefault(item.name, item)) is not item:
            place = item.place.at(key) if key else item.place
            report.add(place, f"stands already in {other.place.document.shown}:{other.place.line}")


@dataclass(frozen=True, slots=True)
class Known:
    """The names that exist."""

    channels: frozenset[str]
    stories: frozenset[str]
    sources: frozenset[str]

    def missing(self, report: Report, place: Place, key: str, names: Iterable[str]) -> None:
        """Note every one of `names`, which stand under `key`, that does not exist."""
        what, known = {
            "notify": ("channel", self.channels),
            "stories": ("story", self.stories),
            "story": ("story", self.stories),
            "source": ("source", self.sources),
        }[key]
        for index, name in enumerate(names):
            if name not in known:
                hint = nearest(name, known) or _all(known, what)
                report.add(place.at(key, index), f'{key}: no {what} is called "{name}"{hint}')


def _all(known: frozenset[str], what: str) -> str:
    if not known:
        return f"; there is no {what} yet"
    names = sorted(known)
    return f"; there {'is' if len(names) == 1 else 'are'}: {', '.join(names[:8])}{', …' if len(names) > 8 else ''}"


def check_names(report: Report, sources: Sequence[Named[Source]], routes: Sequence[Named[Route]], known: Known) -> None:
    """Note every channel, story and source that is named and does not exist, and old names that are still in use."""
    old: dict[str, str] = {}
    for item in sources:
        source = item.value
        if source is None:
            continue
        if "notify" in item.own and not known.channels.issuperset(source.notify):
            known.missing(report, item.place, "notify", source.notify)
        if "stories" in item.own and not known.stories.issuperset(source.stories):
            known.missing(report, item.place, "stories", source.stories)
        for name in source.was:
            _old_name(report, item, name, known.sources, old)
    for route in routes:
        if route.value is not None:
            known.missing(report, route.place, "notify", route.value.notify)
            known.missing(report, route.place, "story", route.value.story)
            known.missing(report, route.place, "source", route.value.source)


def _old_name(report: Report, item: Named[Source], name: str, present: frozenset[str], old: dict[str, str]) -> None:
    if name in present:
        told = f'was: "{name}" is still the name of a source'
    elif old.setdefault(name, item.name) != item.name:
        told = f'was: "{old[name]}" was called "{name}", too'
    else:
        return
    report.add(item.place.at("was"), told)


def names_of(items: Iterable[Named[Story] | Named[Channel] | Named[Source]]) -> frozenset[str]:
    """The names of all tables of one sort, those with problems of their own, too."""
    return frozenset(item.name for item in items)
