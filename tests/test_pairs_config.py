"""`confirms` in a configuration: what is accepted, and what is refused in words."""

from datetime import timedelta
from pathlib import Path

import pytest

from helpers_config import Write, ok, problems, writer
from watcher.config import groups
from watcher.model import Confirms


@pytest.fixture
def write(tmp_path: Path) -> Write:
    return writer(tmp_path)


def sources(**keys: str) -> str:
    """A source for each key, with what its value says besides."""
    return "".join(
        f'[[sources]]\nname = "{name}"\nurl = "https://example.org/{name}"\n{more}\n' for name, more in keys.items()
    )


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ('"fast"', Confirms("fast")),
        ('{ source = "fast" }', Confirms("fast")),
        (
            """{ source = "fast", key = 're:(\\d+)-x', within = "36h", fields = ["end_date"] }""",
            Confirms("fast", "re:(\\d+)-x", timedelta(hours=36), ("end_date",)),
        ),
    ],
)
def test_it_is_a_name_or_a_table(write: Write, written: str, meant: Confirms) -> None:
    """A name is enough; a table says more."""
    config = ok(write(sources(fast="", full=f"confirms = {written}")))
    full = config.source("full")
    assert full is not None
    assert full.confirms == meant
    group = groups(config.sources)["fast"]
    assert ([source.name for source in group.sources], group.key) == (["fast", "full"], meant.key)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"a": 'confirms = "c"', "b": ""}, 'no source is called "c"'),
        ({"a": 'confirms = "fest"', "fast": ""}, 'no source is called "fest", did you mean "fast"?'),
        ({"a": 'confirms = "a"'}, "a source cannot confirm itself"),
        ({"a": 'confirms = "b"', "b": 'confirms = "a"'}, "goes round in a circle: a → b → a"),
        (
            {"a": 'confirms = "b"', "b": 'confirms = "c"', "c": 'confirms = "a"'},
            "goes round in a circle: a → b → c → a",
        ),
        ({"a": 'confirms = "b"\nkind = "article"', "b": ""}, '"a" is an article, which has no records to share'),
        ({"a": 'confirms = "b"', "b": 'kind = "file"'}, '"b" is a file, which has no records to share'),
        (
            {"a": 'confirms = "b"\nkind = "dataset"\nkey = "uid"', "b": 'kind = "dataset"\nkey = ["id", "part"]'},
            'the records of "a" are known by uid, those of "b" by id + part: a pair shares one key',
        ),
        (
            {"a": 'confirms = { source = "c", key = "x" }', "b": 'confirms = "c"', "c": ""},
            'the sources that confirm "c" share one key; they say different ones',
        ),
        ({"a": "confirms = 3", "b": ""}, "found 3, wanted the name of a source, or a table"),
        ({"a": 'confirms = { key = "x" }', "b": ""}, "source is missing"),
        ({"a": 'confirms = { source = "b", keys = "x" }', "b": ""}, 'keys: unknown key, did you mean "key"?'),
        ({"a": 'confirms = { source = "b", key = "re:(" }', "b": ""}, "is no regular expression"),
        ({"a": 'confirms = { source = "b", within = "soon" }', "b": ""}, "is no duration"),
        ({"a": 'confirms = { source = "b", fields = "x" }', "b": ""}, "fields: wanted a list of names"),
    ],
)
def test_what_cannot_hold_is_refused_in_words(write: Write, given: dict[str, str], words: str) -> None:
    """An unknown name, a circle, kinds without records, keys that differ: each is told at its line."""
    found = problems(write(sources(**given)))
    assert any("confirms" in problem and words in problem for problem in found), found


def test_two_sources_of_one_address_are_no_pair(write: Write) -> None:
    """What is read from one address cannot confirm itself."""
    one = '[[sources]]\nname = "{}"\nurl = "https://example.org/x"\n{}\n'
    (problem,) = problems(write(one.format("a", "") + one.format("b", 'confirms = "a"')))
    assert '"a" has the same address: it can confirm nothing' in problem


def test_it_stands_at_a_source_only(write: Write) -> None:
    """A pair is of two sources, so it cannot stand in the defaults."""
    (problem,) = problems(write('[defaults]\nconfirms = "a"\n' + sources(a="")))
    assert "confirms: can stand only at a source" in problem


def test_a_source_that_is_switched_off_is_of_no_pair(write: Write) -> None:
    """The other goes on by itself."""
    config = ok(write(sources(fast="enabled = false", full='confirms = "fast"')))
    assert groups(config.sources) == {}
