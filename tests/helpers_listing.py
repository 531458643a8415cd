"""Lists as pages, and a store in memory that looks at them one after another."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from watcher.model import Change, FetchState, Observation, Source, SourceState
from watcher.pipeline import observe_one
from watcher.replay import Memory, fetched_of

START = datetime(2025, 3, 4, 9, 0, tzinfo=UTC)
URL = "https://court.example.gov/filings/list.aspx"
HEAD = ("Docket", "Case", "Date filed", "Status")
Line = tuple[str, ...]


def lines(count: int, first: int = 1) -> list[Line]:
    """Rows of a docket list, newest first."""
    day = datetime(2025, 3, 1, tzinfo=UTC)
    return [
        (
            f"25-{first + count - 1 - index:04}",
            f"Harbour Freight Lines v. Port Authority of District {first + count - 1 - index}",
            f"{day - timedelta(days=index):%m/%d/%Y}",
            "Pending" if index % 3 else "Decided",
        )
        for index in range(count)
    ]


def page(
    rows: Sequence[Line], *, visit: int = 0, head: Sequence[str] = HEAD, more: str = "", title: str = "Filings"
) -> str:
    """A page with a table; everything that `visit` changes says nothing of the rows."""
    cells = "".join(f"<th>{name}</th>" for name in head)
    session = f"sid={visit * 7919:08x}a1&amp;ticket=Zq{visit * 104729:010d}x"
    body = "".join(
        f'<tr class="{"odd" if index % 2 else "even"}">'
        f'<td><a href="doc.aspx?id={row[0]}&amp;{session}">{row[0]}</a></td>'
        + "".join(f"<td>{cell}</td>" for cell in row[1:])
        + "</tr>"
        for index, row in enumerate(rows)
    )
    return (
        f"<!doctype html><html lang='en-US'><head><title>{title}</title></head><body>"
        f"<nav><ul>{''.join(f'<li><a href=/p{n}>Section {n}</a></li>' for n in range(12))}</ul></nav>"
        f"<main><h1>Recent filings</h1><p>As of March 4, 2025 9:{visit % 60:02}:17 AM; {1000 + visit} visitors.</p>"
        f"<table id='list' class='grid'><thead><tr>{cells}</tr></thead><tbody>{body}</tbody></table>{more}</main>"
        f"<footer>Page {visit} generated in 0.{visit}s</footer></body></html>"
    )


def html(body: str) -> str:
    """A page around some markup."""
    return f"<!doctype html><html lang='en-US'><head><title>List</title></head><body>{body}</body></html>"


class _Kept(Memory):
    """Keeps bodies too, as the store does."""

    def __init__(self) -> None:
        super().__init__()
        self.bodies: dict[str, bytes] = {}

    def body(self, digest: str) -> bytes | None:
        return self.bodies.get(digest)


class Looks:
    """One source that is looked at again and again."""

    def __init__(self, **keys: object) -> None:
        self.source = replace(Source("list", URL, kind="listing"), **keys)  # type: ignore[arg-type]  # Source's own fields
        self.state = SourceState("list")
        self.memory = _Kept()
        self.at = START
        self.fetch = FetchState("fet_x", self.source.url, "court.example.gov")

    def see(self, body: str | bytes, after: timedelta = timedelta(minutes=10), name: str = "x.html") -> list[Change]:
        """Look at a body; give the changes. Raises ReadError."""
        return list(self.observe(body, after, name).changes)

    def observe(self, body: str | bytes, after: timedelta = timedelta(minutes=10), name: str = "x.html") -> Observation:
        self.at += after
        data = body.encode() if isinstance(body, str) else body
        answer = fetched_of(data, self.source.url, self.at, name=name)
        seen = observe_one(self.memory, self.source, self.state, answer, fetch=self.fetch)
        self.memory.keep(seen)
        self.memory.bodies[answer.body_sha256] = data
        self.fetch = replace(self.fetch, body_sha256=answer.body_sha256, last_ok_at=self.at)
        self.state = seen.state
        return seen


def told(changes: Sequence[Change]) -> list[tuple[str, str]]:
    """The announced changes as (event, title)."""
    return [(change.event, change.document.title) for change in changes if change.announced]


def found(changes: Sequence[Change]) -> list[tuple[str, str | None]]:
    """All changes as (event, reason)."""
    return [(change.event, change.reason) for change in changes]
