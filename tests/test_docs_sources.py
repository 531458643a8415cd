"""The examples of docs/sources.md do what stands below them."""

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from watcher.cli.app import app

DOCS = Path(__file__).resolve().parent.parent / "docs" / "sources.md"
SECTION = re.compile(r"^## ([^<\n]+?)(?: <a id=\"[\w-]+\"></a>)?$", re.MULTILINE)
TOML = re.compile(r"^```toml(?: \S+)?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
KINDS = ("Feed", "Article", "Listing", "Dataset", "File")
FENCE = re.compile(r"^```\w+ (\S+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def examples() -> dict[str, dict[str, str]]:
    """The named blocks of each section."""
    _, *parts = SECTION.split(DOCS.read_text("utf-8"))
    sections = dict(zip(parts[::2], parts[1::2], strict=True))
    return {name: blocks for name, body in sections.items() if "expected" in (blocks := dict(FENCE.findall(body)))}


def tables() -> list[tuple[str, str]]:
    """Each TOML example with its section."""
    _, *parts = SECTION.split(DOCS.read_text("utf-8"))
    return [(name, text) for name, body in zip(parts[::2], parts[1::2], strict=True) for text in TOML.findall(body)]


@pytest.mark.parametrize(("name", "blocks"), examples().items())
def test_each_example_gives_what_stands_below_it(name: str, blocks: dict[str, str], tmp_path: Path) -> None:
    """The files of each kind's example, replayed, print what the page says."""
    expected = blocks.pop("expected")
    assert name not in KINDS or f'= "{name.lower()}"' in blocks["replay.toml"]
    for file, text in blocks.items():
        (tmp_path / file).write_text(text, "utf-8")
    shown = CliRunner().invoke(app, ["replay", str(tmp_path)])
    assert shown.exit_code == 0, shown.output
    assert [line.rstrip() for line in shown.output.strip().splitlines()] == expected.strip().splitlines()


@pytest.mark.parametrize(("name", "text"), tables(), ids=[f"{name} {n}" for n, (name, _) in enumerate(tables())])
def test_each_example_is_a_configuration(name: str, text: str, tmp_path: Path) -> None:
    """`watcher validate` finds nothing wrong with any example, as it stands or as one source's keys."""
    table = text if "[[sources]]" in text else f'[[sources]]\nname = "example"\n{text.partition("[[revisions]]")[0]}'
    desk = '[channels.desk]\ntype = "webhook"\nurl = "https://example.org/hook"\n' if '"desk"' in table else ""
    (tmp_path / "config.toml").write_text(f"{table}\n{desk}", "utf-8")
    shown = CliRunner().invoke(app, ["validate", "--config", str(tmp_path / "config.toml")])
    assert shown.exit_code == 0, f"{name}: {shown.output}{shown.stderr}"


def test_every_kind_has_its_example() -> None:
    """Every kind has a section with an example that is replayed; browser and log-ins have one that is valid."""
    assert set(KINDS) <= set(examples())
    assert {*KINDS, "Browser", "Log-ins"} <= {name for name, _ in tables()}
