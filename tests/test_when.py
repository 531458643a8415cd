"""Times as publishers write them."""

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watcher.core import when
from watcher.core.when import Look

NOW = datetime(2026, 5, 20, 15, 0, tzinfo=UTC)  # a Wednesday


def shown(text: str, locale: str | None, timezone: str, now: datetime = NOW) -> str | None:
    moment = when.parse(text, Look(locale, timezone, now))
    if moment is None:
        return None
    return f"{moment.at:%Y-%m-%d}" if moment.date_only else f"{moment.at:%Y-%m-%dT%H:%M}"


CASES = [
    ("05/12/2021 @6:16 AM ET", "en-US", "America/New_York", "2021-05-12T10:16"),
    ("01/14/2021 @ 7:06 AM ET", "en-US", "America/New_York", "2021-01-14T12:06"),
    ("11-Aug-2021", None, "UTC", "2021-08-11"),
    ("30/Sep/2021", None, "UTC", "2021-09-30"),
    ("05/12/2021 @6:16 AM ET", "en-GB", "Europe/London", "2021-12-05T11:16"),
    ("05/12/2021 @6:16 AM ET", None, "UTC", "2021-05-12T10:16"),
    ("05/12/2021 16:16", None, "UTC", None),
    ("Saturday, March 11, 2:15 p.m. PT", "en-US", "America/Los_Angeles", "2026-03-11T21:15"),
    ("April 5th, 3:30PM ET", "en-US", "America/New_York", "2026-04-05T19:30"),
    ("13:17 Uhr", "de-DE", "Europe/Berlin", "2026-05-20T11:17"),
    ("18:17 Uhr", "de-DE", "Europe/Berlin", "2026-05-19T16:17"),
    ("16.04.2019", "de-DE", "Europe/Berlin", "2019-04-16"),
    ("15 h 40", "fr-FR", "Europe/Paris", "2026-05-20T13:40"),
    ("5 juillet 2022 à 18h40", "fr-FR", "Europe/Paris", "2022-07-05T16:40"),
    ("le 1er juillet 2022 à 18 h", "fr-FR", "Europe/Paris", "2022-07-01T16:00"),
    ("ore 15.30", "it-IT", "Europe/Rome", "2026-05-20T13:30"),
    ("1° dicembre 2022 alle 17:05", "it-IT", "Europe/Rome", "2022-12-01T16:05"),
    ("Dec. 22, 2016, 2:16 p.m. EST", "en-US", "UTC", "2016-12-22T19:16"),
    ("1610 GMT (0010 HKT) March 3, 2026", "en-GB", "UTC", "2026-03-03T16:10"),
    ("11:05 IST", "en-IN", "Asia/Kolkata", "2026-05-20T05:35"),
    ("11:05 IST", "en-IE", "Europe/Dublin", "2026-05-20T10:05"),
    ("2026年3月5日 午後5時45分", "ja-JP", "Asia/Tokyo", "2026-03-05T08:45"),
    ("5月12日19時16分", "ja-JP", "Asia/Tokyo", "2026-05-12T10:16"),
    ("下午 3:05", "zh-CN", "Asia/Shanghai", "2026-05-20T07:05"),
    ("오전 10시 20분", "ko-KR", "Asia/Seoul", "2026-05-20T01:20"),
    ("5월 12일 오후 3시 20분", "ko-KR", "Asia/Seoul", "2026-05-12T06:20"),
    ("2023年4月3日 下午3点05分", "zh-CN", "Asia/Shanghai", "2023-04-03T07:05"),
    ("2023年4月3日晚上8點半", "zh-TW", "Asia/Taipei", "2023-04-03T12:30"),
    ("28.01.2020-15:49", "de-DE", "Europe/Berlin", "2020-01-28T14:49"),
    ("Nov 19 20197:16 AM EST", "en-US", "UTC", "2019-11-19T12:16"),
    ("12 May 2021 17:38CEST", "en-GB", "UTC", "2021-05-12T15:38"),
    ("2 hours ago", "en", "UTC", "2026-05-20T13:00"),
    ("vor 20 Stunden", "de", "UTC", "2026-05-19T19:00"),
    ("il y a 38 minutes", "fr", "UTC", "2026-05-20T14:22"),
    ("3時間前", "ja", "UTC", "2026-05-20T12:00"),
    ("2시간 전", "ko", "UTC", "2026-05-20T13:00"),
    ("an hour ago", "en", "UTC", "2026-05-20T14:00"),
    ("yesterday at 4:10 p.m.", "en-US", "America/New_York", "2026-05-19T20:10"),
    ("Tuesday", "en-US", "UTC", "2026-05-19"),
    ("Wed 3:15 pm ET", "en-US", "UTC", "2026-05-13T19:15"),
    ("8/29/10 7:05 a.m. PDT", "en-US", "UTC", "2010-08-29T14:05"),
    ("26/05/22 14:32", "en-GB", "Europe/London", "2022-05-26T13:32"),
    ("2/21 22:08", "ja-JP", "Asia/Tokyo", "2026-02-21T13:08"),
    ("2025.05.15 20:57", "ko-KR", "Asia/Seoul", "2025-05-15T11:57"),
    ("27.09., 10:30", "de-DE", "Europe/Berlin", "2025-09-27T08:30"),
    ("12. toukokuuta 2021 klo 12.17", "fi-FI", "Europe/Helsinki", "2021-05-12T09:17"),
    ("12 maja 2021, godz. 14.30", "pl-PL", "Europe/Warsaw", "2021-05-12T12:30"),
    ("12 мая 2021 г. в 14:30 мск", "ru-RU", "Europe/Moscow", "2021-05-12T11:30"),
    ("12 Mayıs 2021 14:30", "tr-TR", "Europe/Istanbul", "2021-05-12T11:30"),
    ("١٢ مايو ٢٠٢١ ٥:٤٥ مساءً", "ar-EG", "Africa/Cairo", "2021-05-12T15:45"),
    ("12 de mayo de 2021 a las 20:56h", "es-ES", "Europe/Madrid", "2021-05-12T18:56"),
    ("às 14h30 de 12/05/2021", "pt-BR", "America/Sao_Paulo", "2021-05-12T17:30"),
    ("12 maj 2021 kl 12.17", "sv-SE", "Europe/Stockholm", "2021-05-12T10:17"),
    ("12/05/2021 às 14h30", "pt-BR", "America/Sao_Paulo", "2021-05-12T17:30"),
    ("12. maj 2021 kl. 12.17", "da-DK", "Europe/Copenhagen", "2021-05-12T10:17"),
    ("5.40pm", "en-GB", "Europe/London", "2026-05-19T16:40"),
    ("2 January, 5.40pm", "en-GB", "Europe/London", "2026-01-02T17:40"),
    ("12 mei 2021 om 14.30 uur", "nl-NL", "Europe/Amsterdam", "2021-05-12T12:30"),
    ("12:52 (IST) Feb 01, 2024", "en-IN", "Asia/Kolkata", "2024-02-01T07:22"),
    ("2016-12-31T23:59:59Z", "en", "UTC", "2016-12-31T23:59"),
    ("February 27, 2024 08:30 AM Eastern Standard Time", "en-US", "UTC", "2024-02-27T13:30"),
    ("1:12 p.m. Eastern", "en-US", "UTC", "2026-05-19T17:12"),
    ("GMT+0400", "en", "UTC", None),
    ("12:00 GMT+0400", "en", "UTC", "2026-05-20T08:00"),
    ("11 a.m. on 05/12/2021", "en-US", "UTC", "2021-05-12T11:00"),
    ("2021-02-30", "en", "UTC", None),
    ("4:52 p.m. ET on Nov. 26", "en-US", "UTC", "2025-11-26T21:52"),
    ("21日", "ja", "Asia/Tokyo", "2026-05-21"),
    ("29 February", "en-GB", "UTC", "2024-02-29"),
    ("Mar 8, 2020 2:30 AM ET", "en-US", "UTC", "2020-03-08T07:30"),
    ("noon ET", "en-US", "UTC", "2026-05-19T16:00"),
    ("25.07.2025 24:00", "de-DE", "Europe/Berlin", "2025-07-25T22:00"),
    ("24:00 UTC", "en-GB", "UTC", "2026-05-20T00:00"),
    ("30.07, 15:10", "ru-RU", "Europe/Moscow", "2025-07-30T12:10"),
    ("3.11 klo 12.17", "fi-FI", "Europe/Helsinki", "2025-11-03T10:17"),
    ("令和7年5月20日 15時20分", "ja-JP", "Asia/Tokyo", "2025-05-20T06:20"),
    ("令和元年5月20日", "ja-JP", "Asia/Tokyo", "2019-05-20"),
    ("R7.5.20 15:20", "ja-JP", "Asia/Tokyo", "2025-05-20T06:20"),
    ("民國114年4月1日", "zh-TW", "Asia/Taipei", "2025-04-01"),
    ("114年4月1日下午3時", "zh-TW", "Asia/Taipei", "2025-04-01T07:00"),
    ("25년 5월 3일", "ko-KR", "Asia/Seoul", "2025-05-03"),
    ("12 มี.ค. 2568 เวลา 14.05", "th-TH", "Asia/Bangkok", "2025-03-12T07:05"),
    ("12/03/2568 14:05", "th-TH", "Asia/Bangkok", "2025-03-12T07:05"),
    ("١٤ رمضان ١٤٤٦هـ الموافق ١٤ مارس ٢٠٢٥، الساعة ٣:٢٠ مساءً", "ar-SA", "Asia/Riyadh", "2025-03-14T12:20"),
    ("١٤ مارس ٢٠٢٥ (١٤ رمضان ١٤٤٦ هـ) الساعة 15:20", "ar-SA", "Asia/Riyadh", "2025-03-14T12:20"),
    ("١٤ رمضان ١٤٤٦هـ", "ar-SA", "Asia/Riyadh", None),
    ("Wed., 9 a.m. PT", "en-US", "UTC", "2026-05-13T16:00"),
    ("The 5 men", "en-US", "UTC", None),
    ("Section 1237", "en", "UTC", None),
    ("May will", "en", "UTC", None),
]


