# Two commands on a fresh machine: `make demo` and `make test`. Everything is installed into .venv, from hash-locked lists.

PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	command -v $$p >/dev/null 2>&1 && $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; done)
BIN := .venv/bin
PIP := PIP_DISABLE_PIP_VERSION_CHECK=1 $(BIN)/python -m pip install --quiet --progress-bar off

.PHONY: demo test lint bench bench-retention redaction-bench fuzz format lock clean help

help:
	@echo 'make demo   the whole story on sample recordings, in a throw-away vault'
	@echo 'make test   the test suite (starts its own PostgreSQL and S3 server)'
	@echo 'make lint   ruff, mypy, import-linter'
	@echo 'make bench  measure against floors in the same run (takes minutes and 8 GiB of disk)'
	@echo 'make bench-retention   what retention costs over ROWS=1000000 recordings, on each database'
	@echo 'make redaction-bench   how much card data is found in text, calls and screens, and what is cut in vain'
	@echo 'make fuzz   broken files against every decoder, for MINUTES=5'
	@echo 'make lock   renew the locked dependencies'

demo: .venv/base
	@$(BIN)/strongroom demo

test: .venv/dev
	$(BIN)/python -m pytest -n auto --dist worksteal -q

lint: .venv/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: .venv/dev
	$(BIN)/python -m benchmarks

ROWS ?= 1000000
bench-retention: .venv/dev
	$(BIN)/python -m benchmarks.retention --rows $(ROWS)

redaction-bench: .venv/dev
	$(BIN)/python -m benchmarks.redaction

MINUTES ?= 5
fuzz: .venv/dev
	$(BIN)/python -m benchmarks.redaction.fuzz --minutes $(MINUTES)

format: .venv/dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# Needs uv, once, by whoever renews the locks: pip install uv
lock:
	echo 'setuptools>=77' | uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate \
		--no-header --upgrade -o requirements.lock pyproject.toml -
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header \
		--extra postgres --extra whisper --group dev -c requirements.lock -o requirements-dev.lock pyproject.toml

clean:
	rm -rf .venv build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

# Debian's python3 without python3-venv has no ensurepip; its pip, if there, can still fill a bare environment.
.venv/made:
	@test -n "$(PYTHON)" || { echo 'Strongroom needs Python 3.11 or newer, and found none.' >&2; exit 1; }
	@$(PYTHON) -m venv .venv 2>/dev/null \
		|| { rm -rf .venv && $(PYTHON) -m venv --without-pip .venv && $(PYTHON) -m pip --python .venv/bin/python install --quiet pip; } \
		|| { echo 'This Python can make no environment: install its venv module (on Debian: python3-venv) or pip.' >&2; rm -rf .venv; exit 1; }
	@touch $@

.venv/base: .venv/made requirements.lock pyproject.toml
	@echo 'installing into .venv …'
	@$(PIP) --require-hashes -r requirements.lock
	@$(PIP) --no-deps --no-build-isolation --no-index -e .
	@touch $@

.venv/dev: .venv/base requirements-dev.lock
	@$(PIP) --require-hashes -r requirements-dev.lock
	@touch $@
