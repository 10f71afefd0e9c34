#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# CPUs and the system that go to sleep and come back, under load.
#
# Tried: a CPU goes off-line and comes back, again and again; the system suspends to
# idle and is woken by its clock; it is told to hibernate. Meanwhile disks and
# network are in use and protected VMs come and go.
#
# Must happen: no byte of the I/O is lost; where pKVM runs, hibernation is refused
# and the system goes on.

DIR=$(dirname "$(readlink -f "$0")")
. "$DIR"/../../kselftest/ktap_helpers.sh

CPU=/sys/devices/system/cpu/cpu1/online
CLOCK=/sys/class/rtc/rtc0/wakealarm
LOAD=/tmp/sleep.load

start_load()
{
	"$DIR"/io_under_pvm >$LOAD 2>&1 &
	load=$!
	sleep 1
}

load_is_fine()
{
	wait $load
	status=$?
	[ $status -eq 0 ] || sed 's/^/# /' $LOAD
	return $status
}

cycle_cpu()
{
	for _ in 1 2 3 4 5 6 7 8; do
		echo 0 >$CPU && echo 1 >$CPU || return
	done
}

suspend_to_idle()
{
	# Nothing else wakes it, and an alarm while it falls asleep is lost.
	echo 0 >$CLOCK && echo +20 >$CLOCK || return
	echo freeze >/sys/power/state
}

hibernation_is_refused()
{
	! echo disk 2>/dev/null >/sys/power/state
}

pkvm_runs()
{
	dmesg | grep -q 'Protected .VHE mode init'
}

ktap_print_header
pkvm_runs && tests=5 || tests=4
ktap_set_plan $tests

start_load
ktap_test_result "a CPU goes and comes" cycle_cpu
ktap_test_result "I/O meanwhile" load_is_fine
start_load
ktap_test_result "suspend to idle" suspend_to_idle
ktap_test_result "I/O meanwhile and after" load_is_fine
! pkvm_runs || ktap_test_result "hibernation is refused" hibernation_is_refused
ktap_finished
