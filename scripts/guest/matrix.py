# SPDX-License-Identifier: GPL-2.0-only
"""Which boots "make check" and "make check-full" consist of, and what each must show."""

import itertools

import regions
from boot import Boot
from machine import BRIDGE, DIMM, DIMM_BASE, NO_VTIMER, RESERVED, Machine

PKVM = r"Protected .VHE mode initialized"
# EL2's structures are attacked at the addresses that the kernel logs with this
ADDRESSES = "arm_smmu_v3_kvm.dyndbg=+p"

ATTACKS = ["hyp_memory", "pvm_memory", "peer_to_peer"]
HOST = ["topology.sh", "pvm_policy", "smmu_registers", "domain_switch", "io_under_pvm"]
EVERYTHING = HOST + ATTACKS + ["el2_structures", "mmio_recycle", "attach_under_pvm",
                               "mmio_fuzz", "statistics"]
# With the hypervisor's debug mode, its trace events as well
DEBUG_VARIANTS = ("debug", "lockdep", "16k", "64k", "va52")
# What can be shown where no hypervisor is in the way
PLAIN = ["topology.sh", "domain_switch", "io_under_pvm"]
# Changes the domain of a disk that is in use, from identity, and suspends the SMMU
LIVE = "live"
SUITES = ["arm-smmu-v3-kunit-test", "io-pgtable-arm-test"] + \
    [f"arm-smmu-v3-pkvm-{part}" for part in ("ids", "regs", "cmd", "queue", "ste", "strtab")]
ATTACK_SUITES = [f"arm-smmu-v3-pkvm-attack-{part}"
                 for part in ("regs", "cmdq", "strtab", "evtq", "access", "driver", "hcall",
                              "owner")]
# What the host's driver says when its handler for errors works
DRIVER_RECOVERS = r"skipping command in error state"
# The kernel gives no device to VFIO that is behind an SMMU that is not coherent
INCOHERENT = ["topology.sh", "domain_switch", "io_under_pvm", *ATTACKS, "el2_structures",
              "mmio_fuzz", "statistics"]
MODULE = ["topology.sh", "hyp_memory", "pvm_memory"]
RELOAD = ["module_reload.sh", "topology.sh", "hyp_memory"]


def protected(name, tests, params="", timeout=Boot.timeout, **machine):
    """A boot in which every SMMU must be owned by the hypervisor."""
    if tests is EVERYTHING and machine.get("variant") in DEBUG_VARIANTS:
        tests = EVERYTHING + ["trace_events.sh"]
    return Boot(name, Machine(io=True, **machine), list(tests),
                f"PKVM_SMMU_EXPECT=protected {ADDRESSES} {params}", timeout=timeout,
                log_has=(PKVM,), log_lacks=(r"(?i)not isolated",), outside=True)


# What the log must say of each SMMU of the machine's "smmus"
GAPS = [r"disabled@4010000: disabled by firmware, registers withheld",
        r"reserved@4030000: disabled by firmware, registers withheld",
        r"late@4060000: has no device at the takeover, registers withheld",
        r"unaligned@4080800: has no device, and its registers cannot be taken \(-22\)",
        r"empty@40a0000: its registers cannot be found",
        r"far@7fff00000000: disabled by firmware, registers withheld",
        r"4100000.shifted: dma-ranges of its bus",
        r"4120000.reset: the host controls its power domain, clock or reset",
        r"4140000.cmdqv: its CMDQ-V queues cannot be withheld",
        r"4160000.page1: its register page 1 is missing",
        r"4180000.hi161x: HiSilicon", r"41a0000.no-stage1: no stage 1 translation",
        r"4200000.small: its registers are not 128 KiB"]

# The same for SMMUs that the IORT tells of, all of which have devices. Their registers read
# as zero: the second flash bank, where UEFI keeps nothing.
IORT_SMMUS = [(0x6000000, 1, 1), (0x6020000, 1, 2), (0x6040000, 0, 0)]
IORT_GAPS = [rf"arm-smmu-v3\.{i}\.auto: {reason}" for i, reason in enumerate(
    ("HiSilicon", "its registers are not 128 KiB", "no stage 1 translation"), 1)]
NEW_IORT = r"Table Upgrade: override \[IORT"


