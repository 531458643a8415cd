"""What `validate` advises, what each host would bear, and which sources share a fetch."""

from dataclasses import replace
from pathlib import Path

import pytest

from helpers_config import EMAIL, HOOK, SECRETIVE, SOURCE, Write, ok, told, writer
from watcher.config import fetch_identity, host_loads, plans, rules_of
from watcher.model import Secret, Source


@pytest.fixture
def write(tmp_path: Path) -> Write:
    return writer(tmp_path)


# --- what validate advises ------------------------------------------------------------------------------------------


def test_advice_on_who_hears_of_what(write: Write) -> None:
    """Sources that reach no channel, channels that nobody uses, tags and stories that lead nowhere."""
    text = (
        SOURCE
        + 'tags = ["t"]\n'
        + SOURCE.replace('"a"', '"b"')
        + SOURCE.replace('"a"', '"c"')
        + 'notify = ["desk"]\n'
        + EMAIL
        + HOOK
        + "[channels.idle]\ntype = 'webhook'\nurl = 'https://x'\n"
        + '[stories.s]\ntitle = "S"\n[[routes]]\nnotify = "hook"\ntag = ["t", "u"]\n'
    )
    assert told(ok(write(text))) == [
        '[[sources]] "b": reaches no channel: no `notify`, and no route that could fit',
        "[channels.idle]: is used by no source and no route",
        '[[routes]] 1: no source has the tag "u"',
        "[stories.s]: gathers nothing: it has no `match`, and no source names it",
    ]
    matched = text.replace('title = "S"', 'match = ["x"]') + '[[routes]]\nnotify = "hook"\nstory = "s"\n'
    assert not any("reaches no channel" in line for line in told(ok(write(matched))))
    assert told(ok(write(""))) == ["[[sources]]: there is none: nothing is watched"]
    assert told(ok(write(SOURCE))) == ["[channels]: there is none: changes are stored and shown, and nobody is told"]


def test_advice_on_secrets_and_certificates(write: Write) -> None:
    """Secrets that stand in the file, and certificates that are not there, are pointed out without being shown."""
    lines = told(ok(write('[fetch]\nca = "gone.pem"\n' + SECRETIVE)))
    assert "hunter2" not in "".join(lines)
    for place in ("[channels.desk]: password", "[channels.more]: password", "[channels.hook]: X-Api-Key", '"a": auth'):
        assert any(place in line and "in plain" in line for line in lines), place
    assert any(line.startswith("[fetch]: ca: there is no file ") for line in lines)


def test_the_load_of_each_host(write: Write) -> None:
    """Requests a minute against the budget: shared fetches once, hosts of one rule together, disabled ones never."""
    text = "".join(
        f'[[sources]]\nname = "s{n}"\nurl = "https://{host}/{path}"\nevery = "{every}"\n{more}\n'
        for n, (host, path, every, more) in enumerate(
            [
                ("a.org", "x", "30s", ""),
                ("a.org", "x#top", "1m", ""),
                ("a.org", "x", "1m", 'user_agent = "other"'),
                ("a.org", "y", "1s", "enabled = false"),
                ("b.sec.gov", "", "2s", ""),
                ("c.sec.gov", "", "2s", ""),
            ]
        )
    )
    text += '[[sources]]\nname = "cron"\nurl = "https://d.org/"\ncron = "*/5 8-9 * * *"\n'
    config = ok(write(text + '[hosts."*.sec.gov"]\ndelay = "2s"\n[fetch]\ndelay = "1s"\n'))
    loads = {
        load.host: (load.sources, round(load.per_minute, 3), load.budget_per_minute) for load in host_loads(config)
    }
    assert loads == {"*.sec.gov": (2, 60, 30), "a.org": (3, 3, 60), "d.org": (1, 0.2, 60)}
    over = [line for line in told(config) if "requests a minute" in line]
    assert over[0].startswith("host *.sec.gov: 2 sources want 60 requests a minute, 30 are allowed")
    assert len(over) == 1


# --- identity -------------------------------------------------------------------------------------------------------


def test_sources_with_one_address_and_identity_share_a_fetch() -> None:
    """The fragment and the writing of the host do not count; headers, cookies, log-in, User-Agent and proxy do."""
    one = Source(name="a", url="https://Example.org:443#x")
    assert fetch_identity(one) == fetch_identity(Source(name="b", url="https://example.org/", select="p"))
    assert fetch_identity(one).startswith("fet_")
    keys: list[dict[str, object]] = [
        {"url": "https://example.org/?a"},
        {"url": "https://u@example.org/"},
        {"headers": (("A", "1"),)},
        {"headers": (("A", Secret("env:X")),)},
        {"cookies": Secret("env:X")},
        {"auth": ("u", Secret("env:X"))},
        {"auth": ("v", Secret("env:X"))},
        {"user_agent": "x"},
        {"contact": ""},
        {"proxy": Secret("http://p")},
    ]
    others = {fetch_identity(replace(one, **key)) for key in keys}  # type: ignore[arg-type]  # any key of a source
    assert len(others | {fetch_identity(one)}) == len(keys) + 1


def test_plans_are_of_enabled_sources(write: Write) -> None:
    """A plan names the fetch, the host and the old names of each source that is polled."""
    config = ok(write(SOURCE + 'was = ["z"]\n' + SOURCE.replace('"a"', '"b"') + "enabled = false\n"))
    (plan,) = plans(config)
    assert (plan.source, plan.was, plan.host, plan.title) == ("a", ("z",), "example.org", "a")
    assert plan.fetch == fetch_identity(config.sources[0])


def test_reading_rules_are_named_by_what_they_say() -> None:
    """Whatever changes how a body is read changes the name of the rules; nothing else does."""
    one = Source(name="a", url="https://example.org/")
    assert rules_of(one) == rules_of(replace(one, name="b", url="https://example.com/", tags=("x",)))
    assert len({rules_of(one), rules_of(replace(one, select="p")), rules_of(replace(one, timezone="Asia/Tokyo"))}) == 3
