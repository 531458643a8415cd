"""The demo's story: one article that lives through five updates, and its site's feed. All of it is invented.

`page(stage, noise)` gives the HTML after `stage` updates; what is not the story differs on every visit.
"""

import html
import random
from dataclasses import dataclass

HEADLINE = "Port authority bars Meridian Robotics from public contracts over undisclosed owners"

BODY = (
    "The Eastmark Port Authority has put crane maker Meridian Robotics and six other firms on its list of excluded "
    "suppliers, saying that their true owners were never disclosed as Section 14 of the Public Contracts Act demands.",
    "Under the order, terminals must end existing contracts with the seven firms by 30 September 2031. "
    "Meridian supplies "
    "about a third of the automatic cranes on the coast, with sales of 4.2 billion crowns last year.",
    "Meridian did not answer questions before publication. The authority said that a firm may ask for its removal from "
    "the list within 60 days, and that the list takes effect at 12:01 a.m. on Monday.",
)


@dataclass(frozen=True, slots=True)
class Update:
    mark: str
    printed: str
    summary: str
    heading: str
    paragraphs: tuple[str, ...]


UPDATES = (
    Update(
        "Meridian answers",
        "03/04/2031 @ 7:06 AM ET",
        "Meridian has answered the authority in a statement.",
        "Meridian publishes its register of owners",
        (
            "Meridian has published its register of owners and calls the order a mistake of fact. No owner above "
            "two per cent "
            "is unknown to the authority, the firm says.",
            "A pension fund that was named as a hidden owner says it sold its shares in 2029.",
        ),
    ),
    Update(
        "Meridian goes to court",
        "03/21/2031 @ 2:05 PM ET",
        "Meridian has asked the district court to set the order aside.",
        "Meridian files a complaint",
        (
            "The complaint names the authority and the ministry of transport. It says the firm was never heard "
            "before the order.",
        ),
    ),
    Update(
        "Filing shows the reason",
        "04/08/2031 @ 4:15 PM ET",
        "A court filing shows what the authority relied on.",
        "The reason behind the order",
        (
            "According to the filing, the authority relied on a prize that Meridian's founder accepted in 2027 "
            "and on a loan of "
            "50 million crowns whose lender was not named.",
        ),
    ),
    Update(
        "Judge halts the order",
        "04/23/2031 @6:10 AM ET",
        "A judge has stayed the order for Meridian until the case is decided.",
        "Meridian wins a stay",
        (
            "The judge finds it likely that Meridian will win: the authority did not vacate its finding when the "
            "register was shown.",
        ),
    ),
    Update(
        "Meridian taken off the list",
        "06/12/2031 @6:16 AM ET",
        "The authority will remove Meridian from the list of excluded suppliers.",
        "Authority to remove Meridian from the list",
        (
            "The authority and Meridian have agreed to end the case. Terminals may sign contracts with the firm "
            "again at once.",
            "The other six firms stay on the list.",
        ),
    ),
)

TRENDING = (
    "Ten ferries worth the detour",
    "What a berth costs in 2031",
    "Interview: the pilot who retired twice",
    "Weather at the outer harbour",
    "A short history of the container",
)


def headline(stage: int) -> str:
    """The headline after `stage` updates, with its mark."""
    return f"[Update {stage}: {UPDATES[stage - 1].mark}] {HEADLINE}" if stage else HEADLINE


def _banner(number: int, update: Update, *, last: bool) -> str:
    kept = " The article as published on March 4, 2031, is preserved below." if last else ""
    return (
        f"<p><strong>Update {number} ({update.printed}):</strong> {html.escape(update.summary)} "
        f'<a href="#update{number}">Click here</a> for more information.{kept}</p>'
    )


def _section(number: int, update: Update) -> str:
    text = "".join(f"<p>{html.escape(paragraph)}</p>" for paragraph in update.paragraphs)
    return f'<hr><h2 id="update{number}">Update {number}: {html.escape(update.heading)}</h2>{text}'


def page(stage: int, noise: random.Random) -> str:
    """The article after `stage` updates (0 to 5), as one visitor gets it."""
    token = f"{noise.getrandbits(64):016x}"
    banners = "".join(_banner(n, UPDATES[n - 1], last=n == 1) for n in range(stage, 0, -1))
    sections = "".join(_section(n, UPDATES[n - 1]) for n in range(1, stage + 1))
    body = "".join(f"<p>{html.escape(paragraph)}</p>" for paragraph in BODY)
    trending = "".join(
        f'<li><a href="/{noise.randrange(99999)}/">{title}</a></li>' for title in noise.sample(TRENDING, len(TRENDING))
    )
    title = html.escape(headline(stage))
    return f"""<!doctype html><html lang="en-US"><head><meta charset="utf-8"><title>{title}</title>
<meta property="og:title" content="{title}"><meta property="article:published_time" content="2031-03-04T11:31:08Z">
<script>var session="{token}";</script></head><body class="build-{token[:8]}">
<div id="cookie-banner"><p>We use cookies. <button>Accept</button></p></div>
<nav><a href="/">Harbour Gazette</a> <a href="/news">News</a></nav>
<main><article class="post"><header><h1>{title}</h1>
<div class="meta"><span class="author">Ada Quill</span>
<time datetime="2031-03-04T11:31:08Z">March 4, 2031 6:31am</time>
<span class="comments">{noise.randrange(100, 999)} Comments</span></div></header>
<div class="entry-content">{banners}
<div class="ad" data-slot="{noise.randrange(10**6)}">Advertisement</div>{body}{sections}</div>
<div class="share">Shared {noise.randrange(100, 999)} times</div></article></main>
<aside><h4>Trending now</h4><ul>{trending}</ul><p>Updated {noise.randrange(2, 59)} minutes ago</p></aside>
<footer><p>{noise.randrange(1000)} readers online</p><p>&copy; 2031 Harbour Gazette</p></footer></body></html>"""


def feed(stage: int, base: str) -> str:
    """The site's feed: a new entry with each update beside older ones that stay as they were."""
    items = [
        ("Harbour tour dates for spring", "spring-tours", "All tours of the season.", "Mon, 03 Mar 2031 08:00:00 GMT")
    ]
    items += [
        (
            f"Docket: {update.heading}",
            f"docket-{number}",
            update.summary,
            f"Tue, {3 + number:02d} Jun 2031 10:00:00 GMT",
        )
        for number, update in enumerate(UPDATES[:stage], 1)
    ]
    entries = "".join(
        f"<item><title>{html.escape(title)}</title><link>{base}/{slug}?utm_source=rss</link><guid>{base}/{slug}</guid>"
        f"<description>{html.escape(text)}</description><pubDate>{date}</pubDate></item>"
        for title, slug, text, date in reversed(items)
    )
    return (
        '<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel><title>Harbour Gazette: dockets</title>'
        f"<link>{base}/</link><description>Dockets</description>{entries}</channel></rss>"
    )
