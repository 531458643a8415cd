"""Run a command in a terminal of its own and write what it showed as a page of HTML, colours and all.

    python docs/images/terminal.py COLUMNS OUT.html COMMAND…

The size that the page needs, in pixels, is printed: WIDTH,HEIGHT.
"""

import os
import pty
import sys
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text

FONT, LINE, CHARACTER, MARGIN = 15, 20, 9.03, 28  # of DejaVu Sans Mono, in pixels

DARK, LIGHT = (30, 33, 39), (220, 223, 228)
HUES = [(224, 108, 117), (152, 195, 121), (229, 192, 123), (97, 175, 239), (198, 120, 221), (86, 182, 194)]
THEME = TerminalTheme(DARK, LIGHT, [DARK, *HUES, LIGHT], [(92, 99, 112), *HUES, (255, 255, 255)])
PAGE = (
    "<!doctype html><meta charset=utf-8><style>body{{margin:0;background:{background}}}"
    f"pre{{{{margin:0;padding:{MARGIN}px;font:{FONT}px/{LINE}px 'DejaVu Sans Mono',monospace;"
    "color:{foreground}}}{stylesheet}</style><pre>{code}</pre>"
)


def shown(columns: int, command: list[str]) -> bytes:
    """Run the command on a pseudo-terminal; give every byte that it wrote."""
    os.environ |= {"COLUMNS": str(columns), "LINES": "60", "TERM": "xterm-256color", "COLORTERM": ""}
    os.environ.pop("NO_COLOR", None)
    written = bytearray()

    def keep(terminal: int) -> bytes:
        part = os.read(terminal, 65536)
        written.extend(part)
        return part

    status = pty.spawn(command, keep)
    if status:
        sys.exit(f"{command[0]} ended with {os.waitstatus_to_exitcode(status)}")
    return bytes(written)


def main() -> None:
    columns, out, command = int(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:]
    text = Text.from_ansi(shown(columns, command).decode("utf-8").replace("\r\n", "\n").strip("\n"))
    with Path(os.devnull).open("w") as nowhere:
        console = Console(record=True, width=columns, file=nowhere, force_terminal=True, color_system="truecolor")
        console.print(text)
        out.write_text(console.export_html(theme=THEME, code_format=PAGE, inline_styles=True), "utf-8")
    lines = len(text.plain.split("\n"))
    print(f"{round(columns * CHARACTER) + 2 * MARGIN},{lines * LINE + 2 * MARGIN}")


if __name__ == "__main__":
    main()
