"""Feeds and pages that are odd, hostile or lie, through several polls: exactly what is new is told, once."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pytest

from helpers_faults import Fault, Field, announced, article
from inbox import Inbox, wait_for

RTL, EMOJI = "\u202e", "🚨🇺🇸"


@dataclass(frozen=True)
class Life:
    """A publisher's days: what the address gives on each, and the events that each after the first must bring."""

    name: str
    days: tuple[bytes, ...]
    events: tuple[tuple[str, ...], ...]
    kind: Literal["article", "feed"] = "feed"

    def body(self, name: str, day: int) -> bytes:
        return self.days[min(day, len(self.days) - 1)]


def rss(*items: str, head: str = "") -> bytes:
    return (
        f'<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel><title>Notices</title>{head}'
        f"<link>https://news.example/</link><description>d</description>{''.join(items)}</channel></rss>"
    ).encode()


def entry(
    number: int, *, guid: str = "", date: str = "Mon, 03 Mar 2031 08:00:00 GMT", title: str = "", text: str = ""
) -> str:
    return (
        f"<item><title>{title or f'Notice {number} of the authority'}</title>"
        f"<link>https://news.example/n/{number}</link><guid>{guid or f'n-{number}'}</guid><pubDate>{date}</pubDate>"
        f"<description>{text or f'The authority has published its notice {number}.'}</description></item>"
    )


def page(change: Callable[[str], str], stage: int) -> bytes:
    return change(article("x", stage)).encode()


def deep(text: str) -> str:
    return text.replace("<article", "<div>" * 2_000 + "<article").replace("</article>", "</article>" + "</div>" * 2_000)


def json_feed(*numbers: int, **more: Any) -> bytes:
    items = [
        {
            "id": f"n-{n}",
            "url": f"https://news.example/n/{n}",
            "title": f"Notice {n}",
            "content_text": f"No. {n}",
            **more,
        }
        for n in numbers
    ]
    return json.dumps({"version": "https://jsonfeed.org/version/1.1", "title": "Notices", "items": items}).encode()


DESK = """\
[channels.desk]
type = "email"
to = ["a@example.org"]
from = "b@example.org"
smtp = "{smtp}?tls=off"
"""
LONG = "Notice of very great length " * 400
HOSTILE = (
    f"Sanctions&#13;&#10;Bcc: all@example.org&#10;{RTL}gnol {EMOJI} &lt;script&gt;alert(1)&lt;/script&gt; \x00\x1b[31m"
)
NEW: tuple[str, ...] = ("entry.new",)
TEXT: tuple[str, ...] = ("text.changed",)
NOTHING: tuple[str, ...] = ()


def counted(make: Callable[..., str], *days: int, **more: str) -> tuple[bytes, ...]:
    """The days of a feed of which each has one entry more than the last number says."""
    return tuple(rss(*(make(n, **more) for n in range(day + 1, 0, -1))) for day in days)


def bare(number: int, part: str = "") -> str:
    """An entry without one of its parts."""
    return entry(number).replace(part.format(number), "")


def plain(stage: int) -> bytes:
    """A page without any markup."""
    moved = f"Terminals must end existing contracts by 30 September {2031 + stage}, the order of the authority says."
    return f"Order on x\n\n{moved}\n\nMore is known on Monday.\n".encode()


def commented(count: int) -> bytes:
    """A feed whose entries count their comments."""
    plain = rss(entry(1).replace("</item>", f"<slash:comments>{count}</slash:comments></item>"))
    return plain.replace(b"<rss ", b'<rss xmlns:slash="http://purl.org/rss/1.0/modules/slash/" ')


