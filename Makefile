# `make` lists the targets. Each installs what it needs.

PYTHON ?= python3
BIN := .venv/bin
MANAGE := $(BIN)/python manage.py

# Without a .env file the service runs with DEBUG; with one, as the file says.
DEVELOPMENT := $(if $(wildcard .env),,DEBUG=$${DEBUG-true})

.DEFAULT_GOAL := help
.PHONY: help run dev admin test e2e differential fuzz browser generators mutants compat seed bench lint format schema client samples page lock

help: ## List the targets
	@grep -E '^[a-z-]+:.*## ' Makefile | sed -E 's/^([a-z-]+):.*## (.*)/make \1|\2/' | column -t -s '|'

run: .venv/runs ## Serve on PORT (8000), as in production
	@$(DEVELOPMENT) $(MANAGE) migrate --no-input -v 0
	@$(DEVELOPMENT) $(BIN)/python -m todo_project

dev: .venv/runs ## Serve on PORT (8000), and reload changed code
	@$(DEVELOPMENT) $(MANAGE) migrate --no-input -v 0
	@$(DEVELOPMENT) $(MANAGE) runserver $(or $(PORT),8000)

admin: .venv/runs ## Create a superuser for /admin/
	@$(DEVELOPMENT) $(MANAGE) migrate --no-input -v 0
	@$(DEVELOPMENT) $(MANAGE) createsuperuser

# `worksteal` leaves the tests of a module together, which share a service, and no process idle.
test: export PYTHONDONTWRITEBYTECODE =
test: .venv/tests ## Run the tests on PostgreSQL, and on SQLite without shortcuts
	$(BIN)/python -m coverage erase
	$(BIN)/python -m coverage run -m pytest -n auto --dist worksteal -m "not e2e" --ignore tests/browser
	SHORTCUTS=false TEST_DATABASE_URL=sqlite:///test.sqlite3 $(BIN)/python -m coverage run -m pytest -n auto --dist worksteal -m "not once and not e2e" --ignore tests/browser
	$(BIN)/python -m coverage combine -q
	$(BIN)/python -m coverage report

differential: .venv/tests ## Compare the worker with gthread on MESSAGES (0-10000) generated messages
	DIFFERENTIAL_MESSAGES=$(or $(MESSAGES),0-10000) $(BIN)/python -m pytest -s tests/server/test_differential.py

fuzz: .venv/proof ## Test the service against its OpenAPI document, FUZZ_SECONDS (150) per database
	$(BIN)/python -m pytest tests/fuzz/contract.py
	TEST_DATABASE_URL=sqlite:///test.sqlite3 $(BIN)/python -m pytest tests/fuzz/contract.py

e2e: .venv/proof tests/compatibility/node_modules clients/typescript/node_modules ## Kill and restart databases and servers under load, 10 minutes (needs pgbouncer, pgpool2, etcd, nginx, haproxy, caddy and Node)
	$(BIN)/python -m pytest -m e2e --ignore tests/browser

browser: .venv/proof clients/typescript/node_modules clients/page/node_modules tests/browser/node_modules ## Test the TypeScript client and the pages (needs Node and Chromium)
	$(BIN)/python -m pytest tests/browser

generators: .venv/proof clients/typescript/node_modules tests/generators/node_modules ## Generate clients from openapi.json with other tools, and lint it (needs Node, a JDK, Go, PHP and Ruby)
	$(BIN)/python -m pytest $(addprefix tests/generators/,clients.py data_providers.py openapi_generator.py patterns.py proxy.py)

mutants: .venv/proof ## Run mutation tests of tasks/ and the problems, 90 minutes
	TEST_DATABASE_URL=sqlite:///test.sqlite3 $(BIN)/python -m mutmut run
	$(BIN)/python -m tests.mutation

compat: .venv/tests tests/compatibility/node_modules ## Run the tests on every supported version found; COMPAT=--quick for one
	$(BIN)/python -m tests.compatibility $(COMPAT)

seed: .venv/runs ## Add sample tasks of 20 more users to the database; SEED="--users=5" for others
	@$(DEVELOPMENT) $(MANAGE) migrate --no-input -v 0
	@$(DEVELOPMENT) $(MANAGE) seed_tasks --append $(SEED)

bench: .venv/benchmarks ## Run the benchmarks, 12 minutes; writes benchmarks/RESULTS.md (needs wrk and Node); BENCH=--quick for 4
	$(BIN)/python -m benchmarks $(BENCH)

lint: .venv/proof ## Check style, types, migrations, the OpenAPI document and dependencies
	$(BIN)/python -m ruff check
	$(BIN)/python -m ruff format --check
	DEBUG=true $(BIN)/python -m mypy
	DEBUG=true $(MANAGE) makemigrations --check --dry-run
	DEBUG=true $(MANAGE) spectacular --validate --fail-on-warn --file /dev/null
	$(BIN)/python -m tests.dependencies.audit

format: .venv/tests ## Sort imports and format the code
	$(BIN)/python -m ruff check --fix
	$(BIN)/python -m ruff format

