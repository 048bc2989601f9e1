// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * restore.c - save a machine while its guest runs, and go on with another one
 * that is made of what was saved
 *
 * The new machine is in memory of its own and gets from the old one the bytes
 * of the snapshot, the guest's memory, KVM's file descriptors, and this program's
 * counters. Everything that the guest can see of devices comes from the snapshot:
 * their addresses and their registers.
 */
#include <stdlib.h>
#include <string.h>

#include "describe.h"

/* Whether a machine is what these bytes say: NULL, or what is wrong */
static const char *compare(struct vmm *vmm, const uint8_t *bytes, size_t size)
{
	const char *fault = NULL;
	size_t again;
	uint8_t *copy = maps_save(vmm, &again, &fault);

	if (copy && (again != size || memcmp(copy, bytes, size)))
		fault = "saved again it has other bytes";
	free(copy);
	return fault;
}

/* A restore of damaged bytes fails and changes nothing. */
static const char *restore(struct vmm *vmm, uint8_t *bytes, size_t size)
{
	struct snapshot *s = machine_describe(vmm);
	const char *fault = NULL;
	int err;

	if (!s)
		return "no memory";
	bytes[size / 2] ^= 1;
	if (vmr_snapshot_restore(&s->snap, bytes, size) != -EBADMSG)
		fault = "damaged bytes are restored";
	bytes[size / 2] ^= 1;
	if (!fault)
		fault = hostile_check(&s->snap, bytes, size);
	if (!fault) {
		err = vmr_snapshot_restore(&s->snap, bytes, size);
		if (err)
			fault = vmr_strerror(err);
	}
	free(s);
	return fault;
}

/* A machine like this one, with nothing registered in it */
static struct vmm *build(const struct vmm *from)
{
	struct vmm *vmm = vmm_alloc();

	if (!vmm)
		return NULL;
	vmm->config = from->config;
	vmm->restoring = true;
	if (vmm_init(vmm) ||
	    (from->hot.fn.manager &&
	     pci_plug(vmm, &vmm->hot.fn, NULL, HOT_ADDRESS)) ||
	    (from->q35.slot_card.manager &&
	     pci_plug(vmm, &vmm->q35.slot_card, &q35_slot(vmm)->bridge, 0))) {
		vmm_free(vmm);
		return NULL;
	}
	return vmm;
}

/* Move the state of the run that is not visible to the guest */
static void take_over(struct vmm *vmm, struct vmm *from)
{
	struct debugcon *log = &vmm->debugcon, *old = &from->debugcon;
	unsigned int i;

	vmm->exits = from->exits;
	vmm->unhandled_exits = from->unhandled_exits;
	vmm->errors = from->errors;
	vmm->implemented = from->implemented;
	vmm->programmed = from->programmed;
	vmm->misdispatched = from->misdispatched;
	vmm->failed = from->failed;
	vmm->scenario = from->scenario;
	vmm->program = from->program;
	log->text = old->text;
	log->length = old->length;
	log->size = old->size;
	log->line = old->line;
	log->placed = old->placed;
	log->end = old->end;
	log->finished = old->finished;
	old->text = NULL;
	for (i = 0; i < NR_READER_THREADS; i++) {
		vmm->reader_threads[i].hits = from->reader_threads[i].hits;
		vmm->reader_threads[i].misses = from->reader_threads[i].misses;
		vmm->reader_threads[i].concurrent =
			from->reader_threads[i].concurrent;
		vmm->reader_threads[i].errors = from->reader_threads[i].errors;
	}
	memory_move_from(vmm, from);
}

/*
 * Restore another machine and continue with it. Return: that machine, or this one
 * after a failure. No exit is being handled, so only reader threads use this one.
 */
struct vmm *restore_machine(struct vmm *vmm)
{
	const char *fault = NULL;
	struct vmm *new = NULL;
	uint8_t *bytes;
	size_t size;

	readers_stop(vmm);
	bytes = maps_save(vmm, &size, &fault);
	if (bytes) {
		new = build(vmm);
		fault = new ? restore(new, bytes, size) : "no memory";
	}
	if (!fault)
		fault = compare(new, bytes, size);
	if (fault) {
		if (new)
			vmm_free(new);
	} else {
		take_over(new, vmm);
		/* Its memory slots must go before those of the new one come. */
		vmm_destroy(vmm);
		kvm_move_from(new, vmm);
		vmm_free(vmm);
		vmm = new;
		fault = machine_adopt(vmm);
		if (fault)
			vmm->failed = true;
		else
			fault = compare(vmm, bytes, size);
	}
	free(bytes);

	if (fault)
		vmm->misdispatched++;
	printf("restore: exit %" PRIu64 ": ", vmm->exits);
	if (fault)
		printf("%s\n", fault);
	else
		printf("%u devices go on in other memory, %zu bytes saved twice the same\n",
		       vmm->nr_devices + vmm->nr_functions, size);
	fflush(stdout);
	if (readers_start(vmm))
		vmm->failed = true;
	return vmm;
}
