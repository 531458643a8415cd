"""Which sources share a fetch, and when a source's reading rules have changed."""

from urllib.parse import urlsplit, urlunsplit

from watcher.config.settings import Config
from watcher.core.urls import DEFAULT_PORTS, host_of
from watcher.model import Plan, Secret, Source, make_id


def fetch_identity(source: Source) -> str:
    """Name the fetch of a source, `fet_…`: one for all sources with one address and one identity.

    Counted are the address without fragment, headers, cookies, log-in, User-Agent, contact, proxy, and whether it goes
    through a browser; of secrets the reference, so that a renewed token is the same identity. (RFC 3986, 6.2.2 and
    6.2.3, for the address.)
    """
    headers = sorted((name.lower(), _key(value)) for name, value in source.headers)
    auth = source.auth and (source.auth[0], _key(source.auth[1]))
    others = (_key(source.cookies), auth, source.user_agent, source.contact, _key(source.proxy))
    rendered = ("render", source.wait) if source.render else ()
    return make_id("fet", _address(source.url), headers, *others, *rendered)


def _key(value: str | Secret | None) -> str | None:
    return value.reference if isinstance(value, Secret) else value


def _address(url: str) -> str:
    """The address as it is asked for: scheme and host in lower case, no default port, no fragment."""
    try:
        parts = urlsplit(url)
        user, at, _ = parts.netloc.rpartition("@")
        host = host_of(url) if parts.scheme in DEFAULT_PORTS else parts.netloc
    except ValueError:
        return url
    return urlunsplit((parts.scheme, f"{user}{at}{host}", parts.path or "/", parts.query, ""))


def plans(config: Config) -> tuple[Plan, ...]:
    """What the configuration wants of each enabled source: which fetch it shares, and the names it had before."""
    return tuple(
        Plan(
            source=source.name,
            was=source.was,
            fetch=fetch_identity(source),
            url=source.url,
            host=host_of(source.url),
            kind=source.kind,
            title=source.shown,
            stories=source.stories,
        )
        for source in config.sources
        if source.enabled
    )


def rules_of(source: Source) -> str:
    """Name the reading rules of a source, `rul_…`; the pipeline adds the extractors' versions.

    When they change, the stored body is read again with the new ones before anything is compared.
    """
    rules = (source.kind, source.select, source.ignore, source.keep, source.locale, source.timezone, source.window)
    of_lists = (source.rows, source.key, source.fields, source.columns, source.delimiter)
    return make_id("rul", *rules, *(of_lists if any(of_lists) else ()))
