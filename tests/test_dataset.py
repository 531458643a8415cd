"""Reading lists: formats, separators, heads, keys, places, and everything that can be wrong with a file."""

import csv
import gzip
import io
import json
import zipfile
from collections.abc import Sequence
from typing import Any

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from watcher.core.dataset import Indexed, Reading, load, merge, named, open_list, values
from watcher.core.dataset.jsons import MOST_LINE
from watcher.core.dataset.merge import MOST_ALIKE
from watcher.core.dataset.tell import renames
from watcher.errors import ReadError
from watcher.model import ListShape, Source

URL = "https://lists.example.org/list"


def opened(body: bytes | str, *, url: str = URL, known: ListShape | None = None, **rules: Any) -> Reading:
    data = body.encode() if isinstance(body, str) else body
    return open_list(io.BytesIO(data), Source("list", url, kind="dataset", **rules), None, url, known)


def read(body: bytes | str, **rules: Any) -> list[dict[str, Any]]:
    reading = opened(body, **rules)
    found = [load(record.data) for record in reading]
    reading.doubts()
    return found


def wrong(body: bytes | str, **rules: Any) -> str:
    with pytest.raises(ReadError) as caught:
        read(body, **rules)
    return caught.value.message


PLAIN = "id,name,country\n1,Alpha Ltd,China\n2,Beta Ltd,Cuba\n3,Gamma Ltd,Iran\n"
SAME = [
    {"id": "1", "name": "Alpha Ltd", "country": "China"},
    {"id": "2", "name": "Beta Ltd", "country": "Cuba"},
    {"id": "3", "name": "Gamma Ltd", "country": "Iran"},
]


def book(rows: Sequence[Sequence[Any]], title: str = "List") -> bytes:
    made = openpyxl.Workbook()
    sheet = made.active
    sheet.title = title
    for row in rows:
        sheet.append(list(row))
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


def zipped(**files: str | bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            same = zipfile.ZipInfo(name.replace("_", "."), (2031, 3, 4, 12, 0, 0))  # the same bytes in every process
            archive.writestr(same, text, zipfile.ZIP_DEFLATED)
    return out.getvalue()


@pytest.mark.parametrize(
    "body",
    [
        PLAIN.encode(),
        PLAIN.replace(",", ";").encode(),
        PLAIN.replace(",", "\t").encode(),
        PLAIN.replace(",", "|").encode(),
        PLAIN.replace("\n", "\r\n").encode() + b"\x1a",
        PLAIN.replace("\n", "\r").encode(),
        b"\xef\xbb\xbf" + PLAIN.encode(),
        PLAIN.encode("utf-16"),
        ("List of entities, as of today\n\n" + PLAIN).encode(),
        json.dumps(SAME).encode(),
        json.dumps({"title": "x", "count": 3, "results": SAME}).encode(),
        json.dumps({"meta": {"page": 1}, "data": {"list": SAME}}).encode(),
        "\n".join(map(json.dumps, SAME)).encode(),
        (
            "<?xml version='1.0'?><list xmlns='urn:x'><made>2026</made>"
            + "".join(
                f"<entry><id>{r['id']}</id><name>{r['name']}</name><country>{r['country']}</country></entry>"
                for r in SAME
            )
            + "</list>"
        ).encode(),
        book([list(SAME[0]), *(list(row.values()) for row in SAME)]),
        book([["A list"], [], list(SAME[0]), *([int(row["id"]), row["name"], row["country"]] for row in SAME)]),
        gzip.compress(PLAIN.encode()),
        zipped(list_csv=PLAIN, readme_html="<html>"),
        zipped(list_json=json.dumps(SAME)),
    ],
    ids=range(19),
)
def test_a_list_reads_the_same_in_every_form(body: bytes) -> None:
    """Separators, line ends, encodings, formats and containers do not change what a list says."""
    assert read(body) == SAME


def test_a_packed_list_keeps_to_the_bound() -> None:
    """What unpacks to more than is allowed, or grows beyond belief, is refused and not unpacked."""
    bomb = gzip.compress(b"a,b\n" * 20_000_000)
    assert "larger than allowed" in wrong(bomb)
    assert "more than is believed" in wrong(zipped(list_csv=b"a,b\n" * 20_000_000))
    assert "larger than allowed" in wrong(gzip.compress(PLAIN.encode() * 40_000), max_bytes=1_000_000)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "empty"),
        (b"<!doctype html><title>Sorry</title>", "web page"),
        (b"%PDF-1.7 \x00", "binary"),
        (b"\x00\x01\x02" * 50, "binary"),
        (b'[{"id": 1}, {"id": 2', "breaks off"),
        (b'{"id": 1}\n{"id": 2}\n{"id":', "breaks off"),
        (b"<list><entry><id>1</id></entry><entry>", "breaks off"),
        (b'id,name\n1,"Alpha\n2,Beta\n', "quotation"),
        (b"id,name,country\n1,Alpha,China\n2,Be", "last row"),
        (gzip.compress(PLAIN.encode() * 500)[:-40], "breaks off"),
        (zipped(list_csv=PLAIN)[:60], "breaks off"),
        (book([["id"], [1]])[:400], "breaks off"),
        (
            b'<!DOCTYPE l [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><l><e><id>1</id><n>&b;</n></e><e><id>2</id></e></l>',
            "entities",
        ),
        (b'<!DOCTYPE l [<!ENTITY x SYSTEM "file:///etc/passwd">]><l><e>&x;</e><e/></l>', "entities"),
    ],
)
def test_what_is_no_whole_list_is_a_failure_in_words(body: bytes, said: str) -> None:
    """A file that breaks off, is of another kind or wants to be believed too much is refused, and says why."""
    assert said in wrong(body)


