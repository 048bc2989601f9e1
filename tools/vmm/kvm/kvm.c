// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * kvm.c - the interface to KVM: one virtual machine, its memory, its CPU
 *
 * Of a machine that boots firmware the interrupt controllers are not KVM's: every
 * access to them is an exit like any other.
 */
#include <errno.h>
#include <linux/kvm.h>
#include <string.h>

#include "../vmm.h"

#ifdef __KVM_HAVE_PIT	/* this KVM makes PCs */

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define KVM_DEVICE		"/dev/kvm"
#define IDENTITY_MAP		0xfeffc000
#define TSS			0xfeffd000
#define MAX_PHYS_BITS		40	/* enough, and the same on most hosts */
#define MAX_CPUID		256
#define IOAPIC_INPUTS		24

#define CR0_PE			0x00000001
#define CR0_ET			0x00000010
#define CODE_SEGMENT		0xb	/* can be read, has been used */
#define DATA_SEGMENT		0x3	/* can be written, has been used */

#define LEAF_FEATURES		0x1
#define LEAF_TOPOLOGY		0xb
#define LEAF_TOPOLOGY_2		0x1f
#define LEAF_HYPERVISOR		0x40000000
#define LEAF_HYPERVISOR_LAST	0x4fffffff
#define LEAF_ADDRESS_SIZES	0x80000008
#define ECX_X2APIC		0x00200000u
#define ECX_TSC_DEADLINE	0x01000000u

/* KVM's struct ends in an array of any length; this gives it one. */
union cpuid {
	struct kvm_cpuid2	head;
	uint8_t			room[sizeof(struct kvm_cpuid2) +
				     MAX_CPUID *
				     sizeof(struct kvm_cpuid_entry2)];
};

static int get_cpuid(struct vmm *vmm, union cpuid *cpuid)
{
	memset(cpuid, 0, sizeof(*cpuid));
	cpuid->head.nent = MAX_CPUID;
	if (ioctl(vmm->kvm_fd, KVM_GET_SUPPORTED_CPUID, cpuid)) {
		vmm_err("KVM does not say what CPU it has: %s",
			strerror(errno));
		return -1;
	}
	return 0;
}

/* Interrupt controllers and timer in KVM, for a guest that uses interrupts */
static int create_chips(struct vmm *vmm)
{
	struct kvm_pit_config pit = { .flags = KVM_PIT_SPEAKER_DUMMY };

	if (ioctl(vmm->vm_fd, KVM_CREATE_IRQCHIP, 0) ||
	    ioctl(vmm->vm_fd, KVM_CREATE_PIT2, &pit)) {
		vmm_err(KVM_DEVICE ": no interrupt controllers: %s",
			strerror(errno));
		return -1;
	}
	return 0;
}

/*
 * The interrupt lines of the controllers in KVM. A table of routes replaces the one
 * before, and so must have them.
 */
int kvm_route_chips(struct vmm *vmm)
{
	struct kvm_irq_routing_entry *entry;
	uint32_t i, gsi;
	int err = 0;

	for (i = 0; !err && i < CHIP_ROUTES; i++) {
		entry = &vmm->chip_routes[i].entry;
		entry->type = KVM_IRQ_ROUTING_IRQCHIP;
		gsi = i < IOAPIC_INPUTS ? i : i - IOAPIC_INPUTS;
		entry->gsi = gsi;
		if (i < IOAPIC_INPUTS) {
			entry->u.irqchip.irqchip = KVM_IRQCHIP_IOAPIC;
			entry->u.irqchip.pin = gsi;
		} else {
			entry->u.irqchip.irqchip = gsi < 8 ?
							   KVM_IRQCHIP_PIC_MASTER :
							   KVM_IRQCHIP_PIC_SLAVE;
			entry->u.irqchip.pin = gsi % 8;
		}
		err = vmr_kvm_add_route(&vmm->kvm, &vmm->chip_routes[i]);
	}
	if (!err)
		err = vmr_kvm_commit(&vmm->kvm);
	if (err)
		vmm_err("interrupt routes: %s", vmr_strerror(err));
	return err;
}

