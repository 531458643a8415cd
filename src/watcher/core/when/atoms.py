"""The atoms of printed times: patterns for dates, clock times, weekdays and relative times, and what each one says.

`ATOMS` is the table: a pattern and the function that reads its groups. A new notation is one more line in it.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import time, timedelta

from watcher.core.when import words


@dataclass(frozen=True, slots=True)
class Parts:
    """What the atoms of one time say so far. `numeric` holds two numbers whose order the locale decides."""

    year: int | None = None
    month: int | None = None
    day: int | None = None
    numeric: tuple[int, int] | None = None
    weekday: int | None = None
    back: int | None = None
    ago: timedelta | None = None
    later: int = 0  # days that the clock adds to the date: 24:00 is the beginning of the next day
    clock: time | None = None
    zone: str | None = None
    weak: bool = False

    @property
    def dated(self) -> bool:
        return self.day is not None or self.numeric is not None or self.back is not None


def _alternatives(entries: "str | tuple[str, ...]") -> str:
    names = " ".join(entries).split() if isinstance(entries, tuple) else entries.split()
    escaped = (re.escape(name).replace(r"\-", "[- ]") for name in names)
    return "|".join(sorted(escaped, key=len, reverse=True))


def _numbered(lines: tuple[str, ...], base: int) -> dict[str, int]:
    return {name.replace("-", " "): n for n, line in enumerate(lines, base) for name in line.split()}


_MONTH_OF = _numbered(words.MONTHS, 1) | _numbered(words.THAI_MONTHS, 1)
_WEEKDAY_OF = _numbered(words.WEEKDAYS, 0) | _numbered(words.WEEKDAYS_SHORT_ENGLISH, 0)
_MONTH = rf"(?P<month>{_alternatives(words.MONTHS)})(?![^\W\d_])"
_YEAR = r"(?P<year>(?:19|20)\d\d)(?=\D|$|\d{1,2}:\d\d)"
_HALF = r"(?P<half>[ap]\.\s?m\.?|[ap]m|ص|م|صباح[اًا]{1,2}|مساءً?)(?!\w)"
_HALF_CJK = "|".join(word for word in words.HALVES if "\u3000" < word[0] < "\ud7b0")
_ERA = f"(?P<era>{'|'.join(sorted(words.ERAS, key=len, reverse=True))})"
_ZONE_NAMES = sorted((*words.REGIONS, *words.OFFSETS), key=len, reverse=True)
ZONE = re.compile(
    r"\s?[,(\[]?\s?(?P<zone>(?:GMT|UTC)?\s?[+-]\d{1,2}:?(?:\d\d)?(?![\d.])|"
    + "|".join(map(re.escape, _ZONE_NAMES))
    + r")(?!\w)(?: [Tt]ime\b)?[)\]]?"
)
SECOND = re.compile(r"\s?[(/,]\s?\d{1,2}:?\d\d\s?(?:[AaPp]\.?[Mm]\.?)?\s?(?:" + "|".join(_ZONE_NAMES) + r")(?!\w)\)?")
GLUE = re.compile(
    r"[\s,;|·•@()/、\-–—~≈]{0,4}(?:(?:at|on|about|approx\.?|ca\.?|circa|as of|"
    r"around|um|am|vom|den|the|kl\.?|klockan|klokken|klokka|klo|kello|r\.,?|roku,?|года|год|"
    r"yılı|à|a|las|a las|alle ore|alle|ore|"
    r"às|ás|om|o|godz\.?|o godz\.?|saat|в|г\.,?|г\.? в|الساعة|gegen|de|del|el|le|il|em|i)\s+){0,2}",
    re.I,
)

HIJRI = re.compile(
    rf"(?P<date>(?:\(|/)?\s?(?:الموافق\s)?\d{{1,2}}(?:\s?من)?\s(?:{words.HIJRI})(?:\s\d{{4}})?(?:\s?هـ?)?\s?\)?)"
    r"\s?[,/(–-]?\s?(?:الموافق\s?(?:لـ?\s?)?)?"
)


def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(text, re.IGNORECASE)


def _day_month(found: re.Match[str]) -> Parts:
    year = found["year"]
    month = _MONTH_OF.get(re.sub(r"[- ]", " ", found["month"].lower()))
    return Parts(year=int(year) if year else None, month=month, day=int(found["day"]))


def _ymd(found: re.Match[str]) -> Parts:
    groups = found.groupdict()
    printed = groups.get("year")
    year = 1 if printed == "元" else int(printed) if printed else None
    if year is not None:
        year = _common_era(year, groups.get("era"))
    return Parts(year=year, month=int(found["month"]), day=int(found["day"]))


def _common_era(year: int, era: str | None) -> int:
    """The year of the common era: by the named era, else a short year of this century or a year of the Republic."""
    if era:
        return year + words.ERAS[era.lower()]
    if year < 100:
        return 2000 + year
    return year + words.REPUBLIC if year < 200 else year


def _numeric(found: re.Match[str]) -> Parts:
    year = int(found["year"])
    year = year - words.BUDDHIST if year > 2500 else year
    return Parts(year=year if year > 99 else 2000 + year, numeric=(int(found["a"]), int(found["b"])))


def _buddhist(found: re.Match[str]) -> Parts:
    year = int(found["year"])
    month = _MONTH_OF.get(found["month"])
    return Parts(year=year - words.BUDDHIST if year > 2400 else year, month=month, day=int(found["day"]))


def _numeric_no_year(found: re.Match[str]) -> Parts:
    return Parts(numeric=(int(found["a"]), int(found["b"])), weak=True)


def _dotted_no_year(found: re.Match[str]) -> Parts:
    return Parts(month=int(found["b"]), day=int(found["a"]))


def read_clock(found: re.Match[str]) -> Parts:
    groups = found.groupdict()
    hour, minute = int(found["hour"]), int(groups.get("minute") or 0)
    if groups.get("thirty"):
        minute = 30
    half = re.sub(r"\s", "", (groups.get("half") or "")).lower()
    if half:
        add = words.HALVES.get(half, words.HALVES.get(half[:2], 0))
        if add and hour < 12:
            hour += add
        elif not add and hour == 12:
            hour = 0
    second = int(groups.get("second") or 0)
    later = int(hour == 24 and minute == second == 0)  # ISO 8601: the end of the day, the beginning of the next
    try:
        return Parts(clock=time(0 if later else hour, minute, second), later=later)
    except ValueError:
        return Parts(weak=True)


def _noon(found: re.Match[str]) -> Parts:
    return Parts(clock=time(0 if found[0].lower() in {"midnight", "minuit"} else 12))


def _weekday(found: re.Match[str]) -> Parts:
    return Parts(weekday=_WEEKDAY_OF.get(found["weekday"].lower(), -1))


def _weekday_short(_found: re.Match[str]) -> Parts:
    return Parts(weekday=-1)


def _back(found: re.Match[str]) -> Parts:
    return Parts(back=words.DAYS.get(found[0].lower().replace(" ", "-"), 0), weak=True)


def _day_only(found: re.Match[str]) -> Parts:
    return Parts(day=int(found["day"]))


_UNITS = ("minutes", "hours", "days", "weeks")


def _ago_patterns() -> list[tuple[re.Pattern[str], Callable[[re.Match[str]], Parts]]]:
    number = r"(?P<n>\d{1,3}|" + "|".join(words.AGO_NUMBERS) + ")"
    out: list[tuple[re.Pattern[str], Callable[[re.Match[str]], Parts]]] = []
    for before, units, after in words.AGO:
        units_pattern = "|".join(f"(?P<{name}>{unit})" for name, unit in zip(_UNITS, units, strict=True))
        cjk = after in {"前", "전"}  # where words run together
        gap = r"\s?" if cjk else r"\s"
        stop = "(?![半線田後])" if cjk else r"(?!\w)"
        head = f"{before}\\s" if before else ""
        behind = gap + after if after else ""
        out.append((_pattern(rf"{head}{number}\s?(?:{units_pattern}){behind}{stop}"), _ago))
    return out


def _ago(found: re.Match[str]) -> Parts:
    count = int(found["n"]) if found["n"].isdigit() else words.AGO_NUMBERS[found["n"].lower()]
    unit = next(name for name in _UNITS if found[name])
    return Parts(ago=timedelta(**{unit: count}))


def _ago_whole(found: re.Match[str]) -> Parts:
    unit, count = words.AGO_WHOLE[found["whole"].lower()]
    return Parts(ago=timedelta(**{unit: count}))


def _now(_found: re.Match[str]) -> Parts:
    return Parts(ago=timedelta())


ATOMS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], Parts]], ...] = (
    *_ago_patterns(),
    (_pattern(rf"(?P<whole>{'|'.join(words.AGO_WHOLE)})(?!\w)"), _ago_whole),
    (_pattern(rf"(?:{words.NOW})(?!\w)"), _now),
    (_pattern(r"(?P<year>(?:19|20)\d\d)([-/.])\s?(?P<month>\d{1,2})\2\s?(?P<day>\d\d?)"
              r"(?:\.(?!\d)|T(?=\d)|(?!\d))"), _ymd),
    (_pattern(rf"(?:{_ERA}?\s?(?P<year>\d{{1,4}}|"
              rf"元)\s?年\s?)?(?P<month>\d\d?)\s?月\s?(?P<day>\d\d?)\s?[日号號]"), _ymd),
    (_pattern(rf"{_ERA}(?P<year>\d{{1,3}})([./])(?P<month>\d\d?)\3(?P<day>\d\d?)(?!\d)"), _ymd),
    (_pattern(r"(?:(?P<year>\d{4}|\d\d)\s?년\s?)?(?P<month>\d\d?)\s?월\s?(?P<day>\d\d?)\s?일(?!자)"), _ymd),
    (_pattern(r"(?P<a>\d\d?)([/.-])(?P<b>\d\d?)\2(?P<year>(?:19|20|25)\d\d|\d\d)(?=\D|$|\d{1,2}:\d\d)"
              r"(?:\s(?:года|г\.|roku|r\.)(?!\w))?"), _numeric),
    (_pattern(r"(?P<a>3[01]|[012]?\d)\.(?P<b>1[0-2]|0?\d)(?=,?\s(?:(?:um|om|kl\.?|klokken|klo|o godz\.|saat|"
    r"в|ore|alle)\s"
              r"(?:[01]?\d|2[0-3])[.:][0-5]\d|(?:[01]?\d|2[0-3]):[0-5]\d)(?!\d))"), _dotted_no_year),
    (_pattern(rf"(?P<day>\d\d?)\s(?P<month>{_alternatives(words.THAI_MONTHS)})"
              r"\s?(?:พ\.ศ\.\s?)?(?P<year>\d{4})"), _buddhist),
    (_pattern(r"(?P<a>\d\d?)\.\s?(?P<b>\d\d?)\.(?!\d)"), _dotted_no_year),
    (_pattern(r"(?P<a>\d\d?)/(?P<b>\d\d?)(?![/\d.])"), _numeric_no_year),
    (_pattern(rf"(?P<day>\d\d?)([-–/]){_MONTH}\2{_YEAR}"), _day_month),
    (
        _pattern(
            rf"(?P<day>\d\d?)(?:st|nd|rd|th|er|e|[º°ª.])?\s?(?:de\s|of\s|d['’])?{_MONTH}(?:/\w+)?\.?"
            rf"(?:,?\s?(?:de\s|del\s)?{_YEAR}(?:\s(?:года|году|г\.|roku|r\.)(?!\w))?)?"
        ),
        _day_month,
    ),
    (_pattern(rf"{_MONTH}\.?\s(?:the\s)?(?P<day>\d\d?)(?:st|nd|rd|th)?(?!\d|:\d|\.\d|"
              rf"\w)(?:,?\s{_YEAR})?"), _day_month),
    (_pattern(rf"{_MONTH}\.?\s(?P<day>\d\d?)(?:st|nd|rd|th)?,?\s{_YEAR}"), _day_month),
    (_pattern(rf"(?P<half>{_HALF_CJK})?\s?(?P<hour>\d\d?)\s?[時时點点시]\s?(?:(?P<minute>\d\d?)\s?[分분]?|"
     rf"(?P<thirty>[半반]))?"
              r"(?:\s?(?P<second>\d\d?)\s?[秒초])?(?![間间간])"), read_clock),
    (_pattern(rf"(?P<half>{_HALF_CJK})\s?(?P<hour>\d\d?):(?P<minute>\d\d)"), read_clock),
    (_pattern(rf"(?P<hour>\d\d?)[:.](?P<minute>\d\d)(?::(?P<second>\d\d))?\s?{_HALF}"), read_clock),
    (_pattern(rf"(?P<hour>\d\d?)\s?{_HALF}"), read_clock),
    (_pattern(r"(?P<hour>\d\d?):(?P<minute>\d\d)(?::(?P<second>\d\d)(?:\.\d{1,6})?)?(?:\s?(?:Uhr|uur|hrs?\.?|hs|"
     r"horas|h)(?!\w))?(?!\d)"),
     read_clock),
    (_pattern(r"(?P<hour>\d\d?)\s?h\s?(?P<minute>\d\d)(?!\w)"), read_clock),
    (_pattern(r"(?P<hour>\d\d?)\s?(?:h|heures?|Uhr|uur)(?!\w)"), read_clock),
    (_pattern(r"(?P<hour>\d\d?)\.(?P<minute>\d\d)\s?(?:h|hs|horas|Uhr|uur|hrs)(?!\w)"), read_clock),
    (_pattern(rf"(?:{words.CUES})\s(?P<hour>\d\d?)[.:](?P<minute>\d\d)(?:\s?(?:Uhr|uur|horas|hs|h)(?!\w))?"
              r"(?!\.?\d|\s?[ap]\.?\s?m)"), read_clock),
    (_pattern(r"(?:alle ore|ore|klockan|klokken|klokka|kello|klo|kl\.?|o godz\.?|godz\.?|saat)"
              r"\s(?P<hour>\d\d?)(?![\d.:])"), read_clock),
    (_pattern(r"(?P<hour>[012]\d)(?P<minute>[0-5]\d)\s?"
              r"(?=(?:GMT|UTC|BST|HKT|ET|EST|EDT|CET|CEST|IST|JST|SGT)(?!\w))"), read_clock),
    (_pattern(r"(?P<hour>[012]\d)(?P<minute>[0-5]\d)\s?(?:hrs|hours|Uhr)(?!\w)"), read_clock),
    (_pattern(r"(?:12\s)?(?:noon|midnight|midi|minuit|正午|정오)"), _noon),
    (_pattern(rf"(?:on\s)?(?P<weekday>{_alternatives(words.WEEKDAYS)})(?!\w)"), _weekday),
    (_pattern(rf"(?P<weekday>{_alternatives(words.WEEKDAYS_SHORT_ENGLISH)})"
              r"\.?,?(?=,?\s(?:at\s)?\d{1,2}(?::\d\d)?\s?[ap]\.?m)"), _weekday),
    (_pattern(rf"(?:{_alternatives(words.WEEKDAYS_SHORT)})\.?(?=[\s,])"), _weekday_short),
    (_pattern(r"[(（][月火水木金土日一二三四五六월화수목금토일][)）]"), _weekday_short),
    (_pattern(rf"(?:{_alternatives(' '.join(words.DAYS))})(?!\w)"), _back),
    (_pattern(r"(?P<day>\d\d?)日(?!間)"), _day_only),
    (_pattern(r"(?P<day>\d\d?)일(?=\s?(?:오전|오후|새벽|밤|저녁|\d\d?(?:시|:\d\d)))"), _day_only),
)  # fmt: skip
DOT_CLOCK = _pattern(r"(?P<hour>\d\d?)\.(?P<minute>\d\d)(?![\d%]|\.\d)")
_WORD = re.compile(r"[^\W\d_]+")
FIRST_WORDS = frozenset(
    word.lower()
    for line in (
        *words.MONTHS, *words.WEEKDAYS, *words.ERAS, words.WEEKDAYS_SHORT, *words.DAYS, *words.CUES.split("|"),
        *words.NOW.split("|"),
        *words.AGO_NUMBERS, *words.AGO_WHOLE,
        *(before for before, _units, _after in words.AGO), "noon midnight midi minuit on an a il",
    )
    for name in line.split()
    for word in _WORD.findall(name)[:1]
)  # fmt: skip
CANDIDATE = re.compile(r"\d+|[^\W\d_]+")


def may_start(plain: str, position: int) -> bool:
    """Whether a date or time can begin here at all: a digit, a script without word limits, or one of the words."""
    first = plain[position : position + 1]
    if first.isdigit() or first > "\u3000" or first == "(":
        return True
    word = _WORD.match(plain, position)
    return word is not None and word[0].lower() in FIRST_WORDS
