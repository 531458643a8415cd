"""Receivers for tests: a real SMTP server (aiosmtpd) and a real HTTP server that verifies Standard Webhooks.

`Inbox` and `Hook` are context managers on 127.0.0.1 with a port of their own, each in a thread. What arrived stands in
`.mails` and `.calls`; `wait(n)` waits for the n-th. Their failure modes are fields that may be changed at any time.
"""

import asyncio
import base64
import contextlib
import json
import ssl
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal, Self

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from standardwebhooks.webhooks import Webhook

HOST = "127.0.0.1"
SECRET = "whsec_" + base64.b64encode(b"a test's secret of 32 bytes, yes").decode()


@dataclass(frozen=True)
class Mail:
    """One mail as it arrived."""

    sender: str
    recipients: tuple[str, ...]
    raw: bytes
    encrypted: bool
    user: str | None

    @property
    def message(self) -> EmailMessage:
        parsed = message_from_bytes(self.raw, policy=policy.default)
        assert isinstance(parsed, EmailMessage)
        return parsed

    @property
    def subject(self) -> str:
        return str(self.message["Subject"])

    @property
    def text(self) -> str:
        return self._part("plain")

    @property
    def html(self) -> str:
        return self._part("html")

    @property
    def alert(self) -> str:
        return str(self.message["X-Watcher-Alert"])

    def _part(self, kind: Literal["plain", "html"]) -> str:
        part = self.message.get_body((kind,))
        assert part is not None
        return str(part.get_content())


def wait_for(ready: Callable[[], bool], seconds: float = 10.0, what: str = "the receiver") -> None:
    """Wait until `ready()`; fails after `seconds`."""
    end = time.monotonic() + seconds
    while not ready():
        assert time.monotonic() < end, f"waited {seconds} s for {what}"
        time.sleep(0.01)


