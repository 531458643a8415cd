"""Completion of names in the shell: read off the configuration's text, so that a key press never waits for a store.

A configuration with mistakes completes as far as it goes; what cannot be read completes to nothing.
"""

import os
import re
from collections.abc import Iterator
from pathlib import Path

import typer

from watcher.model import DOCUMENT_EVENTS, KINDS

_TABLE = re.compile(r"^[ \t]*\[{1,2}[ \t]*([\w.-]+)[ \t]*\]", re.MULTILINE)
_NAME = re.compile(r"""^[ \t]*name[ \t]*=[ \t]*["']([\w-]+)["']""", re.MULTILINE)
_INCLUDE = re.compile(r"^[ \t]*include[ \t]*=[ \t]*\[([^\]]*)\]", re.MULTILINE)
_TEXT = re.compile(r"""["']([^"']+)["']""")


def _texts(config: object) -> Iterator[str]:
    from watcher.config import find

    path = find(config if isinstance(config, Path) else None, os.environ, Path.cwd())
    if path is None:
        return
    try:
        text = path.read_text("utf-8", "replace")
        yield text
        for pattern in _TEXT.findall(include[1]) if (include := _INCLUDE.search(text)) else ():
            for file in sorted(path.parent.glob(pattern)):
                yield file.read_text("utf-8", "replace")
    except (OSError, ValueError, NotImplementedError):
        return  # unreadable, or a pattern that is none: there is nothing to offer


def _tables(config: object) -> Iterator[tuple[str, str]]:
    """Give each table's name and text."""
    for text in _texts(config):
        heads = list(_TABLE.finditer(text))
        for head, following in zip(heads, [*heads[1:], None], strict=True):
            yield head[1], text[head.end() : following.start() if following else None]


def source_names(ctx: typer.Context, incomplete: str) -> list[str]:
    """Names of sources."""
    tables = (text for name, text in _tables(ctx.params.get("config")) if name == "sources")
    names = (found[1] for text in tables if (found := _NAME.search(text)))
    return [name for name in names if name.startswith(incomplete)]


def _below(ctx: typer.Context, prefix: str, incomplete: str) -> list[str]:
    names = (name.removeprefix(prefix) for name, _ in _tables(ctx.params.get("config")) if name.startswith(prefix))
    return [name for name in names if name.startswith(incomplete)]


def story_names(ctx: typer.Context, incomplete: str) -> list[str]:
    """Names of stories."""
    return _below(ctx, "stories.", incomplete)


def channel_names(ctx: typer.Context, incomplete: str) -> list[str]:
    """Names of channels."""
    return _below(ctx, "channels.", incomplete)


def events(incomplete: str) -> list[str]:
    """Names of events."""
    return [event for event in DOCUMENT_EVENTS if event.startswith(incomplete)]


def kinds(incomplete: str) -> list[str]:
    """Kinds of sources."""
    return [kind for kind in KINDS if kind.startswith(incomplete)]


def states(incomplete: str) -> list[str]:
    """States of a delivery."""
    return [state for state in ("pending", "sent", "dead") if state.startswith(incomplete)]
