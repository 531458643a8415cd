"""The benches' server, a process of its own: many hosts on 127.x.y.z, articles and feeds, in one of four modes.

    304      the validator fits: nothing has changed, and the server says so
    same     no validator: the same bytes again
    noise    other tokens, counters and related stories in every article, another build date in every feed
    changed  as noise, and every twentieth host has really changed in this round

`GET /mode/NAME/ROUND` switches. Run: `python bench/site.py PORT`.
"""

import asyncio
import hashlib
import random
import sys

WORDS = "authority order court filing list supplier owner contract harbour terminal crane register judge case firm".split()


class Content:
    """What each host shows; the same for the same host, round and mode."""

    def __init__(self) -> None:
        self.mode, self.round = "same", 0
        self.bodies: dict[tuple[str, str, int], bytes] = {}

    def body(self, host: str, path: str) -> bytes:
        number = int(hashlib.sha256(host.encode()).hexdigest()[:8], 16)
        version = self.round if self.mode == "changed" and number % 20 == self.round % 20 else 0
        key = (host, path, version)
        if key not in self.bodies:
            self.bodies[key] = (feed if path.startswith("/feed") else article)(number, version).encode()
        body = self.bodies[key]
        if self.mode in ("noise", "changed"):
            return body.replace(b"@TOKEN@", b"%016x" % random.getrandbits(64)).replace(b"@COUNT@", b"%d" % random.randrange(100, 999))
        return body


def sentence(dice: random.Random) -> str:
    return " ".join(dice.choices(WORDS, k=14)).capitalize() + "."


def article(number: int, version: int) -> str:
    dice = random.Random(number)
    paragraphs = [" ".join(sentence(dice) for _ in range(5)) for _ in range(24)]
    if version:
        paragraphs[number % 24] += f" The deadline is now {version} March 2031."
    body = "".join(f"<p>{p}</p>" for p in paragraphs)
    related = "".join(f'<li><a href="/@TOKEN@/{i}">{sentence(dice)}</a></li>' for i in range(20))
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Story {number}</title><script>var t="@TOKEN@";'
        f'{"x=1;" * 3000}</script></head><body class="b-@TOKEN@"><nav><a href="/">Home</a></nav><main><article><h1>Story {number}</h1>'
        f'<div class="meta"><span>@COUNT@ Comments</span></div><div class="body">{body}</div><div class="share">Shared @COUNT@ times</div>'
        f"</article></main><aside><h4>Related stories</h4><ul>{related}</ul></aside><footer>@COUNT@ readers online</footer></body></html>"
    )


def feed(number: int, version: int) -> str:
    dice = random.Random(number)
    items = [f"<item><title>{sentence(dice)}</title><guid>g{i}</guid><link>http://x/{i}</link><description>{sentence(dice)}</description></item>" for i in range(20)]
    if version:
        items.insert(0, f"<item><title>New in round {version}</title><guid>n{version}</guid><link>http://x/n{version}</link></item>")
    return f'<?xml version="1.0"?><rss version="2.0"><channel><title>Feed {number}</title><lastBuildDate>@COUNT@</lastBuildDate>{"".join(items)}</channel></rss>'


async def serve(port: int) -> None:
    content = Content()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        host = writer.get_extra_info("sockname")[0]
        try:
            while line := await reader.readline():
                path = line.split(b" ")[1].decode()
                tag = b""
                while (header := await reader.readline()) not in (b"\r\n", b""):
                    if header.lower().startswith(b"if-none-match:"):
                        tag = header[14:].strip()
                if path.startswith("/mode/"):
                    _, _, content.mode, number = path.split("/")
                    content.round = int(number)
                    writer.write(b"HTTP/1.1 204 x\r\n\r\n")
                elif content.mode == "304" and tag:
                    writer.write(b"HTTP/1.1 304 x\r\nETag: " + tag + b"\r\n\r\n")
                else:
                    body = content.body(host, path)
                    kind = b"application/rss+xml" if path.startswith("/feed") else b"text/html; charset=utf-8"
                    etag = b'ETag: "1"\r\n' if content.mode == "304" else b""
                    writer.write(b"HTTP/1.1 200 x\r\nContent-Type: " + kind + b"\r\n" + etag + b"Content-Length: %d\r\n\r\n" % len(body) + body)
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
