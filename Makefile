override SHELL := /bin/bash
override .SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

PYTHON ?= python3

# What a person gives, by name=value or by the environment. It is text: `value` keeps make from reading a $ in it, and
# recipes get it from the environment, in quotes. Without a value the command behind a target has its own default.
override VARIABLES := SPEC DATA OUT TRIALS MINUTES END BASE_IMAGE CHAMPION JSON TO MODEL PORT PYTHON_IMAGE REGISTRY_PORT RUNNER TESTS TABLE LABEL SPECS STEPS_IMAGE BIGQUERY CLUSTER EXPERIMENT WAIT ALLOW_DIRTY TARGET CRON BACKFILL CATCH_UP RUN IDS
# SPECS="$LIST" with an empty list is a mistake, which the command refuses; one that make exports empty is not.
override SPECS_GIVEN := $(if $(filter command,$(firstword $(origin SPECS)))$(value SPECS),yes)
override PYTHON_ORIGIN := $(firstword $(origin PYTHON))
override ARGUMENTS := $(foreach name,$(.VARIABLES),$(if $(filter command,$(firstword $(origin $(name)))),$(name)))
$(foreach name,PYTHON $(VARIABLES) $(ARGUMENTS),$(eval override $(name) := $$(value $(name))))
export $(VARIABLES) $(ARGUMENTS)

