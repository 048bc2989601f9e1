// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * selfcheck.c - compare what the firmware says it did with where the library
 * routes
 *
 * The firmware's log has a line for each BAR that it placed. For each of them
 * the first and the last byte are read through the library as if the guest did,
 * by a reader of the check's own, and the card says what was hit. Lines and
 * cards are compared both ways, so that a BAR that the firmware missed is seen
 * as well as one that is not where it should be.
 */
#include <string.h>

#include "vmm.h"

#define CONFIG_ADDRESS	0xcf8
#define CONFIG_DATA	0xcfc
#define CONFIG_ENABLE	0x80000000
#define PCI_COMMAND	0x04
#define PCI_DECODE	0x3		/* ports and memory */
#define PCI_ROM		0x30
#define ROM_ENABLE	0x1
#define FIRMWARE_PAGE	(4 * KIB)	/* least that it gives a memory BAR */

/* What a line of the firmware's says */
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
			m->address = VMR_PCI_ADDR(bus, dev, fn);
			return text;
		}
	}
	return NULL;
}

/* What the log says last of a BAR; false if it does not mention it. */
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

static struct vmr_region *region_at(struct vmm *vmm, enum vmr_io io,
				    uint64_t addr)
{
	struct vmr_region *region;

	pthread_mutex_lock(&vmm->writers);
	region = vmr_region_at(&vmm->manager, io, addr);
	pthread_mutex_unlock(&vmm->writers);
	return region;
}

/* Configuration space by the way that guests go */
static uint32_t config_read(struct vmm_cpu *cpu, uint32_t address,
			    uint32_t reg)
{
	uint32_t latch = CONFIG_ENABLE | address << 8 | reg;
	uint8_t bytes[4] = { (uint8_t)latch, (uint8_t)(latch >> 8),
			     (uint8_t)(latch >> 16), (uint8_t)(latch >> 24) };

	vmr_write(&cpu->reader, VMR_PIO, CONFIG_ADDRESS, bytes, 4, 1);
	vmr_read(&cpu->reader, VMR_PIO, CONFIG_DATA, bytes, 4, 1);
	return bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
	       (uint32_t)bytes[3] << 24;
}

/* The register is the one of the config_read() before. */
static void config_write(struct vmm_cpu *cpu, uint32_t value)
{
	uint8_t bytes[4] = { (uint8_t)value, (uint8_t)(value >> 8),
			     (uint8_t)(value >> 16), (uint8_t)(value >> 24) };

	vmr_write(&cpu->reader, VMR_PIO, CONFIG_DATA, bytes, 4, 1);
}

static struct vmm_memory *memory_of(struct vmm *vmm,
				    const struct vmr_region *region)
{
	struct vmm_memory *mem;

	for (mem = vmm->memories; mem; mem = mem->next)
		if (mem->region == region)
			return mem;
	return NULL;
}

/*
 * Whether the byte at @offset of a BAR is where it should be. Memory does not
 * exit, so there the tree is asked, and whether KVM's slot is in that place.
 */
static const char *check_byte(struct vmm_cpu *cpu, struct card *card,
			      struct vmr_region *region, uint64_t start,
			      uint64_t offset)
{
	struct vmm *vmm = cpu->vmm;
	struct vmr_region *expected = region;
	struct vmm_probe *probe = cpu->probe;
	struct vmm_memory *mem;
	uint64_t base = start;
	uint8_t byte, wanted;
	int err;

	if (region_at(vmm, (enum vmr_io)region->io, start + offset) != region)
		return "the tree has another region there";
	mem = memory_of(vmm, region);
	if (mem && offset < mem->size) {
		if (!mem->mapped || mem->gpa != start)
			return "the memory slot is not there";
		return NULL;
	}
	if (mem) {
		expected = &card->trapped;
		base += expected->offset;
	}

	memset(probe, 0, sizeof(*probe));
	err = vmr_read(&cpu->reader, (enum vmr_io)region->io, start + offset,
		       &byte, 1, 1);
	if (err)
		return vmr_strerror(err);
	if (probe->hits != 1)
		return "no card was reached";
	if (probe->region != expected)
		return "another region was reached";
	if (probe->base != base || probe->offset != start + offset - base)
		return "another offset was reached";
	if (region->index != VMR_PCI_ROM)
		wanted = card_byte(card->id, region->index, offset);
	else
		wanted = offset < card->rom_size ? card->rom[offset] : 0xff;
	if (byte != wanted)
		return "the card read another register";
	return NULL;
}

static const char *check_place(struct vmm_cpu *cpu, struct card *card,
			       unsigned int bar, const struct mapping *m)
{
	struct vmr_region *region = &card->fn.bars[bar].region;
	enum vmr_io io = (enum vmr_io)region->io;
	uint64_t last = m->start + region->size - 1;
	const char *fault;
	uint64_t addr;

	if (!vmr_pci_bar_address(&card->fn, bar, &addr))
		return "its registers hold no address";
	if (addr != m->start)
		return "its registers hold another address";
	fault = check_byte(cpu, card, region, m->start, 0);
	if (!fault)
		fault = check_byte(cpu, card, region, m->start,
				   region->size - 1);
	if (fault)
		return fault;
	if (m->start && region_at(cpu->vmm, io, m->start - 1) == region)
		return "it begins too early";
	if (last != VMR_MAX && region_at(cpu->vmm, io, last + 1) == region)
		return "it ends too late";
	return NULL;
}

