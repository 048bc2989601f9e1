// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * machine.c - put a machine together, and route its exits
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../vmm.h"

/*
 * Guest time for each exit. Long enough that a firmware that polls a timer for
 * a second is done after some ten thousand exits.
 */
#define EXIT_NS		20000ULL
#define NSEC_PER_SEC	1000000000ULL

/* Ticks of a clock of this frequency since the machine was switched on */
uint64_t vmm_ticks(const struct vmm *vmm, uint64_t hz)
{
	uint64_t ns = __atomic_load_n(&vmm->exits, __ATOMIC_RELAXED) * EXIT_NS;

	return ns / NSEC_PER_SEC * hz + ns % NSEC_PER_SEC * hz / NSEC_PER_SEC;
}

struct vmm *vmm_alloc(void)
{
	struct vmm *vmm;
	void *memory;

	if (posix_memalign(&memory, __alignof__(*vmm), sizeof(*vmm))) {
		vmm_err("no memory");
		return NULL;
	}
	vmm = memset(memory, 0, sizeof(*vmm));
	vmm->kvm_fd = -1;
	vmm->vm_fd = -1;
	vmm->cpu.fd = -1;
	vmm->disk.fd = -1;
	return vmm;
}

/* After the functions have given back their vectors */
static void close_devices(struct vmm *vmm)
{
	unsigned int i;

	for (i = 0; i < Q35_NR_PORTS; i++)
		messages_close(&vmm->q35.messages[i]);
	messages_close(&vmm->disk.messages);
	messages_close(&vmm->entropy.messages);
	if (vmm->disk.fd >= 0)
		close(vmm->disk.fd);
}

void vmm_free(struct vmm *vmm)
{
	readers_stop(vmm);
	vmm_destroy(vmm);
	close_devices(vmm);
	kvm_close(vmm);
	free(vmm->debugcon.text);
	free(vmm);
}

static void writers_lock(struct vmr_lock_ops *lock)
{
	struct vmm *vmm = container_of(lock, struct vmm, pci_lock);

	pthread_rwlock_wrlock(&vmm->writers);
	/* From here on reader threads may observe the old or the new state */
	__atomic_fetch_add(&vmm->generation, 1, __ATOMIC_SEQ_CST);
}

static void writers_unlock(struct vmr_lock_ops *lock)
{
	struct vmm *vmm = container_of(lock, struct vmm, pci_lock);

	__atomic_fetch_add(&vmm->generation, 1, __ATOMIC_SEQ_CST);
	pthread_rwlock_unlock(&vmm->writers);
}

/* A read of configuration space changes nothing that other threads observe */
static void writers_lock_shared(struct vmr_lock_ops *lock)
{
	struct vmm *vmm = container_of(lock, struct vmm, pci_lock);

	pthread_rwlock_rdlock(&vmm->writers);
}

static void writers_unlock_shared(struct vmr_lock_ops *lock)
{
	struct vmm *vmm = container_of(lock, struct vmm, pci_lock);

	pthread_rwlock_unlock(&vmm->writers);
}

/* Register a device, or print the resource that failed and its present owner. */
int vmm_register(struct vmm *vmm, struct vmr_device *dev)
{
	struct vmr_range *conflict = NULL;
	const struct vmr_constraint *c;
	size_t failed = 0;
	int err;

	vmm->devices[vmm->nr_devices++] = dev;
	if (vmm->restoring)
		return 0;
	err = vmr_device_register(&vmm->manager, dev, &failed, &conflict);
	if (!err)
		return 0;
	vmm->nr_devices--;
	if (failed < dev->nr_constraints) {
		c = &dev->constraints[failed];
		vmm_err("%s: request %zu for %#" PRIx64 " of kind %u: %s",
			dev->name, failed, c->request.size, c->kind,
			vmr_strerror(err));
	} else {
		vmm_err("%s: %s", dev->name, vmr_strerror(err));
	}
	if (err == -EBUSY && conflict)
		vmm_err("%s: %#" PRIx64 "-%#" PRIx64 " is in the way",
			dev->name, conflict->start, conflict->last);
	return err;
}

