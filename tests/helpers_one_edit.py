"""A page of a regulator's newsroom with everything around its article that pages have, for edits one at a time."""

from datetime import UTC, datetime, timedelta

from watcher import replay
from watcher.model import Change, Source

AT = datetime(2031, 3, 4, 12, tzinfo=UTC)
URL = "https://authority.example/news/2031/meridian"

FILLER = {
    "en": (
        "The authority has published its decision on the Meridian group and six of its suppliers.",
        "It follows an inquiry of eleven months in which forty witnesses were heard.",
    ),
    "de": (
        "Die Behörde hat ihre Entscheidung über die Meridian-Gruppe und sechs ihrer Lieferanten veröffentlicht.",
        "Vorausgegangen war eine Untersuchung von elf Monaten, in der vierzig Zeugen gehört wurden.",
    ),
    "fr": (
        "L'autorité a publié sa décision concernant le groupe Meridian et six de ses fournisseurs.",
        "Elle fait suite à une enquête de onze mois au cours de laquelle quarante témoins ont été entendus.",
    ),
    "es": (
        "La autoridad ha publicado su decisión sobre el grupo Meridian y seis de sus proveedores.",
        "Sigue a una investigación de once meses en la que fueron oídos cuarenta testigos.",
    ),
    "it": (
        "L'autorità ha pubblicato la sua decisione sul gruppo Meridian e su sei dei suoi fornitori.",
        "Segue un'indagine di undici mesi in cui sono stati sentiti quaranta testimoni.",
    ),
    "pt": (
        "A autoridade publicou a sua decisão sobre o grupo Meridian e seis dos seus fornecedores.",
        "Segue-se a um inquérito de onze meses em que foram ouvidas quarenta testemunhas.",
    ),
    "nl": (
        "De autoriteit heeft haar besluit over de Meridian-groep en zes van haar leveranciers gepubliceerd.",
        "Het volgt op een onderzoek van elf maanden waarin veertig getuigen werden gehoord.",
    ),
    "sv": (
        "Myndigheten har offentliggjort sitt beslut om Meridiangruppen och sex av dess leverantörer.",
        "Det följer på en utredning på elva månader där fyrtio vittnen hördes.",
    ),
    "pl": (
        "Urząd opublikował decyzję w sprawie grupy Meridian i sześciu jej dostawców.",
        "Poprzedziło ją jedenastomiesięczne dochodzenie, w którym przesłuchano czterdziestu świadków.",
    ),
    "tr": (
        "Kurum, Meridian grubu ve altı tedarikçisi hakkındaki kararını yayımladı.",
        "Karar, kırk tanığın dinlendiği on bir aylık bir soruşturmanın ardından geldi.",
    ),
    "ru": (
        "Ведомство опубликовало решение по группе «Меридиан» и шести её поставщикам.",
        "Ему предшествовало расследование длиной в одиннадцать месяцев, в ходе которого заслушали сорок свидетелей.",
    ),
    "ar": (
        "نشرت الهيئة قرارها بشأن مجموعة ميريديان وستة من مورديها.",
        "ويأتي ذلك بعد تحقيق استمر أحد عشر شهرا واستمع فيه إلى أربعين شاهدا.",
    ),
    "ja": (
        "当局はメリディアン・グループとその供給業者六社に関する決定を公表した。",
        "決定は四十人の証人から聴取した十一か月にわたる調査を受けたものである。",
    ),
    "zh": (
        "主管部门公布了关于子午线集团及其六家供应商的决定。",
        "此前进行了为期十一个月的调查，听取了四十名证人的证词。",
    ),
    "ko": (
        "당국은 메리디안 그룹과 그 공급업체 여섯 곳에 관한 결정을 공표했다.",
        "이 결정은 증인 마흔 명을 조사한 열한 달간의 조사에 따른 것이다.",
    ),
}

