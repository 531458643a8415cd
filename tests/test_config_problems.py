"""How problems of a configuration are told: all at once, each with its place and what would be allowed."""

from pathlib import Path

import pytest

from helpers_config import EMAIL, HOOK, SOURCE, Write, many, ok, problems, writer
from watcher.config import load
from watcher.errors import ConfigError
from watcher.model import DOCUMENT_EVENTS, HEALTH_EVENTS, Secret

EVENTS = ", ".join((*DOCUMENT_EVENTS, *HEALTH_EVENTS))


@pytest.fixture
def write(tmp_path: Path) -> Write:
    return writer(tmp_path)


# --- how problems are told ------------------------------------------------------------------------------------------


def test_the_form_of_a_problem(write: Write) -> None:
    """A problem names file, line, place, what was found, and the nearest known name."""
    assert problems(write('[watcher]\ncontact = "x"\ntimezon = "UTC"\n')) == [
        'config.toml:3: [watcher] timezon: unknown key, did you mean "timezone"?'
    ]


def test_all_problems_come_at_once(write: Write) -> None:
    """However many there are, in whatever tables: all are told, in the order of the file."""
    found = problems(
        write(
            '[watcher]\ntimezon = "UTC"\n[fetch]\ndelay = 1\n'
            + SOURCE
            + 'evry = "5m"\nnotify = ["dsk"]\n\n'
            + SOURCE
            + 'kind = "list"\nonly = "x"\n'
            + EMAIL
            + "grup = 1\n[[routes]]\nnotify = []\nevent = ['update.knew']\n"
        )
    )
    assert found == [
        'config.toml:2: [watcher] timezon: unknown key, did you mean "timezone"?',
        'config.toml:4: [fetch] delay: found 1, wanted a duration such as "30s" "15m" "6h" "7d"',
        'config.toml:8: [[sources]] "a" evry: unknown key, did you mean "every"?',
        'config.toml:12: [[sources]] "a" stands already in config.toml:5',
        'config.toml:14: [[sources]] "a" kind: found "list", allowed: feed, article, listing, dataset, file, '
        'did you mean "listing"?',
        'config.toml:15: [[sources]] "a" only: found "x", wanted a list: ["x"]',
        'config.toml:21: [channels.desk] grup: unknown key, did you mean "group"?',
        f'config.toml:24: [[routes]] 1 event[1]: found "update.knew", allowed: {EVENTS}, did you mean "update.new"?',
    ]


