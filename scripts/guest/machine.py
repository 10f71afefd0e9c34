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

# edu can reach any address; "peer" is what it reaches for as another device.
EDU = ["-device", "edu,dma_mask=0xffffffffffffffff"] * 2
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
DEAD_SMMU = 0x100000
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
    firmware: tuple = ()            # edits of the devicetree, of FIRMWARE
    iommu: str = "smmuv3"
    image: str = ""                 # in place of out/Image
    qemu: list = field(default_factory=list)

    def kernel(self):
        path = Path(self.image) if self.image else \
            OUT / ("Image-" + self.variant if self.variant else "Image")
        if not path.exists():
            die(f"no {path}: run 'make image{' VARIANT=' + self.variant if self.variant else ''}'")
        return path

    def hardware(self, scratch):
        args = [QEMU, "-M", f"{self.model},virtualization=on,gic-version=3,iommu={self.iommu}",
                "-cpu", self.cpu, "-smp", str(self.smp), "-m", self.mem,
                "-nic", "none", "-display", "none", "-no-reboot", *EDU]
        if self.io:
            args += IO
            for disk in ("nvme", "virtio"):
                path = scratch / f"{disk}.img"
                with open(path, "wb") as image:
                    image.truncate(SCRATCH_MIB << 20)
                args += ["-drive", f"if=none,id={disk},file={path},format=raw,cache=unsafe"]
        if self.vfio:
            args += VFIO
        if self.firmware:
            args += flash(scratch)
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
        if self.firmware:
            args += ["-dtb", str(edited_dtb(args, scratch, self.firmware))]
        return args + ["-kernel", str(self.kernel()), "-initrd", str(self.initrd(scratch)),
                       "-append", f"console=ttyAMA0 panic=-1 {self.params} {params}"]


def dump_dtb(args, scratch):
    """The machine's own devicetree, in a file."""
    dtb = scratch / "machine.dtb"
    machine = args[2] + f",dumpdtb={dtb}"
    subprocess.run([*args[:2], machine, *args[3:]], check=True, capture_output=True)
    return dtb


def flash(scratch):
    """
    What QEMU has not, is in the second flash bank: two PMCGs whose PMCG_CFGR says MSI
    and 64-bit counters, and SMMUs whose IDR0 is not 0, from DEAD_SMMU on it is.
    """
    path = scratch / "flash.img"
    with open(path, "wb") as image:
        image.truncate(FLASH_SIZE)
        for pmcg in range(2):
            image.seek(pmcg * 0x1000 + 0xe00)
            image.write(struct.pack("<I", 1 << 21 | 63 << 8))
        for offset in range(0x10000, DEAD_SMMU, 0x10000):
            image.seek(offset)
            image.write(struct.pack("<I", 0x0d44101b))
    return ["-drive", f"if=pflash,index=1,format=raw,readonly=on,file={path}"]


def node(name, compatible, reg, *properties):
    """Devicetree source of a node; REG is what it has at which address."""
    cells = " ".join(f"{value >> 32:#x} {value & 0xffffffff:#x}" for value in reg)
    return f'{name} {{ compatible = "{compatible}"; reg = <{cells}>; {" ".join(properties)} }};\n'


def smmu(name, reg, *properties):
    return node(name, "arm,smmu-v3", reg, "#iommu-cells = <1>;", *properties)


def bus(name, compatible, child, *properties):
    return (f'{name} {{ compatible = "{compatible}"; #address-cells = <2>; #size-cells = <2>; '
            f'ranges; {" ".join(properties)} {child} }};\n')


def add_nodes(text):
    return lambda dts: dts.rstrip().removesuffix("};") + text + "};\n"


def smmu_node(dts):
    """The machine's own SMMU, in devicetree source."""
    return re.search(r"\tsmmuv3@[0-9a-f]+ \{\n(?:\t\t.*\n)*\t\};\n", dts)[0]


def disable_smmu(dts):
    own = smmu_node(dts)
    return dts.replace(own, own.replace("{", '{ status = "disabled";', 1))


def smmu_on_bus(dts):
    """Whose DMA addresses are the CPUs', below 4 GiB."""
    own = smmu_node(dts)
    return dts.replace(own, bus("smmu-bus", "simple-bus", own,
                                "dma-ranges = <0 0x40000000 0 0x40000000 0 0x80000000>;"))


DISABLED, OKAY = 'status = "disabled";', 'status = "okay";'
PMCG = "arm,smmu-v3-pmcg"
FIRMWARE = {
    "pmcg": add_nodes(
        node("pmcg@4000000", PMCG, (FLASH_BASE, 0x1000), "interrupts = <0 60 1>;") +
        node("pmcg@4001000", PMCG, (FLASH_BASE + 0x1000, 0x1000), DISABLED)),
    # None of them can be driven, by one reason each
    "smmus": add_nodes(
        smmu("disabled@4010000", (FLASH_BASE + 0x10000, 0x20000), DISABLED) +
        smmu("reserved@4030000", (FLASH_BASE + 0x30000, 0x30000), 'status = "reserved";') +
        bus("late-bus", "test,late-bus",
            smmu("late@4060000", (FLASH_BASE + 0x60000, 0x20000), OKAY)) +
        smmu("unaligned@4080800", (FLASH_BASE + 0x80800, 0x20000), DISABLED) +
        smmu("empty@40a0000", (FLASH_BASE + 0xa0000, 0), DISABLED) +
        smmu("far@7fff00000000", (0x7fff00000000, 0x20000), DISABLED) +
        bus("dma-bus", "simple-bus",
            smmu("shifted@4100000", (FLASH_BASE + DEAD_SMMU, 0x20000), OKAY, "dma-coherent;"),
            "dma-ranges = <0 0 0 0x40000000 0 0x80000000>;")),
    "smmu-disabled": disable_smmu,
    "smmu-on-bus": smmu_on_bus,
}


def edited_dtb(args, scratch, edits):
    """The machine's own devicetree, changed by some of FIRMWARE."""
    dtb = dump_dtb(args, scratch)
    dts = subprocess.run(["dtc", "-q", "-I", "dtb", "-O", "dts", dtb], check=True,
                         capture_output=True, text=True).stdout
    for edit in edits:
        dts = FIRMWARE[edit](dts)
    subprocess.run(["dtc", "-q", "-I", "dts", "-O", "dtb", "-o", dtb], input=dts, check=True,
                   text=True)
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
