# Two commands do everything on a fresh machine: `make demo` and `make test`.
PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3.10 python3; do \
	$$p -c "" 2>/dev/null && { echo $$p; break; }; done)
VENV ?= .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed

.PHONY: install demo test test-slow test-exhaustive test-pythons lint types test-trl-matrix docs test-adapters bench gpu clean

install: $(INSTALLED)

$(INSTALLED): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable ".[dev]"
	touch $@

demo: install
	$(BIN)/rlvr demo --output demo

test: lint types
	$(BIN)/python -m pytest -n auto -m "not slow"

# The trainer's tests mind no neighbour; those of limits, floods and kills want the machine to themselves.
test-slow: install
	$(BIN)/python -m pytest -n auto -m "slow and not exhaustive" tests/grpo_plugin tests/trl
	$(BIN)/python -m pytest -m "slow and not exhaustive" --ignore tests/grpo_plugin --ignore tests/trl

test-exhaustive: install
	$(BIN)/python -m pytest -m exhaustive

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: install
	$(BIN)/mypy

# What needs no torch runs on every supported interpreter that is found, with the newest packages
# it can have: not every pinned version supports every interpreter.
LIGHT_TESTS := tests/rewards tests/sandbox
test-pythons:
	@for version in 3.10 3.11 3.12 3.13; do \
		for python in python$$version "$$HOME"/.pyenv/versions/$$version.*/bin/python ""; do \
			test -n "$$python" && "$$python" -c "" 2>/dev/null && break; \
		done; \
		test -n "$$python" || { echo "python$$version: not found, skipped"; continue; }; \
		echo "== $$python"; \
		test -d .venv-$$version || "$$python" -m venv .venv-$$version || exit 1; \
		.venv-$$version/bin/python -m pip install --quiet \
			--editable . pytest pytest-timeout pytest-xdist hypothesis psutil || exit 1; \
		.venv-$$version/bin/python -m pytest -q -n auto -m "not slow" $(LIGHT_TESTS) || exit 1; \
	done

# The trainer on the oldest supported TRL, two between and the pinned one; TRL_TESTS are pytest's
# arguments.
TRL_TESTS ?=
test-trl-matrix: install
	$(BIN)/python tests/trl/releases.py $(TRL_TESTS)

# The documentation, with verdicts and plots made anew, into build/site.
docs: install
	DISABLE_MKDOCS_2_WARNING=true $(BIN)/mkdocs build --strict --quiet

# Every adapter through its peer's own loop, each group of peers in an environment of its own (up to
# 1.6 GB, removed afterwards); the table goes into docs/adapters/README.md. LATEST=1: newest versions.
# SOURCES=DIR: a folder of clones for peers that are on no registry. ONLY="verl swift": these alone.
test-adapters: install
	$(BIN)/python tests/adapters_matrix/run.py $(if $(LATEST),--latest) \
		$(if $(SOURCES),--sources $(SOURCES)) $(if $(ONLY),--only $(ONLY))

bench: install
	$(BIN)/python -m benchmarks.math_accuracy
	$(BIN)/python -m benchmarks.math_speed
	$(BIN)/python -m benchmarks.sandbox_speed
	$(BIN)/python -m benchmarks.trainer_step
	$(BIN)/python -m benchmarks.loss
	$(BIN)/python -m benchmarks.scoring
	$(BIN)/python -m benchmarks.floods
	$(BIN)/python -m benchmarks.demo_control
	$(BIN)/python -m benchmarks.demo_objectives
	$(BIN)/python -m benchmarks.ppo_against_grpo

# On a machine with a GPU, torch, Triton and transformers; what is installed there is used.
GPU_OPTIONS ?=
gpu:
	$(PYTHON) -m benchmarks.gpu $(GPU_OPTIONS)

clean:
	rm -rf .venv .venv-3.* .trl-* .adapters build dist demo .mypy_cache .ruff_cache .pytest_cache .hypothesis
