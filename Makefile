# Python 3.11 or newer, make and git are all this needs. `make help` lists what there is.

PYTHON ?= python3
VENV ?= .venv
PORT ?= 8000
WORKERS ?= auto

BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input
PYTEST := $(BIN)/python -m pytest
QUICK := not browser and not processes and not retail
APPS := crm accounts contacts complaints segmentation

export PORT
.DEFAULT_GOAL := help
.PHONY: help install demo test test-all test-postgres test-processes test-browser test-retail soak lint \
        bench load requirements clean

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | expand -t 18

# The virtualenv -----------------------------------------------------------------------------------------------------
# A stamp beside the packages says which requirements they came from, so that an unchanged file costs nothing.
$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Opieka needs Python 3.11 or newer, and '$(PYTHON)' is not. Name another: make PYTHON=python3.12 ..."; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	  echo "This Python cannot make a virtualenv. On Debian and Ubuntu: apt-get install python3-venv"; exit 1; }
	$(PYTHON) -m venv --clear $(VENV)

$(VENV)/.installed-run: requirements.txt | $(BIN)/python
	$(PIP) install --quiet --require-hashes -r $<
	@touch $@

$(VENV)/.installed-dev: requirements-dev.txt | $(BIN)/python
	$(PIP) install --quiet --require-hashes -r $<
	@touch $@

install: $(VENV)/.installed-dev ## everything that running, testing and developing needs, into .venv

# Running ------------------------------------------------------------------------------------------------------------
demo: $(VENV)/.installed-run ## an example company, and everything running: web, worker, beat (PORT=8000)
	@exec $(BIN)/python manage.py demo

# Testing ------------------------------------------------------------------------------------------------------------
test: install ## the tests, on SQLite
	$(PYTEST) -n $(WORKERS) -m "$(QUICK)"

test-all: test-postgres test-processes test-browser ## all of it again on PostgreSQL, real processes, browser

# .ci/postgres prints the address of a PostgreSQL server on this machine where tests may make databases.
test-postgres: install
	@url=$$(.ci/postgres) && echo "pytest on PostgreSQL" && \
	  DATABASE_URL=$$url $(PYTEST) -n $(WORKERS) -m "$(QUICK)"

test-processes: install
	@url=$$(.ci/postgres) && echo "pytest with real workers" && \
	  POSTGRES_URL=$$url $(PYTEST) -n 2 --reruns 2 -rR -m processes tests/processes

# Three at a time: each waits for its browser now and then. A test that fails gets a second and a third try, since a busy
# machine may be slower than a browser waits; what is wrong fails three times.
test-browser: install
	$(PYTEST) -n 3 --reruns 2 -rR -m browser tests/browser

soak: install ## new examples for every rule, and the process tests with their long series of kills
	OPIEKA_SERIES=full $(PYTEST) -n 2 -m hypothesis
	@url=$$(.ci/postgres) && OPIEKA_SERIES=full POSTGRES_URL=$$url $(PYTEST) -n 2 -m processes tests/processes

test-retail: install ## the Online Retail figures on both databases: make test-retail DATA=FILE
	@test -f "$(DATA)" || { echo "Name the file: make test-retail DATA=online_retail.csv.gz"; exit 1; }
	@POSTGRES_URL=$$(.ci/postgres) || exit 1; RETAIL_DATA="$(abspath $(DATA))"; export POSTGRES_URL RETAIL_DATA; \
	echo "pytest with the Online Retail file, on both databases at once"; log=$$(mktemp); \
	$(PYTEST) -rP -k PostgreSQL tests/test_retail.py > $$log 2>&1 & other=$$!; trap "kill $$other; exit 130" INT TERM; \
	$(PYTEST) -rP -k SQLite tests/test_retail.py; first=$$?; \
	wait $$other; second=$$?; cat $$log; rm $$log; exit $$((first || second))

# Measuring ----------------------------------------------------------------------------------------------------------
ACCOUNTS ?= 200000
BENCH = $(if $(PURCHASES),--purchases $(PURCHASES)) $(if $(TOUCHPOINTS),--touchpoints $(TOUCHPOINTS)) \
  $(if $(PARTS),--parts $(PARTS)) $(if $(ROUNDS),--rounds $(ROUNDS)) $(if $(FULL),--full) $(if $(STRICT),--strict)
LOAD = $(if $(USERS),--users $(USERS)) $(if $(SECONDS),--seconds $(SECONDS)) $(if $(PACE),--pace $(PACE))

$(VENV)/.installed-bench: requirements-bench.txt | $(BIN)/python
	$(PIP) install --quiet --require-hashes -r $<
	@touch $@

bench: $(VENV)/.installed-bench ## jobs, pages, imports against their floors (ACCOUNTS=200000 PARTS=pages ROUNDS=5 FULL=1)
	$(BIN)/python -m benchmarks --accounts $(ACCOUNTS) $(BENCH)

load: $(VENV)/.installed-run ## 300 people at once against gunicorn (USERS=300 SECONDS=300 PACE=10)
	$(BIN)/python -m benchmarks.load $(LOAD) $(if $(findstring command,$(origin ACCOUNTS)),--accounts $(ACCOUNTS))

lint: install ## style, types, floors, templates, settings of production, migrations
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy $(APPS)
	$(BIN)/lint-imports
	$(BIN)/djlint --lint --quiet templates
	ENVIRONMENT=production SECRET_KEY=only-to-check-0123456789-abcdefghijklmnopqrstuvwxyz-0123456789 \
	  ALLOWED_HOSTS=localhost $(BIN)/python manage.py check --deploy --fail-level WARNING
	$(BIN)/python manage.py makemigrations --check --dry-run

# Upkeep -------------------------------------------------------------------------------------------------------------
requirements: install ## pin what pyproject.toml asks for, with hashes (UPGRADE=1: to the newest)
	$(PIP) install --quiet uv
	for extra in "" dev bench; do \
	  $(BIN)/uv pip compile pyproject.toml $${extra:+--extra $$extra} $(if $(UPGRADE),--upgrade) --universal \
	    --generate-hashes --no-emit-index-url --no-header --no-annotate --quiet \
	    -o requirements$${extra:+-$$extra}.txt > /dev/null || exit 1; \
	done

clean: ## the virtualenv and all caches; not var/, where the data is
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache test-results
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
