"""The demo's small world on 127.0.0.1: a site, an SMTP inbox and a webhook receiver. Standard library only.

Made for the demo, not for the internet: each handles a handful of well-meant connections in threads.
"""

import base64
import email
import email.policy
import hashlib
import hmac
import json
import random
import socketserver
import threading
from collections.abc import Callable
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from watcher.demo import story

MAX_MAIL = 5_000_000  # bytes


class Site:
    """The news site: an article with noise on every visit, and a feed with a validator."""

    def __init__(self) -> None:
        self.stage = 0
        self.visits = 0
        self.noise = random.Random(7)  # noqa: S311  # the noise of a page, not a secret
        site = self

        class Handler(_Quiet):
            def do_GET(self) -> None:
                site.visits += 1
                if self.path.startswith("/feed"):
                    site.feed(self)
                elif self.path.startswith("/meridian"):
                    self.answer(200, story.page(site.stage, site.noise).encode(), "text/html; charset=utf-8")
                else:
                    self.answer(404, b"not here", "text/plain")

        self.server = _serve(Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"

    def feed(self, handler: "_Quiet") -> None:
        body = story.feed(self.stage, self.url).encode()
        tag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
        if handler.headers.get("If-None-Match") == tag:
            handler.answer(304, b"", "", ETag=tag)
        else:
            handler.answer(200, body, "application/rss+xml", ETag=tag)

    def close(self) -> None:
        self.server.shutdown()


class Receiver:
    """A webhook receiver that verifies the Standard Webhooks signature and calls `on_alert` with the body."""

    def __init__(self, secret: str, on_alert: Callable[[dict[str, Any]], None]) -> None:
        key = base64.b64decode(secret.removeprefix("whsec_"))

        class Handler(_Quiet):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
                signed = b".".join(
                    (self.headers["webhook-id"].encode(), self.headers["webhook-timestamp"].encode(), body)
                )
                proof = "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
                if proof not in self.headers["webhook-signature"].split(" "):
                    self.answer(401, b"bad signature", "text/plain")
                    return
                on_alert(json.loads(body))
                self.answer(204, b"", "")

        self.server = _serve(Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/hook"

    def close(self) -> None:
        self.server.shutdown()


class Inbox:
    """An SMTP server that keeps each mail in `folder` and calls `on_mail` with it (a small part of RFC 5321)."""

    def __init__(self, folder: Path, on_mail: Callable[[EmailMessage, Path], None]) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.count = 0
        inbox = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                self.say("220 demo inbox")
                while line := self.rfile.readline(2048):
                    verb = line[:4].upper()
                    if verb == b"DATA":
                        self.say("354 go on")
                        inbox.keep(self.mail(), folder, on_mail)
                    elif verb == b"QUIT":
                        self.say("221 bye")
                        return
                    self.say("250 8BITMIME" if verb == b"EHLO" else "250 ok")

            def say(self, words: str) -> None:
                self.wfile.write(words.encode() + b"\r\n")

            def mail(self) -> bytes:
                lines, size = [], 0
                while (line := self.rfile.readline(65536)) not in (b".\r\n", b""):
                    size += len(line)
                    if size < MAX_MAIL:
                        lines.append(line[1:] if line.startswith(b"..") else line)
                return b"".join(lines)

        self.server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.port = self.server.server_address[1]

    def keep(self, raw: bytes, folder: Path, on_mail: Callable[[EmailMessage, Path], None]) -> None:
        self.count += 1
        path = folder / f"{self.count:02d}.eml"
        path.write_bytes(raw)
        message = email.message_from_bytes(raw, policy=email.policy.default)
        if isinstance(message, EmailMessage):
            page = message.get_body(("html",))
            if page is not None:
                path.with_suffix(".html").write_text(page.get_content(), "utf-8")
            on_mail(message, path)

    def close(self) -> None:
        self.server.shutdown()


class _Quiet(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        """The demo tells its own story."""

    def answer(self, status: int, body: bytes, kind: str, **headers: str) -> None:
        self.send_response(status)
        if kind:
            self.send_header("Content-Type", kind)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def _serve(handler: type[BaseHTTPRequestHandler]) -> ThreadingHTTPServer:
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server
