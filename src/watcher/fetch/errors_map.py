"""The one border where errors of httpx, aiohttp, TLS and the system become a FetchError in words.

`translate` looks at an exception and all that caused it, since the transport hides the true reason (a missing name, a
refusal and the guard all surface as the same httpx class). A test holds it to every exception class of both libraries.
"""

import errno
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass

import aiohttp
import httpx
from aiohttp.http_exceptions import HttpProcessingError

from watcher.core.mask import mask_url
from watcher.errors import FetchError, Refused, TooLarge
from watcher.fetch.guard import Blocked

EXPECTED: tuple[type[Exception], ...] = (
    httpx.HTTPError,
    httpx.InvalidURL,
    httpx.StreamError,
    httpx.CookieConflict,
    aiohttp.ClientError,
    HttpProcessingError,
    OSError,  # TimeoutError and ssl.SSLError among them
    ValueError,  # what the URL and header types of both libraries raise; UnicodeError among them
    RuntimeError,  # a session that was closed under us
)

_NO_ROUTE = {errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN, errno.EHOSTDOWN, errno.EADDRNOTAVAIL}
_CUT = {errno.ECONNRESET, errno.EPIPE, errno.ECONNABORTED, errno.ESHUTDOWN}
_LOCAL = {errno.EMFILE: "this process has too many open files", errno.ENFILE: "this machine has too many open files"}


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Walk from an exception to its causes, the innermost last; aiohttp hides some in attributes."""
    seen: set[int] = set()
    at: BaseException | None = error
    while at is not None and id(at) not in seen:
        seen.add(id(at))
        yield at
        inner = getattr(at, "os_error", None) or getattr(at, "certificate_error", None)
        at = at.__cause__ or (inner if isinstance(inner, BaseException) else None)


def _text(error: object) -> str:
    """An exception's own words on one line, bounded: they may hold a server's bytes."""
    text = " ".join("".join(c if c.isprintable() else " " for c in str(error)).split())
    return text if len(text) <= 200 else text[:199] + "…"


def _tls(url: str, host: str, error: ssl.SSLError) -> FetchError:
    if isinstance(error, ssl.SSLCertVerificationError):
        why = getattr(error, "verify_message", None) or getattr(error, "reason", None) or "it could not be verified"
        return FetchError(
            url,
            f"The certificate of {host} is not to be trusted: {_text(why)}. "
            f"If it is meant to be, name its authority as `ca` ({url}).",
            transient=False,
        )
    why = str(getattr(error, "reason", None) or _text(error)).replace("_", " ").lower()
    return FetchError(url, f"No TLS connection to {host} could be agreed on: {why} ({url}).")


def _os(url: str, host: str, error: OSError) -> FetchError | None:
    code = error.errno
    if isinstance(error, socket.gaierror):
        unknown = code in (socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME))
        why = "it is not known" if unknown else f"the name servers do not answer for it ({_text(error.strerror)})"
        return FetchError(url, f"The name {host} cannot be looked up: {why} ({url}).", offline=True)
    if code == errno.ECONNREFUSED:
        return FetchError(url, f"{host} refused the connection: nothing listens there ({url}).", offline=True)
    if code == errno.ETIMEDOUT:
        return FetchError(url, f"{host} did not answer the attempt to connect ({url}).", offline=True)
    if code in _NO_ROUTE:
        return FetchError(url, f"There is no way to {host}: {_text(error.strerror)} ({url}).", offline=True)
    if code in _CUT:
        return FetchError(url, f"{host} cut the connection off before its answer was complete ({url}).")
    if code in _LOCAL:
        return FetchError(url, f"{_LOCAL[code].capitalize()}; raise its limit or lower `concurrency` ({url}).")
    return None


def _malformed(url: str, host: str, message: str) -> FetchError:
    if "Got more than" in message or "Too many headers" in message or "too large" in message.lower():
        return TooLarge(url, f"The header of {host}'s answer is larger than Watcher accepts ({url}).")
    return FetchError(url, f"{host} answered with something that is not HTTP: {message} ({url}).")


def _http_proxy(url: str, error: aiohttp.ClientHttpProxyError) -> FetchError:
    hint = "; it wants a log-in" if error.status == 407 else ""
    return FetchError(url, f"The proxy answered {error.status} {_text(error.message)}{hint} ({url}).")


def _specific(url: str, host: str, silence: float, error: BaseException) -> FetchError | None:
    """Judge one exception of the chain by itself; None when it only carries another one."""
    if isinstance(error, FetchError):
        return error
    if isinstance(error, Blocked):
        hint = "" if error.final else "; if it is to be polled, name its network in `allow_private`"
        return Refused(url, f"Watcher does not ask there: {error.what}{hint} ({url}).")
    if isinstance(error, ssl.SSLError):
        return _tls(url, host, error)
    if isinstance(error, ssl.CertificateError):
        return FetchError(
            url, f"The certificate of {host} is not to be trusted: {_text(error)} ({url}).", transient=False
        )
    if isinstance(error, aiohttp.ServerFingerprintMismatch):
        return FetchError(url, f"{host} showed another certificate than the pinned one ({url}).", transient=False)
    if isinstance(error, aiohttp.ClientHttpProxyError):
        return _http_proxy(url, error)
    if isinstance(error, aiohttp.SocketTimeoutError | httpx.ReadTimeout):
        return FetchError(url, f"{host} was silent for {silence:g} seconds ({url}).")
    if isinstance(error, aiohttp.ConnectionTimeoutError):
        return _SLOW.error(url, host, silence, "")
    if isinstance(error, HttpProcessingError):
        return _malformed(url, host, _text(error.message))
    if isinstance(error, aiohttp.ClientResponseError):
        return _malformed(url, host, _text(error.message))
    if isinstance(error, aiohttp.ServerDisconnectedError):
        return FetchError(url, f"{host} closed the connection without a complete answer ({url}).")
    if isinstance(error, OSError):
        return _os(url, host, error)
    return None


@dataclass(frozen=True, slots=True)
class _Wording:
    """A sentence with places for the host, the other's own words, the bound in seconds and the address."""

    sentence: str
    transient: bool = True
    offline: bool = False

    def error(self, url: str, host: str, silence: float, text: str) -> FetchError:
        message = self.sentence.format(host=host, text=text, silence=f"{silence:g}", url=url)
        return FetchError(url, message, transient=self.transient, offline=self.offline)