def test_a_record_of_json_lines_has_its_bound_like_a_cell() -> None:
    """A line of JSON Lines may be long, but not without end."""
    start, end = '{"id": 1}\n{"id": 2, "text": "', '"}\n'
    room = MOST_LINE - len('{"id": 2, "text": ""}\n')
    assert len(read(start + "x" * room + end)) == 2
    assert "line 2 has more than the 16,777,216 characters" in wrong(start + "x" * (room + 1) + end)


def test_a_count_that_the_file_gives_is_checked() -> None:
    """A list that says how many records it holds, and holds others, is not whole."""
    entries = "".join(f"<sdnEntry><uid>{n}</uid><lastName>X{n}</lastName></sdnEntry>" for n in range(3))
    text = "<sdnList><publshInformation><Record_Count>{}</Record_Count></publshInformation>{}</sdnList>"
    assert len(read(text.format(3, entries))) == 3
    assert "holds 4 records, and 3 were found" in wrong(text.format(4, entries))
    paged = json.dumps({"count": 500, "results": SAME})
    assert len(read(paged)) == 3  # the total of all pages: it never was this list's
    counted = opened(json.dumps({"count": 3, "results": SAME}))
    list(counted)
    counted.doubts()
    later = opened(json.dumps({"count": 4, "results": SAME}), known=counted.shape)
    list(later)
    with pytest.raises(ReadError, match="holds 4 records, and 3 were found"):
        later.doubts()


def test_another_head_is_a_failure_and_believed_when_it_stays() -> None:
    """When most columns are gone, nothing is compared; the third answer in a row that says so is how it is now."""
    known = opened(PLAIN)
    list(known)
    known.doubts()
    other = "code;label;land\n1;Alpha Ltd;China\n"
    again = opened(other, known=known.shape, key=("code",))
    list(again)
    with pytest.raises(ReadError, match="columns are not those that were known") as caught:
        again.doubts()
    again.doubts(believed=caught.value.message)
    assert "no record has the field 'id' of the key; there are: code, label" in wrong(other, known=known.shape)


def test_a_file_whose_last_line_lost_its_end_breaks_off() -> None:
    """A list that ended with a line feed, and does not any more, was cut."""
    known = opened(PLAIN)
    list(known)
    known.doubts()
    cut = opened(PLAIN[:-2], known=known.shape)
    list(cut)
    with pytest.raises(ReadError, match="breaks off"):
        cut.doubts()
    assert len(read(PLAIN.rstrip("\n"))) == 3


def test_rules_that_find_nothing_say_what_there_is() -> None:
    """A key, a watched field, a path or a sheet that is not there is told with what is."""
    assert "there are: id, name, country" in wrong(PLAIN, key=("number",))
    assert "there are: id, name, country" in wrong(PLAIN, fields=("price",))
    assert "nothing stands at `rows`" in wrong(json.dumps({"a": SAME}), rows="b")
    assert "is no path" in wrong(json.dumps({"a": SAME}), rows="a[?(@.x)]")
    assert "there is no sheet 'Two'; there are List" in wrong(book([["id"], [1]]), rows="Two")
    assert "there are: id,name,country" in wrong(PLAIN, delimiter="|", key=("name",))


def test_places_in_json_and_xml() -> None:
    """`rows` names a list, an object, an object's members; elements from the root or anywhere, several at once."""
    made = {"a": {"b c": [{"id": 1}]}, "one": {"id": 9}, "many": {"x": {"v": 1}, "y": {"v": 2}}}
    text = json.dumps(made)
    assert read(text, rows="$.a['b c']") == [{"id": 1}]
    assert read(text, rows="$.a['b c'][*]") == [{"id": 1}]
    assert read(text, rows="one") == [{"id": 9}]
    assert read(text, rows="$") == [made]
    assert read(text, rows="many.*") == [{"name": "x", "v": 1}, {"name": "y", "v": 2}]
    tree = "<l><p><e>1</e><e>2</e></p><q><f n='1'/><f n='2'/></q></l>"
    assert read(tree, rows="//e") == [{"value": "1"}, {"value": "2"}]
    assert read(tree, rows="/l/q/f") == [{"@n": "1"}, {"@n": "2"}]
    assert len(read(tree, rows="/l/p/e | /l/q/f")) == 4


