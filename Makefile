# The verbs of this house; `make` alone prints them. Needs python3 (>= 3.11), python3-venv and make.

PYTHON ?= python3
BIN := .venv/bin
UV := $(shell command -v uv 2>/dev/null)
INSTALL := $(if $(UV),$(UV) pip install --quiet --python $(BIN)/python,$(BIN)/python -m pip install --quiet --disable-pip-version-check)
COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header
SHAPES := tools/generate_shapes.py
PAGES := $(filter-out $(SHAPES),$(wildcard tools/generate_*.py))
SDK := tests/sdk

.DEFAULT_GOAL := help
.PHONY: help setup run check test quick fix shapes migration docs bench faults lock

help:  ## Print the verbs
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 18

setup: .venv/.dev $(SDK)/node_modules/.installed  ## Install everything that development needs into .venv

run: .venv/.run  ## Install and start Lido with a demo pool on http://localhost:9229
	@echo "lido: starting (Ctrl-C stops it)"
	@exec $(BIN)/lido serve --demo

check: .venv/.dev  ## Format, lint, types, import contracts, fresh generated files, spelling; no tests
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	@set -e; for tool in $(SHAPES) $(PAGES); do echo "$(BIN)/python $$tool --check"; $(BIN)/python $$tool --check; done
	$(BIN)/codespell

test: setup  ## The whole suite, on SQLite and PostgreSQL
	$(BIN)/python -m pytest -n 2

quick: .venv/.dev  ## The suite on SQLite alone, without outside clients
	LIDO_TEST_DATABASES=sqlite $(BIN)/python -m pytest -n 2 -m "not sdk and not slow"

fix: .venv/.dev  ## Format, and repair what ruff can repair
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

shapes: .venv/.dev  ## Generate src/lido/shapes from the service models of the installed botocore
	$(BIN)/python $(SHAPES)

migration:  ## Begin a migration: make migration name=add_devices
	@$(PYTHON) tools/new_migration.py "$(name)"

docs: .venv/.dev  ## Generate the pages of docs/ that come from the code
	@set -e; for tool in $(PAGES); do echo "$(BIN)/python $$tool"; $(BIN)/python $$tool; done

bench: .venv/.dev  ## Measure the hot requests against a real server, on both databases
	$(BIN)/python -m tests.bench $(arguments)

faults: .venv/.dev  ## Kill the server 50 times under load, on both databases
	LIDO_TEST_KILLS=50 $(BIN)/python -m pytest tests/faults -p no:randomly

lock: .venv/.dev  ## Choose new versions: write requirements/*.lock from pyproject.toml
	$(COMPILE) --upgrade --group build pyproject.toml --output-file requirements/run.lock
	$(COMPILE) --upgrade --group build --group dev --extra acme --extra postgresql --extra lambda --extra kms --constraint requirements/run.lock pyproject.toml --output-file requirements/dev.lock

.venv/.made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "lido: Python 3.11 or newer is needed; set PYTHON=/path/to/python3"; exit 1; }
	@echo "lido: making the virtual environment .venv"
	@$(PYTHON) -m venv --clear .venv || { echo "lido: python3 cannot make a virtual environment; on Debian: apt-get install python3-venv"; exit 1; }
	@touch $@

.venv/.run: .venv/.made requirements/run.lock pyproject.toml
	@echo "lido: installing what the server needs (requirements/run.lock)"
	@$(INSTALL) --require-hashes -r requirements/run.lock
	@echo "lido: installing lido itself"
	@$(INSTALL) --no-deps --no-build-isolation --editable .
	@touch $@

.venv/.dev: .venv/.made requirements/dev.lock pyproject.toml
	@echo "lido: installing what development needs (requirements/dev.lock)"
	@$(INSTALL) --require-hashes -r requirements/dev.lock
	@echo "lido: installing lido itself"
	@$(INSTALL) --no-deps --no-build-isolation --editable .
	@touch $@ .venv/.run

# The Node clients of tests/sdk. Without node their tests skip with a reason; under CI nothing may be skipped.
$(SDK)/node_modules/.installed: $(wildcard $(SDK)/package.json $(SDK)/package-lock.json)
	@if [ ! -f $(SDK)/package.json ]; then exit 0; \
	elif ! command -v node >/dev/null || ! command -v npm >/dev/null; then \
	  echo "lido: node or npm is not installed: the Node clients will not be tested"; test "$(CI)" != true; \
	else echo "lido: installing the Node clients ($(SDK)/package-lock.json)"; \
	  (cd $(SDK) && npm ci --silent --no-audit --no-fund) && touch $@; fi
