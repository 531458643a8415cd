"""Filing lists and files of records that differ on every visit, and now and then really change (see noisy.py).

A list has 200 rows: session ids in every link, "as of" stamps, counters, in every second one another order each time.
A file of records bears another stamp, order of records and order of columns each time.
"""

import gzip
import io
import json
import random
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import cycle
from xml.sax.saxutils import escape

import openpyxl

LIST_LAYOUTS = ("table", "links", "dl", "rows", "hashed", "grouped", "names")
FORMATS = ("csv", "tsv", "json", "jsonl", "xml", "xlsx", "csv.zip", "json.zip", "xml.gz", "titled.csv")
LIST_KINDS = ("new", "changed", "removed", "replaced")
DATASET_KINDS = ("added", "removed", "changed")
ROWS, RECORDS = 200, 250
NEWEST = date(2031, 3, 3)
STAMPED = (2031, 3, 4, 12, 0, 0)

_FIRST = (
    "Alder", "Baltic", "Crown", "Delta", "Eastern", "Falcon", "Granite", "Harbour", "Iron", "Juniper", "Kestrel",
    "Lunar", "Meridian", "Northern", "Orion",
)  # fmt: skip
_SECOND = (
    "Freight", "Shipping", "Robotics", "Crane", "Dredging", "Metals", "Trading", "Marine", "Energy", "Logistics",
    "Chemicals", "Steel", "Timber",
)  # fmt: skip
_FORM = ("Ltd", "LLC", "GmbH", "S.A.", "Holdings", "Corp.", "Co.", "plc")
_ACT = (
    "Order against {}", "Notice of hearing, {}", "Motion of {} to dismiss", "Consent decree with {}",
    "Civil penalty, {}", "Licence of {} suspended", "Letter to {}", "Appeal of {} dismissed",
)  # fmt: skip
_STATUS = ("Open", "Closed", "Pending", "Under appeal")
_PLACES = ("Port Vale", "Easton", "Quay", "Mill Haven", "Northport")


def token(dice: random.Random) -> str:
    return f"{dice.getrandbits(64):016x}"


def mark(dice: random.Random) -> str:
    """Seven digits that stand nowhere else."""
    return str(dice.randrange(10**6, 10**7))


def firm(dice: random.Random) -> str:
    return f"{dice.choice(_FIRST)} {dice.choice(_SECOND)} {dice.choice(_FORM)}"


def stamp(dice: random.Random) -> str:
    return f"March {dice.randrange(1, 29)}, 2031 {dice.randrange(1, 12)}:{dice.randrange(60):02} PM ET"


# --- filing lists ---------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Row:
    number: str
    title: str
    day: date
    status: str


@dataclass(slots=True)
class Listing:
    """What one list really holds, newest first."""

    number: int
    layout: str
    rows: list[Row]
    kinds: Sequence[str] = LIST_KINDS
    path: str = "l"

    @property
    def config(self) -> str:
        """What must be said of it: names without dates or links are taken for a list only where one says so."""
        return 'kind = "listing"\n' if self.layout == "names" else ""

    def answer(self, dice: random.Random) -> tuple[str, bytes]:
        return "text/html; charset=utf-8", _page(self, dice).encode()

    def change(self, kind: str, dice: random.Random) -> list[str]:
        """Change it for real; gives words that each announcement of it must show."""
        told = []
        if kind in {"removed", "replaced"}:
            # never the oldest as another one comes: that is how a list scrolls, and nobody could tell it from that
            last = len(self.rows) - (kind == "replaced")
            told.append(_name(self, self.rows.pop(dice.randrange(last))))
        if kind in {"new", "replaced"}:
            words = mark(dice)
            day = self.rows[0].day + timedelta(days=dice.randrange(2))
            self.rows.insert(0, Row(words, f"{dice.choice(_ACT).format(firm(dice))} {words}", day, "Open"))
            told.append(words)
        if kind == "changed":
            row = self.rows[dice.randrange(len(self.rows))]
            row.status = f"Vacated, {mark(dice)}"
            told.append(row.status)
        return told


def listing(number: int) -> Listing:
    dice = random.Random(20_000 + number)
    rows = [
        Row(f"31-{9000 - i * 7 - number % 5}", "", NEWEST - timedelta(days=i), dice.choice(_STATUS))
        for i in range(ROWS)
    ]
    for row in rows:
        row.title = f"{dice.choice(_ACT).format(firm(dice))} ({row.number})"
    return Listing(number, LIST_LAYOUTS[number % len(LIST_LAYOUTS)], rows)


def _name(it: Listing, row: Row) -> str:
    return row.number if it.layout != "names" else row.title


def _link(it: Listing, row: Row, session: str) -> str:
    """A row's address with the visit's session, in the ways of several systems."""
    path = f"/filings/{it.number}/{row.number}"
    return (
        f"{path}.pdf;jsessionid={session}",
        f"{path}?sid={session}",
        f"/show.aspx?doc={row.number}&amp;zx={session}",
        f"/(S({session[:24]}))/doc.aspx?no={row.number}",
        f"{path}/?utm_source={session}&amp;_={int(session[:8], 16)}",
    )[it.number % 5]


