# SPDX-License-Identifier: GPL-2.0-only
"""Which directories and objects of a kernel build the series touches."""

import re
from pathlib import Path

KERNEL_DIRS = ("arch/", "drivers/", "include/", "kernel/", "lib/", "mm/", "virt/")
# Whole directories: they are small, and headers of the series reach all of them.
ALWAYS = ("arch/arm64/kvm/", "drivers/iommu/arm/")


def targets(files, tree):
    """What make has to build for FILES (of the series) that exist in TREE."""
    sources = [name for name in files if name.endswith((".c", ".S"))
               and name.startswith(KERNEL_DIRS) and (tree / name).exists()]
    single = [name[:-1] + "o" for name in sources if not name.startswith(ALWAYS)]
    return [*ALWAYS, *single]


def compiled(build, tree, directories=ALWAYS):
    """Map each source file that was compiled below DIRECTORIES of BUILD to its objects."""
    found = {}
    for directory in directories:
        for cmd in (build / directory).rglob(".*.o.cmd"):
            text = cmd.read_text(errors="replace")
            source = re.search(r"^source_\S+ := (\S+)$", text, re.M)
            if source:
                path = Path(source[1])
                path = (build / path).resolve() if not path.is_absolute() else path.resolve()
                if path.is_relative_to(tree):
                    name = str(path.relative_to(tree))
                    found.setdefault(name, []).append(str(cmd.parent.relative_to(build) /
                                                          cmd.name[1:-4]))
    return found
