# SPDX-License-Identifier: GPL-2.0-only
"""
Memory regions as firmware may have them, of no size and at no place that suits a page:
edits for a devicetree of a machine with 1 GiB at 0x40000000. Those that begin and end
at 4 KiB are odd with larger pages only.
"""

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
