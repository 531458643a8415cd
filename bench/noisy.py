"""A site of articles, feeds, lists and files of records that differ on every visit, and now and then really change.

Each host (127.x.y.z) is one of them in one layout. `Site.answer(host)` gives what a visit gets; `Site.change(host,
kind)` changes what it says and gives words that an announcement of it must show. Lists stand in noisy_lists.py.
"""

import asyncio
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import noisy_lists
from noisy_words import NAMES, pitch, sentence

LAYOUTS = ("clean", "adverts", "opaque", "soup", "related", "comments", "counters", "chinese", "arabic")
KINDS = ("note", "number", "negation", "added", "removed", "headline", "deadline")
FEED_KINDS = ("entry", "edited")


class Place(Protocol):
    """What one host is: how its answers look, and how it changes."""

    layout: str
    kinds: Sequence[str]

    @property
    def path(self) -> str: ...
    @property
    def config(self) -> str: ...  # lines for its source
    def answer(self, dice: random.Random) -> tuple[str, bytes]: ...
    def change(self, kind: str, dice: random.Random) -> list[str]: ...


@dataclass(slots=True)
class Story:
    """What one host really says."""

    number: int
    layout: str
    headline: str
    paragraphs: list[str]
    notes: list[str] = field(default_factory=list)
    version: int = 0
    kinds: Sequence[str] = KINDS
    path: str = "a"
    config: str = ""

    def answer(self, dice: random.Random) -> tuple[str, bytes]:
        return "text/html; charset=utf-8", page(self, dice).encode()

    def change(self, kind: str, dice: random.Random) -> list[str]:
        return [_change(self, kind, dice)]


@dataclass(slots=True)
class Channel:
    """What one feed really holds: (guid, title, text), newest first."""

    number: int
    entries: list[tuple[str, str, str]]
    layout: str = "feed"
    kinds: Sequence[str] = FEED_KINDS
    path: str = "f"
    config: str = ""

    def answer(self, dice: random.Random) -> tuple[str, bytes]:
        return "application/rss+xml", feed(self, dice).encode()

    def change(self, kind: str, dice: random.Random) -> list[str]:
        return [_change_feed(self, kind, dice)]


def story(number: int) -> Story:
    layout = LAYOUTS[number % len(LAYOUTS)]
    dice = random.Random(number)
    paragraphs = [" ".join(sentence(dice, layout) for _ in range(3)) for _ in range(9)]
    facts = {
        "chinese": "违约罚款为150万元，占营业额的百分之十。相关条款为第1237条。合同必须在2031年9月30日之前终止。",
        "arabic": "تبلغ الغرامة 1.5 مليون دولار، أي عشرة في المئة. يجب إنهاء العقود قبل 30 سبتمبر 2031.",
    }.get(
        layout,
        "The fine is $1.5 million under Section 1237, or 10 percent of sales. Contracts must end by 30 September 2031.",
    )
    denied = {"chinese": "监管机构表示制裁不会取消。", "arabic": "قالت الهيئة إن العقوبات لن ترفع."}.get(
        layout, "Officials said that the sanctions will not be lifted."
    )
    paragraphs[2] += (" " if layout != "chinese" else "") + facts
    paragraphs[5] += (" " if layout != "chinese" else "") + denied
    return Story(number, layout, sentence(dice, layout).rstrip(".。"), paragraphs)


class Site:
    """All hosts and what they say now; every answer differs in what is noise."""

    def __init__(self, articles: int, feeds: int, lists: int = 0, datasets: int = 0, *, seed: int = 7) -> None:
        self.dice = random.Random(seed)
        made: list[Place] = [*map(story, range(articles)), *map(_channel, range(feeds))]
        made += [*map(noisy_lists.listing, range(lists)), *map(noisy_lists.dataset, range(datasets))]
        self.places = {address(i): place for i, place in enumerate(made)}

    def answer(self, host: str, path: str) -> tuple[str, bytes] | None:
        """The content type and the body; None for what is not there."""
        place = self.places.get(host)
        return place.answer(self.dice) if place is not None and path == f"/{place.path}" else None

    def change(self, host: str, kind: str) -> list[str]:
        """Change a host for real; gives words, of which each must be told."""
        return self.places[host].change(kind, self.dice)


def address(i: int) -> str:
    return f"127.{2 + i // 62500}.{i // 250 % 250}.{1 + i % 250}"


def _change(it: Story, kind: str, dice: random.Random) -> str:
    it.version += 1
    number = 100 + it.version * 7 + it.number % 50
    if kind == "note":
        n = len(it.notes) + 1
        it.notes.insert(0, f"Update {n} (March {n + 3}, 2031 @ 10:0{n} AM ET): {sentence(dice)}")
        return it.notes[0].split("): ")[1]
    if kind == "headline":
        it.headline = sentence(dice, it.layout).rstrip(".。") + f" {number}"
        return str(number)
    if kind == "added":
        new = " ".join(sentence(dice, it.layout) for _ in range(2)) + f" ({number})"
        it.paragraphs.insert(dice.randrange(1, len(it.paragraphs)), new)
        return str(number)
    if kind == "removed":
        gone = it.paragraphs.pop(
            dice.choice([i for i, p in enumerate(it.paragraphs) if "1237" not in p and len(p) > 20])
        )
        return gone[:30]
    return _edit(it, kind, number)


