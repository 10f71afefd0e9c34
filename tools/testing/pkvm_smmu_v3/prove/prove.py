#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Prove properties of EL2's sources for all inputs, by CBMC. Prints KTAP.

Each function prove_*() of the harnesses in this directory is compiled together with
the sources it names and proven by itself: one test point for each property that it
states, one for each value that it has to reach, and one for all that CBMC checks of
its own accord (accesses, shifts, overflows, ends of loops). With --mutants, each
mutation of mutants.list is made instead, and has to make a proof fail; a property
that no mutation makes fail is an error as well.
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

import mutants as model    # noqa: E402

PKVM = "drivers/iommu/arm/arm-smmu-v3/pkvm"
NVHE = "arch/arm64/kvm/hyp/nvhe"
DEFINES = ["-D__KVM_NVHE_HYPERVISOR__", "-DCONFIG_PKVM_IOMMU=1"]
CHECKS = ["--pointer-overflow-check", "--drop-unused-functions"]
# The kernel's -fno-strict-overflow defines it, and arm-smmu-v3.h shifts into the sign bit.
DEFINED = "arithmetic overflow on signed shl"
TIMEOUT = 900

# Harness: sources, bound of the loops, page sizes as shifts, more flags
HARNESSES = {
    "ids": (["emu/ids.c", "emu/cmd.c"], 14, (12, 14, 16), []),
    "ste": (["emu/ste.c", "emu/ids.c", "emu/cmd.c"], 14, (12,), []),
    "stage2": (["emu/ids.c", "emu/cmd.c"], 14, (12, 14, 16), []),
    "cmd": (["emu/cmd.c", "emu/ids.c"], 14, (12,), []),
    "regs": (["emu/regs.c", "emu/ids.c", "emu/cmd.c"], 90, (12,), []),
    "queue": (["emu/cmd.c"], 5, (12,), []),
    "strtab": (["emu/ste.c", "emu/ids.c", "emu/cmd.c"], 14, (12,), []),
}


class Proof:
    def __init__(self, harness, function, page_shift):
        self.harness, self.function, self.page_shift = harness, function, page_shift
        self.name = function.removeprefix("prove_")
        if len(HARNESSES[harness][2]) > 1:
            self.name += f" ({1 << (page_shift - 10)} KiB pages)"


def all_proofs():
    for harness, (_, _, pages, _) in HARNESSES.items():
        with open(os.path.join(HERE, harness + ".c"), encoding="utf-8") as f:
            functions = re.findall(r"^void (prove_\w+)\(void\)", f.read(), re.M)
        for page in pages:
            for function in functions:
                yield Proof(harness, function, page)


def run(cmd, timeout=None):
    return subprocess.run(cmd, cwd=MODEL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          errors="replace", check=False, timeout=timeout)


class Prover:
    def __init__(self, args):
        self.args = args
        self.out = os.path.abspath(args.output)

    def flags(self, harness, page, changed):
        tree = self.args.srctree
        dirs = [HERE, "include", ".", os.path.join(tree, "tools/include")]
        for root in filter(None, (changed, tree)):
            dirs += [os.path.join(root, d) for d in (PKVM, "arch/arm64/include",
                                                     "arch/arm64/kvm/hyp/include")]
        return (DEFINES + [f"-DPAGE_SHIFT={page}"] + HARNESSES[harness][3] +
                [f"-I{path}" for path in dirs])

    def source(self, name, changed):
        for root in filter(None, (changed, self.args.srctree)):
            for path in (os.path.join(root, d, name) for d in (PKVM, NVHE)):
                if os.path.exists(path):
                    return path
        sys.exit(f"no {name} in {self.args.srctree}")

    def compile(self, harness, page, out, changed=None):
        """Compile a harness and its sources; the path of the program, or an error."""
        program = os.path.join(out, f"{harness}-{page}.gb")
        sources = [self.source(name, changed) for name in HARNESSES[harness][0]]
        done = run([self.args.goto_cc, *self.flags(harness, page, changed), "-o", program,
                    os.path.join(HERE, harness + ".c"), *sources])
        if done.returncode:
            raise ValueError(f"{harness} does not compile:\n{done.stdout}")
        return program

    def prove(self, proof, program):
        """Pairs of a property and what is wrong with it, or None."""
        unwind = HARNESSES[proof.harness][1]
        try:
            done = run([self.args.cbmc, program, "--function", proof.function, "--json-ui",
                        "--unwind", str(unwind), *CHECKS], timeout=TIMEOUT)
            messages = json.loads(done.stdout)
        except subprocess.TimeoutExpired:
            return [("ends", f"not within {TIMEOUT} s")]
        except ValueError:
            return [("ends", f"CBMC says {done.stdout.strip()[-300:]}")]
        results = [m["result"] for m in messages if "result" in m]
        if len(results) != 1:
            texts = [m["messageText"] for m in messages if m.get("messageType") == "ERROR"]
            return [("ends", "; ".join(texts) or "no result")]
        return self.judge(proof, results[0])

    @staticmethod
    def judge(proof, results):
        stated, checks, wrong = {}, 0, []
        for result in results:
            words, status = result["description"], result["status"]
            where = result.get("sourceLocation", {})
            if f"{proof.function}.assertion." in result["property"]:
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
        points.append((f"accesses, shifts, overflows, loops: {checks} checks",
                       "; ".join(wrong[:5]) or None))
        return points


