"""A view as plain text: `[-gone-]` and `[+new+]` mark edits; lines are wrapped at 76 characters."""

import textwrap

from watcher.core.message_view import Edit, Part, View

WIDTH = 76
RULE = "-" * 72


def text_of(view: View) -> str:
    """Lay a view out as plain text that ends with one line feed."""
    lines = [*_wrapped(view.subject), ""]
    for notice in view.notices:
        lines += [*_wrapped(notice), ""]
    for part in view.parts:
        lines += [RULE, *_part(part), ""]
    if view.rows:
        lines += [RULE, view.rows_title, ""]
        for row in view.rows:
            lines += [*_wrapped(f"* {row.title}", "  "), f"  {row.facts}"]
            lines += _wrapped(row.summary, "  ", "  ") if row.summary else []
            lines += [f"  {row.url}"] if row.url else []
            lines.append("")
    if view.more:
        lines += [view.more, ""]
    lines += [RULE]
    if view.source_url:
        lines += [f"Source: {view.source}", f"        {view.source_url}"]
    if view.link:
        lines += [f"In Watcher: {view.link}"]
    return "\n".join([*lines, *view.footer]) + "\n"


def edit_text(edit: Edit) -> str:
    """Write one paragraph of a word diff on one line, white space outside the marks."""
    return "".join(text if op == "=" else _marked(op, text) for op, text in edit)


def _marked(op: str, text: str) -> str:
    inner = text.strip()
    if not inner:
        return text if op == "+" else ""
    start = len(text) - len(text.lstrip())
    end = len(text.rstrip())
    return f"{text[:start]}[{op}{inner}{op}]{text[end:]}"


def _part(part: Part) -> list[str]:
    lines = _wrapped(f"{part.label}: {part.title}")
    lines += _wrapped(part.where) if part.where else []
    lines += [part.url] if part.url else []
    lines.append("")
    for name, value in part.facts:
        lines += _wrapped(f"{name + ':':<11} {value}", " " * 12)
    for remark in part.remarks:
        lines += _wrapped(remark)
    for text in (part.summary, part.heading, *part.body):
        lines += ["", *_wrapped(text)] if text else []
    for name, before, after in part.fields:
        lines += ["", *_wrapped(f"{name}: [-{before}-] [+{after}+]")]
    for edit in part.edits:
        lines += ["", *_wrapped(edit_text(edit))]
    if part.lines:
        lines += ["", *part.lines]
    if part.links:
        lines += ["", "Links:", *(f"  {url}" for url in part.links)]
    return lines


def _wrapped(text: str, hang: str = "", first: str = "") -> list[str]:
    out: list[str] = []
    for line in text.split("\n"):
        out += textwrap.wrap(
            line,
            WIDTH,
            initial_indent=first,
            subsequent_indent=hang,
            break_long_words=False,
            break_on_hyphens=False,
        ) or [""]
    return out
