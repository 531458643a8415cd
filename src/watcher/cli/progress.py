"""What `check` shows while it polls: a progress bar on a terminal, a line for each source that is worth one."""

import sys
from collections import Counter
from types import TracebackType
from typing import Any

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from watcher.cli import output


class Shown:
    """Prints the lines of one `check`; `failed` and `changed` count sources."""

    def __init__(self, *, as_json: bool, total: int) -> None:
        self.as_json = as_json
        self.counts: Counter[str] = Counter()
        self.changed = 0
        columns = (TextColumn("polling"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        self._progress = Progress(*columns, console=output.console(stderr=True), transient=True, disable=as_json or not sys.stderr.isatty())
        self._task = self._progress.add_task("polling", total=total)

    @property
    def failed(self) -> int:
        return self.counts["failed"]

    def __enter__(self) -> "Shown":
        self._progress.__enter__()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._progress.__exit__(kind, error, trace)

    def line(self, line: dict[str, Any]) -> None:
        """Show one source's result."""
        self.counts[line["outcome"]] += 1
        self._progress.advance(self._task)
        if any(change["announced"] for change in line["changes"]):
            self.changed += 1
        if self.as_json:
            output.json_lines([line])
            return
        console = self._progress.console if self._progress.live.is_started and sys.stdout.isatty() else output.console()
        text = output.styled(f"{line['outcome']:<12}", output.RESULT_STYLE.get(line["outcome"]))
        text.append(f" {line['source']}")
        if line["error"]:
            text.append(f"  {output.clean(line['error'])}", style="red")
        console.print(text)
        for change in line["changes"]:
            if change["announced"]:
                console.print(output.change_line(change, indent=13))

    def summary(self) -> None:
        """Say it in one line, on stderr."""
        if not self.as_json:
            words = ", ".join(f"{count} {name}" for name, count in self.counts.most_common()) or "nothing to poll"
            print(words, file=sys.stderr)
