/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _MODEL_NVHE_PKVM_H
#define _MODEL_NVHE_PKVM_H

/* A protected VM of the model: it only owns pages. */
struct pkvm_hyp_vm;
struct pkvm_hyp_vcpu;

#endif /* _MODEL_NVHE_PKVM_H */