@pytest.mark.parametrize(("text", "locale", "timezone", "expected"), CASES)
def test_a_printed_time_is_one_instant(text: str, locale: str | None, timezone: str, expected: str | None) -> None:
    """A time in any notation seen at publishers names its instant in UTC, or nothing."""
    assert shown(text, locale, timezone) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2021-05-12T10:16:00Z", "2021-05-12T10:16:00+00:00"),
        ("2021-05-12T06:16:00-04:00", "2021-05-12T10:16:00+00:00"),
        ("2022-12-15T09:30:00.000+00:00", "2022-12-15T09:30:00+00:00"),
        ("2021-05-12T06:16:00+02", "2021-05-12T04:16:00+00:00"),
        ("Wed, 12 May 2021 06:16:00 EDT", "2021-05-12T10:16:00+00:00"),
        ("Wed, 12 May 2021 06:16:00 GMT", "2021-05-12T06:16:00+00:00"),
        ("12 May 2021 06:16 +0900", "2021-05-11T21:16:00+00:00"),
        ("2021-05-12", "2021-05-12T00:00:00+00:00"),
        ("2025-11-24T24:00:00Z", "2025-11-25T00:00:00+00:00"),
        ("2025-11-24T24:00:01Z", None),
        ("2021-02-30", None),
        ("yesterday", None),
        ("", None),
        ("9" * 400, None),
    ],
)
def test_a_machine_time_is_read_or_refused(value: str, expected: str | None) -> None:
    """ISO 8601 and RFC 2822 become UTC; anything else is no time."""
    moment = when.parse_machine(value)
    assert (moment.at.isoformat() if moment else None) == expected
    if moment:
        assert moment.date_only == (len(value) == 10)


