"""Every configuration that was accepted, with its difference to the one before."""

from datetime import datetime
from difflib import unified_diff

from sqlalchemy import Connection, select

from watcher.model import make_id
from watcher.store.codec import clean, to_ms
from watcher.store.tables import configs


def keep_config(connection: Connection, digest: str, text: str, now: datetime) -> str:
    """Store a configuration unless the newest one has this digest; returns its id."""
    newest = connection.execute(select(configs).order_by(configs.c.seq.desc()).limit(1)).one_or_none()
    if newest is not None and newest.digest == digest:
        return str(newest.id)
    text = clean(text)
    before = newest.text if newest is not None else ""
    lines = unified_diff(before.splitlines(), text.splitlines(), "before", "now", lineterm="", n=2)
    id_ = make_id("cfg", newest.id if newest is not None else "", digest)
    row = {"id": id_, "digest": digest, "at": to_ms(now), "text": text, "difference": "\n".join(lines)}
    connection.execute(configs.insert(), [row])
    return id_
