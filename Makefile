# Plain cargo works as well; these targets also see to what cargo does not.

CARGO ?= cargo
export PATH := $(PATH):$(HOME)/.cargo/bin

.DEFAULT_GOAL := help
.PHONY: help setup build test lint demo bench clean

help: ## list the targets
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 10

setup: ## install the system packages that are missing
	@.ci/setup

build: setup ## build the release binary
	$(CARGO) build --release

test: setup ## run every test, those with real packets too
	$(CARGO) test

lint: setup ## check format and lints
	$(CARGO) fmt --check
	$(CARGO) clippy --all-targets -- -D warnings
	@! command -v shellcheck >/dev/null || shellcheck .ci/run .ci/setup examples/*.sh

demo: ## see the path broken and mended, in network namespaces of its own
	@examples/demo.sh

bench: setup ## measure hairnat beside nft, in a network namespace of its own
	$(CARGO) bench --bench apply

clean: ## remove what was built
	$(CARGO) clean
