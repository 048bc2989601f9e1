// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * debugcon.c - the debug port 0x402, to which the guest writes its messages
 *
 * The text is shown at once. The self-check compares it with the library's state. A
 * machine that boots a kernel shows whole lines, and keeps none.
 */
#include <stdlib.h>
#include <string.h>

#include "../vmm.h"

#define DEBUG_PORT	0x402
#define DEBUG_ANSWER	0xe9	/* the firmware detects the port by it */
#define LOG_LIMIT	(8 * MIB)
#define ALL_PLACED	"PCI: init bdf="
#define NOTHING_TO_BOOT	"No bootable device"

static bool is_shown(const struct vmm *vmm)
{
	return !vmm->kernel || (vmm->kernel->verbose && !vmm->kernel->console);
}

/* Without the answer the firmware writes no more, which takes less time. */
static uint8_t log_read(struct platform *p, uint32_t region, uint32_t offset)
{
	(void)region;
	(void)offset;
	return is_shown(p->vmm) ? DEBUG_ANSWER : 0xff;
}

static void show_line(struct debugcon *log, uint8_t value)
{
	if (value != '\n' && log->nr_shown < sizeof(log->shown) - 1) {
		log->shown[log->nr_shown++] = value >= ' ' ? (char)value : ' ';
		return;
	}
	log->shown[log->nr_shown] = '\0';
	if (is_shown(log->platform.vmm)) {
		printf("firmware: %s\n", log->shown);
		fflush(stdout);
	}
	log->nr_shown = 0;
	if (strstr(log->shown, NOTHING_TO_BOOT)) {
		vmm_err("the firmware has not booted the kernel");
		vcpus_end(log->platform.vmm, GUEST_CRASHED);
	}
}

static void log_write(struct platform *p, uint32_t region, uint32_t offset,
		      uint8_t value)
{
	struct debugcon *log = container_of(p, struct debugcon, platform);
	size_t size;
	char *text;

	(void)region;
	(void)offset;
	if (p->vmm->kernel) {
		show_line(log, value);
		return;
	}
	putchar(value);
	if (log->length + 1 >= log->size) {
		size = log->size ? 2 * log->size : 16 * KIB;
		text = size <= LOG_LIMIT ? realloc(log->text, size) : NULL;
		if (!text) {
			if (!p->vmm->failed)
				vmm_err("no memory for the log of the firmware");
			p->vmm->failed = true;
			return;
		}
		log->text = text;
		log->size = size;
	}
	/* A null byte would hide the rest from everything that reads text. */
	log->text[log->length++] = value ? (char)value : ' ';
	log->text[log->length] = '\0';
	if (value != '\n')
		return;
	fflush(stdout);
	if (strstr(log->text + log->line, ALL_PLACED))
		log->placed = true;
	if (strstr(log->text + log->line, log->end))
		log->finished = true;
	log->line = log->length;
}

bool debugcon_check(const struct vmr_snapshot_block *block,
		    const uint8_t *saved, const struct vmr_restore_ctx *ctx)
{
	uint32_t nr_shown;

	(void)block;
	(void)ctx;
	memcpy(&nr_shown, saved, sizeof(nr_shown));
	return nr_shown < sizeof(((struct debugcon *)NULL)->shown);
}

int debugcon_register(struct vmm *vmm)
{
	struct platform *p = &vmm->debugcon.platform;

	vmm->debugcon.end = NOTHING_TO_BOOT;
	platform_init(p, vmm, "debug port");
	p->read8 = log_read;
	p->write8 = log_write;
	if (platform_region(p, VMR_PIO, DEBUG_PORT, 1, "firmware log"))
		return -1;
	return platform_register(p);
}
