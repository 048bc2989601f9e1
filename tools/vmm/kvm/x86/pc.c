// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * pc.c - KVM of x86: CPUID, interrupt controllers, and the state of a processor
 *
 * Of a machine that boots firmware the interrupt controllers are not KVM's: every
 * access to them is an exit like any other.
 */
#include <cpuid.h>
#include <errno.h>
#include <linux/kvm.h>
#include <string.h>
#include <sys/ioctl.h>

#include "../arch.h"

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
#define LEAF_AMD_FEATURES	0x80000001
#define ECX_VMX			0x00000020u
#define ECX_SVM			0x00000004u
#define ECX_X2APIC		0x00200000u
#define ECX_TSC_DEADLINE	0x01000000u

const struct kvm_capability kvm_arch_capabilities[] = {
	{ KVM_CAP_USER_MEMORY, "memory slots" },
	{ KVM_CAP_EXT_CPUID, "CPUID" },
	{ KVM_CAP_SET_TSS_ADDR, "TSS" },
	{ KVM_CAP_SET_IDENTITY_MAP_ADDR, "identity map" },
	{ KVM_CAP_READONLY_MEM, "read-only memory" },
	{ KVM_CAP_IMMEDIATE_EXIT, "immediate exits" },
	{ 0, NULL },
};

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
int kvm_init_chips(struct vmm *vmm)
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

const char *kvm_arch_refuses(const struct vmm *vmm)
{
	(void)vmm;
	return NULL;
}

unsigned long kvm_arch_vm_type(struct vmm *vmm)
{
	(void)vmm;
	return 0;
}

/*
 * Without virtualization in the processor KVM cannot be the usual one, and some others
 * take hours for a Linux kernel.
 */
static void warn_of_processor(void)
{
	unsigned int eax, ebx, ecx, edx;

	if (__get_cpuid(LEAF_FEATURES, &eax, &ebx, &ecx, &edx) && ecx & ECX_VMX)
		return;
	if (__get_cpuid(LEAF_AMD_FEATURES, &eax, &ebx, &ecx, &edx) &&
	    ecx & ECX_SVM)
		return;
	vmm_err("the processor has no virtualization: Linux may be slow; see make run-linux");
}

int kvm_arch_open(struct vmm *vmm)
{
	uint64_t identity_map = IDENTITY_MAP;
	union cpuid cpuid;
	unsigned int i;

	if (ioctl(vmm->vm_fd, KVM_SET_IDENTITY_MAP_ADDR, &identity_map) ||
	    ioctl(vmm->vm_fd, KVM_SET_TSS_ADDR, TSS)) {
		vmm_err(KVM_DEVICE ": cannot place its own pages: %s",
			strerror(errno));
		return -1;
	}
	if (vmm->kernel && create_chips(vmm))
		return -1;
	if (vmm->kernel)
		warn_of_processor();
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
int kvm_arch_add_cpu(struct vmm *vmm, struct vmm_cpu *cpu)
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
int kvm_start_kernel(struct vmm_cpu *cpu, const struct kernel_start *start)
{
	struct kvm_regs regs = {
		.rip	= start->entry,
		.rsi	= start->params,
		.rflags	= 0x2,
	};
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
