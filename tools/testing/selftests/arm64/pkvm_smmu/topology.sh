#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# What sysfs shows of each SMMUv3.
#
# Owned by the hypervisor: the platform device says so and keeps a driver; an
# auxiliary device below it stands for the emulated SMMU, has the SMMU's driver
# bound, and is what the IOMMU class points to. Native: the SMMU's driver is
# bound to the platform device, no auxiliary device exists, and where pKVM runs
# nevertheless, sysfs and the kernel log say why DMA is not isolated.
#
# $PKVM_SMMU_EXPECT, "protected" or "native", says which of the two must be, or
# "mixed" that there are both, each as its state says;
# $PKVM_SMMU_REASON, if set, is a pattern that the reason must match.

DIR=$(dirname "$(readlink -f "$0")")
. "$DIR"/../../kselftest/ktap_helpers.sh

PLATFORM=/sys/bus/platform/devices
AUXILIARY=/sys/bus/auxiliary/devices

# Name of the driver that is bound to device $1, or nothing
driver_of()
{
	[ -e "$1/driver" ] && basename "$(readlink -f "$1/driver")"
}

# The test "$1" passes if the rest succeeds as a command
check()
{
	name=$1
	shift
	if "$@"; then
		ktap_test_pass "$name"
	else
		ktap_test_fail "$name"
	fi
}

# By devicetree or by the IORT
smmus()
{
	for dev in "$PLATFORM"/*; do
		case $(cat "$dev/modalias") in
		platform:arm-smmu-v3 | of:*Carm,smmu-v3 | of:*Carm,smmu-v3C*)
			basename "$dev" ;;
		esac
	done
}

aux_of()
{
	for dev in "$AUXILIARY"/protected_kvm.smmu_v3_emu.*; do
		case $(readlink -f "$dev") in
		*/"$1"/*) echo "$dev" ;;
		esac
	done
}

# IOMMU class device of the SMMU $1 belongs to a device whose path matches $2
iommu_on()
{
	for class in /sys/class/iommu/*; do
		# shellcheck disable=SC2254 # $2 is a pattern
		case $(readlink -f "$class/device") in
		$2) return 0 ;;
		esac
	done
	ktap_print_msg "no IOMMU of $1 is registered at $2"
	return 1
}

state_is()
{
	[ "$(cat "$PLATFORM/$1/pkvm/state")" = "$2" ]
}

one_line()
{
	[ "$(echo "$1" | grep -c .)" -eq 1 ]
}

has_other_driver()
{
	case $(driver_of "$PLATFORM/$1") in
	"" | arm-smmu-v3) return 1 ;;
	esac
}

has_smmu_driver()
{
	case $(driver_of "$1") in
	*arm-smmu-v3-emu) ;;
	*) return 1 ;;
	esac
}

protected_tests()
{
	aux=$(aux_of "$1")
	check "$1 is owned" state_is "$1" owned
	check "$1 keeps a driver that is not the SMMU's" has_other_driver "$1"
	check "$1 has one auxiliary device" one_line "$aux"
	check "$1 the SMMU's driver is bound to that" has_smmu_driver "$aux"
	check "$1 the IOMMU is registered on that" iommu_on "$1" "*/$1/protected_kvm.smmu_v3_emu.*"
}

reason_matches()
{
	reason=$(cat "$PLATFORM/$1/pkvm/reason")
	ktap_print_msg "$1: $reason"
	echo "$reason" | grep -q "${PKVM_SMMU_REASON:-.}"
}

native_tests()
{
	check "$1 the SMMU's driver is bound" [ "$(driver_of "$PLATFORM/$1")" = arm-smmu-v3 ]
	check "$1 has no auxiliary device" [ -z "$(aux_of "$1")" ]
	check "$1 the IOMMU is registered on it" iommu_on "$1" "*/$1"

	if [ ! -d "$PLATFORM/$1/pkvm" ]; then
		check "$1 pKVM does not run" sh -c "! dmesg | grep -q 'Protected .VHE mode init'"
		return
	fi
	check "$1 is native" state_is "$1" native
	check "$1 has a reason" reason_matches "$1"
	check "$1 the log warns" sh -c "dmesg | grep -qi 'not isolated'"
}

if [ -z "$PKVM_SMMU_EXPECT" ]; then
	PKVM_SMMU_EXPECT=native
	grep -qs owned "$PLATFORM"/*/pkvm/state && PKVM_SMMU_EXPECT=protected
fi

ktap_print_header
if [ -z "$(smmus)" ]; then
	ktap_skip_all "no SMMUv3 in this machine"
	exit "$KSFT_SKIP"
fi

# What must be of the SMMU $1
expected()
{
	[ "$PKVM_SMMU_EXPECT" = mixed ] || { echo "$PKVM_SMMU_EXPECT"; return; }
	state_is "$1" owned && echo protected || echo native
}

has_both()
{
	grep -q owned "$PLATFORM"/*/pkvm/state && grep -q native "$PLATFORM"/*/pkvm/state
}

tests=0
[ "$PKVM_SMMU_EXPECT" != mixed ] || tests=1
for smmu in $(smmus); do
	case $(expected "$smmu") in
	protected) tests=$((tests + 5)) ;;
	native) [ -d "$PLATFORM/$smmu/pkvm" ] && tests=$((tests + 6)) || tests=$((tests + 4)) ;;
	esac
done
ktap_set_plan $tests

[ "$PKVM_SMMU_EXPECT" != mixed ] || check "some SMMUs are owned, some native" has_both
for smmu in $(smmus); do
	"$(expected "$smmu")_tests" "$smmu"
done
ktap_finished
