"""Whatever two or three sources of a pair say in whatever order: what anybody lets through is told once."""

from collections import Counter
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from watcher.core import pairs
from watcher.core.disputes import Member
from watcher.model import Change, Confirms, DocumentRef, EntryShown, RevisionRef, Sighting, Source, Times, make_id

AT = datetime(2031, 3, 7, 17, 0, tzinfo=UTC)
SOURCES = (
    Source("fast", "https://example.org/fast", kind="feed"),
    Source("full", "https://example.org/full", kind="feed", confirms=Confirms("fast")),
    Source("last", "https://example.org/last", kind="feed", confirms=Confirms("full")),
)
MEMBERS = {source.name: Member(source, "feed", AT, AT) for source in SOURCES}
Looks = st.lists(
    st.tuples(st.sampled_from([source.name for source in SOURCES]), st.sets(st.integers(0, 6), max_size=4)), max_size=14
)


def new(source: str, number: int, at: datetime, *, kept_back: bool) -> Change:
    name = make_id("chg", source, number)
    return Change(
        name,
        "entry.new",
        source,
        "info",
        DocumentRef(f"doc_{number}", f"https://example.org/{number}", f"Notice {number}"),
        RevisionRef(name, 1, "", at),
        announced=not kept_back,
        reason="rule" if kept_back else None,
        entry=EntryShown(str(number), f"Notice {number}", f"https://example.org/{number}"),
        times=Times(fetched=at),
    )


@given(Looks, st.sets(st.tuples(st.sampled_from(["fast", "full", "last"]), st.integers(0, 6))))
def test_each_record_is_told_once_in_any_order(looks: list[tuple[str, set[int]]], rules: set[tuple[str, int]]) -> None:
    """Each record that a source's rules let through is announced exactly once; one that all of them keep back never."""
    by_name = {source.name: source for source in SOURCES}
    items: dict[str, str] = {}
    sightings: dict[str, dict[str, Sighting]] = {}
    shown: set[tuple[str, int]] = set()
    told: Counter[int] = Counter()
    for step, (name, numbers) in enumerate(looks):
        now = AT + timedelta(minutes=step)
        fresh = sorted(number for number in numbers if (name, number) not in shown)
        shown |= {(name, number) for number in fresh}
        changes = [new(name, number, now, kept_back=(name, number) in rules) for number in fresh]
        book = pairs.Book(
            "pair_x",
            MEMBERS,
            dict(items),
            {item: tuple(seen.values()) for item, seen in sightings.items()},
            {change.id: (f"n-{number}",) for change, number in zip(changes, fresh, strict=True)},
        )
        judged = pairs.judge(
            book, by_name[name], changes, now=now, screen=lambda change: change, channels=lambda _: ("hook",)
        )
        for number, change in zip(fresh, judged.changes, strict=True):
            told[number] += change.announced
        if judged.kept is not None:
            assert not judged.kept.first or all(set(sightings.get(item, {})) <= {name} for item in judged.kept.first)
            items |= dict(judged.kept.marks)
            for seen in judged.kept.sightings:
                sightings.setdefault(seen.item, {})[seen.source] = seen
    for number in range(7):
        let_through = any((name, number) in shown and (name, number) not in rules for name in by_name)
        assert told[number] == int(let_through)


@given(st.text(max_size=400))
def test_a_mark_is_short_and_its_own_mark(text: str) -> None:
    """What a record is known by has an end, can be stored, and does not change when it is made again."""
    found = pairs.mark(text)
    assert len(found) <= 300
    assert "\x00" not in found
    found.encode()
    assert pairs.mark(found) == found or found.startswith("http")
