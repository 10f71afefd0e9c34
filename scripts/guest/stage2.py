# SPDX-License-Identifier: GPL-2.0-only
"""
What devices can reach, read from outside: from the memory of a machine that is
stopped. Nothing of the code under test is asked. The stream table entries say
where the device stage 2 is and how it is to be read; what the CPUs reach is read
from the host's stage 2, which is where the kernel image has host_mmu; what is the
hypervisor's is in the kernel log.
"""

import mmap
import os
import re
import struct
from array import array
from dataclasses import dataclass

from ktap import Point

RAM_BASE = 0x40000000
MIB = 1 << 20
ADDRESS = (1 << 48) - 1
PAGE_SHIFTS = {1: 12, 2: 14, 3: 16}     # flags of an arm64 Image

VALID, TABLE = 1, 2                     # bits of a descriptor
S2AP_R, S2AP_W = 1 << 6, 1 << 7
# A leaf of the device stage 2 below its address: accessed, inner shareable, read and
# write; memory is write-back or Device-nGnRE, and may be not executable.
LEAF = 1 << 10 | 3 << 8 | S2AP_W | S2AP_R
LEAF_MAY = 0xf << 2 | 3 << 53
MEMATTRS = (0xf, 0x1)

STE_SIZE = 64
STE_CONFIG = {0: "abort", 6: "stage 2", 7: "stage 1 and 2"}
STE_EATS = 3 << 28                      # of dword 1
STE_S2_FIELDS = {"S2TG": (46, 3), "S2T0SZ": (32, 63), "S2SL0": (38, 3)}
STE_S2AA64 = 1 << 51
# S2ENDI, S2HD, S2HA, S2S, and what is reserved
STE_S2_NEVER = 1 << 52 | 3 << 55 | 1 << 57 | 0x1f << 59 | 0xffff << 16


class Ram:
    """The guest's memory, which outlives QEMU."""

    def __init__(self, size):
        self.size = size
        self.fd = os.memfd_create("guest")
        os.ftruncate(self.fd, size)

    def arguments(self):
        """QEMU's, which has to inherit the file descriptor."""
        path = f"/proc/self/fd/{self.fd}"
        return ["-object", f"memory-backend-file,id=ram,size={self.size},mem-path={path},share=on",
                "-machine", "memory-backend=ram"]

    def __enter__(self):
        self.map = mmap.mmap(self.fd, self.size, mmap.MAP_SHARED, mmap.PROT_READ)
        return self

    def __exit__(self, *_):
        self.map.close()
        os.close(self.fd)

    def read(self, address, size):
        offset = address - RAM_BASE
        if offset < 0 or offset + size > self.size:
            raise ValueError(f"0x{address:x} is not in the machine's memory")
        return self.map[offset:offset + size]

    def words(self, address, count):
        return array("Q", self.read(address, 8 * count))


@dataclass
class Table:
    """A stage 2 table as an STE or VTCR_EL2 describes it."""
    ram: Ram
    root: int
    page_shift: int
    t0sz: int
    sl0: int

    def __post_init__(self):
        self.start_level = (2 if self.page_shift == 12 else 3) - self.sl0
        self.tables = []

    def shift(self, level):
        return self.page_shift + (3 - level) * (self.page_shift - 3)

    def descriptors(self):
        """(address, size, descriptor) of all that is no table, in order."""
        entries = 1 << (64 - self.t0sz - self.shift(self.start_level))
        return self.walk(self.root, 0, self.start_level, entries)

    def walk(self, table, address, level, entries=0):
        size = 1 << self.shift(level)
        for desc in self.ram.words(table, entries or 1 << (self.page_shift - 3)):
            if level < 3 and desc & 3 == VALID | TABLE:
                below = self.address(desc, self.page_shift)
                self.tables.append(below)
                yield from self.walk(below, address, level + 1)
            else:
                yield address, size, desc
            address += size

    @staticmethod
    def address(desc, shift):
        return desc & ADDRESS & ~((1 << shift) - 1)


def merge(ranges):
    """Sorted (start, end) ranges, those that touch made one."""
    merged = []
    for start, end in sorted(ranges):
        if merged and start <= merged[-1][1]:
            merged[-1][1] = max(end, merged[-1][1])
        else:
            merged.append([start, end])
    return merged


def subtract(ranges, others):
    """What of the merged RANGES is in none of the merged OTHERS."""
    left, index = [], 0
    for start, end in ranges:
        while index and others[index - 1][1] > start:
            index -= 1
        while index < len(others) and others[index][1] <= start:
            index += 1
        while index < len(others) and others[index][0] < end:
            if start < others[index][0]:
                left.append([start, others[index][0]])
            start = max(start, others[index][1])
            index += 1
        if start < end:
            left.append([start, end])
    return left


def point(name, wrong):
    """A test point that passes unless the list WRONG has something."""
    shown = ", ".join(wrong[:4]) + (f" and {len(wrong) - 4} more" if wrong[4:] else "")
    return Point(f"outside: {name}", not wrong, why=shown)


def show(ranges):
    return [f"0x{start:x}-0x{end:x}" for start, end in ranges]


def hypervisor_ranges(log):
    """{name: [(start, end)]} from the kernel log."""
    found = {}
    for size, base in re.findall(r"Reserved (\d+) MiB at 0x([0-9a-f]+)", log):
        found.setdefault("carve-out", []).append((int(base, 16), int(base, 16) + int(size) * MIB))
    for name, base, size in re.findall(r"pkvm: (\S+) at 0x([0-9a-f]+) size 0x([0-9a-f]+)", log):
        found.setdefault(name, []).append((int(base, 16), int(base, 16) + int(size, 16)))
    return found


