# SPDX-License-Identifier: GPL-2.0-only
"""
Memory regions as firmware may have them, of no size and at no place that suits a page:
edits for a devicetree of a machine with 1 GiB at 0x40000000. Those that begin and end
at 4 KiB are odd with larger pages only. Machines by chance. And an ACPI table with a region of
a device or with more SMMUs.
"""

import random
import struct

ODD = (
    # Start, end, both; a part within one page, and one byte of it; two in one page
    (0x54000800, 0x800), (0x54400000, 0x800), (0x54800800, 0x1000), (0x54c00400, 0x400),
    (0x54e00001, 1), (0x55000200, 0x200), (0x55000600, 0x200),
    # Two that touch within a page, and at a page
    (0x55200100, 0x300), (0x55200400, 0x300), (0x55400800, 0x800), (0x55401000, 0x800),
    # Across a border of 2 MiB, up to one, from one, all of a block but a part of a page
    (0x557ffc00, 0x800), (0x55bff800, 0x800), (0x55e00000, 0x400), (0x56000400, 0x1ffc00),
    # Across borders of 32 and 512 MiB, which are blocks of larger pages
    (0x57fff800, 0x1000), (0x5ffffc00, 0x800),
    # For pages of 16 and 64 KiB
    (0x58401000, 0x1000), (0x58812000, 0x5000), (0x58c0f000, 0x2000),
    # Frame buffers of 800x600 and 1366x768
    (0x5c000000, 0x1d4c00), (0x60000000, 0x400800),
    # Below and above what the hypervisor reserves. Nearer to the end of free memory the
    # kernel would use the rest of such a page, which it does not map.
    (0x7c000800, 0x800), (0x7fd00000, 0x800),
)


def scattered(rng, start, end):
    """
    Ranges between START and END that begin and end anywhere, often beside a border of a block
    or a page, some touching.
    """
    ranges, at = [], start
    while at < end:
        border = 1 << rng.choice((12, 14, 16, 21, 25))
        at = -(-(at + 1) // border) * border + rng.choice((0, 0, 1, -1)) * rng.randrange(border)
        size = rng.choice((rng.randrange(1, 64), rng.randrange(1, 0x2000),
                           0x800 * rng.randrange(1, 8), rng.randrange(1, 3 << 20), border))
        for _ in range(rng.choice((1, 1, 1, 2))):
            if start <= at and at + size < end and (not ranges or at >= sum(ranges[-1])):
                ranges.append((at, size))
            at += size
        at += rng.randrange((end - start) // 12)
    return ranges


def machine(seed):
    """A machine with memory, CPUs and regions by chance: what protected() wants to know."""
    rng = random.Random(seed)
    mib = rng.choice((512, 768, 1024, 1536, 2048, 3072))
    # Not where the kernel allocates before all else, see ODD.
    return {"mem": f"{mib}M", "smp": rng.randrange(1, 5),
            "cpu": rng.choice(("cortex-a72", "neoverse-n1", "max")),
            "dt": reserved(*scattered(rng, 0x50000000, 0x40000000 + (mib - 96 << 20)))}


def reserved(*ranges):
    """Edits that make a node without a mapping for each (start, size)."""
    parent = "/reserved-memory"
    edits = [(parent, "#address-cells", "x", "2"), (parent, "#size-cells", "x", "2"),
             (parent, "ranges", "", "")]
    for start, size in ranges:
        node = f"{parent}/odd@{start:x}"
        edits += [(node, "reg", "x", f"0 {start:x} 0 {size:x}"), (node, "no-map", "", "")]
    return edits


def iort(rmr=None, smmus=(), coherent=True):
    """
    The IORT as QEMU has it, of a newer revision so that the kernel prefers it. With an RMR
    of (RID, START, SIZE), which stays mapped for the device with that requester ID; with more
    SMMUs of (BASE, FLAGS, MODEL); with QEMU's own SMMU not COHERENT.
    """
    def node(kind, revision, data, *maps):
        return struct.pack("<BHBIII", kind, 16 + len(data) + 20 * len(maps), revision,
                           kind, len(maps), 16 + len(data) if maps else 0) + \
            data + b"".join(struct.pack("<5I", *fields) for fields in maps)

    def smmu(base, flags, model, gsivs, *maps):
        return node(4, 4, struct.pack("<QIIQ7I", base, flags, 0, 0, model, *gsivs, 0, 0), *maps)

    header = 48
    its = node(0, 1, struct.pack("<II", 1, 0))
    smmu_at = header + len(its)
    nodes = [its, smmu(0x9050000, int(coherent), 0, (106, 107, 109, 108),
                       (0, 0xffff, 0, header, 0)),
             node(2, 3, struct.pack("<QIIB3x", 0x300000000000001, 0, 0, 64),
                  (0, 0xffff, 0, smmu_at, 0))]
    nodes += [smmu(*fields, (0, 0, 0, 0)) for fields in smmus]
    if rmr:
        rid, start, size = rmr
        # Cached memory; one descriptor, and where in the node
        nodes.append(node(6, 3, struct.pack("<IIIQQI", 5 << 2, 1, 28, start, size, 0),
                          (0, 0, rid, smmu_at, 0)))
    data = b"".join(nodes)
    table = bytearray(struct.pack("<4sIBB6s8sI4sIIII", b"IORT", header + len(data), 5, 0,
                                  b"BOCHS ", b"BXPC    ", 2, b"BXPC", 1, len(nodes), header, 0)
                      + data)
    table[9] = -sum(table) & 0xff
    return bytes(table)
