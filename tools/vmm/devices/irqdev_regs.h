/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * irqdev_regs.h - the registers of the functions that raise interrupts
 *
 * The VMM has them in BAR 0, and the guest program includes this file too.
 */
#ifndef IRQDEV_REGS_H
#define IRQDEV_REGS_H

#define IRQDEV_VENDOR	0xfffd

/* Device ids */
#define IRQDEV_MSIX	0x0101	/* function 0 of the card: four MSI-X vectors */
#define IRQDEV_MSI	0x0102	/* function 1: four MSI vectors with mask bits */
#define IRQDEV_PIN	0x0103	/* function 2: its pin, and power management */
#define IRQDEV_BEHIND	0x0104	/* behind the PCI bridge */
#define IRQDEV_FAR	0x0105	/* below the second host bridge */
#define IRQDEV_FARTHER	0x0106	/* behind a bridge below that */

#define NR_IRQDEVS	6

/* Registers of 32 bits */
#define IRQDEV_ID	0x00	/* IRQDEV_MAGIC, and the device id */
#define IRQDEV_NOTIFY	0x04	/* write: raise a vector; read: the result */
#define IRQDEV_LEVEL	0x08	/* of the interrupt pin */
#define IRQDEV_COUNT	0x0c	/* messages that were sent, and of the last one: */
#define IRQDEV_VECTOR	0x10
#define IRQDEV_ADDRESS	0x14
#define IRQDEV_DATA	0x18
#define IRQDEV_LINES	0x1c	/* a bit for each line of the machine that is high */
#define IRQDEV_RESETS	0x20	/* of this function */
#define IRQDEV_RESTORE	0x24	/* write: save the machine and restore it elsewhere */
#define IRQDEV_TABLE	0x1000	/* of MSI-X */
#define IRQDEV_PENDING	0x1800	/* its pending bits */
#define IRQDEV_SIZE	0x2000

#define IRQDEV_MAGIC	0x49520000

/* The result of raising a vector */
#define IRQDEV_SENT	0
#define IRQDEV_WAITS	1
#define IRQDEV_OFF	2
#define IRQDEV_NONE	3

/* A capability at 0x100, where only ECAM reaches */
#define IRQDEV_EXT_ID	0x000b
#define IRQDEV_EXT_DATA	0x35333531

/* The card with virtual functions, 80:03.0, and what its memory reads */
#define IRQDEV_NR_VFS	8
#define IRQDEV_PF_BYTE	0x50
#define IRQDEV_VF_BYTE	0x60	/* and the number of the VF */

#endif /* IRQDEV_REGS_H */