LIVES = [
    # Identity
    Life(
        "one GUID for all",
        (rss(entry(2, guid="g"), entry(1, guid="g")), rss(entry(3, guid="g"), entry(2, guid="g"), entry(1, guid="g"))),
        (NEW,),
    ),
    Life("no GUIDs", counted(bare, 1, 1, 2, part="<guid>n-{}</guid>"), (NOTHING, NEW)),
    Life(
        "every GUID changes",
        tuple(rss(*(entry(n, guid=f"{day}-{n}") for n in range(4, 0, -1))) for day in (0, 1, 2)),
        (NOTHING, NOTHING),
    ),
    Life(
        "every GUID changes and one is new",
        (rss(entry(2), entry(1)), rss(*(entry(n, guid=f"u-{n}") for n in (3, 2, 1)))),
        (NEW,),
    ),
    Life(
        "the same entry twice",
        (rss(entry(1), entry(1)), rss(entry(1), entry(1)), rss(entry(2), entry(2), entry(1))),
        (NOTHING, NEW),
    ),
    Life(
        "an entry that scrolls out and comes back",
        (rss(entry(2), entry(1)), rss(entry(3), entry(2)), rss(entry(2), entry(1))),
        (NEW, NOTHING),
    ),
    Life("empty for a day", (rss(entry(2), entry(1)), rss(), rss(entry(3), entry(2), entry(1))), (NOTHING, NEW)),
    Life("empty from the start", (rss(), rss(), rss(entry(1))), (NOTHING, NEW)),
    Life(
        "an edited entry",
        (rss(entry(1)), rss(entry(1, text="The authority has withdrawn its notice 1."))),
        (("entry.changed",),),
    ),
    # Dates
    Life("dates in the future", counted(entry, 0, 1, date="Fri, 31 Dec 9999 23:59:59 GMT"), (NEW,)),
    Life("dates that are none", counted(entry, 0, 1, date="soon, 99th of Nonember 0000"), (NEW,)),
    Life("dates before the calendar", counted(entry, 0, 1, date="0001-01-01T00:00:00+14:00"), (NEW,)),
    Life(
        "dates that move with each answer",
        tuple(rss(entry(1, date=f"Mon, 03 Mar 2031 08:00:{day:02d} GMT")) for day in (0, 1, 2)),
        (NOTHING, NOTHING),
    ),
    # Titles
    Life("a hostile title", (rss(entry(1)), rss(entry(2, title=HOSTILE), entry(1))), (NEW,)),
    Life("a title of 11 kB", (rss(entry(1)), rss(entry(2, title=LONG), entry(1))), (NEW,)),
    Life("no titles", counted(bare, 0, 1, part="Notice {} of the authority"), (NEW,)),
    Life("a title that hides", (rss(entry(1)), rss(entry(2, title="&#8203;&#8203;"), entry(1))), (NEW,)),
    # Markup
    Life(
        "nested 2,000 deep",
        (rss(entry(1)), rss(entry(2, text="&lt;div&gt;" * 2000 + "deep" + "&lt;/div&gt;" * 2000), entry(1))),
        (NEW,),
    ),
    Life("a comment counter", tuple(commented(n) for n in (0, 7, 9)), (NOTHING, NOTHING)),
    Life("JSON Feed", (json_feed(1), json_feed(1), json_feed(2, 1)), (NOTHING, NEW)),
    Life(
        "JSON Feed with odd types",
        (
            json_feed(1, authors=7, tags={"a": 1}, date_published=[1]),
            json_feed(2, 1, authors=7, tags={"a": 1}, date_published=[1]),
        ),
        (NEW,),
    ),
    # Pages
    Life("a page nested 2,000 deep", (page(deep, 0), page(deep, 1)), (TEXT,), "article"),
    Life(
        "a page with NUL bytes in its text",
        tuple(page(lambda t: t.replace("suppliers", "sup\x00pliers"), n) for n in (0, 0, 1)),
        (NOTHING, TEXT),
        "article",
    ),
    Life(
        "a page with a hostile headline",
        (page(str, 0), page(lambda t: t.replace("Order on x", HOSTILE), 0)),
        (("title.changed",),),
        "article",
    ),
    Life(
        "a page with a headline of 11 kB",
        (page(str, 0), page(lambda t: t.replace("Order on x", LONG), 0)),
        (("title.changed", "text.changed"),),
        "article",
    ),
    Life(
        "a page of one line",
        tuple(page(lambda t: t.replace("</p>", " ").replace("<p>", " "), n) for n in (0, 1)),
        (TEXT,),
        "article",
    ),
    Life("a page without a head", tuple(page(lambda t: t[t.index("<body>") :], n) for n in (0, 1)), (TEXT,), "article"),
    Life(
        "plain text",
        tuple(plain(n) for n in (0, 0, 1)),
        (NOTHING, TEXT),
        "article",
    ),
]


def one_line(text: str) -> bool:
    return text.isprintable() and RTL not in text and len(text) < 400