FAULTS = [
    ("a = \n", "1: is not TOML: "),
    ("[watcher]\n[watcher]\n", "2: is not TOML: "),
    ("source = 1\n", '1: source: unknown table, did you mean "sources"?'),
    ("sources = 1\n", "1: sources: wanted tables"),
    ("[sources.a]\nurl = 'https://x'\n", "sources: wanted tables"),
    ("[[stories]]\ntitle = 'x'\n", "stories: wanted tables"),
    ("[routes]\nnotify = 'x'\n", "routes: wanted tables"),
    ("watcher = 3\n", "1: [watcher] found 3, wanted a table"),
    ("sources = [1]\n", "1: [[sources]] 1 found 1, wanted a table"),
    ("include = 'x'\n", "1: include: wanted a list of files"),
    ("include = ['gone.toml']\n", '1: include: "gone.toml": no such file'),
    ('[[sources]]\nurl = "https://x"\n', "1: [[sources]] 1 name is missing"),
    ('[[sources]]\nname = "x"\n', '1: [[sources]] "x" url is missing'),
    (
        '[[sources]]\nname = "a b"\nurl = "https://x"\n',
        '2: [[sources]] "a b" name: "a b" is no name; allowed are letters',
    ),
    (SOURCE.replace("https://", "ftp://"), '3: [[sources]] "a" url: "ftp://example.org/" is no address'),
    (SOURCE.replace("https://example.org/", "example.org"), "url: "),
    (SOURCE.replace("https://example.org/", "https://example.org:x/"), "url: "),
    (SOURCE + 'every = "5 minutes"\n', '4: [[sources]] "a" every: "5 minutes" is no duration'),
    (SOURCE + 'every = "0s"\n', 'the least is "1s"'),
    (SOURCE + "every = 5\n", "every: found 5, wanted a duration"),
    (SOURCE + 'every = "5m"\ncron = "* * * * *"\n', '5: [[sources]] "a" cron: stands beside every'),
    (SOURCE + 'cron = "* * * *"\n', 'cron: "* * * *" has 4 fields'),
    (SOURCE + 'cron = "61 * * * *"\n', "minute '61': must be 0 to 59"),
    (SOURCE + 'cron = "0 0 31 2 *"\n', "names a day that never comes"),
    (SOURCE + 'timezone = "America/New_Yrok"\n', 'did you mean "America/New_York"?'),
    (SOURCE + 'timezone = "../../etc/passwd"\n', "is no time zone"),
    (SOURCE + 'locale = "english"\n', '"english" is no locale'),
    (SOURCE + 'only = ["ok", "re:("]\n', 'only[2]: "(" is no regular expression: '),
    (SOURCE + 'never = [""]\n', "never[1]: is empty"),
    (SOURCE + 'select = "p["\n', 'select: "p[" is no CSS selector: '),
    (SOURCE + 'ignore = [\n  "p",\n  "p >",\n]\n', '6: [[sources]] "a" ignore[2]: "p >" is no CSS selector'),
    (SOURCE + 'ignore = ["re:["]\n', "is no regular expression"),
    (SOURCE + 'max_bytes = "20"\n', '"20" is no size'),
    (SOURCE + 'kind = "artcle"\n', 'allowed: feed, article, listing, dataset, file, did you mean "article"?'),
    (SOURCE + 'enabled = "yes"\n', 'enabled: found "yes", wanted true or false'),
    (SOURCE + 'severity = "high"\n', 'found "high", allowed: info, notice, critical'),
    (SOURCE + 'headers = { "X Y" = "1" }\n', "is no header's name"),
    (SOURCE + 'headers = { X = "1\\r\\nY: 2" }\n', "headers: X: holds a line break"),
    (SOURCE + 'user_agent = "a\\nb"\n', "user_agent: holds a line break"),
    (SOURCE + 'auth = { user = "u" }\n', "auth: wanted a table"),
    (SOURCE + 'auth = { user = "u:v", password = "p" }\n', "user holds a colon"),
    (SOURCE + 'cookies = "env:A B"\n', "names no environment variable"),
    (SOURCE + 'labels = { "a b" = "1" }\n', '"a b" is no name'),
    (SOURCE + "labels = { a = 1 }\n", "wanted text"),
    (SOURCE + 'notify = ["desk"]\n', 'notify: no channel is called "desk"; there is no channel yet'),
    (SOURCE + 'notify = ["dsk"]\n' + EMAIL, 'no channel is called "dsk", did you mean "desk"?'),
    (SOURCE + 'notify = ["pager"]\n' + EMAIL, 'no channel is called "pager"; there is: desk'),
    ('[defaults]\nnotify = ["pager"]\n' + SOURCE, '2: [defaults] notify: no channel is called "pager"'),
    ('[defaults]\nurl = "https://x"\n', "2: [defaults] url: can stand only at a source"),
    ('[defaults]\nevery = "1m"\ncron = "* * * * *"\n', "3: [defaults] cron: stands beside every"),
    (SOURCE + 'stories = ["x"]\n', 'stories: no story is called "x"'),
    (SOURCE + 'was = ["a"]\n', 'was: "a" is still the name of a source'),
    (SOURCE + 'was = ["z"]\n' + SOURCE.replace('"a"', '"b"') + 'was = ["z"]\n', 'was: "a" was called "z", too'),
    (SOURCE + 'announce_existing = "all"\n', '"all" is no duration'),
    (SOURCE + "announce_existing = 3\n", "found 3, wanted true, false or a duration"),
    ('[watcher]\ndatabase = "postgres://x/y"\n', 'did you mean "postgresql+psycopg://…"?'),
    ('[watcher]\ndatabase = "watcher.db"\n', "is no database"),
    ("[fetch]\nconcurrency = 0\n", "found 0, allowed is at least 1"),
    ("[fetch]\nper_host = 1.5\n", "found 1.5, wanted a whole number"),
    ('[fetch]\nallow_private = ["10.0.0.1/8"]\n', 'did you mean "10.0.0.0/8"?'),
    ('[fetch]\nallow_private = ["local"]\n', '"local" is no network'),
    ('[fetch]\nproxy = "socks5://x"\n', "is no address; wanted http://"),
    ('[hosts."a b"]\ndelay = "1s"\n', '1: [hosts."a b"] "a b" is no host'),
    ('[hosts."x.org"]\n[hosts."X.org"]\n', '2: [hosts."X.org"] stands already in config.toml:1'),
    ('[web]\nlisten = "127.0.0.1:8787"\n', "2: [web] listen: not available in this version"),
    ("[retention]\npolls = true\n", "found true, wanted a duration"),
    ("[channels.x]\nto = ['a@b.c']\n", "[channels.x] type is missing; allowed: email, webhook"),
    (
        '[channels.x]\ntype = "apprise"\nurl = "env:X"\n',
        '2: [channels.x] type: "apprise" is not available in this version',
    ),
    ('[channels.x]\ntype = "mail"\n', 'type: found "mail", allowed: email, webhook, did you mean "email"?'),
    ("[channels.'x y']\ntype = 'webhook'\nurl = 'https://x'\n", '"x y" is no name'),
    (EMAIL.replace("desk@example.org", "desk"), 'to[1]: "desk" is no mail address'),
    (EMAIL.replace('["desk@example.org"]', "[]"), "to: is empty"),
    (EMAIL.replace('"w@example.org"', '"w@example.org\\r\\nBcc: x@example.org"'), "from: "),
    (EMAIL.replace("smtp://localhost", "mail.example.org"), "smtp: "),
    (EMAIL.replace("smtp://localhost", "smtp://h?tls=maybe"), "unknown option"),
    (EMAIL.replace("smtp://localhost", "smtp://u:p@h") + 'password = "env:P"\n', "password: stands in smtp, too"),
    (EMAIL + 'digest = "0 8 * * *"\n', "digest: not available in this version"),
    (EMAIL + 'auth = "oauth2"\nclient_id = "x"\n', '"oauth2" is not available in this version'),
    (EMAIL + "pauses = []\n", "pauses: is empty"),
    (EMAIL + "password = 3\n", 'password: wanted text: "env:NAME"'),
    (HOOK + 'body = "file:x.j2"\n', "body: not available in this version"),
    (HOOK + 'secret = "hunter2"\n', 'secret: is no signing secret; wanted "whsec_" and base64'),
    (HOOK + 'to = ["x"]\n', "to: unknown key"),
    (HOOK + 'group = "day"\n', 'found "day", allowed: poll, change'),
    ("[[routes]]\nstory = 'x'\n", "notify is missing"),
    ("[[routes]]\nnotify = 'x'\n", 'notify: no channel is called "x"'),
    (HOOK + "[[routes]]\nnotify = 'hook'\nsource = 'x'\n", '6: [[routes]] 1 source: no source is called "x"'),
    (SOURCE + 'render = "yes"\n', '4: [[sources]] "a" render:'),
    (SOURCE + 'wait = "p"\n', '4: [[sources]] "a" wait: only a page that is rendered is waited for'),
    (SOURCE + 'render = true\nwait = "p["\n', '5: [[sources]] "a" wait:'),
    (SOURCE + 'follow = "0s"\n', '4: [[sources]] "a" follow:'),
    (SOURCE + 'stale = "45d"\n', "stale: not available in this version"),
    (SOURCE + 'delimiter = "ab"\n', '4: [[sources]] "a" delimiter: "ab" separates no cells; wanted one character'),
    (SOURCE + "key = []\n", "key"),
    (
        '[[sources]]\nname = "q"\npreset = "sec"\ncik = "1"\n',
        '3: [[sources]] "q" preset: not available in this version',
    ),
]


