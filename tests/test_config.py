"""The configuration: what is accepted, how every problem is told, what stays secret, what `validate` advises."""

import re
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from helpers_config import EMAIL, HOOK, SECRETIVE, SOURCE, Write, many, ok, switched_on, told, writer
from watcher.config import (
    find,
    load,
    resolve,
    schema,
    template,
)
from watcher.errors import ConfigError
from watcher.model import DOCUMENT_EVENTS, HEALTH_EVENTS, Secret, Source

ROOT = Path(__file__).parent.parent


@pytest.fixture
def write(tmp_path: Path) -> Write:
    return writer(tmp_path)


# --- what is accepted -----------------------------------------------------------------------------------------------


def test_the_documented_example_loads() -> None:
    """The config.toml of the project loads as it is."""
    config = ok(ROOT / "config.toml")
    assert [source.name for source in config.sources] == [
        "sec-press",
        "example-article",
        "example-list",
        "example-office-hours",
    ]
    assert [source.name for source in config.sources if source.enabled] == ["sec-press"]


@pytest.mark.parametrize("text", [(ROOT / "config.toml").read_text(encoding="utf-8"), template()])
def test_every_setting_of_the_examples_is_accepted(text: str, write: Write) -> None:
    """With all its settings switched on, the documented example and what `init` writes load, too."""
    assert ok(write(text)).sources is not None
    config = ok(write(switched_on(text)))
    assert {channel.type for channel in config.channels} == {"email", "webhook"}
    assert config.routes


@pytest.mark.parametrize(
    "shape",
    [*schema.SINGLE.values(), *schema.CHANNELS.values(), schema.SOURCE, schema.HOST, schema.STORY, schema.ROUTE],
)
def test_every_key_is_documented_and_shown(shape: schema.Shape) -> None:
    """Each key stands in docs/configuration.md, and in the documented example."""
    docs = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
    example = switched_on((ROOT / "config.toml").read_text(encoding="utf-8"))
    for key in shape.keys:
        assert f"`{key}`" in docs, key
        assert re.search(rf"(?m)^{key} = ", example), key


def test_the_docs_name_what_is_not_available() -> None:
    """Whatever is refused as not available is named in the docs, and so is every event."""
    docs = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
    for key in frozenset().union(*schema.LATER.values()) | {*DOCUMENT_EVENTS, *HEALTH_EVENTS}:
        assert f"`{key}`" in docs, key


FULL = (
    'title = "A"\nkind = "article"\nwas = ["b"]\ncron = "0 8 * * 0"\nadaptive = true\nlocale = "en_us"\n'
    'select = "article > p"\nignore = [".x", "re:^y$"]\nkeep = [".z"]\nwindow = true\n'
    'announce_existing = "3d"\n'
    'headers = { Authorization = "Bearer 1", Accept = "text/html", X-Key = "env:K" }\n'
    'cookies = "file:c.txt"\n'
    'auth = { user = "u", password = "p" }\nuser_agent = "UA"\ncontact = ""\nproxy = "http://p:1"\n'
    'timeout = "1s"\ndeadline = "2s"\nmax_bytes = "1MB"\nonly = ["a", "re:b"]\nnever = ["c"]\nstories = ["s"]\n'
    'tags = ["t"]\nlabels = { m = "1" }\nseverity = "critical"\nnotify = ["desk"]\nenabled = false\n'
)


def test_a_full_source(write: Write) -> None:
    """Every key of a source arrives in its type."""
    config = ok(
        write(
            'include = []\n[watcher]\ntimezone = "Europe/Berlin"\n[defaults]\nalarm_after = "2h"\nevery = "1h"\n'
            + EMAIL
            + '[stories.s]\nmatch = ["x"]\n'
            + SOURCE
            + FULL
        )
    )
    source = config.source("a")
    assert source is not None
    assert source == Source(
        name="a",
        url="https://example.org/",
        title="A",
        kind="article",
        was=("b",),
        cron="0 8 * * sun",
        adaptive=True,
        timezone="Europe/Berlin",
        locale="en-US",
        select="article > p",
        ignore=(".x", "re:^y$"),
        keep=(".z",),
        window=True,
        announce_existing=timedelta(days=3),
        headers=(
            ("Authorization", Secret("Bearer 1", plain=True)),
            ("Accept", "text/html"),
            ("X-Key", Secret("env:K")),
        ),
        cookies=Secret(f"file:{config.path.parent}/c.txt"),
        auth=("u", Secret("p", plain=True)),
        user_agent="UA",
        contact="",
        proxy=Secret("http://p:1", plain=True),
        timeout=timedelta(seconds=1),
        deadline=timedelta(seconds=2),
        max_bytes=1_000_000,
        only=("a", "re:b"),
        never=("c",),
        alarm_after=timedelta(hours=2),
        stories=("s",),
        tags=("t",),
        labels=(("m", "1"),),
        severity="critical",
        notify=("desk",),
        enabled=False,
    )