schema: .venv/runs ## Regenerate openapi.json
	DEBUG=true $(MANAGE) spectacular --validate --fail-on-warn --format openapi-json --file openapi.json

client: clients/typescript/node_modules ## Regenerate the TypeScript client from openapi.json (needs Node)
	npm --prefix clients/typescript run generate
	npm --prefix clients/typescript run build

samples: .venv/tests ## Regenerate the output of the sample sessions in the documentation (needs curl)
	UPDATE_SAMPLES=true TEST_DATABASE_URL=sqlite:///test.sqlite3 $(BIN)/python -m pytest tests/deployment/test_documentation.py -k session

page: clients/page/node_modules ## Serve a page of tasks on port 5173, an example of the client (needs Node)
	npm --prefix clients/typescript run build
	npm --prefix clients/page run dev

lock: .venv/tests ## Regenerate the requirements from pyproject.toml, and the list of licenses
	$(LOCK) pyproject.toml --output-file requirements.txt
	$(LOCK) pyproject.toml --group dev --output-file requirements-dev.txt
	$(LOCK) pyproject.toml --group dev --group proof --output-file tests/requirements.txt
	$(LOCK) --group bench --constraint requirements-dev.txt --output-file benchmarks/requirements.txt
	$(BIN)/python -m tests.dependencies.licenses

LOCK := $(BIN)/python -m uv pip compile --universal --python-version 3.11 --fork-strategy fewest --upgrade --generate-hashes --no-emit-index-url --no-emit-find-links --custom-compile-command 'make lock' --quiet

# Checked before pip looks for packages: for an older Python it searches for half a minute, and finds none.
require_python = @$(1) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { echo "Python 3.11 or later is required, but $(1) is: $$($(1) --version 2>&1 | head -n 1). $(2)" >&2; exit 1; }

# Here and above `python -m`, because a script in .venv/bin breaks if the directory is moved.
define install
	$(call require_python,$(BIN)/python,Remove it: rm -rf .venv)
	$(BIN)/python -m pip install --disable-pip-version-check --requirement $<
	@touch $@
endef

.venv/bin/pip:
	$(call require_python,$(PYTHON),Name another: make $(MAKECMDGOALS) PYTHON=python3.11)
	$(PYTHON) -m venv .venv

.venv/runs: requirements.txt | .venv/bin/pip
	$(install)

.venv/tests: requirements-dev.txt | .venv/bin/pip
	$(install) .venv/runs

# Each implementation has what a deployment of it has: this service its requirements.txt only, and
# the interpreter of the image or of the distribution. django-bolt needs Python 3.12: the same one,
# or that of pyenv, or what uv finds or downloads.
BENCH_PYTHON ?= $(or $(firstword $(wildcard /usr/local/bin/python3 /usr/bin/python3)),python3)
BOLT_PYTHON ?= $(or $(shell $(BENCH_PYTHON) -c 'import sys; sys.version_info[:2] >= (3, 12) and print(sys.executable)'),$(firstword $(wildcard $(HOME)/.pyenv/versions/3.12.*/bin/python3)),3.12)
bench_environment = $(BIN)/python -m uv venv --quiet --clear --python '$(2)' .venv/benchmarks/$(1) && $(BIN)/python -m uv pip install --quiet --python .venv/benchmarks/$(1) --requirement $(3)

.venv/benchmarks: requirements.txt benchmarks/requirements.txt | .venv/tests benchmarks/peers/node_modules tests/compatibility/node_modules
	$(call require_python,$(BENCH_PYTHON),Name another: make bench BENCH_PYTHON=python3.11)
	$(call bench_environment,service,$(BENCH_PYTHON),requirements.txt)
	$(call bench_environment,peers,$(BENCH_PYTHON),benchmarks/requirements.txt)
	$(call bench_environment,bolt,$(BOLT_PYTHON),benchmarks/requirements.txt)
	@touch $@

.venv/proof: tests/requirements.txt | .venv/bin/pip
	$(install) .venv/tests .venv/runs

clients/typescript/node_modules: clients/typescript/package-lock.json
	npm --prefix clients/typescript ci --ignore-scripts
	@touch $@

# The page has a link to the client, which brings its own dependencies.
clients/page/node_modules: clients/page/package-lock.json clients/typescript/node_modules
	npm --prefix clients/page ci --ignore-scripts
	@touch $@

benchmarks/peers/node_modules: benchmarks/peers/package-lock.json
	npm --prefix benchmarks/peers ci --ignore-scripts
	@touch $@

tests/browser/node_modules: tests/browser/package-lock.json
	npm --prefix tests/browser ci --ignore-scripts
	@touch $@

tests/generators/node_modules: tests/generators/package-lock.json
	npm --prefix tests/generators ci --ignore-scripts
	@touch $@

# PostgreSQL 14 to 18; the packages' script only creates the symbolic links of their libraries.
tests/compatibility/node_modules: tests/compatibility/package-lock.json
	npm --prefix tests/compatibility ci
	@touch $@
