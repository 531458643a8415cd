"""TOML with positions: a document that knows on which line each of its values stands.

Parsing is left to tomli (tomllib from Python 3.14 on). Positions are worked out by a scanner of our own over text that
parsed, and only when somebody asks: for problems, and to mask secrets in the text. A path is a tuple of keys and
indices, as in the parsed data: `("sources", 3, "headers", "Accept")`.
"""

import re
import sys
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from watcher.errors import ConfigError, Problem

if sys.version_info >= (3, 14):
    import tomllib
else:
    import tomli as tomllib  # compiled: three times as quick, and it says where a syntax error stands

Location = tuple[str | int, ...]

_SPACE = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_BLANK = re.compile(r"[ \t]*")
_KEY = re.compile(r"""[A-Za-z0-9_-]+|"(?:[^"\\\n]|\\.)*"|'[^'\n]*'""")
_DOT = re.compile(r"[ \t]*\.[ \t]*")
_SCALAR = re.compile(
    r'"""(?:[^\\]|\\.)*?"{3,5}(?!")'
    r"|'''.*?'{3,5}(?!')"
    r'|"(?:[^"\\\n]|\\.)*"'
    r"|'[^'\n]*'"
    r"|[0-9]{4}-[0-9]{2}-[0-9]{2}[ ][0-9:.]+[^,\]}#\s]*"
    r"|[^,\]}#\s]+",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Span:
    """Where a value stands: the offset of its key, and of the value's first character and of what follows it."""

    key: int
    start: int
    end: int


@dataclass(frozen=True)
class Document:
    """One parsed file: `shown` is its name in messages."""

    path: Path
    shown: str
    text: str
    data: dict[str, Any]

    @cached_property
    def spans(self) -> dict[Location, Span]:
        """Where each value stands, by path; tables by their header."""
        return scan(self.text)

    def line(self, location: Location) -> int | None:
        """The line (from 1) of a value, or of the nearest table around it."""
        while location:
            if span := self.spans.get(location):
                return self.text.count("\n", 0, span.key) + 1
            location = location[:-1]
        return None


def read(path: Path, shown: str) -> Document:
    """Read one file. Raises ConfigError when it cannot be read, is no UTF-8, or no TOML (with the line)."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise ConfigError([Problem(shown, None, "", f"cannot be read: {error.strerror or error}")]) from error
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise ConfigError([Problem(shown, line, "", "is not UTF-8 text")]) from error
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError([Problem(shown, _error_line(error), "", f"is not TOML: {_error_words(error)}")]) from error
    except RecursionError as error:
        raise ConfigError([Problem(shown, None, "", "is not TOML: nested too deeply")]) from error
    return Document(path, shown, text, data)


def _error_line(error: tomllib.TOMLDecodeError) -> int | None:
    return getattr(error, "lineno", None)


def _error_words(error: tomllib.TOMLDecodeError) -> str:
    words = str(getattr(error, "msg", error))
    column = getattr(error, "colno", None)
    return f"{words[:1].lower()}{words[1:]}" + (f" (column {column})" if column else "")


def scan(text: str) -> dict[Location, Span]:
    """Find where each value of a valid TOML document stands (toml.io, v1.0.0; inline tables may span lines as in v1.1).

    In: text that parsed. Out: spans by path. On text that does not parse it ends early, and never raises.
    """
    return _Scanner(text).run()


class _Scanner:
    """One pass over a document; `at` is the offset of what comes next."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.spans: dict[Location, Span] = {}
        self.counts: dict[Location, int] = {}  # of arrays of tables: the index of the newest

    def run(self) -> dict[Location, Span]:
        base: Location = ()
        while self._skip(_SPACE) < len(self.text):
            before = self.at
            if self.text[self.at] == "[":
                base = self._header()
            elif not self._pair(base):
                break
            if self.at == before:
                break
        return self.spans

    def _skip(self, pattern: re.Pattern[str]) -> int:
        if match := pattern.match(self.text, self.at):
            self.at = match.end()
        return self.at

    def _take(self, character: str) -> bool:
        found = self.text.startswith(character, self.at)
        if found:
            self.at += len(character)
        return found

    def _path(self) -> tuple[str, ...]:
        keys: list[str] = []
        while match := _KEY.match(self.text, self.at):
            self.at = match.end()
            keys.append(_unquote(match[0]))
            if not (dot := _DOT.match(self.text, self.at)):
                break
            self.at = dot.end()
        return tuple(keys)

    def _header(self) -> Location:
        start = self.at
        many = self._take("[[")
        self.at += 0 if many else 1
        self._skip(_BLANK)
        base: Location = ()
        keys = self._path()
        for place, key in enumerate(keys):
            base = (*base, key)
            if many and place == len(keys) - 1:
                self.counts[base] = self.counts.get(base, -1) + 1
            if base in self.counts:
                base = (*base, self.counts[base])
        self._skip(_BLANK)
        self._take("]]" if many else "]")
        self.spans.setdefault(base, Span(start, start, self.at))
        return base

    def _pair(self, base: Location) -> bool:
        """Read `key = value`; a dotted key also marks the tables that it opens."""
        start = self.at
        keys = self._path()
        self._skip(_BLANK)
        if not keys or not self._take("="):
            return False
        self._skip(_BLANK)
        value = self.at
        where = (*base, *keys)
        self._value(where)
        for depth in range(1, len(keys) + 1):
            self.spans.setdefault((*base, *keys[:depth]), Span(start, value, self.at))
        return True

    def _value(self, where: Location) -> None:
        if self._take("["):
            self._array(where)
        elif self._take("{"):
            self._inline(where)
        else:
            self._skip(_SCALAR)

    def _array(self, where: Location) -> None:
        index = 0
        while self._skip(_SPACE) < len(self.text) and not self._take("]"):
            start = self.at
            self._value((*where, index))
            if self.at == start:
                return
            self.spans[(*where, index)] = Span(start, start, self.at)
            index += 1
            self._skip(_SPACE)
            self._take(",")

    def _inline(self, where: Location) -> None:
        while self._skip(_SPACE) < len(self.text) and not self._take("}"):
            if not self._pair(where):
                return
            self._skip(_SPACE)
            self._take(",")


def _unquote(key: str) -> str:
    if key[0] == "'":
        return key[1:-1]
    if key[0] == '"':
        return str(tomllib.loads(f"key = {key}")["key"]) if "\\" in key else key[1:-1]
    return key
