"""What the tests of the configuration share: small tables, a way to write files, and to read what was told."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from watcher.config import Config, advice, load
from watcher.errors import ConfigError

SOURCE = '[[sources]]\nname = "a"\nurl = "https://example.org/"\n'
EMAIL = (
    '[channels.desk]\ntype = "email"\nto = ["desk@example.org"]\nfrom = "w@example.org"\nsmtp = "smtp://localhost"\n'
)
HOOK = '[channels.hook]\ntype = "webhook"\nurl = "https://example.org/hook"\n'

Write = Callable[..., Path]


def writer(base: Path) -> Write:
    """A function that writes a file below `base` and returns its path."""

    def write_file(text: str, name: str = "config.toml") -> Path:
        path = base / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    return write_file


def problems(path: Path) -> list[str]:
    """Every problem as it is printed, files by their path from the main one."""
    with pytest.raises(ConfigError) as caught:
        load(path, environ={})
    return [str(problem).replace(f"{path.parent}/", "") for problem in caught.value.problems]


def ok(path: Path) -> Config:
    """The configuration, which has no problems."""
    return load(path, environ={"STATE_DIRECTORY": "/var/lib/watcher"})


def switched_on(text: str) -> str:
    """The file with every setting that is switched off by a `#` switched on."""
    return re.sub(r"(?m)^#(?=[a-z_]+ = |\[)", "", text)


SECRETIVE = (
    '[watcher]\ndatabase = "postgresql+psycopg://u:hunter2@h/x"\n'
    + "# password = 'hunter2'\n# see https://u:hunter2@h/\n"
    + EMAIL.replace("smtp://localhost", "smtp://u:hunter2@h")
    + '[channels.more]\ntype = "email"\nto = ["a@example.org"]\nfrom = "a@example.org"\nsmtp = "smtp://h"\n'
    + 'password = """\nhunter2"""\n'
    + HOOK.replace("/hook", "/hook?token=hunter2")
    + 'headers = { X-Api-Key = "hunter2", Accept = "text/html" }\nsecret = "whsec_aHVudGVyMmh1bnRlcjI="\n'
    + SOURCE.replace("example.org", "u:hunter2@example.org")
    + 'cookies = "id=hunter\\u0032"\nauth = { user = "u", password = \'hunter2\' }\nproxy = "http://u:hunter2@p:1"\n'
    + '[[sources]]\nname = "b"\nurl = "https://example.org/b"\nheaders.Authorization = "hunter2"\ncookies = "env:C"\n'
)


def many(count: int) -> str:
    """The text of many sources, nine lines each."""
    return EMAIL + "".join(
        f'[[sources]]\nname = "source-{n}"\ntitle = "Number {n}"\nurl = "https://h{n % 500}.example.org/{n}.xml"\n'
        f'kind = "feed"\nevery = "{n % 30 + 1}m"\ntags = ["us", "t{n % 7}"]\nnotify = ["desk"]\n'
        'only = ["Xiaomi", "re:(?i)x"]\n'
        for n in range(count)
    )


def told(config: Config) -> list[str]:
    """All advice as it is printed."""
    return [str(item) for item in advice(config)]
