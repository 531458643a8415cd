"""What native newsrooms and authorities write, language by style: each wording is read on pages of five templates.

The rows stand in tests/gold/matrix.txt and lookalikes.txt, one wording a line; the stories around them in stories.json.
"""

import html
import json
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

import helpers_gold as gold

STORIES: dict[str, dict[str, Any]] = json.loads((gold.OWN / "stories.json").read_text("utf-8"))
PLACES = {"top": "banner", "mid": "inline", "foot": "footer", "title": "title", "live": "section"}

TEMPLATES = (
    '<!DOCTYPE html><html lang="{l}"><head><meta charset="utf-8"><title>{t} &#8211; Kaiblatt</title></head>'
    '<body class="single single-post"><div class="wp-site-blocks"><header><p class="wp-block-site-title">'
    '<a href="/">Kaiblatt</a></p></header><main class="wp-block-group"><h1 class="wp-block-post-title">{t}</h1>'
    '<div class="wp-block-post-date"><time>{d}</time></div><div class="entry-content wp-block-post-content">{b}</div>'
    "</main><footer><p>© Kaiblatt</p></footer></div></body></html>",
    '<!DOCTYPE html><html lang="{l}"><head><meta charset="utf-8" /><title>{t} | Dockside</title></head>'
    '<body class="page-node-417 path-node"><main id="content" role="main"><h1 class="title page-title"><span>{t}</span>'
    '</h1><article class="node node--type-article"><footer class="node__meta"><div class="node__submitted">{d}</div>'
    '</footer><div class="node__content"><div class="text-formatted field field--name-body field__item">{b}</div></div>'
    '</article></main><footer class="site-footer"><p>Dockside</p></footer></body></html>',
    '<!doctype html><html amp lang="{l}"><head><meta charset="utf-8"><title>{t}</title></head><body>'
    '<header class="amphdr"><a href="/">Mooring</a></header><article class="amp-wp-article"><header>'
    '<h1 class="amp-wp-title">{t}</h1><div class="amp-wp-meta amp-wp-posted-on"><time>{d}</time></div></header>'
    '<div class="amp-wp-article-content">{b}</div></article><footer class="amp-wp-footer"><p>Mooring</p></footer>'
    "</body></html>",
    '<!DOCTYPE html><html lang="{l}"><head><meta charset="utf-8"><title>{t} - Quay</title></head><body><div id="app">'
    '<div class="a1"><a href="/">Quay</a></div><div class="c3"><h1 class="f6">{t}</h1><div class="g7">{d}</div>'
    '<div class="h8 article-text">{b}</div></div><div class="k1">Quay</div></div></body></html>',
    '<html lang="{l}"><head><meta charset="utf-8"><title>{t}</title></head><body bgcolor="#ffffff"><table>'
    '<tr><td colspan="2"><a href="/">Pier Press</a></td></tr><tr><td><a href="/1">1</a></td><td><h1><font size="5">{t}'
    '</font></h1><i>{d}</i>{b}</td></tr><tr><td colspan="2">© Pier Press</td></tr></table></body></html>',
)

# Mark-up of one note: {a} its label, {t} the printed time, {i} the same for machines, {x} the text.
FORMS = (
    "<p class='note-head'>{a} ({t})</p><p>{x}</p>",
    "<h3>{a} ({t})</h3><p>{x}</p>",
    "<h4>{a}</h4><p><small>{t}</small></p><p>{x}</p>",
    "<div class='upd-box'><span class='lbl'>{a}</span> <span class='tm'>{t}</span><p>{x}</p></div>",
    "<p><strong>{a} – {t}</strong><br>{x}</p>",
    "<dl><dt>{a}, {t}</dt><dd>{x}</dd></dl>",
    "<details open><summary>{a} ({t})</summary><p>{x}</p></details>",
    "<p><b>{a}</b> <time datetime='{i}'>{t}</time>: {x}</p>",
    "<p><b>{a}:</b> {x} ({t})</p>",
    "<table><tr><td>{a}</td><td>{t}</td><td>{x}</td></tr></table>",
    "<p>[{a}, {t}] {x}</p>",
    "<p><i>{a} {t} — {x}</i></p>",
    "<p><span>{t}</span> | <b>{a}</b> | {x}</p>",
    "<p><b>{a}:</b> {x} <time datetime='{i}'></time></p>",
    "<section class='corr'><header><strong>{a}</strong></header><p>{t}</p><div>{x}</div></section>",
)


@dataclass(slots=True)
class Row:
    """One printed place of a note, and what is to be read there."""

    place: str
    element: str
    kind: str
    other: str | None
    time: str
    number: str
    text: str


@dataclass(slots=True)
class Page:
    """The rows of one page."""

    language: str
    style: str
    rows: list[Row] = field(default_factory=list)