def test_odd_publishers_bring_exactly_what_is_new(tmp_path: Path) -> None:
    """Whatever a feed or page does to its marks, dates, titles and markup: what is new is told once, nothing else."""
    lives = [Fault(life.name, kind=life.kind, good=life.body) for life in LIVES]
    wrong: list[str] = []
    with Inbox() as inbox:
        more = DESK.format(smtp=inbox.url)
        with Field(tmp_path, lives, more=more, notify=["hook", "desk"]) as field:
            assert {line["outcome"] for line in field.poll().values()} == {"baseline"}
            for day in range(1, max(len(life.days) for life in LIVES)):
                field.stage = day
                lines = field.check()
                for fault, life in zip(lives, LIVES, strict=True):
                    want = list(life.events[day - 1]) if day <= len(life.events) else []
                    line = lines[fault.slug]
                    if announced(line) != want or line["error"]:
                        wrong.append(f"{life.name}, day {day}: {announced(line)} instead of {want}; {line['error']}")
            assert not wrong, "\n".join(wrong)
            told = field.told()
            for fault, life in zip(lives, LIVES, strict=True):
                assert sorted(told.get(fault.slug, [])) == sorted(event for day in life.events for event in day)
            wait_for(lambda: len(inbox.mails) == len(field.hook.accepted), 10, "the mails")
            assert all(one_line(mail.subject) for mail in inbox.mails)
            assert not [mail for mail in inbox.mails if mail.message["Bcc"]]
            assert not [call for call in field.hook.calls if call.problem]
            shown = field.daemon.run("changes")
            assert shown.returncode == 0
            assert "\x1b" not in shown.stdout
            assert field.daemon.run("db", "verify").returncode == 0


def many(count: int) -> bytes:
    return rss(*(entry(n) for n in range(count, 0, -1)))


@pytest.mark.long
def test_a_feed_of_five_thousand_entries(tmp_path: Path) -> None:
    """A feed at the bound of 5,000 entries is read whole, of one beyond it the newest; a new one is an alert."""
    sizes = (5_000, 5_001, 5_200)
    bounds = {"max_bytes": "20MB", "deadline": "30s"}
    fault = Fault("great feed", kind="feed", good=lambda name, stage: many(sizes[stage]), keys=bounds)
    with Field(tmp_path, [fault]) as field:
        assert field.poll("great-feed")["great-feed"]["outcome"] == "baseline"
        assert field.daemon.one("select count(*) from documents") == 5_000
        field.stage = 1
        assert announced(field.poll("great-feed")["great-feed"]) == ["entry.new"]
        field.stage = 2
        assert len(announced(field.poll("great-feed")["great-feed"])) == 199
        assert len(field.hook.accepted) == 2
        assert field.hook.accepted[1].payload["data"]["changes_total"] == 199


@pytest.mark.long
def test_a_page_of_twenty_megabytes(tmp_path: Path) -> None:
    """A page just below the bound is read, and its one changed sentence told; above it the source fails in words."""
    filler = "".join(
        f"<p>Paragraph {n} of the annex lists vessel number {n * 7919 % 100003}.</p>" for n in range(5_000)
    )
    filler += "<script>" + "var a = 1;\n" * 1_700_000 + "</script>"  # most of such pages is no text

    def make(name: str, stage: int) -> bytes:
        beyond = "x" * 3_000_000 if stage == 2 else ""
        return article(name, min(stage, 1)).replace("</article>", f"{filler}{beyond}</article>").encode()

    assert 18_000_000 < len(make("x", 0)) < 20_000_000
    fault = Fault("vast page", good=make, keys={"max_bytes": "20MB", "deadline": "60s", "timeout": "60s"})
    with Field(tmp_path, [fault]) as field:
        assert field.poll()["vast-page"]["outcome"] == "baseline"
        field.stage = 1
        assert announced(field.poll()["vast-page"]) == ["text.changed"]
        field.stage = 2
        assert "max_bytes" in field.poll()["vast-page"]["error"]
        field.stage = 1
        assert field.poll()["vast-page"]["outcome"] in ("unchanged", "not-modified")


def test_an_entry_is_no_page_and_a_page_no_entry(tmp_path: Path) -> None:
    """The kind found out at the first good poll stays: a feed's address that gives a page later fails in words."""
    fault = Fault("found out", "HTML", kind="feed", body=article("x", 0).encode(), type="text/html")
    with Field(tmp_path, [fault]) as field:
        config = tmp_path / "config.toml"
        lines = [line for line in config.read_text("utf-8").splitlines() if not line.startswith("kind = ")]
        config.write_text("\n".join(lines), "utf-8")
        assert {line["outcome"] for line in field.poll().values()} == {"baseline"}
        field.broken = True
        assert field.poll()["found-out"]["outcome"] == "failed"
        field.broken, field.stage = False, 1
        assert {name: announced(line) for name, line in field.poll().items()} == {
            "found-out": ["entry.new"],
            "healthy-feed": ["entry.new"],
            "healthy-page": ["text.changed"],
        }
