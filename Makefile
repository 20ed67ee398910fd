# The house in one file: `make help` lists what it can do.
.DEFAULT_GOAL := help
SHELL := /bin/sh
BIN := .venv/bin
ARGS ?=

# Scripts that write a generated page. Each is run by `make docs`, and with --check by `make check`, which fails where
# the page in git is not what the script would write now.
GENERATED := tools/data_dictionary.py tools/feature_catalogue.py tools/hazard_log.py tools/error_page.py \
  tools/public_surface.py tools/command_page.py

.PHONY: help env demo test test-slow test-faults test-lowest coverage spark check format bench bench-models bench-lists bench-memory docs notebooks lock sbom audit clean

help:  ## list these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

env:  ## make .venv from requirements.lock (PYTHON=... chooses the interpreter); does nothing if it is up to date
	@tools/environment

demo: env  ## from a synthetic trust to ranked case lists in out/ (ARGS="--patients 5000 --seed 2")
	@$(BIN)/vi-risk demo $(ARGS)

test: env  ## run the tests, without those marked slow (ARGS="-k spells")
	@$(BIN)/pytest -n 2 --dist loadfile $(ARGS)

test-slow: env  ## run the tests marked slow; those of Spark after `make spark`
	@$(if $(wildcard .spark/pyspark),export PYTHONPATH="$(CURDIR)/.spark$${PYTHONPATH:+:$$PYTHONPATH}";) $(BIN)/pytest -m slow -n 2 --dist loadfile $(ARGS) || { status=$$?; [ $$status -eq 5 ] && echo 'No test is marked slow.' || exit $$status; }

test-faults: env  ## kill 50 whole runs, take their disk and database away; prints its seed (VI_RISK_KILLS=10 for fewer)
	@$(BIN)/pytest -m faults tests/faults $(ARGS)

test-lowest: env  ## the tests with the lowest versions that pyproject.toml allows, in .venv-lowest; needs uv
	@$(BIN)/python -m tools.lowest
	@.venv-lowest/bin/pytest -n 2 --dist loadfile -W default $(ARGS)  # old libraries warn of new ones

coverage: env  ## branch coverage against its bars: all of features, cohort and caselists, 95 % of the whole
	@NUMBA_DISABLE_JIT=1 $(BIN)/pytest -q --cov=vi_risk --cov-branch --cov-report= tests/unit/features/sweep  # compiled loops cannot be measured
	@$(BIN)/pytest -n 2 --dist loadfile --cov=vi_risk --cov-branch --cov-append --cov-report= $(ARGS)
	@mkdir -p build && $(BIN)/coverage json -q -o build/coverage.json
	@$(BIN)/python -m tools.coverage_bars build/coverage.json

spark: env  ## put Spark into .spark/ (480 MB; it runs on Java 17), for `features build --engine spark` and its tests
	@tools/spark

check: env  ## lint, format, types, layers, generated pages: all must pass
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	@for page in $(GENERATED); do echo "$(BIN)/python $$page --check"; $(BIN)/python $$page --check || exit; done

format: env  ## put the code in its house style, mending what ruff can mend
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: env  ## the feature engine against other means, under 10 minutes (ARGS="--peers", "--patients N", "--stages")
	@$(BIN)/python -m benchmarks $(ARGS)

bench-models: env  ## models against plain LightGBM, under 30 minutes (ARGS="--people 20000" for a quick look)
	@$(BIN)/python -m benchmarks.models $(ARGS)

bench-lists: env  ## lists and packs of 50 practices, under 15 minutes (ARGS="--people 20000" for a quick look)
	@$(BIN)/python -m benchmarks.lists $(ARGS)

bench-memory: env  ## memory of a whole run under limits, under 10 minutes (ARGS="--people N --limits MB MB")
	@$(BIN)/python -m benchmarks.memory $(ARGS)

docs: env  ## write the generated pages and the picture again, and build the guide, offline, into build/guide
	@for page in $(GENERATED); do $(BIN)/python $$page || exit; done
	@OMP_NUM_THREADS=1 OMP_WAIT_POLICY=passive $(BIN)/python -m tools.pack_picture
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict && echo 'Open build/guide/index.html'

notebooks: env  ## write notebooks/*.ipynb from the .py beside them
	@$(BIN)/jupytext --quiet --update --to ipynb notebooks/0*.py

lock: env  ## choose versions anew for requirements.lock and pyproject.toml; needs uv (ARGS=--upgrade for the newest)
	@$(BIN)/python -m tools.lock $(ARGS)

sbom: env  ## write build/sbom.json (CycloneDX): every library with version, licence and what it needs; offline
	@$(BIN)/python -m tools.sbom

audit: env  ## ask a database of known vulnerabilities about every locked library; unreachable is a warning
	@$(BIN)/python -m tools.audit

clean:  ## remove .venv and caches; out/ and mlruns/ stay
	rm -rf .venv .venv-lowest .spark build dist .coverage .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -not -path './.git/*' -prune -exec rm -rf {} +
