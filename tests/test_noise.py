"""What changes by itself stays out, and what the article says never does."""

import re
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watcher.core import learn, noise, observe, text
from watcher.model import Change, Document, PageReading, Source, SourceState
from watcher.replay import fetched_of

ROOT = Path(__file__).parent.parent
START = datetime(2031, 3, 4, 12, tzinfo=UTC)
PROSE = (
    "The authority has put Meridian and six other firms on its list of excluded suppliers this week.",
    "Terminals must end existing contracts with the seven firms by 30 September 2031 at the latest.",
    "The fine is $1.5 million under Section 1237, or 10 percent of the yearly sales of each firm.",
    "Officials said that the sanctions will not be lifted while the inquiry into the cranes goes on.",
    "Meridian did not answer questions before publication, and its lawyers declined to comment too.",
    "The court will hear the case on Monday, two months after the first order against the suppliers.",
)
PITCHES = (
    "Thousands of homeowners switched to our mattresses and never looked back at all.",
    "Doctors recommend this hearing aid, now delivered to every door without fees.",
    "Compare forty offers for solar panels in two minutes before the summer begins.",
    "Walk on clouds: handmade shoes from a small valley with lifetime guarantee.",
    "A sleepy startup turned pet insurance upside down, banks are getting nervous.",
)


def document(*blocks: str, head: str = "") -> str:
    return (
        f"<!doctype html><html lang=en><head><title>The order against Meridian</title>{head}</head><body>"
        f"<main><article><h1>The order against Meridian</h1>{''.join(blocks)}</article></main></body></html>"
    )


def prose(*texts: str) -> list[str]:
    return [f"<p>{each}</p>" for each in texts or PROSE]


def with_block(block: str, at: int = 3) -> str:
    return document(*prose(*PROSE[:at]), block, *prose(*PROSE[at:]))


class Watch:
    """One source, looked at again and again."""

    def __init__(self, **rules: tuple[str, ...]) -> None:
        self.source = Source("gazette", "https://gazette.example/a", kind="article", **rules)  # type: ignore[arg-type]  # two of its fields
        self.state = SourceState("gazette")
        self.known: Document | None = None
        self.last_at: datetime | None = None

    def passes(self, html: str) -> bool:
        """Say whether a look at this stops at the gate."""
        return text.watched_digest(html, self.state.place, self.state.volatile) == self.state.watched

    def look(self, html: str, minutes: float) -> list[Change]:
        at = START + timedelta(minutes=minutes)
        answer = fetched_of(html.encode(), self.source.url, at, name="a.html")
        reading = observe.read(self.source, "article", answer, volatile=self.state.volatile)
        known = {self.known.id: self.known} if self.known else {}
        seen = observe.judge(self.source, self.state, reading, answer, documents=known, last_at=self.last_at)
        self.last_at = at
        self.state = seen.state
        self.known = next(iter(seen.documents), self.known)
        return list(seen.changes)


def reasons(changes: list[Change]) -> list[tuple[str, str | None]]:
    return [(change.event, change.reason) for change in changes]


BLOCKS: dict[str, Callable[[int], str]] = {
    "a counter": lambda i: f"<div>{100 + 7 * i} people are reading this right now</div>",
    "a token": lambda i: f"<div>Session {i * 7919:08x}</div>",
    "an advert that is a link": lambda i: f'<div><a href="https://ads.example/{i}">{PITCHES[i % 5]}</a></div>',
    "an advert that reads like the text": lambda i: f"<p>{PITCHES[i % 5]}</p>",
    "an advert in classes of its own": lambda i: f'<div class="x{i}9"><h4>{PITCHES[i % 5]}</h4><p>Ad A{i}</p></div>',
    "a list of links": lambda i: "".join(f"<li><a href=/{k}>Story {k}</a></li>" for k in range(i, i + 4)),
}


