"""The benches' server, a process of its own: many hosts on 127.x.y.z, articles and feeds, in one of five modes.

    304      the validator fits: nothing has changed, and the server says so
    same     no validator: the same bytes again
    noise    other tokens, counters and related stories in every article, another build date in every feed
    changed  as noise, and every twentieth host has really changed in this round
    short    as 304, with one paragraph or two entries: for measuring what is not reading

`GET /mode/NAME/ROUND` switches. Run: `python bench/_site.py PORT`.
"""

import asyncio
import hashlib
import random
import sys

WORDS = [
    "authority",
    "order",
    "court",
    "filing",
    "list",
    "supplier",
    "owner",
    "contract",
    "harbour",
    "terminal",
    "crane",
    "register",
    "judge",
    "case",
    "firm",
]
EVERY = 20  # one host in so many has changed in a round of `changed`


def number_of(host: str) -> int:
    """What a host's content and its turn to change are made from."""
    return int(hashlib.sha256(host.encode()).hexdigest()[:8], 16)


def is_changed(host: str, turn: int) -> bool:
    """Whether a host shows something new in this round of `changed` that it did not show in the one before."""
    return number_of(host) % EVERY == turn % EVERY


class Content:
    """What each host shows; the same for the same host, round and mode."""

    def __init__(self) -> None:
        self.mode, self.turn = "same", 0
        self.bodies: dict[tuple[str, str, int, bool], bytes] = {}

    def body(self, host: str, path: str) -> bytes:
        number = number_of(host)
        version = 0
        if self.mode == "changed":  # what has changed stays so in the rounds that follow
            version = next((turn for turn in range(self.turn, 0, -1) if is_changed(host, turn)), 0)
        short = self.mode == "short"
        key = (host, path, version, short)
        if key not in self.bodies:
            make = feed if path.startswith("/feed") else article
            self.bodies[key] = make(number, version, short).encode()
        body = self.bodies[key]
        if self.mode in ("noise", "changed"):
            body = body.replace(b"@TOKEN@", b"%016x" % random.getrandbits(64))
            return body.replace(b"@COUNT@", b"%d" % random.randrange(100, 999))
        return body


def sentence(dice: random.Random) -> str:
    return " ".join(dice.choices(WORDS, k=14)).capitalize() + "."


def article(number: int, version: int, short: bool) -> str:
    dice = random.Random(number)
    count = 1 if short else 24
    paragraphs = [" ".join(sentence(dice) for _ in range(5)) for _ in range(count)]
    if version:
        paragraphs[number % count] += f" The deadline is now {version} March 2031."
    body = "".join(f"<p>{p}</p>" for p in paragraphs)
    related = "".join(f'<li><a href="/@TOKEN@/{i}">{sentence(dice)}</a></li>' for i in range(1 if short else 20))
    script = "" if short else "x=1;" * 3000
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Story {number}</title>'
        f'<script>var t="@TOKEN@";{script}</script></head>'
        f'<body class="b-@TOKEN@"><nav><a href="/">Home</a></nav><main><article><h1>Story {number}</h1>'
        f'<div class="meta"><span>@COUNT@ Comments</span></div><div class="body">{body}</div>'
        f'<div class="share">Shared @COUNT@ times</div></article></main>'
        f"<aside><h4>Related stories</h4><ul>{related}</ul></aside><footer>@COUNT@ readers online</footer>"
        "</body></html>"
    )


def feed(number: int, version: int, short: bool) -> str:
    dice = random.Random(number)
    items = [
        f"<item><title>{sentence(dice)}</title><guid>g{i}</guid><link>http://x/{i}</link>"
        f"<description>{sentence(dice)}</description></item>"
        for i in range(2 if short else 20)
    ]
    if version:
        title = f"New in round {version}"
        items.insert(0, f"<item><title>{title}</title><guid>n{version}</guid><link>http://x/n{version}</link></item>")
    return (
        f'<?xml version="1.0"?><rss version="2.0"><channel><title>Feed {number}</title>'
        f"<lastBuildDate>@COUNT@</lastBuildDate>{''.join(items)}</channel></rss>"
    )


def answer(content: Content, host: str, path: str, tag: bytes) -> bytes:
    """One whole answer, in the mode that is in force; `tag` is the If-None-Match that was sent."""
    if path.startswith("/mode/"):
        _, _, content.mode, turn = path.split("/")
        content.turn = int(turn)
        return b"HTTP/1.1 204 x\r\n\r\n"
    tagged = content.mode in ("304", "short")
    if tagged and tag:
        return b"HTTP/1.1 304 x\r\nETag: " + tag + b"\r\n\r\n"
    body = content.body(host, path)
    kind = b"application/rss+xml" if path.startswith("/feed") else b"text/html; charset=utf-8"
    etag = b'ETag: "1"\r\n' if tagged else b""
    head = b"HTTP/1.1 200 x\r\nContent-Type: " + kind + b"\r\n" + etag
    return head + b"Content-Length: %d\r\n\r\n" % len(body) + body


async def serve(port: int) -> None:
    content = Content()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        host = writer.get_extra_info("sockname")[0]
        try:
            while line := await reader.readline():
                path, tag = line.split(b" ")[1].decode(), b""
                while (header := await reader.readline()) not in (b"\r\n", b""):
                    if header.lower().startswith(b"if-none-match:"):
                        tag = header[14:].strip()
                writer.write(answer(content, host, path, tag))
                await writer.drain()
        except ConnectionError:
            return  # the client left
        finally:
            writer.close()

    server = await asyncio.start_server(handle, "0.0.0.0", port, backlog=4096)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]) if len(sys.argv) > 1 else 0))
