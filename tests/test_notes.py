"""Update notes: the grammar, its languages, its traps."""

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watcher.core import notes
from watcher.core.when import Look
from watcher.model import Block, Link, Note

NOW = datetime(2026, 5, 20, 15, 0, tzinfo=UTC)
US = Look("en-US", "America/New_York", NOW)
BODY = ("The regulator fined the bank 40 million dollars on Monday.", "The bank will contest the order before a court.")


def blocks(*items: str | tuple[str, str]) -> list[Block]:
    return [Block("p", item) if isinstance(item, str) else Block(*item) for item in items]


def shown(note: Note) -> tuple[str | None, int | None, str, str | None]:
    moment = note.published
    at = None if moment is None else f"{moment.at:%m-%d}" if moment.date_only else f"{moment.at:%m-%dT%H:%M}"
    return note.location, note.sequence, note.kind, at


def found(
    title: str, *items: str | tuple[str, str], look: Look = US
) -> list[tuple[str | None, int | None, str, str | None]]:
    return [shown(note) for note in notes.find(title, blocks(*items), look).notes]


def test_the_founding_style_is_one_record_per_update() -> None:
    """Headline mark, banner line and section of one number are one update with the best of each."""
    page = blocks(
        "Update 2 (05/12/2026 @6:16 AM ET): The list was withdrawn. Click here for more information.",
        "Update 1 (05/11/2026 @ 7:06 AM ET): The firm has replied. "
        "The article as published on May 10, 2026, is preserved below.",
        *BODY,
        ("hr", ""),
        ("h2", "Update 1: The firm replies"),
        "It denies every claim.",
        ("h2", "Update 2: Off the list"),
        "A court filing says so.",
        "Neither side admits liability.",
        ("h3", "About author"),
        "Someone writes here.",
    )
    result = notes.find("[Update 2: Firm off the list] Regulator lists a firm", page, US)
    assert [shown(note) for note in result.notes] == [
        ("title", 2, "update", None),
        ("banner", 2, "update", "05-12T10:16"),
        ("banner", 1, "update", "05-11T11:06"),
        ("section", 1, "update", None),
        ("section", 2, "update", None),
    ]
    second, first = result.updates
    assert (second.sequence, second.heading, second.summary) == (2, "Off the list", "The list was withdrawn.")
    assert second.text == "A court filing says so.\nNeither side admits liability."
    assert (first.heading, first.summary, first.text) == (
        "The firm replies",
        "The firm has replied.",
        "It denies every claim.",
    )
    assert second.location is None
    assert second.span is None
    assert result.headline == "Regulator lists a firm"
    assert result.blocks == {0, 1, 5, 6, 7, 8, 9}


