# SPDX-License-Identifier: GPL-2.0-only
"""The test machine: QEMU's arm64 "virt" with an SMMUv3 in front of its PCI bus."""

import functools
import gzip
import os
import re
import struct
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent.parent
OUT = TOP / "out"
QEMU = os.environ.get("QEMU", "qemu-system-aarch64")

# edu can reach any address, the second edu as a peer, and ivshmem, which is memory behind
# a 64-bit BAR; lsi does many DMAs at once.
EDU = "edu,dma_mask=0xffffffffffffffff"
ATTACKERS = ["-device", EDU] * 2 + \
    ["-object", "memory-backend-ram,id=peer,size=1M", "-device", "ivshmem-plain,memdev=peer",
     "-device", "lsi53c895a"]
# Two connected igb ports and two disks of SCRATCH's size, all behind the SMMU. The NVMe's
# virtual function needs two queues and an interrupt, but with 2000 its BAR is as large as a
# page of 64 KiB. Behind a port that is below 4 GiB: QEMU 10.0 does not see all of an address
# above.
SCRATCH_MIB = 32
IO = ["-device", "pcie-root-port,id=port5,bus=pcie.0,chassis=6",
      "-device", "nvme-subsys,id=nvm",
      "-device", "nvme,id=nvme,serial=1,subsys=nvm,bus=port5,sriov_max_vfs=1,"
                 "sriov_vq_flexible=2,sriov_vi_flexible=2000,msix_qsize=2048",
      "-device", "nvme-ns,drive=nvme,bus=nvme",
      "-device", "virtio-blk-pci,drive=virtio,bus=pcie.0,iommu_platform=on,disable-legacy=on",
      "-netdev", "hubport,id=hub0,hubid=0", "-netdev", "hubport,id=hub1,hubid=0",
      "-device", "pcie-root-port,id=port0,bus=pcie.0,chassis=1",
      "-device", "pcie-root-port,id=port1,bus=pcie.0,chassis=2",
      "-device", "igb,bus=port0,netdev=hub0,romfile=,mac=52:54:00:00:00:01",
      "-device", "igb,bus=port1,netdev=hub1,romfile=,mac=52:54:00:00:00:02"]
# A disk that can be unplugged, and a bus of conventional PCI with an attacker
HOT = ["-device", "pcie-root-port,id=port3,bus=pcie.0,chassis=4",
       "-device", "nvme,id=hot,serial=hot,drive=hot,bus=port3"]
BRIDGE = ["-device", "pcie-root-port,id=port4,bus=pcie.0,chassis=5",
          "-device", "pcie-pci-bridge,id=bridge,bus=port4",
          "-device", f"{EDU},bus=bridge,addr=1"]
# Memory that ACPI tells of, and not the memory map; it begins at the first GiB after the RAM
DIMM = ["-object", "memory-backend-ram,id=dimm,size=512M", "-device", "pc-dimm,memdev=dimm"]
DIMM_BASE = "0x80000000"
# Memory that stays mapped for the first edu: their nodes point at each other
RESERVED = [("/pcie@10000000/edu@1,0", "reg", "x", "800 0 0 0 0"),
            ("/pcie@10000000/edu@1,0", "phandle", "x", "9100"),
            ("/pcie@10000000/edu@1,0", "memory-region", "x", "9101"),
            ("/reserved-memory", "#address-cells", "x", "2"),
            ("/reserved-memory", "#size-cells", "x", "2"),
            ("/reserved-memory", "ranges", "", ""),
            ("/reserved-memory/edu@78000000", "phandle", "x", "9101"),
            ("/reserved-memory/edu@78000000", "reg", "x", "0 78000000 0 10000"),
            ("/reserved-memory/edu@78000000", "iommu-addresses", "x",
             "9100  2000000 0 78000000  0 10000")]
# The second bank of QEMU's flash
FLASH_BASE, FLASH_SIZE = 0x4000000, 64 << 20
# The interrupt of the virtual timer, the third, is not per CPU. KVM wants it to be,
# the host does not use it: pKVM's initialisation fails late, before the host is
# deprivileged.
NO_VTIMER = [("/timer", "interrupts", "x", "1 d 4  1 e 4  0 b 4  1 a 4")]
UEFI = "/usr/share/qemu-efi-aarch64/QEMU_EFI.fd"
DEAD_SMMU = 0x100000
CMDQV = 0x300000
# Alone in its IOMMU group and with a reset, as the VFIO selftests want it
VFIO = ["-device", "pcie-root-port,id=port2,bus=pcie.0,chassis=3",
        "-device", "igb,bus=port2,romfile="]


