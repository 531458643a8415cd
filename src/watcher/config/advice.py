"""What a person should look at although the configuration can be used: `watcher validate`.

Pure, but for a look whether the certificates that are named exist.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from urllib.parse import urlsplit

from watcher.config.identity import fetch_identity
from watcher.config.settings import Advice, Config, HostLoad
from watcher.core.cadence import busiest_pace, pace_of
from watcher.core.urls import nearest_first
from watcher.model import HostRule, Route, Secret, Source

SHOWN = 20  # advice of one sort that is given one by one
TYPICAL_SECONDS = 1.0  # of one request, where no delay bounds a host


def advice(config: Config) -> tuple[Advice, ...]:
    """Everything worth a look: hosts over their budget, sources and channels out of reach, secrets in plain."""
    return tuple(
        found
        for part in (
            _nothing,
            _over_budget,
            _leads_nowhere,
            _unheard,
            _unused_channels,
            _unused_names,
            _plain_secrets,
            _certificates,
        )
        for found in part(config)
    )


# --- load -----------------------------------------------------------------------------------------------------------


def _per_minute(source: Source) -> float:
    pace = busiest_pace(source.cron) if source.cron else pace_of(source)
    return 60 / max(pace.total_seconds(), 1.0)


def host_loads(config: Config) -> tuple[HostLoad, ...]:
    """What each host would bear, heaviest share of its budget first.

    Sources that share a fetch count once, at the quickest pace; a cron line at the pace of its busiest hour; all hosts
    of one `[hosts]` rule together. The budget follows from `delay` and `per_host`.
    """
    paces: dict[str, tuple[str, float]] = {}
    sources: Counter[str] = Counter()
    rules = nearest_first(config.hosts)
    found: dict[str, HostRule | None] = {}
    for source in config.sources:
        if not source.enabled:
            continue
        host = urlsplit(source.url).hostname or ""  # politeness counts a host whatever its port
        if host not in found:
            found[host] = next((rule for rule in rules if fnmatchcase(host, rule.pattern)), None)
        rule = found[host]
        budget = rule.pattern if rule else host
        sources[budget] += 1
        fetch = fetch_identity(source)
        paces[fetch] = (budget, max(_per_minute(source), paces.get(fetch, ("", 0.0))[1]))
    loads: defaultdict[str, float] = defaultdict(float)
    for budget, per_minute in paces.values():
        loads[budget] += per_minute
    by_pattern: dict[str, HostRule | None] = {rule.pattern: rule for rule in rules}
    result = [
        HostLoad(host, sources[host], load, _budget(config, by_pattern.get(host))) for host, load in loads.items()
    ]
    return tuple(sorted(result, key=lambda load: (-load.per_minute / load.budget_per_minute, load.host)))


def _budget(config: Config, rule: HostRule | None) -> float:
    """Requests a minute that one host, or all of a rule, may be asked."""
    delay = config.fetch.delay if rule is None or rule.delay is None else rule.delay
    per_host = config.fetch.per_host if rule is None or rule.per_host is None else rule.per_host
    side_by_side = per_host * 60 / TYPICAL_SECONDS
    return min(60 / delay, side_by_side) if delay else side_by_side


def _over_budget(config: Config) -> Iterator[Advice]:
    for load in host_loads(config):
        if load.per_minute > load.budget_per_minute:
            many = f"{load.sources} source{'s want' if load.sources != 1 else ' wants'}"
            yield Advice(
                f"host {load.host}",
                f"{many} {load.per_minute:.3g} requests a minute, {load.budget_per_minute:.3g} are allowed: polls will "
                f'come late; lengthen `every`, or set `delay` or `per_host` in [hosts."{load.host}"]',
            )


def _leads_nowhere(config: Config) -> Iterator[Advice]:
    for source in config.sources:
        if source.follow and source.kind not in (None, "feed", "listing"):
            yield Advice(
                f'[[sources]] "{source.name}"',
                f"follow does nothing here: only the entries of a feed or a listing lead on, this is a {source.kind}",
            )


# --- who hears of what ----------------------------------------------------------------------------------------------


def _nothing(config: Config) -> Iterator[Advice]:
    if not config.sources:
        yield Advice("[[sources]]", "there is none: nothing is watched")
    elif not any(source.enabled for source in config.sources):
        yield Advice("[[sources]]", "all are disabled: nothing is watched")
    if config.sources and not config.channels:
        yield Advice("[channels]", "there is none: changes are stored and shown, and nobody is told")


def _could_fit(route: Route, source: Source, matching: frozenset[str]) -> bool:
    """Whether a route could ever ask for a change of this source: its own keys fit, the others depend on the change."""
    if route.source and source.name not in route.source:
        return False
    if route.tag and not set(route.tag) & set(source.tags):
        return False
    return not route.story or bool(set(route.story) & (matching | set(source.stories)))


def _unheard(config: Config) -> Iterator[Advice]:
    if not config.channels:
        return
    matching = frozenset(story.name for story in config.stories if story.match)
    unheard = [
        source.name
        for source in config.sources
        if source.enabled
        and not source.notify
        and not any(_could_fit(route, source, matching) for route in config.routes)
    ]
    for name in unheard[:SHOWN]:
        yield Advice(f'[[sources]] "{name}"', "reaches no channel: no `notify`, and no route that could fit")
    if len(unheard) > SHOWN:
        yield Advice("[[sources]]", f"{len(unheard) - SHOWN:,} more reach no channel")


def _unused_channels(config: Config) -> Iterator[Advice]:
    used = {name for source in config.sources if source.enabled for name in source.notify}
    used |= {name for route in config.routes for name in route.notify}
    for channel in config.channels:
        if channel.name not in used:
            yield Advice(f"[channels.{channel.name}]", "is used by no source and no route")


def _unused_names(config: Config) -> Iterator[Advice]:
    """Tags that no source bears, and stories that can never gather anything."""
    tags = {tag for source in config.sources for tag in source.tags}
    for number, route in enumerate(config.routes, 1):
        for tag in route.tag:
            if tag not in tags:
                yield Advice(f"[[routes]] {number}", f'no source has the tag "{tag}"')
    named = {name for source in config.sources for name in source.stories}
    for story in config.stories:
        if not story.match and story.name not in named:
            yield Advice(f"[stories.{story.name}]", "gathers nothing: it has no `match`, and no source names it")


# --- secrets and files ----------------------------------------------------------------------------------------------


def _plain_secrets(config: Config) -> Iterator[Advice]:
    told = 'stands here in plain; "env:NAME", "file:PATH" or "credential:NAME" keeps it out of the file'
    found = [
        *(
            (f"[channels.{channel.name}]", key)
            for channel in config.channels
            for key in _plain([("password", channel.password), ("secret", channel.secret), *channel.headers])
        ),
        *((f'[[sources]] "{source.name}"', key) for source in config.sources for key in _plain_of_source(source)),
    ]
    for place, key in found[:SHOWN]:
        yield Advice(place, f"{key} {told}")
    if len(found) > SHOWN:
        yield Advice("[[sources]]", f"{len(found) - SHOWN:,} more secrets stand there in plain")


def _plain_of_source(source: Source) -> Iterator[str]:
    if source.cookies is None and source.auth is None and not source.headers:
        return iter(())
    return _plain([("cookies", source.cookies), ("auth", source.auth and source.auth[1]), *source.headers])


def _plain(values: Sequence[tuple[str, str | Secret | None]]) -> Iterator[str]:
    return (key for key, value in values if isinstance(value, Secret) and value.plain)


def _certificates(config: Config) -> Iterator[Advice]:
    places = [("[fetch]", config.fetch.ca)]
    places += [(f'[hosts."{rule.pattern}"]', rule.ca) for rule in config.hosts]
    places += [(f"[channels.{channel.name}]", channel.ca) for channel in config.channels]
    for place, path in places:
        if path is not None and not Path(path).is_file():
            yield Advice(place, f"ca: there is no file {path}")