/* Set the level of an interrupt line of the controllers in KVM. */
void kvm_irq(struct vmm *vmm, uint32_t gsi, bool level)
{
	struct kvm_irq_level line = { .irq = gsi, .level = level };

	if (vmm->kernel && vmm->vm_fd >= 0 &&
	    ioctl(vmm->vm_fd, KVM_IRQ_LINE, &line))
		vmm_err("interrupt line %u: %s", gsi, strerror(errno));
}

/*
 * Open KVM and make a virtual machine. On failure it says why, and that is a
 * reason to do without KVM rather than an error of the guest's.
 */
int kvm_open(struct vmm *vmm)
{
	static const struct {
		int		cap;
		const char	*name;
	} caps[] = {
		{ KVM_CAP_USER_MEMORY, "memory slots" },
		{ KVM_CAP_EXT_CPUID, "CPUID" },
		{ KVM_CAP_SET_TSS_ADDR, "TSS" },
		{ KVM_CAP_SET_IDENTITY_MAP_ADDR, "identity map" },
		{ KVM_CAP_READONLY_MEM, "read-only memory" },
		{ KVM_CAP_IMMEDIATE_EXIT, "immediate exits" },
	};
	uint64_t identity_map = IDENTITY_MAP;
	union cpuid cpuid;
	unsigned int i;
	int version, slots;

	vmm->kvm_fd = open(KVM_DEVICE, O_RDWR | O_CLOEXEC);
	if (vmm->kvm_fd < 0) {
		vmm_err(KVM_DEVICE ": %s", strerror(errno));
		return -1;
	}
	version = ioctl(vmm->kvm_fd, KVM_GET_API_VERSION, 0);
	if (version != KVM_API_VERSION) {
		vmm_err(KVM_DEVICE ": version %d of the interface, not %d",
			version, KVM_API_VERSION);
		return -1;
	}
	for (i = 0; i < ARRAY_SIZE(caps); i++) {
		if (ioctl(vmm->kvm_fd, KVM_CHECK_EXTENSION, caps[i].cap) > 0)
			continue;
		vmm_err(KVM_DEVICE ": no support for %s", caps[i].name);
		return -1;
	}
	vmm->vm_fd = ioctl(vmm->kvm_fd, KVM_CREATE_VM, 0);
	if (vmm->vm_fd < 0) {
		vmm_err(KVM_DEVICE ": no virtual machine: %s",
			strerror(errno));
		return -1;
	}
	if (ioctl(vmm->vm_fd, KVM_SET_IDENTITY_MAP_ADDR, &identity_map) ||
	    ioctl(vmm->vm_fd, KVM_SET_TSS_ADDR, TSS)) {
		vmm_err(KVM_DEVICE ": cannot place its own pages: %s",
			strerror(errno));
		return -1;
	}

	if (vmm->kernel && create_chips(vmm))
		return -1;

	slots = ioctl(vmm->kvm_fd, KVM_CHECK_EXTENSION, KVM_CAP_NR_MEMSLOTS);
	vmm->config.nr_slots = slots > 0 ? (uint32_t)slots : 32;
	vmm->config.phys_bits = 36;
	if (get_cpuid(vmm, &cpuid))
		return -1;
	for (i = 0; i < cpuid.head.nent; i++)
		if (cpuid.head.entries[i].function == LEAF_ADDRESS_SIZES)
			vmm->config.phys_bits = cpuid.head.entries[i].eax & 0xff;
	if (vmm->config.phys_bits > MAX_PHYS_BITS)
		vmm->config.phys_bits = MAX_PHYS_BITS;
	return 0;
}

/*
 * The CPU is the host's, less what would let the guest's course depend on the
 * host: KVM's own clock, and timers that we do not have.
 */
