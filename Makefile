# The workflow, for people and for CI. `make` alone lists what there is.
#
# Everything is installed into .venv, from requirements.lock and with hashes, so that every machine runs the same
# versions. Stamps inside .venv remember what was done: nothing is installed twice. All paths are relative, so that
# the project may lie in a folder with spaces in its name.
#
#   make PYTHON=/opt/python3.12/bin/python3 …   takes that interpreter for a new .venv
#   make test ARGS="-k notes"                   hands ARGS to the program that the target runs

PYTHON ?=
ARGS   ?=
BIN    := .venv/bin
PIP    := $(BIN)/python -m pip --disable-pip-version-check install --quiet

.DEFAULT_GOAL := help
.PHONY: help setup demo run test test-long check fmt bench lock pictures clean
.DELETE_ON_ERROR:

help: ## list these targets
	@echo 'Watcher: make TARGET'
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-10s %s\n", $$1, $$2 }' Makefile

setup: .venv/.installed ## install Watcher and its tools into .venv

demo: .venv/.installed ## a whole story in a minute, with no internet
	@$(BIN)/watcher demo $(ARGS)

run: .venv/.installed ## the daemon, in the foreground, on config.toml
	@$(BIN)/watcher run --config config.toml $(ARGS)

test: .venv/.installed ## the tests, in under five minutes
	@$(BIN)/python -m pytest -n auto -m "not long" $(ARGS)

test-long: .venv/.installed ## the tests that take longer
	@$(BIN)/python -m pytest -n auto -m long $(ARGS)

check: .venv/.installed ## lint, formatting and types
	@status=0; \
	$(BIN)/ruff check . || status=1; \
	$(BIN)/ruff format --check . || status=1; \
	$(BIN)/mypy --strict || status=1; \
	exit $$status

fmt: .venv/.installed ## bring the code into its format, mend what can be mended by rule
	@$(BIN)/ruff check --fix . ; $(BIN)/ruff format .

bench: .venv/.installed ## measure; what needs the example data runs where WATCHER_SHARED names it
	@for bench in bench/[!_]*.py; do \
	  grep -q WATCHER_SHARED "$$bench" && [ -z "$$WATCHER_SHARED" ] && { echo "== $$bench: no WATCHER_SHARED"; continue; }; \
	  echo "== $$bench"; $(BIN)/python "$$bench" $(ARGS) || exit 1; \
	done

lock: .venv/.created ## work out requirements.lock anew (needs a package index); versions that still fit are kept
	@uv=$$(mktemp -d) && trap 'rm -rf "$$uv"' EXIT && \
	$(BIN)/python -m venv "$$uv" && "$$uv/bin/python" -m pip --disable-pip-version-check install --quiet uv && \
	"$$uv/bin/uv" pip compile --quiet --universal --generate-hashes --all-extras --group dev --python-version 3.11 \
	  --no-emit-index-url --no-annotate --custom-compile-command 'make lock' $(ARGS) pyproject.toml -o requirements.lock

pictures: .venv/.installed ## remake the pictures of the README (needs chromium)
	@docs/images/make.sh

clean: ## remove .venv and everything that can be made again
	@rm -rf .venv build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/.installed: .venv/.locked pyproject.toml src/watcher/__init__.py
	@$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@

.venv/.locked: .venv/.created requirements.lock
	@echo 'Installing the locked packages into .venv (a minute or two, once) …'
	@$(PIP) --require-hashes --requirement requirements.lock
	@touch $@

# Debian packs the venv module apart, and python3 may be older than what else is installed: look before complaining.
.venv/.created:
	@if [ -n "$(PYTHON)" ]; then set -- "$(PYTHON)"; \
	else set -- python3 python3.14 python3.13 python3.12 python3.11; fi; \
	for python in "$$@"; do \
	  "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || continue; \
	  "$$python" -c 'import venv, ensurepip' 2>/dev/null || { lacking=$$python; continue; }; \
	  echo "Creating .venv with $$("$$python" --version)"; \
	  "$$python" -m venv .venv && touch $@; exit; \
	done; \
	if [ -n "$$lacking" ]; then \
	  echo "$$lacking lacks the venv module. On Debian and Ubuntu: apt-get install python3-venv" >&2; \
	else \
	  echo "Watcher needs Python 3.11 or newer; tried: $$*. Name one: make PYTHON=/path/to/python3" >&2; \
	fi; \
	exit 1
