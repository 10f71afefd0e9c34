# SPDX-License-Identifier: GPL-2.0-only
"""
Boot a machine in which QEMU counts exactly, and read what it counted.

One CPU, one instruction a tick, nothing random: two boots are the same to the last
instruction. The plugin count.c says in QEMU's log where a window of the guest's
program begins and ends; exceptions and the SMMU's trace events are between.
"""

import re
import subprocess
import tempfile
from bisect import bisect_right
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import boot
from machine import OUT, TOP, Machine

EXACT = ["-icount", "shift=0,sleep=off", "-rtc", "clock=vm,base=2026-01-01", "-seed", "1",
         "-machine", "dtb-randomness=off"]
EVENTS = ["smmuv3_read_mmio", "smmuv3_write_mmio", "smmuv3_cmdq_opcode", "smmu_get_pte",
          "smmuv3_get_ste", "smmuv3_get_cd", "smmuv3_record_event"]
# A pair begins where the benchmark of the kernel unmaps
STEP = "dma_unmap_phys"
WARM, STEPS = 64, 64
# The hypervisor's vectors for the host; of these, that for a synchronous exception
VECTOR, FROM_EL1 = "__kvm_hyp_host_vector", 0x400

REGISTERS = {0x20: "CR0", 0x60: "GERROR", 0x64: "GERRORN", 0x98: "CMDQ_PROD",
             0x9c: "CMDQ_CONS", 0xa8: "EVENTQ_PROD", 0xac: "EVENTQ_CONS"}
COMMANDS = {0x1: "PREFETCH", 0x3: "CFGI_STE", 0x4: "CFGI_ALL", 0x5: "CFGI_CD", 0x6: "CFGI_CD_ALL",
            0x10: "NH_ALL", 0x11: "NH_ASID", 0x12: "NH_VA", 0x13: "NH_VAA", 0x28: "S12_VMALL",
            0x2a: "S2_IPA", 0x30: "NSNH_ALL", 0x46: "SYNC"}
CLASSES = {0x01: "WFI", 0x16: "HVC", 0x17: "SMC", 0x18: "sysreg", 0x20: "instruction abort",
           0x24: "data abort"}

LINE = re.compile(
    r"^count: (?P<what>open|close|short)(?P<els>[ 0-9]*)$"
    r"|^count: at (?P<at>\S+) (?P<times>\d+)$"
    r"|^Taking exception \d+ \[(?P<kind>[^]]*)\]"
    r"|^\.\.\.from EL(?P<old>\d) to EL(?P<new>\d)"
    r"|^\.\.\.to EL2 PC (?P<vector>0x[0-9a-f]+)"
    r"|^\.\.\.with ESR (?P<ec>0x[0-9a-f]+)/"
    r"|smmuv3_(?P<rw>read|write)_mmio addr: (?P<addr>0x[0-9a-f]+)"
    r"|smmuv3_cmdq_opcode <--- (?P<opcode>\S+)"
    r"|(?P<pte>smmu_get_pte) |(?P<ste>smmuv3_get_ste) |(?P<cd>smmuv3_get_cd) "
    r"|(?P<event>smmuv3_record_event) ")


@dataclass
class Window:
    """What happened in it; COUNT times NAME were done in it."""
    before: list
    els: list = field(default_factory=lambda: [0] * 4)
    counts: Counter = field(default_factory=Counter)
    profile: dict = field(default_factory=dict)     # EL2's address: how often executed
    vector: int = 0             # address of EL2's vector for a synchronous exception
    name: str = ""
    count: int = STEPS


def build():
    """The plugin, out/count.so."""
    source, plugin = TOP / "scripts/guest/count.c", OUT / "count.so"
    if not plugin.exists() or plugin.stat().st_mtime < source.stat().st_mtime:
        subprocess.run(["gcc", "-O2", "-Wall", "-Wextra", "-Wno-unused-parameter", "-shared",
                        "-fPIC", "-fvisibility=hidden", "-o", plugin, source], check=True)
    return plugin


def symbols(built):
    """Symbols of the kernel in BUILT as (address, name), in order."""
    text = (built / "build/System.map").read_text(encoding="ascii")
    return sorted((int(line[0], 16), line[2]) for line in map(str.split, text.splitlines()))


