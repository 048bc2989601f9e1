// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * image.c - put a Linux kernel for arm64 into memory
 *
 * The offsets are those of the header that the kernel's documentation of booting
 * arm64 lists. The initrd and the device tree follow the kernel.
 */
#include <endian.h>
#include <string.h>

#include "../../vmm.h"

#define HEADER_SIZE	64
#define TEXT_OFFSET	8
#define IMAGE_SIZE	16
#define FLAGS		24
#define MAGIC		56

#define FLAG_BIG_ENDIAN	1
#define KERNEL_ALIGN	(2 * MIB)
#define INITRD_ALIGN	(4 * KIB)

static uint64_t get64(const uint8_t *bytes)
{
	uint64_t value;

	memcpy(&value, bytes, sizeof(value));
	return le64toh(value);
}

const char *kernel_fault(const struct kernel *kernel)
{
	const uint8_t *image = kernel->image;

	if (kernel->image_size < HEADER_SIZE || memcmp(image + MAGIC, "ARM\x64", 4))
		return "it is no uncompressed Image for arm64";
	if (!get64(image + IMAGE_SIZE))
		return "it is older than Linux 3.17";
	if (get64(image + FLAGS) & FLAG_BIG_ENDIAN)
		return "it is big-endian";
	return NULL;
}

int kernel_load(struct vmm *vmm, struct kernel_start *start)
{
	const struct kernel *kernel = vmm->kernel;
	const uint8_t *image = kernel->image;
	uint64_t ram = vmm->ram.regions[0].range.start, end;

	start->entry = (ram + KERNEL_ALIGN - 1) / KERNEL_ALIGN * KERNEL_ALIGN +
		       get64(image + TEXT_OFFSET);
	end = start->entry + get64(image + IMAGE_SIZE);
	start->initrd = (end + INITRD_ALIGN - 1) / INITRD_ALIGN * INITRD_ALIGN;
	if (!ram_at(vmm, start->entry, get64(image + IMAGE_SIZE)) ||
	    ram_load(vmm, start->entry, image, kernel->image_size)) {
		vmm_err("kernel: it needs more memory");
		return -1;
	}
	if (kernel->initrd && ram_load(vmm, start->initrd, kernel->initrd,
				       kernel->initrd_size)) {
		vmm_err("initrd: it needs more memory");
		return -1;
	}
	return 0;
}

/* The options of the program have refused it before. */
int firmware_begin(struct vmm *vmm)
{
	(void)vmm;
	return -1;
}

bool firmware_restored(struct vmm *vmm)
{
	(void)vmm;
	return false;
}
