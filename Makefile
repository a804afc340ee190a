# Everything a developer runs. `make` alone prints this list.
.DEFAULT_GOAL := help
.PHONY: help run test test-rust test-e2e lint fmt deny openapi coverage bench timing torture soak fuzz clean
SHELL := /bin/bash

help: ## print this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## build and start the server on SQLite in ./data
	cargo run --release --locked

test: ## all tests; installs or starts what they need, says what it skipped (nothing with CI=true)
	scripts/test rust e2e

test-rust: ## the Rust tests, on SQLite, MariaDB and PostgreSQL
	scripts/test rust

test-e2e: ## the real binary with curl, a browser, and other people's libraries
	scripts/test e2e

lint: ## formatting, clippy, dependencies, Python and shell; changes nothing
	scripts/lint

fmt: ## format Rust and Python
	scripts/tools python
	cargo fmt --all
	.venv/bin/ruff format e2e
	.venv/bin/ruff check --fix e2e

deny: ## licences, banned crates, sources and known holes of the dependencies
	scripts/deny

openapi: ## write openapi/ntt-auth.json from the code
	UPDATE_SNAPSHOTS=1 cargo test --locked -p ntt-auth-web --test it openapi::the_document_is_the_committed_one

coverage: ## line coverage of the Rust crates; fails below 90 %, report in coverage/html
	scripts/coverage

bench: ## measure against a bare server and write docs/performance.md (PEERS=1: and a peer)
	cargo build --release --locked -p ntt-auth -p ntt-auth-bench
	cargo build --release --locked -p ntt-auth-store-sql --example seed
	target/release/ntt-auth-bench

timing: ## whether the time of an answer tells of an account; prints the figures
	cargo test --locked -p ntt-auth --test it -- --nocapture timing

torture: ## kill the server 50 times under load and check every acknowledged write
	NTT_TORTURE_ROUNDS=$${NTT_TORTURE_ROUNDS:-50} cargo test --locked -p ntt-auth --test torture -- --nocapture

soak: ## use the server for SOAK_SECONDS (3600) and see that memory and open files stay level
	scripts/tools cc python
	cargo build --release --locked -p ntt-auth --all-features
	cd e2e && NTT_SOAK_SECONDS=$${SOAK_SECONDS:-3600} NTT_AUTH_BIN=$(CURDIR)/target/release/ntt-auth ../.venv/bin/python -m pytest test_soak.py

fuzz: ## each fuzz target for FUZZ_SECONDS (60)
	scripts/fuzz $${FUZZ_SECONDS:-60}

clean: ## remove what was built or installed here; ./data stays
	cargo clean
	rm -rf .venv e2e/node_modules coverage
