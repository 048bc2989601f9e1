// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * snapshot.c - save a machine that boots a kernel in a file, and make it anew from that
 *
 * The file describes the machine: another process builds one of the same kind, with the
 * same functions plugged. The library then restores the maps and the registers. The
 * slots and the interrupt routes of KVM follow from the maps when the devices are
 * registered.
 */
#include <stdlib.h>
#include <string.h>

#include "describe.h"
#include "snapshot.h"

#define PAGE_SIZE	(4 * KIB)
#define MAX_RUN		(256 * PAGE_SIZE)

/**
 * struct machine_record - the bytes of SNAPSHOT_MACHINE
 * @memory: as @memory of struct kernel
 * @exits: the clock of the devices
 * @disk: sectors of the disk, 0 without one
 * @firmware: bytes of the firmware, 0 without it
 * @functions: the plugged functions by their number, in the order of plugging
 */
struct machine_record {
	uint64_t	memory;
	uint64_t	exits;
	uint64_t	disk;
	uint64_t	firmware;
	uint32_t	nr_cpus;
	uint32_t	phys_bits;
	uint32_t	nr_slots;
	uint32_t	nr_functions;
	uint8_t		functions[NR_FUNCTIONS];
};

/* The bytes before those of the memory in SNAPSHOT_PAGES */
struct pages_head {
	uint64_t	memory;
	uint64_t	offset;
};

/*
 * The functions that such a machine may have, plugged or not. Return their number
 */
static unsigned int list_functions(struct vmm *vmm,
				   struct vmr_pci_function *fns[NR_FUNCTIONS])
{
	unsigned int i, n = 0;

	fns[n++] = vmm->config.firmware_size ? &vmm->q35.mch : &vmm->host_bridge;
	fns[n++] = &vmm->isa_bridge;
	fns[n++] = &vmm->pci_bridge.fn;
	for (i = 0; i < NR_TESTDEVS; i++)
		fns[n++] = &vmm->testdevs[i].fn;
	for (i = 0; i < Q35_NR_PORTS; i++)
		fns[n++] = &vmm->q35.ports[i].bridge.fn;
	for (i = 0; i < Q35_NR_PORTS; i++)
		fns[n++] = &vmm->q35.cards[i].fn;
	fns[n++] = &vmm->q35.vfcard.fn;
	fns[n++] = &vmm->hot.fn;
	fns[n++] = &vmm->entropy.fn;
	if (vmm->kernel->disk)
		fns[n++] = &vmm->disk.fn;
	return n;
}

/*
 * Save
 */

static void record_machine(struct vmm *vmm, struct machine_record *record)
{
	struct vmr_pci_function *fns[NR_FUNCTIONS];
	unsigned int i, number, n = list_functions(vmm, fns);

	memset(record, 0, sizeof(*record));
	record->memory = vmm->kernel->memory;
	record->exits = vmm->exits;
	record->disk = vmm->disk.sectors;
	record->firmware = vmm->config.firmware_size;
	record->nr_cpus = vmm->kernel->nr_cpus;
	record->phys_bits = vmm->config.phys_bits;
	record->nr_slots = vmm->config.nr_slots;
	record->nr_functions = vmm->nr_functions;
	for (i = 0; i < vmm->nr_functions; i++) {
		for (number = 0; number < n; number++)
			if (fns[number] == vmm->functions[i])
				break;
		record->functions[i] = (uint8_t)number;
	}
}

static bool is_zero(const uint8_t *page)
{
	static const uint8_t zeros[PAGE_SIZE];

	return !memcmp(page, zeros, PAGE_SIZE);
}

/* A page without a bit set needs no bytes: the new memory is zero. */
static void put_memory(struct snapshot_writer *writer,
		       const struct vmm_memory *mem, uint64_t number)
{
	struct pages_head head = { .memory = number };
	const uint8_t *host = mem->kvm.host;
	uint64_t at, end;

	for (at = 0; host && at < mem->size; at = end) {
		for (end = at; end < mem->size && end - at < MAX_RUN;
		     end += PAGE_SIZE)
			if (is_zero(host + end))
				break;
		if (end == at) {
			end += PAGE_SIZE;
			continue;
		}
		head.offset = at;
		snapshot_begin(writer, SNAPSHOT_PAGES,
			       sizeof(head) + end - at);
		snapshot_put(writer, &head, sizeof(head));
		snapshot_put(writer, host + at, end - at);
	}
}

static const char *put_maps(struct snapshot_writer *writer, struct vmm *vmm)
{
	const char *fault = NULL;
	uint8_t *bytes;
	size_t size;

	vmm->pci_lock.lock(&vmm->pci_lock);
	bytes = maps_save(vmm, &size, &fault);
	vmm->pci_lock.unlock(&vmm->pci_lock);
	if (bytes)
		snapshot_section(writer, SNAPSHOT_MAPS, bytes, size);
	free(bytes);
	return fault;
}

