"""What is wrong with one source while its fetch is well: an absent page, a body that only others can read."""

import hashlib
from dataclasses import replace
from datetime import timedelta

import pytest

from helpers_store import NOW, SECOND, address, outcome, plan, postgres_schema, state_of, store
from pg import postgres_server
from watcher.core import settle
from watcher.model import Absence, Channel, Fetched, Observation, Outcome, Source, SourceOutcome
from watcher.store import Store

__all__ = ["address", "postgres_schema", "postgres_server", "store"]  # fixtures


@pytest.mark.parametrize(
    ("told", "words"), [(False, "held: it asks for payment"), (True, "walled: it asks for payment")]
)
def test_an_absent_page_is_unwell(store: Store, told: bool, words: str) -> None:
    """A page that is walled is listed as unwell with its words, and counted once it was told; also in a long state."""
    assert store.unwell(NOW) == ()
    for number, filler in ((1, ()), (2, tuple(f"word {n}" for n in range(400)))):
        at = NOW + number * SECOND
        absence = Absence("page.walled", "it asks for payment", NOW, "chg_1", told)
        state = replace(state_of(store), absence=absence, volatile=filler)
        found = outcome(store, number=number, at=at)
        store.commit([replace(found, sources=(SourceOutcome("xiaomi", Observation("held", state)),))], at)
        (row,) = store.unwell(at)
        assert (row.source, row.absence, row.failures) == ("xiaomi", words, 0)
        assert store.totals(at).absent == int(told)


def _poll(store: Store, sources: tuple[Source, ...], minutes: int, errors: dict[str, str]) -> Outcome:
    """Poll the address of both sources; those that are not in `errors` read it."""
    at = NOW + timedelta(minutes=minutes)
    (job,) = store.jobs(["fet_both"])
    digest = hashlib.sha256(b"body").hexdigest()
    answer = Fetched(sources[0].url, sources[0].url, 200, (), b"body", at, digest, digest)
    visit = settle.Visit(job.fetch, sources, job.sources, at, 0.5)
    channel = Channel("desk", "webhook", "poll")
    routing = settle.Routing({"desk": channel})
    seen = {state.source: Observation("unchanged", state) for state in job.sources if state.source not in errors}
    record = settle.seal(visit, answer, routing, "x")
    outcome = settle.observed(visit, answer, record, observations=seen, errors=errors, routing=routing)
    store.commit([outcome], at)
    return outcome


def test_a_source_that_alone_cannot_read_its_address_is_told_of(store: Store) -> None:
    """It is told of after its patience and then daily, and told of again when it is read; the other one stays well."""
    url = "https://example.org/both"
    store.sync([plan("bad", fetch="fet_both", url=url), plan("good", fetch="fet_both", url=url)], NOW)
    sources = tuple(Source(name, url, kind="article", notify=("desk",)) for name in ("bad", "good"))
    told = []
    for minutes in (0, 10, 30, 40, 30 + 24 * 60):
        found = _poll(store, sources, minutes, {"bad": "nothing matches"})
        told += [(minutes, alert.data["events"], [s["name"] for s in alert.data["sources"]]) for alert in found.alerts]
    assert told == [(30, ["source.failing"], ["bad"]), (1470, ["source.failing"], ["bad"])]
    bad, good = store.source_rows()
    assert (bad.failures, bad.failing_since, bad.error) == (5, NOW, "nothing matches")
    assert (good.failures, good.failing_since, good.error) == (0, None, None)
    now = NOW + timedelta(minutes=1470)
    assert ([row.source for row in store.unwell(now)], store.totals(now).failing) == (["bad"], 1)
    (back,) = _poll(store, sources, 1480, {}).alerts
    assert (back.data["events"], [s["name"] for s in back.data["sources"]]) == (["source.recovered"], ["bad"])
    assert [(row.failures, row.error) for row in store.source_rows()] == [(0, None), (0, None)]
    assert not _poll(store, sources, 1490, {}).alerts
