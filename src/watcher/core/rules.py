"""What a person asked to hear of: `only`, `never`, stories, routes; and how much a change weighs.

Pure tables and tests over a change's words. A pattern is a plain word or phrase (found without regard to case) or
`re:` and a regular expression.
"""

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

from watcher.model import SEVERITIES, Change, Route, Severity, Source, Story

# Words of legal effect, and the languages in which they are met. One line, one language.
CRITICAL_WORDS = {
    "en": r"designat(?:ed|es|ion)|delist(?:ed|s|ing)|enjoin(?:ed|s)|injunction|stayed|vacat(?:ed|es|ur)"
    r"|retract(?:ed|ion|s)|blacklist(?:ed|s)?|sanction(?:ed|s)|indict(?:ed|ment)|revok(?:ed|es)"
    r"|remov(?:ed?|es) from (?:the )?(?:\w+ ){0,3}(?:list|blacklist)",
    "de": r"Sanktionen? verhängt|von der Liste gestrichen|einstweilige Verfügung|aufgehoben|zurückgezogen",
    "fr": r"sanctionné|radié|suspendu par (?:le|la) (?:juge|cour)|annulé|rétracté",
    "es": r"sancionad[oa]|designad[oa]|medida cautelar|anulad[oa]|retractación",
}
_CRITICAL = re.compile("|".join(rf"\b(?:{words})\b" for words in CRITICAL_WORDS.values()), re.IGNORECASE)
CRITICAL_EVENTS = frozenset({"page.gone"})
NOTICE_EVENTS = frozenset(
    {
        "update.new",
        "update.edited",
        "update.withdrawn",
        "entry.new",
        "text.changed",
        "title.changed",
        "text.restored",
        "page.walled",
        "record.added",
        "record.removed",
        "record.changed",
    }
)


@lru_cache(maxsize=4096)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(
        pattern[3:] if pattern.startswith("re:") else re.escape(pattern),
        0 if pattern.startswith("re:") else re.IGNORECASE,
    )


def found(patterns: Iterable[str], text: str) -> bool:
    """Say whether one of the patterns stands in `text`."""
    return any(_compiled(pattern).search(text) for pattern in patterns)


def wanted(source: Source, change: Change) -> bool:
    """Say whether the source's `only` and `never` let this change through."""
    return not (source.only and not found(source.only, change.text)) and not found(source.never, change.text)


def stories_of(source: Source, stories: Sequence[Story], change: Change) -> tuple[str, ...]:
    """Name the stories a change belongs to: those of its source, and those whose `match` stands in its words."""
    own = list(source.stories)
    own += [
        story.name for story in stories if story.name not in own and story.match and found(story.match, change.text)
    ]
    return tuple(own)


def weigh(event: str, kind: str | None, text: str, least: Severity | None) -> Severity:
    """Judge a change: critical for words of legal effect in what is new, and for retractions; else by its event."""
    if (
        event in CRITICAL_EVENTS
        or kind == "retraction"
        or (event in ("update.new", "title.changed", "entry.new") and _CRITICAL.search(text))
    ):
        severity: Severity = "critical"
    else:
        severity = "notice" if event in NOTICE_EVENTS else "info"
    return severity if least is None or SEVERITIES.index(severity) >= SEVERITIES.index(least) else least


def fits(route: Route, source: Source, change: Change) -> bool:
    """Say whether a route asks for this change: all keys that are set must fit."""
    return (
        (not route.source or (source.parent or source).name in route.source)
        and (not route.tag or bool(set(route.tag) & set(source.tags)))
        and (not route.story or bool(set(route.story) & set(change.stories)))
        and (not route.event or change.event in route.event)
        and (not route.severity or change.severity in route.severity)
        and (not route.text or found(route.text, change.text))
        and (route.silent is None or change.silent is route.silent)
    )


def channels_for(source: Source, routes: Sequence[Route], change: Change) -> tuple[str, ...]:
    """Name the channels that hear of a change: the source's own and those of the routes that fit."""
    named = list(source.notify)
    for route in routes:
        if fits(route, source, change):
            named += route.notify
    return tuple(dict.fromkeys(named))
