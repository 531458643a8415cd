"""A log-in as request headers: basic auth, and cookies from a browser's `cookies.txt`. Pure."""

import base64
from urllib.parse import urlsplit


def basic_auth(user: str, password: str) -> str:
    """Give the value of the Authorization header (RFC 7617, UTF-8)."""
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode("ascii")


def cookie_header(text: str, url: str) -> str:
    """Give the value of the Cookie header for `url` from a Netscape cookie file, or from a plain `name=value; …` line.

    The file's columns are domain, whether subdomains match, path, whether https only, expiry, name, value.
    """
    parts = urlsplit(url)
    host, path = (parts.hostname or "").lower(), parts.path or "/"
    chosen = []
    lines = [line.removeprefix("#HttpOnly_") for line in text.splitlines()]
    rows = [line.split("\t") for line in lines if line.strip() and not line.startswith("#")]
    if not any(len(row) == 7 for row in rows):
        return text.strip().replace("\r", "").replace("\n", "; ")
    for row in rows:
        if len(row) != 7:
            continue
        domain, subdomains, prefix, secure, _, name, value = row
        bare = domain.lstrip(".").lower()
        fits = host == bare or (subdomains.upper() == "TRUE" and host.endswith("." + bare))
        if fits and path.startswith(prefix) and (secure.upper() != "TRUE" or parts.scheme == "https"):
            chosen.append(f"{name}={value}")
    return "; ".join(chosen)
