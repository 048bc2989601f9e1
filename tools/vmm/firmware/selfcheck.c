// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * selfcheck.c - compare the firmware's log with the dispatch of the library
 *
 * The firmware's log has a line for each BAR that it placed. A reader of the check
 * reads the first and the last byte of each BAR, and compares the probe with the
 * line. Lines without a BAR and BARs without a line are faults too.
 */
#include <string.h>

#include "../vmm.h"

#define PCI_COMMAND	0x04
#define PCI_DECODE	0x3		/* ports and memory */
#define PCI_ROM		0x30
#define ROM_ENABLE	0x1
#define FIRMWARE_PAGE	(4 * KIB)	/* least that it gives a memory BAR */

/* A line of the firmware's log */
struct mapping {
	uint32_t		address;
	unsigned int		bar;
	unsigned long long	start;
	unsigned long long	size;
	char			kind[8];
};

/* The next such line from @text on, or NULL. */
static const char *next_mapping(const char *text, struct mapping *m)
{
	static const char mark[] = "PCI: map device ";
	unsigned int bus, dev, fn;

	while ((text = strstr(text, mark))) {
		text += sizeof(mark) - 1;
		if (sscanf(text,
			   "bdf=%x:%x.%x bar %u, addr %llx, size %llx [%7[a-z]",
			   &bus, &dev, &fn, &m->bar, &m->start, &m->size,
			   m->kind) == 7) {
			m->address = VMR_PCI_BDF(bus, dev, fn);
			return text;
		}
	}
	return NULL;
}

/* Find the last line of the log about a BAR. Return: false if there is none */
static bool find_mapping(const char *log, uint32_t address, unsigned int bar,
			 struct mapping *found)
{
	struct mapping m;
	bool any = false;

	while ((log = next_mapping(log, &m))) {
		if (m.address != address || m.bar != bar)
			continue;
		*found = m;
		any = true;
	}
	return any;
}

/*
 * A BAR behind a bridge is reached through a window of the bridge's, so it must
 * be gone while the bridge decodes nothing, though none of its own registers has
 * changed.
 */
static const char *check_window(struct vmm_cpu *cpu, struct testdev *testdev,
				unsigned int bar, const struct mapping *m)
{
	struct vmr_region *region = &testdev->fn.bars[bar].region;
	uint32_t bridge = vmr_pci_function_address(&testdev->fn.upstream_bridge->fn);
	uint32_t command = config_read(cpu, bridge, PCI_COMMAND);
	const char *fault;

	config_write(cpu, command & ~PCI_DECODE);
	fault = probe_expect_unmapped(cpu, (enum vmr_io)region->io, m->start);
	config_read(cpu, bridge, PCI_COMMAND);
	config_write(cpu, command);
	return fault ? fault : probe_expect_mapped(cpu, testdev, bar, m->start);
}

static const char *check_bar(struct vmm_cpu *cpu, struct testdev *testdev,
			     unsigned int bar, const struct mapping *m)
{
	const struct vmr_pci_bar *desc = &testdev->fn.bars[bar];
	uint64_t size = desc->region.size;
	const char *kind = "mem";
	const char *fault;
	uint32_t rom;

	if (desc->type == VMR_PCI_BAR_IO)
		kind = "io";
	else if (desc->prefetchable)
		kind = "prefmem";
	if (desc->type != VMR_PCI_BAR_IO && size < FIRMWARE_PAGE)
		size = FIRMWARE_PAGE;
	if (strcmp(m->kind, kind))
		return "the firmware took it for another kind";
	if (m->size != size)
		return "the firmware found another size";
	if (bar != VMR_PCI_ROM) {
		fault = probe_expect_mapped(cpu, testdev, bar, m->start);
		if (!fault && testdev->fn.upstream_bridge)
			fault = check_window(cpu, testdev, bar, m);
		return fault;
	}

	/* The firmware switches ROMs off when it is done; a driver on again. */
	rom = config_read(cpu, m->address, PCI_ROM);
	config_write(cpu, rom | ROM_ENABLE);
	fault = probe_expect_mapped(cpu, testdev, bar, m->start);
	config_write(cpu, rom);
	return fault;
}

