/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Attacks by DMA. Each must succeed without the hypervisor's isolation, or it proves
 * nothing, and must be stopped with it. Each prints one line for people and scripts:
 *   # attack: DEVICE | DOMAIN | TARGET | read or write | REACHED or stopped | EVENT
 */
#ifndef PKVM_SMMU_ATTACK_H
#define PKVM_SMMU_ATTACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "port.h"

bool attack_read(struct port *port, const char *target, uint64_t addr, uint32_t secret);
bool attack_probe(struct port *port, const char *target, uint64_t addr, size_t len);
bool attack_write_back(struct port *port, const char *target, uint64_t addr);
bool attack_write(struct port *port, const char *target, uint64_t addr,
		  uint32_t (*observe)(void *data), void *data);

/* The device copies @va's page in and out: a DMA that must always work. */
bool dma_works(struct port *port, void *va);

/* dma_works() with the address that port_map_user() returned for @va. */
bool dma_works_at(struct port *port, uint64_t addr, void *va);

#endif
