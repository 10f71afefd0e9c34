#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Prove properties of EL2's sources for all inputs, by CBMC. Prints KTAP.

Each function prove_*() of the harnesses in this directory is compiled together with
the sources it names and proven by itself: one test point for each property that it
states, one for each value that it has to reach, and one for all that CBMC checks of
its own accord (accesses, shifts, overflows, ends of loops). Then come the litmus tests
of ../litmus. With --mutants, each mutation of mutants.list is made instead, and has to
make a proof fail; a property that no mutation makes fail is an error as well.
"""

import argparse
import concurrent.futures
import json
import os
import re
import shutil
import subprocess
import sys
import time

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
MODEL = os.path.dirname(HERE)
sys.path.insert(0, MODEL)

import litmus              # noqa: E402
import mutants as model    # noqa: E402

PKVM = "drivers/iommu/arm/arm-smmu-v3/pkvm"
PROVE = "tools/testing/pkvm_smmu_v3/prove"
# What is run for all inputs; a finding of a sanitizer does not end it. Copies of stack frames,
# which GCC 13 and later use by default, are slow to clean up at a longjmp().
EXHAUST = ["-O2", "-g", "-w", "-std=gnu11", "-rdynamic", "-DEXHAUST",
           '-DEXHAUST_POINTS=__attribute__((used, section("exhaust_points")))',
           "-fsanitize=address,undefined", "-fsanitize-recover=address",
           "--param", "asan-use-after-return=0"]
DEFINES = ["-D__KVM_NVHE_HYPERVISOR__", "-DCONFIG_PKVM_IOMMU=1"]
CHECKS = ["--pointer-overflow-check", "--drop-unused-functions"]
# The kernel's -fno-strict-overflow defines it, and arm-smmu-v3.h shifts into the sign bit.
DEFINED = "arithmetic overflow on signed shl"
TIMEOUT = 900

PAGES = {f"{1 << (shift - 10)} KiB pages": [f"-DPAGE_SHIFT={shift}"] for shift in (12, 14, 16)}
PAGES_4K = {"": ["-DPAGE_SHIFT=12"]}


def shim(name):
    return ["-include", os.path.join(HERE, name + "-shim.h")]


def universe(shift, start_level, root_bits, table_bits, shim_name="pgtable"):
    """The name and the flags of a small page table: shifts of a page, levels, entries."""
    return (f"{1 << (shift - 10)} KiB pages, level {start_level}, {1 << root_bits} entries, "
            f"tables of {1 << table_bits}",
            [f"-DPAGE_SHIFT={shift}", f"-DSTART_LEVEL={start_level}", f"-DROOT_BITS={root_bits}",
             f"-DMODEL_TABLE_BITS={table_bits}", *shim(shim_name)])


class Harness:
    """Functions prove_*() of a file. @unwind bounds the loops for CBMC; without it all
    inputs are run. @variants: more flags of the compiler, by name."""

    def __init__(self, name, sources, variants, unwind=None, cbmc=(), skip=()):
        self.name, self.sources, self.variants = name, sources, variants
        self.unwind, self.cbmc, self.skip = unwind, cbmc, skip


HARNESSES = [
    Harness("ids", ["emu/ids.c", "emu/cmd.c"], PAGES, 18),
    Harness("ste", ["emu/ste.c", "emu/ids.c", "emu/cmd.c"], PAGES_4K, 18),
    Harness("stage2", ["emu/ids.c", "emu/cmd.c"], PAGES, 18),
    Harness("cmd", ["emu/cmd.c", "emu/ids.c"], PAGES_4K, 18),
    Harness("regs", ["emu/regs.c", "emu/ids.c", "emu/cmd.c"], PAGES_4K, 90),
    Harness("queue", ["emu/cmd.c"], PAGES_4K, 5),
    Harness("strtab", ["emu/ste.c", "emu/ids.c", "emu/cmd.c"], PAGES_4K, 18),
    Harness("geometry", [], PAGES, 18, ["--sat-solver", "cadical"]),
    Harness("range", ["iommu_pgtable.c"], {n: f + shim("pgtable") for n, f in PAGES.items()}, 5),
    Harness("pgtable", ["iommu_pgtable.c", "exhaust.c"], dict([
        universe(12, 2, 1, 2), universe(14, 2, 1, 2), universe(16, 2, 1, 2),
        # Concatenated tables, and all start levels
        universe(12, 2, 2, 1), universe(12, 1, 1, 1), universe(12, 0, 0, 1),
        universe(14, 2, 2, 1), universe(14, 1, 1, 1), universe(14, 3, 3, 2),
        universe(16, 2, 2, 1), universe(16, 1, 1, 1), universe(16, 3, 3, 2)])),
    Harness("build", ["iommu.c", "iommu_pgtable.c", "exhaust.c"], dict([
        universe(12, 2, 1, 1, "build"), universe(14, 2, 1, 1, "build"),
        universe(16, 2, 1, 1, "build"), universe(12, 2, 0, 2, "build"),
        universe(12, 1, 0, 1, "build"), universe(12, 3, 2, 1, "build")])),
    Harness("protocol", ["hyp/hwq.c", "hyp/cmdq.c", "hyp/mmio.c", "emu/regs.c", "emu/cmd.c",
                         "emu/ste.c", "emu/ids.c", "exhaust.c"], PAGES_4K),
    # Here a page that is no table yet can hold anything.
    Harness("pgtable", ["iommu_pgtable.c"], dict([universe(12, 2, 1, 1)]), 6,
            ["--sat-solver", "cadical", "--unwindset",
             "iommu_s2_map.0:3,iommu_s2_map.1:5,add_tables_to.0:2,largest_leaf.0:3,"
             "find_leaf.0:3,split.0:3"], ["prove_reserved"]),
]


class Proof:
    def __init__(self, harness, function, variant):
        self.harness, self.function, self.variant = harness, function, variant
        self.name = function.removeprefix("prove_")
        # Small page tables are many: their results are one.
        if not harness.unwind and len(harness.variants) > 1:
            self.name += f" ({len(harness.variants)} universes)"
        elif variant:
            self.name += f" ({variant})"


def all_proofs():
    for harness in HARNESSES:
        with open(os.path.join(HERE, harness.name + ".c"), encoding="utf-8") as f:
            functions = re.findall(r"^void (prove_\w+)\(void\)", f.read(), re.M)
        for variant in harness.variants:
            for function in functions:
                if function not in harness.skip:
                    yield Proof(harness, function, variant)


def run(cmd, timeout=None, stderr=subprocess.STDOUT):
    return subprocess.run(cmd, cwd=MODEL, stdout=subprocess.PIPE, stderr=stderr,
                          errors="replace", check=False, timeout=timeout)


class Prover:
    def __init__(self, args):
        self.args = args
        self.out = os.path.abspath(args.output)

    def flags(self, harness, variant, changed):
        tree = self.args.srctree
        dirs = [HERE, "include", ".", os.path.join(tree, "tools/include")]
        for root in filter(None, (changed, tree)):
            dirs += [os.path.join(root, d) for d in (PKVM, "arch/arm64/include",
                                                     "arch/arm64/kvm/hyp/include")]
        return DEFINES + harness.variants[variant] + [f"-I{path}" for path in dirs]

    def source(self, name, changed):
        for root in filter(None, (changed, self.args.srctree)):
            for path in (os.path.join(root, d, name) for d in (*model.DIRS, PROVE)):
                if os.path.exists(path):
                    return path
        sys.exit(f"no {name} in {self.args.srctree}")

    def compile(self, harness, variant, out, changed=None):
        """Compile a harness and its sources; the path of the program, or an error."""
        name = "-".join(re.findall(r"\w+", f"{harness.name} {variant}"))
        program = os.path.join(out, f"{name}.{'gb' if harness.unwind else 'exe'}")
        compiler = [self.args.goto_cc] if harness.unwind else [self.args.cc, *EXHAUST]
        done = run([*compiler, *self.flags(harness, variant, changed), "-o", program,
                    os.path.join(HERE, harness.name + ".c"),
                    *[self.source(name, changed) for name in harness.sources]])
        if done.returncode:
            raise ValueError(f"{harness.name} does not compile:\n{done.stdout}")
        return program

    def command(self, proof, program):
        harness = proof.harness
        if not harness.unwind:
            return [program, proof.function]
        return [self.args.cbmc, program, "--function", proof.function, "--json-ui",
                "--unwind", str(harness.unwind), *CHECKS, *harness.cbmc]

    def prove(self, proof, program):
        """Pairs of a property and what is wrong with it, or None."""
        try:
            done = run(self.command(proof, program), TIMEOUT, subprocess.PIPE)
            messages = json.loads(done.stdout)
        except subprocess.TimeoutExpired:
            return [("ends", f"not within {TIMEOUT} s")]
        except ValueError:
            return [("ends", f"it says {(done.stdout + done.stderr).strip()[-300:]}")]
        results = [m["result"] for m in messages if "result" in m]
        if len(results) != 1:
            texts = [m["messageText"] for m in messages if m.get("messageType") == "ERROR"]
            return [("ends", "; ".join(texts) or "no result")]
        findings = re.findall("ERROR: AddressSanitizer: .*|.*runtime error: .*", done.stderr)
        return self.judge(proof, results[0], findings)

    @staticmethod
    def judge(proof, results, wrong):
        stated, checks = {}, 0
        for result in results:
            words, status = result["description"], result["status"]
            where = result.get("sourceLocation", {})
            if ".assertion." in result["property"]:
                goal = words.startswith("reached: ")
                good = status == ("FAILURE" if goal else "SUCCESS")
                why = None if good else "no input does" if goal else status.lower()
                stated[words] = stated.get(words) or why
                continue
            checks += 1
            if status != "SUCCESS" and not words.startswith(DEFINED):
                wrong.append(f"{os.path.basename(where.get('file', '?'))}:"
                             f"{where.get('line', '?')}: {words}: {status.lower()}")
        if not any(words.startswith("reached: ") for words in stated):
            wrong.append("no input is stated to be reached")
        points = [(words, why) for words, why in stated.items()]
        by = f"{checks} checks" if proof.harness.unwind else "sanitizers"
        points.append((f"accesses, shifts, overflows, loops: {by}",
                       "; ".join(wrong[:5]) or None))
        return points


def timed(function, *args):
    start = time.monotonic()
    return function(*args), time.monotonic() - start


def prove_all(prover, proofs, jobs):
    """A dictionary of properties and of what is wrong with each, or None."""
    os.makedirs(prover.out, exist_ok=True)
    points = {}
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        kinds = list(dict.fromkeys((p.harness, p.variant) for p in proofs))
        programs = dict(zip(kinds, pool.map(
            lambda kind: prover.compile(*kind, prover.out), kinds)))
        runs = pool.map(lambda p: timed(prover.prove, p, programs[p.harness, p.variant]),
                        proofs)
        for proof, (found, seconds) in zip(proofs, runs):
            print(f"# {proof.name}: {seconds:.0f} s", flush=True)
            for words, why in found:
                name = f"{proof.name}: {words}"
                points[name] = points.get(name) or (why and f"{proof.variant}: {why}")
    return points


def show(points, skipped=()):
    failed = 0
    print(f"TAP version 13\n1..{len(points) + len(skipped)}")
    for number, (name, why) in enumerate(points.items(), 1):
        if why:
            failed += 1
            print(f"# {why}")
        # A "#" begins a directive.
        print(f"{'not ok' if why else 'ok'} {number} {name.replace('#', '')}")
    for number, name in enumerate(skipped, len(points) + 1):
        print(f"ok {number} {name}")
    return 1 if failed else 0


def try_mutant(prover, proofs, mutant):
    """What fails with a mutation: pairs of proof and property. Raises ValueError."""
    out = os.path.join(prover.out, "mutants", mutant.name)
    shutil.rmtree(out, ignore_errors=True)
    model.copy_mutated(prover.args.srctree, out, mutant)

    failed = []
    for proof in [p for p in proofs if p.function == mutant.proof]:
        # One universe that fails is enough.
        if failed and not proof.harness.unwind:
            break
        program = prover.compile(proof.harness, proof.variant, out, out)
        failed += [(proof.name, words, why) for words, why in prover.prove(proof, program) if why]
    shutil.rmtree(out, ignore_errors=True)
    return failed


def prove_mutants(prover, proofs, names, jobs):
    mutants = model.parse(os.path.join(HERE, "mutants.list"))
    mutants = [m for m in mutants if not names or m.name in names]

    def attempt(mutant):
        try:
            return try_mutant(prover, proofs, mutant), None
        except ValueError as error:
            return [], str(error)

    killed, survived, errors, failing = 0, [], [], set()
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        for mutant, (failed, error) in zip(mutants, pool.map(attempt, mutants)):
            if error:
                errors.append(error)
                print(f"{mutant.name}: error: {error}", flush=True)
            elif not failed:
                survived.append(mutant.name)
                print(f"{mutant.name}: survived: {mutant.why}", flush=True)
            else:
                killed += 1
                print(f"{mutant.name}: killed by {failed[0][0]}: {failed[0][1]}"
                      f" ({len(failed)} in all)", flush=True)
                failing |= {(proof.split(" (")[0], words.split(":")[0])
                            for proof, words, _ in failed}
    unproven = [] if names else never_fails(proofs, failing)
    for name in unproven:
        print(f"no mutation makes it fail: {name}")
    print(f"{len(mutants)} mutations: {killed} make a proof fail, {len(survived)} survived, "
          f"{len(errors)} errors, {len(unproven)} properties that never fail")
    return 1 if survived or errors or unproven else 0


def never_fails(proofs, failing):
    """The properties in the text of the harnesses that are not among those that failed."""
    missing = []
    words_failing = {words for _, words in failing}
    for harness in sorted({p.harness.name for p in proofs}):
        with open(os.path.join(HERE, harness + ".c"), encoding="utf-8") as f:
            text = f.read()
        for part in re.split(r"^(?=\S.*\)$)", text, flags=re.M):
            name = re.match(r"void prove_(\w+)\(void\)", part)
            for words in re.findall(r'PROVE\("([^"]*)"', part):
                key = words.split(":")[0]
                if (name[1], key) not in failing if name else key not in words_failing:
                    missing.append(f"{name[1] if name else harness}: {words}")
    return missing


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--srctree", default=os.path.abspath(os.path.join(MODEL, "../../..")))
    parser.add_argument("--output", default=os.path.join(HERE, "out"))
    parser.add_argument("--cbmc", default="cbmc")
    parser.add_argument("--goto-cc", default="goto-cc")
    parser.add_argument("--cc", default="gcc")
    parser.add_argument("--herd", default="herd7")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--mutants", action="store_true")
    parser.add_argument("names", nargs="*",
                        help="of proofs, without prove_, or litmus; of mutations")
    args = parser.parse_args()

    proofs = list(all_proofs())
    prover = Prover(args)
    if args.mutants:
        return prove_mutants(prover, proofs, args.names, args.jobs)
    if args.names:
        proofs = [p for p in proofs if p.function.removeprefix("prove_") in args.names]
    try:
        points = prove_all(prover, proofs, args.jobs)
        if args.names and "litmus" not in args.names:
            return show(points)
        if not args.herd:
            return show(points, ["litmus # SKIP no herd7"])
        return show(points | litmus.points(args.srctree, args.herd,
                                           os.path.join(prover.out, "litmus")))
    except ValueError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    sys.exit(main())
