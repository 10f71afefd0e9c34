#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# A disk that is taken away while it is read, by the kernel and by QEMU, and comes
# back. It is the NVMe with the serial number "hot", at a root port.

. /kselftest/kselftest/ktap_helpers.sh

controller()
{
	grep -l '^hot *$' /sys/class/nvme/*/serial 2>/dev/null | sed 's|/serial||'
}

disk()
{
	[ -n "$(controller)" ] && basename "$(controller)"/nvme*n1
}

is_there()
{
	[ -b "/dev/$(disk)" ]
}

is_gone()
{
	[ -z "$(controller)" ]
}

wait_until()
{
	for _ in $(seq 120); do
		"$1" && return
		sleep .5
	done
	return 1
}

# Until the disk is gone
start_reading()
{
	dev=/dev/$(disk)
	while dd if="$dev" of=/dev/null bs=64k count=64 iflag=direct 2>/dev/null; do :; done &
	sleep 1
}

writes_arrive()
{
	dev=/dev/$(disk)
	dd if=/dev/urandom of=/tmp/out bs=64k count=16 2>/dev/null &&
	dd if=/tmp/out of="$dev" bs=64k oflag=direct 2>/dev/null &&
	dd if="$dev" of=/tmp/in bs=64k count=16 iflag=direct 2>/dev/null &&
	cmp /tmp/in /tmp/out
}

remove_and_find()
{
	start_reading
	echo 1 >"$(controller)/device/remove"
	wait_until is_gone && echo 1 >/sys/bus/pci/rescan && wait_until is_there
}

# QEMU's port does not wake up from the sleep that an empty one falls into.
keep_port_awake()
{
	echo on >"$(controller)/device/../power/control"
}

unplug_and_plug()
{
	keep_port_awake && start_reading
	echo "# qemu: device_del hot"
	wait_until is_gone && sleep 2 &&
	echo "# qemu: device_add nvme,id=hot,serial=hot,drive=hot,bus=port3" &&
	wait_until is_there
}

ktap_print_header
ktap_set_plan 5
ktap_test_result "the disk works" writes_arrive
ktap_test_result "the kernel removes and finds it" remove_and_find
ktap_test_result "it works again" writes_arrive
ktap_test_result "QEMU unplugs and plugs it" unplug_and_plug
ktap_test_result "it works again after that" writes_arrive
ktap_finished
