# Each target does its own set-up from nothing: see .ci/setup. `make help` lists them.
SHELL := /bin/bash
BIN := .venv/bin

# The tests in the real editors run by default; HANDTINT_EDITORS=0 leaves them out.
export HANDTINT_EDITORS ?= 1
# Threads of torch that wait for each other in a loop starve those that work, on a machine with few cores.
export OMP_WAIT_POLICY ?= PASSIVE
# Material for MkDocs advertises its successor at each build.
export NO_MKDOCS_2_WARNING ?= 1

.PHONY: help setup demo test check format docs package clean

help: ## List the targets
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: .venv/.installed ## Make the virtual environment .venv

.venv/.installed: pyproject.toml .ci/constraints.txt .ci/hashes.txt .ci/setup
	@.ci/setup

demo: setup ## Colour a photograph through a real engine and leave before and after in demo/
	$(BIN)/handtint demo --out demo

test: setup ## Run every test, those in the real Krita and GIMP included
	$(BIN)/python -m pytest

# mkdocs with --quiet would not count its warnings, and --strict would let them pass.
check: setup ## Lint, format, types, dependency rules, documentation without a warning
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/mkdocs build --strict

format: setup ## Put the code into its form
	$(BIN)/ruff check --fix-only --quiet
	$(BIN)/ruff format

docs: setup ## Make the pictures anew and build the documentation into build/site
	$(BIN)/python docs/pictures.py
	$(BIN)/mkdocs build --strict

package: setup ## Build the sdist and the wheel into dist
	$(BIN)/python -m hatchling build -t sdist -t wheel

clean: ## Remove what the targets made
	rm -rf .venv demo artifacts build dist .mypy_cache .ruff_cache .pytest_cache
