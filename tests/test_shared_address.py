"""What is wrong with one source while its fetch is well: an absent page, a body that only others can read."""

from dataclasses import replace

import pytest

from helpers_store import NOW, SECOND, address, outcome, postgres_schema, state_of, store
from pg import postgres_server
from watcher.model import Absence, Observation, SourceOutcome
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
