"""Blocks, then words: what is shown as changed is what changed."""

import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watcher.core import diff

TEXT = st.text(alphabet=st.sampled_from("ab cd.,1 \n\t小米泰ไทย’'é"), max_size=60)
BLOCKS = st.lists(
    st.sampled_from(["alpha beta gamma", "alpha beta delta", "x", "", "one two three four", "小米集团"]), max_size=8
)


@given(st.text(max_size=80))
def test_tokens_are_the_whole_text(text: str) -> None:
    """Nothing of a text is lost when it is cut into tokens."""
    assert "".join(diff.tokens(text)) == text


def test_scripts_without_spaces_are_cut_by_character() -> None:
    """Chinese and Thai are compared character by character, numbers and words as wholes."""
    assert diff.tokens("小米had 1,234.5元") == ["小", "米", "had", " ", "1,234.5", "元"]
    assert diff.tokens("ไทย") == ["ไ", "ท", "ย"]


@given(TEXT, TEXT)
def test_words_give_both_sides_back(before: str, after: str) -> None:
    """What stayed and went is the old text, what stayed and came is the new one, and neighbours are merged."""
    words = diff.words(before, after)
    assert "".join(text for op, text in words if op != "+") == before
    assert "".join(text for op, text in words if op != "-") == after
    assert all(text for _, text in words)
    assert all(one[0] != other[0] for one, other in pairwise(words))


def test_a_lost_negation_is_one_word() -> None:
    """The word that turned a sentence round stands alone in the difference."""
    words = diff.words("The ministry did not comment.", "The ministry did comment.")
    assert words == (("=", "The ministry did "), ("-", "not "), ("=", "comment."))


def test_what_is_gone_stands_before_what_is_new() -> None:
    """A replaced word is shown as gone, then new."""
    assert diff.words("fined $5 million", "fined $7 million") == (
        ("=", "fined $"), ("-", "5"), ("+", "7"), ("=", " million"),
    )  # fmt: skip


@given(BLOCKS, BLOCKS)
def test_hunks_cover_both_sides_once(before: list[str], after: list[str]) -> None:
    """Every block of both sides is in exactly one hunk, and the new side is in order."""
    hunks = diff.blocks(before, after)
    assert [index for hunk in hunks for index in range(*hunk.after)] == list(range(len(after)))
    assert sorted(index for hunk in hunks for index in range(*hunk.before)) == list(range(len(before)))
    for hunk in hunks:
        if hunk.op == "equal":
            assert before[slice(*hunk.before)] == after[slice(*hunk.after)]


@given(BLOCKS, BLOCKS)
def test_the_text_is_empty_exactly_when_nothing_differs(before: list[str], after: list[str]) -> None:
    """An empty difference means equal texts, and equal texts give an empty difference."""
    assert (diff.unified(before, after) == "") == (before == after)


def test_an_edited_block_is_paired_with_itself() -> None:
    """A block that was edited beside a new one is shown as edited, not as gone and new."""
    before = ["Intro.", "The court granted the motion to dismiss the case on Monday.", "End."]
    after = [
        "Intro.",
        "A wholly different opening.",
        "The court denied the motion to dismiss the case on Monday.",
        "End.",
    ]
    ops = [hunk.op for hunk in diff.blocks(before, after)]
    assert ops == ["equal", "insert", "replace", "equal"]


def test_a_block_that_stands_elsewhere_has_moved() -> None:
    """A moved block is one line with its own mark and no changed words."""
    moved = "This paragraph was at the top and is long enough to be known again."
    before = [moved, "Two is here.", "Three is here.", "Four is here."]
    after = ["Two is here.", "Three is here.", "Four is here.", moved]
    assert "move" in [hunk.op for hunk in diff.blocks(before, after)]
    assert diff.unified(before, after) == f"  Four is here.\n> {moved}"
    assert diff.changed_words(before, after) == ()


def test_a_moved_and_edited_block_shows_the_edit() -> None:
    """What was edited in a moved block is among the changed words."""
    old = "The ministry said on Monday that it would not appeal the ruling of the court."
    new = old.replace("would not", "would")
    words = diff.changed_words([old, "b one", "c two", "d three"], ["b one", "c two", "d three", new])
    assert ("-", "not ") in words


def test_context_stands_around_a_change() -> None:
    """A change is shown with its neighbours."""
    assert diff.unified(["a", "b", "c", "d"], ["a", "b", "c", "x y z", "d"]) == "  c\n+ x y z\n  d"


def test_changed_words_hold_only_the_changed_blocks() -> None:
    """Unchanged blocks are not repeated; changed ones are parted by a line feed."""
    before = ["Same.", "The fine is 5 euros in all.", "Same too.", "It starts in May this year."]
    after = ["Same.", "The fine is 6 euros in all.", "Same too.", "It starts in June this year."]
    words = diff.changed_words(before, after)
    assert (
        "".join(text for op, text in words if op != "-") == "The fine is 6 euros in all.\nIt starts in June this year."
    )


def test_changed_words_are_bounded() -> None:
    """However much changed, what goes into an alert is bounded."""
    words = diff.changed_words(["word " * 20_000], ["other " * 20_000])
    assert sum(len(text) for _, text in words) <= 20_001


def test_long_pages_take_bounded_time() -> None:
    """Twenty thousand words, all of them changed, are compared in seconds at most."""
    before = [f"{n} " + " ".join(f"word{(n * k) % 97}" for k in range(60)) for n in range(330)]
    after = [f"{n} " + " ".join(f"word{(n * k) % 89}" for k in range(60)) for n in range(330)]
    start = time.process_time()
    assert diff.unified(before, after)
    assert diff.changed_words(before, after)
    assert diff.words(" ".join(before), " ".join(after))
    assert time.process_time() - start < 5


@pytest.mark.parametrize("count", [400, 3000])
def test_many_equal_rows_do_not_slow_it_down(count: int) -> None:
    """A list of equal lines is no special case."""
    start = time.process_time()
    hunks = diff.blocks(["row"] * count, ["row"] * (count - 5) + ["other"])
    assert hunks[0].op == "equal"
    assert time.process_time() - start < 2
