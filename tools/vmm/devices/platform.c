// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * platform.c - devices with fixed addresses and byte-wide registers
 *
 * A wider access is taken as accesses to consecutive bytes, and string I/O as
 * the same again, which is what an ISA bus makes of them.
 */
#include <string.h>

#include "../vmm.h"

static void platform_read(struct vmr_device *dev,
			  const struct vmr_access *access, void *data)
{
	struct platform *p = container_of(dev, struct platform, dev);
	uint8_t *byte = data;
	uint32_t n, i;

	pthread_mutex_lock(&p->lock);
	for (n = 0; n < access->count; n++)
		for (i = 0; i < access->width; i++)
			*byte++ = p->read8(p, access->region->index,
					   (uint32_t)access->offset + i);
	pthread_mutex_unlock(&p->lock);
}

static void platform_write(struct vmr_device *dev,
			   const struct vmr_access *access, const void *data)
{
	struct platform *p = container_of(dev, struct platform, dev);
	const uint8_t *byte = data;
	uint32_t n, i;

	pthread_mutex_lock(&p->lock);
	for (n = 0; n < access->count; n++)
		for (i = 0; i < access->width; i++)
			p->write8(p, access->region->index,
				  (uint32_t)access->offset + i, *byte++);
	pthread_mutex_unlock(&p->lock);
}

static const struct vmr_device_ops platform_ops = {
	.read	= platform_read,
	.write	= platform_write,
};

void platform_init(struct platform *p, struct vmm *vmm, const char *name)
{
	p->dev.ops = &platform_ops;
	p->dev.name = name;
	p->dev.constraints = p->constraints;
	p->vmm = vmm;
	pthread_mutex_init(&p->lock, NULL);
	vmr_resource_set_init(&p->dev.resources, p->resources,
			      ARRAY_SIZE(p->resources));
}

/* The number of the region in callbacks is the number of calls before. */
int platform_region(struct platform *p, enum vmr_io io, uint64_t start,
		    uint64_t size, const char *tag)
{
	struct vmr_region *region = &p->regions[p->nr_regions];
	int err;

	vmr_region_init(region, io, VMR_REGION_TRAPPED, size, p->nr_regions,
			tag);
	err = vmr_device_add_region(&p->dev, region);
	if (err) {
		vmm_err("%s: %s: %s", p->dev.name, tag, vmr_strerror(err));
		return err;
	}
	vmr_constraint_init_fixed(&p->constraints[p->dev.nr_constraints++],
				  io == VMR_PIO ? VMR_KIND_PIO : VMR_KIND_MMIO,
				  start, size, &region->range);
	p->nr_regions++;
	return 0;
}

/*
 * Registers that a PC has at a port. A machine without ports has them at any address
 * in memory.
 */
int platform_port(struct platform *p, uint64_t port, uint64_t size,
		  const char *tag)
{
	struct vmr_constraint *c;
	int err;

	if (!p->vmm->kernel || board.has_ports)
		return platform_region(p, VMR_PIO, port, size, tag);
	err = platform_region(p, VMR_MMIO, 0, size, tag);
	if (err)
		return err;
	c = &p->constraints[p->dev.nr_constraints - 1];
	vmr_constraint_init(c, VMR_KIND_MMIO, size, c->range);
	c->flags |= VMR_PLATFORM;
	return 0;
}

/* The interrupt line that a PC has for the device, or any line of another machine */
void platform_line(struct platform *p, uint32_t irq)
{
	if (!p->vmm->kernel || board.has_ports)
		platform_irq(p, irq);
	else
		vmr_constraint_init(&p->constraints[p->dev.nr_constraints++],
				    VMR_KIND_IRQ, 1, &p->irq);
}

void platform_irq(struct platform *p, uint32_t irq)
{
	vmr_constraint_init_fixed(&p->constraints[p->dev.nr_constraints++],
				  VMR_KIND_IRQ, irq, 1, &p->irq);
}

/* Load the saved registers of a device of @size bytes, which begins with a platform */
void platform_load(void *state, size_t size, const uint8_t *saved)
{
	memcpy((char *)state + sizeof(struct platform), saved,
	       size - sizeof(struct platform));
}

/* Whether a loaded byte is a bool, of which only 0 and 1 may be read as one */
bool is_bool(const bool *value)
{
	uint8_t byte;

	memcpy(&byte, value, 1);
	return byte <= 1;
}

int platform_register(struct platform *p)
{
	return vmm_register(p->vmm, &p->dev);
}
