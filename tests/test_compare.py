"""What counts as a change: the comparison's decisions, table by table."""

import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from watcher.core import absence, compare, observe, updates, walls
from watcher.model import Block, Change, Document, KnownUpdate, Link, Moment, Note, Page, Source, SourceState

AT = datetime(2031, 3, 4, 12, tzinfo=UTC)
SOURCE = Source("gazette", "https://gazette.example/a", kind="article")
TEXT = (
    "The authority has put Meridian and six other firms on its list of excluded suppliers.",
    "Terminals must end existing contracts with the seven firms by 30 September 2031.",
    "Meridian did not answer questions before publication.",
)


def page(*texts: str, title: str = "Headline", notes: tuple[Note, ...] = (), modified: datetime | None = None) -> Page:
    blocks = tuple(Block("p", text) for text in texts or TEXT)
    told = tuple(Block("p", updates.words_of(note), role="note") for note in notes)
    return Page(
        SOURCE.url,
        title,
        title,
        modified=Moment(modified) if modified else None,
        blocks=told + blocks,
        notes=notes,
        updates=notes,
        language="en",
    )


def note(number: int | None, summary: str | None, *, hour: int = 1, **more: object) -> Note:
    base = Note(number, "update", Moment(AT + timedelta(hours=hour), printed="printed"), summary=summary)
    return replace(base, **more)  # type: ignore[arg-type]  # Note's own fields


def look(minutes: float = 10, *, confirmed: bool = True) -> compare.Look:
    at = AT + timedelta(minutes=minutes)
    return compare.Look(SOURCE, at, f"sha{minutes}", confirmed=confirmed)


def known(first: Page) -> Document:
    return compare.first_sight("doc_1", "page", SOURCE.url, first, look(0))


def told(first: Page, second: Page) -> list[tuple[str, bool]]:
    changes = compare.compare_page(known(first), second, look()).changes
    return [(change.event, change.announced) for change in changes]


def only(first: Page, second: Page) -> Change:
    changes = compare.compare_page(known(first), second, look()).changes
    assert len(changes) == 1
    return changes[0]


N1, N2 = note(1, "Meridian has answered."), note(2, "Meridian goes to court.", hour=2)

UPDATES = [
    ("a new number is new", (N1,), (N2, N1), [("update.new", True)]),
    ("the same notes in another order are nothing", (N1, N2), (N2, N1), []),
    (
        "reworded under its number is an edit",
        (N1,),
        (note(1, "Meridian answered at length."),),
        [("update.edited", True)],
    ),
    ("another time is an edit", (N1,), (note(1, "Meridian has answered.", hour=5),), [("update.edited", True)]),
    (
        "a section that follows is an edit",
        (N1,),
        (replace(N1, text="The whole statement."),),
        [("update.edited", True)],
    ),
    ("typesetting is nothing", (note(1, 'It says "no" - again.'),), (note(1, "It says “no” – again."),), []),
    ("a lost note is withdrawn", (N1, N2), (N2,), [("update.withdrawn", True)]),
    (
        "the same words under another number are stored only",
        (N1,),
        (replace(N1, sequence=3),),
        [("update.renumbered", False)],
    ),
    (
        "a ticking relative time is nothing",
        (note(None, "Roads are closed.", published=Moment(AT, printed="2 hours ago")),),
        (note(None, "Roads are closed.", published=Moment(AT + timedelta(hours=1), printed="1 hour ago")),),
        [],
    ),
    (
        "a correction beside an update is new",
        (N1,),
        (N1, replace(note(None, "The sum was wrong."), kind="correction")),
        [("update.new", True)],
    ),
    (
        "a higher wire number takes the place of the lower",
        (replace(N1, kind="writethru"),),
        (replace(N2, kind="writethru"),),
        [("update.new", True)],
    ),
]


