# SPDX-License-Identifier: GPL-2.0-only
"""Boot the test machine so that everything can be counted, and count it.

QEMU runs one instruction per nanosecond of the guest's time on one CPU: whatever
happens, happens again in the next boot. A plugin, count.c, counts instructions by
exception level in the windows that the guest opens; exceptions, commands, register
accesses and page-table fetches are in QEMU's log between them.
"""

import re
import subprocess
from collections import Counter

import boot
from machine import OUT, TOP, Machine, die, qemu_version

WARM, STEPS = 64, 1024
STEP = "dma_map_page_attrs"         # the benchmark calls it once for each pair
EVENTS = ["smmuv3_read_mmio", "smmuv3_write_mmio", "smmuv3_cmdq_opcode", "smmu_ptw_level",
          "smmuv3_get_ste", "smmuv3_get_cd", "smmuv3_record_event"]
EXACT = ["-icount", "shift=0,sleep=off", "-rtc", "clock=vm,base=2026-01-01", "-seed", "1"]
# Of several CPUs, which take turns: at 128 ns for an instruction, a second is soon over
TURNS = ["-icount", "shift=7,sleep=off", *EXACT[2:]]
PAGE_KIB = 4                        # of the kernel that is counted
QUIET = "nokaslr loglevel=1 arm_smmu_v3_kvm.dyndbg=+p"
# ESR_ELx.EC of what a host or a guest of it may trap with
CLASSES = {0x01: "wfx", 0x16: "hvc", 0x17: "smc", 0x18: "sysreg", 0x20: "instruction-abort",
           0x24: "data-abort"}
REGISTERS = {0x98: "prod", 0x9c: "cons", 0x100a8: "evtq-prod", 0x100ac: "evtq-cons",
             0xa8: "evtq-prod", 0xac: "evtq-cons"}
# QEMU calls a stage 1 that is nested in a stage 2 the third
STAGES = {"1": "stage1", "2": "stage2", "3": "stage1"}
# The hypervisor's addresses are those of the linear map in these bits. QEMU loads the
# kernel 2 MiB above the start of memory.
LINEAR_MASK, LOADED_AT = (1 << 30) - 1, 0x200000


def plugin():
    """The plugin for this QEMU, built again if its source is newer."""
    api = 7 if qemu_version() >= 11 else 4
    source, made = TOP / "scripts/guest/count.c", OUT / f"count-{api}.so"
    if not made.exists() or made.stat().st_mtime < source.stat().st_mtime:
        OUT.mkdir(exist_ok=True)
        subprocess.run(["gcc", "-O2", "-Wall", "-shared", "-fPIC", f"-DAPI={api}", "-o", made,
                        source], check=True)
    return made


def symbols(variant):
    """(address, name) of every function of the kernel, in order."""
    path = OUT / ("build-" + variant if variant else "build") / "System.map"
    found = (line.split() for line in path.read_text(encoding="utf-8").splitlines())
    return sorted((int(addr, 16), name) for addr, kind, name in found if kind in "tTwW")


def function_of(table, addr):
    """The function of the hypervisor that has ADDR."""
    base = next(at for at, name in table if name == "_text")
    image = base + (addr & LINEAR_MASK) - LOADED_AT
    below = [name for at, name in table if at <= image]
    return below[-1].removeprefix("__kvm_nvhe_") if below else f"{addr:#x}"


class Window:
    def __init__(self, instructions=(0, 0, 0, 0, 0)):
        self.start = list(instructions)
        self.counts = Counter()
        self.profile = Counter()

    def close(self, instructions):
        for level in range(3):
            self.counts[f"el{level}"] = instructions[level] - self.start[level]
        self.counts["flushes"] = instructions[4] - self.start[4]


def access(line):
    """A register access at the SMMU itself."""
    offset = int(re.search(r"addr: ?(0x\w+)", line)[1], 16)
    kind = "reads" if line.startswith("smmuv3_read") else "writes"
    return f"{REGISTERS.get(offset, 'other')}-{kind}"


class Parser:
    """Lines of QEMU's log, in order; what came before the first window is the boot."""

    def __init__(self):
        self.windows = [Window()]
        self.window = self.windows[0]
        self.exception = None

    def trap(self, kind):
        self.exception = None
        self.add("traps")
        self.add(f"traps-{kind}")

    def add(self, what):
        if self.window:
            self.window.counts[what] += 1

    def count(self, words):
        numbers = [int(word) for word in words[1:]] if words[0] in ("open", "close") else []
        if words[0] == "open":
            if len(self.windows) == 1 and self.window:
                self.window.close(numbers)
            self.window = Window(numbers)
            self.windows.append(self.window)
        elif words[0] == "close":
            self.window.close(numbers)
            self.window = None
        elif words[0] == "at":
            self.window.profile[int(words[1], 16)] = int(words[2])
        else:
            die("the guest did less than it was to do in a window: see out/check")

    def line(self, line):
        if line.startswith("Taking exception"):
            self.exception = line.split("[")[1].split("]")[0].lower().replace(" ", "-")
        elif line.startswith("...from EL"):
            if not line.endswith("to EL2") or line.startswith("...from EL2"):
                self.exception = None
            elif self.exception in ("irq", "fiq"):
                self.trap(self.exception)
        elif line.startswith("...with ESR") and self.exception:
            number = int(line.split()[2].split("/")[0], 16)
            self.trap(CLASSES.get(number, f"class-{number:#x}"))
        elif line.startswith("count: "):
            self.count(line.split()[1:])
        elif line.startswith(("smmuv3_read_mmio", "smmuv3_write_mmio")):
            self.add(access(line))
        elif line.startswith("smmuv3_cmdq_opcode"):
            self.add("commands")
            self.add("commands-" + line.split("SMMU_CMD_")[-1].lower().replace("_", "-"))
        elif line.startswith("smmu_ptw_level"):
            self.add("fetches")
            self.add("fetches-" + STAGES[re.search(r"stage=(\d)", line)[1]])
        elif line.startswith(("smmuv3_get_ste", "smmuv3_get_cd")):
            self.add("fetches-" + line.split()[0][-3:].strip("_"))
        elif line.startswith("smmuv3_record_event"):
            self.add("events")


