"""E-mail against a real mail server: headers, hostile titles, encryption, log-in, refusals, servers that hang."""

import asyncio
import socket
import ssl
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import pytest
import trustme

from helpers_channels import HOSTILE, build, delivery, email, refused, run
from inbox import HOST, SECRET, Inbox
from watcher.channels import email as email_channel
from watcher.channels.email import envelope
from watcher.model import Channel, Secret


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def server_tls(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(HOST).configure_cert(context)
    return context


@pytest.fixture(scope="module")
def client_tls(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


@pytest.fixture
def inbox() -> Iterator[Inbox]:
    with Inbox() as server:
        yield server


def test_a_mail_carries_text_html_and_every_header_of_the_contract(inbox: Inbox) -> None:
    """A mail has a text and an HTML part, and headers by which programs sort and thread it."""
    sent = delivery(references="alr_first")
    run(email(inbox).send(sent))
    (mail,) = inbox.wait(1)
    message = mail.message
    assert message.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]
    assert mail.subject == "Update 5 · Xiaomi leaves the list — XDA: Xiaomi"
    assert message["Message-ID"] == f"<{sent.alert.id}@example.org>"
    assert message["References"] == message["In-Reply-To"] == "<alr_first@example.org>"
    assert message["X-Watcher-Event"] == "update.new"
    assert message["X-Watcher-Severity"] == "critical"
    assert message["X-Watcher-Source"] == "xda-xiaomi"
    assert message["X-Watcher-Alert"] == sent.alert.id == mail.alert
    assert message["X-Watcher-Label-Matter"] == "1234-07"
    assert message["List-Id"] == "<xda-xiaomi.watcher.example.org>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["From"] == "Watcher <watcher@example.org>"
    assert (mail.sender, mail.recipients) == ("watcher@example.org", ("desk@example.org",))
    assert abs(parsedate_to_datetime(message["Date"]) - datetime.now(UTC)) < timedelta(minutes=1)
    assert "Xiaomi leaves the list" in mail.text
    assert "<h1" in mail.html


def test_a_repetition_has_the_same_message_id_and_a_late_one_says_so(inbox: Inbox) -> None:
    """The Message-ID is the alert's at every try; what comes late is marked in its subject."""
    sender = email(inbox)

    async def twice() -> None:
        await sender.send(delivery())
        await sender.send(delivery(), late=True)

    asyncio.run(twice())
    first, second = inbox.wait(2)
    assert first.message["Message-ID"] == second.message["Message-ID"]
    assert second.subject.startswith("Late: Update 5")


def test_a_batch_goes_over_one_connection_even_when_the_server_hung_up_between(inbox: Inbox) -> None:
    """Alerts of a batch share a connection; one that died meanwhile is replaced without an error."""
    sender = email(inbox)

    async def batch() -> None:
        for poll in ("p1", "p2", "p3"):
            await sender.send(delivery(poll=poll))
        assert inbox.connections == 1
        inbox.hang_up()
        await sender.send(delivery(poll="p4"))

    asyncio.run(batch())
    assert len(inbox.wait(4)) == 4
    assert inbox.connections == 2


def test_a_hostile_title_adds_no_header_and_breaks_no_mail(inbox: Inbox) -> None:
    """Line breaks, NUL, direction overrides and ten kilobytes of title end in one bounded subject and escaped HTML."""
    run(email(inbox).send(delivery(HOSTILE)))
    (mail,) = inbox.wait(1)
    assert mail.message["Bcc"] is None
    assert len(mail.subject) <= 210
    assert "\u202e" not in mail.subject + mail.text + mail.html
    assert "\x00" not in mail.subject + mail.text + mail.html
    assert "🧨👩‍💻" in mail.subject
    assert "<script>" not in mail.html
    assert "&lt;script&gt;" in mail.html
    assert max(map(len, mail.raw.split(b"\r\n"))) <= 998
    assert mail.recipients == ("desk@example.org",)


@pytest.mark.parametrize("implicit", [False, True], ids=["starttls", "smtps"])
def test_mail_goes_encrypted_and_logged_in(
    implicit: bool, server_tls: ssl.SSLContext, client_tls: ssl.SSLContext
) -> None:
    """STARTTLS and TLS from the start both work, with a password that is read when it is needed."""
    with Inbox(tls=server_tls, implicit=implicit, users={"user@corp": "open sesame"}) as inbox:
        smtp = inbox.url.replace("//", "//user%40corp@")
        run(email(inbox, client_tls, smtp=smtp, password=Secret("env:smtp")).send(delivery()))
        (mail,) = inbox.wait(1)
    assert mail.encrypted
    assert mail.user == "user@corp"


def test_a_configured_certificate_authority_is_trusted(
    authority: trustme.CA, server_tls: ssl.SSLContext, tmp_path: Any
) -> None:
    """A channel may name the certificate authority of its mail server."""
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    with Inbox(tls=server_tls) as inbox:
        run(email(inbox, ca=str(tmp_path / "ca.pem")).send(delivery()))
        assert inbox.wait(1)[0].encrypted


@pytest.mark.parametrize("implicit", [False, True], ids=["starttls", "smtps"])
def test_an_unknown_certificate_is_refused_and_tried_again(implicit: bool, server_tls: ssl.SSLContext) -> None:
    """Nothing is sent to a mail server whose certificate is not trusted."""
    with Inbox(tls=server_tls, implicit=implicit) as inbox:
        error = refused(lambda: run(email(inbox).send(delivery())))
        assert not inbox.mails
    assert "certificate" in error.message.lower()
    assert not error.permanent


def test_starttls_is_required_unless_the_channel_says_off(inbox: Inbox) -> None:
    """A server that stopped offering STARTTLS gets nothing in the clear."""
    error = refused(lambda: run(email(inbox, tls="starttls").send(delivery())))
    assert "does not offer STARTTLS" in error.message
    assert not error.permanent
    assert not inbox.mails


@pytest.mark.parametrize(
    ("password", "words"),
    [
        (Secret("wrong", plain=True), "cannot be read"),
        (Secret("env:hook"), "refused the log-in of user"),
        (None, "user has no password"),
    ],
)
def test_a_bad_log_in_is_told_without_the_password_and_tried_again(password: Secret | None, words: str) -> None:
    """A refused log-in is the channel's fault, not the alert's: it waits, and no secret is printed."""
    with Inbox(users={"user": "open sesame"}) as inbox:
        smtp = inbox.url.replace("//", "//user@")
        error = refused(lambda: run(email(inbox, smtp=smtp, password=password).send(delivery())))
    assert words in error.message
    assert SECRET not in error.message
    assert not error.permanent


@pytest.mark.parametrize(
    ("answer", "permanent"),
    [
        ("451 4.3.0 try later", False),
        ("421 4.7.0 closing", False),
        ("452 4.3.1 full", False),
        ("552 5.3.4 too big", True),
        ("554 5.7.1 spam", True),
    ],
)
def test_the_server_s_code_decides_whether_to_try_again(inbox: Inbox, answer: str, permanent: bool) -> None:
    """4xx is tried again, 5xx goes to the dead letters; the error quotes the server."""
    inbox.answers.append(answer)
    error = refused(lambda: run(email(inbox).send(delivery())))
    assert error.permanent is permanent
    assert answer in error.message
    run(email(inbox).send(delivery()))
    assert len(inbox.wait(1)) == 1


def test_a_greeting_of_refusal_is_tried_again(inbox: Inbox) -> None:
    """A server that greets with 554 refuses us today, not this alert for ever."""
    inbox.greeting = "554 5.7.1 no service here"
    error = refused(lambda: run(email(inbox).send(delivery())))
    assert "554" in error.message
    assert not error.permanent


def test_a_server_that_asks_for_a_log_in_is_tried_again() -> None:
    """530 to MAIL FROM says nothing of the alert."""
    with Inbox(users={"user": "x"}) as inbox:
        error = refused(lambda: run(email(inbox).send(delivery())))
    assert "530" in error.message
    assert not error.permanent


def test_recipients_that_refuse_are_named_when_all_do(inbox: Inbox) -> None:
    """When nobody takes the mail, every refusal is quoted; it is final only if all are."""
    inbox.refuse = {"a@example.org": "550 5.1.1 no such user", "b@example.org": "450 4.2.1 greylisted"}
    to = ("a@example.org", "b@example.org")
    error = refused(lambda: run(email(inbox, to=to).send(delivery())))
    assert "a@example.org (550 5.1.1 no such user)" in error.message
    assert "b@example.org (450 4.2.1 greylisted)" in error.message
    assert not error.permanent
    inbox.refuse["b@example.org"] = "550 5.1.1 nor this one"
    assert refused(lambda: run(email(inbox, to=to).send(delivery()))).permanent


def test_a_mail_that_some_take_is_sent(inbox: Inbox) -> None:
    """One dead address does not make an alert undelivered for the others."""
    inbox.refuse = {"gone@example.org": "550 5.1.1 gone"}
    run(email(inbox, to=("gone@example.org", "desk@example.org")).send(delivery()))
    assert inbox.wait(1)[0].recipients == ("desk@example.org",)


def test_a_deferred_recipient_is_served_later_without_repeating_the_others(inbox: Inbox) -> None:
    """Greylisting of one recipient brings the mail to that one again, not to all."""
    inbox.refuse = {"slow@example.org": "451 4.7.1 greylisted"}
    sender = email(inbox, to=("desk@example.org", "slow@example.org"))
    error = refused(lambda: run(sender.send(delivery())))
    assert "slow@example.org (451 4.7.1 greylisted)" in error.message
    assert not error.permanent
    inbox.refuse = {}
    run(sender.send(delivery()))
    assert [mail.recipients for mail in inbox.wait(2)] == [("desk@example.org",), ("slow@example.org",)]


@pytest.mark.parametrize("step", ["connect", "mail", "data"])
def test_a_server_that_hangs_is_left(inbox: Inbox, step: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A mail server that stops answering at any step costs a bounded time and is tried again."""
    for bound, seconds in (("CONNECT_SECONDS", 0.2), ("COMMAND_SECONDS", 0.2), ("WHOLE_SECONDS", 0.5)):
        monkeypatch.setattr(email_channel, bound, seconds)
    inbox.hang = step
    start = time.monotonic()
    error = refused(lambda: run(email(inbox).send(delivery())))
    assert time.monotonic() - start < 3
    assert "did not answer in time" in error.message
    assert not error.permanent


def test_a_server_that_keeps_us_busy_is_left_after_the_whole_time(
    inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However each step behaves, one mail never takes longer than its whole time."""
    monkeypatch.setattr(email_channel, "WHOLE_SECONDS", 0.2)
    inbox.hang = "data"
    error = refused(lambda: run(email(inbox).send(delivery())))
    assert "did not answer in time" in error.message
    assert not error.permanent


@pytest.mark.parametrize("step", ["connect", "mail", "data"])
def test_a_server_that_hangs_up_is_tried_again(inbox: Inbox, step: str) -> None:
    """A connection that ends at any step is an error in words, never a mail marked as sent."""
    inbox.drop = step
    error = refused(lambda: run(email(inbox).send(delivery())))
    assert not error.permanent
    assert not inbox.mails
    inbox.drop = ""
    run(email(inbox).send(delivery()))
    assert len(inbox.wait(1)) == 1


def test_a_server_that_is_away_is_named() -> None:
    """A refused connection names host and port."""
    with socket.socket() as free:
        free.bind((HOST, 0))
        port = free.getsockname()[1]
    channel = Channel(
        "desk", "email", "poll", to=("a@example.org",), sender="w@example.org", smtp=f"smtp://{HOST}:{port}", tls="off"
    )
    error = refused(lambda: run(build(channel).send(delivery())))
    assert f"{HOST}:{port} could not be reached" in error.message
    assert not error.permanent


def test_addresses_beyond_ascii_go_out_or_are_refused_in_words() -> None:
    """A host beyond ASCII travels as IDNA; a user beyond ASCII needs a server that can take it."""
    with Inbox() as able:
        run(email(able, to=("müller@example.org", "desk@bücher.example")).send(delivery()))
        assert able.wait(1)[0].recipients == ("müller@example.org", "desk@xn--bcher-kva.example")
    with Inbox(smtputf8=False) as plain:
        error = refused(lambda: run(email(plain, to=("müller@example.org",)).send(delivery())))
        assert "SMTPUTF8" in error.message
        assert error.permanent
        run(email(plain, to=("desk@bücher.example",), sender="Wächter <w@bücher.example>").send(delivery()))
        (mail,) = plain.wait(1)
    assert mail.message["From"] == "Wächter <w@xn--bcher-kva.example>"
    assert mail.message["Message-ID"].endswith("@xn--bcher-kva.example>")


@pytest.mark.parametrize("address", ["", "nobody", "@example.org", "a@", "a b@example.org\r\nRCPT TO:<x@y>"])
def test_what_is_no_address_is_refused(address: str) -> None:
    """An address that could smuggle a command is refused before anything is sent."""
    with pytest.raises(ValueError, match="no e-mail address"):
        envelope(address)
