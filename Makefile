# Two targets do all the set-up on a machine that has Python 3.11+ and make: `make demo` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

# Tests start this program as a process of its own hundreds of times: without bytecode each one compiles it again.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help

help: ## Show this list
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sort | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

demo: $(VENV)/.installed ## Create the environment, take in the sample traces and show what they cost
	@$(BIN)/botanu demo

test: $(VENV)/.developed ## Run every test
	$(BIN)/python -m pytest -n auto --dist worksteal

test-fast: $(VENV)/.developed ## Run the tests that take less than a second or two
	$(BIN)/python -m pytest -n auto --dist worksteal -m "not slow"

lint: $(VENV)/.developed ## Check style and layers
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

types: $(VENV)/.developed ## Check types with mypy and pyright, both strict
	$(BIN)/mypy
	$(BIN)/pyright

format: $(VENV)/.developed ## Format the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

samples: $(VENV)/.developed ## Make the sample traces again
	$(BIN)/python sample_traces/make_samples.py

wheel: $(VENV)/.developed ## Build the wheel into dist/
	$(BIN)/python -m build --wheel

clean: ## Remove the environment, builds and demo stores
	rm -rf $(VENV) dist build botanu-demo.duckdb*

$(VENV)/.python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "botanu needs Python 3.11 or newer, $(PYTHON) is older. Name another: make PYTHON=python3.12 ..." >&2; exit 1; }
	@echo "Creating the environment in $(VENV)"
	@$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/.installed: $(VENV)/.python pyproject.toml
	@echo "Installing botanu"
	@$(PIP) install --editable '.[all]'
	@touch $@

$(VENV)/.developed: $(VENV)/.python pyproject.toml
	@echo "Installing botanu and what its tests need"
	@$(PIP) install --editable '.[dev]'
	@touch $@ $(VENV)/.installed

.PHONY: help demo test test-fast lint types format samples wheel clean