@pytest.mark.parametrize(("text", "told"), FAULTS)
def test_each_fault_is_told(text: str, told: str, write: Write) -> None:
    """Each fault has its own words: where it is, what was found, what is allowed."""
    found = problems(write(text))
    assert any(told in problem for problem in found), found


def test_a_preset_is_one_problem(write: Write) -> None:
    """Of a table whose preset is not available, nothing else is said, and its name counts as known."""
    text = '[[sources]]\nname = "q"\npreset = "sec"\ncik = "1"\n' + HOOK + '[[routes]]\nnotify = "hook"\nsource = "q"\n'
    assert problems(write(text)) == ['config.toml:3: [[sources]] "q" preset: not available in this version']


def test_a_source_with_problems_still_counts_as_known(write: Write) -> None:
    """A problem in one table does not make the names in others unknown."""
    text = SOURCE + "evry = 1\n" + HOOK + '[[routes]]\nnotify = "hook"\nsource = "a"\n'
    assert problems(write(text)) == ['config.toml:4: [[sources]] "a" evry: unknown key, did you mean "every"?']


def test_no_problem_repeats_a_secret(write: Write) -> None:
    """Words about a secret never hold it."""
    text = (
        HOOK
        + 'secret = "hunter2"\n'
        + EMAIL.replace("smtp://localhost", "http://u:hunter2@h")
        + SOURCE.replace("https://example.org/", "ftp://u:hunter2@h/")
        + 'auth = { user = "u:", password = "hunter2" }\nproxy = "socks://u:hunter2@h"\ncookies = ["hunter2"]\n'
        + 'headers = { Authorization = "hunter2\\n" }\n[watcher]\ndatabase = "mysql://u:hunter2@h/x"\n'
    )
    found = problems(write(text))
    assert len(found) == 8
    assert "hunter2" not in "".join(found)


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    """A file that is missing, or no UTF-8, is told in words."""
    assert problems(tmp_path / "gone.toml") == ["gone.toml: cannot be read: No such file or directory"]
    (tmp_path / "latin.toml").write_bytes(b"[watcher]\ncontact = '\xe9'\n")
    assert problems(tmp_path / "latin.toml") == ["latin.toml:2: is not UTF-8 text"]