static int set_cpuid(struct vmm *vmm, struct vmm_cpu *cpu)
{
	struct kvm_cpuid_entry2 *to, *from;
	union cpuid cpuid;
	unsigned int i;

	if (get_cpuid(vmm, &cpuid))
		return -1;
	to = cpuid.head.entries;
	for (i = 0; i < cpuid.head.nent; i++) {
		from = &cpuid.head.entries[i];
		switch (from->function) {
		case LEAF_HYPERVISOR ... LEAF_HYPERVISOR_LAST:
			if (!vmm->kernel)
				continue;
			break;
		case LEAF_FEATURES:
			from->ebx &= 0x00ffffff;
			from->ebx |= cpu->index << 24;	/* APIC id */
			if (!vmm->kernel)
				from->ecx &= ~(ECX_X2APIC | ECX_TSC_DEADLINE);
			break;
		case LEAF_TOPOLOGY:
		case LEAF_TOPOLOGY_2:
			from->edx = cpu->index;		/* APIC id */
			break;
		case LEAF_ADDRESS_SIZES:
			from->eax &= ~0xffu;
			from->eax |= vmm->config.phys_bits;
			break;
		}
		*to++ = *from;
	}
	cpuid.head.nent = (uint32_t)(to - cpuid.head.entries);
	if (ioctl(cpu->fd, KVM_SET_CPUID2, &cpuid)) {
		vmm_err("KVM does not take the CPU: %s", strerror(errno));
		return -1;
	}
	return 0;
}

/* Give a thread a CPU of the guest's, in its state after reset. */
int kvm_add_cpu(struct vmm *vmm, struct vmm_cpu *cpu)
{
	int size;

	cpu->fd = ioctl(vmm->vm_fd, KVM_CREATE_VCPU, cpu->index);
	if (cpu->fd < 0) {
		vmm_err(KVM_DEVICE ": no CPU: %s", strerror(errno));
		return -1;
	}
	size = ioctl(vmm->kvm_fd, KVM_GET_VCPU_MMAP_SIZE, 0);
	if (size < (int)sizeof(*cpu->run)) {
		vmm_err(KVM_DEVICE ": no window into the CPU");
		return -1;
	}
	cpu->run = mmap(NULL, (size_t)size, PROT_READ | PROT_WRITE, MAP_SHARED,
			cpu->fd, 0);
	if (cpu->run == MAP_FAILED) {
		cpu->run = NULL;
		vmm_err(KVM_DEVICE ": no window into the CPU: %s",
			strerror(errno));
		return -1;
	}
	cpu->run_size = (size_t)size;
	return set_cpuid(vmm, cpu);
}

static void flat_segment(struct kvm_segment *segment, uint16_t selector,
			 uint8_t type)
{
	memset(segment, 0, sizeof(*segment));
	segment->limit = 0xffffffff;
	segment->selector = selector;
	segment->type = type;
	segment->present = 1;
	segment->s = 1;
	segment->db = 1;
	segment->g = 1;
}

/* Protected mode with flat segments; @code is their first selector */
static void flat_segments(struct kvm_sregs *sregs, uint16_t code)
{
	flat_segment(&sregs->cs, code, CODE_SEGMENT);
	flat_segment(&sregs->ds, code + 8, DATA_SEGMENT);
	sregs->es = sregs->ds;
	sregs->fs = sregs->ds;
	sregs->gs = sregs->ds;
	sregs->ss = sregs->ds;
	sregs->cr0 = CR0_PE | CR0_ET;
}

/* Go on elsewhere, in 32-bit mode: flat segments, no paging, no interrupts. */
int kvm_start_at(struct vmm_cpu *cpu, uint32_t address)
{
	struct kvm_regs regs = { .rip = address, .rflags = 0x2 };
	struct kvm_sregs sregs;

	/* The exit before is not over until KVM is entered once more. */
	cpu->run->immediate_exit = 1;
	ioctl(cpu->fd, KVM_RUN, 0);
	cpu->run->immediate_exit = 0;
	if (ioctl(cpu->fd, KVM_GET_SREGS, &sregs))
		goto fail;
	flat_segments(&sregs, 0x08);
	sregs.cr3 = 0;
	sregs.cr4 = 0;
	sregs.efer = 0;
	if (ioctl(cpu->fd, KVM_SET_SREGS, &sregs) ||
	    ioctl(cpu->fd, KVM_SET_REGS, &regs))
		goto fail;
	return 0;
fail:
	vmm_err("KVM does not let the CPU begin elsewhere: %s",
		strerror(errno));
	return -1;
}

