"""Reads and scores a gold set of update notes; run as a script it prints the figures and raises tests/gold/best.json.

A set is `docs/*.html`, `labels/*.json`, `scenarios/*/rev*.html` and `scenarios/*/expected.json`. Predictions come from
the reader and from the replay, in this process. Notes are paired one to one, the likeliest pair first: by number, by
common words, by instant. What a label calls optional is neither needed nor wrong.
"""

import json
import re
import sys
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from watcher.core import article
from watcher.core.when import Look
from watcher.model import Change, Note, Source
from watcher.replay import Step, fetched_of, run

OWN = Path(__file__).parent / "gold"
BEST = OWN / "best.json"
EVENTS = {
    "update.new": "announce",
    "update.edited": "edited",
    "update.withdrawn": "withdrawn",
    "update.renumbered": "renumbered",
}
BODY = {"text.changed", "text.restored", "title.changed"}
REAL = {"unconfirmed", "rule", "muted", "flapping"}  # reasons of changes that are real and only not announced
_NO_SPACES = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")

Shown = Mapping[str, Any]


# --- what the program says -------------------------------------------------------------------------------------------


def instant(note: Note) -> str | None:
    """A note's time as the labels write it: with an offset, or a bare date."""
    if note.published is None:
        return None
    return note.published.day.isoformat() if note.published.date_only else note.published.at.isoformat()


def shown(note: Note) -> dict[str, Any]:
    """A note in the labels' form."""
    out: dict[str, Any] = {name: getattr(note, name) for name in ("sequence", "kind", "heading", "summary", "location")}
    if note.text:
        out["first_paragraph"] = note.text.split("\n")[0]
    return out | {"published": instant(note), "links": list(note.links)}


def source_of(label: Shown) -> Source:
    return Source("gold", label["url"], kind="article", locale=label["locale"], timezone=label["default_tz"])


def read_document(root: Path, label: Shown) -> dict[str, Any]:
    """What the reader finds in one document."""
    return read_page((root / label["file"]).read_bytes(), label)


def read_page(body: bytes, label: Shown) -> dict[str, Any]:
    """What the reader finds in a page, looked at as the label says."""
    now = datetime.fromisoformat(label["reference_date"]).astimezone(UTC)
    look = Look(label["locale"], label["default_tz"], now)
    page = article.read(body, "text/html", label["url"], source_of(label), look).page
    return {"id": label["id"], "notes": [*map(shown, page.notes)], "merged": [*map(shown, page.updates)]}


def replay_scenario(folder: Path, expected: Shown) -> dict[str, Any]:
    """What a replay of one scenario announces at each step."""
    steps = [_step(folder / r["file"], datetime.fromisoformat(r["observed"])) for r in expected["revisions"]]
    number = {r["file"]: n for n, r in enumerate(expected["revisions"], 1)}
    transitions = []
    for before, after, changes in run(source_of(expected), steps):
        told: dict[str, Any] = {"from": number[before.name], "to": number[after.name]}
        told |= {name: [] for name in EVENTS.values()}
        told["body_changed"] = any(c.event in BODY and (c.announced or c.reason in REAL) for c in changes)
        for change in changes:
            if change.event in EVENTS and change.update and (change.announced or change.event != "update.new"):
                told[EVENTS[change.event]].append(_told(change, change.update))
        transitions.append(told)
    return {"id": expected["id"], "transitions": transitions}


def _told(change: Change, note: Note) -> dict[str, Any]:
    return shown(note) | {"old_sequence": change.old_sequence}


def _step(file: Path, at: datetime) -> Step:
    return Step(
        file.name, at.astimezone(UTC), lambda source: fetched_of(file.read_bytes(), source.url, at, name=file.name)
    )


def labels(root: Path) -> Iterator[Shown]:
    for file in sorted((root / "labels").glob("*.json")):
        yield json.loads(file.read_text("utf-8"))


def scenarios(root: Path) -> Iterator[tuple[Path, Shown]]:
    for file in sorted((root / "scenarios").glob("*/expected.json")):
        yield file.parent, json.loads(file.read_text("utf-8"))


def predictions(root: Path) -> Iterator[dict[str, Any]]:
    """Everything the program says of a set, one object for a document or scenario."""
    for label in labels(root):
        yield read_document(root, label)
    for folder, expected in scenarios(root):
        yield replay_scenario(folder, expected)


# --- pairing ---------------------------------------------------------------------------------------------------------


def words(*texts: str | None) -> Counter[str]:
    """The words of some texts without case; scripts without spaces as pairs of characters."""
    joined = unicodedata.normalize("NFKC", " ".join(text for text in texts if text)).lower()
    out: Counter[str] = Counter()
    for word in re.findall(r"\w+", joined):
        if _NO_SPACES.search(word):
            out.update(word[n : n + 2] for n in range(max(1, len(word) - 1)))
        else:
            out[word] += 1
    return out