def take_trap(window, match, trap):
    """TRAP is what is known of the exception that is being logged."""
    if match["kind"] is not None:
        trap.clear()
        trap["kind"] = match["kind"]
    elif match["old"] is not None:
        trap["up"] = int(match["new"]) == 2 and int(match["old"]) < 2
        if trap["up"] and trap["kind"] in ("IRQ", "FIQ", "Virtual IRQ", "SError"):
            window.counts["trap", trap["kind"]] += 1
    elif match["ec"] and trap.get("up"):
        ec = int(match["ec"], 16)
        window.counts["trap", CLASSES.get(ec, f"EC {ec:#x}")] += 1
        trap["up"] = False


def register(addr):
    offset = addr & 0x1ffff
    return REGISTERS.get(offset & 0xffff, f"{offset:#x}")


def take(window, match):
    if match["vector"]:
        window.vector = window.vector or int(match["vector"], 16)
    elif match["at"]:
        window.profile[int(match["at"], 16)] = int(match["times"])
    elif match["rw"]:
        window.counts[match["rw"], register(int(match["addr"], 16))] += 1
    elif match["opcode"]:
        window.counts["command", match["opcode"].removeprefix("SMMU_CMD_")] += 1
    for kind in ("pte", "ste", "cd", "event"):
        if match[kind]:
            window.counts["smmu", kind] += 1


def parse(log):
    """The windows of a log; whatever is between them belongs to none."""
    windows, window, trap = [], None, {}
    with open(log, encoding="utf-8", errors="replace") as lines:
        for line in lines:
            match = LINE.search(line)
            if not match:
                continue
            if match["what"] == "short":
                windows.append(None)
                window = None
            elif match["what"] == "open":
                window = Window([int(number) for number in match["els"].split()])
            elif window is None:
                continue
            elif match["what"] == "close":
                window.els = [int(now) - old for now, old in
                              zip(match["els"].split(), window.before)]
                windows.append(window)
                window = None
            elif match["kind"] is not None or match["old"] or match["ec"]:
                take_trap(window, match, trap)
            else:
                take(window, match)
    return windows


def run(name, operations, isolated=True, profile=False, mem="1G", vfio=False,
        built=OUT):
    """Boot, run OPERATIONS of the guest's program, and return its windows."""
    step = next(addr for addr, symbol in symbols(built) if symbol == STEP)
    with tempfile.TemporaryDirectory(prefix="pkvm-smmuv3-") as scratch:
        log = Path(scratch) / "log"
        qemu = [*EXACT, "-plugin", f"{build()},step={step:#x},warm={WARM},steps={STEPS},"
                f"profile={int(profile)}", "-D", str(log), "-d",
                ",".join(["plugin", "int", *(f"trace:{event}" for event in EVENTS)])]
        machine = Machine("cortex-a72", 1, mem, vfio=vfio, qemu=qemu,
                          image=str(built / "Image"))
        params = f"nokaslr PKVM_SMMU_BENCH={','.join(operations)}"
        item = boot.Boot(f"bench-{name}", machine, ["bench"],
                         params + ("" if isolated else " kvm-arm.iommu=native"))
        points = boot.run(item)
        windows = parse(log)
    text = item.log().read_text(encoding="utf-8", errors="replace").replace("\r", "")
    names = re.findall(r"^# bench: (\d+) (.*)$", text, re.M)
    bad = [point for point in points if not point.passed]
    if bad or len(names) != len(windows):
        raise RuntimeError(f"{item.log()}: {bad[0].name if bad else ''} "
                           f"{bad[0].why if bad else ''}; {len(windows)} windows, "
                           f"{len(names)} names")
    for window, (count, name) in zip(windows, names):
        if window is None:
            raise RuntimeError(f"{item.log()}: too few steps in '{name}'")
        window.name, window.count = name, int(count) or STEPS
    return windows


def by_function(window, built=OUT):
    """Instructions of EL2 as (function, instructions per operation), most first."""
    known = [(addr, name.removeprefix("__kvm_nvhe_").removeprefix("__pi_"))
             for addr, name in symbols(built)
             if name.startswith("__kvm_nvhe_") and "hyp_section" not in name]
    vector = next(addr for addr, name in known if name == VECTOR) + FROM_EL1
    addrs = [addr for addr, _ in known]
    total = Counter()
    for addr, times in window.profile.items():
        at = bisect_right(addrs, addr - window.vector + vector) - 1
        total[known[at][1]] += times
    return [(name, times / window.count) for name, times in total.most_common()]
