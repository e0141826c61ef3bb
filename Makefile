# `make demo` and `make test` are all that a newcomer needs; both build the environment first.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.ok
OUT ?= demo-out

.PHONY: demo test check lab samples rules bench clean

$(STAMP): requirements.lock pyproject.toml
	@echo "building $(VENV): one to four minutes, some 6 GB for torch and its kin" >&2
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "lorascan needs Python 3.11 or newer: make PYTHON=/path/to/python3.11 …")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv || echo "no uv: falling back to pip"
	@if [ -x $(BIN)/uv ]; then \
	  VIRTUAL_ENV=$(CURDIR)/$(VENV) $(BIN)/uv pip install --quiet --compile-bytecode --require-hashes -r requirements.lock && \
	  VIRTUAL_ENV=$(CURDIR)/$(VENV) $(BIN)/uv pip install --quiet --no-deps --no-build-isolation -e . ; \
	else \
	  $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock && \
	  $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e . ; \
	fi
	touch $(STAMP)

demo: $(STAMP)  ## audit one honest and one backdoored adapter with every stage
	$(BIN)/python -m lorascan.lab.demo --output $(OUT)

test: $(STAMP)
	$(BIN)/python -m pytest -q -n auto --dist loadscope

check: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

lab: $(STAMP)  ## train the lab base anew from one seed, offline
	$(BIN)/lorascan lab train --output build/lab

samples: $(STAMP)  ## write the golden reports from real audits
	$(BIN)/python -m lorascan.lab.demo --output reports/samples

bench: $(STAMP)  ## make the zoos, learn thresholds on dev, report on test: some three hours of two cores
	$(BIN)/python -m benchmarks.end_to_end dev
	$(BIN)/python -m benchmarks.end_to_end test

rules: $(STAMP)  ## write docs/rules.md from the detectors
	$(BIN)/lorascan rules --format markdown > docs/rules.md

clean:
	rm -rf $(VENV) build dist demo-out
