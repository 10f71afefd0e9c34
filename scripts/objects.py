# SPDX-License-Identifier: GPL-2.0-only
"""Which directories and objects of a kernel build the series touches."""

import re

KERNEL_DIRS = ("arch/", "drivers/", "include/", "kernel/", "lib/", "mm/", "virt/")
# Whole directories: they are small, and headers of the series reach all of them.
ALWAYS = ("arch/arm64/kvm/", "drivers/iommu/arm/")


def sources(files, tree):
    """Those of FILES that are sources of kernel objects, and exist in TREE."""
    return {name for name in files if name.endswith((".c", ".S"))
            and name.startswith(KERNEL_DIRS) and (tree / name).exists()}


def targets(files, tree):
    """What make has to build for FILES (of the series) that exist in TREE."""
    single = sorted(name[:-1] + "o" for name in sources(files, tree)
                    if not name.startswith(ALWAYS))
    return [*ALWAYS, *single]


def commands(build, files):
    """kbuild's .cmd files in the directories that hold FILES or what they make."""
    found = {cmd for directory in ALWAYS for cmd in (build / directory).rglob(".*.o.cmd")}
    for directory in {(build / name).parent for name in files}:
        found.update(directory.glob(".*.o.cmd"))
    return found


def compiled(build, tree, files):
    """Those of FILES that were compiled in BUILD."""
    found = set()
    for cmd in commands(build, files):
        source = re.search(r"^source_\S+ := (\S+)$", cmd.read_text(errors="replace"), re.M)
        path = (build / source[1]).resolve() if source else build
        if path.is_relative_to(tree) and str(path.relative_to(tree)) in files:
            found.add(str(path.relative_to(tree)))
    return found