STYLES = [
    ("Fine", ["Update, 3:15pm ET: More.", *BODY], [("banner", None, "update", "05-19T19:15")]),
    (
        "Fine",
        [*BODY, "UPDATE: May 9, 2026, 1:27 p.m. PST The bank agrees."],
        [("footer", None, "update", "05-09T21:27")],
    ),
    (
        "Fine",
        [BODY[0], "UPDATE: It will.", BODY[1], "UPDATE 2: It has."],
        [("inline", None, "update", None), ("footer", 2, "update", None)],
    ),
    ("Fine (Update: Bank pays)", [*BODY], [("title", None, "update", None)]),
    ("UPDATED: Bank fined", [*BODY], [("title", None, "update", None)]),
    ("Bank fined — UPDATED", [*BODY], [("title", None, "update", None)]),
    (
        "UPDATE 3-Bank fined",
        ["(Adds comment, paragraph 4)", *BODY],
        [("title", 3, "writethru", None), ("banner", None, "writethru", None)],
    ),
    (
        "CORRECTED-UPDATE 2-Bank fined",
        ["(Corrects name in paragraph 7)", *BODY],
        [("title", 2, "correction", None), ("banner", None, "correction", None)],
    ),
    (
        "(2nd LD) Bank fined",
        ["(ATTN: ADDS details)", *BODY],
        [("title", 2, "writethru", None), ("banner", None, "writethru", None)],
    ),
    (
        "Fine",
        ["Updated at 11:04 a.m. PT with a response from the bank.", *BODY],
        [("banner", None, "update", "05-19T18:04")],
    ),
    ("Fine", [*BODY, "This article has been updated to reflect that it has paid."], [("footer", None, "update", None)]),
    (
        "Fine",
        [*BODY, "Correction, May 12: An earlier version of this article misstated the sum."],
        [("footer", None, "correction", "05-12")],
    ),
    ("Fine", [*BODY, "Clarification: The suit is civil."], [("footer", None, "clarification", None)]),
    (
        "Fine",
        [*BODY, "Editor’s note: This story was updated at 4:52 p.m. ET to say what the order covers."],
        [("footer", None, "update", "05-19T20:52")],
    ),
    (
        "RETRACTED: Study on fees",
        ["Retraction notice (May 2, 2026): We have withdrawn this report.", *BODY],
        [("title", None, "retraction", None), ("banner", None, "retraction", "05-02")],
    ),
    ("Fine", ["First update: It will pay.", *BODY], [("banner", 1, "update", None)]),
    ("Fine", ["Update III: It will pay.", *BODY], [("banner", 3, "update", None)]),
    (
        "Fine",
        [
            *BODY,
            ("h2", "Updates to this page"),
            ("li", "15 May 2026 Decision published."),
            ("li", "7 May 2026 First published."),
        ],
        [("footer", None, "update", "05-15")],
    ),
    (
        "A v. B, docket",
        [
            ("tr", "# | Date Filed | Docket Text"),
            ("tr", "21 | 03/12/2026 | OPINION."),
            ("tr", "22 | 03/13/2026 | ORDER."),
        ],
        [("section", 21, "docket-entry", "03-12"), ("section", 22, "docket-entry", "03-13")],
    ),
    (
        "Trial live",
        [
            ("text", "10:21 a.m."),
            ("h3", "Verdict"),
            "Guilty.",
            ("text", "9:58 a.m."),
            ("h3", "Jury in"),
            "They are back.",
        ],
        [("section", None, "live-post", "05-20T14:21"), ("section", None, "live-post", "05-20T13:58")],
    ),
    (
        "FORM 8-K/A",
        ["As filed with the Commission on May 2, 2026", "(Amendment No. 2)", *BODY],
        [("title", None, "amendment", None), ("banner", 2, "amendment", "05-02")],
    ),
]


@pytest.mark.parametrize(("title", "items", "expected"), STYLES)
def test_every_style_is_known(
    title: str, items: list[str | tuple[str, str]], expected: list[tuple[object, ...]]
) -> None:
    """A note in any style of the taxonomy is found with its number, kind, time and place."""
    assert found(title, *items) == expected


