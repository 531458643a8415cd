"""Problems as they are found: gathered, given their lines, put in order.

`Report.check` runs a shape over a table and turns what pydantic says into our own words; nothing that a secret key
holds is repeated.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from watcher.config.schema import LATER, NOT_AVAILABLE, Shape
from watcher.config.toml import Document, Location
from watcher.config.values import nearest, shown
from watcher.errors import ConfigError, Problem

SECRET_KEYS = frozenset({"password", "secret", "cookies", "proxy", "auth", "headers"})


@dataclass(frozen=True, slots=True)
class Place:
    """Where a table or value stands: its file, its path there, and the table's name as a person wrote it."""

    document: Document
    location: Location
    shown: str

    def at(self, *keys: str | int) -> "Place":
        """A value inside."""
        return Place(self.document, (*self.location, *keys), self.shown)

    @property
    def line(self) -> int | None:
        return self.document.line(self.location)


class Report:
    """The problems of one configuration; lines are looked up when all have been found."""

    def __init__(self) -> None:
        self._found: list[tuple[Place | None, Problem]] = []

    def __bool__(self) -> bool:
        return bool(self._found)

    def add(self, place: Place, message: str) -> None:
        """Note a problem of the value at `place`."""
        self._found.append((place, Problem(place.document.shown, None, place.shown, message)))

    def include(self, error: ConfigError) -> None:
        """Take over problems that already have their lines."""
        self._found += [(None, problem) for problem in error.problems]

    def problems(self) -> list[Problem]:
        """Every problem, by file in the order of first mention, then by line."""
        placed = [
            problem if place is None else Problem(problem.file, place.line, problem.place, problem.message)
            for place, problem in self._found
        ]
        files = {file: rank for rank, file in enumerate(dict.fromkeys(problem.file for problem in placed))}
        return sorted(placed, key=lambda problem: (files[problem.file], problem.line or 0))

    def check(self, shape: Shape, raw: object, place: Place, later: str = "") -> dict[str, Any] | None:
        """Check one table; `later` names the list of keys that this version lacks.

        Out: the keys that were set, in their final types, or None when anything is wrong.
        """
        if not isinstance(raw, dict):
            self.add(place, f"found {shown(raw)}, wanted a table")
            return None
        try:
            checked: dict[str, Any] = shape.adapter.validate_python(self.without_later(raw, place, later))
        except ValidationError as error:
            self.explain(error.errors(include_url=False), shape.keys, place)
            return None
        return checked

    def without_later(self, raw: dict[str, Any], place: Place, later: str) -> dict[str, Any]:
        """The table without the keys that this version lacks, each of which is named."""
        missing = LATER.get(later, frozenset()) & raw.keys()
        for key in missing:
            self.add(place.at(key), f"{key}: {NOT_AVAILABLE}")
        return {key: value for key, value in raw.items() if key not in missing} if missing else raw

    def explain(self, errors: Iterable[Any], keys: tuple[str, ...], place: Place) -> None:
        """Put what pydantic found into words, one problem for each."""
        for error in errors:
            where = tuple(error["loc"])
            self.add(place.at(*where), words(where, error, keys))


def words(where: Location, error: Any, keys: tuple[str, ...]) -> str:
    """One pydantic error as a sentence: the key, what was found, what is allowed."""
    key = dotted(where)
    kind = error["type"]
    if kind == "extra_forbidden":
        return f"{key}: unknown key{nearest(str(where[-1]), keys)}"
    if kind == "missing":
        return f"{key} is missing"
    if kind == "value_error":
        return f"{key}: {error['ctx']['error']}"
    found = "" if str(where[0] if where else "") in SECRET_KEYS else f"found {shown(error['input'])}, "
    if kind == "bool_type":
        return f"{key}: {found}wanted true or false"
    if kind == "int_type":
        return f"{key}: {found}wanted a whole number"
    if kind in ("tuple_type", "list_type"):
        example = f": [{shown(error['input'])}]" if isinstance(error["input"], str) and found else ""
        return f"{key}: {found}wanted a list{example}"
    if kind in ("dict_type", "model_type", "typed_dict_type"):
        return f"{key}: {found}wanted a table"
    if kind == "too_short":
        return f"{key}: is empty, wanted at least one"
    if kind in ("greater_than_equal", "less_than_equal"):
        bound = error["ctx"].get("ge", error["ctx"].get("le"))
        return f"{key}: {found}allowed is {'at least' if 'ge' in error['ctx'] else 'at most'} {bound}"
    return f"{key}: {found}{error['msg']}"


def dotted(where: Location) -> str:
    """A path inside a table as a person would write it: `only[2]`, counted from 1."""
    text = ""
    for part in where:
        text += f"[{part + 1}]" if isinstance(part, int) else f".{part}" if text else part
    return text
