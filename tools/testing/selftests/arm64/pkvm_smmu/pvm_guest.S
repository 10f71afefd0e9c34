/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Runs in the protected VM with the MMU off.
 *   x0 first data page, x1 doorbell, x2 secret, x3 number of pages, x4 page size
 * A store to the doorbell, which no memory backs, exits to user space.
 */
	.section .rodata
	.globl	pvm_guest_start, pvm_guest_end
	.balign	8
pvm_guest_start:
	mov	x5, x0
	mov	x6, x3
1:	stp	x2, x2, [x5]
	stp	x2, x2, [x5, #16]
	stp	x2, x2, [x5, #32]
	stp	x2, x2, [x5, #48]
	add	x5, x5, x4
	subs	x6, x6, #1
	b.ne	1b
2:	ldr	x7, [x0]
	str	x7, [x1]
	b	2b
pvm_guest_end:
	.section .note.GNU-stack, "", %progbits
