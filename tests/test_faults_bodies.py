"""Bodies that are not what they should be, met through `check`: the wrong thing, half of it, or too much."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from helpers_faults import Fault, Field, announced, article, complaints, expected, feed, item

CHINESE = (
    "美国国防部将小米从中国军方公司名单中删除，法院此前已暂缓执行该命令，双方同意在五月二十日之前提交联合状态报告。"
)
TRADITIONAL = (
    "美國國防部將小米從中國軍方公司名單中刪除，法院此前已暫緩執行該命令，雙方同意在五月二十日之前提交聯合狀態報告。"
)
JAPANESE = (
    "米国防総省は、シャオミを中国軍関連企業のリストから削除する"
    "ことに同意した。裁判所は以前、この命令の執行を停止していた。"
)
RUSSIAN = (
    "Министерство обороны США исключит компанию из списка китайских "
    "военных компаний; ранее суд приостановил действие этого приказа."
)
GREEK = "Το Υπουργείο Άμυνας των ΗΠΑ θα αφαιρέσει την εταιρεία από τον κατάλογο των κινεζικών στρατιωτικών εταιρειών."
FRENCH = (
    "Le ministère a retiré l’entreprise de la liste ; la société s"
    "’était déclarée étonnée de la décision « précipitée » d’août."
)

BILLION = (
    '<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY a "ha">'
    + "".join(f'<!ENTITY {chr(98 + n)} "{("&" + chr(97 + n) + ";") * 10}">' for n in range(9))
    + ']><rss version="2.0"><channel><title>&j;</title><item><title>&j;</title></item></channel></rss>'
).encode()
EXTERNAL = (
    b'<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
    b'<rss version="2.0"><channel><title>&x;</title><item><title>&x;</title><guid>1</guid></item></channel></rss>'
)
PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(range(256)) * 8


def page_in(encoding: str, text: str) -> dict[str, Any]:
    """A page that was in UTF-8 yesterday and comes in another encoding today, with the same declaration."""
    return {
        "good": lambda name, stage: article(name, stage, text).encode(),
        "body": lambda name, stage: article(name, stage, text).encode(encoding),
        "type": "text/html; charset=utf-8",
    }


def feed_in(encoding: str, text: str, declared: str = "utf-8") -> dict[str, Any]:
    return {
        "kind": "feed",
        "good": lambda name, stage: feed(name, stage, text).encode(),
        "body": lambda name, stage: feed(name, stage, text, declared).encode(encoding),
    }


def of_page(change: Callable[[str], str]) -> dict[str, Any]:
    """The page of the day before, spoilt."""
    return {"body": lambda name, stage: change(article(name, 0)).encode()}


def of_feed(change: Callable[[str], str]) -> dict[str, Any]:
    return {"kind": "feed", "body": lambda name, stage: change(feed(name, 0)).encode()}


def json_feed(name: str, stage: int) -> bytes:
    items = [
        {
            "id": f"{name}-{n}",
            "url": f"https://news.example/{name}/{n}",
            "title": f"Notice {n}",
            "content_text": f"Number {n} is out.",
        }
        for n in range(3 + stage, 0, -1)
    ]
    return json.dumps({"version": "https://jsonfeed.org/version/1.1", "title": name, "items": items}).encode()


SHELL = (
    "<!doctype html><html><head><title>Order</title></head><body>"
    '<div id="root"></div><script src="/app.js"></script></body></html>'
)

FAULTS = [
    # Not a page
    Fault("an empty body", "the answer is empty", body=b""),
    Fault("blank lines", "the answer is empty", body=b" \r\n\r\n  "),
    Fault("a picture", "a file in a binary format", body=PNG),
    Fault("a PDF", "a file in a binary format", body=b"%PDF-1.7\n" + bytes(range(256)) * 9, type="application/pdf"),
    Fault("a packed page not said to be", "a file in a binary format", body=gzip.compress(b"<html>" * 99)),
    Fault("NUL bytes", "binary data", body=b"\x00\x01\x02\x00abc" * 500),
    Fault("no text at all", "no text", body=b"<html><head></head><body><div></div></body></html>"),
    Fault("an empty shell for a browser", outcome="held", body=SHELL.encode()),
    Fault(
        "the selector's element is gone",
        r"nothing on the page matches select = 'article\.body'",
        keys={"select": "article.body"},
        **of_page(lambda page: page.replace('class="body"', 'class="b7f3"')),
    ),
    Fault("a feed where a page should be", "feed", body=feed("x", 0).encode(), type="application/rss+xml"),
    Fault("JSON where a page should be", "JSON", body=b'{"error": "maintenance", "code": 17}', type="application/json"),
    # Half a page
    Fault(
        "a page that breaks off in the text", outcome="held", **of_page(lambda page: page[: page.index("supply about")])
    ),
    Fault(
        "a page that breaks off near its end",
        outcome="held",
        **of_page(lambda page: page[: page.index("Terminals must")]),
    ),
    Fault("a page that breaks off in the menu", outcome="held", **of_page(lambda page: page[: page.index("Home")])),
    # Encodings: the same words in other bytes are no news
    Fault("gb18030 said to be utf-8", outcome="unchanged|changed", **page_in("gb18030", CHINESE * 6)),
    Fault("big5 said to be utf-8", outcome="unchanged|changed", **page_in("big5", TRADITIONAL * 6)),
    Fault("shift_jis said to be utf-8", outcome="unchanged|changed", **page_in("shift_jis", JAPANESE * 6)),
    Fault("windows-1251 said to be utf-8", outcome="unchanged|changed", **page_in("windows-1251", RUSSIAN * 6)),
    Fault("windows-1253 said to be utf-8", outcome="unchanged|changed", **page_in("windows-1253", GREEK * 6)),
    Fault("windows-1252 said to be utf-8", outcome="unchanged|changed", **page_in("windows-1252", FRENCH * 3)),
    Fault("utf-16 without a word", outcome="unchanged|changed", **page_in("utf-16", FRENCH)),
    # Not a feed
    Fault("an empty feed's body", "empty where a feed should be", kind="feed", body=b""),
    Fault("HTML where a feed should be", "HTML", kind="feed", body=article("x", 0).encode(), type="text/html"),
    Fault("an article where a feed should be", "not a feed", kind="feed", body=b"Just some words about the matter."),
    Fault(
        "XML of another kind", "not a feed", kind="feed", body=b'<?xml version="1.0"?><catalog><book id="1"/></catalog>'
    ),
    Fault("a picture where a feed should be", "not a feed|binary", kind="feed", body=PNG),
    Fault("a billion laughs", "XML entities, which Watcher refuses", kind="feed", body=BILLION),
    Fault("an external entity", "XML entities, which Watcher refuses", kind="feed", body=EXTERNAL),
    Fault("nested 20,000 deep", "nested", kind="feed", body=b"<rss>" + b"<a>" * 20_000 + b"</a>" * 20_000 + b"</rss>"),
    Fault("JSON that is no feed", "JSON", kind="feed", body=b'{"error": "maintenance"}', type="application/json"),
    Fault(
        "JSON that breaks off", "JSON", kind="feed", good=json_feed, body=lambda name, stage: json_feed(name, 0)[:-40]
    ),
    Fault("JSON nested without end", "JSON", kind="feed", good=json_feed, body=b"[" * 100_000),
    # Half a feed
    Fault(
        "a feed that breaks off in an entry",
        "cut off|breaks off",
        **of_feed(lambda text: text[: text.index("notice 1.")]),
    ),
    Fault(
        "a feed that breaks off between entries",
        "cut off|breaks off",
        **of_feed(lambda text: text[: text.rindex("<item>")]),
    ),
    Fault(
        "a feed cut before its first entry", "cut off|breaks off", **of_feed(lambda text: text[: text.index("<item>")])
    ),
    # Feeds in other bytes
    Fault("a feed in windows-1251", outcome="unchanged", **feed_in("windows-1251", RUSSIAN)),
    Fault("a feed in gb18030", outcome="unchanged", **feed_in("gb18030", CHINESE)),
    Fault("a feed in utf-16", outcome="unchanged", **feed_in("utf-16", FRENCH)),
    Fault("a feed with a false declaration", outcome="unchanged", **feed_in("utf-8", FRENCH, "iso-8859-1")),
    # Feeds that are odd, but whole
    Fault(
        "a feed without entries",
        outcome="unchanged",
        first=False,
        kind="feed",
        body=b'<rss version="2.0"><channel><title>x</title></channel></rss>',
    ),
    Fault(
        "a feed in another order",
        outcome="unchanged",
        **of_feed(
            lambda text: text.replace(
                "".join(item("a-feed-in-another-order", n) for n in (3, 2, 1)),
                "".join(item("a-feed-in-another-order", n) for n in (2, 1, 3)),
            )
        ),
    ),
    Fault(
        "a feed with fewer entries",
        outcome="unchanged",
        **of_feed(lambda text: text.replace(item("a-feed-with-fewer-entries", 2), "")),
    ),
    Fault(
        "a feed with every GUID new",
        outcome="unchanged|changed",
        **of_feed(lambda text: text.replace("<guid>https:", "<guid>urn:moved:")),
    ),
    Fault(
        "a feed with every link tracked",
        outcome="unchanged|changed",
        **of_feed(lambda text: text.replace("</link><guid>", "?utm_source=rss&amp;utm_medium=feed</link><guid>")),
    ),
    Fault(
        "a feed with a bare ampersand",
        outcome="unchanged|changed",
        **of_feed(lambda text: text.replace("<description>Notices", "<description>Q & A")),
    ),
    Fault(
        "a feed with an unbound prefix",
        outcome="unchanged|changed",
        **of_feed(lambda text: text.replace("<item>", "<item><media:thumbnail url='x'/>")),
    ),
    Fault(
        "a feed with NUL bytes",
        outcome="unchanged|changed",
        **of_feed(lambda text: text.replace("Notices on", "Noti\x00ces on")),
    ),
    Fault("a feed behind blank lines", outcome="unchanged|changed", **of_feed(lambda text: "\r\n\r\n" + text)),
    Fault(
        "a feed behind a PHP warning",
        outcome="unchanged|changed",
        **of_feed(lambda text: "<br />\n<b>Warning</b>: odd in <b>/x.php</b><br />\n" + text),
    ),
]


def test_spoilt_bodies_between_two_good_ones(tmp_path: Path) -> None:
    """A body that is not what it should be is refused in words or read all the same; nothing is announced for it, and
    the change since is announced once when the publisher is well again."""
    with Field(tmp_path, FAULTS) as field:
        assert {line["outcome"] for line in field.poll().values()} == {"baseline"}
        field.broken = True
        lines = field.check()
        wrong = complaints(field.faults, lines)
        field.poll()
        field.broken, field.stage = False, 1
        lines = field.poll()
        found = {name: announced(line) for name, line in lines.items()}
        wrong += [
            f"{name}: after it {found[name]}" for name, fault in field.all.items() if found[name] != expected(fault)
        ]
        assert not wrong, "\n".join(wrong)
        assert field.told() == {name: expected(fault) for name, fault in field.all.items()}
        assert field.daemon.run("db", "verify").returncode == 0


def test_spoilt_bodies_at_first_sight(tmp_path: Path) -> None:
    """A first body that is not what it should be is no baseline; the first good one is, and is no news."""
    faults = [fault for fault in FAULTS if fault.outcome in ("failed", "held")]
    with Field(tmp_path, faults) as field:
        field.broken = True
        lines = field.check()
        assert {name for name, line in lines.items() if line["outcome"] == "failed"} == set(field.faults)
        field.broken = False
        lines = field.poll()
        assert not [name for name, line in lines.items() if announced(line)]
        assert {lines[name]["outcome"] for name in field.faults} == {"baseline"}
        field.stage = 1
        assert {n: announced(line) for n, line in field.poll().items()} == {
            n: expected(f) for n, f in field.all.items()
        }
        assert field.told() == {name: expected(fault) for name, fault in field.all.items()}


def test_a_page_that_always_breaks_off_is_believed(tmp_path: Path) -> None:
    """A publisher who never closes a page's elements is read all the same from the fourth answer on."""
    whole = Fault("never closed", good=lambda name, stage: article(name, stage).partition("</article>")[0].encode())
    with Field(tmp_path, [whole]) as field:
        assert [field.poll("never-closed")["never-closed"]["outcome"] for _ in range(5)] == [
            *["failed"] * 3, "baseline", "not-modified",
        ]  # fmt: skip
        field.stage = 1
        assert announced(field.poll("never-closed")["never-closed"]) == ["text.changed"]