static unsigned int check_testdev(struct vmm *vmm, struct testdev *testdev)
{
	const char *log = vmm->debugcon.text ? vmm->debugcon.text : "";
	uint32_t address = vmr_pci_function_address(&testdev->fn);
	unsigned int bar, programmed = 0;
	const char *fault;
	struct mapping m;

	for (bar = 0; bar < VMR_PCI_NR_BARS; bar++) {
		if (testdev->fn.bars[bar].type == VMR_PCI_BAR_NONE)
			continue;
		vmm->implemented++;
		printf("check: %02x:%02x.%x %s, BAR %u", address >> 8,
		       address >> 3 & 0x1f, address & 7, testdev->fn.dev.name,
		       bar);
		if (!find_mapping(log, address, bar, &m)) {
			printf(": not mapped by the firmware\n");
			continue;
		}
		programmed++;
		fault = check_bar(&vmm->checker, testdev, bar, &m);
		if (fault)
			vmm->misdispatched++;
		printf(" at %#llx: %s%s\n", m.start,
		       fault ? fault : "first and last byte found",
		       !fault && testdev->fn.upstream_bridge ?
			       " through the bridge" :
			       "");
	}
	return programmed;
}

static bool has_bar(const struct vmm *vmm, const struct mapping *m)
{
	const struct vmr_pci_function *fn;
	unsigned int i;

	for (i = 0; i < vmm->nr_functions; i++) {
		fn = vmm->functions[i];
		if (vmr_pci_function_address(fn) == m->address && m->bar < VMR_PCI_NR_BARS &&
		    fn->bars[m->bar].type != VMR_PCI_BAR_NONE)
			return true;
	}
	return false;
}

/* Compare what the firmware says with what the library does. */
void selfcheck(struct vmm *vmm)
{
	const char *log = vmm->debugcon.text ? vmm->debugcon.text : "";
	struct mapping m;
	unsigned int i;

	for (i = 0; i < NR_TESTDEVS; i++)
		vmm->programmed += check_testdev(vmm, &vmm->testdevs[i]);

	/* Lines of the firmware's about BARs that no test device has */
	while ((log = next_mapping(log, &m))) {
		if (has_bar(vmm, &m))
			continue;
		vmm->misdispatched++;
		printf("check: BAR %u of %02x:%02x.%x was mapped, and is none\n",
		       m.bar, m.address >> 8, m.address >> 3 & 0x1f,
		       m.address & 7);
	}
	printf("check: %u BARs implemented, %" PRIu64
	       " exits without a device\n",
	       vmm->implemented, vmm->unhandled_exits);
}

/* The guest program was to leave all BARs where the firmware had put them. */
void selfcheck_again(struct vmm *vmm)
{
	const char *log = vmm->debugcon.text ? vmm->debugcon.text : "";
	unsigned int i, bar, found = 0;
	struct testdev *testdev;
	struct mapping m;

	for (i = 0; i < NR_TESTDEVS; i++) {
		testdev = &vmm->testdevs[i];
		for (bar = 0; bar < VMR_PCI_NR_BARS; bar++) {
			if (testdev->fn.bars[bar].type == VMR_PCI_BAR_NONE ||
			    !find_mapping(log, vmr_pci_function_address(&testdev->fn), bar,
					  &m))
				continue;
			if (check_bar(&vmm->checker, testdev, bar, &m))
				vmm->misdispatched++;
			else
				found++;
		}
	}
	printf("check: %u BARs found once more where the firmware put them\n",
	       found);
}

/*
 * Print the last line. Scripts use that line and the status.
 */
enum vmm_status report(struct vmm *vmm, bool replayed)
{
	uint64_t misdispatched = vmm->misdispatched + vmm->errors;

	if (vmm->errors)
		printf("check: the library refused %" PRIu64 " accesses\n",
		       vmm->errors);
	printf("run: %" PRIu64
	       " exits routed, %u BARs programmed by the guest, ",
	       vmm->exits, vmm->programmed);
	printf("%" PRIu64 " misrouted%s\n", misdispatched,
	       replayed ? " (replayed)" : "");
	return vmm->programmed == vmm->implemented && !misdispatched &&
			       !vmm->program.failed && !vmm->failed ?
		       VMM_OK :
		       VMM_FAILED;
}
