# make up: a real Kubernetes on this machine with Airbyte and Dagster on it. make test: every test there is.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin/python
REQUIREMENTS := requirements.txt requirements-aws.txt requirements-gcp.txt requirements-dev.txt constraints.txt

.PHONY: help up down reboot status shell unit lint test campaign bench schema snapshots

help: ## What can be typed here
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

$(VENV)/ready: $(REQUIREMENTS) sandbox/venv.sh
	@sandbox/venv.sh $(PYTHON) $(VENV)

up: $(VENV)/ready ## Start the sandbox: Kubernetes, both apps, both databases
	@$(RUN) -m sandbox up

down: $(VENV)/ready ## Remove the sandbox without a trace (its build cache stays)
	@$(RUN) -m sandbox down

reboot: $(VENV)/ready ## What a power cut does to the node, and its start after it
	@$(RUN) -m sandbox reboot

status: $(VENV)/ready ## What runs and where to look
	@$(RUN) -m sandbox status

shell: $(VENV)/ready ## A shell with pulumi, kubectl, helm and the sandbox's cluster
	@$(RUN) -m sandbox shell

lint: $(VENV)/ready ## Lint and strict types
	@$(RUN) -m ruff check .
	@$(RUN) -m ruff format --check .
	@$(VENV)/bin/basedpyright
	@git ls-files -z '*.sh' | xargs -0 $(VENV)/bin/shellcheck

unit: $(VENV)/ready lint ## The inner loop: lint, types, unit and plan tests; no cluster
	@$(RUN) -m pytest tests/unit tests/plan tests/contract/test_official.py

test: $(VENV)/ready lint ## Every test; starts the sandbox if it does not run
	@$(RUN) -m sandbox up
	@tests/both.sh $(RUN)

campaign: $(VENV)/ready ## The long tests whole: Jobs killed at every step, primaries ten times, 1 GB moved, Dagster's own tests; needs the sandbox
	@CAMPAIGN=1 $(RUN) -m pytest $(addprefix tests/scripts/,test_interrupted_bootstrap.py test_backup_killed.py test_backup_store.py \
		test_backup_corruptions.py test_restore.py test_restore_corruptions.py test_dagster_storage.py) -vv --durations=10
	@CAMPAIGN=1 $(RUN) -m pytest tests/sandbox/test_11_cloudnativepg.py -vv -k "row_is_lost or two_kinds"
	@CAMPAIGN=1 $(RUN) -m pytest tests/sandbox/test_13_move.py -vv
	@CAMPAIGN=1 $(RUN) -m pytest tests/sandbox/test_17_pooler.py -vv
	@$(RUN) -m pytest tests/sandbox/campaign_drill.py -vv -s
	@$(RUN) -m tests.bench workers --whole

bench: $(VENV)/ready ## The ratios in the README
	@$(RUN) -m tests.bench

schema: $(VENV)/ready ## Write stack.schema.json and the tables of settings from the models
	@$(RUN) -m stack.schema

snapshots: $(VENV)/ready ## Accept the plans of all stack files as they are now
	@UPDATE_SNAPSHOTS=1 $(RUN) -m pytest tests/plan