def gaps(name, tests, params, log_has, **machine):
    """An SMMU is not owned, or there is none: no protected VM where that is required."""
    return Boot(name, Machine(io=True, **machine), list(tests),
                f"kvm-arm.iommu=require PKVM_SMMU_PVM=refused {params}",
                log_has=(PKVM, *log_has, "one gap voids the isolation"))


def native(name, tests, params="", log_has=(), skips="not applicable", **machine):
    """A boot in which the SMMU is native: every attack must succeed."""
    return Boot(name, Machine(io=True, **machine), list(tests),
                f"PKVM_SMMU_EXPECT=native {params}", log_has=log_has, skips=skips)


def not_isolated(name, tests, params="", log_has=(), **machine):
    """The same where pKVM was asked for, which must be said loudly."""
    return native(name, tests, params, (r"(?i)not isolated", *log_has), **machine)


def kunit(name, variant=""):
    """The kernel's own suites; each that must be there is asked for."""
    suites = [f"Subtest: {suite}" for suite in SUITES]
    return Boot(name, Machine(variant=variant), [], "kunit.enable=1 kunit.filter=speed>slow",
                kunit=True, skips="$^", log_has=(PKVM, *suites))


def odd(name, **machine):
    """Memory regions that begin and end within pages."""
    return protected(name, ATTACKS + ["io_under_pvm"], smp=4,
                     dt=regions.reserved(*regions.ODD), **machine)


def incoherent(name, **machine):
    """
    Firmware says that the SMMU does not snoop the caches: the driver finds it so, by its own
    features and by IDR0. QEMU has no caches: this shows the paths, the model of caches is
    tools/testing/pkvm_smmu_v3's.
    """
    boot = protected(name, INCOHERENT, "PKVM_SMMU_VFIO=refused", **machine)
    boot.log_has += (r"smmu_v3_emu\.0: .*features 0x[0-9a-f]+[02468ace][0-9a-f]{2}\)",)
    boot.log_lacks += ("IDR0.COHACC overridden",)
    return boot


def live(name, params="", skips="$^", **machine):
    """
    A domain changes under live DMA; natively, that is the reference. Only the hypervisor's
    debug mode has a call that clears the registers of SMMUs and resumes.
    """
    return Boot(name, Machine(io=True, **machine), [],
                f"kunit.enable=1 kunit.filter_glob=*-{LIVE} iommu.passthrough=1 {params}",
                kunit=True, skips=skips, log_has=(PKVM, f"Subtest: .*-{LIVE}"))


def attack(name, **machine):
    """The kernel attacks; then DMA must be confined and the host's I/O work as ever."""
    boot = protected(name, ["hyp_memory", "pvm_memory", "el2_structures", "io_under_pvm"],
                     "kunit.enable=1 kunit.filter_glob=arm-smmu-v3-pkvm-attack*", **machine)
    boot.kunit = True
    boot.skips += "|needs the large system extensions|needs the hypervisor's trace buffers"
    boot.noise = "CMDQ error"
    boot.log_has += (*[f"Subtest: {suite}" for suite in ATTACK_SUITES], DRIVER_RECOVERS)
    return boot


def vfio(name, *tests):
    """The kernel's own VFIO selftests; they map 1 GiB."""
    return Boot(name, Machine(vfio=True, mem="3G"),
                ["topology.sh", *[f"vfio/{test}" for test in tests]],
                "PKVM_SMMU_EXPECT=protected", skips="$^", log_has=(PKVM,))


# Two attackers behind the first SMMU, or on its bus, and the third elsewhere
SMMUS = ["topology.sh", "hyp_memory", "hyp_memory@2", "pvm_memory", "pvm_memory@2",
         "el2_structures", "attach_under_pvm", "io_under_pvm"]
# The kernel gives no device to VFIO that has a reserved region, as the first edu has
DEVICES = ["reserved_region", "huge_map@1", "hyp_memory@2", "pvm_memory@2", "sleep.sh",
           "unplug.sh", "pvm_memory@1"]
# Memory that the kernel leaves alone as long as it has no crash kernel
RMR = 0x50000000
# Only the first of two SMMUs is owned
MIXED = ["topology.sh", *[f"{test}@{device}" for test in ATTACKS[:2]
                          for device in ("0=protected", "2=native")]]
CRASH = ["hyp_memory:crash", "io_under_pvm:crash"]