def _edit(it: Story, kind: str, number: int) -> str:
    day = number % 27 + 1
    swaps = {
        "number": {"$1.5 million": f"${number} million", "150万": f"{number}万", "1.5 مليون": f"{number} مليون"},
        "deadline": {"30 September": f"{day} November", "9月30日": f"11月{day}日", "30 سبتمبر": f"{day} نوفمبر"},
        "negation": {"will not be": "will be", "不会": "会", "لن ": "سوف "},
    }[kind]  # fmt: skip
    for i, text in enumerate(it.paragraphs):
        for old, new in swaps.items():
            if old in text:
                it.paragraphs[i] = text.replace(old, new)
                return new.split(" ")[0] if kind != "negation" else ""
    it.paragraphs[-1] += f" {number}."
    return str(number)


# --- pages ----------------------------------------------------------------------------------------------------------


def _token(dice: random.Random) -> str:
    return f"{dice.getrandbits(64):016x}"


def _links(dice: random.Random, count: int = 6) -> str:
    pool = random.Random(1)
    titles = [sentence(pool).rstrip(".") for _ in range(40)]
    return "".join(f'<li><a href="/{_token(dice)}/">{title}</a></li>' for title in dice.sample(titles, count))


def _paragraphs(it: Story, wrap: Callable[[str], str], between: Callable[[int], str] = lambda _: "") -> str:
    notes = "".join(wrap(f"<b>{note.split(': ')[0]}:</b> {note.split(': ')[1]}") for note in it.notes)
    return notes + "".join(wrap(text) + between(i) for i, text in enumerate(it.paragraphs))


def page(it: Story, dice: random.Random) -> str:
    """One visit's page."""
    count = dice.randrange(100, 9999)
    body = _BODIES.get(it.layout, _clean)(it, dice)
    lang = {"chinese": "zh", "arabic": "ar"}.get(it.layout, "en")
    return (
        f'<!doctype html><html lang="{lang}"><head><meta charset="utf-8"><title>{it.headline}</title>'
        f'<meta name="csrf" content="{_token(dice)}"><script>var t="{_token(dice)}";</script></head>'
        f'<body class="b-{_token(dice)[:6]}"><nav><a href="/">Home</a> <a href="/news">News</a></nav>{body}'
        f"<aside><h4>Trending now</h4><ul>{_links(dice)}</ul></aside><footer>{count} readers online</footer>"
        f'<div class="cookie-banner">We use cookies ({_token(dice)[:5]}). <button>Accept</button></div></body></html>'
    )


def _clean(it: Story, dice: random.Random) -> str:
    return (
        f"<main><article><h1>{it.headline}</h1><p class=byline>By A. Writer</p>"
        f'<span class="comments">{dice.randrange(900)} Comments</span>{_paragraphs(it, _p)}'
        f'<div class="share">Shared {dice.randrange(900)} times</div></article></main>'
    )


def _p(text: str) -> str:
    return f"<p>{text}</p>"


def _adverts(it: Story, dice: random.Random) -> str:
    def between(i: int) -> str:
        if i == 1:
            return f"<p>{pitch(dice)} {pitch(dice)}</p>"
        if i == 4:
            link = f'<a href="https://ads.example/{_token(dice)}">Learn more</a>'
            return f'<div class="x{_token(dice)[:4]}"><h4>{pitch(dice)}</h4><p>{pitch(dice)} {link}</p></div>'
        if i == 6:
            return f'<div><a href="https://ads.example/?c={_token(dice)}">{pitch(dice)}</a></div>'
        return ""

    return f"<main><article><h1>{it.headline}</h1>{_paragraphs(it, _p, between)}</article></main>"


def _opaque(it: Story, dice: random.Random) -> str:
    """Elements in classes that differ on every visit."""

    def name() -> str:
        return f"css-{_token(dice)[:7]}"

    text = _with_pitch(it, dice, 3, lambda text: f'<div class="{name()}"><p class="{name()}">{text}</p></div>')
    return (
        f'<div id="root"><div class="{name()}"><h1 class="{name()}">{it.headline}</h1>'
        f'<div class="{name()}">{dice.randrange(2, 900)} watching this page</div><div class="{name()}">{text}</div>'
        "</div></div>"
    )


def _soup(it: Story, dice: random.Random) -> str:
    """Elements that say nothing."""
    text = _with_pitch(it, dice, 5, lambda text: f"<div><div>{text}</div></div>")
    return (
        f"<div><div><div><b>{it.headline}</b></div><div>Visitor number {dice.randrange(10**6)}</div>"
        f"<div>Session {_token(dice)[:8]}</div>{text}</div></div>"
    )