/* Of a machine that has not begun there is none. */
static const char *put_state(struct snapshot_writer *writer, struct vmm *vmm)
{
	bool begun = vmm->first_state;
	size_t size = begun ? kvm_state_size(vmm) : 0;
	const char *fault = NULL;
	void *state = malloc(size + 1);

	if (!state)
		return "no memory";
	if (begun && kvm_get_state(vmm, state))
		fault = "KVM does not give its state";
	snapshot_section(writer, SNAPSHOT_FIRST_REGISTERS, vmm->first_registers,
			 begun ? machine_registers_size(vmm) : 0);
	snapshot_section(writer, SNAPSHOT_FIRST_STATE, vmm->first_state, size);
	snapshot_section(writer, SNAPSHOT_STATE, state, size);
	free(state);
	return fault;
}

const char *machine_save(struct vmm *vmm, const char *path)
{
	struct machine_record record;
	struct snapshot_writer writer;
	struct vmm_memory *mem;
	const char *fault;
	uint64_t i = 0;

	if (!board.has_snapshots)
		return "there are no snapshots on this architecture";
	fault = snapshot_create(&writer, path);
	if (fault)
		return fault;
	record_machine(vmm, &record);
	snapshot_section(&writer, SNAPSHOT_MACHINE, &record, sizeof(record));
	fault = put_maps(&writer, vmm);
	items_save(&writer, vmm);
	if (!fault)
		fault = put_state(&writer, vmm);
	for (mem = vmm->memories; !fault && mem; mem = mem->next)
		put_memory(&writer, mem, i++);
	return snapshot_finish(&writer, fault);
}

/*
 * Restore
 */

const char *snapshot_get_machine(struct snapshot_file *file,
				 struct machine_record **record,
				 struct kernel *kernel)
{
	struct machine_record *r;
	const uint8_t *bytes;
	size_t size;

	*record = NULL;
	bytes = snapshot_next(file, SNAPSHOT_MACHINE, &size);
	if (!bytes || size != sizeof(*r))
		return "it is of another machine";
	r = malloc(sizeof(*r));
	if (!r)
		return "no memory";
	*record = memcpy(r, bytes, sizeof(*r));
	if (!r->nr_cpus || r->nr_cpus > MAX_CPUS || r->phys_bits < 33 ||
	    r->phys_bits > 64 || !r->nr_slots ||
	    r->nr_functions > NR_FUNCTIONS || !r->memory ||
	    r->memory % PAGE_SIZE || r->memory > 1024 * GIB ||
	    r->firmware % PAGE_SIZE || r->firmware > FIRMWARE_LIMIT)
		return "its description of the machine is damaged";
	if (kernel->nr_cpus && kernel->nr_cpus != r->nr_cpus)
		return "the machine has another number of processors";
	if (kernel->memory && kernel->memory != r->memory)
		return "the machine has another size of memory";
	if (r->disk && !kernel->disk)
		return "the machine has a disk: give it by --disk";
	if (!r->disk && kernel->disk)
		return "the machine has no disk";
	kernel->nr_cpus = r->nr_cpus;
	kernel->memory = r->memory;
	return NULL;
}

/* Describe the functions that were plugged, in the order of their plugging. */
static const char *plug(struct vmm *vmm, const struct machine_record *record)
{
	struct vmr_pci_function *fns[NR_FUNCTIONS];
	unsigned int i, n = list_functions(vmm, fns);
	struct vmr_pci_function *fn;
	bool plugged[NR_FUNCTIONS] = { false };

	for (i = 0; i < Q35_NR_PORTS; i++)
		vmm->q35.cards[i].fn.upstream_bridge =
			&vmm->q35.ports[i].bridge;
	vmm->nr_functions = 0;
	for (i = 0; i < record->nr_functions; i++) {
		if (record->functions[i] >= n || plugged[record->functions[i]])
			return "its list of functions is damaged";
		plugged[record->functions[i]] = true;
		fn = fns[record->functions[i]];
		vmm->functions[vmm->nr_functions++] = fn;
	}
	for (i = 0; i < n; i++)
		if (!plugged[i])
			fns[i]->upstream_bridge = NULL;
	return NULL;
}

