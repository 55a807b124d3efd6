SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

PYTHON ?= python3
SPEC ?= examples/rental_portal
DATA ?=
OUT ?= out
TRIALS ?=
MINUTES ?=
END ?=
BASE_IMAGE ?=
PYTHON_IMAGE ?=
CHAMPION ?=
TO ?=
MODEL ?= rent-conversion
PORT ?= 8080
REGISTRY_PORT ?= 5000
TESTS ?= tests
TABLE ?=
LABEL ?=
SPECS ?= specs

RESULTS := bundle report.html verdict.json metrics.json ledger.json image.json run.log
VENV := .venv
PY := $(VENV)/bin/python
READY := $(VENV)/installed.txt
LOCK := $(VENV)/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header
# Waiting OpenMP threads that spin take the processor from the one that works.
export OMP_WAIT_POLICY := PASSIVE

.PHONY: help run new image base-images releases registry test check fix serve report lock clean always

help:  ## list what you can do here
	@awk -F ':.*## ' '/^[a-z][a-z-]*:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

run: $(READY)  ## logs to image: SPEC= DATA= OUT= TRIALS= MINUTES= END= BASE_IMAGE= CHAMPION=
	@$(PY) -m pipelines.run --spec "$(SPEC)" --out "$(OUT)" $(if $(DATA),--data "$(DATA)") $(if $(TRIALS),--trials "$(TRIALS)") \
	  $(if $(MINUTES),--minutes "$(MINUTES)") $(if $(END),--end "$(END)") $(if $(BASE_IMAGE),--base "$(BASE_IMAGE)") $(if $(CHAMPION),--champion "$(CHAMPION)")

# Variables go through the environment, as they were typed: never as code of make or of a shell. MODEL's default is for
# other targets. What is exported under its own name would be expanded first.
unexport MODEL TABLE LABEL SPECS
new: export NEW_MODEL := $(if $(filter file,$(origin MODEL)),,$(value MODEL))
new: export NEW_TABLE := $(value TABLE)
new: export NEW_LABEL := $(value LABEL)
new: export NEW_SPECS := $(value SPECS)
new: $(READY)  ## a first spec from a table: MODEL= TABLE= LABEL= SPECS=
	@$(PY) -m pipelines.new_model --model "$$NEW_MODEL" --table "$$NEW_TABLE" --label "$$NEW_LABEL" --specs "$$NEW_SPECS"

image: $(READY)  ## the last bundle as an image: TO=registry://HOST/REPOSITORY, BASE_IMAGE= OUT=
	@$(PY) -m build image "$(OUT)/bundle" --verdict "$(OUT)/verdict.json" --to "$(or $(TO),oci:$(OUT)/images)" $(if $(BASE_IMAGE),--base "$(BASE_IMAGE)")

base-images: $(READY)  ## by a container engine, what models and steps are laid on: OUT= PYTHON_IMAGE=IMAGE@sha256:...
	@$(PY) -m build.images --out "$(OUT)/base-images" $(if $(PYTHON_IMAGE),--python "$(PYTHON_IMAGE)")

releases: $(READY)  ## releases of a model: MODEL= TO=
	@$(PY) -m build releases "$(MODEL)" --in "$(or $(TO),oci:$(OUT)/images)"

registry: $(READY)  ## a registry on this machine to try with, until Ctrl-C: REGISTRY_PORT=
	@$(PY) -m tests.services.registry "$(REGISTRY_PORT)"

test: $(READY)  ## run every test; TESTS= narrows it
	@$(PY) -m pytest -n 2 --dist loadfile --no-loadscope-reorder $(TESTS)

check: $(READY)  ## lint, formatting and types; changes nothing
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/ruff format --check .
	@$(PY) -m mypy

fix: $(READY)  ## mend what can be mended: lint, formatting, the spec reference
	@$(VENV)/bin/ruff check --fix .
	@$(VENV)/bin/ruff format .
	@$(PY) -m model.spec_reference docs

serve: $(READY)  ## serve the last bundle: OUT= PORT=
	@KAMADO_BUNDLE="$(OUT)/bundle" KAMADO_PORT="$(PORT)" $(PY) -m serving.server

report: $(READY)  ## open the last report, or name it: OUT=
	@$(PY) -m pipelines.open_report "$(OUT)"

lock: $(READY)  ## renew the locks: of everything, of the server, of what installs them
	@$(LOCK) requirements.in -o requirements.txt
	@$(LOCK) build/images/server/requirements.in -c requirements.txt -o build/images/server/requirements.txt
	@$(LOCK) build/environment/requirements.in -o build/environment/requirements.txt

clean:  ## remove what runs left in OUT, and caches of this folder; the environment stays
	@if [ -d "$(OUT)/runs" ]; then \
	  cd "$(OUT)"; \
	  for made in runs/*/.kamado images/oci-layout base-images/oci-layout sample/portal.json; do \
	    if [ -e "$$made" ]; then rm -rf "$${made%/*}"; fi; \
	  done; \
	  for name in latest $(RESULTS); do if [ -L "$$name" ]; then rm "$$name"; fi; done; \
	  rm -f .lock; rmdir runs || true; cd "$(CURDIR)"; rmdir "$(OUT)" 2>/dev/null || true; \
	fi
	@rm -rf .pytest_cache .ruff_cache .mypy_cache .hypothesis

# The stamp says which Python and locks are installed, and is written last. A PYTHON that the user names is compared with it.
$(READY): export PYTHON := $(PYTHON)
$(READY): requirements.txt build/environment/requirements.txt $(if $(filter command environment,$(firstword $(origin PYTHON))),always)
	@"$$PYTHON" -m build.environment $(VENV)

always:
