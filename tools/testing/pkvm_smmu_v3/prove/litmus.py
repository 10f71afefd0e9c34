# SPDX-License-Identifier: GPL-2.0-only
"""Litmus tests of EL2's memory barriers, by herd7 and its model of AArch64.

Each test, ../litmus/*.litmus, names a barrier as "file: function(): barrier" and ends
with an outcome that must not be. The line with the label "barrier" is that barrier on
arm64: with it the outcome is forbidden, without it allowed. What forbids the outcome as
well has a label "other". Both runs are without it, a third one is with it alone. Each
barrier in the sources has a test.
"""

import glob
import os
import re
import subprocess

import mutants as model

TESTS = os.path.join(model.HERE, "litmus/*.litmus")

BARRIER = re.compile(r"\b((?:dma_)?[rw]?mb|d[sm]b|(?:read|write)[bwlq]|"
                     r"(?:smp|atomic)\w*_(?:[rw]?mb|acquire|release)\w*|"
                     r"(?:cmp)?xchg(?:_acquire|_release)?)\((\w*)")
# What each is on arm64, see asm/barrier.h and asm/io.h; dsb() and dmb() say it.
INSTRUCTION = {
    "wmb()": "DSB ST", "rmb()": "DSB LD", "mb()": "DSB SY",
    "dma_wmb()": "DMB OSHST", "dma_rmb()": "DMB OSHLD", "dma_mb()": "DMB OSH",
    "smp_wmb()": "DMB ISHST", "smp_rmb()": "DMB ISHLD", "smp_mb()": "DMB ISH",
    "readl()": "DMB OSHLD", "readq()": "DMB OSHLD",
    "writel()": "DMB OSHST", "writeq()": "DMB OSHST",
    "smp_store_release()": "STLR", "smp_load_acquire()": "LDAR",
}
# What is left of an instruction without its ordering
UNORDERED = {"STLR": "STR", "LDAR": "LDR"}


def in_sources(srctree):
    """Each barrier in EL2's sources, as a test names it."""
    found = set()
    for directory, patterns in model.DIRS.items():
        for pattern in patterns:
            for path in glob.glob(os.path.join(srctree, directory, pattern)):
                with open(path, encoding="utf-8") as f:
                    text = re.sub(r"/\*.*?\*/", "", f.read(), flags=re.S)
                where = "/".join(path.split("/")[-2:])
                function = None
                for line in text.splitlines():
                    start = re.match(r"\w.*?(\w+)\(", line)
                    function = start[1] if start else function
                    for name, arg in BARRIER.findall(line):
                        arg = arg if name in ("dsb", "dmb") else ""
                        found.add(f"{where}: {function}(): {name}({arg})")
    return found


class Litmus:
    def __init__(self, path):
        self.name = os.path.basename(path).removesuffix(".litmus")
        with open(path, encoding="utf-8") as f:
            self.text = f.read()
        named = re.search(r"^ \* (\S+\.[ch]: (\w+)\(\): (\w+\(\w*\)))$", self.text, re.M)
        self.barrier, self.function, self.primitive = named.groups() if named else [None] * 3

    def instruction(self, label):
        """The (first) instruction with that label, or None."""
        found = re.search(rf"\b{label}\d*: ([^|;]*)", self.text)
        return found and found[1].strip()

    def wrong(self):
        """Why it is no test of the barrier that it names, or None."""
        if not self.barrier:
            return "it names no barrier"
        fence = re.fullmatch(r"(d[sm]b)\((\w+)\)", self.primitive)
        want = " ".join(fence.groups()).upper() if fence else INSTRUCTION.get(self.primitive)
        have = self.instruction("barrier")
        if have and want in (have, have.split()[0]):
            return None
        return f"{self.primitive} is {want}, tested is {have}"

    def variant(self, name, *without):
        """The test by the name of NAME, the instructions with these labels not ordering."""
        text = re.sub(r"^AArch64 .*", f"AArch64 {self.name}-{name}", self.text)
        for label in without:
            for opcode, unordered in UNORDERED.items():
                text = re.sub(rf"\b{label}\d*: {opcode}\b", unordered, text)
            text = re.sub(rf"\b{label}\d*: [^|;]*", "NOP ", text)
        return text

    def runs(self):
        """Each run: its name, its text, what herd is to say, and that in words."""
        yield "with", self.variant("with", "other"), "Never", f"forbidden with {self.primitive}"
        yield "without", self.variant("without", "barrier", "other"), "Sometimes", \
            "allowed without"
        if self.instruction("other"):
            yield "other", self.variant("other", "barrier"), "Never", \
                "forbidden by something else as well"


def run(herd, out, tests):
    """What herd says of each run, by name, and the lines of its output."""
    os.makedirs(out, exist_ok=True)
    paths = []
    for test in tests:
        for name, text, _, _ in test.runs():
            paths.append(os.path.join(out, f"{test.name}-{name}.litmus"))
            with open(paths[-1], "w", encoding="utf-8") as f:
                f.write(text)
    try:
        text = subprocess.run([herd, *paths], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True, errors="replace", check=False).stdout
    except OSError as error:
        text = str(error)
    return dict(re.findall(r"^Observation (\S+) (\w+)", text, re.M)), text.splitlines()


def points(srctree, herd, out):
    """A dictionary of properties and of what is wrong with each, or None."""
    tests = [Litmus(path) for path in sorted(glob.glob(TESTS))]
    said, lines = run(herd, out, tests)
    found = {}
    for test in tests:
        for name, _, want, words in test.runs():
            key = f"{test.name}-{name}"
            have = said.get(key) or next((line for line in lines if f"{key}.litmus" in line),
                                         "\n".join(lines[-1:]))
            why = test.wrong() or (None if have == want else f"herd says {have}")
            found[f"litmus {test.name}: {test.function}(): {words}"] = why
    barriers, tested = in_sources(srctree), {test.barrier for test in tests if test.barrier}
    why = [f"no test of {b}" for b in sorted(barriers - tested)]
    why += [f"tested but absent: {b}" for b in sorted(tested - barriers)]
    found["litmus: each barrier in the sources has a test"] = "; ".join(why) or None
    return found
