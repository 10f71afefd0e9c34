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
    no_vtimer: bool = False         # the devicetree has no virtual timer interrupt
    pmcg: bool = False              # with what looks like a PMCG that has MSIs
    image: str = ""                 # in place of out/Image
    qemu: list = field(default_factory=list)

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
        if self.no_vtimer:
            args += ["-dtb", str(without_vtimer(args, scratch))]
        if self.pmcg:
            args += ["-dtb", str(with_pmcg(args, scratch))]
        return args + ["-kernel", str(self.kernel()), "-initrd", str(self.initrd(scratch)),
                       "-append", f"console=ttyAMA0 panic=-1 {self.params} {params}"]


def dump_dtb(args, scratch):
    """The machine's own devicetree, in a file."""
    dtb = scratch / "machine.dtb"
    machine = args[2] + f",dumpdtb={dtb}"
    subprocess.run([*args[:2], machine, *args[3:]], check=True, capture_output=True)
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


def with_pmcg(args, scratch):
    """The machine's own devicetree, and a PMCG in the flash."""
    dtb = dump_dtb(args, scratch)
    node = f"/pmcg@{FLASH_BASE:x}"
    for kind, name, *values in (("s", "compatible", "arm,smmu-v3-pmcg"),
                                ("x", "reg", "0", f"{FLASH_BASE:x}", "0", "1000"),
                                ("x", "interrupts", "0", "60", "1")):
        subprocess.run(["fdtput", "-p", "-t", kind, dtb, node, name, *values], check=True)
    return dtb


def without_vtimer(args, scratch):
    """
    The machine's own devicetree, except that the interrupt of the virtual timer
    is not per CPU. KVM wants it to be, the host does not use it: pKVM's
    initialisation fails late, before the host is deprivileged.
    """
    dtb = dump_dtb(args, scratch)
    blob = dtb.read_bytes()
    vtimer = struct.pack(">III", 1, 11, 4)      # PPI, number, level high
    if blob.count(vtimer) != 1:
        die("this QEMU's devicetree has no virtual timer interrupt: use QEMU 10.0 or later")
    blob = blob.replace(vtimer, struct.pack(">III", 0, 11, 4))

    # QEMU pads what it dumps and doubles what it loads: past the kernel's limit
    strings, size = struct.unpack_from(">I", blob, 12)[0], struct.unpack_from(">I", blob, 32)[0]
    dtb.write_bytes(blob[:4] + struct.pack(">I", strings + size) + blob[8:strings + size])
    return dtb
