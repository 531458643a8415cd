"""Notices that stand outside the article and yet speak of it; what else stands there stays out."""

from datetime import UTC, datetime

import pytest

from helpers_one_edit import changes, page
from watcher.core import article, text, when
from watcher.core.notices import is_notice
from watcher.model import Source

# (what, language, the box, where it stands: before which piece of the page's markup)
LOOK = when.Look("en-US", "UTC", datetime(2031, 3, 4, tzinfo=UTC))
ABOVE, BESIDE, BELOW, BAR, END = "<main", "<article", "<aside", '<div id="cookie-banner"', "<footer>"
NOTICES = [
    (
        "an alert above the article",
        "en",
        '<div class="alert"><p>This rule was withdrawn on 7 May 2031.</p></div>',
        BESIDE,
    ),
    ("a box with a heading", "en", "<div><h2>Notice</h2><p>The order has been stayed by the court.</p></div>", ABOVE),
    ("a bare paragraph", "en", "<p>This list is superseded by List 12.</p>", BESIDE),
    ("a bar across the page", "en", '<div class="x7 q"><div><p>Status: <b>vacated</b></p></div></div>', BAR),
    ("a state below the article", "en", '<div class="state">Status: vacated by the court</div>', BELOW),
    ("a deadline below it", "en", "<section><p><strong>Deadline:</strong> 30 June 2031</p></section>", BELOW),
    ("an aside called a banner", "en", '<aside class="banner"><p>The list is no longer in force.</p></aside>', BESIDE),
    ("a box in a side bar", "en", '<div class="sidebar"><p>Status: revoked</p></div>', BELOW),
    ("an alert by its role", "en", '<div role="alert">The licence was revoked on 1 May 2031.</div>', ABOVE),
    ("a notice with a link in it", "en", '<div>It is replaced by <a href="/12">List 12</a> as of May.</div>', BESIDE),
    ("a notice near the end", "en", "<div><p>This page has been archived and is not updated.</p></div>", END),
    ("German", "de", "<div><p>Die Verordnung wurde am 3. Mai 2031 aufgehoben.</p></div>", BESIDE),
    ("French", "fr", "<div><p>Cet arrêté est abrogé depuis le 3 mai 2031.</p></div>", BESIDE),
    ("Spanish", "es", "<div><p>La orden queda sin efecto desde el 3 de mayo.</p></div>", ABOVE),
    ("Italian", "it", "<div><p>Il decreto è stato revocato il 3 maggio 2031.</p></div>", ABOVE),
    ("Portuguese", "pt", "<div><p>A portaria foi revogada em 3 de maio.</p></div>", BESIDE),
    ("Dutch", "nl", "<div><p>Het besluit is op 3 mei ingetrokken.</p></div>", BESIDE),
    ("Swedish", "sv", "<div><p>Beslutet är upphävt sedan den 3 maj.</p></div>", ABOVE),
    ("Polish", "pl", "<div><p>Decyzja została uchylona 3 maja.</p></div>", BESIDE),
    ("Turkish", "tr", "<div><p>Bu tebliğ yürürlükten kaldırılmıştır.</p></div>", BESIDE),
    ("Russian", "ru", "<div><p>Приказ утратил силу 3 мая.</p></div>", BESIDE),
    ("Arabic", "ar", "<div><p>تم إلغاء هذا القرار في 3 مايو.</p></div>", BESIDE),
    ("Japanese", "ja", "<div><p>この告示は5月3日に廃止されました。</p></div>", BESIDE),
    ("Chinese", "zh", "<div><p>本公告已于5月3日废止。</p></div>", ABOVE),
    ("Korean", "ko", "<div><p>이 고시는 5월 3일 폐지되었다.</p></div>", BESIDE),
]


@pytest.mark.parametrize(("lang", "box", "where"), [row[1:] for row in NOTICES], ids=[row[0] for row in NOTICES])
def test_a_notice_outside_the_article_is_announced(lang: str, box: str, where: str) -> None:
    """A box that says that the content was withdrawn, stayed or replaced is announced, wherever it stands."""
    before = page(lang)
    assert before.count(where) == 1
    found = changes(before, before.replace(where, box + where))
    assert [change.event for change in found if change.announced] in (["text.changed"], ["update.new"])


STATES = {
    "a box": '<div class="state"><b>Status:</b> In force</div>',
    "a row of a table": "<table><tr><th>No.</th><td>12</td></tr><tr><th>Status</th><td>In force</td></tr></table>",
    "a term": "<dl><dt>Number</dt><dd>12</dd><dt>Status:</dt><dd>In force</dd></dl>",
    "a consultation": "<div><p>Comment period closes: In force</p></div>",
}


