"""What `check` shows while it polls: a progress bar on a terminal, a line for each source that is worth one."""

import sys
from collections import Counter
from types import TracebackType
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.text import Text

from watcher.cli import output
from watcher.core.follow import MARK

FEW = 30  # sources of which each has its line; of more, only those that brought something
DULL = ("not-modified", "unchanged")


class Shown:
    """Prints the lines of one `check`; `failed` and `changed` count sources.

    In a pipe every source has its line. On a terminal, of many sources only those that changed or failed have one
    (`everything`: all of them).
    """

    def __init__(self, *, as_json: bool, total: int, everything: bool = False) -> None:
        self.as_json = as_json
        self.brief = total > FEW and sys.stdout.isatty() and not everything
        self.counts: Counter[str] = Counter()
        self.changed = 0
        self.undelivered: dict[str, str] = {}  # channels that did not take everything, each with its last error
        self._errors: list[str] = []
        columns = (TextColumn("polling"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        screen = output.console(stderr=True)
        off = total < 2 or not screen.is_terminal or (as_json and sys.stdout.isatty())
        self._progress = Progress(*columns, console=screen, transient=True, disable=off)
        self._task = self._progress.add_task("polling", total=total)
        # Lines that share the terminal with the bar go through its console, or they would tear it.
        self._out: Console = screen if not off and sys.stdout.isatty() else output.console()

    @property
    def failed(self) -> int:
        return self.counts["failed"] + self.counts["refused"]

    def __enter__(self) -> "Shown":
        self._progress.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.__exit__(kind, error, trace)

    def line(self, line: dict[str, Any]) -> None:
        """Show one source's result."""
        outcome, told = line["outcome"], [change for change in line["changes"] if change["announced"]]
        dead = MARK in line["source"] and outcome in ("failed", "refused")  # a dead link is no failure of ours
        self.counts["unread" if dead else outcome] += 1
        self._progress.advance(self._task)
        self.changed += bool(told)
        if line["error"]:
            self._errors.append(f"{line['source']}: {output.clean(line['error'])}")
        if self.as_json:
            output.json_lines([line])
            return
        if self.brief and outcome in DULL:
            return
        head = Text(f"{outcome:<13}", style=output.RESULT_STYLE.get(outcome, "dim"))
        head.append(f"{line['source']}", style="default")
        if line["error"]:
            output.hanging(self._out, head.append("  "), Text(output.clean(line["error"]), style="red"))
        else:
            held = 0 if outcome == "baseline" else len(line["changes"]) - len(told)
            self._out.print(head.append(f"  ({held} held back)" if held else "", style="dim"))
        for change in told:
            output.print_change(self._out, change, indent=13)

    def summary(self) -> None:
        """Say it in one line, on stderr; with --json, what failed too, since no one reads JSON for that."""
        for channel, error in self.undelivered.items():
            print(f"watcher: channel {channel}: {output.clean(error)} (it is tried again)", file=sys.stderr)
        if self.as_json:
            for error in self._errors:
                print(f"watcher: {error}", file=sys.stderr)
            return
        order = ("changed", "held", "baseline", "unchanged", "not-modified", "refused", "failed")
        words = [f"{self.counts[name]:,} {name}" for name in order if self.counts[name]]
        if unread := self.counts["unread"]:
            words.append(f"{unread:,} followed page{'s' if unread != 1 else ''} cannot be read")
        print(", ".join(words) or "no sources to poll", file=sys.stderr)