_PROXY = _Wording("The proxy cannot be reached or does not serve: {text} ({url}).", offline=True)
_ADDRESS = _Wording("This is no address that can be asked: {text} ({url}).", transient=False)
_CUT_OFF = _Wording("The answer of {host} broke off before it was complete ({url}).")
_SLOW = _Wording("No connection to {host} came about within {silence} seconds ({url}).", offline=True)
_GARBLED = _Wording("{host} answered with something that is not HTTP: {text} ({url}).")
_LOST = _Wording("The connection to {host} failed: {text} ({url}).", offline=True)
_AROUND = _Wording("{host} redirects without end ({url}).", transient=False)
_OTHER = _Wording("The request to {host} failed: {text} ({url}).")

# The first that fits: subclasses stand before their bases.
_BY_CLASS: tuple[tuple[tuple[type[BaseException], ...], _Wording], ...] = (
    ((aiohttp.ClientProxyConnectionError, httpx.ProxyError), _PROXY),
    ((aiohttp.InvalidURL, aiohttp.NonHttpUrlClientError, httpx.InvalidURL, httpx.UnsupportedProtocol), _ADDRESS),
    ((httpx.TooManyRedirects, aiohttp.TooManyRedirects), _AROUND),
    ((aiohttp.ClientPayloadError, httpx.ReadError, httpx.CloseError), _CUT_OFF),
    ((aiohttp.ServerTimeoutError, httpx.TimeoutException, TimeoutError), _SLOW),
    ((httpx.DecodingError, httpx.RemoteProtocolError), _GARBLED),
    ((httpx.NetworkError, aiohttp.ClientConnectionError), _LOST),
    ((ValueError,), _ADDRESS),
    ((Exception,), _OTHER),
)


def translate(error: Exception, url: str, host: str, *, silence: float) -> FetchError:
    """Put an exception of the HTTP client into a sentence.

    In: what was raised, the address asked (masked here), the host it was asked from, the bound of silence in seconds.
    Out: a FetchError (Refused and TooLarge among them), with `offline` set where the network itself may be away.
    """
    shown = mask_url(url)
    shown = shown if len(shown) <= 300 else shown[:299] + "…"
    causes = list(_chain(error))
    if any(isinstance(at, aiohttp.ClientProxyConnectionError) for at in causes):
        return _PROXY.error(shown, host, silence, _text(causes[-1]))
    if any(isinstance(at, aiohttp.ClientPayloadError) for at in causes):  # within it stands where the parser was
        return _CUT_OFF.error(shown, host, silence, "")
    for at in reversed(causes):  # the innermost knows best
        found = _specific(shown, host, silence, at)
        if found is not None:
            return found
    # The true class hides below httpx's: a refused name surfaces as a timeout. The outermost of aiohttp's counts.
    told = next((at for at in causes if isinstance(at, aiohttp.ClientError)), error)
    wording = next(wording for classes, wording in _BY_CLASS if isinstance(told, classes))
    words = next((text for at in reversed(causes) if (text := _text(at))), type(told).__name__)
    return wording.error(shown, host, silence, words)
