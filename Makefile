# Everything installs itself into .venv from the lock files; nothing else on the machine is touched.
# `make` alone lists the targets. Extra words go through ARGS: make test ARGS="tests/domain -k clock"

.DEFAULT_GOAL := help
.PHONY: help demo test check format lock bench chaos mutants clean
.NOTPARALLEL:

# The embedded Redis comes as a wheel for Python 3.11 and 3.12, so those are tried first.
ifndef PYTHON
PYTHON := $(shell for name in python3.12 python3.11 python3.13 python3; do \
	"$$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo "$$name" && break; \
	done)
endif

ARGS =
VENV = .venv/bin/python
PIP = $(VENV) -m pip --quiet --disable-pip-version-check
PYTEST = $(VENV) -m pytest

help: ## Show this list
	@sed -n 's/^\([a-z]*\):.*## /\1	/p' $(MAKEFILE_LIST) | expand -t 10

demo: .venv/.runtime .venv/.project ## Play a clinic's fortnight on localhost (ARGS=--headless: in the terminal)
	@.venv/bin/outreach demo $(ARGS)

test: .venv/.development .venv/.project ## Run the whole suite on all cores
	@$(PYTEST) -n logical $(ARGS)

check: .venv/.development .venv/.project ## Check style, types, the floors of the house and the migrations
	$(VENV) -m ruff format --check .
	$(VENV) -m ruff check .
	$(VENV) -m mypy
	.venv/bin/lint-imports
	$(VENV) -m outreach.storage.check_migrations
	$(VENV) -m outreach.embedded.with_postgres $(VENV) -m outreach.storage.check_migrations {url}

format: .venv/.development ## Put the code into its one style
	@$(VENV) -m ruff format .
	@$(VENV) -m ruff check --fix .

bench: .venv/.development .venv/.project ## Run a benchmark (ARGS="NAME --json")
	@$(VENV) -m benchmarks $(ARGS)

chaos: .venv/.development .venv/.project ## Break a real installation for minutes (ARGS="--minutes 30 --database postgresql --seed 7")
	@$(VENV) -m tests.chaos $(ARGS)

# A survivor is not tried again by itself after the tests changed: without ARGS all start afresh.
mutants: .venv/.development .venv/.project ## Break the domain's rules one by one: do its tests notice? (ARGS="NAMES": some)
	@[ -n '$(ARGS)' ] || rm -rf mutants
	@.venv/bin/mutmut run $(ARGS)
	@$(VENV) -m tests.mutation_score

LOCK = $(VENV) -m uv --quiet pip compile --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --no-header --no-annotate pyproject.toml

lock: $(VENV) ## Lock the dependencies again, keeping versions that still fit (ARGS=--upgrade: the newest)
	@$(VENV) -m uv --version >/dev/null 2>&1 || $(PIP) install uv
	@$(LOCK) --group build --output-file requirements.txt $(ARGS)
	@$(LOCK) --group dev --constraint requirements.txt --output-file requirements-dev.txt $(ARGS)

clean: ## Remove the environment and the caches; what lies in var/ may be a clinic's data and stays
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache mutants dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# A Python without ensurepip (Debian splits it off) makes the environment with its own pip instead.
$(VENV):
	@'$(PYTHON)' -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { echo 'Outreach needs Python 3.11 or newer; if it has another name: make PYTHON=/path/to/python' >&2; exit 1; }
	@echo 'Making an environment in .venv ...'
	@if '$(PYTHON)' -c 'import ensurepip' 2>/dev/null; then '$(PYTHON)' -m venv .venv; \
	else '$(PYTHON)' -m venv --without-pip .venv \
		&& '$(PYTHON)' -m pip --quiet --python $(VENV) install pip 2>/dev/null; \
	fi || { rm -rf .venv; echo 'This Python cannot make environments; install python3-venv, or name another: make PYTHON=/path/to/python' >&2; exit 1; }

# The stamps are older than a lock file that changed, and only then is anything installed again.
.venv/.runtime: requirements.txt | $(VENV)
	@echo 'Installing what Outreach needs (once; about a minute) ...'
	@$(PIP) install --require-hashes -r requirements.txt
	@touch $@

.venv/.development: requirements-dev.txt | $(VENV)
	@echo 'Installing what Outreach and its tests need (once; about a minute) ...'
	@$(PIP) install --require-hashes -r requirements-dev.txt
	@touch $@ .venv/.runtime

# The build tools come from the lock file too, so this neither resolves nor downloads anything.
.venv/.project: pyproject.toml
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@