def _page(it: Listing, dice: random.Random) -> str:
    rows = dice.sample(it.rows, len(it.rows)) if it.number % 2 and it.layout != "grouped" else it.rows
    session = token(dice)
    body = {
        "table": _table, "links": _links, "dl": _dl, "rows": _rows, "hashed": _hashed, "grouped": _grouped,
        "names": _names,
    }[it.layout](it, rows, session, dice)  # fmt: skip
    trending = "".join(
        f'<li><a href="/n/{token(dice)}">{dice.choice(_ACT).format(firm(dice))}</a></li>' for _ in range(5)
    )
    return (
        f'<!doctype html><html lang="en-US"><head><title>Recent filings</title>'
        f'<meta name="csrf" content="{token(dice)}">'
        f"<script>var t='{session}';</script></head><body><nav><a href='/'>Home</a> <a href='/about'>About</a></nav>"
        f"<h1>Recent filings</h1><p>As of {stamp(dice)}</p>{body}<p>Page generated in {dice.random():.3f} seconds</p>"
        f"<aside><h4>Most viewed</h4><ul>{trending}</ul></aside><footer>{dice.randrange(10**5)} visitors · "
        f"Last updated {stamp(dice)}</footer></body></html>"
    )


def _us(day: date) -> str:
    return f"{day:%m/%d/%Y}"


def _long(day: date) -> str:
    return f"{day:%B} {day.day}, {day.year}"


def _views(dice: random.Random) -> str:
    return f"{dice.randrange(1, 9999):,}"


def _lines(
    it: Listing, rows: Sequence[Row], session: str, dice: random.Random, line: Callable[[Row, str, str], str]
) -> str:
    """What `line` makes of each row, its link and how often it was viewed."""
    return "".join(line(row, _link(it, row, session), _views(dice)) for row in rows)


def _table(it: Listing, rows: Sequence[Row], session: str, dice: random.Random) -> str:
    parity = cycle(("even", "odd"))

    def line(row: Row, link: str, views: str) -> str:
        return (
            f'<tr class="{next(parity)}"><td>{_us(row.day)}</td><td>{row.number}</td>'
            f'<td><a href="{link}">{row.title}</a></td><td>{row.status}</td><td>{views}</td></tr>'
        )

    head = "<tr><th>Filed</th><th>Docket No.</th><th>Document</th><th>Status</th><th>Views</th></tr>"
    lines = _lines(it, rows, session, dice, line)
    return f"<table><thead>{head}</thead><tbody>{lines}</tbody></table>"


def _links(it: Listing, rows: Sequence[Row], session: str, dice: random.Random) -> str:
    def line(row: Row, link: str, views: str) -> str:
        return (
            f'<li><a href="{link}">{row.title}</a> <span>{_long(row.day)}</span> <em>{row.status}</em> '
            f"<span>{views} views</span></li>"
        )

    return f"<ul class='list-{session[:5]}'>{_lines(it, rows, session, dice, line)}</ul>"


def _dl(it: Listing, rows: Sequence[Row], session: str, dice: random.Random) -> str:
    def line(row: Row, link: str, views: str) -> str:
        return (
            f'<dt>{_long(row.day)}</dt><dd><a href="{link}">{row.title}</a><br>Status: {row.status}'
            f"<br><small>{views} downloads</small></dd>"
        )

    lines = _lines(it, rows, session, dice, line)
    return f"<p>Retrieved {stamp(dice)}</p><dl>{lines}</dl>"


def _rows(it: Listing, rows: Sequence[Row], session: str, dice: random.Random) -> str:
    def line(row: Row, link: str, views: str) -> str:
        return (
            f'<div class="filing"><div class="when">{_us(row.day)}</div><h3><a href="{link}">{row.title}</a></h3>'
            f"<div>Docket: {row.number}</div><div>Status: {row.status}</div>"
            f'<div class="hits">{views} views</div></div>'
        )

    lines = _lines(it, rows, session, dice, line)
    return f'<div id="filings"><div class="stamp">As of {stamp(dice)}</div>{lines}</div>'


def _hashed(it: Listing, rows: Sequence[Row], session: str, dice: random.Random) -> str:
    def name() -> str:
        return f"css-{token(dice)[:7]}"

    lines = "".join(
        f'<div class="{name()}"><span class="{name()}">{row.day.isoformat()}</span> <a class="{name()}" '
        f'href="{_link(it, row, session)}">{row.title}</a> <span class="{name()}">{row.status}</span> '
        f'<span class="{name()}">{_views(dice)} readers</span></div>'
        for row in rows
    )
    return f'<div class="{name()}"><div class="{name()}">{lines}</div></div>'


def _grouped(it: Listing, rows: Sequence[Row], session: str, dice: random.Random) -> str:
    out, month = [], None
    for row in rows:
        if row.day.month != month:
            out.append(f"{'</ul>' if month else ''}<h2>{row.day:%B %Y}</h2><ul>")
            month = row.day.month
        out.append(
            f'<li>{_us(row.day)} <a href="{_link(it, row, session)}">{row.title}</a> ({row.status}) '
            f"<span>viewed {_views(dice)} times</span></li>"
        )
    return "".join(out) + "</ul>"


