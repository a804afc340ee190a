# Everything a developer runs. `make` alone prints this list.
.DEFAULT_GOAL := help
.PHONY: help run test test-rust test-e2e test-sdks lint fmt clusters deny openapi coverage bench bench-clients timing torture soak fuzz clean
SHELL := /bin/bash

help: ## print this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## build and start the server on SQLite in ./data
	cargo run --release --locked

test: ## all tests; installs or starts what they need, says what it skipped (with CI=true nothing but MySQL)
	scripts/test rust e2e sdks

test-rust: ## the Rust tests, on SQLite, MariaDB, MySQL, PostgreSQL and MongoDB, with Redis
	scripts/test rust

test-e2e: ## the real binary with curl, a browser, and other people's libraries
	scripts/test e2e

test-sdks: ## the clients for Python and TypeScript and the examples, with the real binary
	scripts/test sdks

lint: ## formatting, clippy, dependencies, Python and shell; changes nothing
	scripts/lint

fmt: ## format Rust and Python
	scripts/tools python
	cargo fmt --all
	.venv/bin/ruff format e2e sdks/contract examples
	.venv/bin/ruff check --fix e2e sdks/contract examples

deny: ## licences, banned crates, sources and known holes of the dependencies
	scripts/deny

openapi: ## write openapi/ntt-auth.json from the code, and the clients' types from it
	UPDATE_SNAPSHOTS=1 cargo test --locked -p ntt-auth-web --test it openapi::the_document_is_the_committed_one
	scripts/tools client-node
	make -C sdks/python types
	cd sdks/typescript && npm run --silent types

coverage: ## line coverage of the Rust crates; fails below 90 %, report in coverage/html
	scripts/coverage

bench: ## measure against a bare server and on each engine, write docs/performance*.md (PEERS=1: and a peer)
	cargo build --profile dist --locked -p ntt-auth -p ntt-auth-bench
	cargo build --profile dist --locked -p ntt-auth-store-sql --all-features --example seed
	target/dist/ntt-auth-bench

bench-clients: ## measure what validating a token costs in a service, write docs/performance-clients.md
	scripts/bench-clients

timing: ## whether the time of an answer tells of an account; prints the figures
	cargo test --locked -p ntt-auth --test it -- --nocapture timing

torture: ## on each engine (ENGINE=sqlite: on one), kill the server 50 times under load and check every acknowledged write
	scripts/test torture

soak: ## use the server for SOAK_SECONDS (3600) and see that memory and open files stay level
	scripts/tools cc python
	cargo build --release --locked -p ntt-auth --all-features
	cd e2e && NTT_SOAK_SECONDS=$${SOAK_SECONDS:-3600} NTT_AUTH_BIN=$(CURDIR)/target/release/ntt-auth ../.venv/bin/python -m pytest test_soak.py

clusters: ## the tests that take minutes: clusters of databases that lose a member under load, and every fault of each engine
	scripts/test clusters

fuzz: ## each fuzz target for FUZZ_SECONDS (60)
	scripts/fuzz $${FUZZ_SECONDS:-60}

clean: ## remove what was built or installed here; ./data stays
	cargo clean
	rm -rf .venv .servers coverage e2e/node_modules examples/node_modules examples/.venv sdks/typescript/{node_modules,dist,docs,coverage,.cache}
	make -C sdks/python clean
