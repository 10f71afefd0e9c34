/* SPDX-License-Identifier: GPL-2.0-only */
#define cpu_reg(ctxt, r)	((ctxt)->regs.regs[r])