def test_the_file_is_named_from_the_working_directory(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file below the working directory is named as a person there would name it."""
    path = write("[watcher]\nx = 1\n", "etc/config.toml")
    monkeypatch.chdir(path.parent.parent)
    with pytest.raises(ConfigError, match=r"\Aetc/config\.toml:2: \[watcher\] x: unknown key\Z"):
        load(path)


# --- several files --------------------------------------------------------------------------------------------------


def test_included_files_add_their_tables(write: Write) -> None:
    """Files that match are read in order of name, and paths in them count from themselves."""
    write(SOURCE.replace('"a"', '"z"'), "sources/2.toml")
    write(SOURCE.replace('"a"', '"y"') + 'cookies = "file:c.txt"\n', "sources/1.toml")
    config = ok(write('include = ["sources/*.toml", "none/*.toml", "config.toml"]\n' + SOURCE))
    assert [source.name for source in config.sources] == ["a", "y", "z"]
    assert [file.name for file in config.files] == ["config.toml", "1.toml", "2.toml"]
    assert config.sources[1].cookies == Secret(f"file:{config.path.parent}/sources/c.txt")
    assert 'name = "z"' in config.masked


def test_problems_of_all_files_are_told(write: Write) -> None:
    """Names that stand in two files, tables that may stand in one only, and each file's own problems."""
    write('include = ["x"]\n', "sources/c.toml")
    path = write('include = ["sources/*.toml"]\n[watcher]\n' + SOURCE)
    assert problems(path) == ["sources/c.toml:1: include: only the main file may include others"]
    write(SOURCE + "[watcher]\n", "sources/c.toml")
    write("x = = 1\n", "sources/d.toml")
    assert problems(path)[0].startswith("sources/d.toml:1: is not TOML")
    write("", "sources/d.toml")
    assert problems(path) == [
        'sources/c.toml:2: [[sources]] "a" stands already in config.toml:3',
        "sources/c.toml:4: [watcher] stands already in config.toml:2",
    ]


# --- many ---


def test_two_thousand_problems_are_told(write: Write) -> None:
    """The same mistake in every source is told for every source, each with its own line."""
    found = problems(write(many(2_000).replace("every =", "evry =")))
    assert len(found) == 2_000
    assert found[-1].startswith("config.toml:18002: ")
