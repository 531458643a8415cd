"""Lists that are gone, walled or held back: told when it is sure, said in `status`, and over when they are back."""

from collections.abc import Callable
from pathlib import Path

import pytest

from helpers_clocked import Clocked, Site, changes, events
from helpers_listing import lines, page
from servers import Server


def listing(count: int) -> str:
    return page(lines(21)[21 - count :])


def table(count: int) -> str:
    return "number,name\n" + "".join(f"{n},Firm {n} of the coast\n" for n in range(1, count + 1))


KINDS: list[tuple[str, str, Callable[[int], str]]] = [
    ("listing", "text/html", listing),
    ("dataset", "text/csv", table),
]


@pytest.mark.parametrize(("kind", "type_", "made"), KINDS)
@pytest.mark.parametrize(
    ("status", "event", "words"), [(410, "page.gone", "gone for good"), (403, "page.walled", "refuses")]
)
def test_a_list_that_is_gone_is_told_once_when_it_is_sure(
    tmp_path: Path, kind: str, type_: str, made: Callable[[int], str], status: int, event: str, words: str
) -> None:
    """A list that answers 404, 410 or 403 is stored as unconfirmed, told five minutes later under the same id, then
    quiet; its return is told, with what changed meanwhile, and nothing of it is a removal."""
    site = Site(made(20), type_)
    with Server(site) as server:
        watch = Clocked(tmp_path, server.url("/list"), kind=kind)
        watch.poll(0)
        site.status = status
        first, again, sure, later = seen = [watch.poll(minutes) for minutes in (60, 61, 65, 125)]
        assert [events(each) for each in seen] == [[(event, "unconfirmed")], [], [(event, None)], []]
        assert (again.alerts, later.alerts) == ((), ())
        assert (changes(first)[0].id, changes(sure)[0].severity) == (
            changes(sure)[0].id,
            "critical" if event == "page.gone" else "notice",
        )
        assert [alert.data["events"] for alert in sure.alerts] == [[event]]
        assert words in watch.status()["absence"]
        site.status, site.body = 200, made(21)
        back = watch.poll(185)
        new = "entry.new" if kind == "listing" else "record.added"
        assert sorted(events(back)) == sorted([("page.returned", None), (new, None)])
        assert watch.status()["absence"] is None
        assert events(watch.poll(195)) == []


@pytest.mark.parametrize(("kind", "type_", "made"), [*KINDS, ("article", "text/html", lambda _: ARTICLE)])
def test_what_is_back_unchanged_is_told_as_back(
    tmp_path: Path, kind: str, type_: str, made: Callable[[int], str]
) -> None:
    """A page that comes back with the very bytes and the validator it had is told as returned."""
    site = Site(made(20), type_)
    site.etag = '"v1"'
    with Server(site) as server:
        watch = Clocked(tmp_path, server.url("/list"), kind=kind)
        for minutes in (0, 1, 10):
            watch.poll(minutes)
        site.status = 404
        for minutes in (60, 61, 65):
            watch.poll(minutes)
        site.status = 200
        assert events(watch.poll(125)) == [("page.returned", None)]
        assert watch.poll(135).poll.result in {"not-modified", "unchanged"}


ARTICLE = (
    "<!doctype html><html lang=en><title>Order</title><article><h1>Order against Meridian</h1>"
    "<p>The authority has put Meridian and six other firms on its list of excluded suppliers this week.</p>"
    "<p>Terminals must end existing contracts with the seven firms by 30 September 2031 at the latest.</p>"
    "</article></html>"
)


@pytest.mark.parametrize(("kind", "type_", "made"), KINDS)
def test_what_is_held_says_so_in_status(tmp_path: Path, kind: str, type_: str, made: Callable[[int], str]) -> None:
    """A removal that waits for the next poll, and a list that lost most of its rows, have their words in `status`."""
    site = Site(made(20), type_)
    with Server(site) as server:
        watch = Clocked(tmp_path, server.url("/list"), kind=kind)
        watch.poll(0)
        assert watch.status()["unwell"] == []
        site.body = made(20).replace(
            *(("25-0010", "25-9910") if kind == "listing" else ("10,Firm 10 of", "99,Other 99 of"))
        )
        watch.poll(60)
        said = "held: rows are missing; told when a later look agrees"
        assert (watch.status()["absence"], watch.status()["unwell"]) == (said, [said])
        watch.poll(120)
        assert watch.status()["absence"] is None
        site.body = made(5)
        assert watch.poll(180).poll.result == "held"
        assert watch.status()["absence"].startswith("held: ")
        assert "at once" in watch.status()["unwell"][0]