PARTS = {
    "headline": "Authority decides on Meridian",
    "time": "4 March 2031",
    "ago": "5 minutes ago",
    "views": "1,204 views",
    "comments": "17 comments",
    "related": '<li><a href="/news/1">Port opens new berth</a></li><li><a href="/news/2">Fees rise in April</a></li>',
    "advert": "<p>Fly to Rome from 49 euros a head this spring.</p>",
    "cookies": "<p>We use cookies to improve this site. Read our policy.</p>",
    "token": "a8f3c2d19b7e4f60",
    "class": "css-1x2y3z",
    "footer": "Last build: 4 March 2031 11:58",
    "year": "2031",
    "share_top": '<div class="share-bar"><a href="#">Share on Facebook</a> <a href="#">Share on X</a></div>',
    "share_bottom": "",
    "list": "<li>Meridian Shipping Ltd</li><li>Meridian Ports plc</li><li>Halden Freight AS</li>",
    "table": "<tr><th>Company</th><th>Penalty</th></tr><tr><td>Meridian Ports plc</td><td>4.2 million</td></tr>"
    "<tr><td>Halden Freight AS</td><td>0.9 million</td></tr>",
    "links": "<p>The data behind the decision can be had from the authority.</p>"
    '<ul><li><a href="/files/payments.csv">Payments by month (CSV)</a></li>'
    '<li><a href="/files/witnesses.csv">Witnesses by day (CSV)</a></li></ul>',
    "order": '<p>Read the <a href="/files/order-41.pdf">full order</a> as it was served.</p>',
    "picture": '<figure><img src="https://img.example/2031/berth-nine.jpg" alt="Berth nine at night"></figure>',
    "visitors": "1204",
    "greeting": "Good morning, reader.",
}


def page(lang: str = "en", sentence: str = "", **parts: str) -> str:
    """Write the page; `sentence` is a paragraph of its own in the article, `parts` take the place of those above."""
    p = {**PARTS, **parts}
    first, last = FILLER[lang]
    said = f"<p>{sentence}</p>" if sentence else ""
    return f"""<!DOCTYPE html><html lang="{lang}"><head><title>{p["headline"]} | Authority</title>
<meta property="og:title" content="{p["headline"]}"><script>var nonce="{p["token"]}";</script></head>
<body class="{p["class"]}"><div id="cookie-banner" class="cookie-banner">{p["cookies"]}</div>
<header><nav><ul><li><a href="/">Home</a></li><li><a href="/news">News</a></li></ul></nav>
<p class="greeting">{p["greeting"]}</p></header>
<main class="{p["class"]}"><article class="story {p["class"]}"><h1>{p["headline"]}</h1>
<div class="byline">Press office · <time datetime="2031-03-04">{p["time"]}</time> · <span>{p["ago"]}</span></div>
<div class="meta"><span>{p["views"]}</span> <span>{p["comments"]}</span></div>{p["share_top"]}
<p>{first}</p>{p["picture"]}{said}<p>{last}</p>
<div class="ad-slot advert">{p["advert"]}</div>
<h2>Companies</h2><ul>{p["list"]}</ul><table>{p["table"]}</table>{p["order"]}{p["links"]}{p["share_bottom"]}</article>
<aside class="related"><h3>Related</h3><ul>{p["related"]}</ul></aside>
<section id="comments"><h3>Comments</h3><p>{p["comments"]}</p></section></main>
<footer><p>© {p["year"]} Authority. {p["footer"]}</p><a href="/login?token={p["token"]}">Log in</a></footer>
<img src="https://count.example/hit?n={p["visitors"]}" width="1" height="1" alt=""></body></html>"""


def changes(before: str, after: str, **source: object) -> list[Change]:
    """Take two states of the page through the whole core, as `watcher replay` does."""
    watched = Source("newsroom", URL, kind="article", **source)  # type: ignore[arg-type]  # Source's own fields

    def step(name: str, html: str, minutes: int) -> replay.Step:
        at = AT + timedelta(minutes=minutes)
        return replay.Step(name, at, lambda s: replay.fetched_of(html.encode(), s.url, at, name="x.html"))

    found = list(replay.run(watched, [step("before", before, 0), step("after", after, 10)]))
    return list(found[0][2])


def announced(before: str, after: str, **source: object) -> list[str]:
    """Name the events that would be announced."""
    return [change.event for change in changes(before, after, **source) if change.announced]
