/* SPDX-License-Identifier: GPL-2.0-only */
/* The simulated SMMUv3. Numbers are the architecture's: no mask is EL2's own. */
#ifndef _PKVM_SMMU_V3_SMMU_H
#define _PKVM_SMMU_V3_SMMU_H

#include "model.h"

#define NR_STE_CACHE	64
#define NR_L1_CACHE	16
#define NR_TLB		32
#define NR_FETCHES	3
#define NR_FLIGHTS	6
#define NR_PENDING	16
#define NR_AHEAD	4
#define NR_EVENTS	4
#define NR_STALLS	4
#define NR_ECMDQS	8
#define NR_ATC		8
#define NR_ATC_INV	8

struct ste_cache {
	bool valid;
	u32 sid;
	u64 dw[8];
};

struct l1_cache {
	bool valid;
	u32 idx;
	u64 desc;
};

/* An entry of stage 1 and 2 combined is looked up by @va, one of stage 2 by @ipa. */
struct tlb_entry {
	bool valid;
	bool combined;
	/* Size of the leaf of stage 2, all of which is in the cache; 0 for a page. */
	u8 shift;
	u16 vmid;
	u16 asid;
	u64 in;
	u64 pa;
};

/* An STE on its way in, dword by dword. */
struct ste_fetch {
	bool active;
	u32 sid;
	u64 phys;
	u8 missing;
	u64 dw[8];
};

/* A transaction between translation and access. */
struct flight {
	bool active;
	bool write;
	/* An invalidation came by: its translation must not be cached any more. */
	bool doomed;
	u32 sid;
	u64 pa;
	struct tlb_entry tlb;
};

/* A device's access. */
struct dma {
	u32 sid;
	bool ssv;
	bool write;
	bool translated;	/* ATS: says that it has been translated */
	bool fault;		/* the host's stage 1 has no translation */
	bool stall;		/* CD.S */
	u16 asid;
	u64 va;
	u64 ipa;		/* what the host's stage 1 makes of it */
};

enum dma_result { DMA_DONE, DMA_FLYING, DMA_ABORTED, DMA_STALLED };

/* A transaction that waits for the host, its number is the STAG. IHI0070G.b 3.12.2 */
struct stalled {
	bool active;
	bool recorded;		/* in the event queue, or on its way there */
	bool doomed;		/* to be aborted */
	struct dma dma;
};

struct smmu_cmd {
	u64 dw[2];
};

/* What a device has cached: @addr is an IPA, or a physical address by full ATS. */
struct atc_entry {
	bool valid;
	u32 sid;
	u64 va;
	u64 addr;
};

struct smmu_event {
	u64 dw[4];
};

enum { IRQ_GERROR, IRQ_EVTQ, IRQ_PRIQ, NR_IRQS };

/* An interrupt, by wire and as an MSI. */
struct smmu_irq {
	u64 cfg0;
	u32 cfg1, cfg2;
	/* How many MSIs it has written, and what the last one was. */
	u32 msis, data;
};

/* The MSI of the last CMD_SYNC, on its way. */
struct smmu_msi {
	bool active;
	u64 addr;
	u32 data;
};

struct smmu {
	u32 idr[6];
	u32 aidr;
	bool page1_alias;
	/* It snoops the caches of the CPUs, and firmware says so. */
	bool snoops;
	bool coherent;
	u8 picky;
	/* EL2 has taken it over. */
	bool owned;
	/* It has lost its state, and streams bypass it: no device does DMA before that ends. */
	bool lost;
	/* Consumes nothing. */
	bool hang;
	/* Consumes invalidations for nothing, unless they were there before a CMD_SYNC. */
	bool repeat;
	/* See struct machine_cfg. */
	u8 stuck;
	/* The update of a register that it does not acknowledge, nor any later one; from 1. */
	u8 deaf;
	/* The next command fetch aborts. */
	bool abort_next;
	/* A command that it takes for illegal. */
	u8 refuse_op;
	/* An MSI is written as late as it may be. */
	bool hold_msi;
	/* STEs that are being fetched are not fetched any further. */
	bool hold_fetch;
	/* The next MSI aborts, of a CMD_SYNC or of an interrupt. */
	bool abort_msi, abort_irq;
	/* Devices do not answer ATC_INVs: not yet; how often a CMD_SYNC reports that. */
	bool atc_slow;
	u8 atc_silent;
	u8 atc_reports;
	/* It does what is asked for while CMDQ_PROD is written. */
	bool prompt;

	u32 cr0, cr0ack, cr1, cr2, gbpa, irq_ctrl, irq_ctrlack;
	/* GBPA as it is in effect. */
	u32 gbpa_now;
	u32 gerror, gerrorn;
	struct smmu_irq irq[NR_IRQS];
	u64 strtab_base, cmdq_base, evtq_base;
	u32 strtab_cfg, cmdq_prod, cmdq_cons, evtq_prod, evtq_cons;
	u32 gerror_irqs, cmdq_errors;
	u32 idr6, ecmdq_prod[NR_ECMDQS], ecmdq_cons[NR_ECMDQS];
	u64 ecmdq;
	bool scattered, cmdqv;
	u32 cmdqv_config, cmdqv_status;
	u64 consumed;
	/* What was asked of it, by opcode, how often PROD was written and CONS read. */
	u32 ops[256], doorbells, looks;
	/* MSIs that it has written. */
	u32 msis;

