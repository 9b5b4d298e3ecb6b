# Everything runs in .venv, which each target makes and fills by itself; when the locks have not changed, at once.
# Its Python is the first of these that runs and is new enough: pyenv has names on the path that do not run.
PYTHON ?= python3.11 python3 python3.12 python3.13 python3.14
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet install --require-hashes --no-deps

# What would have libraries looked for or put elsewhere than in .venv. PIP_USER outdoes a configuration file, too.
unexport PIP_TARGET PIP_PREFIX PIP_ROOT PIP_PYTHON PIP_DRY_RUN PYTHONHOME PYTHONPATH PYTHONSAFEPATH
export PIP_USER := 0

ENGINE ?= docker
SEED ?= 1
SOAK ?= 10m

.PHONY: help install demo run test chaos check bench format screenshots translations image lock clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

install: .venv/run.stamp .venv/demo.stamp ## what the bot and the demo need, into .venv; again after an update

demo: .venv/demo.stamp ## the bot in a browser, between simulated services (PROVIDER=useapi or mjproxy: of one; services: with three more)
	@exec $(BIN)/python -m tests.demo $(PROVIDER)

run: .venv/run.stamp ## the bot for real, with the settings in .env
	@exec $(BIN)/python -m bot

test: .venv/dev.stamp ## the whole test suite, by two workers (WORKERS=2)
	@$(BIN)/python -m pytest --numprocesses $(or $(WORKERS),2) --dist worksteal --cov --cov-report=term

chaos: .venv/dev.stamp ## kill the bot many times, then soak it: what is lost, told twice or leaked? (ROUNDS=100 SEED=1 SOAK=10m)
	@$(BIN)/python -m tests.chaos --rounds $(or $(ROUNDS),100) --seed $(SEED)
	@$(BIN)/python -m tests.chaos --soak $(SOAK) --seed $(SEED)
	@$(BIN)/python -m pytest -q -m hypothesis --hypothesis-profile=large --hypothesis-seed=$(SEED) --timeout=0

check: .venv/dev.stamp ## format, lint and types
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/basedpyright

bench: .venv/dev.stamp ## measure the bot beside what else one would run, and judge its budgets (ROUNDS=3, ONLY=answers)
	@$(BIN)/python -m tests.bench --rounds $(or $(ROUNDS),3) $(addprefix --only ,$(ONLY))

format: .venv/dev.stamp ## put the code into shape
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

screenshots: .venv/dev.stamp ## draw the README's pictures anew (needs Chromium)
	@$(BIN)/python -m tests.demo.screenshot assets

translations: .venv/dev.stamp ## collect the sentences of the code into the catalogues, and compile these
	@$(BIN)/python -m tests.translations

# podman keeps the health check only in the format of Docker.
image: ## the container image midwatch (BASE=debian:trixie-slim ENGINE=podman TAG=midwatch OPTIONS=--pull)
	@BUILDAH_FORMAT=docker $(ENGINE) build $(addprefix --build-arg BASE=,$(BASE)) --tag $(or $(TAG),midwatch) $(OPTIONS) .

lock: ## newest versions within pyproject.toml's ranges (needs uv)
	uv pip compile pyproject.toml --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
		--no-header --output-file requirements.lock
	uv pip compile pyproject.toml --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
		--no-header --group dev --constraint requirements.lock --output-file requirements-dev.lock
	uv pip compile pyproject.toml --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
		--no-header --group demo --constraint requirements-dev.lock --output-file requirements-demo.lock
	uv pip compile pyproject.toml --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
		--no-header --all-extras --constraint requirements-dev.lock --output-file requirements-image.lock
	echo 'setuptools>=77' | uv pip compile - --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
		--no-header --constraint requirements-dev.lock --output-file requirements-build.lock

clean: ## remove .venv and what the tools leave behind
	rm -rf .venv .pytest_cache .ruff_cache .hypothesis .coverage*

.venv/bin/python:
	@for python in $(PYTHON); do \
		$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || continue; \
		$$python -m venv .venv && exit; \
		rm -rf .venv; echo "Python cannot make a virtual environment. On Debian and Ubuntu: apt-get install python3-venv"; exit 1; \
	done; \
	echo "Midwatch needs Python 3.11 or newer, and none runs here ($(PYTHON)). Say which to use: make PYTHON=python3.12 ..."; exit 1

# The stamps say that what was installed can be used from .venv, not only that pip was content.
USABLE := || { echo "The libraries cannot be used from .venv: look for settings that make pip put them elsewhere ($(BIN)/python -m pip config list)."; exit 1; }

.venv/run.stamp: requirements.lock | .venv/bin/python
	@echo "Installing Midwatch's libraries into .venv ..."
	@$(PIP) -r requirements.lock
	@$(BIN)/python -c 'import aiohttp, aiosqlite, discord, matplotlib' $(USABLE)
	@touch $@

.venv/demo.stamp: requirements-demo.lock .venv/run.stamp | .venv/bin/python
	@echo "Installing what the demo needs into .venv ..."
	@$(PIP) -r requirements-demo.lock
	@$(BIN)/python -c 'import jsonschema, simcord' $(USABLE)
	@touch $@

.venv/dev.stamp: requirements-dev.lock .venv/run.stamp | .venv/bin/python
	@echo "Installing the tools for the tests into .venv ..."
	@$(PIP) -r requirements-dev.lock
	@$(BIN)/python -c 'import basedpyright, pytest, ruff, simcord' $(USABLE)
	@touch $@
