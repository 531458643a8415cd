"""The command line: `watcher COMMAND`. Heavy imports happen inside the commands, so that `--help` is quick."""

import sys


def main() -> None:
    """Run the command and end with its exit code: 0 done, 1 failed, 2 usage or configuration."""
    from watcher.cli.app import run

    sys.exit(run(sys.argv[1:]))
