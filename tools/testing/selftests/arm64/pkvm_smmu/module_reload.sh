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

# Drivers hold on to their devices' domains: take them off first
unbind_pci_drivers()
{
	for driver in /sys/bus/pci/devices/*/driver; do
		dev=${driver%/driver}
		case $(readlink -f "$driver") in
		*/pcieport | '') continue ;;
		esac
		echo "${dev##*/}" >"$driver/unbind"
	done
}

no_groups()
{
	[ -z "$(ls /sys/kernel/iommu_groups)" ]
}

some_groups()
{
	[ -n "$(ls /sys/kernel/iommu_groups)" ]
}

ktap_print_header
if ! grep -q "^$MODULE " /proc/modules; then
	ktap_skip_all "$MODULE is not a module"
	exit "$KSFT_SKIP"
fi
ktap_set_plan 5

PKVM_SMMU_EXPECT=${PKVM_SMMU_EXPECT:-native}
grep -qs owned /sys/bus/platform/devices/*/pkvm/state && PKVM_SMMU_EXPECT=protected
export PKVM_SMMU_EXPECT

unbind_pci_drivers
ktap_test_result unload modprobe -r $MODULE
ktap_test_result "no device is in an IOMMU group" no_groups
"$DIR"/smmu_gone >/tmp/smmu_gone.out
status=$?
sed 's/^/# /' /tmp/smmu_gone.out
ktap_test_result "DMA without the driver" [ $status -eq 0 ]
ktap_test_result load modprobe $MODULE
ktap_test_result "devices are in IOMMU groups again" some_groups
ktap_finished