@pytest.mark.parametrize("name", BLOCKS)
def test_what_differs_at_every_look_is_learnt(name: str) -> None:
    """A block with another content at each of three looks is held, learnt, and from then on stops at the gate."""
    make, watch = BLOCKS[name], Watch()
    watch.look(with_block(make(0)), 0)
    assert reasons(watch.look(with_block(make(1)), 1)) == [("text.changed", "unconfirmed")]
    assert reasons(watch.look(with_block(make(2)), 2)) == [("text.changed", "volatile")]
    assert watch.look(with_block(make(3)), 12) == []
    assert watch.passes(with_block(make(4)))


@pytest.mark.parametrize("name", BLOCKS)
def test_what_changed_once_is_announced(name: str) -> None:
    """What was held and stands for five minutes is announced, under the id it was held under."""
    make, watch = BLOCKS[name], Watch()
    watch.look(with_block(make(0)), 0)
    held = watch.look(with_block(make(1)), 1)
    assert watch.state.confirm_at == START + timedelta(minutes=2)
    assert watch.look(with_block(make(1)), 2) == []
    told = watch.look(with_block(make(1)), 6)
    assert [(c.id, c.announced) for c in told] == [(held[0].id, True)]
    assert watch.look(with_block(make(1)), 16) == []


def test_an_advert_that_comes_later_is_told_twice_at_most() -> None:
    """An advert that a site begins to show a day later is told as new, once as another text, and then is learnt."""
    make, watch, day = BLOCKS["an advert that reads like the text"], Watch(), 60 * 24
    for minutes in (0, 1, day):
        assert watch.look(document(*prose()), minutes) == []
    assert reasons(watch.look(with_block(make(0)), day + 10)) == [("text.changed", None)]
    assert reasons(watch.look(with_block(make(1)), day + 20)) == [("text.changed", None)]
    held = watch.look(with_block(make(2)), day + 30)
    assert reasons(held) == [("text.changed", "unconfirmed")]
    assert watch.state.confirm_at == START + timedelta(minutes=day + 31)
    learnt = watch.look(with_block(make(3)), day + 31)
    assert [(c.id, c.reason) for c in learnt] == [(held[0].id, "volatile")]
    assert watch.look(with_block(make(4)), day + 40) == []
    assert watch.passes(with_block(make(0)))


def test_a_paragraph_replaced_at_every_poll_is_told_each_time() -> None:
    """A bulletin of which each poll finds another text that stands is no advert: each is announced within minutes."""
    watch, hour = Watch(), 60
    bulletin = [f"<p>{PITCHES[i]}</p>" for i in range(5)]
    watch.look(with_block(bulletin[0]), 0)
    watch.look(with_block(bulletin[0]), 1)
    for i in range(1, 5):
        told = watch.look(with_block(bulletin[i]), (i + 1) * hour)
        for minutes in (1, 2.5, 5):
            told += watch.look(with_block(bulletin[i]), (i + 1) * hour + minutes)
        assert [PITCHES[i] in c.diff for c in told if c.announced] == [True]


EDITS = {
    "a moved deadline": ("30 September 2031", "30 November 2031"),
    "another sum": ("$1.5 million", "$15 million"),
    "another section": ("Section 1237", "Section 1260"),
    "another share": ("10 percent", "12 percent"),
    "a negation": ("will not be lifted", "will be lifted"),
    "a name": ("Meridian did not", "Mercator did not"),
}


@pytest.mark.parametrize("name", EDITS)
def test_an_edited_sentence_is_never_held(name: str) -> None:
    """An edit of the article's text is announced at the second look too, beside noise, and after noise was learnt."""
    old, new = EDITS[name]
    make = BLOCKS["an advert that reads like the text"]
    at_once, later = Watch(), Watch()
    at_once.look(with_block(make(0)), 0)
    changes = at_once.look(with_block(make(1)).replace(old, new), 1)
    assert any(c.announced and new.split()[-1] in c.diff for c in changes)
    for i in range(3):
        later.look(with_block(make(i)), i)
    assert not later.passes(with_block(make(3)).replace(old, new))
    changes = later.look(with_block(make(4)).replace(old, new), 30)
    assert [(c.event, c.announced) for c in changes] == [("text.changed", True)]
    assert not any(pitch in change.diff for pitch in PITCHES for change in changes)


