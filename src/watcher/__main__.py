"""`python -m watcher` is the command `watcher`."""

from watcher.cli import main

main()