def test_a_source_that_says_little_has_the_defaults_of_the_model(write: Write) -> None:
    """What is not written anywhere is what model.Source says."""
    assert ok(write(SOURCE)).sources == (Source(name="a", url="https://example.org/"),)


def test_channels_and_routes(write: Write) -> None:
    """Channels and routes arrive whole: the password apart from the address, ports by the way of encryption."""
    config = ok(
        write(
            SOURCE
            + EMAIL.replace("smtp://localhost", "smtps://me%40x:pa%3Ass@mail.example.org")
            + 'ca = "ca.pem"\npauses = ["1s", "1m"]\n'
            + HOOK
            + 'secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"\ngroup = "change"\ntimezone = "Asia/Tokyo"\n'
            + '[[routes]]\nnotify = "hook"\nevent = ["update.new"]\nseverity = "critical"\nsilent = true\ntext = "x"\n'
        )
    )
    desk, hook = config.channel("desk"), config.channel("hook")
    assert desk is not None
    assert hook is not None
    assert (desk.smtp, desk.tls, desk.group) == ("smtps://me%40x@mail.example.org:465", "implicit", "poll")
    assert desk.password == Secret("pa:ss", plain=True)
    assert desk.ca == str(config.path.parent / "ca.pem")
    assert desk.pauses == (timedelta(seconds=1), timedelta(minutes=1))
    assert (hook.group, hook.timezone, hook.url) == ("change", "Asia/Tokyo", "https://example.org/hook")
    route = config.routes[0]
    assert (route.notify, route.event, route.severity) == (("hook",), ("update.new",), ("critical",))
    assert (route.silent, route.text, route.source) == (True, ("x",), ())


@pytest.mark.parametrize(
    ("smtp", "url", "tls"),
    [
        ("smtp://h", "smtp://h:587", "starttls"),
        ("smtp://h?tls=off", "smtp://h:25", "off"),
        ("smtps://h", "smtps://h:465", "implicit"),
        ("smtp://u@h:2525", "smtp://u@h:2525", "starttls"),
        ("smtp://[::1]:25?tls=off", "smtp://[::1]:25", "off"),
    ],
)
def test_ways_to_a_mail_server(smtp: str, url: str, tls: str, write: Write) -> None:
    """Each way of encryption has its own port, unless one is written."""
    channel = ok(write(EMAIL.replace("smtp://localhost", smtp))).channels[0]
    assert (channel.smtp, channel.tls) == (url, tls)


def test_fetch_hosts_web_and_retention(write: Write) -> None:
    """Settings arrive in seconds and bytes; patterns of hosts in lower case; the base address without a last slash."""
    config = ok(
        write(
            '[watcher]\ncontact = "me@example.org"\n[fetch]\ndelay = "500ms"\nmax_bytes = "1MiB"\n'
            'allow_private = ["127.0.0.0/8", "::1"]\nca = "x.pem"\n[hosts."*.SEC.gov"]\ndelay = "2s"\nrobots = false\n'
            '[web]\nlisten = ""\nbase_url = "https://w.example.org/w/"\n[retention]\npolls = "1d"\n'
        )
    )
    assert (config.fetch.delay, config.fetch.max_bytes, config.fetch.contact) == (0.5, 1048576, "me@example.org")
    assert config.fetch.allow_private == ("127.0.0.0/8", "::1/128")
    assert config.fetch.ca == str(config.path.parent / "x.pem")
    assert (config.hosts[0].pattern, config.hosts[0].delay, config.hosts[0].robots) == ("*.sec.gov", 2.0, False)
    assert config.base_url == "https://w.example.org/w"
    assert (config.retention.polls, config.retention.snapshots) == (timedelta(days=1), timedelta(days=30))


def test_a_sources_pace_sets_the_defaults_other_pace_aside(write: Write) -> None:
    """A `cron` at a source replaces an `every` of the defaults, and the other way round."""
    config = ok(write('[defaults]\nevery = "1h"\n' + SOURCE + 'cron = "0 0 * * *"\n'))
    assert (config.sources[0].every, config.sources[0].cron) == (None, "0 0 * * *")
    config = ok(write('[defaults]\ncron = "0 0 * * *"\n' + SOURCE + 'every = "1h"\n'))
    assert (config.sources[0].every, config.sources[0].cron) == (timedelta(hours=1), None)


# --- where things are -----------------------------------------------------------------------------------------------