/*
 * A BAR behind a bridge is reached through a window of the bridge's, so it must
 * be gone while the bridge decodes nothing, though none of its own registers has
 * changed.
 */
static const char *check_window(struct vmm_cpu *cpu, struct card *card,
				unsigned int bar, const struct mapping *m)
{
	struct vmr_region *region = &card->fn.bars[bar].region;
	uint32_t bridge = pci_address(&card->fn.behind->fn);
	const char *fault = NULL;
	uint32_t command;
	uint8_t byte;

	cpu->probe->hits = 0;
	command = config_read(cpu, bridge, PCI_COMMAND);
	config_write(cpu, command & ~PCI_DECODE);
	if (vmr_read(&cpu->reader, (enum vmr_io)region->io, m->start, &byte, 1,
		     1) != -ENXIO || cpu->probe->hits || byte != 0xff)
		fault = "it answers though the bridge is closed";
	config_read(cpu, bridge, PCI_COMMAND);
	config_write(cpu, command);
	return fault ? fault : check_place(cpu, card, bar, m);
}

static const char *check_bar(struct vmm_cpu *cpu, struct card *card,
			     unsigned int bar, const struct mapping *m)
{
	const struct vmr_pci_bar *desc = &card->fn.bars[bar];
	uint64_t size = desc->region.size;
	const char *kind = "mem";
	const char *fault;
	uint32_t rom;

	if (desc->type == VMR_BAR_IO)
		kind = "io";
	else if (desc->prefetchable)
		kind = "prefmem";
	if (desc->type != VMR_BAR_IO && size < FIRMWARE_PAGE)
		size = FIRMWARE_PAGE;
	if (strcmp(m->kind, kind))
		return "the firmware took it for another kind";
	if (m->size != size)
		return "the firmware found another size";
	if (bar != VMR_PCI_ROM) {
		fault = check_place(cpu, card, bar, m);
		if (!fault && card->fn.behind)
			fault = check_window(cpu, card, bar, m);
		return fault;
	}

	/* The firmware switches ROMs off when it is done; a driver on again. */
	rom = config_read(cpu, m->address, PCI_ROM);
	config_write(cpu, rom | ROM_ENABLE);
	fault = check_place(cpu, card, bar, m);
	config_write(cpu, rom);
	return fault;
}

/*
 * Compare, report, and print the last line. Whoever runs this program goes by
 * that line and by the status.
 */
enum vmm_status selfcheck(struct vmm *vmm, bool replayed)
{
	unsigned int implemented = 0, programmed = 0;
	const char *log = vmm->log.text ? vmm->log.text : "";
	const struct vmr_pci_function *fn;
	struct vmm_probe probe = { 0 };
	struct vmm_cpu cpu;
	struct mapping m;
	uint64_t misrouted = vmm->errors;
	struct card *card;
	const char *fault;
	uint32_t address;
	unsigned int i, bar;
	bool known;

	if (misrouted)
		printf("check: the library refused %" PRIu64 " accesses\n",
		       misrouted);
	if (vmm_cpu_init(vmm, &cpu))
		return VMM_FAILED;
	cpu.probe = &probe;

	for (i = 0; i < NR_CARDS; i++) {
		card = &vmm->cards[i];
		address = pci_address(&card->fn);
		for (bar = 0; bar < VMR_PCI_NR_BARS; bar++) {
			if (card->fn.bars[bar].type == VMR_BAR_NONE)
				continue;
			implemented++;
			printf("check: %02x:%02x.%x %s, BAR %u",
			       address >> 8, address >> 3 & 0x1f, address & 7,
			       card->fn.dev.name, bar);
			if (!find_mapping(log, address, bar, &m)) {
				printf(": not mapped by the firmware\n");
				continue;
			}
			programmed++;
			fault = check_bar(&cpu, card, bar, &m);
			if (fault)
				misrouted++;
			printf(" at %#llx: %s%s\n", m.start,
			       fault ? fault : "first and last byte found",
			       !fault && card->fn.behind ?
			       " through the bridge" : "");
		}
	}

	/* Lines of the firmware's about BARs that no card has */
	while ((log = next_mapping(log, &m))) {
		known = false;
		for (i = 0; i < vmm->nr_functions; i++) {
			fn = vmm->functions[i];
			known |= pci_address(fn) == m.address &&
				 m.bar < VMR_PCI_NR_BARS &&
				 fn->bars[m.bar].type != VMR_BAR_NONE;
		}
		if (known)
			continue;
		misrouted++;
		printf("check: BAR %u of %02x:%02x.%x was mapped, and is none\n",
		       m.bar, m.address >> 8, m.address >> 3 & 0x1f,
		       m.address & 7);
	}
	vmr_reader_detach(&cpu.reader);

	printf("check: %u BARs implemented, %" PRIu64 " exits answered by nobody\n",
	       implemented, vmm->unclaimed);
	printf("run: %" PRIu64 " exits routed, %u BARs programmed by the guest, ",
	       vmm->exits, programmed);
	printf("%" PRIu64 " misrouted%s\n", misrouted,
	       replayed ? " (replayed)" : "");
	return programmed == implemented && !misrouted && !vmm->broken ?
	       VMM_OK : VMM_FAILED;
}