/*
 * Begin a kernel by its 32-bit boot protocol: flat segments with the selectors that
 * it names, and the parameters in RSI.
 */
int kvm_start_kernel(struct vmm_cpu *cpu, uint32_t entry, uint32_t params)
{
	struct kvm_regs regs = { .rip = entry, .rsi = params, .rflags = 0x2 };
	struct kvm_sregs sregs;

	if (!ioctl(cpu->fd, KVM_GET_SREGS, &sregs)) {
		flat_segments(&sregs, 0x10);
		if (!ioctl(cpu->fd, KVM_SET_SREGS, &sregs) &&
		    !ioctl(cpu->fd, KVM_SET_REGS, &regs))
			return 0;
	}
	vmm_err("KVM does not let the CPU begin a kernel: %s", strerror(errno));
	return -1;
}

static void tick(int signal)
{
	(void)signal;
}

/*
 * A periodic signal interrupts a guest that runs without an exit. A signal just
 * before KVM is entered has no effect; the next one follows soon.
 */
static void start_ticking(void)
{
	const struct sigaction action = { .sa_handler = tick };
	const struct itimerval often = {
		.it_interval	= { .tv_usec = 100000 },
		.it_value	= { .tv_usec = 100000 },
	};

	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &often, NULL);
}

static void stop_ticking(void)
{
	const struct itimerval never = { .it_value = { .tv_usec = 0 } };

	setitimer(ITIMER_REAL, &never, NULL);
}

static time_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec;
}

bool kvm_is_access(struct kvm_run *run, struct vmm_exit *exit)
{
	switch (run->exit_reason) {
	case KVM_EXIT_IO:
		exit->io = VMR_PIO;
		exit->write = run->io.direction == KVM_EXIT_IO_OUT;
		exit->addr = run->io.port;
		exit->width = run->io.size;
		exit->count = run->io.count;
		exit->data = (char *)run + run->io.data_offset;
		return true;
	case KVM_EXIT_MMIO:
		exit->io = VMR_MMIO;
		exit->write = run->mmio.is_write;
		exit->addr = run->mmio.phys_addr;
		exit->width = run->mmio.len;
		exit->count = 1;
		exit->data = run->mmio.data;
		return true;
	default:
		return false;
	}
}

/*
 * Handle the reason why the CPU stopped. Return: VMM_OK to go on. A failure before
 * the first exit is one of KVM, a later one is the guest's.
 */
static enum vmm_status handle(struct vmm **machine, struct trace *trace)
{
	struct vmm_cpu *cpu = &(*machine)->cpu;
	struct kvm_run *run = cpu->run;
	struct vmm_exit exit;

	if (kvm_is_access(run, &exit)) {
		vmm_route(cpu, &exit);
		if (trace)
			trace_put(trace, &exit);
		scenario_step(machine);
		return VMM_OK;
	}
	switch (run->exit_reason) {
	case KVM_EXIT_INTR:
		return VMM_OK;
	case KVM_EXIT_HLT:
		vmm_err("the guest halted before it was done");
		return VMM_GUEST_FAILED;
	case KVM_EXIT_SHUTDOWN:
		vmm_err("the guest crashed or reset the machine");
		return VMM_GUEST_FAILED;
	case KVM_EXIT_FAIL_ENTRY:
		vmm_err("KVM cannot run the guest: reason %#llx",
			run->fail_entry.hardware_entry_failure_reason);
		return cpu->vmm->exits ? VMM_GUEST_FAILED : VMM_NO_KVM;
	case KVM_EXIT_INTERNAL_ERROR:
		vmm_err("KVM gave up on the guest: reason %u",
			run->internal.suberror);
		return cpu->vmm->exits ? VMM_GUEST_FAILED : VMM_NO_KVM;
	default:
		vmm_err("exit of unknown kind %u", run->exit_reason);
		return VMM_GUEST_FAILED;
	}
}