def devices(make, name, params="", **machine):
    """Devices that come and go, sleep, or are special to the SMMU; power-off under load."""
    boot = make(name, [*DEVICES, "load"], params, smp=4, hot=True, qemu=list(BRIDGE),
                dt=RESERVED, **machine)
    boot.skips = "no SMMU is owned"
    return boot


def rmr(make, name, params=""):
    """
    A region that ACPI wants mapped for the first edu: the SMMU's driver lets its stream
    bypass from the start until it has a domain. The kernel maps the region there only where
    a _DSM of the host bridge wants the PCI configuration kept, which QEMU's does not.
    """
    boot = make(name, ["topology.sh", *ATTACKS], f"crashkernel=2M@{RMR:#x} {params}", acpi=True,
                iort=regions.iort(rmr=(8, RMR, 0x10000)))
    boot.log_has += (NEW_IORT,)
    return boot


def reboot(name, **machine):
    """A reboot under load."""
    boot = protected(name, ["attach_under_pvm", "load"], "guest_end=reboot", smp=8, **machine)
    boot.log_has += ("reboot: Restarting system",)
    return boot


def crash(make, name, params="", **machine):
    """A panic and its crash kernel, which knows nothing of the hypervisor."""
    boot = make(name, ["topology.sh"], params, crash=True, **machine)
    boot.crash = CRASH
    # The kernel does not trust a dump while CPUs cannot be reset, as under any pKVM.
    boot.noise = "Kernel panic - not syncing: sysrq triggered crash|WARNING: .*machine_kexec"
    boot.log_has += ("# guest: crash",)
    return boot


def no_pkvm(name, cpu, mode):
    return Boot(name, Machine(io=True, cpu=cpu, params=mode), list(PLAIN),
                "PKVM_SMMU_EXPECT=native", log_lacks=(PKVM,))


def quick():
    """The boots of "make check"."""
    stage1 = {"model": "virt-9.1"}
    return [
        protected("protected-a72", EVERYTHING, cpu="cortex-a72"),
        protected("protected-n1", HOST + ATTACKS),
        protected("protected-max", EVERYTHING, cpu="max"),
        protected("passthrough", ATTACKS, "iommu.passthrough=1"),
        protected("debug", EVERYTHING, variant="debug"),
        odd("odd-regions"),
        incoherent("incoherent", firmware=("smmu-incoherent",)),
        protected("late-mem", ["late_memory", "hyp_memory"],
                  "mem=1G PKVM_SMMU_LATE=0x80000000", mem="2G"),
        protected("module", MODULE, variant="module"),
        protected("require", ["topology.sh", "pvm_policy", "pvm_memory", "pmcg"],
                  "kvm-arm.iommu=require", firmware=("pmcg", "smmu-tegra264")),
        gaps("require-gaps", ["pvm_policy", "undriven", "hyp_memory@0=protected"],
             "PKVM_SMMU_EXPECT=mixed", GAPS, firmware=("pmcg", "smmus")),
        gaps("require-disabled", ["pvm_policy", "undriven"], "PKVM_SMMU_EXPECT=native",
             [r"smmuv3@9050000: disabled by firmware, registers withheld"],
             firmware=("smmu-disabled",)),
        gaps("require-gaps-acpi", ["pvm_policy", "hyp_memory@0=protected"],
             "PKVM_SMMU_EXPECT=mixed", [NEW_IORT, *IORT_GAPS], acpi=True,
             iort=regions.iort(smmus=IORT_SMMUS)),
        gaps("require-none", ["pvm_policy"], "PKVM_SMMU_EXPECT=native",
             ["NOT isolated: no SMMUv3 found"], iommu="none"),
        not_isolated("require-stage1", ["topology.sh", "pvm_policy"],
                     "kvm-arm.iommu=require PKVM_SMMU_PVM=refused", **stage1),
        not_isolated("native", HOST + ATTACKS, "kvm-arm.iommu=native"),
        not_isolated("native-passthrough", ATTACKS,
                     "kvm-arm.iommu=native iommu.passthrough=1", cpu="cortex-a72"),
        not_isolated("stage1", PLAIN + ATTACKS, "PKVM_SMMU_REASON=stage", **stage1),
        not_isolated("failed-init", PLAIN, dt=NO_VTIMER),
        no_pkvm("mode-nvhe", "cortex-a72", "kvm-arm.mode=nvhe"),
        no_pkvm("mode-none", "neoverse-n1", "kvm-arm.mode=none"),
        no_pkvm("mode-unset", "max", ""),
        protected("acpi", HOST + ATTACKS, acpi=True),
        not_isolated("native-gaps", ["pmcg", "undriven"],
                     "kvm-arm.iommu=native arm_smmu_v3.disable_cmdqv=1",
                     firmware=("pmcg", "smmus", "smmu-tegra264")),
        kunit("kunit"),
        live("live", variant="debug"),
        live("native-live", "kvm-arm.iommu=native", "no SMMU is owned"),
        attack("attack", variant="debug", cpu="cortex-a53"),
        vfio("vfio", "vfio_pci_device_test",
             "vfio_pci_driver_test@iommufd+vfio_type1v2_iommu"),
    ]


