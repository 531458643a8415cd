"""A publisher whose feed leads to pages, and whose pages lead to documents."""

from dataclasses import dataclass, field
from typing import Any, Self

from helpers_documents import pdf, typeset
from servers import Request, Response, Server

RELEASE = (
    "The Department released a list of additional companies today, in accordance with the statutory requirement of "
    "Section 1237 of the National Defense Authorization Act for Fiscal Year 1999.",
    "The Department is determined to highlight and counter the strategy, which supports modernization goals by "
    "ensuring access to advanced technologies and expertise acquired by companies that appear to be civilian.",
)


def item(number: int, title: str, link: str, text: str = "") -> str:
    return (
        f"<item><guid>r-{number}</guid><title>{title}</title><link>{link}</link><description>{text}</description>"
        f"<pubDate>Thu, 14 Jan 2021 {number % 24:02d}:00:00 GMT</pubDate></item>"
    )


def release(title: str, *paragraphs: str, note: str = "", links: str = "") -> bytes:
    body = "".join(f"<p>{paragraph}</p>" for paragraph in paragraphs or RELEASE)
    return (
        f'<html lang="en-US"><head><title>{title}</title></head><body><header><a href="/privacy.pdf">Privacy</a></header>'
        f"<article><h1>{title}</h1>{note}{body}{links}</article><footer>Contact us</footer></body></html>"
    ).encode()


def paper(*lines: str) -> bytes:
    return pdf(typeset(list(lines), width=80, height=40))


@dataclass
class Publisher:
    """`items` of the feed, newest first; `files` by path: bytes, or a status for what cannot be had."""

    items: list[str] = field(default_factory=list)
    files: dict[str, bytes | int] = field(default_factory=dict)
    robots: bytes | None = None

    def __post_init__(self) -> None:
        self.server = Server(self.handle)

    async def handle(self, request: Request) -> Response:
        if request.path == "/robots.txt":
            return Response(status=404) if self.robots is None else Response(self.robots)
        if request.path == "/feed":
            body = f'<rss version="2.0"><channel><title>Releases</title>{"".join(self.items)}</channel></rss>'
            return Response(body.encode(), headers=(("Content-Type", "application/rss+xml"),))
        found = self.files.get(request.path, 404)
        if isinstance(found, int):
            return Response(b"no", found)
        kind = "application/pdf" if found.startswith(b"%PDF") else "text/html; charset=utf-8"
        return Response(found, headers=(("Content-Type", kind),))

    def add(self, number: int, title: str, text: str = "", link: str | None = None) -> None:
        self.items.insert(0, item(number, title, self.url(link or f"/{number}"), text))

    def asked(self, path: str) -> int:
        return sum(request.path == path for request in self.server.requests)

    def url(self, path: str = "/feed") -> str:
        return self.server.url(path)

    def __enter__(self) -> Self:
        self.server.__enter__()
        return self

    def __exit__(self, *exc: Any) -> None:
        self.server.__exit__(*exc)
