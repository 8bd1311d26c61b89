# Two commands for everybody: `make chat` opens the assistant, `make test` checks it. Each sets up what it needs:
# a virtual environment, the pinned packages, the models and the index. The second run starts at once.
#
#   make chat            chat with the shipped article in a web page (fetches a 1.1 GB chat model once)
#   make chat LLM=none   the same without the chat model: answers are verbatim quotes
#   make test            lint, types, tests, the eval gate
#   make test-browser   the chat page in a real Chromium
#   make eval            every eval case with the local model (about 20 minutes)
#   make bench           Wenju beside LangChain, txtai and LlamaIndex (BENCH='--repeat 1 --sizes' is shorter)

PYTHON ?= python3
LLM ?= local
HOST ?= 127.0.0.1
PORT ?= 7860
BENCH ?=
VENV := .venv
BIN := $(VENV)/bin
EMBEDDING := multilingual-e5-small
CHAT := qwen2.5-coder-1.5b-instruct-q4_k_m
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help chat test test-browser screenshots lint unit gate eval bench models models-chat index clean
.DEFAULT_GOAL := help

help:
	@sed -n 's/^#   //p' Makefile

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Wenju needs Python 3.11 or newer; '$(PYTHON)' is older. Use: make PYTHON=python3.11 …" >&2; exit 2; }
	@echo "[1/4] Making a virtual environment in $(VENV) …"
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: pyproject.toml | $(VENV)/bin/python
	@echo "[2/4] Installing the packages (once, about 2 minutes) …"
	@$(BIN)/python -m pip install --quiet --progress-bar off -e .
	@touch $@

$(VENV)/.installed-dev: pyproject.toml $(VENV)/.installed
	@echo "[2/4] Installing the test tools …"
	@$(BIN)/python -m pip install --quiet --progress-bar off -e '.[dev]'
	@touch $@

models: $(VENV)/.installed
	@echo "[3/4] Model files: $(EMBEDDING) …"
	@$(BIN)/wenju models pull $(EMBEDDING)

models-chat: models
	@echo "[3/4] Model files: $(CHAT) …"
	@$(BIN)/wenju models pull $(CHAT)

index: models
	@echo "[4/4] Index …"
	@$(BIN)/wenju index

chat: $(if $(filter local auto,$(LLM)),models-chat) index
	@$(BIN)/wenju chat --llm $(LLM) --host $(HOST) --port $(PORT)

lint: $(VENV)/.installed-dev
	@echo "Checking style and types …"
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

unit: $(VENV)/.installed-dev models-chat
	@echo "Running the tests …"
	@$(BIN)/python -m pytest -q tests

gate: $(VENV)/.installed-dev models-chat index
	@echo "Eval gate: every case, quotes only …"
	@$(BIN)/wenju eval facts kinds --llm none
	@echo "Eval gate: the must-pass cases with the local model …"
	@$(BIN)/wenju eval facts --llm local --must-pass

test: lint unit gate

$(VENV)/.installed-browser: pyproject.toml $(VENV)/.installed-dev
	@$(BIN)/python -m pip install --quiet --progress-bar off -e '.[browser]'
	@test -n "$$WENJU_CHROMIUM" || command -v chromium >/dev/null || \
	  { test "$$(id -u)" = 0 && command -v apt-get >/dev/null && echo "Installing Debian's Chromium …" && \
	    apt-get install -y -qq chromium fonts-noto-cjk >/dev/null 2>&1; } || \
	  echo "There is no Chromium: install it (Debian: apt install chromium) or name one in WENJU_CHROMIUM." >&2
	@touch $@

test-browser: $(VENV)/.installed-browser index
	@echo "Browser tests …"
	@$(BIN)/python -m pytest -q tests/browser

screenshots: $(VENV)/.installed-browser index
	@$(BIN)/python -m tests.browser.screenshots docs/images

eval: $(VENV)/.installed-dev models-chat index
	@$(BIN)/wenju eval facts --llm local

bench: models
	@$(BIN)/python -m evals.bench $(BENCH)

clean:
	rm -rf $(VENV) *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
