"""Log lines: for people on a terminal, for journald, and as JSON for machines.

One event is one line: a name out of the table in docs/operations.md, then fields. `configure` is called once, by the
command that starts the program; everywhere else `structlog.get_logger()` is enough, and what libraries say by way of
the standard library's logging comes out in the same form. Every text is bounded, control characters are shown and not
sent, and secrets are masked: by the name of their field, and wherever an address or a header carries them.
"""

import json
import logging
import os
import re
import sys
from collections.abc import Mapping, MutableMapping
from datetime import UTC, datetime
from typing import Any, TextIO

import structlog
from structlog.typing import Processor

from watcher.core.mask import MASK, mask_url
from watcher.errors import UsageError

FORMATS = ("text", "json")

TEXT_CHARS = 2_000  # of one value
TRACEBACK_CHARS = 20_000
DEPTH = 4  # of lists and tables inside a field
ITEMS = 30  # of one list or table

# Python's levels and syslog's, the gravest first.
PRIORITIES = (
    (logging.CRITICAL, "<2>"),
    (logging.ERROR, "<3>"),
    (logging.WARNING, "<4>"),
    (logging.INFO, "<6>"),
    (logging.NOTSET, "<7>"),
)

# These report every request or job run at INFO, addresses with their tokens included.
CHATTY = ("httpx", "httpcore", "aiohttp", "apscheduler", "alembic", "trafilatura", "htmldate", "charset_normalizer")

_SECRET_FIELD = re.compile(r"passw|secret|token|authoriz|cookie|api_?key|private_?key", re.IGNORECASE)
_ADDRESS = re.compile(r"\b[A-Za-z][A-Za-z0-9+.-]{0,30}://[^\s\"'<>]+")
_CREDENTIAL = re.compile(r"\b((?:bearer|basic) +|whsec_)[\w.~+/=-]{6,}", re.IGNORECASE)
# C0, C1, line separators, bidirectional overrides, lone surrogates: what a terminal or a log reader acts upon.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def configure(
    format: str = "text",  # noqa: A002 - the option's name is --log-format
    verbose: bool = False,
    *,
    quiet: bool = False,
    stream: TextIO | None = None,
) -> None:
    """Send the program's log to `stream` (standard error by default) in the form it wants.

    `text` is coloured on a terminal unless NO_COLOR is set, and has a time stamp; where the stream leads to journald
    it has none, but a priority before each line. `json` is one object a line, everywhere. `verbose` shows debug
    events, and what libraries have to say at INFO; `quiet` only errors. Calling it again replaces what was set
    before. Raises UsageError for another format.
    """
    if format not in FORMATS:
        raise UsageError(f"--log-format {format}: unknown; it is one of {', '.join(FORMATS)}")
    stream = sys.stderr if stream is None else stream
    handler = logging.StreamHandler(stream)
    handler.setFormatter(_formatter(format, stream))
    root = logging.getLogger()
    for old in root.handlers[:]:
        root.removeHandler(old)
    root.addHandler(handler)
    level = logging.ERROR if quiet else logging.DEBUG if verbose else logging.INFO
    root.setLevel(max(level, logging.INFO if verbose else logging.WARNING))
    for name in CHATTY:
        logging.getLogger(name).setLevel(max(level, logging.WARNING))
    logging.getLogger("watcher").setLevel(level)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=lambda *_: logging.getLogger("watcher"),
        cache_logger_on_first_use=False,
    )


def _formatter(form: str, stream: TextIO) -> logging.Formatter:
    """Build the steps from an event to the text that `stream` wants."""
    journal = leads_to_journal(stream, os.environ)
    render: Processor = _json
    if form != "json":
        render = structlog.dev.ConsoleRenderer(
            0 if journal else 24,
            colors=stream.isatty() and not os.environ.get("NO_COLOR"),
            timestamp_key="time",
            sort_keys=False,
            exception_formatter=structlog.dev.plain_traceback,  # no local variables: they may hold secrets
        )
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[structlog.stdlib.add_log_level],
        processors=[
            *([] if journal and form != "json" else [_stamp]),  # journald keeps a time of its own for each line
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            clean,
            *([] if form == "json" else [_margin]),
            render,
        ],
    )
    return _Prioritised(formatter) if journal else formatter


def leads_to_journal(stream: TextIO, environ: Mapping[str, str]) -> bool:
    """Say whether `stream` is the one that JOURNAL_STREAM names, as `device:inode` (systemd.exec(5)).

    The variable alone proves nothing: it is inherited by programs whose output was sent elsewhere.
    """
    try:
        device, _, inode = environ.get("JOURNAL_STREAM", "").partition(":")
        found = os.fstat(stream.fileno())
        return (found.st_dev, found.st_ino) == (int(device), int(inode))
    except (OSError, ValueError):  # no such variable, or a stream without a file
        return False


def mask(text: str) -> str:
    """Replace what must not be shown in `text`: userinfo and tokens in addresses, credentials of headers."""
    text = _ADDRESS.sub(lambda address: mask_url(address[0]), text)
    return _CREDENTIAL.sub(rf"\1{MASK}", text)


def clean(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Make every field fit to be shown: masked, bounded, without control characters; times in RFC 3339 UTC."""
    for name, value in event.items():
        if name in ("exception", "stack"):  # of a traceback the end says most; its lines stay lines
            lines = mask(str(value))[-TRACEBACK_CHARS:].splitlines()
            event[name] = "\n".join(map(_printable, lines))
        else:
            event[name] = _cleaned(name, value, DEPTH)
    return event


def _cleaned(name: str, value: Any, depth: int) -> Any:
    if value is None or isinstance(value, bool | int | float):
        return value
    if _SECRET_FIELD.search(name):
        return MASK
    if isinstance(value, datetime):
        return rfc3339(value)
    if not depth and isinstance(value, Mapping | list | tuple | set | frozenset):
        return "…"
    if isinstance(value, Mapping):
        return {_text(key): _cleaned(str(key), each, depth - 1) for key, each in list(value.items())[:ITEMS]}
    if isinstance(value, list | tuple | set | frozenset):
        return [_cleaned(name, each, depth - 1) for each in list(value)[:ITEMS]]
    return _text(value)


def _text(value: object) -> str:
    text = mask(str(value)[: 10 * TEXT_CHARS])
    return _printable(text if len(text) <= TEXT_CHARS else text[: TEXT_CHARS - 1] + "…")


def _printable(text: str) -> str:
    return _CONTROL.sub(lambda match: match[0].encode("unicode_escape").decode("ascii"), text)


def rfc3339(at: datetime) -> str:
    """Write a time in UTC with milliseconds and `Z`."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _stamp(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Say when it happened, not when it was rendered."""
    event["time"] = datetime.fromtimestamp(event["_record"].created, UTC)
    return event


def _margin(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Set a traceback in, so that no line of it can pass for an event."""
    for name in ("exception", "stack"):
        if name in event:
            event[name] = "  | " + event[name].replace("\n", "\n  | ")
    return event


def _json(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> str:
    first = {name: event.pop(name) for name in ("time", "level", "event") if name in event}
    return json.dumps(first | dict(event), ensure_ascii=False)


class _Prioritised(logging.Formatter):
    """Puts syslog's priority before every line, as sd-daemon(3) has journald read it."""

    def __init__(self, form: logging.Formatter) -> None:
        super().__init__()
        self.form = form

    def format(self, record: logging.LogRecord) -> str:
        prefix = next(prefix for level, prefix in PRIORITIES if record.levelno >= level)
        return "\n".join(prefix + line for line in self.form.format(record).splitlines())
