#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Take one check of EL2's away at a time, and see which test notices.

Each mutation of mutants.list is applied to a copy of its file; that file is
compiled again, and the KUnit suites, the named tests and a short run of the
fuzzer, with a fixed seed, are run until one of them fails. A mutation that
survives is an error unless the list says why it makes no difference; a
mutation whose text is not found, or found twice, is one as well.
"""

import argparse
import concurrent.futures
import glob
import os
import re
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
# Where the files of the list are, and all that is compiled from there.
DIRS = {
    "drivers/iommu/arm/arm-smmu-v3/pkvm": ("../arm-smmu-v3.h", "*.h", "hyp/*", "emu/*"),
    "arch/arm64/kvm/hyp/nvhe": ("iommu*.c", "host_mmio.c"),
    "arch/arm64/kvm/hyp/include/nvhe": ("iommu*.h", "host_mmio.h"),
    "arch/arm64/include/asm": ("kvm_iommu*.h",),
}
FUZZ = ["--steps", "400000", "--seed", "1"]
TIMEOUT = 900


class Mutant:
    def __init__(self, line):
        self.line = line
        self.name = self.file = self.why = self.equivalent = self.proof = self.boot = None
        self.hunks = []


def parse(path):
    """The list: records of "key: value", then hunks of "-" and "+" lines."""
    mutants = []
    cur = None
    sign = None
    with open(path, encoding="utf-8") as f:
        for nr, line in enumerate(f, 1):
            line = line.rstrip("\n")
            if line.startswith("#") or not line:
                sign = None
                continue
            if line[0] in "-+":
                if line[0] == "-" and sign != "-":
                    cur.hunks.append(([], []))
                sign = line[0]
                cur.hunks[-1][sign == "+"].append(line[1:])
                continue
            key, _, value = line.partition(": ")
            if key == "name":
                cur = Mutant(nr)
                mutants.append(cur)
            if not hasattr(cur, key):
                sys.exit(f"{path}:{nr}: what is {key}?")
            setattr(cur, key, value)
            sign = None
    return mutants


def mutate(text, mutant):
    for old, new in mutant.hunks:
        old, new = "\n".join(old), "\n".join(new)
        found = text.count(old)
        if found != 1:
            raise ValueError(f"{mutant.name}: text found {found} times: {old.strip()}")
        text = text.replace(old, new)
    return text


def mutated(srctree, mutant):
    """The path of the file in the tree, and its text with the mutation. Raises ValueError."""
    for d in DIRS:
        path = os.path.join(d, mutant.file)
        if os.path.exists(os.path.join(srctree, path)):
            with open(os.path.join(srctree, path), encoding="utf-8") as f:
                return path, mutate(f.read(), mutant)
    raise ValueError(f"{mutant.name}: no {mutant.file}")


def copy_mutated(srctree, copy, mutant):
    """Copy EL2's sources, one of them mutated. Raises ValueError."""
    path, text = mutated(srctree, mutant)
    for d, patterns in DIRS.items():
        for name in sum((glob.glob(p, root_dir=os.path.join(srctree, d)) for p in patterns), []):
            os.makedirs(os.path.join(copy, d, os.path.dirname(name)), exist_ok=True)
            shutil.copy2(os.path.join(srctree, d, name), os.path.join(copy, d, name))
    with open(os.path.join(copy, path), "w", encoding="utf-8") as f:
        f.write(text)


def check_list(srctree, mutants):
    """Whether the text of each mutation is in the tree, once."""
    errors = 0
    for mutant in mutants:
        try:
            mutated(srctree, mutant)
        except ValueError as e:
            errors += 1
            print(e)
    print(f"{len(mutants)} mutations, {errors} of which the tree has no place for")
    return 1 if errors else 0


def run(cmd, **kwargs):
    return subprocess.run(cmd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          errors="replace", check=False, **kwargs)


def failed_tests(out):
    return [re.sub(r"^not ok \d+ ", "", l) for l in out.splitlines() if l.startswith("not ok ")]


