"""Secrets: read when a command uses one, never before; and kept out of the text that is stored.

`resolve` reads the environment, one file, or one systemd credential. `masked` is pure.
"""

import os
import re
from collections.abc import Mapping
from pathlib import Path

from watcher.config.toml import Document, Location
from watcher.core.mask import MASK, is_secret_header, mask_url
from watcher.errors import ConfigError, Problem
from watcher.model import Secret

LARGEST = 1_000_000
_KEYS = frozenset({"password", "secret", "cookies", "client_secret", "refresh_token"})
_REFERENCE = re.compile(r"(?:env|file|credential):.+", re.DOTALL)
_SUSPICIOUS = re.compile(r"(?i)password|secret|cookies|proxy|auth|headers|token|://[^/\s\"']*@|[?&;][^=\s\"']*=|hook")
_COMMENT = re.compile(r"(?m)^([ \t]*#[^\n]*)$")
_COMMENTED = re.compile(
    r"(?i)((?:password|secret|cookies|proxy|authorization|token|[\w-]*key)\"?\s*=\s*)(\"[^\"]*\"|'[^']*')"
)
_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]*://[^\s\"'<>]+")


def resolve(secret: Secret, environ: Mapping[str, str] = os.environ) -> str:
    """Read a secret.

    In: a reference, and the environment it may name. Out: its text, of a file or credential without one line feed at
    the end. Raises ConfigError in words that never hold a secret when there is none or it cannot be read.
    (systemd.exec(5), "Credentials".)
    """
    if secret.plain:
        return secret.reference
    way, _, rest = secret.reference.partition(":")
    if way == "env":
        if not (value := environ.get(rest)):
            raise _error(secret, f"the environment variable {rest} is not set")
        return value
    if way == "credential":
        directory = environ.get("CREDENTIALS_DIRECTORY")
        if not directory:
            raise _error(secret, "$CREDENTIALS_DIRECTORY is not set; systemd sets it for LoadCredential=")
        return _read(secret, Path(directory) / rest)
    return _read(secret, Path(rest).expanduser())


def _read(secret: Secret, path: Path) -> str:
    try:
        with path.open("rb") as file:
            raw = file.read(LARGEST + 1)
        text = raw.decode("utf-8")
    except OSError as error:
        raise _error(secret, f"{path} cannot be read: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise _error(secret, f"{path} is not UTF-8 text") from error
    if len(raw) > LARGEST:
        raise _error(secret, f"{path} is larger than {LARGEST} bytes")
    if text.endswith("\n"):
        text = text[:-1].removesuffix("\r")
    if not text:
        raise _error(secret, f"{path} is empty")
    return text


def _error(secret: Secret, message: str) -> ConfigError:
    return ConfigError([Problem("secret", None, secret.reference, message)])


def masked(document: Document) -> str:
    """The text of a file with every plain secret, and every log-in or token in an address, as `***`."""
    text = document.text
    if not _SUSPICIOUS.search(text):
        return text
    pieces: list[str] = []
    done = 0
    for start, end, value in sorted(_secrets(document)):
        if start >= done:
            pieces += [text[done:start], value]
            done = end
    return _COMMENT.sub(_mask_comment, "".join(pieces) + text[done:])


def _secrets(document: Document) -> list[tuple[int, int, str]]:
    """The places to overwrite: start, end, and what to write there."""
    found = []
    for where, value in _leaves(document.data, ()):
        shown = _shown(where, value)
        if shown != value:
            span = document.spans[where]
            found.append((span.start, span.end, '"' + shown.replace("\\", "\\\\").replace('"', '\\"') + '"'))
    return found


def _leaves(value: object, where: Location) -> list[tuple[Location, str]]:
    if isinstance(value, str):
        return [(where, value)]
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [leaf for key, inner in pairs for leaf in _leaves(inner, (*where, key))]


def _shown(where: Location, value: str) -> str:
    keys = [key for key in where if isinstance(key, str)]
    if _REFERENCE.fullmatch(value):
        return value
    if "headers" in keys[:-1] and is_secret_header(keys[-1]):
        return MASK
    if keys[-1] in _KEYS:
        return MASK
    return mask_url(value) if "://" in value else value


def _mask_comment(match: re.Match[str]) -> str:
    line = _COMMENTED.sub(
        lambda found: found[0] if _REFERENCE.fullmatch(found[2][1:-1]) else f'{found[1]}"{MASK}"', match[1]
    )
    return _ADDRESS.sub(lambda found: mask_url(found[0]), line)
