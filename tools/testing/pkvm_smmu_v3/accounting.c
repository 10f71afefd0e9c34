// SPDX-License-Identifier: GPL-2.0-only
/*
 * Print what the rules for an emulated SMMUv3 let a host do, so that it can be
 * compared with the tables of Documentation/virt/kvm/arm/pkvm-smmu-v3.rst:
 *
 *	reg NAME OFFSET GUARD=MASK...	bits that the host may set
 *	id NAME MASK			bits of an ID register that are offered
 *	cmd OPCODE ALLOW0 ALLOW1 RIL0 RIL1
 *					bits of a command; RIL: more with IDR3.RIL
 *	ste DWORD BIT CLASS		what becomes of a bit of a stage 1 STE
 *
 * Bits of an STE are classified by trying them, the rest is the tables themselves.
 */
#include <stdio.h>

/* The rows of both tables are not for others to use. */
#include "../../../drivers/iommu/arm/arm-smmu-v3/pkvm/emu/ids.c"
#include "../../../drivers/iommu/arm/arm-smmu-v3/pkvm/emu/regs.c"
#include "../../../drivers/iommu/arm/arm-smmu-v3/pkvm/emu/cmd.c"
#include "../../../drivers/iommu/arm/arm-smmu-v3/pkvm/emu/ste.c"

static const char * const guards[] = {
	[SMMU_GUARD_NONE]	= "always",
	[SMMU_GUARD_SMMUEN]	= "SMMUEN",
	[SMMU_GUARD_CMDQEN]	= "CMDQEN",
	[SMMU_GUARD_EVTQEN]	= "EVENTQEN",
	[SMMU_GUARD_QUEUES]	= "CMDQEN,EVENTQEN,PRIQEN",
	[SMMU_GUARD_GERROR_IRQEN] = "GERROR_IRQEN",
	[SMMU_GUARD_EVTQ_IRQEN]	= "EVENTQ_IRQEN",
};

static void print_regs(void)
{
	const struct pkvm_smmu_reg *reg = pkvm_smmu_regs_table;
	unsigned int i, j;

	for (i = 0; i < pkvm_smmu_regs_table_len; i++, reg++) {
		printf("reg %#x %u", reg->offset, reg->width);
		for (j = 0; j < ARRAY_SIZE(reg->field); j++) {
			if (reg->field[j].mask)
				printf(" %s=%#llx", guards[reg->field[j].guard],
				       (unsigned long long)reg->field[j].mask);
		}
		printf(" # %s\n", reg->name);
	}
}

static void print_cmds(const struct pkvm_smmu_caps *caps)
{
	struct pkvm_smmu_caps less = *caps;
	unsigned int op;

	less.ids.idr[3] &= ~IDR3_RIL;
	pkvm_smmu_init_cmds(&less);
	for (op = 0; op < SMMU_EMU_NR_OPS; op++) {
		const u64 *all = caps->cmd[pkvm_smmu_cmd_rows[op]].refuse;
		const u64 *base = less.cmd[pkvm_smmu_cmd_rows[op]].refuse;

		if (pkvm_smmu_cmd_rows[op])
			printf("cmd %#x %#llx %#llx %#llx %#llx\n", op,
			       (unsigned long long)~base[0] & ~CMDQ_0_OP,
			       (unsigned long long)~base[1],
			       (unsigned long long)(base[0] & ~all[0]),
			       (unsigned long long)(base[1] & ~all[1]));
	}
}

/* An SMMU with every feature, which is 0 for stalls, and what of it is offered. */
static struct pkvm_smmu_caps everything(void)
{
	/* NS1ATS is that a feature is missing. */
	struct pkvm_smmu_ids hw = { { ~0U ^ IDR0_NS1ATS, ~0U, ~0U, ~0U, ~0U, ~0U }, ~0U, ~0U };
	struct pkvm_smmu_caps caps = {};

	hw.idr[0] &= ~IDR0_STALL_MODEL;
	pkvm_smmu_init_caps(&caps, &hw);
	pkvm_smmu_init_cmds(&caps);
	pkvm_smmu_s2_ste(&caps, 0x40000000, 40, 1, &hw);
	return caps;
}

static void print_ids(const struct pkvm_smmu_caps *caps)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(caps->ids.idr); i++)
		printf("id IDR%u %#x\n", i, caps->ids.idr[i]);
	printf("id IIDR %#x\nid AIDR %#x\n", caps->ids.iidr, caps->ids.aidr);
}

static const char *classify(const struct pkvm_smmu_caps *caps, unsigned int dword, u64 bit)
{
	struct arm_smmu_ste host = {}, clear, set;

	/* Substreams, so that the fields that need them have a meaning. */
	host.data[0] = cpu_to_le64(STRTAB_STE_0_V |
				   FIELD_PREP(STRTAB_STE_0_CFG, STRTAB_STE_0_CFG_S1_TRANS));
	if (!dword && (bit & STRTAB_STE_0_S1FMT))
		host.data[0] |= cpu_to_le64(FIELD_PREP(STRTAB_STE_0_S1CDMAX, 1));
	if (!dword && (bit & (STRTAB_STE_0_V | STRTAB_STE_0_CFG)))
		return bit & STRTAB_STE_0_V ? "copied" : "mapped";

	pkvm_smmu_make_ste(caps, &host, &clear);
	host.data[dword] |= cpu_to_le64(bit);
	if (!pkvm_smmu_make_ste(caps, &host, &set))
		return "refused";
	if (!memcmp(&set, &clear, sizeof(set)))
		return "ignored";
	return set.data[dword] == (clear.data[dword] | cpu_to_le64(bit)) ? "copied" : "mapped";
}

static void print_stes(const struct pkvm_smmu_caps *caps)
{
	unsigned int dword, bit;

	for (dword = 0; dword < STRTAB_STE_DWORDS; dword++) {
		for (bit = 0; bit < 64; bit++)
			printf("ste %u %u %s\n", dword, bit,
			       classify(caps, dword, 1ULL << bit));
	}
}

int main(void)
{
	struct pkvm_smmu_caps caps = everything();

	print_regs();
	print_ids(&caps);
	print_cmds(&caps);
	print_stes(&caps);
	return 0;
}