override RESULTS := bundle judged report.html verdict.json metrics.json rejections.json image.json run.log
override VENV := .venv
override PY := $(VENV)/bin/python
# Python tells an interrupt of its own start by a traceback. Held back until a command looks after it, which is at once.
override START := $(shell env --block-signal=INT true 2>/dev/null && echo env --block-signal=INT) $(PY)
override READY := $(VENV)/installed.txt
override KERNEL := $(wildcard model/kernel/*.c model/kernel/*.h build/kernel/requirements.txt)
override LOCK := $(VENV)/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header
# Waiting threads that spin, of OpenMP and of linear algebra, take the processor from the one that works.
export OMP_WAIT_POLICY ?= PASSIVE
export OPENBLAS_NUM_THREADS ?= 1
# A run is many processes. Where Python may not keep what it compiles, each of them compiles every library again.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: help run new check-spec image component-image base-images pipeline-compile pipeline-submit pipeline-schedule pipeline-runs pipeline-retry pipeline-stop releases registry test check fix serve score report docs lock clean always

help:  ## list what you can do here
	@awk -F ':.*## ' '/^[a-z][a-z-]*:.*## / {printf "  make %-17s %s\n", $$1, $$2}' Makefile

run: $(READY)  ## logs to image: SPEC= DATA= BIGQUERY= OUT= TRIALS= MINUTES= END= BASE_IMAGE= CHAMPION= RUNNER=docker STEPS_IMAGE= JSON=1
	@$(START) -m cli run $${SPEC:+--spec="$$SPEC"} $${DATA:+--data="$$DATA"} $${BIGQUERY:+--bigquery="$$BIGQUERY"} \
	  $${OUT:+--out="$$OUT"} $${END:+--end="$$END"} \
	  $${TRIALS:+--trials="$$TRIALS"} $${MINUTES:+--minutes="$$MINUTES"} $${BASE_IMAGE:+--base="$$BASE_IMAGE"} \
	  $${CHAMPION:+--champion="$$CHAMPION"} $${RUNNER:+--runner="$$RUNNER"} $${STEPS_IMAGE:+--steps-image="$$STEPS_IMAGE"} \
	  $${JSON:+--json}

check-spec: $(READY)  ## types, rows, rates, leaks and splits, before any training: SPEC= DATA= BIGQUERY= END= OUT= JSON=1
	@$(START) -m cli check-spec $${SPEC:+--spec="$$SPEC"} $${DATA:+--data="$$DATA"} $${BIGQUERY:+--bigquery="$$BIGQUERY"} \
	  $${OUT:+--out="$$OUT"} $${END:+--end="$$END"} $${JSON:+--json}

new: $(READY)  ## a first spec from a table: MODEL= TABLE= LABEL= SPECS= JSON=1
	@$(START) -m cli new --model="$$MODEL" --table="$$TABLE" --label="$$LABEL" $${SPECS:+--specs="$$SPECS"} \
	  $${JSON:+--json}

image: $(READY)  ## the last bundle as an image: TO=registry://HOST/REPOSITORY, BASE_IMAGE= OUT= JSON=1
	@out="$${OUT:-out}"; $(START) -m cli image --verdict="$$out/verdict.json" --to="$${TO:-$${KAMADO_IMAGES:-oci:$$out/images}}" \
	  $${BASE_IMAGE:+--base="$$BASE_IMAGE"} $${JSON:+--json} -- "$$out/bundle"

base-images: $(READY)  ## by a container engine, what models and steps are laid on: OUT= PYTHON_IMAGE=IMAGE@sha256:...
	@$(START) -m cli base-images --out="$${OUT:-out}/base-images" $${PYTHON_IMAGE:+--python="$$PYTHON_IMAGE"}

component-image: $(READY)  ## by a container engine, what every step runs in, pushed: TO=registry://HOST/REPOSITORY PYTHON_IMAGE= JSON=1
	@$(START) -m cli component-image $${TO:+--to="$$TO"} $${PYTHON_IMAGE:+--python="$$PYTHON_IMAGE"} $${JSON:+--json}

pipeline-compile: $(READY)  ## a pipeline for a cluster, of SPEC= or SPECS=: STEPS_IMAGE= BASE_IMAGE= BIGQUERY= DATA= TO= CHAMPION= CLUSTER= OUT= JSON=1
	@$(START) -m cli compile $${SPEC:+--spec="$$SPEC"} $(if $(SPECS_GIVEN),--specs="$$SPECS") $${STEPS_IMAGE:+--image="$$STEPS_IMAGE"} \
	  $${BASE_IMAGE:+--base="$$BASE_IMAGE"} $${BIGQUERY:+--bigquery="$$BIGQUERY"} $${DATA:+--data="$$DATA"} $${TO:+--to="$$TO"} \
	  $${CHAMPION:+--champion="$$CHAMPION"} $${CLUSTER:+--cluster="$$CLUSTER"} $${OUT:+--out="$$OUT"} $${JSON:+--json}

pipeline-submit: $(READY)  ## run it on the cluster at KFP_HOST: as pipeline-compile, and END= EXPERIMENT= WAIT=1 ALLOW_DIRTY=1 TARGET=kfp
	@$(START) -m cli submit $${SPEC:+--spec="$$SPEC"} $(if $(SPECS_GIVEN),--specs="$$SPECS") $${STEPS_IMAGE:+--image="$$STEPS_IMAGE"} \
	  $${BASE_IMAGE:+--base="$$BASE_IMAGE"} $${BIGQUERY:+--bigquery="$$BIGQUERY"} $${DATA:+--data="$$DATA"} $${TO:+--to="$$TO"} \
	  $${CHAMPION:+--champion="$$CHAMPION"} $${CLUSTER:+--cluster="$$CLUSTER"} $${EXPERIMENT:+--experiment="$$EXPERIMENT"} \
	  $${ALLOW_DIRTY:+--allow-dirty} $${TARGET:+--target="$$TARGET"} $${END:+--end="$$END"} $${WAIT:+--wait} $${JSON:+--json}

pipeline-schedule: $(READY)  ## run it at times: as pipeline-submit, and CRON='0 18 * * 1-5' BACKFILL=FROM..TO CATCH_UP=1
	@$(START) -m cli schedule $${SPEC:+--spec="$$SPEC"} $(if $(SPECS_GIVEN),--specs="$$SPECS") $${STEPS_IMAGE:+--image="$$STEPS_IMAGE"} \
	  $${BASE_IMAGE:+--base="$$BASE_IMAGE"} $${BIGQUERY:+--bigquery="$$BIGQUERY"} $${DATA:+--data="$$DATA"} $${TO:+--to="$$TO"} \
	  $${CHAMPION:+--champion="$$CHAMPION"} $${CLUSTER:+--cluster="$$CLUSTER"} $${EXPERIMENT:+--experiment="$$EXPERIMENT"} \
	  $${ALLOW_DIRTY:+--allow-dirty} $${TARGET:+--target="$$TARGET"} $${CRON:+--cron="$$CRON"} \
	  $${BACKFILL:+--backfill="$$BACKFILL"} $${CATCH_UP:+--catch-up} $${JSON:+--json}

pipeline-runs: $(READY)  ## runs of a model on the cluster: MODEL= TARGET= JSON=1
	@$(START) -m cli runs $${TARGET:+--target="$$TARGET"} $${JSON:+--json} -- "$${MODEL:-rent-conversion}"

pipeline-retry: $(READY)  ## run the failed steps of a run again: RUN= WAIT=1 TARGET= JSON=1
	@$(START) -m cli retry $${TARGET:+--target="$$TARGET"} $${WAIT:+--wait} $${JSON:+--json} -- "$$RUN"

pipeline-stop: $(READY)  ## stop a run: RUN= TARGET= JSON=1
	@$(START) -m cli stop $${TARGET:+--target="$$TARGET"} $${JSON:+--json} -- "$$RUN"

releases: $(READY)  ## releases of a model: MODEL= TO= OUT= JSON=1
	@$(START) -m cli releases --in="$${TO:-$${KAMADO_IMAGES:-oci:$${OUT:-out}/images}}" $${JSON:+--json} -- "$${MODEL:-rent-conversion}"

registry: $(READY)  ## a registry on this machine to try with, until Ctrl-C: REGISTRY_PORT=
	@$(START) -m cli registry --port="$${REGISTRY_PORT:-5000}"

test: $(READY)  ## run every test; TESTS= narrows it
	@$(START) -m tests

check: $(READY)  ## lint, formatting and types; changes nothing
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/ruff format --check .
	@$(PY) -m mypy

fix: $(READY)  ## fix what can be fixed: lint, formatting, the references
	@$(VENV)/bin/ruff check --fix .
	@$(VENV)/bin/ruff format .
	@$(START) -m model.spec.reference docs
	@$(START) -m components.extract.googlesql.reference docs
	@$(START) -m components.extract.sources.types_page docs
	@$(START) -m artifacts.schemas docs
	@$(START) -m build.gate.fields.page docs
	@$(START) -m pipelines.cluster.page docs

serve: $(READY)  ## serve the last bundle, or KAMADO_BUNDLE: OUT= PORT=
	@if [ "$$OUT" ]; then export KAMADO_BUNDLE="$$OUT/bundle"; fi; \
	  KAMADO_BUNDLE="$${KAMADO_BUNDLE:-out/bundle}" KAMADO_PORT="$${PORT:-$${KAMADO_PORT:-}}" $(START) -m cli serve

score: $(READY)  ## score Parquet files with the last bundle, or KAMADO_BUNDLE: DATA= IDS=NAME,NAME OUT= JSON=1
	@if [ "$$OUT" ]; then export KAMADO_BUNDLE="$$OUT/bundle"; fi; \
	  $(START) -m cli score $${DATA:+--data="$$DATA"} $${IDS:+--ids="$$IDS"} $${OUT:+--out="$$OUT/scores.parquet"} $${JSON:+--json}

report: $(READY)  ## open the last report, or name it: OUT=
	@$(START) -m cli report --out="$${OUT:-out}"

docs: $(READY)  ## build the site of all pages into out/site
	@$(VENV)/bin/mkdocs build --strict --quiet
	@echo out/site/index.html

lock: $(READY)  ## renew the locks: of everything, of the server, of the steps, of what installs and compiles
	@$(LOCK) requirements.in -o requirements.txt
	@$(LOCK) requirements-dev.in -c requirements.txt -o requirements-dev.txt
	@$(LOCK) build/image/base_images/server/requirements.in -c requirements.txt -o build/image/base_images/server/requirements.txt
	@$(LOCK) build/image/base_images/component/requirements.in -c requirements.txt -o build/image/base_images/component/requirements.txt
	@$(LOCK) build/environment/requirements.in -o build/environment/requirements.txt
	@$(LOCK) build/kernel/requirements.in -o build/kernel/requirements.txt

clean:  ## remove what runs left, and caches of this folder; the environment stays: OUT=
	@out="$${OUT:-out}"; case "$$out" in /*) ;; *) out="./$$out" ;; esac; \
	if [ -d "$$out/runs" ] || [ -d "$$out/check/runs" ] || [ -d "$$out/pipeline" ]; then \
	  cd "$$out"; \
	  for mark in runs/*/.kamado check/runs/*/.kamado pipeline/*/pipeline.kfp.yaml images/oci-layout base-images/oci-layout sample/portal.json site/sitemap.xml; do \
	    if [ -e "$$mark" ]; then rm -rf "$${mark%/*}"; fi; \
	  done; \
	  for name in latest $(RESULTS); do if [ -L "$$name" ]; then rm "$$name"; fi; done; \
	  rm -f .lock check/.lock; \
	  for folder in check/runs check runs pipeline "$$PWD"; do if [ -d "$$folder" ]; then rmdir "$$folder" 2>/dev/null || true; fi; done; \
	fi
	@rm -rf .pytest_cache .ruff_cache .mypy_cache .hypothesis

# The stamp says which Python and locks are installed, and is written last. A PYTHON that the user names is compared with it.
# Of the kernel a library is there for each state of its sources: what is edited is compiled, and nothing else is done.
$(READY): export SETUP_PYTHON := $(PYTHON)
$(READY): requirements-dev.txt build/environment/requirements.txt build/environment/kamado.sh $(KERNEL) $(if $(filter command environment,$(PYTHON_ORIGIN)),always)
	@"$$SETUP_PYTHON" -m build.environment $(VENV) --lock=requirements-dev.txt --kernel

always:
