"""Webhooks: the payload as JSON, signed as Standard Webhooks says (https://www.standardwebhooks.com, v1, HMAC-SHA256).

Any 2xx is success. A redirect is failure and is not followed. What the receiver says of the message itself (400, 413,
422 ...) is final; what it says of the address, the credentials or its own state is tried again, after Retry-After where
given. 410 says that the receiver is gone. Errors name scheme and host only: a webhook's path is often its password.
"""

import asyncio
import base64
import binascii
import hashlib
import hmac
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import aiohttp
import httpx

from watcher.core.message import payload
from watcher.core.wording import one_line
from watcher.errors import DeliveryError, WatcherError
from watcher.model import Channel, Delivery, Secret

CONNECT_SECONDS = 15.0
WHOLE_SECONDS = 30.0
QUOTED = 200  # characters of the receiver's answer in an error
QUOTED_BYTES = 2_000

# Of the 4xx, those that judge the address, the credentials or the moment: these can be mended while we wait.
_MENDABLE = frozenset({401, 402, 403, 404, 405, 407, 408, 409, 410, 421, 423, 424, 425, 426, 429, 451})


class WebhookSender:
    """Posts alerts to one address."""

    def __init__(
        self,
        channel: Channel,
        *,
        http: httpx.AsyncClient,
        resolve: Callable[[Secret], str],
        clock: Callable[[], datetime],
    ) -> None:
        self.channel = channel
        self._http = http
        self._resolve = resolve
        self._clock = clock

    async def send(self, delivery: Delivery, *, late: bool = False) -> None:
        """Post one alert; raises DeliveryError."""
        url = self._secret(self.channel.url)
        body = payload(delivery.alert, late=late)
        headers = self._headers(delivery.alert.id, body)
        where = _where(url)
        try:
            async with asyncio.timeout(WHOLE_SECONDS):
                status, answer, asked = await self._post(url, body, headers)
        except TimeoutError as error:
            raise self._error(f"{where} did not answer in {WHOLE_SECONDS:.0f} s") from error
        except (httpx.HTTPError, httpx.InvalidURL, aiohttp.ClientError, OSError, ValueError) as error:
            raise self._error(f"{where} {_fault(error, url)}") from error
        if not 200 <= status < 300:
            raise self._refusal(where, status, answer, asked)

    async def _post(self, url: str, body: bytes, headers: dict[str, str]) -> tuple[int, bytes, str | None]:
        timeout = httpx.Timeout(WHOLE_SECONDS, connect=CONNECT_SECONDS)
        request = self._http.build_request("POST", url, content=body, headers=headers, timeout=timeout)
        response = await self._http.send(request, stream=True, follow_redirects=False)
        answer = b""
        try:
            if not response.is_success:
                async for chunk in response.aiter_raw():
                    answer += chunk[: QUOTED_BYTES - len(answer)]
                    if len(answer) >= QUOTED_BYTES:
                        break
        finally:
            await response.aclose()
        return response.status_code, answer, response.headers.get("retry-after")

    def _headers(self, alert: str, body: bytes) -> dict[str, str]:
        headers = {}
        for name, value in self.channel.headers:
            shown = self._secret(value).strip()
            if not name.isascii() or not all(c.isprintable() for c in name + shown):
                raise self._error(f"header {one_line(name, 60)} holds characters that no header may hold")
            headers[name.lower()] = shown
        seconds = str(int(self._clock().timestamp()))
        headers |= {"content-type": "application/json", "webhook-id": alert, "webhook-timestamp": seconds}
        if self.channel.secret:
            key = _key(self._secret(self.channel.secret), self.channel.name)
            headers["webhook-signature"] = signature(key, alert, seconds, body)
        return headers

    def _secret(self, value: str | Secret) -> str:
        try:
            return value if isinstance(value, str) else self._resolve(value).strip()
        except (WatcherError, OSError) as error:
            raise self._error(f"its secret cannot be read: {error}") from error

    def _error(self, message: str) -> DeliveryError:
        return DeliveryError(self.channel.name, message)

    def _refusal(self, where: str, status: int, answer: bytes, asked: str | None) -> DeliveryError:
        said = one_line(answer.decode("utf-8", "replace"), QUOTED)
        reason = "a redirect, which is not followed" if 300 <= status < 400 else (f'"{said}"' if said else "no words")
        return DeliveryError(
            self.channel.name,
            f"{where} answered {status}: {reason}",
            permanent=400 <= status < 500 and status not in _MENDABLE,
            retry_after=retry_after(asked, self._clock()),
            gone=status == httpx.codes.GONE,
        )


def signature(key: bytes, message_id: str, timestamp: str, body: bytes) -> str:
    """Sign the exact bytes of a body: `v1,` and the base64 HMAC-SHA256 of `id.timestamp.body`."""
    signed = b".".join((message_id.encode(), timestamp.encode(), body))
    return "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()


def retry_after(value: str | None, now: datetime) -> float | None:
    """Read Retry-After (RFC 9110, 10.2.3), seconds or a date, as seconds from `now`; None where it says nothing."""
    if value is None:
        return None
    if value.strip().isascii() and value.strip().isdigit():
        return float(value.strip()[:9])
    try:
        at = parsedate_to_datetime(value)
    except (ValueError, TypeError, OverflowError):
        return None
    aware = at if at.tzinfo else at.replace(tzinfo=UTC)
    return max(0.0, (aware - now).total_seconds())


def _key(secret: str, channel: str) -> bytes:
    try:
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not key:
        raise DeliveryError(channel, "its secret is not whsec_ followed by base64")
    return key


def _where(url: str) -> str:
    try:
        parts = urlsplit(url)
        host = f"[{parts.hostname}]" if parts.hostname and ":" in parts.hostname else parts.hostname
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return "the webhook's address"
    return f"{parts.scheme}://{host}{port}" if host else "the webhook's address"


def _fault(error: Exception, url: str) -> str:
    """Say what went wrong; the transport raises ConnectTimeout for a refused connection too, its cause knows better."""
    cause = error.__cause__
    if isinstance(error, httpx.TimeoutException) and not isinstance(cause, aiohttp.ClientConnectorError):
        return "did not answer in time"
    text = (str(error) or str(cause or "") or type(error).__name__).replace(" ssl:default", "")
    return f"could not be reached: {one_line(text.replace(url, _where(url)), QUOTED)}"
