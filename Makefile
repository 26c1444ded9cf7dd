# Plain cargo works as well; these targets also see to what cargo does not.

CARGO ?= cargo
export PATH := $(PATH):$(HOME)/.cargo/bin

.DEFAULT_GOAL := help
.PHONY: help setup build test conformance lint demo deb bench fuzz clean

help: ## list the targets
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 13

setup: ## install the system packages that are missing
	@.ci/setup

build: setup ## build the release binary
	$(CARGO) build --release

test: ## run every test, those with real packets too
	@.ci/setup test
	@packaging/debian/build
	$(CARGO) test

# From a seed of its own each time; SEED=... begins where a failure said.
N ?= 100000
SEED ?= $(shell od -An -N4 -tu4 /dev/urandom | tr -d ' ')

conformance: setup ## send N=100000 random packets where `explain` says that they go
	HAIRNAT_REQUIRE_NETNS=1 HAIRNAT_SEED=$(SEED) HAIRNAT_PACKETS=$(N) \
		$(CARGO) test --test conformance -- --nocapture

SCRIPTS = .ci/run .ci/setup examples/*.sh packaging/shell/* packaging/debian/assets \
	packaging/debian/build packaging/debian/scripts/* tests/packaging/*.sh

lint: setup ## check format and lints
	$(CARGO) fmt --check
	$(CARGO) clippy --all-targets -- -D warnings
	@! command -v shellcheck >/dev/null || shellcheck $(SCRIPTS) fuzz/run

demo: ## see the path broken and mended, in network namespaces of its own
	@examples/demo.sh

deb: ## make the Debian package, below target/debian
	@.ci/setup deb
	@packaging/debian/build

# make bench SIZES="1000 10000" ROUNDS=3 ONLY="processes instructions packets" is a shorter one, and
# is printed; RESULTS=FILE writes it to a file.
LIMITS = $(strip $(if $(SIZES),--sizes $(SIZES)) $(if $(ROUNDS),--rounds $(ROUNDS)) $(if $(ONLY),--only $(ONLY)))
RESULTS ?= $(if $(LIMITS),,benches/RESULTS.md)

bench: ## measure hairnat beside its peers into benches/RESULTS.md, in namespaces of its own
	@.ci/setup bench
	$(CARGO) bench --bench figures -- $(LIMITS) $(if $(RESULTS),--results $(RESULTS))

# make fuzz SECONDS=600 is a longer one; `fuzz/run keep` puts what it found into fuzz/corpus.
SECONDS ?= 60

fuzz: ## look for input that breaks a law, in fuzz/, for SECONDS each
	@.ci/setup fuzz
	fuzz/run $(SECONDS)

clean: ## remove what was built
	$(CARGO) clean
