"""One edit at a time, through the whole core: what changes the sense is announced, what does not is held."""

import pytest

from helpers_one_edit import PARTS, announced, changes, page

# (what, language, the sentence, what is edited in it, into what)
EDITS = [
    (
        "a deadline for divesting",
        "en",
        "Holdings must be sold by November 11, 2021 at the latest.",
        "November 11, 2021",
        "June 3, 2022",
    ),
    ("money, by a point", "en", "The group must pay $1.5 billion in damages.", "$1.5 billion", "$15 billion"),
    ("a section of law", "en", "The list is kept under Section 1237 of the act.", "Section 1237", "Section 1260"),
    ("the time for comments", "en", "Comments may be made within 60 days.", "60 days", "30 days"),
    ("a time of effect", "en", "The order takes effect at 12:01 AM on Monday.", "12:01 AM", "9:30 AM"),
    ("a comma that turns the sense", "en", "No, sanctions remain in force.", "No, sanctions", "No sanctions"),
    ("a count of companies", "en", "The list now names 44 companies.", "44", "9"),
    ("a negation that goes", "en", "The court did not vacate the order.", "did not vacate", "did vacate"),
    ("a percentage", "en", "Duties rise to 5% from the spring.", "5%", "50%"),
    ("a person's name", "en", "Judge Marian Holt will hear the case.", "Marian Holt", "Martin Holt"),
    ("a court's name", "en", "The case goes to the Ninth Circuit.", "Ninth", "Fifth"),
    ("a unit", "en", "Up to 30 kilograms may be carried.", "kilograms", "grams"),
    ("may and shall", "en", "The bank may freeze the accounts.", "may", "shall"),
    ("a year at a sentence's end", "en", "The licence ends in 2033.", "2033", "2032"),
    ("a deadline", "de", "Die Frist läuft bis zum 30. September 2031.", "30. September", "30. Juni"),
    ("a negation", "de", "Die Sanktionen gelten nicht für Lebensmittel.", "nicht ", ""),
    ("money", "de", "Die Geldbuße beträgt 1,5 Millionen Euro.", "1,5 Millionen", "15 Millionen"),
    ("a paragraph of law", "de", "Grundlage ist § 12 Absatz 3 des Gesetzes.", "§ 12", "§ 21"),
    ("a court's name", "de", "Zuständig ist das Verwaltungsgericht Köln.", "Köln", "Kassel"),
    ("a deadline", "fr", "Les observations sont reçues jusqu'au 15 avril 2031.", "15 avril", "15 mai"),
    ("a negation", "fr", "La mesure n'est pas suspendue.", "n'est pas", "est"),
    ("an article of law", "fr", "La décision se fonde sur l'article L. 464-2 du code.", "L. 464-2", "L. 464-8"),
    ("a negation", "es", "La empresa no fue sancionada.", "no fue", "fue"),
    ("a percentage", "es", "El arancel sube al 7,5 % en mayo.", "7,5 %", "75 %"),
    ("a name", "es", "Firmó la orden Lucía Ferrer.", "Lucía", "Lucio"),
    ("a deadline", "it", "Il termine scade il 1° giugno 2031.", "1° giugno", "1° luglio"),
    ("money", "it", "La sanzione è di 350.000 euro.", "350.000", "35.000"),
    ("a negation", "pt", "O tribunal não suspendeu a ordem.", "não ", ""),
    ("a count", "pt", "A lista tem agora 44 empresas.", "44", "41"),
    ("a deadline", "nl", "Reageren kan tot 1 mei 2031.", "1 mei", "1 juni"),
    ("a negation", "nl", "Het verbod geldt niet voor voedsel.", "niet ", ""),
    ("a negation", "sv", "Beslutet får inte överklagas.", "inte ", ""),
    ("a section of law", "sv", "Beslutet grundas på 4 kap. 7 § lagen.", "7 §", "17 §"),
    ("a negation", "pl", "Sąd nie uchylił decyzji.", "nie ", ""),
    ("money", "pl", "Kara wynosi 2,5 mln zł.", "2,5 mln", "25 mln"),
    ("a negation inside the verb", "tr", "Mahkeme kararı iptal etmedi.", "etmedi", "etti"),
    ("a deadline", "tr", "Son gün 30 Eylül 2031 olarak belirlendi.", "30 Eylül", "30 Haziran"),
    ("a negation", "ru", "Суд не отменил решение.", "не ", ""),
    (
        "a comma that turns the sense",
        "ru",
        "Казнить нельзя, помиловать.",
        "Казнить нельзя, помиловать",
        "Казнить, нельзя помиловать",
    ),
    ("a negation", "ar", "لن تسري العقوبات على الغذاء.", "لن تسري", "ستسري"),
    ("a percentage", "ar", "ارتفعت الرسوم إلى 15٪ هذا العام.", "15٪", "51٪"),
    ("a negation of one character", "ja", "裁判所は命令を取り消さなかった。", "取り消さなかった", "取り消した"),
    ("a deadline", "ja", "期限は2031年9月30日である。", "9月30日", "6月30日"),
    ("a negation of one character", "zh", "该公司未被列入名单。", "未被", "已被"),
    ("money", "zh", "罚款为1.5亿元。", "1.5亿元", "15亿元"),
    ("a negation", "ko", "법원은 명령을 취소하지 않았다.", "취소하지 않았다", "취소하였다"),
    ("a count", "ko", "명단에는 44개 회사가 있다.", "44개", "9개"),
]