def _names(it: Listing, rows: Sequence[Row], session: str, dice: random.Random) -> str:
    lines = "".join(f"<tr><td>{row.title}</td><td>{row.status}</td><td>{it.number}</td></tr>" for row in rows)
    return (
        f"<p>{len(rows)} entries, as of {stamp(dice)}; session {session}</p>"
        f"<table><tr><th>Name</th><th>Standing</th><th>Region</th></tr>{lines}</table>"
    )


# --- files of records -----------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Dataset:
    """What one file really holds."""

    number: int
    layout: str  # the format
    records: list[dict[str, str]]
    kinds: Sequence[str] = DATASET_KINDS
    config: str = field(default="", init=False)

    @property
    def path(self) -> str:
        return f"d.{self.layout}"

    def answer(self, dice: random.Random) -> tuple[str, bytes]:
        return _file(self, dice)

    def change(self, kind: str, dice: random.Random) -> list[str]:
        """Change it for real; gives words that each announcement of it must show."""
        words = mark(dice)
        if kind == "added":
            self.records.append(_record(dice, words))
        elif kind == "removed":
            return [self.records.pop(dice.randrange(len(self.records)))["number"]]
        else:
            record = self.records[dice.randrange(len(self.records))]
            name = dice.choice(("address", "end_date", "remarks"))
            record[name] = f"2034-01-01 ({words})" if name == "end_date" else f"{record[name]}; {words}"
        return [words]


def dataset(number: int) -> Dataset:
    dice = random.Random(30_000 + number)
    records = [_record(dice, f"{70_000 + 13 * i + number}") for i in range(RECORDS)]
    return Dataset(number, FORMATS[number % len(FORMATS)], records)


def _record(dice: random.Random, number: str) -> dict[str, str]:
    return {
        "number": number,
        "name": firm(dice),
        "address": f"{dice.randrange(1, 200)} {dice.choice(_FIRST)} Street, {dice.choice(_PLACES)}",
        "programme": dice.choice(("EXPORT", "PORTS", "CRANES")),
        "end_date": f"203{dice.randrange(2, 9)}-0{dice.randrange(1, 9)}-15",
        "remarks": dice.choice(("", "Also known as " + firm(dice), f"Fined ${dice.randrange(9)},500,000")),
    }


def _file(it: Dataset, dice: random.Random) -> tuple[str, bytes]:
    records = dice.sample(it.records, len(it.records))
    columns = dice.sample(list(records[0]), len(records[0]))
    records = [{name: record[name] for name in columns} for record in records]
    said = stamp(dice)
    match it.layout.removeprefix("titled.").partition(".")[::2]:
        case ("csv", packed):
            title = f'"Excluded suppliers, generated {said}"\n\n' if it.layout.startswith("titled") else ""
            body, kind = (title + _csv(records, ",")).encode(), "text/csv"
        case ("tsv", packed):
            body, kind = _csv(records, "\t").encode(), "text/tab-separated-values"
        case ("json", packed):
            meta = {"generated": said, "request_id": token(dice), "count": len(records), "results": records}
            body, kind = json.dumps(meta, indent=dice.choice((None, 1))).encode(), "application/json"
        case ("jsonl", packed):
            body, kind = "".join(json.dumps(record) + "\n" for record in records).encode(), "application/x-ndjson"
        case ("xml", packed):
            body, kind = _xml(records, said).encode(), "application/xml"
        case _:
            return "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", _workbook(records, said)
    if packed == "gz":
        return "application/gzip", gzip.compress(body, mtime=dice.randrange(10**9))
    if packed == "zip":
        return "application/zip", _zipped(f"list.{it.layout.partition('.')[0]}", body, dice)
    return kind, body


def _csv(records: Sequence[dict[str, str]], mark_: str) -> str:
    def cell(text: str) -> str:
        return f'"{text}"' if mark_ in text or ";" in text else text

    lines = [mark_.join(records[0]), *(mark_.join(map(cell, record.values())) for record in records)]
    return "\n".join(lines) + "\n"


def _xml(records: Sequence[dict[str, str]], said: str) -> str:
    entries = "".join(
        "<entry>" + "".join(f"<{name}>{escape(text)}</{name}>" for name, text in record.items() if text) + "</entry>"
        for record in records
    )
    return f'<?xml version="1.0"?>\n<list generated="{said}"><published>{said}</published>{entries}</list>'


def _workbook(records: Sequence[dict[str, str]], said: str) -> bytes:
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("List")
    sheet.append(["Excluded suppliers", f"as of {said}"])
    sheet.append(list(records[0]))
    for record in records:
        sheet.append(list(record.values()))
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _zipped(name: str, body: bytes, dice: random.Random) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        made = zipfile.ZipInfo(name, (*STAMPED[:4], dice.randrange(60), 0))
        archive.writestr(made, body, zipfile.ZIP_DEFLATED)
    return out.getvalue()