LANGUAGES = [
    (
        "de-DE",
        "Europe/Berlin",
        "Aktualisierung vom 12.05.2026, 11:04 Uhr: Das Amt bestätigt.",
        ("update", "05-12T09:04"),
    ),
    (
        "de-DE",
        "Europe/Berlin",
        "Dieser Artikel wurde am 12. Mai 2026 um 10.30 Uhr um eine Stellungnahme ergänzt.",
        ("update", "05-12T08:30"),
    ),
    ("de-DE", "Europe/Berlin", "Korrektur: In einer früheren Fassung war die Summe falsch.", ("correction", None)),
    (
        "fr-FR",
        "Europe/Paris",
        "Mise à jour le 5 mai 2026 à 18h40 : le groupe annonce un recours.",
        ("update", "05-05T16:40"),
    ),
    (
        "fr-FR",
        "Europe/Paris",
        "Rectificatif du 14/05/2026 : une version précédente de cet article indiquait 5,6 %.",
        ("correction", "05-14"),
    ),
    ("es-ES", "Europe/Madrid", "Actualización 3 (17/05/2026, 19:20): la empresa lo niega", ("update", "05-17T17:20")),
    ("es-MX", "America/Mexico_City", "Fe de erratas: en una versión anterior se dijo otra cosa.", ("correction", None)),
    ("it-IT", "Europe/Rome", "Aggiornamento delle ore 15.30 – Il ministero precisa.", ("update", "05-20T13:30")),
    (
        "pt-BR",
        "America/Sao_Paulo",
        "Atualização às 14h30 de 12/05/2026: O banco vai recorrer.",
        ("update", "05-12T17:30"),
    ),
    (
        "nl-NL",
        "Europe/Amsterdam",
        "Dit artikel is op 12 mei 2026 om 14.30 uur bijgewerkt met een reactie.",
        ("update", "05-12T12:30"),
    ),
    (
        "sv-SE",
        "Europe/Stockholm",
        "Rättelse: I en tidigare version av artikeln angavs fel belopp.",
        ("correction", None),
    ),
    ("da-DK", "Europe/Copenhagen", "Opdateret kl. 14.30: Banken anker.", ("update", "05-20T12:30")),
    ("nb-NO", "Europe/Oslo", "Oppdatering 2 (12.05.2026 kl. 14.30): Banken anker.", ("update", "05-12T12:30")),
    ("fi-FI", "Europe/Helsinki", "Päivitys 12.5.2026 klo 14.30: Pankki valittaa.", ("update", "05-12T11:30")),
    ("pl-PL", "Europe/Warsaw", "Aktualizacja, 12 maja, godz. 14.30: Bank się odwoła.", ("update", "05-12T12:30")),
    ("tr-TR", "Europe/Istanbul", "Güncelleme (12 Mayıs 2026, 14:30): Banka itiraz etti.", ("update", "05-12T11:30")),
    ("ru-RU", "Europe/Moscow", "Обновлено 12 мая в 14:30: Банк подал жалобу.", ("update", "05-12T11:30")),
    ("ar-EG", "Africa/Cairo", "تحديث 2 (١٢ مايو ٢٠٢٦، ٥:٤٥ مساءً): البنك يستأنف القرار.", ("update", "05-12T14:45")),
    ("ja-JP", "Asia/Tokyo", "【更新】5月12日19時16分：会社が声明を発表しました。", ("update", "05-12T10:16")),
    ("ja-JP", "Asia/Tokyo", "【訂正】初出時、対象を5社としていましたが、正しくは4社です。", ("correction", None)),
    ("zh-CN", "Asia/Shanghai", "更新 2（2026年5月12日 下午3:05）：银行提出上诉。", ("update", "05-12T07:05")),
    ("ko-KR", "Asia/Seoul", "[업데이트 5월 12일 오후 3시 5분] 은행이 항소했다.", ("update", "05-12T06:05")),
]


@pytest.mark.parametrize(("locale", "timezone", "line", "expected"), LANGUAGES)
def test_every_language_is_known(locale: str, timezone: str, line: str, expected: tuple[str, str | None]) -> None:
    """The words and times of each language are read alike."""
    got = found("Headline", *BODY, line, look=Look(locale, timezone, NOW))
    assert [(kind, at) for _place, _number, kind, at in got] == [expected]


TRAPS: list[tuple[str, list[str | tuple[str, str]]]] = [
    ("Fine", ["Update your browser: you are using an old version.", *BODY]),
    ("Software Update 5.1 recalled", ["Update 5.1 was sent to cars. Update 5.2 is due.", *BODY]),
    (
        "Release notes",
        [("h2", "Update 1.2.3"), ("li", "Fixed a crash"), ("h2", "Update 1.2.2"), ("li", "Faster search")],
    ),
    ("Windows 11 Update KB5039212 breaks court tool", ["Windows Update 2 (May 2026): a patch.", *BODY]),
    ("Update on Section 232 talks: what is open", [*BODY]),
    ("Correction: why a 10 percent drop has a name", ["A fall of 10 percent is called a correction.", *BODY]),
    ("Amendment 2 fails; voters back Amendment No. 4", ["Voters rejected Amendment 2.", *BODY]),
    ("Enforcement Update 14: May in review", ["Welcome to Enforcement Update 14, our monthly review.", *BODY]),
    ("Fine", [*BODY, "Corrections: If you spot an error in this story, write to the desk."]),
    ("Fine", [*BODY, ("blockquote", "“Update: all good here,” one broker posted.")]),
    ("Fine", [*BODY, ("small", "Last update: 5 minutes ago"), "Updated 43 minutes ago"]),
    ("Fine", ["Editor’s note: This is the third article in a series. Read part one.", *BODY]),
    (
        "Fine",
        ["An earlier version of the bill capped costs.", "This version has been updated to cover only some.", *BODY],
    ),
    ("Fine", [*BODY, ("h3", "Comments"), "UPDATE: just heard they will refile!"]),
    ("Fine", [*BODY, ("h4", "Related"), "Update 2: How a rival won clearance"]),
    ("Agenda", ["9:00 a.m. — Registration", "10:00 a.m. — Opening", "11:30 a.m. — Panel"]),
    ("Le Conseil d’État confirme l’amende", ["Mise à jour de nos conditions d’utilisation : en savoir plus.", *BODY]),
    ("日銀、追加利上げを決定", ["ソフトウェアの更新に伴い、統計の公表は1日遅れる。"]),
]