def stream_table_entries(ram, base, page_shift):
    """All entries with V=1 of a table of two levels, each of the second one page."""
    split = page_shift - 6
    for desc in ram.words(base, 1 << (16 - split)):
        if not desc & 0x1f:
            continue
        table = ram.words(desc & ADDRESS & ~0x3f, (1 << page_shift) // 8)
        for i in range(0, len(table), STE_SIZE // 8):
            if table[i] & VALID:
                yield table[i:i + STE_SIZE // 8]


def check_ste(ste, pgd):
    """What is wrong with a valid entry of the hardware's stream table."""
    config = ste[0] >> 1 & 7
    if config not in STE_CONFIG:
        return f"Config {config}"
    if STE_CONFIG[config] == "abort":
        return ""
    if ste[1] & STE_EATS or ste[2] & STE_S2_NEVER or not ste[2] & STE_S2AA64 or any(ste[4:]):
        return "fields: " + " ".join(f"{word:x}" for word in ste)
    if ste[3] != pgd:
        return f"S2TTB 0x{ste[3]:x}"
    return ""


def device_table(ram, log_ranges, page_shift, points):
    """The device stage 2 that the stream table points to; what is wrong goes to POINTS."""
    pgd = log_ranges["pgd"][0][0]
    stes = [ste for start, _ in log_ranges["strtab"]
            for ste in stream_table_entries(ram, start, page_shift)]
    wrong = [why for why in (check_ste(ste, pgd) for ste in stes) if why]
    users = [ste[2] for ste in stes if ste[0] >> 2 & 3]
    fields = [{name: value >> shift & mask for name, (shift, mask) in STE_S2_FIELDS.items()}
              for value in users]
    wrong += [f"{one} and {fields[0]}" for one in fields if one != fields[0]]
    if not users:
        wrong.append("there is none")
    points.append(point("stream table entries have EL2's stage 2 and nothing beside", wrong))
    if not users:
        return None
    return Table(ram, pgd, page_shift, fields[0]["S2T0SZ"], fields[0]["S2SL0"])


def device_leaves(table, points, owned):
    """The merged ranges that devices reach."""
    foreign, odd, stray = [], [], []
    valid = []
    for address, size, desc in table.descriptors():
        if not desc & VALID:
            if desc:
                stray.append(f"0x{address:x}: 0x{desc:x}")
            continue
        if Table.address(desc, size.bit_length() - 1) != address:
            foreign.append(f"0x{address:x}: 0x{desc:x}")
        bits = desc & ~(ADDRESS & -size) & ~VALID & ~(TABLE if size == 1 << table.page_shift else 0)
        if bits & ~LEAF_MAY != LEAF or desc >> 2 & 0xf not in MEMATTRS:
            odd.append(f"0x{address:x}: 0x{desc:x}")
        valid.append((address, address + size))

    points.append(point("every leaf is identity", foreign))
    points.append(point("every leaf has attributes that are allowed", odd))
    points.append(point("what is not valid is empty", stray))
    twice = sorted({t for t in table.tables if table.tables.count(t) > 1}) \
        if len(set(table.tables)) != len(table.tables) else []
    points.append(point("no table is used twice", [f"0x{t:x}" for t in twice]))
    pages = merge((t, t + (1 << table.page_shift)) for t in table.tables)
    points.append(point("every table is EL2's", show(subtract(pages, owned))))
    return merge(valid)


def host_table(ram, kernel, symbols, page_shift):
    """The host's stage 2: host_mmu begins with a VMID, the root, a pointer and VTCR_EL2."""
    address = {}
    for line in symbols.read_text(encoding="ascii").splitlines():
        value, _, name = line.split()
        if name in ("_text", "__kvm_nvhe_host_mmu"):
            address[name] = int(value, 16)
    header = kernel[:64]
    for image in range(RAM_BASE, RAM_BASE + ram.size, 2 * MIB):
        if ram.read(image, 64) != header:
            continue
        where = image + address["__kvm_nvhe_host_mmu"] - address["_text"]
        _, root, _, vtcr = ram.words(where, 4)
        if root:
            return Table(ram, root, page_shift, vtcr & 63, vtcr >> 6 & 3)
    return None


def host_reach(table):
    """The merged ranges that the host can write, now or when it faults them in."""
    return merge((address, address + size) for address, size, desc in table.descriptors()
                 if not desc or desc & VALID and desc & S2AP_W)


def check(ram, kernel, symbols, log):
    """The test points of a machine whose SMMUs the hypervisor owned."""
    points = []
    kernel, found = kernel.read_bytes(), hypervisor_ranges(log)
    page_shift = PAGE_SHIFTS[struct.unpack_from("<Q", kernel, 24)[0] >> 1 & 3]
    owned = merge(r for ranges in found.values() for r in ranges)
    try:
        device = device_table(ram, found, page_shift, points)
        if not device:
            return points
        reach = device_leaves(device, points, owned)
        points.append(point("devices reach nothing that the log says is EL2's",
                            show(subtract(owned, subtract(owned, reach)))))
        host = host_table(ram, kernel, symbols, page_shift)
        if not host:
            points.append(point("the host's stage 2 is found", ["it is not"]))
            return points
        cpus = host_reach(host)
    except (KeyError, ValueError) as error:
        return points + [point("the tables can be walked", [repr(error)])]
    memory = [[RAM_BASE, RAM_BASE + ram.size]]
    hidden = subtract(memory, cpus)
    points.append(point("devices reach nothing that the host's CPUs do not",
                        show(subtract(reach, cpus))))
    points.append(point("devices reach all the memory that the host's CPUs do",
                        show(subtract(subtract(memory, hidden), reach))))
    return points