def test_an_advert_whose_neighbours_change_stays_known() -> None:
    """A learnt region is found again by either text around it, when the other was edited, and then when that was."""
    make, watch = BLOCKS["an advert that reads like the text"], Watch()
    for i in range(3):
        watch.look(with_block(make(i)), i)
    first = with_block(make(3)).replace("$1.5 million", "$15 million")
    assert reasons(watch.look(first, 30)) == [("text.changed", None)]
    second = with_block(make(4)).replace("$1.5 million", "$15 million").replace("will not be", "will be")
    assert reasons(watch.look(second, 40)) == [("text.changed", None)]
    assert watch.passes(second.replace(PITCHES[4], PITCHES[2]))


def test_a_paragraph_beside_an_advert() -> None:
    """A new paragraph next to a learnt advert is announced, and is none when it is edited."""
    make, watch = BLOCKS["an advert that reads like the text"], Watch()
    for i in range(3):
        watch.look(with_block(make(i)), i)
    new = "<p>The ministry published new limits on night shifts for 400 crane drivers.</p>"
    assert any(c.announced and "400" in c.diff for c in watch.look(with_block(new + make(3)), 30))
    assert not any(c.announced for c in watch.look(with_block(new + make(4)), 40))
    changes = watch.look(with_block(new.replace("400", "40") + make(1)), 50)
    assert any(c.announced and "+ The ministry published new limits on night shifts for 40 " in c.diff for c in changes)


def test_keep_is_never_noise() -> None:
    """What `keep` names is announced at once, however often it changes."""
    watch = Watch(keep=("#price",))
    pages = [with_block(f"<div id=price>Brent {60 + i}.{i}1</div>") for i in range(5)]
    watch.look(pages[0], 0)
    for i in range(1, 5):
        assert [c.announced for c in watch.look(pages[i], i)] == [True]


def test_a_shuffled_list_of_links_is_nothing() -> None:
    """The same links in another order are no change; another order of the article's own list is one."""
    watch, own = Watch(), Watch()
    links = [f"<li><a href=/{k}>Story number {k}</a></li>" for k in range(6)]
    watch.look(with_block("<ul>" + "".join(links) + "</ul>"), 0)
    assert watch.look(with_block("<ul>" + "".join(links[::-1]) + "</ul>"), 90) == []
    items = [f"<li>{each}</li>" for each in PROSE]
    own.look(document("<ul>", *items, "</ul>"), 0)
    assert [c.event for c in own.look(document("<ul>", *items[::-1], "</ul>"), 90)] == ["text.changed"]


def test_a_clock_for_a_modification_time() -> None:
    """A page whose modification time is that of the visit has none: edits stay silent, and looks stop at the gate."""
    watch = Watch()

    def page(minutes: float, *texts: str) -> str:
        stamp = (START + timedelta(minutes=minutes)).isoformat()
        return document(*prose(*texts), head=f'<meta property="article:modified_time" content="{stamp}">')

    watch.look(page(0), 0)
    assert watch.look(page(1), 1) == []
    watch.look(page(2), 2)
    assert watch.passes(page(12))
    changes = watch.look(page(22, *PROSE[:-1]), 22)
    assert [(c.event, c.silent) for c in changes] == [("text.changed", True)]


def test_links_that_differ_at_every_look() -> None:
    """A link whose address is another one each time is learnt; its words stay watched."""
    watch = Watch()

    def page(i: int, word: str = "order") -> str:
        return with_block(
            f'<p>The whole <a href="/doc/{i}">{word}</a> can be read at the registry of the court now.</p>'
        )

    watch.look(page(0), 0)
    assert reasons(watch.look(page(1), 1)) == [("links.changed", "unconfirmed")]
    assert reasons(watch.look(page(2), 2)) == [("links.changed", "volatile")]
    watch.look(page(3), 12)
    assert watch.passes(page(4))
    assert [c.event for c in watch.look(page(5, "judgment"), 22) if c.announced] == ["text.changed"]


