# Every target first installs what it needs and this machine lacks, and says what that is.
# `make` alone lists the targets.

.DEFAULT_GOAL := help
.PHONY: help build run test bench faults fuzz format lint coverage load-test clean

help: ## this list
	@awk 'BEGIN { FS = ":.*## " } /^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

build: ## builds the programs as they ship, into .build/ship/release
	@scripts/install-dependencies build
	@scripts/build

run: ## starts the pair with demo traffic under .run/, and says what to try; Ctrl-C ends it
	@scripts/install-dependencies run
	@scripts/build
	@exec scripts/run $(ARGS)

test: ## builds; then every unit, property and integration test
	@scripts/install-dependencies test
	@scripts/test $(ARGS)

bench: ## the figures beside nginx in one run (ten minutes); ARGS="--only store" for the store's
	@scripts/install-dependencies bench
	@scripts/build
	@scripts/bench $(ARGS)

faults: ## kills, cut links, full disks, flipped bits, at length; KILLS=1000 FLIPS=300
	@scripts/install-dependencies test
	@scripts/build
	@scripts/faults $(ARGS)

fuzz: ## fuzzes every parser of foreign bytes; SECONDS_EACH=300 TARGETS="json gzip"
	@scripts/install-dependencies build
	@scripts/fuzz-all

format: ## formats the Swift sources in place
	@scripts/install-dependencies build
	@swift format --in-place --recursive --parallel Package.swift Sources Tests Benchmarks Fuzz

lint: ## says what `make format` would change, and checks the shell scripts
	@scripts/install-dependencies build
	@scripts/lint

coverage: ## the share of lines that the unit tests reach, by target
	@scripts/install-dependencies run
	@scripts/coverage

load-test: ## single events, batches and the end to end delay under load (two minutes)
	@scripts/install-dependencies bench
	@scripts/build
	@scripts/bench --only collector,shipping,end_to_end $(ARGS)

clean: ## removes what was built; .run stays
	rm -rf .build
