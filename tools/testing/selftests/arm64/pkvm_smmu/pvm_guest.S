/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Runs in the protected VM with the MMU off.
 *   x0 first data page, x1 doorbell, x2 secret, x3 number of pages, x4 page size,
 *   x5 how often the first page is shared with the host, and unshared, before a report
 * A store to the doorbell, which no memory backs, exits to user space.
 */
#define MEM_SHARE	0xc6000003
#define MEM_UNSHARE	0xc6000004

	.macro	hypercall, id, arg
	ldr	x0, =\id
	mov	x1, \arg
	mov	x2, #0
	mov	x3, #0
	hvc	#0
	.endm

	.section .rodata
	.globl	pvm_guest_start, pvm_guest_end
	.balign	8
pvm_guest_start:
	mov	x19, x0
	mov	x20, x1
	mov	x21, x5
	mov	x5, x0
	mov	x6, x3
1:	stp	x2, x2, [x5]
	stp	x2, x2, [x5, #16]
	stp	x2, x2, [x5, #32]
	stp	x2, x2, [x5, #48]
	add	x5, x5, x4
	subs	x6, x6, #1
	b.ne	1b
2:	ldr	x7, [x19]
3:	str	x7, [x20]
	cbz	x21, 2b
	mov	x22, x21
4:	hypercall MEM_SHARE, x19
	mov	x7, x0
	cbnz	x7, 3b
	hypercall MEM_UNSHARE, x19
	mov	x7, x0
	cbnz	x7, 3b
	subs	x22, x22, #1
	b.ne	4b
	b	2b
	.ltorg
pvm_guest_end:
	.section .note.GNU-stack, "", %progbits