@pytest.mark.parametrize(("before", "after", "want"), [row[1:] for row in UPDATES], ids=[row[0] for row in UPDATES])
def test_updates(before: tuple[Note, ...], after: tuple[Note, ...], want: list[tuple[str, bool]]) -> None:
    """An update is new once; afterwards it is edited, renumbered, withdrawn, or nothing happened."""
    assert told(page(notes=before), page(notes=after)) == want


def test_a_note_that_returns_is_nothing() -> None:
    """An update that vanished and comes back is never new again."""
    first = known(page(notes=(N1, N2)))
    gone = compare.compare_page(first, page(notes=(N2,)), look(10))
    assert [c.event for c in gone.changes] == ["update.withdrawn"]
    back = compare.compare_page(gone.document, page(notes=(N2, N1)), look(20))
    assert [c.event for c in back.changes if c.announced] == []


def test_a_withdrawal_is_told_under_the_same_id_once_sure() -> None:
    """A note that is missing is stored at once as unconfirmed, and announced under the same id five minutes later."""
    document = known(page(notes=(N1, N2)))
    first = compare.compare_page(document, page(notes=(N2,)), look(10, confirmed=False))
    assert [(c.event, c.reason) for c in first.changes] == [("update.withdrawn", "unconfirmed")]
    assert first.confirm_at == AT + timedelta(minutes=11)
    second = compare.compare_page(first.document, page(notes=(N2,)), look(11, confirmed=False))
    assert second.changes == ()
    assert second.confirm_at == AT + timedelta(minutes=15)
    third = compare.compare_page(second.document, page(notes=(N2,)), look(15, confirmed=False))
    assert [(c.id, c.announced) for c in third.changes] == [(first.changes[0].id, True)]
    fourth = compare.compare_page(third.document, page(notes=(N2,)), look(25, confirmed=False))
    assert fourth.changes == ()


def test_a_note_that_flickers_is_never_withdrawn() -> None:
    """A note that is back before the disappearance was confirmed was never withdrawn."""
    document = known(page(notes=(N1, N2)))
    first = compare.compare_page(document, page(notes=(N2,)), look(10, confirmed=False))
    back = compare.compare_page(first.document, page(notes=(N1, N2)), look(11, confirmed=False))
    assert back.changes == ()
    assert back.confirm_at is None


def test_gap_is_said() -> None:
    """When update 4 is seen and 3 never was, the change says so."""
    change = only(page(notes=(N1, N2)), page(notes=(note(4, "Judge halts the order.", hour=4), N2, N1)))
    assert change.gap == (3,)


def test_what_was_plain_text_before_is_no_new_update() -> None:
    """A block that stood on the page and is only now read as a note is nothing new."""
    post = replace(note(None, "A cut is certain, the size is not."), kind="live-post")
    other = replace(note(None, "One governor dissents from the cut."), kind="live-post")
    before = page("Live coverage.", "A cut is certain, the size is not.")
    after = page("Live coverage.", notes=(other, post))
    assert told(before, after) == [("update.new", True)]


def test_a_note_that_repeats_a_line_of_the_text_is_an_update() -> None:
    """A note whose words stood in the article already, and still do, is announced, and told when it is withdrawn."""
    said = "The court has halted the order."
    plain, marked = page("Shares fell.", said), page("Shares fell.", said, notes=(note(1, said),))
    assert told(plain, marked) == [("update.new", True)]
    assert told(marked, plain) == [("update.withdrawn", True)]


MATERIAL = [
    ("a moved deadline", "30 September 2031", "30 June 2031"),
    ("a negation", "did not answer", "did answer"),
    ("a comma that turns the sense", "No, sanctions remain.", "No sanctions remain."),
    ("a number", "six other firms", "nine other firms"),
    ("money", "$1.5 billion", "$15 billion"),
    ("a section of law", "Section 1237", "Section 1260"),
    ("a time of effect", "12:01 a.m.", "9:30 a.m."),
    ("a percentage", "5 %", "50 %"),
    ("Chinese", "公司未被列入名单。", "公司已被列入名单。"),
    ("Arabic", "لن تسري العقوبات", "ستسري العقوبات"),
]