@pytest.mark.parametrize(
    ("lang", "sentence", "old", "new"), [row[1:] for row in EDITS], ids=[f"{row[1]}: {row[0]}" for row in EDITS]
)
def test_an_edit_that_changes_the_sense_is_announced(lang: str, sentence: str, old: str, new: str) -> None:
    """An edit of one word in the article is announced as such, as silent, with the words that changed."""
    assert old in sentence
    found = changes(page(lang, sentence), page(lang, sentence.replace(old, new)))
    assert [(c.event, c.announced, c.silent) for c in found] == [("text.changed", True, True)]
    gone = "".join(text for op, text in found[0].words if op != "+")
    came = "".join(text for op, text in found[0].words if op != "-")
    assert (gone, came) == (sentence, sentence.replace(old, new))


LIST, TABLE, LINKS = PARTS["list"], PARTS["table"], PARTS["links"]
SHAPES: list[tuple[str, dict[str, str], dict[str, str], list[str]]] = [
    (
        "a sentence added",
        {"sentence": "Terminals must end their contracts."},
        {"sentence": "Terminals must end their contracts. An appeal is possible."},
        ["text.changed"],
    ),
    ("a paragraph removed", {"sentence": "Terminals must end their contracts."}, {}, ["text.changed"]),
    ("a list item removed", {}, {"list": LIST.replace("<li>Halden Freight AS</li>", "")}, ["text.changed"]),
    ("a list item added", {}, {"list": LIST + "<li>Corvid Cargo SA</li>"}, ["text.changed"]),
    (
        "a table row removed",
        {},
        {"table": TABLE.replace("<tr><td>Halden Freight AS</td><td>0.9 million</td></tr>", "")},
        ["text.changed"],
    ),
    ("a table cell changed", {}, {"table": TABLE.replace("0.9 million", "9.0 million")}, ["text.changed"]),
    (
        "a link to a dataset removed",
        {},
        {"links": LINKS.replace('<li><a href="/files/payments.csv">Payments by month (CSV)</a></li>', "")},
        ["text.changed"],
    ),
    ("a link that leads elsewhere", {}, {"order": PARTS["order"].replace("order-41", "order-42")}, ["links.changed"]),
    (
        "a link that is gone while its words stay",
        {},
        {"order": "<p>Read the full order as it was served.</p>"},
        ["links.changed"],
    ),
    (
        "a link to another record of one address",
        {"order": '<p>Read <a href="/get?id=41">it</a> here.</p>'},
        {"order": '<p>Read <a href="/get?id=42">it</a> here.</p>'},
        ["links.changed"],
    ),
    ("a picture removed", {}, {"picture": ""}, ["media.changed"]),
    (
        "another picture",
        {},
        {"picture": '<figure><img src="https://img.example/2031/crane.jpg" alt="A crane"></figure>'},
        ["media.changed"],
    ),
    ("the headline alone", {}, {"headline": "Authority clears Meridian"}, ["title.changed"]),
    ("a judge's note with a full stop", {}, {"sentence": "Updated: a judge has blocked the order."}, ["update.new"]),
    ("the same as a line", {}, {"sentence": "Updated: a judge has blocked the order"}, ["update.new"]),
    (
        "a numbered note",
        {},
        {"sentence": "Update 1 (March 12, 2031 @ 4:15 PM ET): A judge has blocked the order."},
        ["update.new"],
    ),
]