class Runner:
    def __init__(self, args):
        self.args = args
        self.base = os.path.abspath(args.output)
        # What fails without any mutation says nothing about one.
        self.known = set()

    def make(self, out, el2tree, targets):
        cmd = ["make", "-s", "-C", HERE, f"srctree={self.args.srctree}", f"O={out}"]
        if el2tree:
            cmd.append(f"el2tree={el2tree}")
        return run(cmd + [os.path.join(out, t) for t in targets])

    def build_base(self):
        out = os.path.join(self.base, "base")
        res = self.make(out, None, ["kunit", "regress", "fuzz-seeded"])
        if res.returncode:
            sys.exit(res.stdout)
        self.known = set(t.split(" # ")[0] for t in self.tests(out, stop=False))
        for name in sorted(self.known):
            print(f"# without a mutation: {name} fails", flush=True)

    def tests(self, out, stop):
        """Names of the tests that fail, the first one only if stop."""
        failed = []
        regress = ["--stop"] if stop else []
        if self.args.matrix:
            regress += ["--effort", "0"]
        for name in sorted(self.known):
            regress += ["--skip", name]
        for prog, argv in (("kunit", []), ("regress", regress), ("fuzz-seeded", FUZZ)):
            if prog == "fuzz-seeded" and failed and stop:
                break
            try:
                res = run([os.path.join(out, prog)] + argv, cwd=out, timeout=TIMEOUT)
            except subprocess.TimeoutExpired:
                failed.append(f"{prog} # no end")
                continue
            new = [t for t in failed_tests(res.stdout) if t.split(" # ")[0] not in self.known]
            finding = re.search(r"^finding: (.*)", res.stdout, re.M)
            if finding:
                new.append(f"fuzz # {finding.group(1)}")
            if res.returncode < 0:
                begun = re.findall(r"^# (\w+)$", res.stdout, re.M)
                name = begun[-1] if begun else prog
                new.append(f"{name} # killed by signal {-res.returncode}")
            failed += new
            if failed and stop:
                return failed[:1]
        return failed

    def objects(self, name):
        if name.endswith(".h"):
            return None
        # These are included by el2.c.
        if name in ("hyp/smmu.c", "host_mmio.c"):
            return ["el2.o"]
        return [os.path.basename(name)[:-2] + ".o"]

    def try_one(self, mutant):
        """Returns (mutant, error or None, failed tests)."""
        out = os.path.join(self.base, "work", mutant.name)
        src = os.path.join(out, "src")
        shutil.rmtree(out, ignore_errors=True)
        try:
            copy_mutated(self.args.srctree, src, mutant)
        except ValueError as e:
            return mutant, str(e), []

        # All objects but that of the file that changed are the base's.
        objects = self.objects(mutant.file)
        if objects:
            shutil.copytree(os.path.join(self.base, "base", "fast"),
                            os.path.join(out, "fast"),
                            ignore=shutil.ignore_patterns("*.d", *objects))
        res = self.make(out, src, ["kunit", "regress", "fuzz-seeded"])
        if res.returncode:
            return mutant, f"{mutant.name} does not build:\n{res.stdout}", []
        failed = self.tests(out, stop=not self.args.matrix)
        shutil.rmtree(out, ignore_errors=True)
        return mutant, None, failed


def describe(mutant, failed):
    if failed:
        test, _, why = failed[0].partition(" # ")
        return f"{mutant.name}: killed by {test}" + (f" ({why})" if why else "")
    if mutant.equivalent:
        return f"{mutant.name}: survived, equivalent: {mutant.equivalent}"
    return f"{mutant.name}: survived: {mutant.why}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--srctree", required=True)
    parser.add_argument("--output", default="mutants")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--list", default=os.path.join(HERE, "mutants.list"))
    parser.add_argument("--matrix", action="store_true",
                        help="run every test on every mutant, and list tests that kill none")
    parser.add_argument("--check-list", action="store_true",
                        help="only see whether the text of each mutation is in the tree")
    parser.add_argument("names", nargs="*")
    args = parser.parse_args()

    mutants = parse(args.list)
    if args.check_list:
        return check_list(args.srctree, mutants)
    if args.names:
        mutants = [m for m in mutants if m.name in args.names]
    runner = Runner(args)
    runner.build_base()

    killed, survived, errors, matrix = 0, [], [], {}
    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        for mutant, error, failed in pool.map(runner.try_one, mutants):
            if error:
                errors.append(error)
                print(f"{mutant.name}: error: {error}", flush=True)
                continue
            print(describe(mutant, failed), flush=True)
            killed += bool(failed and not mutant.equivalent)
            if not failed and not mutant.equivalent:
                survived.append(mutant.name)
            if failed and mutant.equivalent:
                errors.append(mutant.name)
                print(f"{mutant.name}: error: it makes a difference", flush=True)
            for test in failed:
                matrix.setdefault(test.split(" # ")[0], []).append(mutant.name)

    equivalent = len(mutants) - killed - len(survived) - len(errors)
    print(f"{len(mutants)} mutants: {killed} killed, {equivalent} equivalent, "
          f"{len(survived)} survived, {len(errors)} errors")
    if args.matrix:
        regress = os.path.join(runner.base, "base", "regress")
        for test in run([regress, "--list"]).stdout.split():
            print(f"{test}: kills {len(matrix.get(test, []))}: "
                  f"{' '.join(matrix.get(test, [])[:8])}")
    return 1 if survived or errors else 0


if __name__ == "__main__":
    sys.exit(main())