def per_operation(windows):
    """
    Windows with the same name hold the same operation more and less often: their
    difference has no constant part. {name: (counts, profile)} of one operation.
    """
    found = {}
    for name, times, window in windows:
        if name == "warm-up":
            continue
        found.setdefault(name, []).append((times, window))
    result = {}
    for name, pairs in found.items():
        few = pairs[0] if len(pairs) > 1 else (0, Window())
        many = pairs[-1]
        times = many[0] - few[0]
        result[name] = tuple(
            {key: (value - getattr(few[1], what)[key]) / times
             for key, value in getattr(many[1], what).items()}
            for what in ("counts", "profile"))
    return result


def pools(console):
    """KiB of each kind of memory that the host gave the hypervisor for its SMMUs."""
    found = Counter()
    # The log is printed twice: as it comes, and by init.
    for name, _, size in set(re.findall(r"pkvm: (\w+) at (0x\w+) size (0x\w+)", console)):
        found[name] += int(size, 16) / 1024
    return found


def machine(cpu, memory, variant, mode, smp=0, firmware=()):
    """That counts; with SMP, that of cpus()."""
    params = "kvm-arm.mode=protected" + (" kvm-arm.iommu=native" if mode == "native" else "")
    return Machine(cpu=cpu, smp=smp or 1, mem=memory, variant=variant, params=params,
                   model="virt,dtb-randomness=off", firmware=firmware,
                   qemu=list(TURNS if smp else EXACT))


def run_bench(name, item, log, options, only):
    """Boot the machine ITEM with QEMU's log in LOG, run the operations ONLY: its console."""
    boot.LOGS.mkdir(parents=True, exist_ok=True)
    item.qemu += [*options, "-D", str(log)]
    wanted = f" PKVM_SMMU_BENCH={only}" if only is not None else ""
    item = boot.Boot(name, item, ["bench"], QUIET + wanted)
    for point in boot.run(item):
        if not point.passed:
            die(f"{point.name}: {point.why}: see {item.log().relative_to(TOP)}")
    return boot.console_text(item)


def count(name, item, only, profile=False):
    """Boot the machine ITEM and run the operations ONLY: (per operation, KiB of pools)."""
    step = next(addr for addr, symbol in symbols(item.variant) if symbol == STEP)
    log = boot.LOGS / f"{name}.trace"
    events = ",".join(["plugin", "int", *(f"trace:{event}" for event in EVENTS)])
    console = run_bench(name, item, log,
                        ["-plugin", f"{plugin()},step={step:#x},warm={WARM},steps={STEPS},"
                         f"profile={int(profile)}", "-d", events], only)

    parser = Parser()
    with open(log, encoding="utf-8", errors="replace") as lines:
        for line in lines:
            parser.line(line.rstrip("\n"))
    log.unlink()
    del parser.windows[1]           # it only marks the end of the boot
    titles = re.findall(r"^# bench: (\d+) (.+)$", console, re.M)
    if len(titles) != len(parser.windows):
        die(f"{len(parser.windows)} windows and {len(titles)} titles of them")
    return per_operation([(title, int(times) or STEPS, window)
                          for (times, title), window in zip(titles, parser.windows)]), \
        pools(console)


def cpus(name, item):
    """
    {what: number} per pair of a map and an unmap, all CPUs of ITEM doing nothing else. The
    plugin knows one CPU only: windows are system calls in the log, pairs invalidations.
    """
    log = boot.LOGS / f"{name}.trace"
    run_bench(name, item, log, ["-d", "int,trace:smmuv3_cmdq_opcode,trace:smmuv3_write_mmio"],
              "cpus")
    parser, system_call = Parser(), False
    with open(log, encoding="utf-8", errors="replace") as lines:
        for line in lines:
            # The ESR of an interrupt is what the one before has left.
            if line.startswith("Taking exception"):
                system_call = "[SVC]" in line
            mark = system_call and re.match(r"\.\.\.with ESR 0x15/0x5600b50([13])$", line)
            if mark:
                parser.count([{"1": "open", "3": "close"}[mark[1]], *"00000"])
            parser.line(line.rstrip("\n"))
    log.unlink()
    counts = parser.windows[1].counts
    return {what: counts[what] / counts["commands-tlbi-nh-va"]
            for what in ("traps", "prod-writes", "commands")}


def times(name, mode, cpu, variant):
    """{what: ns} of what can only be timed, on a machine that does not count."""
    params = "kvm-arm.mode=protected" + (" kvm-arm.iommu=native" if mode == "native" else "")
    item = boot.Boot(name, Machine(cpu=cpu, smp=4, variant=variant, params=params, io=True),
                     ["bench"], "PKVM_SMMU_BENCH=wallclock")
    boot.run(item)
    text = item.log().read_text(encoding="utf-8", errors="replace")
    return {what: int(ns) for ns, what in re.findall(r"# bench-time: (\d+) (\S+)", text)}