@pytest.mark.parametrize(("before", "after", "want"), [row[1:] for row in SHAPES], ids=[row[0] for row in SHAPES])
def test_each_part_of_an_article_is_watched(before: dict[str, str], after: dict[str, str], want: list[str]) -> None:
    """Sentences, items, rows, cells, links, pictures, headlines and notes are announced, each as what it is."""
    assert announced(page(**before), page(**after)) == want


def hidden(address: str, key: int) -> str:
    """An e-mail address as Cloudflare hides it."""
    code = bytes([key, *(ord(letter) ^ key for letter in address)]).hex()
    return f'<a href="/cdn-cgi/l/email-protection" data-cfemail="{code}">[email&#160;protected]</a>'


HIDDEN, OTHERWISE = hidden("a@b.example", 71), hidden("a@b.example", 190)
PICTURE = '<img src="https://img.example/2031/berth-nine.jpg" alt="Berth nine at night">'
NOISE: list[tuple[str, dict[str, str], dict[str, str]]] = [
    ("the footer's date", {}, {"footer": "Last build: 5 March 2031 07:31"}),
    ("a relative time", {}, {"ago": "25 minutes ago"}),
    ("a relative time that turns to hours", {}, {"ago": "2 hours ago"}),
    ("a counter of views", {}, {"views": "1,982 views"}),
    ("a counter of comments", {}, {"comments": "23 comments"}),
    (
        "a related story",
        {},
        {
            "related": '<li><a href="/news/7">Ferry line sold</a></li>'
            '<li><a href="/news/1">Port opens new berth</a></li>'
        },
    ),
    ("an advert", {}, {"advert": "<p>Rates from 2.9 % for your first home. Apply now.</p>"}),
    ("an advert that goes", {}, {"advert": ""}),
    ("a cookie bar", {}, {"cookies": ""}),
    ("a token in a link and a script", {}, {"token": "77d0c1e2f3a4b5c6"}),
    ("class names", {}, {"class": "css-9q8w7e"}),
    ("the year of the copyright", {}, {"year": "2032"}),
    ("a share bar that moved", {}, {"share_top": "", "share_bottom": PARTS["share_top"]}),
    ("a counting pixel", {}, {"visitors": "1982"}),
    ("a greeting", {}, {"greeting": "Good evening, reader."}),
    ("quotes", {"sentence": 'He said "no" to it.'}, {"sentence": "He said “no” to it."}),
    (
        "dashes and spaces",
        {"sentence": "From Monday - Friday, 4 million."},
        {"sentence": "From Monday – Friday, 4\u00a0million."},
    ),
    ("white space", {"sentence": "It was read twice."}, {"sentence": "It  was\n read   twice."}),
    ("bold type", {"sentence": "It was read twice."}, {"sentence": "It was <b>read</b> twice."}),
    (
        "a tracking parameter",
        {},
        {"order": PARTS["order"].replace("order-41.pdf", "order-41.pdf?utm_source=x&amp;fbclid=9")},
    ),
    (
        "a session in a link",
        {"order": '<p>Read <a href="/get;jsessionid=1A2B?id=41">it</a>.</p>'},
        {"order": '<p>Read <a href="/get;jsessionid=9Z8Y?id=41">it</a>.</p>'},
    ),
    (
        "a signed address",
        {"order": '<p>Read <a href="/g.pdf?sig=abc&amp;expires=1">it</a>.</p>'},
        {"order": '<p>Read <a href="/g.pdf?sig=xyz&amp;expires=2">it</a>.</p>'},
    ),
    (
        "https in a link",
        {"order": '<p>Read <a href="http://a.example/x">it</a>.</p>'},
        {"order": '<p>Read <a href="https://a.example/x/">it</a>.</p>'},
    ),
    (
        "another size of a picture",
        {},
        {"picture": PARTS["picture"].replace("berth-nine.jpg", "berth-nine-640x360.webp?quality=80")},
    ),
    (
        "a picture loaded late",
        {},
        {"picture": PARTS["picture"].replace("src=", 'src="data:image/gif;base64,R0lGOD" data-src=')},
    ),
    (
        "a placeholder of a picture",
        {},
        {"picture": PARTS["picture"].replace("src=", 'src="/blank.gif" data-src=')},
    ),
    (
        "a picture's sources",
        {},
        {"picture": f'<figure><picture><source srcset="/b-320.jpg 320w">{PICTURE}</picture></figure>'},
    ),
    ("another network for pictures", {}, {"picture": PARTS["picture"].replace("img.example", "cdn7.img.example")}),
    (
        "an address hidden from robots",
        {"sentence": "Write to a@b.example now."},
        {"sentence": f"Write to {HIDDEN} now."},
    ),
    ("the same in another cipher", {"sentence": f"Write to {HIDDEN} now."}, {"sentence": f"Write to {OTHERWISE} now."}),
    (
        "a heading's sign",
        {"sentence": "</p><h2>Aims</h2><p>x"},
        {"sentence": '</p><h2>Aims <a href="#a">#</a></h2><p>x'},
    ),
    (
        "a list in another order",
        {},
        {"list": "<li>Halden Freight AS</li><li>Meridian Shipping Ltd</li><li>Meridian Ports plc</li>"},
    ),
]


