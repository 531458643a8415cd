"""Sources behind a log-in: what is said when it is no longer good, and that nothing of it is taken for a change."""

from collections.abc import Callable
from pathlib import Path

import pytest

from helpers_faults import Fault, Field, announced, article
from helpers_listing import lines, page
from servers import Request, Response

FORM = (
    "<!doctype html><html lang=en><head><title>{title}</title></head><body><h1>{title}</h1><form action=/session>"
    "<input name=user><input type=PASSWORD name=password><a href=/reset>Forgot password?</a></form></body></html>"
)
COOKIES = "news.example\tFALSE\t/\tFALSE\t0\tsession\t8f3a\n"


def html(text: str, **more: str) -> Response:
    headers = [("Content-Type", "text/html"), *more.items()]
    return Response(text.encode(), headers=tuple(headers))


async def redirected(request: Request) -> Response:
    if request.path.endswith("/login"):
        return html(FORM.format(title="Welcome"))
    return Response(status=302, headers=(("Location", f"{request.path}/login?back=1"),))


async def form(_: Request) -> Response:
    return html(FORM.format(title="Sign in"))


async def untitled(_: Request) -> Response:
    return html(FORM.format(title="Court records"))


async def unauthorized(_: Request) -> Response:
    return Response(status=401)


async def forbidden(_: Request) -> Response:
    return Response(status=403)


def listing(_: str, stage: int) -> bytes:
    return page(lines(42)[2 - stage :], visit=stage).encode()


def table(_: str, stage: int) -> bytes:
    rows = "".join(f"{n},Firm {n} of the coast\n" for n in range(1, 30 + stage))
    return f"number,name\n{rows}".encode()


@pytest.fixture(autouse=True)
def _secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DESK", "open sesame")


MEANS: dict[str, tuple[dict[str, object], str]] = {
    "cookies": ({"cookies": "file:cookies.txt"}, "cookies.txt"),
    "auth": ({"auth.user": "desk", "auth.password": "env:DESK"}, "its user and password (auth)"),
    "header": ({"headers.Authorization": "env:DESK"}, "its header Authorization"),
}


@pytest.mark.parametrize("answer", [redirected, form, untitled, unauthorized, forbidden])
def test_a_log_in_that_has_expired_is_a_failure_that_says_so(
    tmp_path: Path, answer: Callable[[Request], object]
) -> None:
    """Whatever a server does when a log-in has expired, each kind of source fails with that reason, and with what to
    renew; once it is renewed, what changed meanwhile is told, and nothing else."""
    sources = []
    for means, (keys, _) in MEANS.items():
        sources += [
            Fault(f"page {means}", handler=answer, keys=keys),  # type: ignore[arg-type]  # an async function
            Fault(f"list {means}", handler=answer, good=listing, keys={"kind": "listing", **keys}),  # type: ignore[arg-type]
            Fault(f"table {means}", handler=answer, good=table, type="text/csv", keys={"kind": "dataset", **keys}),  # type: ignore[arg-type]
        ]
    (tmp_path / "cookies.txt").write_text(COOKIES)
    with Field(tmp_path, sources) as field:
        names = list(field.faults)
        assert {line["outcome"] for line in field.poll(*names).values()} == {"baseline"}
        field.broken = True
        for name, line in field.poll(*names).items():
            assert (name, line["outcome"], line["changes"]) == (name, "failed", [])
            assert line["error"].startswith(f"the log-in has expired: renew {MEANS[name.partition('-')[2]][1]} (")
            assert "sesame" not in line["error"]
        field.broken, field.stage = False, 1
        told = {name: announced(line) for name, line in field.poll(*names).items()}
        assert told == {
            name: {"page": ["text.changed"], "list": ["entry.new"], "table": ["record.added"]}[name.partition("-")[0]]
            for name in names
        }


def test_a_log_in_that_was_never_good_is_no_baseline(tmp_path: Path) -> None:
    """A first answer that asks for a log-in is not taken for the page."""
    keys, what = MEANS["auth"]
    with Field(tmp_path, [Fault("page", handler=form, keys=keys)]) as field:
        field.broken = True
        line = field.poll("page")["page"]
        assert (line["outcome"], line["error"].startswith(f"the log-in was not accepted: look at {what}")) == (
            "failed",
            True,
        )


def test_a_form_beside_the_content_is_no_wall(tmp_path: Path) -> None:
    """A page that holds a log-in form as well as what it always said is read like any other."""
    box = '<form><input type="password"><a href="/reset">Forgot password?</a></form></body>'

    def page_(name: str, stage: int) -> bytes:
        return article(name, stage).replace("</body>", box if stage else "</body>").encode()

    def list_(name: str, stage: int) -> bytes:
        return listing(name, stage).replace(b"</body>", box.encode() if stage else b"</body>")

    keys = MEANS["auth"][0]
    sources = [Fault("page", good=page_, keys=keys), Fault("list", good=list_, keys={"kind": "listing", **keys})]
    with Field(tmp_path, sources) as field:
        field.poll("page", "list")
        field.stage = 1
        told = {name: announced(line) for name, line in field.poll("page", "list").items()}
        assert told == {"page": ["text.changed"], "list": ["entry.new"]}


def test_without_a_log_in_a_wall_is_told_as_one(tmp_path: Path) -> None:
    """A page that is suddenly for members only is told as walled where the source brings no log-in along."""
    with Field(tmp_path, [Fault("page", handler=unauthorized)]) as field:
        field.poll("page")
        field.broken = True
        line = field.poll("page")["page"]
        assert "expired" not in line["error"]
        assert [(c["event"], c["reason"]) for c in line["changes"]] == [("page.walled", "unconfirmed")]
