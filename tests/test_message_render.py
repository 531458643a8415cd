"""What a person reads: the plain text and the HTML of a mail."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers_message import AT, DESK, DOCUMENT, EDIT, ENTRY, NOTE, NOW, XDA, alert, alerts, change, rendered, update
from watcher.core.message import SourceHealth, health_alert
from watcher.core.message_view import http_url, paragraphs
from watcher.model import Moment, Times


class Outline(HTMLParser):
    """Collects tags, attributes and balance of an HTML document."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.open: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.words: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)


KNOWN_TAGS = {
    "html",
    "head",
    "meta",
    "title",
    "style",
    "body",
    "div",
    "p",
    "a",
    "span",
    "h1",
    "h2",
    "table",
    "tr",
    "td",
    "ins",
    "del",
    "b",
    "br",
}
KNOWN_ATTRIBUTES = {
    "class",
    "style",
    "href",
    "rel",
    "dir",
    "lang",
    "charset",
    "name",
    "content",
    "role",
    "cellpadding",
    "cellspacing",
}


def test_an_update_is_told_in_full() -> None:
    """A mail says what, when (as printed and in the channel's zone), the new text, the link and how to mute."""
    times = Times(AT, False, "05/12/2021 @6:16 AM ET", fetched=NOW)
    mail = rendered(alert(update(mark="Removed from blacklist", times=times, gap=(3, 4))))
    words = "".join(Outline(mail.html).words)
    for text in (" ".join(mail.text.split()), " ".join(words.split())):
        assert "Removed from blacklist" in text
        assert "U.S. Defense Department removes Xiaomi" in text
        assert "An agreement has been reached." in text
        assert "First paragraph." in text
        assert "Second paragraph." in text
        assert "12 May 2021, 06:16 EDT (10:16 UTC), printed as “05/12/2021 @6:16 AM ET”" in text
        assert "12 May 2021, 06:20 EDT (10:20 UTC)" in text
        assert "Update 3 and Update 4 were never seen here." in text
        assert "watcher mute xda-xiaomi --for 2h" in text
        assert "XDA: US bans investing in Xiaomi" in text
    assert DOCUMENT.url in mail.text
    assert f'href="{DOCUMENT.url}"' in mail.html
    assert "https://watch.example.org/w/a/alr_" in mail.text
    assert "javascript:" not in mail.text + mail.html


def test_a_silent_edit_shows_the_words_and_says_that_it_was_silent() -> None:
    """An edit shows what went and what came, and whether the publisher said so."""
    mail = rendered(alert(change("text.changed", silent=True, words=EDIT)))
    assert "the company [-did not-] [+did+] own shares" in mail.text
    assert "Silent: the publisher printed no note" in " ".join(mail.text.split())
    assert ">did not</del> <ins" in mail.html
    announced = rendered(alert(change("text.changed", silent=False, words=EDIT)))
    assert "Announced: " in announced.text
    assert "Silent" not in announced.text


def test_edits_stand_in_their_paragraphs_with_the_rest_left_out() -> None:
    """Only paragraphs with an edit are shown, long unchanged runs shortened to their ends."""
    words = (("=", "Same.\n" + "far away " * 60 + "near "), ("-", "old"), ("+", "new\nadded"), ("=", "\nlast"))
    shown = paragraphs(words)
    assert len(shown) == 2
    assert shown[0][0][1].startswith("… ")
    assert shown[0][0][1].endswith("near ")
    assert shown[0][1:] == (("-", "old"), ("+", "new"))
    assert shown[1] == (("+", "added"),)


def test_many_new_entries_are_a_list() -> None:
    """Forty new entries are forty lines with time and summary, not forty cards."""
    entries = [
        change(
            "entry.new",
            entry=replace(ENTRY, title=f"Entry {n}", summary="Short."),
            document=replace(DOCUMENT, id=f"doc_{n}"),
        )
        for n in range(40)
    ]
    mail = rendered(alert(*entries))
    assert "40 new entries" in mail.text
    assert mail.text.count("* Entry ") == 40
    assert mail.html.count("Short.") == 40
    many = rendered(alert(*entries * 4))
    assert "and 60 more" in many.text