@pytest.mark.parametrize(("before", "after"), [row[1:] for row in NOISE], ids=[row[0] for row in NOISE])
def test_noise_is_held(before: dict[str, str], after: dict[str, str]) -> None:
    """What surrounds an article, and how it is typeset, is never announced."""
    assert announced(page(**before), page(**after)) == []


def test_a_script_in_the_headline_is_no_part_of_it() -> None:
    """What a script or a style sheet inside the headline says is never announced; the headline's own words are."""
    headline = f"<h1>{PARTS['headline']}</h1>"

    def carrying(token: str, words: str = PARTS["headline"]) -> str:
        scripts = f"<script>var visit = '{token}';</script><style>.v{token} {{ top: 0 }}</style>"
        return page().replace(headline, f"<h1>{words}{scripts}</h1>")

    assert headline in page()
    assert announced(carrying("f81"), carrying("0c7")) == []
    (change,) = changes(carrying("f81"), carrying("0c7", "Authority clears Meridian"))
    assert change.event == "title.changed"
    assert change.words == (("=", "Authority "), ("-", "decides on"), ("+", "clears"), ("=", " Meridian"))


def test_every_kind_of_noise_at_once_hides_no_edit() -> None:
    """With all that moves on a page moving at once, the one edit of the article is all that is announced."""
    noisy: dict[str, str] = {}
    for _, _, moved in NOISE:
        noisy |= {key: value for key, value in moved.items() if key not in {"sentence", "order", "picture", "list"}}
    before = page(sentence="The order takes effect on 1 May.")
    after = page(sentence="The order takes effect on 1 June.", **noisy)
    assert announced(before, after) == ["text.changed"]


def test_a_paragraph_that_moved_is_shown_as_moved() -> None:
    """A paragraph that stands elsewhere now is announced as a change of text whose diff shows the move."""
    one, two, three = (
        "Terminals end their contracts first.",
        "Then the ports are sold.",
        "Last, the ships are handed over.",
    )
    before, after = f"{one}</p><p>{two}</p><p>{three}", f"{three}</p><p>{one}</p><p>{two}"
    found = changes(page(sentence=before), page(sentence=after))
    assert [(c.event, c.announced) for c in found] == [("text.changed", True)]
    marked = [line for line in found[0].diff.split("\n") if line[:2] in {"> ", "- ", "+ "}]
    assert marked == [f"> {three}"]


def test_the_order_of_a_numbered_list_means_something() -> None:
    """Items of a numbered list that change places are announced, those of a list of points are not."""
    items = ["<li>Iran may apply.</li>", "<li>Cuba may not apply.</li>", "<li>Peru must apply.</li>"]
    for tag, want in (("ol", ["text.changed"]), ("ul", [])):
        before, after = (f"</p><{tag}>{''.join(order)}</{tag}><p>" for order in (items, [items[1], items[0], items[2]]))
        assert announced(page(sentence=before), page(sentence=after)) == want


def test_rows_are_shown_as_rows() -> None:
    """A changed cell is shown in its row, and the rows around it are left alone."""
    found = changes(page(), page(table=TABLE.replace("0.9 million", "9.0 million")))
    assert [line for line in found[0].diff.split("\n") if line[0] in "+-"] == [
        "- Halden Freight AS | 0.9 million",
        "+ Halden Freight AS | 9.0 million",
    ]


def test_an_edit_with_a_newer_date_on_the_page_is_no_silent_one() -> None:
    """Text that changed together with the date that the page prints as its last update was announced by it."""
    line = "Last updated: {}"
    before = page(sentence=line.format("1 March 2031") + "</p><p>The fee is 40 euros.")
    found = changes(before, page(sentence=line.format("4 March 2031") + "</p><p>The fee is 45 euros."))
    assert [c.silent for c in found if c.event == "text.changed"] == [False]