class Inbox:
    """A mail server. `refuse` answers a recipient (`{"a@x": "550 no"}`), `answers` the next mails (`"451 later"`; after
    that `250`), `greeting` refuses every connection; `hang` and `drop` name the step that hangs or hangs up:
    "connect", "mail", "data"."""

    def __init__(
        self,
        *,
        tls: ssl.SSLContext | None = None,
        implicit: bool = False,
        users: dict[str, str] | None = None,
        smtputf8: bool = True,
        port: int = 0,
    ) -> None:
        self.tls, self.implicit, self.users, self.smtputf8, self.port = tls, implicit, users, smtputf8, port
        self.mails: list[Mail] = []
        self.connections = 0
        self.refuse: dict[str, str] = {}
        self.answers: deque[str] = deque()
        self.greeting = ""
        self.hang = ""
        self.drop = ""
        self._handler = _Handler(self)
        self._ready = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), name="inbox", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._ready.wait(5)
        return self

    def __exit__(self, *exc: object) -> None:
        assert self._loop is not None
        assert self._stop is not None
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(5)

    @property
    def url(self) -> str:
        """The server as a channel names it."""
        return f"{'smtps' if self.implicit else 'smtp'}://{HOST}:{self.port}"

    def wait(self, count: int, seconds: float = 10.0) -> list[Mail]:
        wait_for(lambda: len(self.mails) >= count, seconds, f"{count} mails, {len(self.mails)} came")
        return self.mails

    def hang_up(self) -> None:
        """End every open connection, as a server does after a while."""
        assert self._loop is not None
        for protocol in list(self._handler.open):
            self._loop.call_soon_threadsafe(protocol.end)
        wait_for(lambda: not self._handler.open, what="connections to end")

    async def _serve(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        server = await self._loop.create_server(
            lambda: _Protocol(self, self._handler), HOST, self.port, ssl=self.tls if self.implicit else None
        )
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._stop.wait()
        server.close()
        for protocol in list(self._handler.open):
            protocol.end()
        await asyncio.sleep(0)


class _Protocol(SMTP):
    def __init__(self, inbox: Inbox, handler: "_Handler") -> None:
        self.inbox, self.handler_of = inbox, handler
        self._raw: asyncio.Transport | None = None
        super().__init__(
            handler,
            hostname="inbox.test",
            enable_SMTPUTF8=inbox.smtputf8,
            tls_context=None if inbox.implicit else inbox.tls,
            authenticator=self._check if inbox.users is not None else None,
            auth_require_tls=False,
            loop=asyncio.get_running_loop(),
        )

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._raw = transport
        self.handler_of.open.add(self)
        if self._original_transport is None:
            self.inbox.connections += 1
        if self.inbox.greeting:
            transport.write(f"{self.inbox.greeting}\r\n".encode())
            transport.close()
        elif self.inbox.drop == "connect":
            transport.abort()
        elif self.inbox.hang == "connect":
            return
        else:
            super().connection_made(transport)

    def data_received(self, data: bytes) -> None:
        if self.session is not None:
            super().data_received(data)

    def eof_received(self) -> bool | None:
        return super().eof_received() if self.session is not None else None

    def connection_lost(self, error: Exception | None) -> None:
        self.handler_of.open.discard(self)
        if self.session is not None:
            super().connection_lost(error)

    def end(self) -> None:
        if self._raw is not None:
            self._raw.abort()

    def _check(self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
        good = (
            isinstance(data, LoginPassword)
            and (self.inbox.users or {}).get(data.login.decode()) == data.password.decode()
        )
        return AuthResult(success=good, auth_data=data.login.decode() if good else None, handled=False)


class _Handler:
    def __init__(self, inbox: Inbox) -> None:
        self.inbox = inbox
        self.open: set[_Protocol] = set()

    async def _step(self, server: _Protocol, step: str) -> None:
        if self.inbox.hang == step:
            await asyncio.Event().wait()
        if self.inbox.drop == step:
            server.end()
            await asyncio.Event().wait()

    async def handle_MAIL(  # noqa: N802 - aiosmtpd's name
        self, server: _Protocol, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        await self._step(server, "mail")
        if self.inbox.users is not None and not session.authenticated:
            return "530 5.7.0 Authentication required"
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: _Protocol, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if refusal := self.inbox.refuse.get(address):
            return refusal
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, server: _Protocol, session: Session, envelope: Envelope
    ) -> str:
        await self._step(server, "data")
        if self.inbox.answers and not (answer := self.inbox.answers.popleft()).startswith("2"):
            return answer
        content = envelope.original_content or b""
        user = session.auth_data if isinstance(session.auth_data, str) else None
        self.inbox.mails.append(
            Mail(
                str(envelope.mail_from),
                tuple(envelope.rcpt_tos),
                content,
                session.ssl is not None or self.inbox.implicit,
                user,
            )
        )
        return "250 OK"


@dataclass(frozen=True)
class Call:
    """One request as it arrived; `problem` says why the signature does not hold, None where it does."""

    headers: dict[str, str]
    body: bytes
    path: str
    problem: str | None

    @property
    def payload(self) -> Any:
        return json.loads(self.body)

    @property
    def alert(self) -> str:
        return str(self.payload["data"]["alert"])


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    hang: bool = False


class Hook:
    """A webhook's receiver. `answers` are given to the next requests, then `usual`; every signature is verified with
    the public library of Standard Webhooks. `accepted` are the calls that were answered with 2xx."""

    def __init__(self, *, secret: str = SECRET, port: int = 0) -> None:
        self.secret = secret
        self.calls: list[Call] = []
        self.accepted: list[Call] = []
        self.answers: deque[Answer] = deque()
        self.usual = Answer(204)
        self._end = threading.Event()
        self._server = ThreadingHTTPServer((HOST, port), _request_handler(self))
        self._server.daemon_threads = True
        self.port = int(self._server.server_address[1])
        self._thread = threading.Thread(
            target=lambda: self._server.serve_forever(poll_interval=0.02), name="hook", daemon=True
        )

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._end.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}/hooks/watcher"

    def wait(self, count: int, seconds: float = 10.0) -> list[Call]:
        wait_for(lambda: len(self.accepted) >= count, seconds, f"{count} calls, {len(self.accepted)} came")
        return self.accepted

    def let_go(self) -> None:
        """End the requests that hang; their senders meet a closed connection."""
        self._end.set()
        self._end = threading.Event()

    def take(self, headers: dict[str, str], body: bytes, path: str) -> Answer:
        problem = None
        try:
            Webhook(self.secret).verify(body, headers)
        except Exception as error:  # the library's errors share no base; all mean: not to be trusted
            problem = f"{type(error).__name__}: {error}"
        call = Call(headers, body, path, problem)
        self.calls.append(call)
        answer = self.answers.popleft() if self.answers else self.usual
        if answer.hang:
            self._end.wait(30)
        elif 200 <= answer.status < 300:
            self.accepted.append(call)
        return answer


def _request_handler(hook: Hook) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            answer = hook.take({name.lower(): value for name, value in self.headers.items()}, body, self.path)
            with contextlib.suppress(OSError):  # the sender did not wait
                if answer.hang:
                    self.close_connection = True
                    return
                self.send_response(answer.status)
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                if answer.status != 204:
                    self.send_header("content-length", str(len(answer.body)))
                self.end_headers()
                if answer.status != 204:
                    self.wfile.write(answer.body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
            """Say nothing."""

    return Handler
