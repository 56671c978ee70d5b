# Everything a developer does. `make` alone lists it.
SHELL := /bin/sh
PYTHON ?= python3
PORT ?= 8000
ARGS ?=

BIN := .venv/bin
INSTALLED := .venv/.installed
MEMBERS := core $(patsubst %/pyproject.toml,%,$(wildcard plugins/*/pyproject.toml))
UV_PIP := $(BIN)/uv --quiet pip
# A facility's own plugins, which no upgrade may lose: not part of the repository.
SITE := $(wildcard site-requirements.txt)

# uv does not read pip's configuration: an index that only pip knows is handed on.
WITH_INDEX := index=$${PIP_INDEX_URL:-$$($(BIN)/pip config get global.index-url 2>/dev/null)}; \
	[ -z "$$index" ] || export UV_DEFAULT_INDEX="$${UV_DEFAULT_INDEX:-$${UV_INDEX_URL:-$$index}}";

.PHONY: help install demo test test-fast check-long fuzz explore cases on-debian deploy-check docs pictures bench bench-pages bench-plans bench-workers load suites lint requirements audit release clean
.DEFAULT_GOAL := help

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /  make \1	/p' $(MAKEFILE_LIST) | expand -t 22

install: $(INSTALLED) ## .venv with core, every bundled plugin and the tools; again: only what has changed
	@$(BIN)/python -m compileall -qq -j 0 .venv/lib core plugins || true # who runs it may not write here

# The folder `plugins` is newer than the stamp once a plugin has come or gone.
$(INSTALLED): requirements.txt pyproject.toml $(MEMBERS:%=%/pyproject.toml) plugins $(SITE) | $(BIN)/uv
	@$(WITH_INDEX) $(UV_PIP) sync --python $(BIN)/python --require-hashes requirements.txt
	@$(UV_PIP) install --python $(BIN)/python --offline --no-deps --no-build-isolation \
		-e . $(MEMBERS:%=-e %)
	@$(if $(SITE),$(WITH_INDEX) $(UV_PIP) install --python $(BIN)/python -r $(SITE) --constraint requirements.txt)
	@touch $@
	@echo "Installed: $(BIN)/starbeam"

$(BIN)/uv:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed: make PYTHON=/path/to/python3" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
		{ echo "Python lacks venv or ensurepip: apt install python3-venv, then make again" >&2; exit 1; }
	@$(PYTHON) -m venv .venv
	@sed -n '/^uv==/,/[^\\]$$/p' requirements.txt > .venv/uv.txt
	@$(BIN)/python -m pip --quiet install --disable-pip-version-check --require-hashes -r .venv/uv.txt

demo: $(INSTALLED) ## serve demo data on PORT (8000), with a login that accepts everybody
	@$(BIN)/starbeam demo --port $(PORT)

test: $(INSTALLED) ## run the whole suite, or part of it: make test ARGS="-k proposals"
	@tests/support/install_servers.sh
	@tests/support/install_h5web.sh
	@tests/support/install_mxcube.sh
	@$(BIN)/pytest $(ARGS)

test-fast: $(INSTALLED) ## at most two minutes for every day: what is quick of core and the plugins, on SQLite only
	@tests/support/install_servers.sh
	@$(BIN)/pytest -m "not (long or slow or mariadb)" tests/core tests/plugins $(ARGS)

check-long: $(INSTALLED) ## run the tests that take too long for every day
	@tests/support/install_servers.sh nginx haproxy
	@tests/support/install_h5web.sh
	@tests/support/install_generators.sh
	@tests/support/install_mxcube.sh
	@$(BIN)/pytest -m long $(ARGS)

fuzz: $(INSTALLED) ## try every operation of the document with what its schemas lead to and at random, on each database
	@tests/support/install_servers.sh
	@$(BIN)/pytest -m long tests/contract/test_fuzzing.py $(ARGS)

explore: $(INSTALLED) ## what hypothesis makes up (parsers, hostile input, lies), at random and TIMES (50) as long as every day
	@tests/support/install_servers.sh
	@EXPLORE_TIMES=$${TIMES:-50} $(BIN)/pytest -m hypothesis $(ARGS)

cases: $(INSTALLED) ## run programs that try faults of the field: make cases ARGS="FOLDER [NAME …]"
	@PYTHONPATH=tests $(BIN)/python -m support.cases $(ARGS)

on-debian: ## make install and test-fast on another release of Debian, with its Python and MariaDB: make on-debian SUITE=trixie
	@tests/support/on_debian.sh $(SUITE) $(ARGS)

deploy-check: $(INSTALLED) ## check config/deploy with the programs that read it
	@tests/support/check_deploy.sh

BUILT = $(if $(VERSION),dist/site/$(VERSION),dist/docs)
OF_VERSION = -t versions -D release=$(VERSION) -D version=$(VERSION) -D html_title="Starbeam $(VERSION)"

docs: $(INSTALLED) ## build the documentation into dist/docs; beside those of other versions, into dist/site: make docs VERSION=0.2.0
	@$(BIN)/python docs/generate.py
	@$(BIN)/python docs/tested.py
	@$(BIN)/sphinx-build -q -E -W --keep-going -d dist/.doctrees $(if $(VERSION),$(OF_VERSION)) docs $(BUILT)
	@$(if $(VERSION),$(BIN)/python docs/versions.py dist/site)
	@echo "Built: $(BUILT)/index.html"

pictures: $(INSTALLED) ## draw docs/reference/pages.md anew: each web page as a browser shows it
	@tests/support/install_servers.sh
	@PYTHONPATH=tests:docs $(BIN)/python docs/pictures.py

bench: $(INSTALLED) ## what each operation costs: within an hour, written to docs/; of one plugin in a minute: make bench ARGS=samples
	@tests/support/install_servers.sh wrk
	@PYTHONPATH=tests:. $(BIN)/python -m benchmarks.everything $(ARGS)

bench-pages: $(INSTALLED) ## what each web page costs, beside the requests that it stands for; written to docs/
	@tests/support/install_servers.sh
	@PYTHONPATH=tests:. $(BIN)/python -m benchmarks.everything.pages $(ARGS)

bench-plans: $(INSTALLED) ## what the database reads without statistics, and with an older planner, beside what it reads otherwise; written to docs/
	@tests/support/install_servers.sh
	@PYTHONPATH=tests:. $(BIN)/python -m benchmarks.everything.plans

bench-workers: $(INSTALLED) ## what 1, 2 and 4 workers serve on this machine, and whose time that takes: two minutes
	@tests/support/install_servers.sh wrk
	@PYTHONPATH=tests:. $(BIN)/python -m benchmarks.scaling $(ARGS)

load: $(INSTALLED) ## 64 clients that poll as pages do, ten minutes with one worker and with two; written to docs/: make load ARGS=SECONDS
	@tests/support/install_servers.sh
	@PYTHONPATH=tests $(BIN)/python -m support.polling $(ARGS)

suites: $(INSTALLED) ## compare speed with the floor under load, by plugin: make suites ARGS=events
	@tests/support/install_servers.sh wrk
	@PYTHONPATH=tests:. $(BIN)/python -m benchmarks $(ARGS)

lint: $(INSTALLED) ## style, types, and who may import whom
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/pytest -q -n 0 tests/packaging/test_imports.py

requirements: $(BIN)/uv ## pin what pyproject.toml asks for; newer versions: make requirements ARGS=--upgrade
	@$(WITH_INDEX) $(UV_PIP) compile --python-version 3.11 --universal --fork-strategy fewest \
		--generate-hashes --no-annotate --custom-compile-command "make requirements" \
		--group dev $(patsubst %,--no-emit-package starbeam-%,$(subst _,-,$(notdir $(MEMBERS)))) \
		$(ARGS) pyproject.toml --output-file requirements.txt > /dev/null

audit: $(INSTALLED) ## which pinned versions have known vulnerabilities: asks the advisories of PyPI, and fails where it cannot
	@$(WITH_INDEX) $(BIN)/uv --quiet tool run --python $(BIN)/python pip-audit \
		--strict --require-hashes --disable-pip -r requirements.txt

release: $(INSTALLED) ## packages of all distributions, tried, in dist/VERSION: make release VERSION=0.2.0; of the version that is there: without
	@PYTHONPATH=tests:. $(BIN)/python -m release $(VERSION)

clean: ## remove .venv, builds and caches
	@rm -rf .venv dist docs/reference/generated .mypy_cache .pytest_cache .ruff_cache .hypothesis
	@find . -name __pycache__ -prune -exec rm -rf {} +