def test_a_document_that_is_one_record_has_no_key() -> None:
    """An advisory in JSON is one record, whatever changes in it."""
    reading = opened(json.dumps({"document": {"title": "T"}, "notes": {"a": 1, "b": 2}}))
    assert reading.shape.rows == "$"
    assert reading.shape.key == ()
    assert opened(json.dumps(SAME)).shape.key == ("id",)
    assert opened(json.dumps(SAME), known=opened(json.dumps(SAME)).shape).shape.rows == "$[*]"


@pytest.mark.parametrize(
    ("body", "key", "columns"),
    [
        (
            '36,"AEROCARIBBEAN AIRLINES",-0- ,"CUBA"\n173,"ANGLO-CARIBBEAN CO.",-0- ,"CUBA"\n',
            ("c1",),
            ("c1", "c2", "c3", "c4"),
        ),
        (PLAIN, ("id",), ("id", "name", "country")),
        ("name,city\nAlpha,Rome\nBeta,Rome\n", ("name",), ("name", "city")),
        ("city,since\nRome,2020-01-01\nRome,2021-01-01\n", ("*",), ("city", "since")),
        ("Alpha,China\nBeta,China\nGamma,China\n", ("c1",), ("c1", "c2")),
    ],
)
def test_heads_and_keys_are_found(body: str, key: tuple[str, ...], columns: tuple[str, ...]) -> None:
    """A table without a head has numbered columns; the key is an id, a name, the first column, or the whole row."""
    shape = opened(body).shape
    assert (shape.key, shape.columns) == (key, columns)


def test_columns_name_a_table_without_a_head() -> None:
    """`columns` gives names to the columns, and is passed over where the file has them itself."""
    names = ("number", "name", "country")
    assert read("1,Alpha,China\n2,Beta,Cuba\n", columns=names)[0] == {
        "number": "1",
        "name": "Alpha",
        "country": "China",
    }
    assert len(read("Number,Name,Country\n1,Alpha,China\n", columns=names)) == 1


def test_cells_of_a_workbook_are_text() -> None:
    """Dates are ISO, whole numbers have no point, a formula is its value when it was saved."""
    from datetime import date, datetime

    rows = read(
        book(
            [
                ["id", "since", "at", "n", "f"],
                [1, date(2021, 5, 12), datetime.fromisoformat("2021-05-12T06:16"), 2.0, "=A2+1"],
            ]
        )
    )
    assert rows == [{"id": "1", "since": "2021-05-12", "at": "2021-05-12 06:16:00", "n": "2"}]


def test_order_and_writing_of_names_are_no_difference() -> None:
    """Columns in another order, with other capitals or underscores, digest the same; empty is the same as missing."""
    first = {"Registration Number": "1", "Name": "A", "End": ""}
    second = {"name": "A", "registration_number": "1"}
    assert values.digest_of(first) == values.digest_of(second)
    assert values.difference(first, second) == ()


def test_what_differs_is_told_field_by_field() -> None:
    """Nested fields by path, elements of a list by their id, of plain lists what came and went."""
    before = {"n": "A", "p": ["X", "Y"], "aka": [{"uid": 1, "name": "a"}, {"uid": 2, "name": "b"}], "m": {"d": "1"}}
    after = {"n": "A", "p": ["Y", "Z"], "aka": [{"uid": 2, "name": "c"}, {"uid": 1, "name": "a"}], "m": {"d": "2"}}
    assert values.difference(before, after) == (("p", "X", "Z"), ("aka[2].name", "b", "c"), ("m.d", "1", "2"))
    assert values.difference(before, after, ("m",)) == (("m.d", "1", "2"),)
    assert values.difference(before, after, ("aka.name",)) == (("aka[2].name", "b", "c"),)


NAMES = st.text("abc", min_size=1, max_size=3)
CELLS = st.text(st.characters(blacklist_categories=("Cs", "Cc")), max_size=12)