def test_later_noise_is_learnt_from_history() -> None:
    """After the first hour a short line is announced when it changes, and learnt at the third time within a day."""
    watch = Watch()
    pages = [with_block(f"<div>Brent {60 + i}.{i}1</div>") for i in range(6)]
    for minutes in (0, 1, 90):
        watch.look(pages[0], minutes)
    told = [reasons(watch.look(pages[i], 90 + 60 * i)) for i in (1, 2, 3, 4)]
    assert told == [[("text.changed", None)], [("text.changed", None)], [("text.changed", "volatile")], []]


def bench(*arguments: str) -> None:
    command = [sys.executable, str(ROOT / "bench" / "noise.py"), *arguments]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr


def test_the_bench_in_small() -> None:
    """Pages and feeds with noise on every visit: every real change is announced and nothing else."""
    bench("--articles", "24", "--feeds", "12", "--lists", "0", "--datasets", "0", "--rounds", "4")


@pytest.mark.long
def test_the_bench_in_small_with_lists() -> None:
    """Filing lists and files of records with noise on every visit: every real change is announced and nothing else."""
    bench("--articles", "0", "--feeds", "0", "--lists", "14", "--datasets", "20", "--rounds", "3", "--one-in", "3")


@pytest.mark.long
def test_the_bench_with_many_lists() -> None:
    """A hundred lists and fifty files of records over ten rounds: every real change is announced and nothing else."""
    bench("--articles", "0", "--feeds", "0", "--lists", "100", "--datasets", "50")


# --- properties -----------------------------------------------------------------------------------------------------

WORDS = st.lists(
    st.sampled_from(["order", "court", "fine", "crane", "12", "3.5", "$40", "not", "§", "firm"]),
    min_size=7,
    max_size=15,
)
SENTENCES = st.lists(WORDS.map(lambda words: " ".join(words).capitalize() + "."), min_size=3, max_size=8, unique=True)
ADVERTS = st.lists(st.sampled_from(PITCHES), min_size=3, max_size=3, unique=True)


@settings(max_examples=60, deadline=None)
@given(SENTENCES, SENTENCES, ADVERTS, st.integers(1, 2))
def test_a_lost_text_is_always_told(before: list[str], after: list[str], adverts: list[str], at: int) -> None:
    """Whatever was learnt, a sentence of the article that vanishes is never left out of what is compared."""
    watch = Watch()
    for i, advert in enumerate(adverts):
        watch.look(document(*prose(*before[:at]), f"<p>{advert}</p>", *prose(*before[at:])), i)
    gone = [each for each in before if each not in after]
    html = document(*prose(*after))
    changes = watch.look(html, 30)
    if gone and watch.state.absence is None:
        assert any(c.announced for c in changes)


@settings(max_examples=60, deadline=None)
@given(SENTENCES, ADVERTS, st.integers(1, 2))
def test_masks_take_no_digit_of_the_article(sentences: list[str], adverts: list[str], at: int) -> None:
    """All digits of the article are still compared after an advert beside them was learnt."""
    watch = Watch()
    html = ""
    for i, advert in enumerate(adverts):
        html = document(*prose(*sentences[:at]), f"<p>{advert}</p>", *prose(*sentences[at:]))
        watch.look(html, i)
    answer = fetched_of(html.encode(), watch.source.url, START, name="a.html")
    reading = observe.read(watch.source, "article", answer)
    assert isinstance(reading, PageReading)
    hidden = noise.masked(learn.lines_of(reading.page), watch.state.volatile).blocks
    shown = "".join(b.text for i, b in enumerate(reading.page.blocks) if i not in hidden)
    assert sorted(re.findall(r"\d", shown)) == sorted(re.findall(r"\d", "".join(sentences)))


@given(st.text())
def test_lines_of_state_are_read_or_passed_over(line: str) -> None:
    """Whatever stands in the state, reading it raises nothing, and what was written is read back."""
    found = noise.Region.parse(line)
    assert found is None or noise.Region.parse(found.write()) == found