def test_where_the_file_is_looked_for(write: Write, tmp_path: Path) -> None:
    """`--config`, `$WATCHER_CONFIG`, `./config.toml` if it is ours, then the user's, then the system's."""
    here, home = tmp_path / "here", tmp_path / "home"
    here.mkdir()
    xdg = write("[watcher]\n", "home/.config/watcher/config.toml")
    environ = {"HOME": str(home), "WATCHER_CONFIG": "some.toml"}
    assert find(Path("x.toml"), environ, here) == here / "x.toml"
    assert find(None, environ, here) == here / "some.toml"
    del environ["WATCHER_CONFIG"]
    assert find(None, environ, here) == xdg
    other = write("[tool]\nx = 1\n", "here/config.toml")
    assert find(None, environ, here) == xdg
    write("[[sources]]\nbroken = \n", "here/config.toml")
    assert find(None, environ, here) == other
    other.unlink()
    assert find(None, {"HOME": str(tmp_path / "nobody")}, here) in (None, Path("/etc/watcher/config.toml"))
    environ["XDG_CONFIG_HOME"] = str(tmp_path / "xdg")
    mine = write("", "xdg/watcher/config.toml")
    assert find(None, environ, here) == mine


def test_where_the_database_is(write: Write, tmp_path: Path) -> None:
    """A relative path counts from the file that it stands in; without one, the state directory's."""
    assert load(write(""), environ={"STATE_DIRECTORY": "/a:/b"}).database == "sqlite:////a/watcher.db"
    assert load(write(""), environ={"XDG_STATE_HOME": "/x"}).database == "sqlite:////x/watcher/watcher.db"
    assert load(write(""), environ={"HOME": "/h"}).database == "sqlite:////h/.local/state/watcher/watcher.db"
    text = '[watcher]\ndatabase = "sqlite:///data/w.db"\n'
    assert ok(write(text)).database == f"sqlite:///{tmp_path}/data/w.db"
    write(text, "inner/main.toml")
    assert ok(write('include = ["inner/main.toml"]\n')).database == f"sqlite:///{tmp_path}/inner/data/w.db"
    assert ok(write('[watcher]\ndatabase = "sqlite:////abs/w.db"\n')).database == "sqlite:////abs/w.db"
    postgres = "postgresql+psycopg://u@h/w"
    assert ok(write(f'[watcher]\ndatabase = "{postgres}"\n')).database == postgres


# --- secrets --------------------------------------------------------------------------------------------------------


def test_secrets_are_read_from_where_they_are_kept(tmp_path: Path) -> None:
    """Environment, file and systemd credential; one line feed at the end of a file does not count."""
    (tmp_path / "s").write_text("two\n\n", encoding="utf-8")
    assert resolve(Secret("env:A"), {"A": "one"}) == "one"
    assert resolve(Secret(f"file:{tmp_path}/s"), {}) == "two\n"
    assert resolve(Secret("credential:s"), {"CREDENTIALS_DIRECTORY": str(tmp_path)}) == "two\n"
    assert resolve(Secret("env:A", plain=True), {}) == "env:A"


@pytest.mark.parametrize(
    ("reference", "told"),
    [
        ("env:NOPE", "secret: env:NOPE the environment variable NOPE is not set"),
        ("file:/nonexistent/x", "/nonexistent/x cannot be read: No such file or directory"),
        ("credential:x", "$CREDENTIALS_DIRECTORY is not set"),
    ],
)
def test_a_secret_that_is_not_there_is_told_in_words(reference: str, told: str) -> None:
    """What is missing is named, and how it would be there."""
    with pytest.raises(ConfigError) as caught:
        resolve(Secret(reference), {})
    assert told in str(caught.value)


def test_the_kept_text_holds_no_secret(write: Write) -> None:
    """The text that is kept masks what is secret and nothing else, and is still a configuration's text."""
    config = ok(write(SECRETIVE))
    assert "hunter" not in config.masked
    assert "aHVudGVy" not in config.masked
    assert "text/html" in config.masked
    assert 'cookies = "env:C"' in config.masked
    assert "hunter" not in repr([replace(source, url="") for source in config.sources])
    assert "hunter" not in repr([replace(channel, url="") for channel in config.channels])
    assert ok(write(SOURCE)).masked == SOURCE


def test_the_digest_names_what_is_in_force(write: Write) -> None:
    """Comments, order of keys and secrets do not count; every value does."""
    first = ok(write(SOURCE + 'tags = ["x"]\nauth = { user = "u", password = "p" }\n')).digest
    same = (
        '# words\n[[sources]]\nauth = { password = "q", user = "u" }\ntags = ["x"]\n'
        'url = "https://example.org/"\nname = "a"\n'
    )
    assert ok(write(same)).digest == first
    assert ok(write(same.replace('"x"', '"y"'))).digest != first
    assert ok(write("[fetch]\nper_host = 3\n" + same)).digest != first


# --- ten thousand ---------------------------------------------------------------------------------------------------


def test_ten_thousand_sources_load_quickly(write: Write) -> None:
    """A configuration of ten thousand sources is read, checked and named in under two and a half seconds."""
    path = write(many(10_000))
    start = time.process_time()
    config = ok(path)
    assert time.process_time() - start < 2.5
    assert len(config.sources) == 10_000
    assert not any("reaches" in line for line in told(config))
    source = config.source("source-9999")
    assert source is not None
    assert source.every == timedelta(minutes=10)