/* Compare the machine that this host has with the saved one. */
static const char *configure(struct vmm *vmm, const struct machine_record *record)
{
	struct vmm_config *config = &vmm->config;

	if (vmm->vm_fd >= 0 && config->phys_bits < record->phys_bits)
		return "the processors of this host have fewer address bits";
	if (vmm->vm_fd >= 0 && config->nr_slots < record->nr_slots)
		return "the KVM of this host has fewer memory slots";
	config->phys_bits = record->phys_bits;
	config->nr_slots = record->nr_slots;
	config->firmware_size = record->firmware;
	vmm->exits = record->exits;
	vmm->restoring = true;
	if (vmm_init(vmm))
		return "this machine cannot be made";
	if (vmm->disk.sectors != record->disk)
		return "the disk has another size";
	return plug(vmm, record);
}

static const char *get_maps(struct vmm *vmm, struct snapshot_file *file)
{
	const uint8_t *bytes;
	struct snapshot *s;
	size_t size;
	int err;

	bytes = snapshot_next(file, SNAPSHOT_MAPS, &size);
	if (!bytes)
		return "it has no maps";
	s = machine_describe(vmm);
	if (!s)
		return "no memory";
	err = vmr_snapshot_restore(&s->snap, bytes, size);
	free(s);
	return err ? vmr_strerror(err) : NULL;
}

/* A copy of a section that has so many bytes; the caller frees it */
static void *get_copy(struct snapshot_file *file, enum snapshot_type type,
		      size_t wanted)
{
	const uint8_t *bytes;
	void *copy = NULL;
	size_t size;

	bytes = snapshot_next(file, type, &size);
	if (bytes && size == wanted)
		copy = malloc(size);
	return copy ? memcpy(copy, bytes, size) : NULL;
}

/* The state for a reset, and at @state that for KVM; the caller frees both */
static const char *get_state(struct vmm *vmm, struct snapshot_file *file,
			     void **state)
{
	size_t size = kvm_state_size(vmm);

	vmm->first_registers = get_copy(file, SNAPSHOT_FIRST_REGISTERS,
					machine_registers_size(vmm));
	vmm->first_state = get_copy(file, SNAPSHOT_FIRST_STATE, size);
	*state = get_copy(file, SNAPSHOT_STATE, size);
	if (vmm->first_registers && vmm->first_state && *state)
		return NULL;
	return "it has no processors that this program can continue";
}

static struct vmm_memory *memory_number(struct vmm *vmm, uint64_t number)
{
	struct vmm_memory *mem = vmm->memories;

	while (mem && number--)
		mem = mem->next;
	return mem;
}

static const char *get_memory(struct vmm *vmm, struct snapshot_file *file)
{
	struct pages_head head;
	struct vmm_memory *mem;
	const uint8_t *bytes;
	size_t size;

	for (mem = vmm->memories; mem; mem = mem->next)
		if (memory_allocate(mem))
			return "no memory";
	while ((bytes = snapshot_next(file, SNAPSHOT_PAGES, &size))) {
		if (size < sizeof(head))
			return "its pages are damaged";
		memcpy(&head, bytes, sizeof(head));
		size -= sizeof(head);
		mem = memory_number(vmm, head.memory);
		if (!mem || head.offset > mem->size ||
		    size > mem->size - head.offset)
			return "its pages are damaged";
		memcpy((char *)mem->kvm.host + head.offset,
		       bytes + sizeof(head), size);
	}
	return snapshot_next_is(file, SNAPSHOT_END) ? NULL :
						      "its pages are damaged";
}

static const char *start_kvm(struct vmm *vmm, const void *state)
{
	const char *fault;
	unsigned int i;

	for (i = 0; i < vmm->kernel->nr_cpus; i++)
		if (kvm_add_cpu(vmm, &vmm->cpus[i]))
			return "a processor cannot be made";
	if (kvm_init_chips(vmm))
		return "the interrupt controllers cannot be made";
	fault = machine_adopt(vmm);
	if (fault)
		return fault;
	/* The levels of the lines are overwritten, but for what KVM keeps beside them. */
	serial_restored(vmm);
	if (kvm_set_state(vmm, state, true))
		return "KVM does not take the state";
	return vmm->failed ? "KVM does not follow the maps" : NULL;
}

const char *machine_load(struct vmm *vmm, struct snapshot_file *file,
			 const struct machine_record *record)
{
	void *state = NULL;
	const char *fault;

	if (!board.has_snapshots)
		return "there are no snapshots on this architecture";
	fault = configure(vmm, record);
	if (!fault)
		fault = get_maps(vmm, file);
	if (!fault)
		fault = items_load(vmm, file);
	if (vmm->vm_fd < 0)
		return fault ? fault : machine_adopt(vmm);
	if (!fault)
		fault = get_state(vmm, file, &state);
	if (!fault)
		fault = get_memory(vmm, file);
	if (!fault)
		fault = start_kvm(vmm, state);
	free(state);
	return fault;
}
