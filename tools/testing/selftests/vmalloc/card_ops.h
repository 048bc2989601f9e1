/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * card_ops.h - the callbacks of PCI functions in the machine of machine.h
 */
#ifndef VMR_TEST_CARD_OPS_H
#define VMR_TEST_CARD_OPS_H

#include "machine.h"

#define DECODE_IO	0x1u
#define DECODE_MEM	0x2u

static inline void card_read(struct vmr_device *dev,
			     const struct vmr_access *access, void *data)
{
	access_record(dev, access, 0);
	answer(access, data);
}

static inline void card_write(struct vmr_device *dev,
			      const struct vmr_access *access,
			      const void *data)
{
	(void)data;
	access_record(dev, access, 1);
}

static int card_refuses;

static inline int card_set_resources(struct vmr_device *dev,
				     const struct vmr_resource_set *set)
{
	(void)dev;
	(void)set;
	return card_refuses;
}

static const struct vmr_device_ops card_ops = {
	.read = card_read,
	.write = card_write,
	.set_resources = card_set_resources,
};

#endif /* VMR_TEST_CARD_OPS_H */