def timed(function, *args):
    start = time.monotonic()
    return function(*args), time.monotonic() - start


def prove_all(prover, proofs, jobs):
    os.makedirs(prover.out, exist_ok=True)
    number = failed = 0
    points = []
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        kinds = sorted({(p.harness, p.page_shift) for p in proofs})
        programs = dict(zip(kinds, pool.map(
            lambda kind: prover.compile(*kind, prover.out), kinds)))
        runs = pool.map(lambda p: timed(prover.prove, p, programs[p.harness, p.page_shift]),
                        proofs)
        for proof, (found, seconds) in zip(proofs, runs):
            print(f"# {proof.name}: {seconds:.0f} s", flush=True)
            points += [(f"{proof.name}: {words}", why) for words, why in found]
    print(f"TAP version 13\n1..{len(points)}")
    for number, (name, why) in enumerate(points, 1):
        if why:
            failed += 1
            print(f"# {why}")
        # A "#" begins a directive.
        print(f"{'not ok' if why else 'ok'} {number} {name.replace('#', '')}")
    return 1 if failed else 0


def try_mutant(prover, proofs, mutant):
    """What fails with a mutation: pairs of proof and property. Raises ValueError."""
    out = os.path.join(prover.out, "mutants", mutant.name)
    shutil.rmtree(out, ignore_errors=True)
    model.copy_mutated(prover.args.srctree, out, mutant)

    failed = []
    for proof in [p for p in proofs if p.function == mutant.proof]:
        program = prover.compile(proof.harness, proof.page_shift, out, out)
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
    for harness in sorted({p.harness for p in proofs}):
        with open(os.path.join(HERE, harness + ".c"), encoding="utf-8") as f:
            text = f.read()
        for part in re.split(r"^void (?=prove_)", text, flags=re.M)[1:]:
            name = re.match(r"prove_(\w+)", part)[1]
            for words in re.findall(r'PROVE\("([^"]*)"', part):
                if (name, words.split(":")[0]) not in failing:
                    missing.append(f"{name}: {words}")
    return missing


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--srctree", default=os.path.abspath(os.path.join(MODEL, "../../..")))
    parser.add_argument("--output", default=os.path.join(HERE, "out"))
    parser.add_argument("--cbmc", default="cbmc")
    parser.add_argument("--goto-cc", default="goto-cc")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--mutants", action="store_true")
    parser.add_argument("names", nargs="*", help="of proofs, without prove_, or of mutations")
    args = parser.parse_args()

    proofs = list(all_proofs())
    prover = Prover(args)
    if args.mutants:
        return prove_mutants(prover, proofs, args.names, args.jobs)
    if args.names:
        proofs = [p for p in proofs if p.function.removeprefix("prove_") in args.names]
    try:
        return prove_all(prover, proofs, args.jobs)
    except ValueError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    sys.exit(main())
