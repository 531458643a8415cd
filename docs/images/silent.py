"""Prints the mail of a silent edit, as the program makes it, for the picture in docs/detection.md.

Two revisions of a page of the demo's story go through reading, comparison and rendering; nothing is drawn by hand.
"""

import random
import sys
from datetime import UTC, datetime, timedelta

from watcher.core import message
from watcher.demo import story
from watcher.model import Channel, Delivery, Fetched, Source, SourceState
from watcher.pipeline import observe_one
from watcher.replay import Memory, fetched_of

AT = datetime(2031, 3, 4, 14, 20, tzinfo=UTC)
SOURCE = Source("gazette", "https://gazette.example/meridian", "Harbour Gazette: Meridian", "article", locale="en-US")
EDITS = (
    ("by 30 September 2031", "by 30 June 2031"),
    ("sales of 4.2 billion crowns", "sales of 42 billion crowns"),
    ("Meridian did not answer", "Meridian did answer"),
)


def visit(edits: bool, at: datetime) -> Fetched:
    html = story.page(0, random.Random(at.minute))  # noqa: S311 - the noise of a page
    for old, new in EDITS if edits else ():
        html = html.replace(old, new)
    return fetched_of(html.encode(), SOURCE.url, at, name="page.html")


def main() -> None:
    memory, state = Memory(), SourceState(SOURCE.name)
    first = observe_one(memory, SOURCE, state, visit(False, AT), confirmed=True)
    memory.keep(first)
    later = AT + timedelta(hours=3)
    second = observe_one(memory, SOURCE, first.state, visit(True, later), confirmed=True)
    channel = Channel("desk", "email", "poll", timezone="America/New_York")
    told = [change for change in second.changes if change.announced]
    alert = message.changes_alert(
        channel, SOURCE, told, poll="pol_demo", group="", now=later, config="", base_url=None, kind="article"
    )
    sys.stdout.write(message.render(Delivery(alert, "pending"), channel, late=False).html)


if __name__ == "__main__":
    main()