@pytest.mark.parametrize(("title", "items"), TRAPS)
def test_what_only_looks_like_a_note_is_none(title: str, items: list[str | tuple[str, str]]) -> None:
    """Prompts, products, series, quotations, widgets, comments and other stories are never notes."""
    assert found(title, *items) == []


def test_a_link_that_is_the_whole_line_is_another_story() -> None:
    """A teaser with another story's mark is no note of this one."""
    teaser = Block("p", "Update 2: A rival wins", (Link("https://news.example/x", "Update 2: A rival wins"),))
    assert notes.find("Fine", [*blocks(*BODY), teaser], US).notes == ()


def test_an_unsupported_number_in_a_headline_is_not_believed() -> None:
    """ "Update 2: …" as a plain headline counts only when the page itself has that update."""
    assert found("Update 2: Dell laptops tested", *BODY) == []
    assert found("Update 2: Judge rules | Tracker", "Update 2 (05/12/2026 @ 6:16 AM ET): Ruled.", *BODY)[0][:2] == (
        "title",
        2,
    )


def test_marks_are_stripped_from_headlines() -> None:
    """The headline that is compared is the one without its mark."""
    assert notes.strip_marks("[Update 5: Off the list] Firm listed") == "Firm listed"
    assert notes.strip_marks("Firm listed (Update: Off the list)") == "Firm listed"
    assert notes.strip_marks("UPDATE 3-Firm listed") == "Firm listed"
    assert notes.strip_marks("UPDATED: Firm listed") == "Firm listed"
    assert notes.strip_marks("Firm listed") == "Firm listed"


def test_json_ld_posts_and_corrections_are_notes() -> None:
    """`liveBlogUpdate` and `correction` of schema.org are read, at any depth, whatever their form."""
    data = {
        "@graph": [
            {"@type": "LiveBlogPosting", "liveBlogUpdate": [
                {"headline": "Joins", "datePublished": "2026-05-12T14:31:00-04:00", "articleBody": "It joins."},
                "junk"]},
            {"@type": "NewsArticle", "correction": {"text": "It is $10.", "datePublished": "2026-05-07"}},
            {"@type": "NewsArticle", "correction": ["An earlier version said $8.", None, 5]},
        ]
    }  # fmt: skip
    read = notes.from_json_ld(data, US)
    assert [shown(note) for note in read] == [
        ("metadata", None, "live-post", "05-12T18:31"),
        ("metadata", None, "correction", "05-07"),
        ("metadata", None, "correction", None),
    ]
    assert notes.find("Fine", blocks(*BODY), US, metadata=read).notes == read


def test_inserted_words_and_hidden_times_are_read() -> None:
    """`ins` with a time is an update in place; a hidden time says what the printed date leaves out."""
    page = [
        Block("p", "Trading resumed after six hours.", inserted=("six hours",), times=("2026-05-04T19:10:00-04:00",)),
        Block("h2", "Change log"),
        Block("li", "15 May 2026 Decision published.", times=("2026-05-15T09:30:00Z",)),
    ]
    result = notes.find("Outage", page, US)
    assert [shown(note) for note in result.notes] == [
        ("inline", None, "update", "05-04T23:10"),
        ("footer", None, "update", "05-15T09:30"),
    ]
    assert 0 not in result.blocks