def _with_pitch(it: Story, dice: random.Random, at: int, wrap: Callable[[str], str]) -> str:
    """The text, with an advert among its paragraphs that looks like them."""
    return _paragraphs(it, wrap, lambda i: wrap(f"{pitch(dice)} {pitch(dice)}") if i == at else "")


def _related(it: Story, dice: random.Random) -> str:
    def between(i: int) -> str:
        if i == 2:
            return f"<h3>You may also like</h3><ul>{_links(dice, 4)}</ul>"
        if i == 6:
            cards = "".join(
                f'<div><a href="/{_token(dice)}"><h3>{sentence(dice)}</h3></a><p>{pitch(dice)}</p></div>'
                for _ in range(3)
            )
            return f"<section>{cards}</section>"
        return ""

    return f"<article><h1>{it.headline}</h1>{_paragraphs(it, _p, between)}</article>"


def _comments(it: Story, dice: random.Random) -> str:
    thread = "".join(
        f"<li><b>{dice.choice(NAMES)}</b> {dice.randrange(59)} minutes ago<p>{pitch(dice)} {sentence(dice)}</p></li>"
        for _ in range(dice.randrange(3, 9))
    )
    return (
        f"<main><article><h1>{it.headline}</h1>{_paragraphs(it, _p)}</article>"
        f'<section class="comments"><h2>{dice.randrange(99)} Comments</h2>'
        f'<ol class="comment-list">{thread}</ol></section></main>'
    )


def _counters(it: Story, dice: random.Random) -> str:
    return (
        f"<main><article><header><div>{dice.randrange(10, 999)} people are reading this right now</div>"
        f"<h1>{it.headline}</h1>"
        f"<div>{dice.randrange(1000)} signatures of 5,000</div><p>Viewed {dice.randrange(10**5):,} times today</p>"
        f"<time>{dice.randrange(2, 59)} minutes ago</time></header>{_paragraphs(it, _p)}"
        f"<div>Brent {dice.uniform(60, 90):.2f} | Gold {dice.uniform(1800, 2100):.1f}</div></article></main>"
    )


_BODIES: dict[str, Callable[[Story, random.Random], str]] = {
    "adverts": _adverts, "opaque": _opaque, "soup": _soup, "related": _related, "comments": _comments,
    "counters": _counters, "chinese": _adverts, "arabic": _related,
}  # fmt: skip


# --- feeds ----------------------------------------------------------------------------------------------------------


def _channel(number: int) -> Channel:
    dice = random.Random(10_000 + number)
    return Channel(
        number, [(f"g{i}", f"{sentence(dice)[:-1]} {i}", f"{sentence(dice)} {sentence(dice)}") for i in range(15)]
    )


def _change_feed(it: Channel, kind: str, dice: random.Random) -> str:
    mark = str(dice.randrange(10**6, 10**7))
    if kind == "entry":
        it.entries.insert(0, (f"n{mark}", f"{sentence(dice)[:-1]} {mark}", sentence(dice)))
    else:
        position = dice.randrange(len(it.entries))
        guid, title, text = it.entries[position]
        it.entries[position] = (guid, title, f"{text} The fine is now ${mark}.")
    return mark


def feed(it: Channel, dice: random.Random) -> str:
    """One visit's feed: another build date, other tokens and counts; the order of one in three is shuffled."""
    entries = dice.sample(it.entries, len(it.entries)) if it.number % 3 == 0 else it.entries
    items = "".join(
        f"<item><title>{title}</title><guid isPermaLink='false'>{guid}</guid>"
        f"<link>http://news.example/{guid}?utm_source={_token(dice)}</link><description>{text}</description>"
        f"<slash:comments>{dice.randrange(99)}</slash:comments></item>"
        for guid, title, text in entries
    )
    return (
        '<?xml version="1.0"?><rss version="2.0" xmlns:slash="http://purl.org/rss/1.0/modules/slash/"><channel>'
        f"<title>Feed {it.number}</title><ttl>{dice.randrange(9)}</ttl><generator>g {_token(dice)}</generator>"
        f"{items}</channel></rss>"
    )


async def serve(site: Site) -> asyncio.Server:
    """Serve the site on a free port of all loopback addresses."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        host = writer.get_extra_info("sockname")[0]
        try:
            while line := await reader.readline():
                while await reader.readline() not in (b"\r\n", b""):
                    pass
                found = site.answer(host, line.split(b" ")[1].decode("ascii", "replace"))
                kind, body = found or ("text/plain", b"no")
                status = "200 OK" if found else "404 Not Found"
                head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
                writer.write(head.encode() + body)
                await writer.drain()
        except ConnectionError:
            return  # the client left
        finally:
            writer.close()

    return await asyncio.start_server(handle, "0.0.0.0", 0, backlog=4096)