def likeness(one: Shown, other: Shown) -> float:
    """How much two notes say the same, 0 to 1: the best of their parts."""
    parts = ("heading", "summary", "first_paragraph")
    mine = [words(one.get(part)) for part in parts] + [words(*(one.get(part) for part in parts))]
    theirs = [words(other.get(part)) for part in parts] + [words(*(other.get(part) for part in parts))]
    return max((_common(a, b) for a in mine if a for b in theirs if b), default=0.0)


def _common(a: Counter[str], b: Counter[str]) -> float:
    both, small = sum((a & b).values()), min(a.total(), b.total())
    dice = 2 * both / (a.total() + b.total())
    return max(dice, 0.9) if small >= 3 and both >= 0.9 * small else dice


def _time(text: str | None) -> datetime | date | None:
    if not text:
        return None
    return date.fromisoformat(text) if len(text) == 10 else datetime.fromisoformat(text)


def same_time(said: Shown, gold: Shown) -> bool:
    """The same instant, or the same bare date, or both without a time."""
    a, b = _time(said.get("published")), _time(gold.get("published"))
    if isinstance(a, datetime) and isinstance(b, datetime):
        return abs((a - b).total_seconds()) <= float(gold.get("tolerance_s", 0))
    return a == b and isinstance(a, datetime) == isinstance(b, datetime)


def same_number(said: Shown, gold: Shown) -> bool:
    number = said.get("sequence")
    if number is not None and (span := gold.get("sequence_range")):
        return bool(span[0] <= number <= span[1])
    return bool(number == gold["sequence"])


def same_kind(said: Shown, gold: Shown) -> bool:
    return said["kind"] == gold["kind"] or said["kind"] in gold.get("kind_alt", ())


def _worded(note: Shown) -> bool:
    return any(note.get(part) for part in ("heading", "summary", "first_paragraph"))


def _strength(said: Shown, gold: Shown) -> float:
    alike = likeness(said, gold)
    numbered = said.get("sequence") is not None and gold["sequence"] is not None
    number = numbered and same_number(said, gold)
    timed = bool(said.get("published") and gold.get("published") and same_time(said, gold))
    mute = not _worded(said) or not _worded(gold)
    place = said.get("location") is not None and said.get("location") == gold.get("location")
    if (said["kind"] == "docket-entry") != (gold["kind"] == "docket-entry") and alike < 0.5:
        return 0.0
    wanted = 0.8 if numbered and not number else 0.5
    fits = (
        alike >= wanted
        or (number and (alike >= 0.2 or mute))
        or (timed and mute)
        or (timed and alike >= 0.2 and not numbered)
        or (
            mute
            and not numbered
            and same_kind(said, gold)
            and same_time(said, gold)
            and (place or "location" not in gold)
        )
        or (mute and place and said["location"] == "title" and same_kind(said, gold))
    )
    return 1 + alike + 0.6 * number + 0.3 * timed + 0.5 * place if fits else 0.0


def pairs(said: Sequence[Shown], gold: Sequence[Shown]) -> list[tuple[int, int]]:
    """(index said, index wanted) of what belongs together, strongest first."""
    found = sorted(((_strength(s, g), -i, -j) for i, s in enumerate(said) for j, g in enumerate(gold)), reverse=True)
    left, right, out = set(), set(), []
    for strength, i, j in found:
        if strength > 0 and -i not in left and -j not in right:
            left.add(-i)
            right.add(-j)
            out.append((-i, -j))
    return out


def excused(said: Shown, optional: Sequence[Shown]) -> bool:
    """Whether a note that nobody asked for is one that the label allows."""
    mine = words(said.get("heading"), said.get("summary"))
    for allowed in optional:
        if mine and _common(mine, words(allowed["text"])) >= 0.5:
            return True
        at = _time(said.get("published"))
        if not mine and (at is None or re.search(rf"(?<!\d)0?{at.day}(?!\d)", allowed["text"])):
            return True
        if not mine and isinstance(at, datetime) and f"{at.minute:02d}" in allowed["text"]:
            return True
    return False


# --- figures ---------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Score:
    """Counts of one set, and in words what was wrong."""

    counts: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)

    def share(self, part: str, of: str) -> float:
        return self.counts[part] / self.counts[of] if self.counts[of] else 1.0

    def f1(self, level: str) -> float:
        right, false, missed = (self.counts[f"{level}.{name}"] for name in ("right", "false", "missed"))
        return 2 * right / (2 * right + false + missed) if right + false + missed else 1.0

    def figures(self) -> dict[str, float]:
        """The figures that may only rise."""
        out = {
            "notes_f1": self.f1("notes"),
            "merged_f1": self.f1("merged"),
            "sequence": self.share("notes.sequence", "notes.right"),
            "time": self.share("notes.time", "notes.right"),
            "kind": self.share("notes.kind", "notes.right"),
            "location": self.share("notes.location", "notes.right"),
            "clean_traps": self.share("traps.clean", "traps"),
            "scenarios_exact": self.share("scenarios.exact", "scenarios"),
            "transitions_exact": self.share("transitions.exact", "transitions"),
        }
        return {name: round(value, 4) for name, value in out.items()}