def test_a_failing_source_says_why_since_when_and_what_comes_next() -> None:
    """A health alert says in words what is wrong and when Watcher tries again."""
    told = SourceHealth(
        "xda", "XDA", "https://www.example.org/", "article", "every 10 minutes",
        failing_since=NOW - timedelta(minutes=31), failures=5, error="www.example.org answered 503", next_poll_at=NOW,
    )  # fmt: skip
    item = health_alert(DESK, "source.failing", key="p", now=NOW, sources=[told])
    assert (item.subject, item.severity, item.thread) == (
        "Failing: www.example.org answered 503 — XDA",
        "notice",
        "xda",
    )
    text = " ".join(rendered(item).text.split())
    for said in (
        "www.example.org answered 503",
        "article, every 10 minutes",
        "12 May 2021, 05:49 EDT",
        "5 in a row",
        "Next poll: 12 May",
    ):
        assert said in text


def test_a_start_lists_every_new_source() -> None:
    """One alert at a start says of each source what is watched, where it stands and when it is polled next."""
    sources = [
        SourceHealth(
            f"s{n}",
            f"Source {n}",
            f"https://www.example.org/{n}",
            "feed",
            "every 5 minutes",
            entries=25,
            next_poll_at=NOW,
        )
        for n in range(6)
    ]
    item = health_alert(DESK, "source.started", key="start", now=NOW, sources=sources)
    assert item.subject == "Watching: Source 0 (+5)"
    text = " ".join(rendered(item).text.split())
    assert "Watching: 6 sources" in text
    assert "Source 5 feed, every 5 minutes · 25 entries · next poll 12 May 2021, 06:20 EDT" in text
    assert "X-Watcher-Source" not in dict(rendered(item).headers)
    one = SourceHealth("xda", "XDA", "https://www.example.org/", "article", update=5, update_gist="Removed")
    shown = rendered(health_alert(DESK, "source.started", key="start", now=NOW, sources=[one])).text
    assert "Update 5 · Removed" in shown


def test_what_has_no_source_is_told_in_a_sentence() -> None:
    """The health of Watcher itself, a test and an alert taken back say in words what they are."""
    subjects = {item.subject: rendered(item) for item in alerts() if not item.data.get("changes")}
    for subject, said in (
        ("Watcher degraded: no room on the disk", "Watcher degraded: no room on the disk"),
        ("Channel disabled: hook answered 410 twice", "hook answered 410 twice"),
        ("Test: channel desk works", "Somebody asked Watcher"),
        (
            "Taken back: Update 5 · U.S. Defense Department removes Xiaomi — XDA: US bans investing in Xiaomi",
            "read wrongly",
        ),
    ):
        assert said in subjects[subject].text
        assert "<h1" in subjects[subject].html


def test_a_late_alert_says_so_and_when_it_was_written() -> None:
    """What could not be delivered in time is marked."""
    mail = rendered(alert(update()), late=True)
    assert mail.subject.startswith("Late: Update 5 · ")
    assert "this alert was written on 12 May 2021, 06:20 EDT (10:20 UTC)" in " ".join(mail.text.split())


@pytest.mark.parametrize(
    ("zone", "shown"),
    [
        ("UTC", "12 May 2021, 10:20 UTC"),
        ("Asia/Shanghai", "12 May 2021, 18:20 CST (10:20 UTC)"),
        ("Pacific/Auckland", "12 May 2021, 22:20 NZST (10:20 UTC)"),
        ("Pacific/Honolulu", "12 May 2021, 00:20 HST (10:20 UTC)"),
        ("Nowhere/At_All", "12 May 2021, 10:20 UTC"),
    ],
)
def test_times_are_shown_in_the_channel_s_zone_with_utc_beside(zone: str, shown: str) -> None:
    """A reader sees local time and UTC, so that no abbreviation misleads."""
    assert shown in rendered(alert(update()), channel=replace(DESK, timezone=zone)).text


def test_a_bare_date_is_shown_as_a_date() -> None:
    """A date without a time is not moved into another zone."""
    times = Times(datetime(2021, 5, 12, tzinfo=UTC), True, "May 12", fetched=NOW)
    assert "Published:  12 May 2021, printed as “May 12”" in rendered(alert(update(times=times))).text


