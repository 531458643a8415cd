"""The project's own gold set of update notes: its figures may only rise (tests/gold/best.json keeps the best)."""

import functools
import re

import helpers_gold as gold


@functools.cache
def scored() -> gold.Score:
    return gold.score(gold.OWN)


def test_no_figure_of_the_own_set_falls() -> None:
    """Notes, their fields, traps and scenarios of the own gold set are read at least as well as ever before."""
    assert gold.lost("own", scored().figures()) == [], "\n".join(scored().faults)


def test_no_trap_brings_a_note() -> None:
    """What only looks like a note (a product's update, a prompt, a quoted note) is none."""
    counts = scored().counts
    assert counts["traps"] >= 25
    assert counts["traps.clean"] == counts["traps"]


def test_the_own_set_covers_the_taxonomy() -> None:
    """The own set holds every style and language of the taxonomy, and scenarios enough."""
    labels = list(gold.labels(gold.OWN))
    styles = {style for label in labels for style in label["styles"]}
    assert {f"S{n:02d}" for n in range(1, 30)} | {"O1", "O2", "TRAP"} <= styles
    assert len({label["lang"] for label in labels}) >= 17
    assert len(labels) >= 90
    assert len(list(gold.scenarios(gold.OWN))) >= 30


def _again(page: str) -> str:
    """The same page with other white space, attributes and class names."""
    page = re.sub(r"\sclass=([\"'])(.*?)\1", ' class="q7"', page)
    page = re.sub(r"<(p|div|span|h[1-6]|li|td|b|em)(?=[\s>])", r'<\1 data-x="1"', page, flags=re.IGNORECASE)
    page = re.sub(r">\s*<(?=/?(?:p|div|h[1-6]|li|ul|ol|table|tr|td|section)\b)", ">\n   <", page, flags=re.IGNORECASE)
    return re.sub(r"(<p\b[^>]*>)", r"\1\n  ", page)


def test_notes_are_found_again_in_other_markup() -> None:
    """The notes of a page are the same, whatever its white space, attributes and class names."""
    for label in gold.labels(gold.OWN):
        page = (gold.OWN / label["file"]).read_text("utf-8")
        if "<body" in page.lower():
            assert gold.read_page(_again(page).encode(), label)["notes"] == gold.read_document(gold.OWN, label)["notes"]


def test_the_set_is_sound() -> None:
    """Every label names a document and places its notes; a trap has none."""
    for label in gold.labels(gold.OWN):
        assert (gold.OWN / label["file"]).is_file(), label["id"]
        assert all(note["location"] for note in label["notes"]), label["id"]
        assert not (label["trap"] and label["notes"]), label["id"]
        members = sorted(index for one in label["merged"] for index in one["members"])
        assert members == list(range(len(label["notes"]))), label["id"]
