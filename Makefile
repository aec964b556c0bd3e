# make demo    install Konomi in .venv and see it at work on the embedded sample
# make serve   a service with the embedded sample, and a store beside it
# make test    everything that has to pass: lint, types, import contract, all tests
# make check   the quick part of it, for before a commit
# make format  bring the code into the one format
# make clean   remove what the others made

PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt

.PHONY: demo serve test check lint format clean

demo: .venv/.installed
	$(BIN)/konomi demo -o demo

serve: .venv/.installed-serve
	@test -d demo || $(BIN)/konomi demo -o demo
	$(BIN)/konomi serve demo/bundle --store demo-store/store.db

test: lint
	$(BIN)/pytest -n 2 --dist loadfile

check: lint
	$(BIN)/pytest -m "not slow"

lint: .venv/.installed-dev
	$(BIN)/ruff check . && $(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: .venv/.installed-dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache demo demo-store
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The stamps: an install runs again only when what it reads has changed.
.venv/.installed: pyproject.toml constraints.txt | $(BIN)/python
	@echo "Installing Konomi into .venv (a minute, once) …"
	$(PIP) -e .
	@touch $@

.venv/.installed-serve: pyproject.toml constraints.txt | $(BIN)/python
	@echo "Installing Konomi and what its service stands on into .venv (a minute, once) …"
	$(PIP) -e ".[serve]"
	@touch .venv/.installed $@

.venv/.installed-dev: pyproject.toml constraints.txt | $(BIN)/python
	@echo "Installing Konomi and what its tests need, torch too, into .venv (some minutes, once) …"
	$(PIP) -e ".[dev]"
	@touch .venv/.installed .venv/.installed-serve $@

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Konomi needs Python 3.11 or later; try: make PYTHON=python3.12")'
	$(PYTHON) -m venv .venv
