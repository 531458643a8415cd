"""The key `confirms` as it is written: the name of a source, or a table."""

from collections.abc import Mapping
from typing import Any

from watcher.config import values
from watcher.model import Confirms

_KEYS = ("source", "key", "within", "fields")
_WANTED = 'wanted the name of a source, or a table: { source = "name", key = "re:…", within = "3d", fields = [] }'


def confirms(value: object) -> Confirms:
    """Check `confirms = "name"` or `confirms = { source = "name", … }`. Raises ValueError in words."""
    if isinstance(value, str):
        return Confirms(values.name(value))
    if not isinstance(value, dict):
        raise ValueError(f"found {values.shown(value)}, {_WANTED}")
    for key in value:
        if key not in _KEYS:
            raise ValueError(f"{key}: unknown key{values.nearest(key, _KEYS)}; {_WANTED}")
    if "source" not in value:
        raise ValueError(f"source is missing; {_WANTED}")
    told: dict[str, Any] = {"source": values.name(_text(value, "source"))}
    if "key" in value:
        told["key"] = values.pattern(_text(value, "key"))
    if "within" in value:
        told["within"] = values.positive(_text(value, "within"))
    if "fields" in value:
        fields = value["fields"]
        if not isinstance(fields, list) or not all(isinstance(each, str) and each.strip() for each in fields):
            raise ValueError('fields: wanted a list of names, such as ["end_date"]')
        told["fields"] = tuple(fields)
    return Confirms(**told)


def _text(table: Mapping[str, object], key: str) -> str:
    value = table[key]
    if not isinstance(value, str):
        raise ValueError(f"{key}: found {values.shown(value)}, wanted text")
    return value