def test_a_time_printed_from_right_to_left_leaves_ours_in_order() -> None:
    """What the publisher printed as its time is set apart in the HTML mail, whichever way it is written."""
    times = Times(datetime(2025, 3, 5, 14, 30, tzinfo=UTC), False, "5 مارس 2025، 14:30", fetched=NOW)
    assert 'printed as “<span dir="auto">5 مارس 2025، 14:30</span>”' in (
        rendered(alert(update(times=times))).html or ""
    )


@pytest.mark.parametrize(
    ("url", "good"),
    [
        ("https://a.example/x?y=1", True),
        ("http://a.example", True),
        ("javascript:alert(1)", False),
        ("data:text/html,x", False),
        ("https://a.example/ x", False),
        ("https://a.example/\nx", False),
        ("//a.example", False),
        ("https://", False),
        ("http://[::1", False),
        (5, False),
    ],
)
def test_only_http_addresses_become_links(url: object, good: bool) -> None:
    """Nothing but http and https can be clicked."""
    assert (http_url(url) == url) is good


HOSTILE = st.text(max_size=40) | st.sampled_from(
    [
        '"><script>alert(1)</script>',
        "<img src=x onerror=alert(1)>",
        "' style='x",
        "{} {0} %s",
        "\u202egnp",
        "\r\n\r\nX: y",
        "&lt;b&gt;",
    ]
)


@given(HOSTILE, HOSTILE, HOSTILE)
def test_hostile_text_never_becomes_markup(title: str, text: str, url: str) -> None:
    """Whatever a publisher prints stays text: no element, attribute, event handler or address of theirs appears."""
    note = replace(NOTE, heading=title, summary=text, text=text + "\n" + title, links=(url, f"https://x.example/{url}"))
    document = replace(DOCUMENT, title=title, url=url)
    entry = replace(ENTRY, title=title, url=f"https://x.example/{url}", summary=text, fields=((title, text, url),))
    words = (("=", text), ("-", title), ("+", url))
    item = alert(
        change("update.new", update=note, document=document, mark=title),
        change("entry.changed", entry=entry, document=document, words=words),
        change("links.changed", diff=f"- {text}\n+ {title}", document=document),
        source=replace(XDA, title=title, url=url),
    )
    mail = rendered(item)
    outline = Outline(mail.html)
    assert not outline.open
    assert set(outline.tags) <= KNOWN_TAGS
    for tag, name, value in outline.attributes:
        assert name in KNOWN_ATTRIBUTES
        assert name != "href" or value.startswith(("https://", "http://"))
        assert tag != "a" or name != "rel" or value == "noopener noreferrer nofollow"
    assert not any(c in mail.text + mail.html for c in "\x00\x1b\u202e\u2066\r")
    (mail.text + mail.html + mail.subject).encode("utf-8")


def test_nothing_in_a_mail_is_loaded_or_changes_anything() -> None:
    """No picture, script, form or outside style: opening a mail tells nobody and does nothing."""
    for item in alerts():
        tags = set(Outline(rendered(item).html).tags)
        assert tags <= KNOWN_TAGS
        assert "url(" not in rendered(item).html


def test_right_to_left_text_chooses_its_own_direction() -> None:
    """Each paragraph from outside is laid out by its own first letters."""
    words = (("=", "قالت الشركة إنها "), ("-", "لم تخالف"), ("+", "خالفت"), ("=", " القانون"))
    item = alert(change("text.changed", silent=True, words=words, document=replace(DOCUMENT, title="العنوان")))
    assert 'dir="auto">قالت الشركة إنها <del' in rendered(item).html
    assert "[-لم تخالف-][+خالفت+] القانون" in rendered(item).text


def test_a_removed_entry_keeps_its_date_even_at_the_calendar_s_ends() -> None:
    """A time at the first day of the calendar is shown in UTC rather than failing."""
    first = datetime(1, 1, 1, tzinfo=UTC)
    entry = replace(ENTRY, published=Moment(first))
    assert "1 January 1" in rendered(alert(change("entry.removed", entry=entry, times=Times(first, fetched=NOW)))).text
