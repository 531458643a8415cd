"""Listings and files through the whole program: server, store, reading process, webhook."""

from pathlib import Path

from helpers_documents import pdf, typeset
from helpers_faults import Fault, Field, announced
from helpers_listing import lines, page

ORDER = [
    "The motion of Meridian Robotics is denied. The parties shall file a joint status report by 4 April 2025, in which "
    "they say how they wish to go on.",
    "The Authority's list of excluded suppliers stands until then.",
]


def listing(_: str, stage: int) -> bytes:
    """Each stage brings a row, and another visit's noise."""
    return page(lines(42)[2 - stage :], visit=stage).encode()


def order(_: str, stage: int) -> bytes:
    """The second stage only has another layout, the third another word."""
    text = [part.replace("denied", "granted") if stage > 1 else part for part in ORDER]
    return pdf(typeset(text, width=50 + 9 * stage, height=4))


def test_listings_and_files_are_polled_like_the_rest(tmp_path: Path) -> None:
    """A new row and a changed word of a PDF are told, each once; noise and a new layout are not."""
    sources = [
        Fault("list", good=listing, keys={"kind": "listing"}),
        Fault("order", good=order, type="application/pdf", keys={"kind": "file"}),
    ]
    with Field(tmp_path, sources) as field:
        assert {line["outcome"] for line in field.poll("list", "order").values()} == {"baseline"}
        field.stage = 1
        lines_ = field.poll("list", "order")
        assert announced(lines_["list"]) == ["entry.new"]
        assert lines_["list"]["changes"][0]["entry"]["title"].endswith("District 41")
        assert announced(lines_["order"]) == []
        field.stage = 2
        lines_ = field.poll("list", "order")
        assert (announced(lines_["list"]), announced(lines_["order"])) == (["entry.new"], ["text.changed"])
        assert ["+", "granted"] in [[op, word.strip()] for op, word in lines_["order"]["changes"][0]["words"]]
        assert {line["outcome"] for line in field.poll("list", "order").values()} == {"not-modified"}
        told = field.told()
        assert (told["list"], told["order"]) == (["entry.new", "entry.new"], ["text.changed"])
