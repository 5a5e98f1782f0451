# make chat · make test · make check · make bench · make bench-evidence · make screenshots

PYTHON ?= python3
SOURCES ?= seeds
PORT ?= 7860
BIN := .venv/bin
PIP := $(BIN)/pip --disable-pip-version-check install --quiet --constraint constraints.txt
ROOT := $(if $(filter 0,$(shell id -u)),,sudo)

.PHONY: chat test check bench bench-evidence screenshots

chat: .venv/installed  ## Index SOURCES (a file or folder; default: seeds) and open the chat on PORT.
	$(BIN)/footnote build "$(SOURCES:~%=$(HOME)%)"
	$(BIN)/footnote chat --port $(PORT)

test: .venv/tools .venv/browser  ## Run every test.
	$(BIN)/pytest --numprocesses 2 --dist worksteal -m "not browser"
	$(BIN)/pytest -m browser

check: .venv/tools  ## Format, lint, types.
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

bench: .venv/bench  ## Measure Footnote beside its stock peer.
	$(BIN)/python -m benchmarks

bench-evidence: .venv/bench  ## Measure the evidence model alone, and end to end, on the public dev sets.
	$(BIN)/python -m benchmarks.evidence
	$(BIN)/python -m benchmarks.quality
	$(BIN)/python -m benchmarks.drafts

screenshots: .venv/tools .venv/browser  ## Take the pictures of README anew.
	$(BIN)/python -m benchmarks.screenshots

.venv/bin/pip:
	$(PYTHON) -m venv .venv || ($(ROOT) apt-get update && $(ROOT) apt-get install -y python3-venv && $(PYTHON) -m venv --clear .venv)

.venv/installed: .venv/bin/pip pyproject.toml constraints.txt
	@echo "Installing Footnote into .venv (once; about two minutes) …"
	$(PIP) --editable .
	@touch $@

.venv/tools: .venv/installed
	$(PIP) --editable '.[test]'
	@touch $@

.venv/bench: .venv/installed
	$(PIP) --editable '.[bench]'
	@touch $@

.venv/browser: .venv/installed
	@command -v chromium > /dev/null || ($(ROOT) apt-get update && $(ROOT) apt-get install -y --no-install-recommends chromium fonts-noto-core)
	@touch $@
