#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Unload and load the SMMU's driver, which has to be a module.
#
# While it is away, DMA must still be confined if the hypervisor owns the SMMU
# (smmu_gone.c); once it is back, devices must be behind the SMMU again.

DIR=$(dirname "$(readlink -f "$0")")
. "$DIR"/../../kselftest/ktap_helpers.sh

MODULE=arm_smmu_v3
AUX=/sys/bus/auxiliary/devices/protected_kvm.smmu_v3_emu.

# Each device behind the SMMU holds on to the module: take them all away, and
# find them again without drivers, which need not cope with what is to come.
remove_pci_devices()
{
	for dev in /sys/bus/pci/devices/*; do
		[ ! -e "$dev" ] || echo 1 >"$dev/remove"
	done
}

find_pci_devices()
{
	echo 0 >/sys/bus/pci/drivers_autoprobe
	echo 1 >/sys/bus/pci/rescan
}

no_groups()
{
	[ -z "$(ls /sys/kernel/iommu_groups)" ]
}

some_groups()
{
	[ -n "$(ls /sys/kernel/iommu_groups)" ]
}

# How often the device's DMA has been configured, by what dynamic debug prints
dma_configurations()
{
	dmesg | grep -c 'smmu_v3_emu\..*: device is dma coherent'
}

DYNDBG=/sys/kernel/debug/dynamic_debug/control

ktap_print_header
if ! grep -q "^$MODULE " /proc/modules; then
	ktap_skip_all "$MODULE is not a module"
	exit "$KSFT_SKIP"
fi
ktap_set_plan 6

remove_pci_devices
ktap_test_result unload modprobe -r $MODULE
ktap_test_result "no device is in an IOMMU group" no_groups
find_pci_devices
"$DIR"/smmu_gone >/tmp/smmu_gone.out
status=$?
sed 's/^/# /' /tmp/smmu_gone.out
ktap_test_result "DMA without the driver" [ $status -eq 0 ]
[ ! -w $DYNDBG ] || echo 'func of_dma_configure_id +p' >$DYNDBG
before=$(dma_configurations)
ktap_test_result load modprobe $MODULE
if [ ! -w $DYNDBG ] || [ ! -d /sys/firmware/devicetree/base ] ||
   ! ls -d "$AUX"* >/dev/null 2>&1; then
	ktap_test_skip "DMA is configured again: not applicable"
else
	ktap_test_result "DMA is configured again" [ "$(dma_configurations)" -gt "$before" ]
fi
ktap_test_result "devices are in IOMMU groups again" some_groups
echo 1 >/sys/bus/pci/drivers_autoprobe
ktap_finished
