#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# The hypervisor's trace events show what the host does to an emulated SMMU: a
# read of a disk makes its driver issue commands, so that there are writes to
# CMDQ_PROD, and commands among which is a CMD_SYNC.

DIR=$(dirname "$(readlink -f "$0")")
. "$DIR"/../../kselftest/ktap_helpers.sh

TRACING=/sys/kernel/tracing/remotes/hypervisor
EVENTS=$TRACING/events/hypervisor
DISK=/dev/nvme0n1
OUT=/tmp/trace_events.out

read_disk()
{
	dd if=$DISK of=/dev/null bs=4k count=64 iflag=direct 2>/dev/null
}

ktap_print_header
if [ "$PKVM_SMMU_EXPECT" != protected ]; then
	ktap_skip_all "not applicable: no SMMU is emulated"
	exit "$KSFT_SKIP"
fi
ktap_set_plan 3

ktap_test_result "the events exist" \
	[ -e $EVENTS/smmu_v3_access/enable -a -e $EVENTS/smmu_v3_cmd/enable ]

echo 1 >$EVENTS/smmu_v3_access/enable
echo 1 >$EVENTS/smmu_v3_cmd/enable
echo 1 >$TRACING/tracing_on
read_disk
echo 0 >$TRACING/tracing_on
cat $TRACING/trace >$OUT
echo 0 >$EVENTS/smmu_v3_access/enable
echo 0 >$EVENTS/smmu_v3_cmd/enable

# CMDQ_PROD is at 0x98, the opcode of CMD_SYNC is 0x46
ktap_test_result "an access to CMDQ_PROD" \
	grep -q "smmu_v3_access.* addr=[0-9a-f]*098 size=4 write=1" $OUT
ktap_test_result "a CMD_SYNC" grep -q "smmu_v3_cmd.* cmd=[0-9a-f]*46:.* legal=1" $OUT
ktap_finished
