# Two commands for everyone: `make up` and `make test`. The rest is for contributors.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
LOCKED := --no-deps --ignore-requires-python --disable-pip-version-check --quiet --progress-bar on
export RASA_TELEMETRY_ENABLED := false

.PHONY: up test lint check bench lock setup setup-dev clean

up: setup
	@$(BIN)/guichet up

test: setup-dev
	@$(BIN)/guichet prepare
	@$(BIN)/python -m pytest

lint: setup-dev
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

check: setup-dev
	@$(BIN)/mypy

bench: setup-dev
	@$(BIN)/guichet prepare
	@$(BIN)/python benchmarks/turn.py
	@$(BIN)/python benchmarks/retrieval.py

lock: setup-dev
	@$(BIN)/uv pip compile pyproject.toml --python 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --quiet -o requirements.lock
	@$(BIN)/uv pip compile pyproject.toml --extra dev -c requirements.lock --python 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --quiet -o requirements-dev.lock

setup: $(VENV)/.installed
setup-dev: $(VENV)/.installed-dev

$(BIN)/python:
	@command -v $(PYTHON) >/dev/null || { echo "Guichet needs Python 3.11 ($(PYTHON) was not found). Install it, or say where it is: make up PYTHON=/path/to/python3.11" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV)

# torch goes first and alone: pip then takes a CPU build where one is offered (PIP_EXTRA_INDEX_URL, PIP_FIND_LINKS)
$(VENV)/.torch: | $(BIN)/python
	@echo "Installing PyTorch (used once, to export the model) …"
	@$(BIN)/python -m pip install --no-deps --disable-pip-version-check --quiet --progress-bar on torch==2.13.0
	@touch $@

$(VENV)/.installed: requirements.lock pyproject.toml $(VENV)/.torch
	@echo "Installing Guichet's packages (about two minutes the first time) …"
	@$(BIN)/python -m pip install $(LOCKED) -r requirements.lock
	@$(BIN)/python -m pip install --no-deps --no-build-isolation --disable-pip-version-check --quiet -e .
	@touch $@

$(VENV)/.installed-dev: requirements-dev.lock $(VENV)/.installed
	@echo "Installing the tools for tests …"
	@$(BIN)/python -m pip install $(LOCKED) -r requirements-dev.lock
	@touch $@

clean:
	rm -rf $(VENV) .guichet