@pytest.mark.parametrize(("before", "after"), [row[1:] for row in MATERIAL], ids=[row[0] for row in MATERIAL])
def test_material_edits_are_announced(before: str, after: str) -> None:
    """No edit that changes the sense is ever held back."""
    base = (*TEXT, f"It says: {before} That is all.")
    edited = tuple(text.replace(before, after) for text in base)
    change = only(page(*base), page(*edited))
    assert (change.event, change.announced, change.silent) == ("text.changed", True, True)
    assert "".join(text for op, text in change.words if op != "+") != "".join(
        text for op, text in change.words if op != "-"
    )


COSMETIC = [
    ("quotes", 'He said "no".', "He said “no”."),
    ("dashes", "Monday - Friday", "Monday – Friday"),
    ("a no-break space", "4 billion", "4\u00a0billion"),
    ("composed letters", "café", "cafe\u0301"),
]


@pytest.mark.parametrize(("before", "after"), [row[1:] for row in COSMETIC], ids=[row[0] for row in COSMETIC])
def test_cosmetic_edits_are_stored_with_their_reason(before: str, after: str) -> None:
    """Typesetting is kept and listed, never announced."""
    change = only(page(*TEXT, before), page(*TEXT, after))
    assert (change.event, change.announced, change.reason) == ("text.changed", False, "cosmetic")


def test_silent_and_announced_edits_differ() -> None:
    """An edit with a newer modification time was announced by the publisher; one without was silent."""
    edited = (*TEXT[:2], "Meridian declined to answer questions before publication.")
    assert only(page(modified=AT), page(*edited, modified=AT)).silent is True
    changes = compare.compare_page(
        known(page(modified=AT)), page(*edited, modified=AT + timedelta(hours=1)), look()
    ).changes
    assert {c.event: (c.announced, c.silent) for c in changes} == {
        "text.changed": (True, False),
        "meta.changed": (False, None),
    }


def test_a_moved_time_stamp_alone_is_minor() -> None:
    """A modification time that moved without any other change is stored, not announced."""
    assert told(page(modified=AT), page(modified=AT + timedelta(hours=1))) == [("meta.changed", False)]


def test_headline_alone() -> None:
    """A headline-only edit is a change of its own."""
    assert told(page(title="Port bars Meridian"), page(title="Port clears Meridian")) == [("title.changed", True)]


def test_text_that_returns_names_the_revision_and_flapping_is_muted() -> None:
    """A→B→A is restored text of revision 1; a page that goes on flipping is stored as flapping."""
    one, two = page(), page(*TEXT[:2])
    document, seen = known(one), []
    for step, shown in enumerate((two, one, two, one, two), 1):
        result = compare.compare_page(document, shown, look(step * 10))
        document = result.document
        seen += [(c.event, c.restored, c.announced, c.reason) for c in result.changes]
    assert seen[0][:1] == ("text.changed",)
    assert seen[1] == ("text.restored", 1, True, None)
    assert [row[3] for row in seen[3:]] == ["flapping", "flapping"]


def test_links_and_pictures_are_their_own_channels() -> None:
    """A link that leads elsewhere is told; one that is only written otherwise, and a picture that came, are stored."""
    base = page()
    with_link = replace(
        base, blocks=(*base.blocks, Block("p", "The order", (Link("https://a.example/order.pdf", "The order"),)))
    )
    other = replace(
        base, blocks=(*base.blocks, Block("p", "The order", (Link("https://a.example/order-2.pdf", "The order"),)))
    )
    query = replace(
        base,
        blocks=(*base.blocks, Block("p", "The order", (Link("http://www.a.example/order.pdf?part=1", "The order"),))),
    )
    assert told(with_link, other) == [("links.changed", True)]
    assert told(with_link, query) == [("links.changed", False)]
    assert told(base, replace(base, media=(Link("https://a.example/x.jpg", "Crane"),))) == [("media.changed", False)]


