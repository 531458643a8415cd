"""E-mail: one alert as one mail, text and HTML, handed to the configured server by SMTP.

STARTTLS is required unless the channel says `tls=off`; certificates are always checked. A refusal of the message (5xx)
is final, a deferral (4xx) and everything about the connection, the greeting or the log-in is tried again. The
Message-ID is the alert's, the same at every try, so that a repetition is one mail to most readers. A connection is kept
for the next alert of a batch and closed after two idle seconds.
"""

import asyncio
import contextlib
import ssl
from collections.abc import Callable
from datetime import datetime
from email.errors import MessageError
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.utils import format_datetime, formataddr, parseaddr
from urllib.parse import unquote, urlsplit

import aiosmtplib
import structlog
from aiosmtplib import (
    SMTPAuthenticationError,
    SMTPConnectError,
    SMTPException,
    SMTPNotSupported,
    SMTPRecipientsRefused,
    SMTPResponseException,
    SMTPServerDisconnected,
    SMTPTimeoutError,
)

from watcher.core.message import render
from watcher.core.wording import one_line
from watcher.errors import DeliveryError, WatcherError
from watcher.model import Channel, Delivery, Message, Secret

CONNECT_SECONDS = 15.0
COMMAND_SECONDS = 45.0
WHOLE_SECONDS = 60.0
IDLE_SECONDS = 2.0
REMEMBERED = 1_000  # alerts that some recipients have and others not yet

# RFC 4954, RFC 3207: the server wants a log-in or encryption, which says nothing of the message.
_ABOUT_LOGIN = frozenset({454, 530, 534, 535, 538})

log = structlog.get_logger("watcher.channels.email")