def test_times_that_daylight_saving_skips_or_repeats_are_read() -> None:
    """On the nights of the change every printed time still gives an instant."""
    assert shown("03/08/2020 2:30 AM ET", "en-US", "UTC") == "2020-03-08T07:30"
    assert shown("11/01/2020 1:30 AM ET", "en-US", "UTC") == "2020-11-01T05:30"


def test_a_time_without_date_is_the_latest_not_after_the_look() -> None:
    """A clock time later than now belongs to the day before, over the turn of the year too."""
    now = datetime(2026, 1, 1, 3, 0, tzinfo=UTC)
    assert shown("11:50pm", "en-US", "UTC", now) == "2025-12-31T23:50"
    assert shown("2:50 a.m.", "en-US", "UTC", now) == "2026-01-01T02:50"
    assert shown("Dec. 31, 12:01 a.m. ET", "en-US", "UTC", now) == "2025-12-31T05:01"


def test_a_match_says_where_it_stands() -> None:
    """The range of a match covers the printed time, its zone included."""
    text = "Update 5 (05/12/2021 @6:16 AM ET): news"
    found = when.find(text, Look("en-US", "UTC", NOW))
    assert found is not None
    assert text[found.start : found.end] == "05/12/2021 @6:16 AM ET" == found.moment.printed


@pytest.mark.parametrize(
    ("language", "url", "want"),
    [
        ("de", "https://a.example/", "2021-12-05"),
        ("en-US", "https://a.example.uk/", "2021-05-12"),
        ("en-GB", "https://a.example/", "2021-12-05"),
        ("en", "https://a.example.com.au/x", "2021-12-05"),
        ("en", "https://www.agency.gov:443/x", "2021-05-12"),
        ("en", "https://a.example.com/", None),
        (None, "https://a.example.io/", None),
        ("en", "https://a.example.ca/", None),
    ],
)
def test_a_page_shows_the_order_of_its_dates(language: str | None, url: str, want: str | None) -> None:
    """Where the source names no locale, the page's language with its region says which number is the month, else the
    country of its address; where neither does, the date is no instant."""
    found = when.parse("05/12/2021", when.at_home(Look(None, "UTC", NOW), language, url))
    assert (f"{found.at:%Y-%m-%d}" if found else None) == want
    assert when.at_home(Look("fr", "UTC", NOW), language, url).locale == "fr"


@settings(max_examples=300, deadline=1000)
@given(st.text(max_size=200) | st.text("0123456789:/.- @amphAMPETGMT年月日時ago", max_size=80))
def test_any_text_gives_a_match_inside_it_or_nothing(text: str) -> None:
    """Whatever the text, reading ends, in bounds, with aware UTC or nothing."""
    for locale in ("en-US", "de", None):
        found = when.find(text, Look(locale, "America/New_York", NOW))
        if found:
            assert 0 <= found.start < found.end <= len(text)
            assert found.moment.at.utcoffset() is not None