def pages() -> Iterator[Page]:
    page: Page | None = None
    for line in (gold.OWN / "matrix.txt").read_text("utf-8").splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        head, _, text = line.partition(" :: ")
        text, _, other = text.partition(" ; kind_alt=")
        words = head.split()
        if words[0] != "+":
            if page:
                yield page
            page = Page(words[0], words[1])
        assert page is not None
        place, _, element = words[-4].partition("/")
        page.rows.append(Row(place, element, words[-3], other or None, words[-2], words[-1], text))
    if page:
        yield page


def plain(text: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>|\{|\}|\[\[|\]\]", "", text)).split())


def marked(text: str, pattern: str) -> str | None:
    found = re.search(pattern, text)
    return plain(found[1]) if found else None


def wanted(page: Page, row: Row) -> dict[str, Any]:
    """The note that a row stands for, as the labels of the gold set write it."""
    zone = ZoneInfo(STORIES[page.language]["zone"])
    at = re.fullmatch(r"[~?]?(\d+)(?:T(\d+):(\d+))?", row.time)
    published = None
    if at:
        published = f"2026-03-{int(at[1]):02d}"
        if at[2]:
            published = datetime(2026, 3, int(at[1]), int(at[2]), int(at[3]), tzinfo=zone).isoformat()
    first, _, last = row.number.partition("-")
    parts = [plain(part) for part in row.text.split("||")]
    note: dict[str, Any] = {
        "sequence": int(first) if first else None,
        "kind": row.kind,
        "published": published,
        "heading": marked(row.text, r"\[\[(.*?)\]\]"),
        "summary": marked(row.text, r"\{(.*?)\}"),
        "location": "section" if row.element in {"h2", "h3"} or page.style == "S17" else PLACES[row.place],
    }
    if last:
        note["sequence_range"] = [int(first), int(last)]
    if row.time.startswith("~"):
        note["tolerance_s"] = 3600
    if row.other:
        note["kind_alt"] = [row.other]
    if row.place == "live" or row.element in {"h2", "h3"}:
        note["first_paragraph"] = parts[-1]
    return note


def printed(row: Row, n: int) -> str:
    """A row's mark-up."""
    raw = [re.sub(r"\{|\}|\[\[|\]\]", "", part).strip() for part in row.text.split("||")]
    if row.place == "live":
        return (
            f'<div class="post-item"><span class="tm">{raw[0]}</span><h3>{raw[1]}</h3><p>{raw[2]}</p></div>',
            f'<section class="entry"><h3><time>{raw[0]}</time> {raw[1]}</h3><p>{raw[2]}</p></section>',
            f"<p><strong>{raw[0]}</strong></p><h4>{raw[1]}</h4><p>{raw[2]}</p>",
        )[n % 3]
    if row.element in {"h2", "h3"}:
        return f"<{row.element}>{raw[0]}</{row.element}><p>{raw[1]}</p>"
    if row.element == "li":
        return f"<li>{' '.join(raw)}</li>"
    if row.element == "tr":
        return "<tr>" + "".join(f"<td>{cell}</td>" for cell in raw) + "</tr>"
    if raw[0].startswith("<div"):
        return raw[0]
    if row.element == "box":
        return f'<div class="alert alert-info" role="note"><p>{raw[0]}</p></div>'
    if n % 7 == 5 and row.place != "mid" and not row.time.startswith("~"):  # in a margin, a time ago is a widget's
        return f"<aside><p>{raw[0]}</p></aside>"
    return f"<div class='x'><p>{raw[0]}</p></div>" if n % 7 == 3 else f"<p>{raw[0]}</p>"


def around(page: Page, place: str, n: int) -> str:
    """All rows of one place with the list or table that holds them."""
    rows = [row for row in page.rows if row.place == place]
    inner = "".join(printed(row, n) for row in rows)
    elements = {row.element for row in rows}
    heading = f"<h2>{STORIES[page.language]['changes']}</h2>" if place == "foot" and page.style != "S17" else ""
    if "li" in elements:
        return f"{heading}<ul>{inner}</ul>"
    if "tr" in elements:
        names = ("No.", "Date Filed", "Docket Text") if page.style == "S17" else ("Date", "Version", "Change")
        return f"{heading}<table><tr>{''.join(f'<th>{name}</th>' for name in names)}</tr>{inner}</table>"
    return inner


def document(language: str, title: str | None, body: str, n: int, *, live: bool = False) -> str:
    story = STORIES[language]
    day = re.sub("10", "12", story["day"], count=1) if live else story["day"]
    text = TEMPLATES[n % 5].format(l=story["locale"], t=title or story["title"], d=day, b=body)
    if n % 5 == 3:  # no paragraphs, only boxes
        text = re.sub(r"<(/?)p(?=[ >])", r"<\1div", text)
    return text


def read(language: str, text: str) -> list[dict[str, Any]]:
    story = STORIES[language]
    seen = datetime(2026, 3, 12, 20, tzinfo=ZoneInfo(story["zone"])).isoformat()
    label = {"id": language, "url": f"https://example.org/{language}/x", "locale": story["locale"]}
    page = gold.read_page(text.encode(), label | {"default_tz": story["zone"], "reference_date": seen})
    return list(page["notes"])


def faults(page: Page, n: int) -> list[str]:
    """What is read wrongly on the page of some rows."""
    story = STORIES[page.language]
    n += page.style == "S08" and n % 5 == 3  # where there are no paragraphs, a stamp of its own is a byline's
    first, *others = (f"<p>{paragraph}</p>" for paragraph in story["paragraphs"])
    live = any(row.place == "live" for row in page.rows)
    title = next((re.sub(r"\[\[|\]\]", "", row.text) for row in page.rows if row.place == "title"), None)
    if live:
        body = first + around(page, "live", n)
    else:
        body = around(page, "top", n) + first + around(page, "mid", n) + "".join(others) + around(page, "foot", n)
    said = read(page.language, document(page.language, title, body, n, live=live))
    notes = [wanted(page, row) for row in page.rows if not row.time.startswith("?")]
    optional = [{"text": plain(row.text)} for row in page.rows if row.time.startswith("?")]
    found = gold.pairs(said, notes)
    out = [f"missed: {note}" for j, note in enumerate(notes) if j not in {j for _, j in found}]
    for i, note in enumerate(said):
        if i not in {i for i, _ in found} and not gold.excused(note, optional):
            out.append(f"false: {note}")
    for i, j in found:
        right = {
            "number": gold.same_number(said[i], notes[j]),
            "time": gold.same_time(said[i], notes[j]),
            "kind": gold.same_kind(said[i], notes[j]),
            "place": said[i]["location"] == notes[j]["location"],
        }
        out += [f"{name}: said {said[i]}, not {notes[j]}" for name, ok in right.items() if not ok]
    return [f"{page.language} {page.style} {page.rows[0].text[:60]}: {fault}" for fault in out]


@pytest.mark.parametrize("language", sorted(STORIES))
def test_every_wording_of_a_language_is_read(language: str) -> None:
    """Each wording of a note is found, with its number, kind, instant and place, whatever the template."""
    wrong = [fault for n, page in enumerate(pages()) if page.language == language for fault in faults(page, n)]
    assert wrong == [], "\n".join(wrong)


@pytest.mark.parametrize("language", sorted(STORIES))
def test_a_note_is_read_in_every_form(language: str) -> None:
    """Wherever label, time and text of a note stand in the mark-up, its kind, instant and words are read."""
    story = STORIES[language]
    at = datetime(2026, 3, 12, 14, 5, tzinfo=ZoneInfo(story["zone"])).isoformat()
    body = "".join(f"<p>{paragraph}</p>" for paragraph in story["paragraphs"])
    wrong = []
    for n, form in enumerate(FORMS):
        for kind in ("update", "correction"):
            label, text = story[kind]
            note = form.format(a=label, t=story["time"], i=at, x=text)
            said = read(language, document(language, None, note + body if kind == "update" else body + note, n))
            wanted = {"sequence": None, "kind": kind, "published": at, "summary": text}
            right = len(said) == 1 and gold.same_kind(said[0], wanted) and gold.same_time(said[0], wanted)
            if not right or gold.likeness(said[0], wanted) < 0.8:
                wrong.append(f"{note}: {said}")
    assert wrong == [], "\n".join(wrong)


def test_the_languages_that_are_promised_are_in_the_matrix() -> None:
    """The seventeen languages that the README speaks of, Danish and Norwegian being one, all have wordings."""
    promised = ["en", "de", "fr", "es", "it", "pt", "nl", "sv", "da/no", "fi", "pl", "tr", "ru", "ar", "ja", "zh", "ko"]
    assert len(promised) == 17
    assert {page.language for page in pages()} == {one for each in promised for one in each.split("/")}


def test_the_matrix_is_wide() -> None:
    """Every language has wordings of the styles that its publishers use."""
    styles: dict[str, set[str]] = defaultdict(set)
    for page in pages():
        styles[page.language].add(page.style)
    assert set(styles) == set(STORIES)
    assert all(len(found) >= 12 for found in styles.values()), {name: len(found) for name, found in styles.items()}


def test_lines_that_only_hold_the_words_are_no_notes() -> None:
    """A market's correction, a product's update, a quoted note, navigation and stamps bring no note."""
    wrong = []
    lines = (gold.OWN / "lookalikes.txt").read_text("utf-8").splitlines()
    for n, line in enumerate(line for line in lines if line.strip() and not line.startswith("#")):
        head, _, text = line.partition(" :: ")
        language, place = head.split()
        first, *others = (f"<p>{paragraph}</p>" for paragraph in STORIES[language]["paragraphs"])
        rest = "".join(others)
        odd = text if text.startswith("<h2") else f"<p>{text}</p>"
        body = {"title": first + rest, "top": odd + first + rest, "mid": first + odd + rest, "foot": first + rest + odd}
        said = read(language, document(language, text if place == "title" else None, body[place], n))
        wrong += [f"{line}: {note}" for note in said]
    assert wrong == [], "\n".join(wrong)
