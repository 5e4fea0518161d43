# Two commands do everything: `make build` and `make test`. Python is the only thing that must be there.
SHELL := /bin/sh
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export DBT_PROFILES_DIR := .
export DBT_SEND_ANONYMOUS_USAGE_STATS := false

.DEFAULT_GOAL := help
.PHONY: help build spark test check equal demo lint pytest unit bench release docs lock clean

help: ## list the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo "  Environment: ATLAS_SOURCE_DIR (input; demo data when unset), ATLAS_OUTPUT_DIR (default output), VARS (dbt variables as YAML)"

$(VENV)/.installed: requirements.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

$(VENV)/.installed-dev: requirements-dev.txt $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	# the oldest DuckDB that must open the public file, in a folder of its own beside the one that writes it
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade --target $(VENV)/duckdb-1.2.0 duckdb==1.2.0
	@touch $@

# the engine Spark has an environment of its own, because PySpark alone is larger than everything else
.venv-spark/.installed: requirements-spark.txt
	$(PYTHON) -m venv .venv-spark
	.venv-spark/bin/python -m pip install --quiet --disable-pip-version-check -r requirements-spark.txt
	@touch $@

build: $(VENV)/.installed $(if $(filter spark,$(ATLAS_ENGINE)),$(if $(ATLAS_SPARK_PYTHON),,.venv-spark/.installed)) ## environment, demo data where no source is given, dbt build, published result
	$(BIN)/python -m atlas build

spark: .venv-spark/.installed ## environment of the engine Spark, for ATLAS_ENGINE=spark make build (needs Java 17)

test: $(VENV)/.installed-dev ## everything that CI checks: sqlfluff, dbt unit and data tests, pytest (at most 8 minutes on two cores)
	$(MAKE) --jobs=2 lint pytest

pytest: $(VENV)/.installed-dev
	$(BIN)/python -m pytest --numprocesses 2

check: $(VENV)/.installed-dev ## for every edit: sqlfluff, tests without a warehouse, bad input (at most 90 seconds)
	$(MAKE) --jobs=2 lint unit

unit: $(VENV)/.installed-dev
	$(BIN)/python -m pytest --numprocesses 2 -m "unit or bad_input"

equal: $(VENV)/.installed-dev ## compare the published tables with the frozen ones (tests/reference/frozen.csv)
	$(BIN)/python tests/reference/equal.py

lint: $(VENV)/.installed-dev ## ruff, and sqlfluff for what changed since it passed
	$(BIN)/python tests/lint.py

demo: $(VENV)/.installed ## write the synthetic demo source alone
	$(BIN)/python -m atlas demo --directory $${ATLAS_OUTPUT_DIR:-output}/demo_source

bench: $(VENV)/.installed-dev ## full-size source, timings of a hand-written script and of dbt side by side
	$(BIN)/python tests/bench/bench.py

release: $(VENV)/.installed ## publish what the last complete dbt build left in the warehouse
	$(BIN)/python -m atlas release

docs: $(VENV)/.installed ## write the site of the current release
	$(BIN)/python -m atlas docs

lock: ## compile the lock files again (needs uv)
	uv pip compile --quiet --no-header --no-annotate --generate-hashes --no-strip-extras --universal --python-version 3.11 requirements.in -o requirements.txt
	uv pip compile --quiet --no-header --no-annotate --generate-hashes --no-strip-extras --universal --python-version 3.11 requirements-dev.in -o requirements-dev.txt
	uv pip compile --quiet --no-header --no-annotate --generate-hashes --no-strip-extras --universal --python-version 3.11 requirements-spark.in -o requirements-spark.txt

clean: ## remove the environment and dbt's working folders, never the output
	rm -rf $(VENV) .venv-spark target logs
