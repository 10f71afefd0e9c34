# SPDX-License-Identifier: GPL-2.0-only
"""The test machine: QEMU's arm64 "virt" with an SMMUv3 in front of its PCI bus."""

import gzip
import re
import struct
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent.parent
OUT = TOP / "out"
QEMU = "qemu-system-aarch64"

# edu can reach any address, the second edu as a peer, and ivshmem, which is memory behind
# a 64-bit BAR; lsi does many DMAs at once.
ATTACKERS = ["-device", "edu,dma_mask=0xffffffffffffffff"] * 2 + \
    ["-object", "memory-backend-ram,id=peer,size=1M", "-device", "ivshmem-plain,memdev=peer",
     "-device", "lsi53c895a"]
# Two connected igb ports and two disks of SCRATCH's size, all behind the SMMU
SCRATCH_MIB = 32
IO = ["-device", "nvme,serial=1,drive=nvme",
      "-device", "virtio-blk-pci,drive=virtio,iommu_platform=on,disable-legacy=on",
      "-netdev", "hubport,id=hub0,hubid=0", "-netdev", "hubport,id=hub1,hubid=0",
      "-device", "pcie-root-port,id=port0,chassis=1",
      "-device", "pcie-root-port,id=port1,chassis=2",
      "-device", "igb,bus=port0,netdev=hub0,romfile=,mac=52:54:00:00:00:01",
      "-device", "igb,bus=port1,netdev=hub1,romfile=,mac=52:54:00:00:00:02"]
# The second bank of QEMU's flash
FLASH_BASE, FLASH_SIZE = 0x4000000, 64 << 20
PMCG = [(f"/pmcg@{FLASH_BASE:x}", "compatible", "s", ["arm,smmu-v3-pmcg"]),
        (f"/pmcg@{FLASH_BASE:x}", "reg", "x", f"0 {FLASH_BASE:x} 0 1000"),
        (f"/pmcg@{FLASH_BASE:x}", "interrupts", "x", "0 60 1")]
# The interrupt of the virtual timer, the third, is not per CPU. KVM wants it to be,
# the host does not use it: pKVM's initialisation fails late, before the host is
# deprivileged.
NO_VTIMER = [("/timer", "interrupts", "x", "1 d 4  1 e 4  0 b 4  1 a 4")]
FIRMWARE = "/usr/share/qemu-efi-aarch64/QEMU_EFI.fd"
# Alone in its IOMMU group and with a reset, as the VFIO selftests want it
VFIO = ["-device", "pcie-root-port,id=port2,chassis=3",
        "-device", "igb,bus=port2,romfile="]


def die(message):
    sys.exit(f"{Path(sys.argv[0]).name}: {message}")


@dataclass
class Machine:
    cpu: str = "neoverse-n1"
    smp: int = 2
    mem: str = "1G"
    model: str = "virt"             # virt-9.1 has an SMMU with stage 1 only
    variant: str = ""               # of the kernel: out/Image-VARIANT
    params: str = "kvm-arm.mode=protected"
    io: bool = False                # with disks and network
    vfio: bool = False              # with an igb behind a root port
    pmcg: bool = False              # with what looks like a PMCG that has MSIs
    acpi: bool = False              # UEFI firmware that hands over ACPI tables, no devicetree
    image: str = ""                 # in place of out/Image
    dt: list = field(default_factory=list)      # edits of the devicetree, see edit_dtb()
    qemu: list = field(default_factory=list)    # more of QEMU's options

    def kernel(self):
        path = Path(self.image) if self.image else \
            OUT / ("Image-" + self.variant if self.variant else "Image")
        if not path.exists():
            die(f"no {path}: run 'make image{' VARIANT=' + self.variant if self.variant else ''}'")
        return path

    def memory(self):
        """The size of the memory that is there at boot."""
        number, unit = re.match(r"(\d+)([MG])", self.mem).groups()
        return int(number) << {"M": 20, "G": 30}[unit]

    def hardware(self, scratch):
        args = [QEMU, "-M", f"{self.model},virtualization=on,gic-version=3,iommu=smmuv3",
                "-cpu", self.cpu, "-smp", str(self.smp), "-m", self.mem,
                "-nic", "none", "-display", "none", "-no-reboot", *ATTACKERS]
        if self.io:
            args += IO
            for disk in ("nvme", "virtio"):
                path = scratch / f"{disk}.img"
                with open(path, "wb") as image:
                    image.truncate(SCRATCH_MIB << 20)
                args += ["-drive", f"if=none,id={disk},file={path},format=raw,cache=unsafe"]
        if self.vfio:
            args += VFIO
        if self.pmcg:
            args += flash_pmcg(scratch)
        if self.acpi:
            args += ["-bios", FIRMWARE]
        return args + self.qemu

    def initrd(self, scratch):
        """The initramfs; a kernel with modules gets these in addition."""
        initramfs = OUT / "initramfs.cpio.gz"
        modules = OUT / f"modules-{self.variant}"
        if not self.variant or not modules.exists():
            return initramfs
        path = scratch / "initramfs.cpio.gz"
        files = subprocess.run(["find", "lib", "-not", "-type", "l"], cwd=modules, check=True,
                               capture_output=True).stdout
        packed = subprocess.run(["cpio", "-o", "-H", "newc", "--quiet"], cwd=modules, input=files,
                                check=True, capture_output=True).stdout
        path.write_bytes(initramfs.read_bytes() + gzip.compress(packed, 1))
        return path

    def command(self, scratch, params):
        """The command line of QEMU; SCRATCH is a directory for what it needs."""
        args = self.hardware(scratch)
        edits = (PMCG if self.pmcg else []) + self.dt
        if edits:
            args += ["-dtb", str(edit_dtb(args, scratch, edits))]
        return args + ["-kernel", str(self.kernel()), "-initrd", str(self.initrd(scratch)),
                       "-append", f"console=ttyAMA0 panic=-1 {self.params} {params}"]


def edit_dtb(args, scratch, edits):
    """
    The machine's own devicetree with EDITS, in a file. An edit is one of
      (path, property, type, values)    set it; the path is made if need be
      (path, property)                  delete the property
      (path,)                           delete the node, and what is below
    where type and values are as fdtput(1) has them: "x" and "0 54000800 0 800"
    for cells, "s" and a list for strings, "" and "" for a property without a value.
    """
    dtb = scratch / "machine.dtb"
    machine = args[2] + f",dumpdtb={dtb}"
    subprocess.run([*args[:2], machine, *args[3:]], check=True, capture_output=True)
    for path, *edit in edits:
        if len(edit) == 3:
            name, kind, values = edit
            what = ["-p", *(["-t", kind] if kind else []), dtb, path, name,
                    *(values.split() if isinstance(values, str) else values)]
        else:
            what = ["-d", dtb, path, *edit] if edit else ["-r", dtb, path]
        done = subprocess.run(["fdtput", *what], check=False, capture_output=True, text=True)
        if done.returncode:
            die(f"{path}: {' '.join(edit[:1])}: {done.stderr.strip()}")
    return dtb


def flash_pmcg(scratch):
    """
    QEMU has no PMCG: the second flash bank reads like one, where PMCG_CFGR says
    MSI and 64-bit counters.
    """
    path = scratch / "flash.img"
    with open(path, "wb") as image:
        image.truncate(FLASH_SIZE)
        image.seek(0xe00)
        image.write(struct.pack("<I", 1 << 21 | 63 << 8))
    return ["-drive", f"if=pflash,index=1,format=raw,readonly=on,file={path}"]