def test_nothing_changed_makes_no_revision() -> None:
    """The same page again leaves the document as it was."""
    result = compare.compare_page(known(page(notes=(N1,))), page(notes=(N1,)), look())
    assert (result.revision, result.changes) == (None, ())
    assert result.document == known(page(notes=(N1,)))


def test_better_rules_are_no_news() -> None:
    """A document that was read anew with other rules compares equal to what those rules read now."""
    document = compare.rebase(known(page()), page(*TEXT[:2], notes=(N1,)))
    assert compare.compare_page(document, page(*TEXT[:2], notes=(N1,)), look()).changes == ()


def test_a_long_live_page_matches_quickly() -> None:
    """Eight hundred posts are matched with those known by what they say, not each with each."""
    posts = tuple(replace(note(None, f"Post {i} about matter {i * 7}."), kind="live-post") for i in range(800))
    ledger = tuple(KnownUpdate(f"upd_{i}", post) for i, post in enumerate(posts))
    matching = updates.match("doc_1", ledger, (*posts, replace(note(None, "A fresh one."), kind="live-post")))
    assert [m.verdict for m in matching.matched].count("same") == 800
    assert matching.matched[-1].verdict == "new"


WALLS = [
    (
        "consent",
        page("We value your privacy. Accept all cookies to go on.", title="Before you continue"),
        "page.walled",
    ),
    ("captcha", page("Checking your browser. Are you a human?", title="Just a moment"), "page.walled"),
    ("log-in", page("Please log in to continue.", title="Gazette"), "page.walled"),
    ("German paywall", page(TEXT[0], "Jetzt weiterlesen mit dem Digital-Abo."), "page.walled"),
    ("maintenance", page("The site is under maintenance. We will be back soon.", title="Gazette"), "page.walled"),
    ("soft 404", page("The page you requested does not exist.", title="Page not found"), "page.gone"),
    ("Chinese soft 404", page("您访问的页面不存在。", title="页面不存在"), "page.gone"),
    ("another language", replace(page("Ganz anderer Text."), language="de"), "drastic"),
    ("nearly nothing left", page("Short."), "drastic"),
    ("the page itself", page(), None),
    ("one paragraph rewritten", page(*TEXT[:2], "Meridian declined to comment on the captcha on its site."), None),
    ("one paragraph less", page(*TEXT[:2]), None),
]


@pytest.mark.parametrize(("shown", "want"), [row[1:] for row in WALLS], ids=[row[0] for row in WALLS])
def test_walls(shown: Page, want: str | None) -> None:
    """A page that is not the page is known for what it is; an edited page is not suspected."""
    found = walls.suspect(page(), shown, "<html></html>")
    assert (found.event if found else None) == want


def test_a_wall_is_held_told_once_and_its_end_told() -> None:
    """A page that answers 403 is stored as unconfirmed, told five minutes later, then quiet; its return is told."""
    document = known(page())
    state = SourceState("gazette", "article", baseline_at=AT)
    seen: list[tuple[str, bool]] = []
    for minutes in (10, 11, 15, 25):
        found = observe.missing(SOURCE, state, document, 403, AT + timedelta(minutes=minutes))
        assert found is not None
        state = found.state
        seen += [(c.event, c.announced) for c in found.changes]
    assert seen == [("page.walled", False), ("page.walled", True)]
    state, back = absence.returned(state, document, look(35))
    assert [(c.event, c.announced) for c in back] == [("page.returned", True)]
    assert state.absence is None


def test_a_page_of_ten_thousand_paragraphs_is_soon_told_from_a_wall() -> None:
    """What it costs to know a page again grows with its length and not with its square."""
    texts = [f"Entry {number}: the firm was heard." for number in range(10_000)]
    edited = page(*(text.replace("was", "was not") for text in texts[:50]), *texts[50:])
    began = time.process_time()
    assert walls.suspect(page(*texts), edited, "<html></html>") is None
    assert time.process_time() - began < 1
