# nnlab: `make sweep`, `make ui`, `make test`. Every target first installs what it needs.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup data train sweep rerun report experiments ui test test-all bench lint packages clean lock

PYTHON ?= python3
DATA ?= painted
ARGS ?=
PORT ?= 5000
# the downloaded packages: a second set-up needs no network
WHEELS ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/nnlab/wheels

READY := .venv/ready
BENCH_READY := .venv/bench-ready
BIN := .venv/bin
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check
INSTALL := $(PIP) install --no-index -f "$(WHEELS)"

# if there is a copy of the course's data set beside the checkout, the tests use it
ifneq ($(wildcard ../shared/data/catvnoncat),)
test test-all bench: export NNLAB_DATA ?= $(abspath ../shared/data)
endif

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo
	@echo '  DATA=painted|catvnoncat  ARGS="model.depth=1,2,3 seed=1,2"  PORT=5000'

setup: $(READY) ## make .venv and install the pinned packages into it

$(READY): requirements.lock pyproject.toml
	@echo "setting up .venv (a minute or two, once)"
	@$(PYTHON) -c 'import sys; sys.exit("nnlab needs Python 3.11 or newer: make PYTHON=python3.11" if sys.version_info < (3, 11) else 0)'
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@mkdir -p "$(WHEELS)"
	@$(INSTALL) --require-hashes -r requirements.lock 2>/dev/null \
	  || { $(PIP) download --require-hashes -r requirements.lock -d "$(WHEELS)" \
	       && $(INSTALL) --require-hashes -r requirements.lock; }
	@$(INSTALL) --no-deps --no-build-isolation -e .
	@touch $@

data: $(READY) ## make or fetch the image set DATA
	@$(if $(filter catvnoncat,$(DATA)),$(BIN)/nnlab data ready data=catvnoncat >/dev/null 2>&1 || $(BIN)/nnlab data fetch &&) \
	  $(BIN)/nnlab data ready data=$(DATA)

# nnlab paints the painted set when it needs it; the course's files are fetched before a training
ifeq ($(DATA),catvnoncat)
train sweep: data
endif

train: $(READY) ## train one net: make train ARGS="model=deep seed=2"
	@$(BIN)/nnlab train data=$(DATA) $(ARGS)

sweep: $(READY) ## train a grid of nets and record them in MLflow: make sweep ARGS="model.depth=1,2,3"
	@$(BIN)/nnlab sweep data=$(DATA) $(ARGS)

rerun: $(READY) ## train a recorded run again, compare every bit: make rerun RUN=8050851c
	@$(BIN)/nnlab rerun "$(RUN)" $(ARGS)

report: $(READY) ## write the page on a sweep, the latest by default: make report SWEEP=c5ad94f1
	@$(BIN)/nnlab report $(if $(SWEEP),"$(SWEEP)") $(ARGS)

# if the course's files cannot be fetched, the experiments that need them say so; the others are tested
experiments: $(READY) ## test the notes' claims: make experiments ARGS="zero_init"
	@$(BIN)/nnlab data ready data=catvnoncat >/dev/null 2>&1 || $(BIN)/nnlab data fetch || true
	@$(BIN)/nnlab experiments $(ARGS)

ui: $(READY) ## open the MLflow UI on http://127.0.0.1:PORT
	@$(BIN)/nnlab ui --port $(PORT)

test: $(READY) ## run the tests (under three minutes)
	@$(BIN)/python -m pytest -m "not slow" $(ARGS)

test-all: $(READY) ## run all tests, the slow ones too
	@$(BIN)/python -m pytest $(ARGS)

# the peers choose their kernels by the processor; without these variables NumPy's BLAS does so too
bench: $(BENCH_READY) ## compare the speed with peers (a quarter of an hour): make bench ARGS="--only loop"
	@env -u OPENBLAS_CORETYPE -u OPENBLAS_L2_SIZE $(BIN)/python -m experiments.speed.bench $(ARGS)

# the peers are not in requirements.lock; their installation must not change a package that it pins
$(BENCH_READY): $(READY)
	@echo "installing the peers of the benchmark: PyTorch and JAX (some hundred megabytes, once)"
	@$(PIP) freeze --exclude-editable > .venv/pinned.txt
	@$(PIP) install --constraint .venv/pinned.txt --no-build-isolation -e ".[bench]"
	@$(PIP) check
	@touch $@

lint: $(READY) ## ruff and mypy --strict
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy

packages: $(READY) ## draw the packages and their imports into docs/packages.svg
	@$(BIN)/python docs/packages.py

lock: ## pin the newest packages that pyproject.toml admits (needs uv)
	uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 --upgrade \
	  --generate-hashes --no-header --no-annotate -o requirements.lock

clean: ## remove .venv and caches; records and data stay
	rm -rf .venv *.egg-info build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