def die(message):
    sys.exit(f"{Path(sys.argv[0]).name}: {message}")


def empty_disk(scratch, name):
    path = scratch / f"{name}.img"
    with open(path, "wb") as image:
        image.truncate(SCRATCH_MIB << 20)
    return path


def archive(directory, find):
    """The files below DIRECTORY that the command FIND lists, as an archive."""
    files = subprocess.run(find.split(), cwd=directory, check=True, capture_output=True).stdout
    return subprocess.run(["cpio", "-o", "-L", "-H", "newc", "--quiet"], cwd=directory,
                          input=files, check=True, capture_output=True).stdout


def pack(directory, find):
    return gzip.compress(archive(directory, find), 1)


def qemu_version():
    """The major version of QEMU."""
    text = subprocess.run([QEMU, "--version"], check=True, capture_output=True, text=True).stdout
    return int(re.search(r"version (\d+)", text)[1])


@functools.cache
def newer_qemu():
    """A QEMU that can have several SMMUv3."""
    return subprocess.run([TOP / "scripts/fetch-qemu"], check=True, stdout=subprocess.PIPE,
                          text=True).stdout.strip()


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
    hot: bool = False               # with a disk that can be unplugged
    acpi: bool = False              # UEFI firmware that hands over ACPI tables, no devicetree
    smmus: tuple = ()               # stages of several SMMUs, one at each of as many PCI roots
    crash: bool = False             # has a kernel and an initramfs for a crash in /crash
    iort: bytes = b""               # in place of QEMU's
    firmware: tuple = ()            # edits of the devicetree, of FIRMWARE
    iommu: str = "smmuv3"
    image: str = ""                 # in place of out/Image
    dt: list = field(default_factory=list)      # edits of the devicetree, see edited_dtb()
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
        qemu, iommu = (newer_qemu(), "") if self.smmus else (QEMU, f",iommu={self.iommu}")
        args = [qemu, "-M", f"{self.model},virtualization=on,gic-version=3{iommu}",
                "-cpu", self.cpu, "-smp", str(self.smp), "-m", self.mem,
                "-nic", "none", "-display", "none", "-no-reboot"]
        args += several_smmus(self.smmus) if self.smmus else ATTACKERS
        if self.io:
            args += IO
            for disk in ("nvme", "virtio"):
                args += ["-drive", f"if=none,id={disk},format=raw,cache=unsafe,"
                         f"file={empty_disk(scratch, disk)}"]
        if self.vfio:
            args += VFIO
        if self.hot:
            args += [*HOT, "-blockdev",
                     f"driver=file,node-name=hot,filename={empty_disk(scratch, 'hot')}"]
        if self.firmware:
            args += flash(scratch)
        if self.acpi or self.smmus:
            args += ["-bios", UEFI]
        return args + self.qemu

    def initrd(self, scratch):
        """The initramfs; with a table of ACPI's, the modules of a kernel and /crash."""
        initramfs = OUT / "initramfs.cpio.gz"
        modules = OUT / f"modules-{self.variant}"
        parts = [initramfs.read_bytes()]
        if self.variant and modules.exists():
            parts.append(pack(modules, "find lib -not -type l"))
        if self.crash:
            crash = scratch / "crash"
            crash.mkdir()
            (crash / "Image").symlink_to(self.kernel())
            (crash / "initramfs").symlink_to(initramfs)
            parts.append(pack(scratch, "find crash"))
        if self.iort:
            # The kernel finds tables in what comes first, and not compressed.
            table = scratch / "tables/kernel/firmware/acpi/iort.aml"
            table.parent.mkdir(parents=True)
            table.write_bytes(self.iort)
            parts.insert(0, archive(scratch / "tables", "find kernel"))
        if len(parts) == 1:
            return initramfs
        path = scratch / "initramfs.cpio.gz"
        path.write_bytes(b"".join(parts))
        return path

    def command(self, scratch, params):
        """The command line of QEMU; SCRATCH is a directory for what it needs."""
        args = self.hardware(scratch)
        if self.firmware or self.dt:
            args += ["-dtb", str(edited_dtb(args, scratch, self.firmware, self.dt))]
        return args + ["-kernel", str(self.kernel()), "-initrd", str(self.initrd(scratch)),
                       "-append", f"console=ttyAMA0 panic=-1 {self.params} {params}"]


