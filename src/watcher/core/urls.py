"""Addresses as keys: the host that politeness counts by, and which rule is its own.

Pure text work; nothing is resolved or asked.
"""

from collections.abc import Iterable
from urllib.parse import urlsplit

from watcher.model import HostRule

DEFAULT_PORTS = {"http": 80, "https": 443}


def host_of(url: str) -> str:
    """Name the host of an address in lower case, with the port where it is not the scheme's own.

    In: an http or https address. Out: `example.org`, `example.org:8080`, `[::1]:8080`; "" when there is none (what
    the configuration lets through always has one). Never raises. (RFC 3986, section 3.2.)
    """
    try:
        parts = urlsplit(url.strip())
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return ""
    if ":" in host:
        host = f"[{host}]"
    return host if not port or port == DEFAULT_PORTS.get(parts.scheme) else f"{host}:{port}"


def nearest_first(rules: Iterable[HostRule]) -> list[HostRule]:
    """Put rules in the order in which the first that matches a host is its own: without wildcards, then the longest."""
    return sorted(rules, key=lambda rule: (any(c in rule.pattern for c in "*?["), -len(rule.pattern)))
