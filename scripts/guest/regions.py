# SPDX-License-Identifier: GPL-2.0-only
"""
Memory regions as firmware may have them, of no size and at no place that suits a page:
edits for a devicetree of a machine with 1 GiB at 0x40000000. Those that begin and end
at 4 KiB are odd with larger pages only. And an ACPI table with a region of a device.
"""

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


def reserved(*ranges):
    """Edits that make a node without a mapping for each (start, size)."""
    parent = "/reserved-memory"
    edits = [(parent, "#address-cells", "x", "2"), (parent, "#size-cells", "x", "2"),
             (parent, "ranges", "", "")]
    for start, size in ranges:
        node = f"{parent}/odd@{start:x}"
        edits += [(node, "reg", "x", f"0 {start:x} 0 {size:x}"), (node, "no-map", "", "")]
    return edits


def iort(rid, start, size):
    """
    The IORT as QEMU has it, of a newer revision so that the kernel prefers it, with an RMR:
    START and SIZE stay mapped for the device with the requester ID RID.
    """
    def node(kind, revision, identifier, data, *maps):
        return struct.pack("<BHBIII", kind, 16 + len(data) + 20 * len(maps), revision,
                           identifier, len(maps), 16 + len(data) if maps else 0) + \
            data + b"".join(struct.pack("<5I", *fields) for fields in maps)

    header = 48
    its = node(0, 1, 0, struct.pack("<II", 1, 0))
    smmu_at = header + len(its)
    smmu = node(4, 4, 1, struct.pack("<QIIQ7I", 0x9050000, 1, 0, 0, 0, 106, 107, 109, 108, 0, 0), (0, 0xffff, 0, header, 0))
    root = node(2, 3, 2, struct.pack("<QIIB3x", 0x300000000000001, 0, 0, 64),
                (0, 0xffff, 0, smmu_at, 0))
    # Cached memory; one descriptor, and where in the node
    rmr = node(6, 3, 3, struct.pack("<IIIQQI", 5 << 2, 1, 28, start, size, 0), (0, 0, rid, smmu_at, 0))
    nodes = its + smmu + root + rmr
    table = bytearray(struct.pack("<4sIBB6s8sI4sIIII", b"IORT", header + len(nodes), 5, 0,
                                  b"BOCHS ", b"BXPC    ", 2, b"BXPC", 1, 4, header, 0) + nodes)
    table[9] = -sum(table) & 0xff
    return bytes(table)