def full():
    """What "make check-full" boots in addition."""
    boots = [vfio("vfio-all-modes", "vfio_pci_driver_test"),
             protected("mmio-fuzz-million", ["mmio_fuzz", "io_under_pvm"],
                       "PKVM_SMMU_FUZZ=1000000", timeout=3600, smp=4)]
    boots += [protected("module-reload", RELOAD, variant="module", firmware=("smmu-on-bus",)),
              protected("smmus", SMMUS, smmus=("nested", "nested")),
              not_isolated("smmus-mixed", MIXED, "PKVM_SMMU_EXPECT=mixed PKVM_SMMU_REASON=stage",
                           smmus=("nested", "1")),
              protected("hot-memory", ["late_memory", "hyp_memory"], f"PKVM_SMMU_LATE={DIMM_BASE}",
                        mem="1G,slots=1,maxmem=2G", acpi=True, qemu=list(DIMM)),
              devices(protected, "devices"), rmr(protected, "rmr"), reboot("reboot"),
              crash(protected, "crash")]
    boots += [incoherent("incoherent-acpi", acpi=True, iort=regions.iort(coherent=False)),
              incoherent("incoherent-debug", firmware=("smmu-incoherent",), variant="debug")]
    boots += [not_isolated("native-acpi", HOST + ATTACKS, "kvm-arm.iommu=native", acpi=True),
              not_isolated("native-smmus", SMMUS, "kvm-arm.iommu=native",
                           smmus=("nested", "nested")),
              devices(not_isolated, "native-devices", "kvm-arm.iommu=native"),
              devices(protected, "devices-debug", variant="debug"),
              rmr(not_isolated, "native-rmr", "kvm-arm.iommu=native"),
              crash(not_isolated, "native-crash", "kvm-arm.iommu=native"),
              crash(protected, "crash-acpi", acpi=True)]
    for cpu, smp, variant in itertools.product(("cortex-a72", "neoverse-n1", "max"), (1, 2, 4),
                                               ("", "debug")):
        short = cpu.rpartition("-")[2]
        kernel = f"-{variant}" if variant else ""
        boots.append(protected(f"protected-{short}-{smp}cpu{kernel}", EVERYTHING, cpu=cpu,
                               smp=smp, variant=variant))
        boots.append(not_isolated(f"native-{short}-{smp}cpu{kernel}", HOST + ATTACKS,
                                  "kvm-arm.iommu=native", cpu=cpu, smp=smp, variant=variant))
        boots.append(not_isolated(f"stage1-{short}-{smp}cpu{kernel}", PLAIN + ATTACKS,
                                  cpu=cpu, smp=smp, variant=variant, model="virt-9.1"))
    # "max" has all granules, too, but takes several times as long to emulate
    for variant in ("lockdep", "16k", "64k", "clang"):
        boots.append(protected(variant, EVERYTHING, variant=variant, timeout=3600))
        boots.append(kunit(f"kunit-{variant}", variant))
        boots.append(attack(f"attack-{variant}", variant=variant, timeout=3600))
    boots += [odd(f"odd-regions-{variant}", variant=variant, timeout=3600)
              for variant in ("16k", "64k")]
    # 52 bits of addresses, where the CPU has them and where it has not
    boots += [protected(f"va52-{cpu}", EVERYTHING, variant="va52", cpu=cpu, timeout=3600)
              for cpu in ("max", "neoverse-n1")]
    boots += [kunit("kunit-va52", "va52"),
              attack("attack-va52", variant="va52", cpu="max", timeout=3600)]
    for cpu in ("cortex-a72", "neoverse-n1", "max"):
        boots.append(attack(f"attack-{cpu.rpartition('-')[2]}", cpu=cpu, smp=4))
    return boots
