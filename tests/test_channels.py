"""Webhooks against a real receiver that verifies with the public library of Standard Webhooks."""

import base64
import socket
from collections.abc import Iterator
from functools import partial

import pytest

from helpers_channels import NOW, SECRETS, delivery, hook_channel, post, refused
from inbox import HOST, Answer, Hook
from watcher.channels import webhook as webhook_channel
from watcher.channels.webhook import retry_after
from watcher.model import Channel, Secret


@pytest.fixture
def hook() -> Iterator[Hook]:
    with Hook() as server:
        yield server


def test_a_webhook_is_signed_as_the_public_library_verifies(hook: Hook) -> None:
    """The body arrives byte for byte with a Standard Webhooks signature and the alert's id."""
    sent = delivery("Ünïcode — 小米 \u202e")
    post(hook_channel(hook, headers=(("X-Team", "desk"), ("Authorization", Secret("env:smtp")))), sent)
    (call,) = hook.wait(1)
    assert call.problem is None
    assert call.headers["webhook-id"] == sent.alert.id
    assert call.headers["content-type"] == "application/json"
    assert call.headers["x-team"] == "desk"
    assert call.headers["authorization"] == "open sesame"
    assert call.payload["type"] == "alert.changes"
    assert call.payload["timestamp"] == "2021-05-12T10:20:03.412Z"
    assert call.payload["data"] == sent.alert.data


def test_a_wrong_secret_does_not_verify(hook: Hook) -> None:
    """The receiver's check is real: another secret fails it."""
    hook.secret = "whsec_" + base64.b64encode(b"another secret of 32 bytes, yes!").decode()
    post(hook_channel(hook), delivery())
    assert hook.wait(1)[0].problem is not None


def test_without_a_secret_nothing_is_signed(hook: Hook) -> None:
    """A channel without a secret still sends id and time."""
    post(hook_channel(hook, secret=None), delivery())
    (call,) = hook.wait(1)
    assert "webhook-signature" not in call.headers
    assert call.headers["webhook-id"].startswith("alr_")


def test_a_late_webhook_is_marked(hook: Hook) -> None:
    """What comes late says so in its data, under the same id."""
    post(hook_channel(hook), delivery(), late=True)
    (call,) = hook.wait(1)
    assert call.payload["data"]["late"] is True
    assert call.problem is None


@pytest.mark.parametrize(
    ("answer", "permanent", "gone", "words"),
    [
        (Answer(302, {"location": "http://127.0.0.1:1/"}), False, False, "answered 302: a redirect"),
        (Answer(400, body=b"bad\r\nbody\x00"), True, False, 'answered 400: "bad body"'),
        (Answer(404), False, False, "answered 404"),
        (Answer(410), False, True, "answered 410"),
        (Answer(413), True, False, "answered 413"),
        (Answer(422), True, False, "answered 422"),
        (Answer(429), False, False, "answered 429"),
        (Answer(500, body="wörk".encode("latin-1") * 100_000), False, False, "answered 500"),
        (Answer(503), False, False, "answered 503"),
    ],
)
def test_the_receiver_s_status_decides(hook: Hook, answer: Answer, permanent: bool, gone: bool, words: str) -> None:
    """Only what judges the message itself is final; redirects fail, 410 says gone, answers are quoted in short."""
    hook.answers.append(answer)
    error = refused(lambda: post(hook_channel(hook), delivery()))
    assert words in error.message
    assert (error.permanent, error.gone) == (permanent, gone)
    assert len(error.message) < 400
    assert len(hook.calls) == 1
    assert "/hooks/" not in error.message


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_any_2xx_is_success(hook: Hook, status: int) -> None:
    """Any 2xx means that the receiver has it."""
    hook.answers.append(Answer(status))
    post(hook_channel(hook), delivery())
    assert len(hook.accepted) == 1


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120.0),
        (" 0 ", 0.0),
        ("Wed, 12 May 2021 10:25:03 GMT", 300.0),
        ("Wed, 12 May 2021 10:00:00 GMT", 0.0),
        ("soon", None),
        ("-5", None),
        ("", None),
        ("9" * 400, 999_999_999.0),
        (None, None),
    ],
)
def test_retry_after_is_read_in_seconds_and_dates(value: str | None, seconds: float | None) -> None:
    """Retry-After is a number of seconds or a date; anything else says nothing."""
    assert retry_after(value, NOW.replace(microsecond=0)) == seconds


def test_retry_after_reaches_the_one_who_plans(hook: Hook) -> None:
    """A receiver that names a pause is heard."""
    hook.answers.append(Answer(503, {"retry-after": "77"}))
    assert refused(lambda: post(hook_channel(hook), delivery())).retry_after == 77.0


def test_a_receiver_that_hangs_is_left(hook: Hook, monkeypatch: pytest.MonkeyPatch) -> None:
    """A receiver that never answers costs a bounded time and is tried again."""
    monkeypatch.setattr(webhook_channel, "WHOLE_SECONDS", 0.2)
    hook.answers.append(Answer(200, hang=True))
    error = refused(lambda: post(hook_channel(hook), delivery()))
    assert "did not answer" in error.message
    assert not error.permanent


def test_a_receiver_that_is_away_is_named_without_its_path() -> None:
    """A webhook's path is often its password: errors name the host only."""
    with socket.socket() as free:
        free.bind((HOST, 0))
        port = free.getsockname()[1]
    channel = Channel("hook", "webhook", "change", url=f"http://{HOST}:{port}/s3cr3t?token=abc")
    error = refused(lambda: post(channel, delivery()))
    assert f"http://{HOST}:{port} could not be reached" in error.message
    assert "s3cr3t" not in error.message
    assert not error.permanent


@pytest.mark.parametrize("url", ["http://[::1", "ftp://example.org/x", "not an address", "http://exa mple.org/"])
def test_an_address_that_is_none_is_an_error_in_words(url: str) -> None:
    """A broken address is a delivery error, never a crash."""
    assert refused(lambda: post(Channel("hook", "webhook", "change", url=url), delivery())).message


def test_broken_secrets_are_named_and_never_shown(hook: Hook) -> None:
    """A secret that is missing or no base64, and a header with a line break, are told without their values."""
    for keys, words in (
        ({"secret": Secret("env:broken")}, "not whsec_ followed by base64"),
        ({"secret": Secret("env:missing")}, "missing is not set"),
        ({"headers": (("X-Team", "a\r\nX-Evil: b"),)}, "header X-Team holds characters"),
    ):
        channel = hook_channel(hook, **keys)
        error = refused(partial(post, channel, delivery()))
        assert words in error.message
        assert SECRETS["broken"] not in error.message
    assert not hook.calls
