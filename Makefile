# SPDX-License-Identifier: GPL-2.0-only

.DEFAULT_GOAL := help
export FORCE LINUX VARIANT

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 12

run: image ## boot natively and protected, attack by DMA in both, compare
	@scripts/run

shell: image ## a shell in the protected machine
	@scripts/shell

check: ## lint, build, boot and test: "N passed, N failed, N skipped"
	@scripts/check

check-full: ## check, and what takes longer: all variants and machines, machines by chance, bisect, host-mutants
	@scripts/check --full

deps:
	@scripts/deps build

tree: deps ## compose out/linux from the base kernel and patches/
	@scripts/tree

refresh: ## take commits made in out/linux back into patches/ and the new files
	@scripts/refresh

image: tree ## build the test kernel out/Image (VARIANT=debug: out/Image-debug, ...)
	@scripts/image

lint: tree ## checkpatch, sparse, W=1, kernel-doc, git am, docs
	@scripts/deps lint docs
	@scripts/lint

accounting: tree ## the documentation's tables say what the code and the tests do
	@scripts/deps lint
	@scripts/accounting
	@scripts/attacks >&2

model: tree ## the hypervisor's driver over a simulated SMMUv3: tests, some fuzzing
	@scripts/model check

fuzz: tree ## fuzz that for longer: FUZZ_SECONDS=600, or FUZZ_STEPS=50000000
	@scripts/model fuzz $(FUZZ_SECONDS:%=SECONDS=%) $(FUZZ_STEPS:%=STEPS=%)

libfuzzer: tree ## the same by libFuzzer, guided by coverage: FUZZ_SECONDS=600
	@scripts/model libfuzzer $(FUZZ_SECONDS:%=SECONDS=%)

coverage: tree ## which of the hypervisor's lines and branches the model's tests reach (RECORD=1: keep it)
	@scripts/model coverage $(if $(RECORD),RECORD=1)

mutants: tree ## take one check away at a time; the model's tests must notice
	@scripts/model mutants

machines: image ## boot machines with memory, CPUs and memory regions by chance: SEEDS="1 8"
	@scripts/guest/userland
	@scripts/machines $(SEEDS)

host-mutants: tree ## take one check of the host's away at a time; a boot must notice
	@scripts/guest/userland
	@scripts/host-mutants $(MUTANTS)

prove: tree ## prove the rules for all inputs, by CBMC; litmus tests of each memory barrier
	@scripts/prove

prove-mutants: tree ## change the sources at one place at a time; a proof must fail
	@scripts/prove --mutants $(MUTANTS)

bench: image ## count what DMA isolation costs, natively and isolated (RECORD=1: keep it)
	@scripts/bench $(if $(RECORD),--record)

bench-check: image ## no figure is worse than the recorded one by more than 2 %
	@scripts/bench --check

bisect: tree ## build every patch of the series, boot three of them
	@scripts/bisect

docs: tree ## render the documentation pages of the series to out/docs
	@scripts/deps docs
	@scripts/docs

series: tree ## out/series/*.patch with a cover letter, verified with git am
	@scripts/series

clean: ## remove out/ (downloads stay in the user's cache)
	rm -rf out

.PHONY: help run shell check check-full deps tree refresh image lint bisect docs series clean accounting model coverage fuzz libfuzzer mutants host-mutants machines prove prove-mutants bench bench-check
