# Two commands for everyone: `make up` and `make test`. The rest is for contributors.
SHELL := /bin/bash
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
INSTALL := $(BIN)/python -m pip install --disable-pip-version-check --no-deps --ignore-requires-python
# pip's one line per package becomes a count, where somebody watches; what it says on errors is kept
COUNT = if [ -t 1 ]; then awk -v n="$$(grep -c == $<)" '/^(Collecting|Requirement already)/ { printf "\r  %d of %d packages", ++i, n; fflush() } END { print "" }'; else cat >/dev/null; fi
DATA ?= ../shared/data
export RASA_TELEMETRY_ENABLED := false

.PHONY: up test lint check bench encoder faults audit lock setup setup-dev clean

up: setup
	@$(BIN)/guichet up

test: setup-dev
	@$(BIN)/guichet prepare
	@$(BIN)/python -m pytest

lint: setup-dev
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/bandit -q -r actions bot channels knowledge machine guichet.py -c pyproject.toml

check: setup-dev
	@$(BIN)/mypy

bench: setup-dev
	@$(BIN)/guichet prepare
	@$(BIN)/python benchmarks/turn.py
	@$(BIN)/python benchmarks/retrieval.py

# trains the bundled encoder anew: DATA is a folder with the inventory, its split and the laws
encoder: setup-dev
	@$(BIN)/python -m knowledge.training --data $(DATA) --work .guichet/training

faults: setup-dev
	@$(BIN)/guichet prepare
	@$(BIN)/python -m tests.faults

# asks PyPI for known vulnerabilities of what is locked; what cannot be asked about fails it, too
audit: setup-dev
	@$(BIN)/uv tool run pip-audit -r requirements.lock --no-deps --disable-pip --strict

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
	@$(INSTALL) -qq torch==2.13.0
	@touch $@

$(VENV)/.installed: requirements.lock pyproject.toml $(VENV)/.torch
	@echo "Installing Guichet's packages (about two minutes the first time) …"
	@set -o pipefail; $(INSTALL) -r $< 2> >(grep -v 'is ignored: it is neither' >&2) | $(COUNT)
	@$(INSTALL) -qq -e .
	@touch $@

$(VENV)/.installed-dev: requirements-dev.lock $(VENV)/.installed
	@echo "Installing the tools for tests …"
	@set -o pipefail; $(INSTALL) -r $< 2> >(grep -v 'is ignored: it is neither' >&2) | $(COUNT)
	@touch $@

clean:
	rm -rf $(VENV) .guichet