class EmailSender:
    """Sends alerts to one channel's recipients through one server."""

    def __init__(
        self,
        channel: Channel,
        *,
        resolve: Callable[[Secret], str],
        clock: Callable[[], datetime],
        tls: ssl.SSLContext | None,
        hostname: str,
    ) -> None:
        self.channel = channel
        self._resolve = resolve
        self._clock = clock
        self._tls = tls
        self._hostname = hostname
        server = urlsplit(channel.smtp if "//" in channel.smtp else f"smtp://{channel.smtp}")
        self._host = server.hostname or "localhost"
        self._port = server.port or (465 if channel.tls == "implicit" else 25 if channel.tls == "off" else 587)
        self._user = unquote(server.username or "")
        self._open: aiosmtplib.SMTP | None = None
        self._idle: asyncio.Task[None] | None = None
        self._lock = asyncio.Lock()
        self._taken: dict[str, set[str]] = {}  # alert → recipients that have it, while others were deferred

    async def send(self, delivery: Delivery, *, late: bool = False) -> None:
        """Mail one alert to all recipients; raises DeliveryError, which names those that refused."""
        sender, recipients = self._addresses()
        mail = compose(delivery, self.channel, render(delivery, self.channel, late=late), self._clock())
        async with self._lock:
            self._wake()
            try:
                async with asyncio.timeout(WHOLE_SECONDS):
                    await self._hand_over(delivery.alert.id, mail, sender, recipients)
            except TimeoutError as error:
                self._close()
                raise self._explained(error) from error
            except BaseException:
                self._close()
                raise
            finally:
                if self._open is not None:
                    self._idle = asyncio.create_task(self._close_when_idle(self._open))
                    await asyncio.sleep(0)  # let it begin: a task that is cancelled before would close nothing

    async def _hand_over(self, alert: str, mail: EmailMessage, sender: str, recipients: tuple[str, ...]) -> None:
        waiting = [address for address in recipients if address not in self._taken.get(alert, ())]
        try:
            server = await self._connected()
            refused, _ = await server.send_message(mail, sender=sender, recipients=waiting)
        except DeliveryError:
            raise
        except Exception as error:
            raise self._explained(error) from error
        self._settle(alert, waiting, {address: (answer.code, answer.message) for address, answer in refused.items()})

    def _settle(self, alert: str, asked: list[str], refused: dict[str, tuple[int, str]]) -> None:
        """Some recipients took the mail: remember them while others are deferred; a final refusal is only logged."""
        deferred = {address: answer for address, answer in refused.items() if answer[0] < 500}
        for address, (code, _) in refused.items():
            if address not in deferred:
                log.warning("email.recipient_refused", channel=self.channel.name, alert=alert, to=address, code=code)
        if not deferred:
            self._taken.pop(alert, None)
            return
        while len(self._taken) >= REMEMBERED:
            self._taken.pop(next(iter(self._taken)))
        self._taken.setdefault(alert, set()).update(address for address in asked if address not in deferred)
        raise DeliveryError(self.channel.name, f"{self._host} deferred {_named(deferred)}; the others have it")

    async def _connected(self) -> aiosmtplib.SMTP:
        if self._open is not None:
            with contextlib.suppress(SMTPException, OSError):  # the server hung up meanwhile: connect anew
                await self._open.noop(timeout=CONNECT_SECONDS)
                return self._open
            self._close()
        context = None if self.channel.tls == "off" else self._context()
        server = aiosmtplib.SMTP(
            hostname=self._host,
            port=self._port,
            timeout=CONNECT_SECONDS,
            local_hostname=self._hostname,
            use_tls=self.channel.tls == "implicit",
            start_tls=False,
            tls_context=context,
        )
        self._open = server
        await server.connect()
        if self.channel.tls == "starttls":
            await server.ehlo()
            if not server.supports_extension("starttls"):
                raise DeliveryError(
                    self.channel.name, f"{self._at} does not offer STARTTLS; smtp://...?tls=off allows that"
                )
            await server.starttls()
        if self._user:
            await server.login(self._user, self._password())
        server.timeout = COMMAND_SECONDS
        return server

    def _context(self) -> ssl.SSLContext:
        if self.channel.ca:
            return ssl.create_default_context(cafile=self.channel.ca)
        self._tls = self._tls or ssl.create_default_context()
        return self._tls

    def _password(self) -> str:
        if self.channel.password is None:
            raise DeliveryError(self.channel.name, f"{self._user} has no password")
        try:
            return self._resolve(self.channel.password).strip("\r\n")
        except (WatcherError, OSError) as error:
            raise DeliveryError(self.channel.name, f"its password cannot be read: {error}") from error

    @property
    def _at(self) -> str:
        return f"{self._host}:{self._port}"

    def _addresses(self) -> tuple[str, tuple[str, ...]]:
        try:
            return envelope(self.channel.sender), tuple(dict.fromkeys(envelope(to) for to in self.channel.to))
        except ValueError as error:
            raise DeliveryError(self.channel.name, str(error), permanent=True) from error

    def _explained(self, error: Exception) -> DeliveryError:
        """Map what aiosmtplib, ssl and the socket raise to one sentence and a verdict."""
        name, at = self.channel.name, self._at
        match error:
            case SMTPAuthenticationError():
                return DeliveryError(name, f"{at} refused the log-in of {self._user}: {_said(error)}")
            case SMTPRecipientsRefused():
                answers = {item.recipient: (item.code, item.message) for item in error.recipients}
                final = all(code >= 500 and code not in _ABOUT_LOGIN for code, _ in answers.values())
                return DeliveryError(name, f"{at} refused {_named(answers)}", permanent=final)
            case SMTPConnectError() if not isinstance(error, SMTPTimeoutError | SMTPResponseException):
                return DeliveryError(name, f"{at} could not be reached: {_cause(error)}")
            case SMTPResponseException():
                final = error.code >= 500 and error.code not in _ABOUT_LOGIN and not isinstance(error, SMTPConnectError)
                final = final and not isinstance(error, aiosmtplib.SMTPHeloError)
                return DeliveryError(name, f"{at} answered {_said(error)}", permanent=final)
            case SMTPTimeoutError() | TimeoutError():
                return DeliveryError(name, f"{at} did not answer in time")
            case SMTPServerDisconnected():
                return DeliveryError(name, f"{at} closed the connection: {_cause(error)}")
            case SMTPNotSupported():
                return DeliveryError(name, f"{at} cannot take addresses beyond ASCII (SMTPUTF8)", permanent=True)
            case ssl.SSLError():
                return DeliveryError(name, f"no secure connection to {at}: {_cause(error)}")
            case SMTPException() | OSError():
                return DeliveryError(name, f"{at}: {_cause(error)}")
            case ValueError() | MessageError():
                return DeliveryError(name, f"the mail cannot be written: {_cause(error)}", permanent=True)
        return DeliveryError(name, f"{at}: {type(error).__name__}: {_cause(error)}")

    def _wake(self) -> None:
        if self._idle is not None:
            self._idle.cancel()
            self._idle = None

    async def _close_when_idle(self, server: aiosmtplib.SMTP) -> None:
        try:
            await asyncio.sleep(IDLE_SECONDS)
        except asyncio.CancelledError:
            if self._idle is asyncio.current_task():  # the loop ends; a new alert would have taken the task away first
                self._close()
            raise
        self._open, self._idle = None, None
        with contextlib.suppress(SMTPException, OSError):  # good manners; the connection goes anyway
            await server.quit(timeout=CONNECT_SECONDS)
        server.close()

    def _close(self) -> None:
        if self._open is not None:
            if isinstance(self._open.transport, asyncio.WriteTransport):
                self._open.transport.abort()  # at once: a TLS farewell would wait for a server that may hang
            self._open.close()
            self._open = None