/*
 * Dispatch an access of the guest, from KVM or from a trace. An address without a
 * device reads as ones, which is no error: firmware probes.
 */
void vmm_route(struct vmm_cpu *cpu, const struct vmm_exit *exit)
{
	struct vmm *vmm = cpu->vmm;
	int err;

	__atomic_add_fetch(&vmm->exits, 1, __ATOMIC_RELAXED);
	if (exit->write)
		err = vmr_write(&cpu->reader, exit->io, exit->addr, exit->data,
				exit->width, exit->count);
	else
		err = vmr_read(&cpu->reader, exit->io, exit->addr, exit->data,
			       exit->width, exit->count);
	if (err == -ENXIO)
		__atomic_add_fetch(&vmm->unhandled_exits, 1, __ATOMIC_RELAXED);
	else if (err)
		__atomic_add_fetch(&vmm->errors, 1, __ATOMIC_RELAXED);
}

int vmm_cpu_init(struct vmm *vmm, struct vmm_cpu *cpu)
{
	int err;

	memset(cpu, 0, sizeof(*cpu));
	cpu->vmm = vmm;
	cpu->fd = -1;
	err = vmr_reader_attach(&vmm->manager, &cpu->reader);
	if (!err)
		err = vmr_reader_set_cache(&cpu->reader, cpu->cache,
					   NR_CACHE_SETS);
	if (err)
		vmm_err("reader: %s", vmr_strerror(err));
	return err;
}

/*
 * Addresses that no device is to be given: KVM uses the first four pages
 * itself on processors that cannot run real mode, interrupt messages go to the
 * second range, and a PC has its event timer at the third.
 */
const struct vmr_span reserved_spans[NR_RESERVED] = {
	{ 0xfeffc000, 0xfeffffff, "KVM's own pages" },
	{ 0xfee01000, 0xfeefffff, "interrupt messages" },
	{ 0xfed00000, 0xfed003ff, "HPET" },
};

static int reserve(struct vmm *vmm)
{
	const struct vmr_span *span;
	struct vmr_region *region;
	unsigned int i;
	int err;

	for (i = 0; i < NR_RESERVED; i++) {
		region = &vmm->reserved[i];
		span = &reserved_spans[i];
		vmr_region_init(region, VMR_MMIO, VMR_REGION_RESERVED,
				span->last - span->start + 1, i, span->name);
		if (vmm->restoring)
			continue;
		err = vmr_reserve(&vmm->sys.mmio, &region->range, span->start,
				  span->last, NULL);
		if (err) {
			vmm_err("%s: %s", span->name, vmr_strerror(err));
			return err;
		}
	}
	return 0;
}

/* The interrupt lines of the PCI bus, which no device has for itself */
int pci_lines_register(struct vmm *vmm)
{
	unsigned int i;
	int err = 0;

	if (vmm->restoring)
		return 0;
	for (i = 0; !err && i < NR_PCI_LINES; i++)
		err = vmr_system_add_shared_irq(&vmm->sys, &vmm->pci_lines[i],
						board.first_pci_line + i,
						"PCI", NULL);
	if (err)
		vmm_err("interrupt lines of PCI: %s", vmr_strerror(err));
	return err;
}

/* Note the reserved addresses of a layout. A restore puts them into the map again. */
void layout_reserved(struct vmm *vmm, const struct vmr_layout_config *config)
{
	struct vmr_layout *layout = &vmm->layout;
	size_t i;

	memcpy(vmm->layout_reserved, config->reserved,
	       sizeof(vmm->layout_reserved));
	for (i = 0; vmm->restoring && i < layout->nr_reserved; i++)
		vmr_free(&vmm->sys.mmio, &layout->reserved[i].range);
}

/* The reserved addresses with a name, such as those of KVM's I/O APIC */
const struct vmr_region *vmm_reserved(const struct vmm *vmm, const char *name)
{
	size_t i;

	for (i = 0; i < vmm->layout.nr_reserved; i++)
		if (!strcmp(vmm->layout.reserved[i].name, name))
			return &vmm->layout.reserved[i];
	return NULL;
}