LABELS = ["Update", "UPDATE", "Correction", "2", "(05/12/2026 @ 6:16 AM ET)", ":", "Editor’s note:", "更新", "【", "】"]
OTHERS = ["This", "article", "was", "updated", "to", "|", "—", "10:21", "[", "]", "“", "第", "Ld-Writethru", "/A", "\n"]
WORDS = st.sampled_from([*LABELS, *OTHERS])
TYPES = st.sampled_from(["p", "h1", "h2", "h3", "li", "tr", "blockquote", "text", "hr", "dt", "dd"])


@settings(max_examples=200, deadline=2000)
@given(
    st.none() | st.lists(WORDS, max_size=12).map(" ".join) | st.text(max_size=80),
    st.lists(st.tuples(TYPES, st.lists(WORDS, max_size=14).map(" ".join) | st.text(max_size=120)), max_size=12),
)
def test_any_page_is_read_without_failing(title: str | None, items: list[tuple[str, str]]) -> None:
    """Whatever stands on a page, notes come out inside it, and reading the result again gives the same."""
    page = blocks(*items)
    result = notes.find(title, page, US)
    assert result == notes.find(title, page, US)
    assert all(0 <= index < len(page) for index in result.blocks)
    for note in result.notes:
        assert note.location is not None
        assert note.span is None or 0 <= note.span[0] < note.span[1] <= len(page)


@pytest.mark.parametrize(
    "text", ["Update " * 20_000, "(" * 50_000, "Update 1: " + "a" * 100_000, "10:21 " * 20_000, "click here " * 10_000]
)
def test_long_lines_are_read_in_bounded_time(text: str) -> None:
    """A hostile line costs no more than a long one."""
    started = datetime.now(UTC)
    notes.find("Update " * 2000, [Block("p", text), Block("h2", text), Block("li", text)], US)
    assert (datetime.now(UTC) - started).total_seconds() < 3


def test_a_feed_entry_is_believed_in_its_title_alone() -> None:
    """A numbered headline counts in a feed's entry, which has no page; on a page it needs a note of that number."""
    title = "Update 2: Bank pays the fine"
    assert notes.find(title, blocks(*BODY), US).notes == ()
    alone = notes.find(title, blocks(*BODY), US, alone=True).notes
    assert [shown(note) for note in alone] == [("title", 2, "update", None)]


def test_the_mark_may_stand_in_another_place_of_the_headline() -> None:
    """A mark in `og:title` counts where the printed headline is the same without it."""
    other = "[Update 2: Bank pays] Regulator fines a bank"
    result = notes.find("Regulator fines a bank", blocks(*BODY), US, also=(other,))
    assert [(note.sequence, note.heading) for note in result.notes] == [(2, "Bank pays")]
    assert notes.find("Another story", blocks(*BODY), US, also=(other,)).notes == ()


def test_machine_readable_posts_lose_their_markup() -> None:
    """A post's HTML comes out as its paragraphs, one a line, with entities decoded."""
    body = "<p>Duty stays for <b>two&nbsp;years</b>.</p><script>x()</script><p>Fuel &amp; oil too.</p>"
    post = {"headline": "Duty", "datePublished": "2026-05-20T10:00:00Z", "articleBody": body}
    (note,) = notes.from_json_ld({"@type": "LiveBlogPosting", "liveBlogUpdate": [post]}, US)
    assert note.text == "Duty stays for two years.\nFuel & oil too."


@pytest.mark.parametrize(
    "line",
    [
        "This is a developing story and will be updated.",
        "Noticia en desarrollo. Habrá ampliación.",
        "Dieser Artikel wird laufend aktualisiert.",
        "Cet article est en cours de mise à jour.",
        "続報が入り次第お伝えします",
    ],
)
def test_flags_are_status(line: str) -> None:
    """A line that only says that the story goes on is a flag; the article's own sentences are none."""
    assert notes.is_status(line)
    assert not any(notes.is_status(sentence) for sentence in BODY)
