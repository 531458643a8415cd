"""A site of articles and feeds that differ on every visit, and now and then really change.

Each host (127.x.y.z) is one article or feed in one layout. `Site.answer(host, path)` gives what a visit gets;
`Site.change(host, kind)` changes what it says and gives words that an announcement of it must show.
"""

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass, field

LAYOUTS = ("clean", "adverts", "opaque", "soup", "related", "comments", "counters", "chinese", "arabic")
KINDS = ("note", "number", "negation", "added", "removed", "headline", "deadline")
FEED_KINDS = ("entry", "edited")


def _lines(table: str) -> list[str]:
    return [line.strip() for line in table.strip().splitlines()]


_WHO = _lines(
    """
    The authority
    The ministry
    A federal court
    The harbour board
    The regulator
    The appeals panel
    Meridian
    The union
    The insurer
    A parliamentary committee
    The exchange
    The port operator
    """
)
_DID = _lines(
    """
    rejected
    published
    withdrew
    amended
    confirmed
    postponed
    questioned
    approved
    suspended
    reviewed
    extended
    criticised
    """
)
_WHAT = _lines(
    """
    the licence for the northern terminal
    a list of excluded suppliers
    the tariff schedule
    its annual report on crane safety
    an order against seven firms
    the tender for dredging
    the settlement with creditors
    new limits on night shifts
    the map of protected wetlands
    its guidance on export controls
    the merger of two freight lines
    a subpoena for shipping records
    """
)
_WHEN = _lines(
    """
    on Monday
    after a hearing
    without giving reasons
    late in the evening
    against the advice of experts
    for the second time
    in a unanimous vote
    despite protests
    as planned
    under seal
    """
)
_PITCHES = _lines(
    """
    Thousands of homeowners already switched to our mattresses and never looked back.
    Doctors are stunned: hearing aids for under twenty dollars a month.
    Learn Danish in your lunch break, cancel whenever you like.
    Seniors in your town get stair lifts at half price until Sunday.
    Why everybody talks about garden sheds this spring.
    Stop overpaying: compare forty offers for solar panels in two minutes.
    Order meal kits today and the courier brings them before breakfast.
    Rated best in class by reviewers, these winter tyres sell out every week.
    What nobody tells you about running shoes after fifty.
    Made by hand in a small valley: coffee machines with a lifetime guarantee.
    Your neighbour pays half. Ask how, and move your insurance before Friday.
    Grandma was right about goose fat, says a survey of many households.
    No contract, no fees, no paperwork: phone plans the easy way.
    A sleepy startup turned pet food upside down and banks are nervous.
    Forget everything you knew about frying pans, chefs insist.
    One simple trick keeps mosquitoes off your porch all summer long.
    Earn interest while you sleep, starting with a single penny.
    Your dentist hopes you never discover this brush.
    Sail the fjords next autumn; cabins with balcony going fast.
    Turn old gold into cash by post, insured and free of charge.
    Gamers cannot stop playing this castle builder.
    Finally a lawn mower that thinks for itself.
    Genealogists found her ancestor in nine minutes; try it on yours.
    Windows draughty? A visit costs nothing and the kettle is on us.
    Pay for three nights, stay four, anywhere in the mountains.
    Knee pain? A retired coach shares what worked at last.
    """
)
_ZH_WHO = _lines(
    """
    监管机构
    商务部
    联邦法院
    港务局
    上诉庭
    工会
    保险公司
    议会委员会
    """
)
_ZH_DID = _lines(
    """
    驳回了
    公布了
    撤回了
    修订了
    确认了
    推迟了
    批准了
    暂停了
    """
)
_ZH_WHAT = _lines(
    """
    北码头的经营许可
    被排除供应商名单
    关税表的最新版本
    起重机安全年度报告
    针对七家公司的命令
    疏浚工程的招标
    夜班时间的新限制
    出口管制指南
    """
)
_AR_WHO = _lines(
    """
    الهيئة
    الوزارة
    المحكمة الاتحادية
    مجلس الميناء
    لجنة الاستئناف
    النقابة
    شركة التأمين
    """
)
_AR_DID = _lines(
    """
    رفضت
    نشرت
    سحبت
    عدلت
    أكدت
    أجلت
    وافقت على
    علقت
    """
)
_AR_WHAT = _lines(
    """
    رخصة المحطة الشمالية
    قائمة الموردين المستبعدين
    جدول التعرفة الجديد
    تقرير السلامة السنوي
    أمرا ضد سبع شركات
    مناقصة أعمال التجريف
    حدود العمل الليلي
    """
)
_NAMES = ("ana", "bo", "cy", "dee", "eli", "fay", "gus", "hal")


