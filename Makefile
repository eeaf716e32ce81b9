# nnlab: `make sweep`, `make ui`, `make test`. Every target first installs what it needs.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup data train sweep rerun report experiments ui notebook test test-all bench lint packages docs docs-serve examples clean lock

PYTHON ?= python3
DATA ?= painted
ARGS ?=
PORT ?= 5000
EXTRAS ?=
# uv's own wheel; the packages are in uv's cache. So a second set-up needs no network
WHEELS ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/nnlab/wheels

LOCKED := dev docs heic notebook ray slurm dask search server

READY := .venv/ready
BENCH_READY := .venv/bench-ready
DOCS_READY := .venv/docs-ready
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
UV := $(BIN)/uv pip install --python $(BIN)/python --constraint requirements.lock --build-constraint requirements.lock
# byte code costs more than the first start saves; but where Python may not write it, every start would pay
UV += $(if $(PYTHONDONTWRITEBYTECODE),--compile-bytecode)

NNLAB := --editable ".[dev$(EXTRAS:%=,%)]"
# from the cache, else from the network
install := $(UV) --offline $(NNLAB) 2>/dev/null || $(UV) $(NNLAB)
UV_FROM_WHEELS := $(PIP) --quiet install --no-index -f "$(WHEELS)" --require-hashes -r .venv/uv.txt
get_uv := $(UV_FROM_WHEELS) 2>/dev/null \
  || { $(PIP) --quiet download --require-hashes -r .venv/uv.txt -d "$(WHEELS)" && $(UV_FROM_WHEELS); }

# if there is a copy of the course's data set beside the checkout, the tests use it
ifneq ($(wildcard ../shared/data/catvnoncat),)
test test-all bench: export NNLAB_DATA ?= $(abspath ../shared/data)
endif

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo
	@echo '  DATA=painted|catvnoncat  ARGS="model.depth=1,2,3 seed=1,2"  PORT=5000  EXTRAS=docs,notebook'

setup: $(READY) ## make .venv and install the pinned packages into it: make setup EXTRAS=docs,notebook
	@$(if $(EXTRAS),test ! -x $(BIN)/uv || { $(install); })

# .venv works only in the folder that it was made in, and with the Python that made it
ifneq ($(wildcard $(READY)),)
ifneq ($(shell test -x $(BIN)/python && cat $(READY)),$(CURDIR))
$(READY): made-elsewhere
endif
endif

.PHONY: made-elsewhere
made-elsewhere:
	@echo "this folder was moved or copied, or its Python is gone: .venv is made anew"
	@rm -rf .venv

$(READY): requirements.lock pyproject.toml
	@echo "setting up .venv with the packages of requirements.lock: less than a minute, once"
	@$(PYTHON) -c 'import sys; sys.exit("nnlab needs Python 3.11 or newer: make PYTHON=python3.11" if sys.version_info < (3, 11) else 0)'
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@mkdir -p "$(WHEELS)"
	@sed -n '/^uv==/,/[^\\]$$/p' requirements.lock > .venv/uv.txt
	@{ $(get_uv); } && { $(install); } \
	  || { echo "uv cannot do it here; pip installs the packages, which takes some minutes" \
	       && $(PIP) install --require-hashes -r requirements.lock \
	       && $(PIP) install --no-deps --no-build-isolation -e .; }
	@echo "$(CURDIR)" > $@

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

# Ctrl-C is how it ends, and no error of make
ui: $(READY) ## open the MLflow UI on http://127.0.0.1:PORT
	@trap : INT; $(BIN)/nnlab ui --port $(PORT) || test $$? = 130

# the reader's own copy: what JupyterLab saves into it is no change of the checkout
notebook: $(READY) ## open the tutorial in JupyterLab, on the loopback interface
	@$(MAKE) --no-print-directory setup EXTRAS=notebook
	@mkdir -p notebooks && { test -f notebooks/tutorial.ipynb || cp docs/tutorial.ipynb notebooks/; }
	@$(BIN)/jupyter lab --ip=127.0.0.1 --notebook-dir=notebooks --LabApp.default_url=/lab/tree/tutorial.ipynb $(ARGS)

test: $(READY) ## run the tests (under three minutes on two cores)
	@$(BIN)/python -m pytest -m "not slow" $(ARGS)

test-all: $(READY) ## run all tests, the slow ones too
	@$(BIN)/python -m pytest $(ARGS)

# OPENBLAS_CORETYPE=Haswell makes a table of its own; see experiments/speed/README.md
bench: $(BENCH_READY) ## compare the speed with peers (a quarter of an hour): make bench ARGS="--only loop"
	@env -u OPENBLAS_L2_SIZE $(BIN)/python -m experiments.speed.bench $(ARGS)

# the peers are not in requirements.lock; their installation must not change a package that it pins
$(BENCH_READY): $(READY)
	@echo "installing the peers of the benchmark: PyTorch and JAX (some hundred megabytes, once)"
	@$(PIP) --quiet freeze --exclude-editable > .venv/pinned.txt
	@$(PIP) --quiet install --constraint .venv/pinned.txt --no-build-isolation -e ".[bench]"
	@$(PIP) --quiet check
	@touch $@

lint: $(READY) ## ruff and mypy --strict
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy

packages: $(READY) ## draw the packages and their imports into docs/packages.svg
	@$(BIN)/python docs/packages.py

# a warning is an error; -E reads all pages anew, since tables and links come from the code
docs: $(DOCS_READY) ## build the documentation into build/docs
	@$(BIN)/sphinx-build -b html -W --keep-going -E -q -d build/doctrees docs build/docs
	@echo "build/docs/index.html"

docs-serve: docs ## show the documentation on http://127.0.0.1:PORT
	@$(BIN)/python -m http.server --bind 127.0.0.1 --directory build/docs $(PORT)

$(DOCS_READY): $(READY)
	@$(UV) --offline --quiet --editable ".[docs]" 2>/dev/null || $(UV) --editable ".[docs]"
	@touch $@

examples: $(READY) ## run the documents' commands, and write into the pages what they print
	@$(BIN)/python docs/examples.py $(ARGS)

lock: ## pin the newest packages that pyproject.toml admits
	$(BIN)/uv pip compile pyproject.toml $(LOCKED:%=--extra %) --universal \
	  --python-version 3.11 --upgrade --generate-hashes --no-header --no-annotate --quiet -o requirements.lock

clean: ## remove .venv and caches; records and data stay
	rm -rf .venv *.egg-info build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
