# Everything a newcomer needs; every target sets up what it uses. Needs Python 3.11+ and make.
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
AIRFLOW_BIN := .venv-airflow/bin
SPARK_BIN := .venv-spark/bin
# A database that a test makes and drops is hundreds of files; in memory, where there is room for
# them, that takes a sixth of the time. A TMPDIR that is set holds.
MEMORY = $(shell grep -qs ' /dev/shm .*noexec' /proc/mounts || \
	df -Pk /dev/shm 2>/dev/null | awk '$$4 > 8e6 { print $$6 }')
IN_MEMORY = $(addprefix TMPDIR=,$(or $(TMPDIR),$(filter /dev/shm,$(MEMORY))))
PIP := -m pip install --quiet --disable-pip-version-check -c constraints.txt

.PHONY: help setup environments demo test check bench faults demo-real airflow airflow-celery servers wheel clean

help: ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*##/\t/' | expand -t 14

$(VENV)/.runtime: pyproject.toml constraints.txt
	@test -d $(VENV) || $(PYTHON) -m venv $(VENV)
	@echo "installing the hub into $(VENV) …"
	@$(BIN)/python $(PIP) -e '.[postgres]'
	@touch $@

$(VENV)/.dev: $(VENV)/.runtime
	@echo "installing the developers' tools into $(VENV) …"
	@$(BIN)/python $(PIP) -e '.[postgres,web,dev]'
	@touch $@

.venv-airflow/.ready: pyproject.toml constraints.txt
	@test -d .venv-airflow || $(PYTHON) -m venv .venv-airflow
	@echo "installing the hub with Airflow into .venv-airflow (some minutes) …"
	@.venv-airflow/bin/python $(PIP) -e '.[postgres,airflow-celery]' apache-airflow-providers-fab pytest pytest-timeout playwright
	@touch $@

.venv-spark/.ready: pyproject.toml constraints.txt
	@test -d .venv-spark || $(PYTHON) -m venv .venv-spark
	@echo "installing the hub with Spark into .venv-spark (some minutes) …"
	@.venv-spark/bin/python $(PIP) -e '.[postgres,spark]' pytest pytest-timeout
	@touch $@

.venv-bench/.ready: benchmarks/requirements.txt
	@test -d .venv-bench || $(PYTHON) -m venv .venv-bench
	@.venv-bench/bin/python -m pip install --quiet --disable-pip-version-check -r benchmarks/requirements.txt
	@touch $@

setup: $(VENV)/.dev ## the environment with the developers' tools

environments: $(VENV)/.dev .venv-airflow/.ready .venv-spark/.ready servers ## all that the tests run in; quicker with -j4

demo: $(VENV)/.runtime ## the demo company on SQLite and stand-in systems
	@$(BIN)/hub demo

servers: ## install the real test servers (root on Debian)
	@bash tests/servers/install.sh

# Three at once: on two cores one of them mostly waits for a server.
test: environments ## every test there is
	$(IN_MEMORY) $(BIN)/pytest -n 3 --dist loadgroup $(SELECT) tests
	$(IN_MEMORY) $(AIRFLOW_BIN)/python -m pytest -q tests/dags
	$(IN_MEMORY) $(SPARK_BIN)/python -m pytest -q tests/spark

check: $(VENV)/.dev ## ruff, mypy strict, import-linter, architecture limits, docs tests
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(IN_MEMORY) $(BIN)/pytest -q -m "not servers" tests/architecture tests/docs

bench: $(VENV)/.dev .venv-bench/.ready .venv-airflow/.ready ## the figures in the README, with the peers beside them
	$(BIN)/python -m benchmarks

faults: $(VENV)/.dev .venv-airflow/.ready ## the fault runs at full size
	HUB_FAULTS=full $(BIN)/pytest tests/faults
	HUB_FAULTS=full $(AIRFLOW_BIN)/python -m pytest tests/dags/test_torment.py tests/dags/test_mass.py

demo-real: $(VENV)/.dev servers ## the demo story on real Tryton, Request Tracker and Dovecot
	$(BIN)/python -m tests.servers.demo_real

airflow: .venv-airflow/.ready ## Airflow with our DAGs on loopback; prints address and login
	@$(AIRFLOW_BIN)/hub airflow run

airflow-celery: .venv-airflow/.ready servers ## the DAGs on two Celery workers, one of them killed at work
	@$(AIRFLOW_BIN)/python -m tests.dags.celery_run

wheel: $(VENV)/.dev ## build the wheel into dist/
	@$(BIN)/python -m build --wheel --outdir dist . >/dev/null && ls dist

clean: ## remove environments, caches and the demo
	rm -rf .venv .venv-airflow .venv-spark .venv-bench .venv-tryton .venv-radicale .venv-roundup .venv-xandikos .venv-singer .cache dist hub-demo hub-demo-real