def sentence(dice: random.Random, layout: str = "clean") -> str:
    if layout == "chinese":
        return (
            dice.choice(_ZH_WHO)
            + dice.choice(_ZH_DID)
            + dice.choice(_ZH_WHAT)
            + f"，第{dice.randrange(10, 99)}号文件。"
        )
    if layout == "arabic":
        said = f"{dice.choice(_AR_WHO)} {dice.choice(_AR_DID)} {dice.choice(_AR_WHAT)}"
        return f"{said} في الملف رقم {dice.randrange(10, 99)}."
    return f"{dice.choice(_WHO)} {dice.choice(_DID)} {dice.choice(_WHAT)} {dice.choice(_WHEN)}."


def pitch(dice: random.Random) -> str:
    return dice.choice(_PITCHES)


@dataclass(slots=True)
class Story:
    """What one host really says."""

    number: int
    layout: str
    headline: str
    paragraphs: list[str]
    notes: list[str] = field(default_factory=list)
    version: int = 0


@dataclass(slots=True)
class Channel:
    """What one feed really holds: (guid, title, text), newest first."""

    number: int
    entries: list[tuple[str, str, str]]


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

    def __init__(self, articles: int, feeds: int, *, seed: int = 7) -> None:
        self.dice = random.Random(seed)
        self.stories = {address(i): story(i) for i in range(articles)}
        self.feeds = {address(articles + i): _channel(i) for i in range(feeds)}

    def answer(self, host: str) -> tuple[str, str] | None:
        """The content type and the body; None for an unknown host."""
        if host in self.stories:
            return "text/html; charset=utf-8", page(self.stories[host], self.dice)
        if host in self.feeds:
            return "application/rss+xml", feed(self.feeds[host], self.dice)
        return None

    def change(self, host: str, kind: str) -> str:
        """Change a host for real; gives words that tell of it."""
        if host in self.feeds:
            return _change_feed(self.feeds[host], kind, self.dice)
        return _change(self.stories[host], kind, self.dice)


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
    def name() -> str:
        return f"css-{_token(dice)[:7]}"

    def wrap(text: str) -> str:
        return f'<div class="{name()}"><p class="{name()}">{text}</p></div>'

    def between(i: int) -> str:
        return f'<div class="{name()}"><p class="{name()}">{pitch(dice)} {pitch(dice)}</p></div>' if i == 3 else ""

    return (
        f'<div id="root"><div class="{name()}"><h1 class="{name()}">{it.headline}</h1>'
        f'<div class="{name()}">{dice.randrange(2, 900)} watching this page</div><div class="{name()}">'
        f"{_paragraphs(it, wrap, between)}</div></div></div>"
    )


def _soup(it: Story, dice: random.Random) -> str:
    def wrap(text: str) -> str:
        return f"<div><div>{text}</div></div>"

    def between(i: int) -> str:
        return f"<div><div>{pitch(dice)} {pitch(dice)}</div></div>" if i == 5 else ""

    return (
        f"<div><div><div><b>{it.headline}</b></div><div>Visitor number {dice.randrange(10**6)}</div>"
        f"<div>Session {_token(dice)[:8]}</div>{_paragraphs(it, wrap, between)}</div></div>"
    )


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
        f"<li><b>{dice.choice(_NAMES)}</b> {dice.randrange(59)} minutes ago<p>{pitch(dice)} {sentence(dice)}</p></li>"
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
                found = site.answer(host) if line.split(b" ")[1] in (b"/a", b"/f") else None
                kind, text = found or ("text/plain", "no")
                body = text.encode()
                status = "200 OK" if found else "404 Not Found"
                head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
                writer.write(head.encode() + body)
                await writer.drain()
        except ConnectionError:
            return  # the client left
        finally:
            writer.close()

    return await asyncio.start_server(handle, "0.0.0.0", 0, backlog=4096)