	struct ste_cache ste[NR_STE_CACHE];
	struct l1_cache l1[NR_L1_CACHE];
	struct tlb_entry tlb[NR_TLB];
	struct ste_fetch fetch[NR_FETCHES];
	struct flight flight[NR_FLIGHTS];
	struct stalled stalled[NR_STALLS];
	/* How the last one ended that did. */
	enum dma_result unstalled;
	struct smmu_cmd pending[NR_PENDING];
	struct smmu_cmd ahead[NR_AHEAD];
	struct smmu_event event[NR_EVENTS];
	/* Where invalidations have to be repeated: since the last CMD_SYNC, and before. */
	struct smmu_cmd since[NR_PENDING], before[NR_PENDING];
	struct smmu_msi msi;
	struct atc_entry atc[NR_ATC];
	/* Since the last CMD_SYNC. */
	struct smmu_cmd atc_inv[NR_ATC_INV];
	u8 nr_atc_inv;
	u8 nr_pending, nr_ahead, nr_events, nr_since, nr_before;

	/* What EL2 gave to it: must not change any more. */
	u64 el2_pgd;
	u8 el2_ia_bits;
};

extern struct smmu smmus[NR_SMMUS];
extern unsigned int nr_smmus;

#define SMMU_IDX(s)	((unsigned int)((s) - smmus))

/* cache.c: as the SMMU stores, and as the host does to what it maps for the SMMU. */
void hw_store64(const struct smmu *s, u64 phys, u64 val);
bool dma_store64(unsigned int i, u64 phys, u64 val);
bool dma_load64(unsigned int i, u64 phys, u64 *val);

/* smmu-regs.c */
void smmu_reset(struct smmu *s, const struct machine_cfg *cfg);
void smmu_step_regs(struct smmu *s);
/* Firmware has switched it off, and on again. */
void smmu_lose_power(struct smmu *s);
bool smmu_is_on(const struct smmu *s);
bool smmu_dead(const struct smmu *s);
/* Whether commands run in a queue that is not EL2's. */
bool smmu_has_queues(const struct smmu *s);
/* Bytes of the control pages of enhanced queues. */
u64 smmu_ecmdq_size(const struct smmu *s);
/* The VATOS page, or 0. IHI0070G.b 6.3.3 */
u64 smmu_vatos_page(const struct smmu *s);
u32 smmu_sid_bits(const struct smmu *s);

/* smmu-irq.c */
bool smmu_write_irq(struct smmu *s, u32 off, u8 size, u64 val);
void smmu_raise(struct smmu *s, unsigned int n);
/* IRQ_CFG0 of all interrupts, the PRI queue's where there is one. */
void smmu_set_irqs(struct smmu *s, u64 (*value)(void));

/* smmu-cmdq.c */
bool smmu_step_cmdq(struct smmu *s);
void smmu_drop_ahead(struct smmu *s);

/* smmu-ste.c */
enum ste_result { STE_OK, STE_ABORT, STE_BAD, STE_BAD_SID };

enum ste_result smmu_get_ste(struct smmu *s, u32 sid, u64 *dw);
void smmu_prefetch_ste(struct smmu *s, u32 sid);
bool smmu_step_fetch(struct smmu *s);
void smmu_inv_ste(struct smmu *s, u32 sid, u32 n);
void judge_ste(struct smmu *s, u32 sid, const u64 *dw);
bool smmu_ste_phys(struct smmu *s, u32 sid, bool use_cache, u64 *phys);

/* smmu-dma.c */
enum dma_result smmu_dma(struct smmu *s, const struct dma *dma, bool fly);
/* An ATS translation request. Returns whether the device has got a translation. */
bool smmu_ats_request(struct smmu *s, const struct dma *dma);
/* A device uses a translation that it has cached, whatever became of that since. */
enum dma_result smmu_ats_use(struct smmu *s, unsigned int n, bool write, bool fly);
void smmu_inv_atc(struct smmu *s, const struct smmu_cmd *cmd);
bool smmu_step_flight(struct smmu *s);
void smmu_finish_flights(struct smmu *s);
/* CMD_RESUME, CMD_STALL_TERM. */
void smmu_resume(struct smmu *s, u32 sid, u16 stag, bool retry);
void smmu_stall_term(struct smmu *s, u32 sid);
bool smmu_step_stall(struct smmu *s);
/*
 * Stage 2 as the SMMU would walk it for an STE. Bit n of @late: what is loaded at level n
 * is what was there before the last barrier. Returns false if that is a fault.
 */
bool smmu_walk(struct smmu *s, const u64 *ste, u64 ipa, u8 late, u64 *pa);
/* Whether an entry of the cache translates to a page. */
bool tlb_reaches(const struct tlb_entry *e, u64 phys);
void smmu_inv_tlb(struct smmu *s, const struct smmu_cmd *cmd);
bool smmu_step_event(struct smmu *s);
void smmu_event(struct smmu *s, u8 id, u32 sid, u64 addr);

/* All of it: one step of its own. */
bool smmu_step(struct smmu *s);

#endif /* _PKVM_SMMU_V3_SMMU_H */