def several_smmus(stages):
    """
    PCI roots, each with an SMMU of these STAGES, two edu and an lsi. QEMU describes only the
    first by devicetree, all by ACPI.
    """
    args = []
    for i, stage in enumerate(stages):
        root = f"pcie.{i}"
        if i:
            args += ["-device", f"pxb-pcie,id={root},bus=pcie.0,bus_nr={32 * i}"]
        args += ["-device", f"arm-smmuv3,primary-bus={root},stage={stage}"]
        for j, attacker in enumerate((EDU, EDU, "lsi53c895a")):
            port = f"attacker{i}{j}" if i else root
            if i:
                args += ["-device", f"pcie-root-port,id={port},bus={root},chassis={16 * i + j}"]
            args += ["-device", f"{attacker},bus={port}"]
    return args


def flash(scratch):
    """
    What QEMU has not, is in the second flash bank: two PMCGs whose PMCG_CFGR says MSI
    and 64-bit counters, SMMUs whose IDR0 is not 0, from DEAD_SMMU on it is, and a CMDQ-V
    that is configured to be enabled, and says that it is not.
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
        image.seek(CMDQV)
        image.write(struct.pack("<III", 0x30001, 0x1111, 0))
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


def smmu_incoherent(dts):
    own = smmu_node(dts)
    return dts.replace(own, own.replace("dma-coherent;", "dma-noncoherent;", 1))


def smmu_on_bus(dts):
    """Whose DMA addresses are the CPUs', below 4 GiB."""
    own = smmu_node(dts)
    return dts.replace(own, bus("smmu-bus", "simple-bus", own,
                                "dma-ranges = <0 0x40000000 0 0x40000000 0 0x80000000>;"))


def smmu_of_tegra264(dts):
    """With a CMDQ-V in flash."""
    own = smmu_node(dts)
    dts = dts.replace(own, own.replace("{", '{ nvidia,cmdqv = <0x9200>;', 1).replace(
        'compatible = "', 'compatible = "nvidia,tegra264-smmu", "'))
    return add_nodes(node(f"cmdqv@{FLASH_BASE + CMDQV:x}", "nvidia,tegra264-cmdqv",
                          (FLASH_BASE + CMDQV, 0x830000), "phandle = <0x9200>;"))(dts)


def refused():
    """
    SMMUs that have devices, and IDR0 0; what refuses them is a property of all but two. The
    last does not snoop the caches, which is no reason.
    """
    properties = {"reset": "resets = <0>;", "cmdqv": "nvidia,cmdqv = <0>;",
                  "page1": "cavium,cn9900-broken-page1-regspace;",
                  "hi161x": "hisilicon,broken-prefetch-cmd;",
                  "no-stage1": "dma-noncoherent;"}
    nodes = smmu("small@4200000", (FLASH_BASE + 0x200000, 0x10000))
    for i, (name, text) in enumerate(properties.items(), 1):
        base = FLASH_BASE + DEAD_SMMU + i * 0x20000
        nodes += smmu(f"{name}@{base:x}", (base, 0x20000), text)
    return nodes


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
            "dma-ranges = <0 0 0 0x40000000 0 0x80000000>;") + refused()),
    "smmu-disabled": disable_smmu,
    "smmu-incoherent": smmu_incoherent,
    "smmu-on-bus": smmu_on_bus,
    "smmu-tegra264": smmu_of_tegra264,
}


def edited_dtb(args, scratch, firmware, edits):
    """
    The machine's own devicetree in a file, changed by some of FIRMWARE and by EDITS. One is
      (path, property, type, values)    set it; the path is made if need be
      (path, property)                  delete the property
      (path,)                           delete the node, and what is below
    where type and values are as fdtput(1) has them: "x" and "0 54000800 0 800"
    for cells, "s" and a list for strings, "" and "" for a property without a value.
    """
    dtb = scratch / "machine.dtb"
    machine = args[2] + f",dumpdtb={dtb}"
    subprocess.run([*args[:2], machine, *args[3:]], check=True, capture_output=True)
    if firmware:
        dts = subprocess.run(["dtc", "-q", "-I", "dtb", "-O", "dts", dtb], check=True,
                             capture_output=True, text=True).stdout
        for edit in firmware:
            dts = FIRMWARE[edit](dts)
        subprocess.run(["dtc", "-q", "-I", "dts", "-O", "dtb", "-o", dtb], input=dts,
                       check=True, text=True)
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
