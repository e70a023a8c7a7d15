# Every target does its own set-up: a fresh clone needs git, make and a Python 3.11 to 3.13, nothing else.
SHELL := /bin/sh
BIN   := .venv/bin
STAMP := .venv/.installed
READY := .venv/.compiled

# where an image sets this, every process compiles all that it loads anew: a second and more for each command
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help install lock demo run test check format bench bench-full faults soak clean

help:  ## print this help
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(STAMP): requirements.lock pyproject.toml
	@python="$$(sh .ci/find-python)" && echo "setting up .venv with $$("$$python" --version)" >&2 && \
	  "$$python" -m venv --clear .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check "uv>=0.9,<1"
	@$(BIN)/uv pip sync --quiet --require-hashes --python $(BIN)/python requirements.lock
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --editable .
	@touch $@

# the solver's machine code and what the commands load, so that neither the first plan nor the first command waits for it
$(READY): $(STAMP) $(wildcard routing/engines/kernel/*.py)
	@rm -rf routing/engines/kernel/__pycache__
	@$(BIN)/python -c "import routing, scheduler.app, scheduler.daemon, scheduler.web; routing.warm()"
	@touch $@

install: $(READY)  ## make .venv with the locked packages, and compile the solver

lock:  ## resolve the dependencies anew into requirements.lock
	@test -x $(BIN)/uv || $(MAKE) install
	@$(BIN)/uv pip compile pyproject.toml --group dev --universal --python-version 3.11 --generate-hashes --quiet -o requirements.lock

demo: $(READY)  ## a market's whole day, simulated: no keys, no network
	@$(BIN)/songsuk demo

run: $(READY)  ## the daemon, with config.yaml
	@$(BIN)/songsuk serve

test: $(READY)  ## the tests, on SQLite and PostgreSQL, under 5 minutes on 2 cores
	@rm -f .coverage .coverage.*
	@COVERAGE_PROCESS_START="$(CURDIR)/pyproject.toml" $(BIN)/python -m pytest -n 3 --dist worksteal --cov --cov-report= tests
	@$(BIN)/coverage report --skip-covered --skip-empty --fail-under=85

check: $(STAMP)  ## format, lint, types and who may import whom
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo 2>/dev/null || $(BIN)/lint-imports

format: $(STAMP)  ## write the format that check wants
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix --quiet .

bench: $(READY)  ## the figures of docs/benchmarks.md, at most 15 minutes
	@$(BIN)/python -m benchmarks

bench-full: $(READY)  ## what takes long, big days and a month; peers, not of the lock (BENCH="--write docs/benchmarks.md")
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --group bench
	@folder="$$(mktemp -d)" && trap 'rm -rf "$$folder"' EXIT && \
	  if npm install --loglevel=error --no-audit --no-fund --prefix "$$folder" @stoplight/prism-cli@5 >&2; \
	  then export PRISM="$$folder/node_modules/.bin/prism"; fi; $(BIN)/python -m benchmarks --full $(BENCH)

faults: $(READY)  ## kill, starve and cut off the daemon, an hour and a half (FAULTS="--write", FAULTS="kills --kills 50")
	@$(BIN)/python tests/faults $(FAULTS)

soak: $(READY)  ## a million hostile webhook calls, then 10,000 days with faults; goes on where it stopped (SOAK="--minutes 3")
	@$(BIN)/python -m benchmarks.soak $(SOAK)
	@$(BIN)/python -m benchmarks.simulation $(SOAK)

clean:  ## remove what the other targets made
	@rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis var build dist .coverage .coverage.*
