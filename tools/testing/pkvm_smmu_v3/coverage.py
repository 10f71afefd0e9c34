#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Which lines and branches of EL2's sources the model's tests reach.

Reads what gcov says about the objects in DIR. A line that no test reaches is an error
unless coverage.list says why; so is a file with more branches that are not taken than
coverage.json has recorded. --record writes that file anew.
"""

import argparse
import collections
import glob
import json
import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
LIST = os.path.join(HERE, "coverage.list")
RECORD = os.path.join(HERE, "coverage.json")
SOURCES = re.compile(r"/(nvhe/(iommu\w*|host_mmio)\.c|pkvm/(hyp|emu)/(?!test)[\w-]+\.[ch]"
                     r"|asm/kvm_iommu_pgtable\.h|nvhe/iommu\w*\.h)$")


def read_gcov(objdir):
    """Counts by file: of lines, and of branches, by function, line and number."""
    lines = collections.defaultdict(collections.Counter)
    functions = collections.defaultdict(dict)
    branches = collections.defaultdict(collections.Counter)
    paths = {}
    for data in sorted(glob.glob(os.path.join(objdir, "*.gcda"))):
        out = subprocess.run(["gcov", "--json-format", "--stdout", "--branch-probabilities",
                              data], stdout=subprocess.PIPE, check=True, cwd=objdir).stdout
        for text in out.decode().splitlines():
            for src in json.loads(text)["files"]:
                path = os.path.normpath(src["file"])
                if not SOURCES.search(path):
                    continue
                name = re.sub(r".*/(pkvm|nvhe|asm)/", "", path)
                paths[name] = path
                for line in src["lines"]:
                    nr = line["line_number"]
                    lines[name][nr] += line["count"]
                    functions[name][nr] = line.get("function_name", "")
                    for i, branch in enumerate(line["branches"]):
                        key = (line.get("function_name", ""), nr, i)
                        branches[name][key] += branch["count"]
    return paths, functions, lines, branches


def parse_list():
    """Reasons by file and function, and text of the line."""
    reasons = {}
    why = None
    with open(LIST, encoding="utf-8") as f:
        for line in f:
            line = line.rstrip("\n")
            if line.startswith("why: "):
                why = line[5:]
            elif line and not line.startswith("#"):
                where, _, text = line.partition(": ")
                reasons[where, text.strip()] = why
    return reasons


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--record", action="store_true")
    parser.add_argument("--branches", action="store_true",
                        help="list the lines with branches that are not taken")
    parser.add_argument("objdir")
    args = parser.parse_args()

    paths, functions, lines, branches = read_gcov(args.objdir)
    reasons, used, errors, record = parse_list(), set(), [], {}
    for name in sorted(paths):
        with open(paths[name], encoding="utf-8") as f:
            text = [""] + f.read().splitlines()
        missed = sorted(nr for nr, count in lines[name].items() if not count)
        for nr in missed:
            key = (f"{name} {functions[name][nr]}", text[nr].strip())
            used.add(key)
            if key in reasons:
                print(f"{name}:{nr}: {key[1]}: {reasons[key]}")
            else:
                errors.append(f"line {nr}: no test reaches: {key[0]}: {key[1]}")
        untaken = sorted({nr for (_, nr, _), count in branches[name].items() if not count})
        if args.branches:
            for nr in untaken:
                print(f"{name}:{nr}: not taken: {text[nr].strip()}")
        record[name] = {
            "lines": len(lines[name]),
            "reached": len(lines[name]) - len(missed),
            "branches": len(branches[name]),
            "taken": sum(count > 0 for count in branches[name].values()),
        }
    for where, text in sorted(set(reasons) - used):
        print(f"coverage.list: reached or gone: {where}: {text}")

    print(f"{'':24}{'lines':>7}{'reached':>9}{'branches':>10}{'taken':>7}")
    for name, new in record.items():
        print(f"{name:24}{new['lines']:7}{100 * new['reached'] / max(new['lines'], 1):8.1f}%"
              f"{new['branches']:10}{100 * new['taken'] / max(new['branches'], 1):6.1f}%")

    if args.record:
        with open(RECORD, "w", encoding="utf-8") as f:
            json.dump(record, f, indent=1)
            f.write("\n")
    else:
        with open(RECORD, encoding="utf-8") as f:
            old = json.load(f)
        for name, new in record.items():
            before = old.get(name, {"branches": 0, "taken": 0})
            if new["branches"] - new["taken"] > before["branches"] - before["taken"]:
                errors.append(f"{name}: {new['branches'] - new['taken']} branches are not "
                              f"taken, {before['branches'] - before['taken']} are recorded")
    for error in errors:
        print(f"error: {error}")
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