def compose(delivery: Delivery, channel: Channel, message: Message, now: datetime) -> EmailMessage:
    """Write the mail: headers without line breaks, text first, then HTML; `now` is the date of sending."""
    alert, domain = delivery.alert, _domain(channel.sender)
    mail = EmailMessage(policy=SMTP_POLICY)
    mail["Subject"] = message.subject
    mail["From"] = _mailbox(channel.sender)
    mail["To"] = ", ".join(map(_mailbox, channel.to))
    mail["Date"] = format_datetime(now)
    mail["Message-ID"] = f"<{alert.id}@{domain}>"
    if delivery.references and delivery.references != alert.id:
        mail["In-Reply-To"] = mail["References"] = f"<{delivery.references}@{domain}>"
    source = dict(message.headers).get("X-Watcher-Source", "")
    mail["List-Id"] = f"<{source}.watcher.{domain}>" if source else f"<watcher.{domain}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-Auto-Response-Suppress"] = "All"
    if alert.severity == "critical":
        mail["Importance"] = "high"
    for name, value in message.headers:
        mail[name] = value
    mail.set_content(message.text, cte=_encoding(message.text))
    mail.add_alternative(message.html, subtype="html", cte=_encoding(message.html))
    return mail


def envelope(address: str) -> str:
    """Return the bare address of `Name <user@host>`, its host in ASCII (IDNA); raises ValueError in words."""
    _, bare = parseaddr(address)
    user, at, host = bare.rpartition("@")
    if not at or not user or not host or any(c.isspace() or not c.isprintable() for c in bare):
        raise ValueError(f"{one_line(address, 100)!r} is no e-mail address")
    try:
        return f"{user}@{host if host.isascii() else host.encode('idna').decode()}"
    except UnicodeError as error:
        raise ValueError(f"{one_line(address, 100)!r} has no valid host") from error


def _mailbox(address: str) -> str:
    name, bare = parseaddr(address)[0], envelope(address)
    return formataddr((one_line(name, 100), bare)) if bare.isascii() else f"<{bare}>"


def _domain(sender: str) -> str:
    return envelope(sender).rpartition("@")[2]


def _encoding(text: str) -> str:
    """Quoted-printable keeps mostly-ASCII text readable; for other scripts base64 is a third of its size."""
    return "quoted-printable" if sum(not c.isascii() for c in text) * 6 < len(text) else "base64"


def _named(answers: dict[str, tuple[int, str]]) -> str:
    return "; ".join(f"{to} ({code} {one_line(said, 150)})" for to, (code, said) in list(answers.items())[:5])


def _said(error: SMTPResponseException) -> str:
    return f"{error.code} {one_line(error.message, 200)}"


def _cause(error: BaseException) -> str:
    return one_line(str(error) or type(error).__name__, 200)
