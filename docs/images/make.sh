#!/bin/sh
# Remakes the pictures of the documentation from the running program: a demo, its mails, a silent edit.
# Needs .venv (`make setup`), chromium and the DejaVu fonts.
set -eu
cd "$(dirname "$0")/../.."
python=.venv/bin/python
work=$(mktemp -d)
shown=/tmp/watcher-demo # the name that the picture shows
trap 'rm -rf "$work" "$shown"' EXIT

photograph() { # PAGE OUT WIDTH,HEIGHT
    chromium --headless --no-sandbox --disable-gpu --hide-scrollbars --disable-lcd-text --user-data-dir="$work/chromium" \
        --window-size="$3" --screenshot="$2" "file://$1" 2>/dev/null
}

PYTHONPATH=src $python docs/images/terminal.py 100 "$work/demo.html" $python -m watcher demo --folder "$shown" >"$work/log"
photograph "$work/demo.html" docs/images/demo.png "$(tail -n 1 "$work/log" | tr -d '\r')"

# The mail of the last update, in a narrow window as on a phone or in a reading pane.
mail=$(grep -l 'Update 5' "$shown"/mails/*.html | head -n 1)
photograph "$mail" docs/images/mail.png 720,660
# The mail of a silent edit, for docs/detection.md.
PYTHONPATH=src $python docs/images/silent.py >"$work/silent.html"
photograph "$work/silent.html" docs/images/silent.png 720,660
$python docs/images/shrink.py docs/images/demo.png docs/images/mail.png docs/images/silent.png
