# Every way to work on logshape; `make help` lists them. A second call does only what has changed.

PYTHON ?= python3
ARCH ?= arm64
STACK ?= logshape
COUNT ?= 100000
SECONDS ?= 600

BIN := .venv/bin
UV := $(BIN)/uv
READY := .venv/.ready
TOOLS := .tools/.ready
LOCK := $(UV) pip compile --quiet --upgrade --universal --python-version 3.11 --fork-strategy fewest \
	--generate-hashes --no-header --no-annotate
# What the Lambda runtime carries, with what only that needs.
RUNTIME := boto3 botocore s3transfer

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

.PHONY: help
help: ## List what can be made
	@sed -n 's/^\([a-z][a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(firstword $(MAKEFILE_LIST)) | expand -t 16

.PHONY: setup
setup: $(READY) ## Install everything into .venv, from the locks; quick when nothing has changed

.PHONY: run
run: setup ## Run the whole pipeline on this machine, on the captured sample
	$(BIN)/logshape local run

.PHONY: test
test: setup ## Run all tests, those with a real OpenSearch node too
	$(BIN)/python -m pytest

.PHONY: check
check: setup $(TOOLS) ## Prove format, lint, types, arrows, contract and template
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/logshape check
	SAM_CLI_TELEMETRY=0 .tools/bin/sam validate --lint --template template.yaml --region us-east-1

.PHONY: template
template: setup ## Write what follows from the contract into template.yaml
	$(BIN)/python -m logshape.proof.template shared/contract.yaml template.yaml

.PHONY: bench
bench: setup ## Measure the hot path against hand-written floors
	$(BIN)/python tests/bench

.PHONY: fuzz
fuzz: setup ## Send 100,000 malformed payloads through ingest; COUNT= for another number, SEED= for the same again
	$(BIN)/python -m tests.faults.fuzz --count $(COUNT) $(SEED:%=--seed %)

.PHONY: soak
soak: setup ## Run ingest at full speed for ten minutes, or SECONDS=, and watch its memory and its books
	$(BIN)/python -m tests.faults.soak --seconds $(SECONDS)

.PHONY: lock
lock: $(UV) ## Resolve all dependencies anew and write the locks
	$(LOCK) --group pyproject.toml:uv --output-file .locks/uv.txt
	$(LOCK) pyproject.toml --group dev --constraint .locks/uv.txt --output-file .locks/dev.txt
	$(LOCK) --group pyproject.toml:layer --constraint .locks/dev.txt \
		$(RUNTIME:%=--no-emit-package %) --output-file shared/requirements.txt
	$(LOCK) --group pyproject.toml:tools --output-file .locks/tools.txt

.PHONY: build
build: setup $(TOOLS) ## Compile the contract and build functions and layer; ARCH=arm64 or x86_64
	$(BIN)/python -m logshape.contract.compiled shared/contract.yaml shared/contract.msgpack
	SAM_CLI_TELEMETRY=0 PYTHON="$(abspath $(BIN)/python)" ARCH=$(ARCH) .tools/bin/sam build \
		--parameter-overrides Architecture=$(ARCH)

.PHONY: deploy
deploy: ## Deploy to AWS and print what is left: STACK=name REGION=name PARAMETERS='OpenSearchUrl=https://...'
	$(MAKE) template
	$(MAKE) build
	SAM_CLI_TELEMETRY=0 .tools/bin/sam deploy --stack-name $(STACK) $(REGION:%=--region %) \
		--capabilities CAPABILITY_IAM --resolve-s3 --no-confirm-changeset --no-fail-on-empty-changeset \
		--parameter-overrides Architecture=$(ARCH) $(PARAMETERS)
	$(BIN)/logshape plan --stack $(STACK) $(REGION:%=--region %)

$(UV): .locks/uv.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "logshape needs Python 3.11 or later: make PYTHON=python3.13")'
	$(PYTHON) -m venv --clear .venv
	$(BIN)/python -m pip install --quiet --require-hashes --requirement .locks/uv.txt
	@touch $@

$(READY): $(UV) .locks/dev.txt pyproject.toml
	$(UV) pip sync --quiet --python $(BIN)/python --require-hashes .locks/dev.txt
	$(UV) pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@

$(TOOLS): $(UV) .locks/tools.txt
	$(UV) venv --quiet --clear --python $(BIN)/python .tools
	$(UV) pip sync --quiet --python .tools/bin/python --require-hashes .locks/tools.txt
	@touch $@
