"""A page that is gone, walled or not itself: stored at once, told when later looks find the same, and when it is back.

The looks come one and five minutes after the first (contract, "Events"). What was known stays known meanwhile, so that
a wall is never a text change and what changed behind it is found when it is gone.
"""

from dataclasses import replace
from datetime import datetime

from watcher.core.compare import CONFIRM_FIRST, CONFIRM_LAST, Collector, Look
from watcher.core.mask import mask_url
from watcher.model import Absence, Change, Document, Observation, Reason, SourceState, make_id

STATUS_EVENTS = {
    404: ("page.gone", "the server says that there is no such page (404)"),
    410: ("page.gone", "the server says that the page is gone for good (410)"),
    401: ("page.walled", "it asks for a log-in (401)"),
    402: ("page.walled", "it asks for payment (402)"),
    403: ("page.walled", "the server refuses to show it (403)"),
    451: ("page.walled", "it is withheld for legal reasons (451)"),
}


def absent(state: SourceState, known: Document, event: str, words: str, look: Look) -> Observation:
    """Take note of a look that did not find the page: held until it is sure, told once, then quiet."""
    absence = state.absence
    first = absence is None or absence.event != event
    if absence is None or absence.event != event:
        absence = Absence(event, words, look.fetched_at, make_id("chg", known.id, event, look.fetched_at.isoformat()))
    absence = replace(absence, since=min(absence.since, look.fetched_at))  # the clock may have been set back
    age = look.fetched_at - absence.since
    sure = look.confirmed or age >= CONFIRM_LAST
    changes: tuple[Change, ...] = ()
    if event != "drastic" and not absence.told and (first or sure):
        changes = (_change(known, absence, look, sure=sure),)
    absence = replace(absence, words=words, told=absence.told or (sure and event != "drastic"))
    confirm_at = None if sure else absence.since + (CONFIRM_FIRST if age < CONFIRM_FIRST else CONFIRM_LAST)
    state = replace(state, absence=absence, confirm_at=confirm_at)
    if changes and sure:
        state = replace(state, last_change_at=look.fetched_at)
    return Observation("changed" if changes and sure else "held", state, changes=changes)


def believable(state: SourceState, event: str, look: Look) -> bool:
    """Say whether a drastic change has been seen for long enough to be taken for what the page now says."""
    absence = state.absence
    if look.confirmed:
        return True
    return absence is not None and absence.event == event and look.fetched_at - absence.since >= CONFIRM_LAST


def returned(state: SourceState, known: Document, look: Look) -> tuple[SourceState, tuple[Change, ...]]:
    """Close an absence: the page is itself again. Told only when its going was told."""
    absence = state.absence
    if absence is None:
        return state, ()
    state = replace(state, absence=None, confirm_at=None)
    if not absence.told:
        return state, ()
    out = Collector(known, known.page, look)
    text = f"{absence.words}; that was from {_said(absence.since)} on"
    out.add("page.returned", absence.change, text=text, unified=f"  {text}", silent=None)
    return state, _at_known_revision(out)


def moved(known: Document, target: str, look: Look) -> tuple[Change, ...]:
    """Tell that the page's address now leads elsewhere for good (301, 308)."""
    out, there = Collector(known, known.page, look), mask_url(target)
    out.add("page.moved", target, text=there, unified=f"- {mask_url(known.url)}\n+ {there}", silent=None)
    return _at_known_revision(out)


def _change(known: Document, absence: Absence, look: Look, *, sure: bool) -> Change:
    out = Collector(known, known.page, look)
    text = absence.words[:1].upper() + absence.words[1:]
    reason: Reason | None = None if sure else "unconfirmed"
    out.add(
        absence.event,
        absence.words,
        change_id=absence.change,
        text=text,
        unified=f"  {text}",
        silent=None,
        reason=reason,
    )
    return _at_known_revision(out)[0]


def _at_known_revision(out: Collector) -> tuple[Change, ...]:
    """These changes make no revision: they stand at the one that is known."""
    return tuple(replace(change, revision=out.old, previous=None) for change in out.changes)


def _said(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"
