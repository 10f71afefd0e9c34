/* SPDX-License-Identifier: GPL-2.0-only */
/* Locks that know their owner and their place in the order of locks. */
#ifndef _MODEL_NVHE_SPINLOCK_H
#define _MODEL_NVHE_SPINLOCK_H

#include <linux/types.h>

struct model_lock {
	u8 owner;	/* CPU + 1, 0 while free */
	u8 rank;	/* enum model_rank */
};

#define hyp_spinlock_t	struct model_lock

void model_lock_init(hyp_spinlock_t *lock, const char *name);
void hyp_spin_lock(hyp_spinlock_t *lock);
void hyp_spin_unlock(hyp_spinlock_t *lock);
void hyp_assert_lock_held(hyp_spinlock_t *lock);

#define hyp_spin_lock_init(l)	model_lock_init(l, #l)

#endif /* _MODEL_NVHE_SPINLOCK_H */