@pytest.mark.parametrize("box", STATES.values(), ids=STATES)
@pytest.mark.parametrize("where", [ABOVE, "<footer>"])
def test_a_state_that_changes_beside_the_article_shows_its_words(box: str, where: str) -> None:
    """A box of the state is compared word by word, as the article is, be it above the headline or below the text."""
    with_state = page().replace(where, box + where)
    found = changes(with_state, with_state.replace("In force", "Revoked"))
    assert [(change.event, change.silent) for change in found] == [("text.changed", True)]
    assert ("-", "In force") in found[0].words
    assert ("+", "Revoked") in found[0].words


def test_an_update_in_a_bar_above_the_article_is_an_update() -> None:
    """A numbered banner is read as a note though it stands outside the article."""
    bar = '<div class="breaking"><p>Update 1 (05/12/2031 @6:16 AM ET): The court enjoined the ban.</p></div>'
    found = changes(page(), page().replace("<main", bar + "<main"))
    assert [(change.event, change.update.sequence) for change in found if change.update] == [("update.new", 1)]


NOISE = [
    (
        "a teaser whose headline says so",
        '<div><h3><a href="/7">Rule vacated by court</a></h3><p>It was revoked.</p></div>',
    ),
    ("a row of teasers", '<div class="t"><p>The Ozark rule was withdrawn.</p></div>' * 3),
    ("a list of headlines", "<div><ul><li>Ferry licence revoked by the ministry</li></ul></div>"),
    ("a cookie box", "<div><p>Your consent was withdrawn. Cookie settings have been updated.</p></div>"),
    ("a prompt for the browser", "<div><p>Update your browser: this one is out of date.</p></div>"),
    ("a newsletter", "<div><p>Update: our newsletter has been extended to weekends. Subscribe.</p></div>"),
    ("navigation", '<nav class="n"><p>Status: revoked</p></nav>'),
    ("a related box", '<div class="related-posts"><p>The Ozark rule was withdrawn.</p></div>'),
    ("an advert", '<div class="advert"><p>This offer has been extended until Sunday.</p></div>'),
    ("a table of other things", "<table><tr><th>Harbour</th><td>Open</td></tr><tr><th>Status</th></tr></table>"),
    ("a table of many", f"<table>{'<tr><td>Status: vacated</td><td>Rule</td><td>7</td></tr>' * 4}</table>"),
    ("a greeting", "<div><p>Good evening. It is Monday, 3 March 2031.</p></div>"),
    ("a place's weather", "<div><p>Harbour: 12 degrees, rain until four.</p></div>"),
    ("nothing but a word", "<div><p>Updates</p></div>"),
]


@pytest.mark.parametrize("box", [row[1] for row in NOISE], ids=[row[0] for row in NOISE])
@pytest.mark.parametrize("where", [ABOVE, BELOW, END])
def test_what_else_stands_outside_stays_out(box: str, where: str) -> None:
    """Teasers, prompts, adverts and widgets outside the article are not announced, whatever words they use."""
    assert [change for change in changes(page(), page().replace(where, box + where)) if change.announced] == []


@pytest.mark.parametrize(("lang", "box", "where"), [row[1:] for row in NOTICES], ids=[row[0] for row in NOTICES])
def test_the_early_gate_sees_the_notices_that_the_reading_sees(lang: str, box: str, where: str) -> None:
    """A poll that brings nothing but a notice does not end at the cheap gate, and the next one does."""
    source = Source("newsroom", "https://authority.example/news", kind="article")
    before, after = page(lang), page(lang).replace(where, box + where)

    def read(html: str) -> tuple[str | None, str]:
        reading = article.read(html.encode(), "text/html; charset=utf-8", source.url, source, LOOK)
        return reading.page.place, reading.watched

    (place, known), (later_place, later) = read(before), read(after)
    assert text.watched_digest(before, place) == known
    assert text.watched_digest(after, place) != known
    assert text.watched_digest(after, later_place) == later


@pytest.mark.parametrize(
    "words",
    [
        "Status: In force", "Deadline: 12 May 2031", "This guidance was withdrawn on 7 May.", "状态：已废止",
        "Update 2 – the court has ruled", "Correction: the fine is 15 million.", "Valid until: 3 May 2031",
    ],
)  # fmt: skip
def test_a_notice_is_known_by_its_words(words: str) -> None:
    """States, deadlines, ends and notes are notices."""
    assert is_notice(words)


@pytest.mark.parametrize(
    "words",
    [
        "", "Updates", "Statute book", "Stateside news", "Most read this week", "Update now",
        "Deadlines and how to meet them",
        "Sign in to see the status: pending", "Status: Offline", "The withdrawal of cash", "It was revoked. " * 50,
    ],
)  # fmt: skip
def test_other_words_are_none(words: str) -> None:
    """A line that only sounds like one is none."""
    assert not is_notice(words)
