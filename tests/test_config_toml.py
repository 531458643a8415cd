"""Positions in TOML: every value is found where it stands, however the file is written."""

from pathlib import Path
from typing import Any

import pytest
import tomli
from hypothesis import given
from hypothesis import strategies as st

from watcher.config.toml import Document, Location, scan

ROOT = Path(__file__).parent.parent
TRICKY = (
    r'''# a comment with = and [x]
top.level = 1 # another
"quoted key" = "a # no comment"
'literal \ key' = 'C:\path'
"esc\u0061ped" = "\"quoted\" \\"
multi = """
first = 1
[not.a.table]
""quotes"" inside \""" escaped
"""
literal = """'''
    + "'''\nx = 1\n''"
    + r'''"""
raw = '''
    + "'''\n[[no]] \\\n'quotes' ''''"
    + r"""
empty = ""
array = [ 1, "two", # comment ]
  [3, 4], { a = 1, b.c = [5] },
]
when = 1979-05-27 07:32:00Z
date = 1979-05-27
float = -1.5e3
[ table . "sub table" ]
key = { }
[[many]]
x = 1
[many.inner]
y = 2
[[many.deep]]
z = 3
[[many.deep]]
z = 4
[[many]]
x = 5
[[many.deep]]
z = 6
last = true"""
)


def leaves(value: Any, where: Location = ()) -> list[tuple[Location, Any]]:
    """Every value of parsed data with its path, tables and lists that hold nothing included."""
    if isinstance(value, dict) and value:
        return [leaf for key, inner in value.items() for leaf in leaves(inner, (*where, key))]
    if isinstance(value, list) and value:
        return [leaf for index, inner in enumerate(value) for leaf in leaves(inner, (*where, index))]
    return [(where, value)]


def holds(text: str) -> None:
    """Whatever `scan` says of a text, the text says there."""
    spans = scan(text)
    for where, value in leaves(tomli.loads(text)):
        if where and where[-1] != "":
            span = spans[where]
            if not text[span.start :].startswith("["):
                assert tomli.loads(f"x = {text[span.start : span.end]}")["x"] == value, where


@pytest.mark.parametrize("text", [TRICKY, TRICKY.replace("\n", "\r\n"), (ROOT / "config.toml").read_text("utf-8")])
def test_every_value_is_found(text: str) -> None:
    """Dotted and quoted keys, strings over several lines, arrays, inline tables, arrays of tables."""
    holds(text)


def test_lines() -> None:
    """A value is on the line of its key, an element of a list on its own, what is missing on its table's."""
    document = Document(Path("x"), "x", TRICKY, tomli.loads(TRICKY))
    lines = TRICKY.split("\n")
    for where, start in {
        ("top",): "top.level",
        ("multi",): "multi",
        ("array", 2, 1): "  [3, 4]",
        ("array", 3, "b", "c", 0): "  [3, 4]",
        ("table", "sub table", "key"): "key = { }",
        ("table", "sub table", "gone"): "[ table",
        ("many", 0, "inner", "y"): "y = 2",
        ("many", 0, "deep", 1, "z"): "z = 4",
        ("many", 1, "deep", 0, "last"): "last",
    }.items():
        line = document.line(where)
        assert line is not None, where
        assert lines[line - 1].startswith(start), where
    assert document.line(("nothing",)) is None


KEYS = st.sampled_from(["a", "b-c", '"d e"', "'f.g'", '"\\u0068"', "i.j"])
SCALARS = st.sampled_from(
    [
        "1",
        "true",
        '"x]}#,="',
        "'y]}#,='",
        '"""\nm = 1\n"]"\n"""',
        "'''\n[n]\n''''",
        "1.5",
        "2020-01-01 10:00:00",
        '""',
        "{}",
        "[]",
    ]
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda items: "[ " + " , # ]\n".join(items) + "\n]")
        | st.dictionaries(KEYS, inner, max_size=3).map(
            lambda table: "{ " + ", ".join(f"{key} = {value}" for key, value in table.items()) + " }"
        )
    ),
    max_leaves=6,
)
HEADERS = st.sampled_from(["[t]", "[t.u]", "[[s]]", "[[s.v]]", '[ "w x" . y ]', "[s.z]", "# [comment]", ""])
TABLES = st.tuples(HEADERS, st.dictionaries(KEYS, VALUES, max_size=3)).map(
    lambda table: table[0] + "\n" + "".join(f"{key} = {value} # c\n" for key, value in table[1].items())
)


@given(st.lists(TABLES, max_size=5).map("\n".join))
def test_every_value_of_any_document_is_found(text: str) -> None:
    """Whatever is valid TOML has its positions right."""
    try:
        tomli.loads(text)
    except tomli.TOMLDecodeError:
        return
    holds(text)


@given(st.text(alphabet="ab=[]{}\"'.,# \n\\1") | st.text())
def test_any_text_is_scanned_to_an_end(text: str) -> None:
    """Text that is no TOML never keeps the scanner, nor breaks it."""
    scan(text)