@given(st.lists(st.lists(CELLS, min_size=3, max_size=3), max_size=12), st.sampled_from([",", ";", "\t", "|"]))
def test_tables_come_back_as_they_were_written(rows: list[list[str]], separator: str) -> None:
    """Whatever the cells hold, a table that was written by the rules reads as it was."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter=separator)
    writer.writerow(["alpha_id", "beta", "gamma"])
    writer.writerows([[f"n{index}", *row] for index, row in enumerate(rows)])
    found = read(out.getvalue(), columns=("alpha_id", "beta", "gamma", "delta"), delimiter=separator, key=("alpha_id",))
    expected = [
        {
            name: text
            for name, value in zip(("alpha_id", "beta", "gamma", "delta"), [f"n{i}", *row], strict=True)
            if (text := values.cell(value))
        }
        for i, row in enumerate(rows)
    ]
    assert found[1:] == expected


@given(st.binary(max_size=300))
def test_any_bytes_are_a_list_or_a_failure(body: bytes) -> None:
    """Nothing that a server can send is more than a ReadError."""
    try:
        reading = opened(body)
        list(reading)
        reading.doubts()
    except ReadError:
        return


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda c: st.lists(c, max_size=4) | st.dictionaries(NAMES, c, max_size=4),
        max_leaves=20,
    )
)
def test_any_json_is_a_list(made: Any) -> None:
    """Every JSON value reads: as records, or as one."""
    if isinstance(made, dict | list):
        list(opened(json.dumps(made)))


ROWS = st.lists(st.tuples(st.integers(0, 8), st.integers(0, 3)), max_size=14)


@given(ROWS, ROWS)
def test_a_merge_explains_the_difference(old: list[tuple[int, int]], new: list[tuple[int, int]]) -> None:
    """Applied to the known list, the differences give the new one, and equal records are never among them."""

    def indexed(rows: list[tuple[int, int]]) -> list[Indexed]:
        ordered = sorted((bytes([key]), bytes([digest]), at) for at, (key, digest) in enumerate(rows))
        return [Indexed(at, key, digest) for key, digest, at in ordered]

    left, right = indexed(old), indexed(new)
    result = {row.at: (row.key, row.digest) for row in left}
    extra = []
    for diff in merge(left, right, URL):
        pair = next(((row.key, row.digest) for row in right if row.at == diff.staged), None)
        if diff.kind == "added":
            extra.append(pair)
        elif diff.kind == "missing":
            assert diff.known is not None
            del result[diff.known]
        else:
            assert diff.kind == "changed"
            assert diff.known is not None
            assert pair is not None
            assert result[diff.known] != pair
            result[diff.known] = pair
    assert sorted([*result.values(), *filter(None, extra)]) == sorted((row.key, row.digest) for row in right)


INDEX = """Description:  Daily index
Last received: Dec 31, 2018

CIK|Company Name|Form Type|Date Filed|File Name
--------------------------------------------------------------------
1000228|HENRY SCHEIN INC|4|20181231|edgar/data/1000228/0001209191-18-064398.txt
1000275|ROYAL BANK OF CANADA|424B2|20181231|edgar/data/1000275/0001140361-18-046093.txt
1000275|ROYAL BANK OF CANADA|424B2|20181231|edgar/data/1000275/0001140361-18-046095.txt
"""


def test_a_line_drawn_below_the_head_is_no_record_and_a_file_name_is_a_key() -> None:
    """Of an index of filings, the ruler is passed over, and what tells two filings of one day apart is their file."""
    reading = opened(INDEX, url="https://www.example.gov/daily-index/master.20181231.idx")
    assert [load(record.data)["CIK"] for record in reading] == ["1000228", "1000275", "1000275"]
    assert reading.shape.key == ("File Name",)


def test_a_key_that_identifies_nothing_is_refused() -> None:
    """Thousands of records under one key are a wrong key, not thousands of changes."""
    rows = [Indexed(at, b"k", bytes([at % 251])) for at in range(MOST_ALIKE + 1)]
    with pytest.raises(ReadError, match="must identify a record"):
        list(merge([], rows, URL))


def test_a_renamed_record_is_recognised_by_what_stayed() -> None:
    """The same address or another id, and a similar name: one record; two that only share a country are two."""
    gone = {
        1: {"name": "LUOKONG", "address": "Building 3, Beijing 100020", "country": "CN"},
        2: {"name": "ALPHA TRADING", "reg_number": "91310-A", "country": "CN"},
        3: {"name": "OMEGA", "country": "CN"},
    }
    come = {
        7: {"name": "Luokung Technology Corp.", "address": "Building 3, Beijing 100020", "country": "CN"},
        8: {"name": "ALPHA TRADERS", "reg_number": "91310-A", "country": "CN"},
        9: {"name": "SIGMA", "country": "CN"},
    }
    assert sorted(renames(gone, come, ("name",))) == [(1, 7), (2, 8)]


def test_a_key_is_shown_with_its_values() -> None:
    """Of a record without a key, the first fields stand for it."""
    assert named(SAME[0], ("id",)) == (("id", "1"),)
    assert named(SAME[0], ("*",)) == (("id", "1"), ("name", "Alpha Ltd"), ("country", "China"))