/* The addresses of the layout with a name, NULL if it has none */
const struct vmr_pool *vmm_pool(const struct vmm *vmm, const char *name)
{
	const struct vmr_pool *pool;
	size_t i;

	for (i = 0; i < vmm->sys.nr_pools; i++) {
		pool = &vmm->sys.pools[i].pool;
		if (pool->name && !strcmp(pool->name, name))
			return pool;
	}
	return NULL;
}

static int init_domains(struct vmm *vmm)
{
	struct vmr_system_limits limits = {
		.mmio_last	= (1ULL << vmm->config.phys_bits) - 1,
		.irq_last	= 1023,
		.slot_last	= vmm->config.nr_slots - 1,
		.pci_last	= vmm->config.machine == MACHINE_Q35 ?
				  0xffff : 0xff,
		.id_last	= 0xffff,
	};
	int err;

	err = vmm->kernel ? board_layout(vmm) :
			    vmr_system_init(&vmm->sys, &limits);
	if (!err)
		err = vmr_manager_init(&vmm->manager, &vmm->sys);
	if (err)
		vmm_err("%s", vmr_strerror(err));
	return err;
}

/* The devices of a machine that boots firmware */
static device_register *const firmware_devices[] = {
	reserve, ram_register, debugcon_register, cmos_register, pit_register,
	pic_register, serial_register, i8042_register, scratch_regs_register,
	apic_register, fw_cfg_register, pci_register, NULL,
};

/*
 * Build the machine that vmm->config describes. All else in @vmm but the file
 * descriptors is zero.
 */
int vmm_init(struct vmm *vmm)
{
	device_register *const *device;
	unsigned int i;
	int err;

	pthread_rwlock_init(&vmm->writers, NULL);
	pthread_mutex_init(&vmm->run_lock, NULL);
	pthread_cond_init(&vmm->run_changed, NULL);
	vmm->pci_lock.lock = writers_lock;
	vmm->pci_lock.unlock = writers_unlock;
	vmm->pci_lock.lock_shared = writers_lock_shared;
	vmm->pci_lock.unlock_shared = writers_unlock_shared;

	err = init_domains(vmm);
	if (err)
		return err;
	err = memory_listen(vmm);
	readers_listen(vmm);
	if (!err)
		err = vmm_cpu_init(vmm, &vmm->cpu);
	if (!err)
		err = vmm_cpu_init(vmm, &vmm->checker);
	vmm->checker.probe = &vmm->probe;
	for (i = 0; !err && vmm->kernel && i < vmm->kernel->nr_cpus; i++) {
		err = vmm_cpu_init(vmm, &vmm->cpus[i]);
		vmm->cpus[i].index = i;
	}
	device = vmm->kernel ? board_devices : firmware_devices;
	for (; !err && *device; device++)
		err = (*device)(vmm);
	return err;
}

/* Take the machine apart; an incomplete one too. */
void vmm_destroy(struct vmm *vmm)
{
	struct vmr_device *dev, *next;
	unsigned int i;

	if (!vmm->manager.sys)
		return;
	/* Functions behind a bridge were plugged after it and go before it. */
	for (i = vmm->nr_functions; i--;)
		vmr_pci_unplug(vmm->functions[i]);
	for (dev = vmr_next_device(&vmm->manager, NULL); dev; dev = next) {
		next = vmr_next_device(&vmm->manager, dev);
		vmr_device_unregister(&vmm->manager, dev);
		vmr_device_drain(&vmm->manager, dev);
	}
	for (i = 0; i < NR_RESERVED; i++)
		vmr_free(&vmm->sys.mmio, &vmm->reserved[i].range);
	vmr_free(&vmm->sys.mmio, &vmm->io_window.range);
	for (i = 0; vmm->kernel && i < vmm->kernel->nr_cpus; i++)
		vmr_reader_detach(&vmm->cpus[i].reader);
	vmr_reader_detach(&vmm->checker.reader);
	vmr_reader_detach(&vmm->cpu.reader);
	memory_release(vmm);
}
