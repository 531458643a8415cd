"""The files of a configuration: the main one, those it includes, and the paths that stand in them."""

from pathlib import Path
from typing import Any

from watcher.config.report import Place, Report
from watcher.config.toml import Document, read
from watcher.config.values import shown
from watcher.errors import ConfigError
from watcher.model import Secret


def shown_path(path: Path) -> str:
    """A file's name in messages: relative to the working directory where it lies below."""
    try:
        return str(path.resolve().relative_to(Path.cwd().resolve()))
    except (ValueError, OSError):
        return str(path)


def documents_of(path: Path) -> tuple[Document, ...]:
    """Read the main file and the included ones, in order.

    Raises ConfigError, for all files at once, when one cannot be read as TOML or an include names none.
    """
    path = path.absolute()
    main = read(path, shown_path(path))
    report = Report()
    documents = [main]
    seen = {path.resolve()}
    for file in _included(main, report):
        if file.resolve() in seen:
            continue
        seen.add(file.resolve())
        try:
            documents.append(read(file, shown_path(file)))
        except ConfigError as error:
            report.include(error)
    for document in documents[1:]:
        if "include" in document.data:
            report.add(Place(document, ("include",), ""), "include: only the main file may include others")
    if report:
        raise ConfigError(report.problems())
    return tuple(documents)


def _included(main: Document, report: Report) -> list[Path]:
    """The files that the main one includes, each pattern's in order of name."""
    wanted, place = main.data.get("include", []), Place(main, ("include",), "")
    if not isinstance(wanted, list) or not all(isinstance(pattern, str) for pattern in wanted):
        report.add(place, 'include: wanted a list of files, such as ["sources/*.toml"]')
        return []
    found: list[Path] = []
    for index, pattern in enumerate(wanted):
        where = main.path.parent / Path(pattern).expanduser()
        root = Path(where.anchor)
        try:
            files = sorted(file for file in root.glob(str(where.relative_to(root))) if file.is_file())
        except (ValueError, NotImplementedError, OSError):
            files = []
        if not files and not any(mark in pattern for mark in "*?["):
            report.add(place.at(index), f"include: {shown(pattern)}: no such file")
        found += files
    return found


def absolute(checked: dict[str, Any], base: Path) -> dict[str, Any]:
    """Let the paths in a table count from `base`, wherever the program runs: `ca`, and secrets in files."""
    for key, value in checked.items():
        if key == "ca":
            checked[key] = str(base / Path(value).expanduser())
        elif key == "headers":
            checked[key] = tuple((name, _absolute(text, base)) for name, text in value)
        elif key == "auth":
            checked[key] = (value[0], _absolute(value[1], base))
        else:
            checked[key] = _absolute(value, base)
    return checked


def _absolute(value: Any, base: Path) -> Any:
    if isinstance(value, Secret) and not value.plain and value.reference.startswith("file:"):
        return Secret(f"file:{base / Path(value.reference[5:]).expanduser()}")
    return value
