"""The examples of docs/sources.md do what stands below them."""

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from watcher.cli.app import app

DOCS = Path(__file__).resolve().parent.parent / "docs" / "sources.md"
SECTION = re.compile(r"^## (\w+)$", re.MULTILINE)
FENCE = re.compile(r"^```\w+ (\S+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def examples() -> dict[str, dict[str, str]]:
    """The named blocks of each section."""
    _, *parts = SECTION.split(DOCS.read_text("utf-8"))
    sections = dict(zip(parts[::2], parts[1::2], strict=True))
    return {name: dict(FENCE.findall(body)) for name, body in sections.items()}


@pytest.mark.parametrize(("name", "blocks"), examples().items())
def test_each_example_gives_what_stands_below_it(name: str, blocks: dict[str, str], tmp_path: Path) -> None:
    """The files of each kind's example, replayed, print what the page says."""
    expected = blocks.pop("expected")
    assert f'= "{name.lower()}"' in blocks["replay.toml"]
    for file, text in blocks.items():
        (tmp_path / file).write_text(text, "utf-8")
    shown = CliRunner().invoke(app, ["replay", str(tmp_path)])
    assert shown.exit_code == 0, shown.output
    assert [line.rstrip() for line in shown.output.strip().splitlines()] == expected.strip().splitlines()