def score(root: Path, only: str = "") -> Score:
    """Score a whole set, or only what has `only` in its id."""
    out = Score()
    for label in labels(root):
        if only in label["id"]:
            _score_document(out, label, read_document(root, label))
    for folder, expected in scenarios(root):
        if only in expected["id"]:
            _score_scenario(out, expected, replay_scenario(folder, expected))
    return out


def _brief(note: Shown) -> str:
    text = note.get("summary") or note.get("heading") or note.get("first_paragraph") or ""
    return f"{note.get('location')} #{note.get('sequence')} {note['kind']} {note.get('published')} {text[:90]!r}"


def _score_document(out: Score, label: Shown, said: Shown) -> None:
    for level in ("notes", "merged"):
        mine, gold = said[level], label[level]
        found = pairs(mine, gold)
        taken, met = {i for i, _ in found}, {j for _, j in found}
        false = [n for i, n in enumerate(mine) if i not in taken and not excused(n, label["optional"])]
        missed = [n for j, n in enumerate(gold) if j not in met]
        out.counts.update({f"{level}.right": len(found), f"{level}.false": len(false), f"{level}.missed": len(missed)})
        out.faults += [f"{label['id']} {level} false: {_brief(n)}" for n in false]
        out.faults += [f"{label['id']} {level} missed: {_brief(n)}" for n in missed]
        for i, j in found:
            _score_fields(out, level, label["id"], mine[i], gold[j])
        if level == "notes" and label["trap"]:
            out.counts.update({"traps": 1, "traps.clean": int(not false)})


def _score_fields(out: Score, level: str, name: str, said: Shown, gold: Shown) -> None:
    right = {
        "sequence": same_number(said, gold),
        "time": same_time(said, gold),
        "kind": same_kind(said, gold),
        "location": said.get("location") == gold.get("location"),
    }
    if level == "merged":
        del right["location"]
    out.counts.update({f"{level}.{part}": int(ok) for part, ok in right.items()})
    if wrong := [part for part, ok in right.items() if not ok]:
        out.faults.append(f"{name} {level} {'+'.join(wrong)}: said {_brief(said)} | gold {_brief(gold)}")


def _score_scenario(out: Score, expected: Shown, said: Shown) -> None:
    by_end = {told["to"]: told for told in said["transitions"]}
    exact = True
    for gold in expected["transitions"]:
        told = by_end.get(gold["to"])
        wrong = []
        for what in EVENTS.values():
            mine = told[what] if told else []
            found = pairs(mine, gold[what])
            if len(found) != len(mine) or len(found) != len(gold[what]):
                wrong.append(f"{what}: said {[*map(_brief, mine)]}, gold {[*map(_brief, gold[what])]}")
                exact = exact and what != "announce"
        if told is None or told["body_changed"] != gold["body_changed"]:
            wrong.append(f"body_changed is {gold['body_changed']}")
        out.counts.update({"transitions": 1, "transitions.exact": int(not wrong)})
        out.faults += [f"{expected['id']} {gold['from']}→{gold['to']} {fault}" for fault in wrong]
    out.counts.update({"scenarios": 1, "scenarios.exact": int(exact)})


def best(name: str) -> dict[str, float]:
    """The best figures of a set so far."""
    return dict(json.loads(BEST.read_text("utf-8")).get(name, {}))


def lost(name: str, figures: Mapping[str, float]) -> list[str]:
    """The figures that are below the best so far, in words."""
    return [f"{key}: {figures[key]} < {least}" for key, least in best(name).items() if figures[key] < least - 1e-9]


def keep(name: str, figures: Mapping[str, float]) -> None:
    """Write down figures where they are better than the best so far."""
    known = json.loads(BEST.read_text("utf-8")) if BEST.exists() else {}
    known[name] = {key: max(value, known.get(name, {}).get(key, 0.0)) for key, value in figures.items()}
    BEST.write_text(json.dumps(known, indent=1, sort_keys=True) + "\n", "utf-8")


def main() -> None:
    """Print the figures of the own set, and what is wrong; `--raise` keeps them where they are better."""
    only = next((word for word in sys.argv[1:] if not word.startswith("-")), "")
    result = score(OWN, only)
    print(json.dumps(result.figures() | dict(sorted(result.counts.items()))))
    print("\n".join(result.faults))
    if "--raise" in sys.argv:
        keep("own", result.figures())


if __name__ == "__main__":
    main()