/*
 * Run the guest until it says that it is done, @seconds at most. On the way
 * another machine may take the place of this one. @trace may be NULL.
 */
enum vmm_status kvm_run(struct vmm **machine, unsigned int seconds,
			struct trace *trace)
{
	struct vmm *vmm = *machine;
	enum vmm_status status = VMM_OK;
	time_t end = now() + (time_t)seconds;
	unsigned int n = 0;
	int err;

	start_ticking();
	while (status == VMM_OK && !vmm->debugcon.finished && !vmm->failed) {
		err = ioctl(vmm->cpu.fd, KVM_RUN, 0);
		if (err && errno != EINTR && errno != EAGAIN) {
			vmm_err("KVM cannot run the guest: %s",
				strerror(errno));
			status = vmm->exits ? VMM_GUEST_FAILED : VMM_NO_KVM;
		} else if ((err || ++n % 1024 == 0) && now() > end) {
			vmm_err("the guest was not done after %u seconds",
				seconds);
			status = VMM_GUEST_FAILED;
		} else if (!err) {
			status = handle(machine, trace);
			vmm = *machine;
		}
	}
	stop_ticking();
	if (status == VMM_OK && vmm->failed)
		status = VMM_GUEST_FAILED;
	return status;
}

/* Go on with the virtual machine of another one, in which nothing is left. */
void kvm_move_from(struct vmm *vmm, struct vmm *from)
{
	vmm->kvm_fd = from->kvm_fd;
	vmm->vm_fd = from->vm_fd;
	vmm->cpu.fd = from->cpu.fd;
	vmm->cpu.run = from->cpu.run;
	vmm->cpu.run_size = from->cpu.run_size;
	from->kvm_fd = -1;
	from->vm_fd = -1;
	from->cpu.fd = -1;
	from->cpu.run = NULL;
}

static void close_cpu(struct vmm_cpu *cpu)
{
	if (cpu->run)
		munmap(cpu->run, cpu->run_size);
	if (cpu->fd >= 0)
		close(cpu->fd);
}

void kvm_close(struct vmm *vmm)
{
	unsigned int i;

	close_cpu(&vmm->cpu);
	for (i = 0; vmm->kernel && i < vmm->kernel->nr_cpus; i++)
		close_cpu(&vmm->cpus[i]);
	if (vmm->vm_fd >= 0)
		close(vmm->vm_fd);
	if (vmm->kvm_fd >= 0)
		close(vmm->kvm_fd);
}

#else /* no PC */

void kvm_irq(struct vmm *vmm, uint32_t gsi, bool level)
{
	(void)vmm;
	(void)gsi;
	(void)level;
}

int kvm_route_chips(struct vmm *vmm)
{
	(void)vmm;
	return -1;
}

int kvm_start_kernel(struct vmm_cpu *cpu, uint32_t entry, uint32_t params)
{
	(void)cpu;
	(void)entry;
	(void)params;
	return -1;
}

int kvm_open(struct vmm *vmm)
{
	(void)vmm;
	vmm_err("the firmware is for a PC, and this host is none");
	return -1;
}

int kvm_add_cpu(struct vmm *vmm, struct vmm_cpu *cpu)
{
	(void)vmm;
	(void)cpu;
	return -1;
}

int kvm_start_at(struct vmm_cpu *cpu, uint32_t address)
{
	(void)cpu;
	(void)address;
	return -1;
}

void kvm_move_from(struct vmm *vmm, struct vmm *from)
{
	(void)vmm;
	(void)from;
}

enum vmm_status kvm_run(struct vmm **machine, unsigned int seconds,
			struct trace *trace)
{
	(void)machine;
	(void)seconds;
	(void)trace;
	return VMM_NO_KVM;
}

void kvm_close(struct vmm *vmm)
{
	(void)vmm;
}

#endif
