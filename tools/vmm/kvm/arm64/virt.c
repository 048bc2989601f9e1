// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * virt.c - KVM of arm64: a GICv3 with an ITS, and processors that PSCI starts
 */
#include <errno.h>
#include <linux/kvm.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>

#include "../../machine/arm64/board.h"
#include "../arch.h"

#define DEFAULT_PHYS_BITS	40	/* of a virtual machine of type 0 */
#define MAX_PHYS_BITS		44

/* Registers of the GIC, of its architecture specification (IHI 0069), chapter 12 */
#define GICD_CTLR		0x0000
#define GICD_ICENABLER		0x0180
#define GICD_ISPENDR		0x0200
#define GICD_ICACTIVER		0x0380
#define GICR_CTLR		0x0000
#define GICR_SGI_FRAME		0x10000
#define FIRST_SHARED		32	/* the interrupts before are a processor's own */

/* Interrupts with EL1, and no exceptions from the debugger, masked */
#define PSTATE_START \
	(PSR_MODE_EL1h | PSR_D_BIT | PSR_A_BIT | PSR_I_BIT | PSR_F_BIT)

#define CORE_REG(member) \
	(KVM_REG_ARM64 | KVM_REG_SIZE_U64 | KVM_REG_ARM_CORE | \
	 offsetof(struct kvm_regs, member) / sizeof(uint32_t))

const struct kvm_capability kvm_arch_capabilities[] = {
	{ KVM_CAP_USER_MEMORY, "memory slots" },
	{ KVM_CAP_ONE_REG, "single registers" },
	{ KVM_CAP_ARM_PSCI_0_2, "PSCI" },
	{ KVM_CAP_DEVICE_CTRL, "devices" },
	{ KVM_CAP_IRQ_ROUTING, "interrupt routes" },
	{ KVM_CAP_IMMEDIATE_EXIT, "immediate exits" },
	{ 0, NULL },
};

const char *kvm_arch_refuses(const struct vmm *vmm)
{
	return vmm->kernel ? NULL :
			     "the firmware is for a PC, and this host is none";
}

/* The width of an address, of which 0 stands for 40 bits */
unsigned long kvm_arch_vm_type(struct vmm *vmm)
{
	int bits = ioctl(vmm->kvm_fd, KVM_CHECK_EXTENSION,
			 KVM_CAP_ARM_VM_IPA_SIZE);

	vmm->config.phys_bits = DEFAULT_PHYS_BITS;
	if (bits <= 0)
		return 0;
	vmm->config.phys_bits = bits < MAX_PHYS_BITS ? (uint32_t)bits :
						       MAX_PHYS_BITS;
	return KVM_VM_TYPE_ARM_IPA_SIZE(vmm->config.phys_bits);
}

int kvm_arch_open(struct vmm *vmm)
{
	(void)vmm;
	return 0;
}

/* The first processor runs, the others wait for PSCI. */
int kvm_arch_add_cpu(struct vmm *vmm, struct vmm_cpu *cpu)
{
	struct kvm_vcpu_init init;

	if (!ioctl(vmm->vm_fd, KVM_ARM_PREFERRED_TARGET, &init)) {
		init.features[0] |= 1u << KVM_ARM_VCPU_PSCI_0_2;
		if (cpu->index)
			init.features[0] |= 1u << KVM_ARM_VCPU_POWER_OFF;
		if (!ioctl(cpu->fd, KVM_ARM_VCPU_INIT, &init))
			return 0;
	}
	vmm_err("KVM does not take the CPU: %s", strerror(errno));
	return -1;
}

static int create_device(struct vmm *vmm, uint32_t type)
{
	struct kvm_create_device device = { .type = type };

	if (!ioctl(vmm->vm_fd, KVM_CREATE_DEVICE, &device))
		return (int)device.fd;
	vmm_err(KVM_DEVICE ": no interrupt controller: %s", strerror(errno));
	return -1;
}

static int set_attribute(int fd, uint32_t group, uint64_t attr, void *value)
{
	const struct kvm_device_attr device_attr = {
		.group	= group,
		.attr	= attr,
		.addr	= (uint64_t)(uintptr_t)value,
	};

	if (!ioctl(fd, KVM_SET_DEVICE_ATTR, &device_attr))
		return 0;
	vmm_err("interrupt controller: %s", strerror(errno));
	return -1;
}

/* The address of a part of the controller is that of the map. */
static int set_place(struct vmm *vmm, int fd, uint64_t part, const char *name)
{
	const struct vmr_region *region = vmm_reserved(vmm, name);
	uint64_t address = region->range.start;

	return set_attribute(fd, KVM_DEV_ARM_VGIC_GRP_ADDR, part, &address);
}

static int init_device(int fd)
{
	return set_attribute(fd, KVM_DEV_ARM_VGIC_GRP_CTRL,
			     KVM_DEV_ARM_VGIC_CTRL_INIT, NULL);
}

/* The controllers are complete when all processors are there. */
int kvm_init_chips(struct vmm *vmm)
{
	uint32_t nr = (uint32_t)vmm->sys.irqs.space.last + 1;
	int gic, its;

	gic = create_device(vmm, KVM_DEV_TYPE_ARM_VGIC_V3);
	if (gic < 0 ||
	    set_attribute(gic, KVM_DEV_ARM_VGIC_GRP_NR_IRQS, 0, &nr) ||
	    set_place(vmm, gic, KVM_VGIC_V3_ADDR_TYPE_DIST, GIC_DISTRIBUTOR) ||
	    set_place(vmm, gic, KVM_VGIC_V3_ADDR_TYPE_REDIST,
		      GIC_REDISTRIBUTORS) ||
	    init_device(gic))
		return -1;
	its = create_device(vmm, KVM_DEV_TYPE_ARM_VGIC_ITS);
	if (its < 0 || set_place(vmm, its, KVM_VGIC_ITS_ADDR_TYPE, GIC_ITS) ||
	    init_device(its))
		return -1;
	vmm->chip_fds[0] = gic;
	vmm->chip_fds[1] = its;
	return 0;
}

void kvm_irq(struct vmm *vmm, uint32_t gsi, bool level)
{
	struct kvm_irq_level line = {
		.irq	= KVM_ARM_IRQ_TYPE_SPI << KVM_ARM_IRQ_TYPE_SHIFT | gsi,
		.level	= level,
	};

	if (vmm->kernel && vmm->vm_fd >= 0 &&
	    ioctl(vmm->vm_fd, KVM_IRQ_LINE, &line))
		vmm_err("interrupt line %u: %s", gsi, strerror(errno));
}

static int set_register(struct vmm_cpu *cpu, uint64_t id, uint64_t value)
{
	const struct kvm_one_reg reg = {
		.id	= id,
		.addr	= (uint64_t)(uintptr_t)&value,
	};

	return ioctl(cpu->fd, KVM_SET_ONE_REG, &reg);
}

/* Begin a kernel by its boot protocol: X0 has the address of the device tree. */
int kvm_start_kernel(struct vmm_cpu *cpu, const struct kernel_start *start)
{
	if (!set_register(cpu, CORE_REG(regs.pc), start->entry) &&
	    !set_register(cpu, CORE_REG(regs.regs[0]), start->params) &&
	    !set_register(cpu, CORE_REG(regs.pstate), PSTATE_START))
		return 0;
	vmm_err("KVM does not let the CPU begin a kernel: %s", strerror(errno));
	return -1;
}

int kvm_start_at(struct vmm_cpu *cpu, uint32_t address)
{
	(void)cpu;
	(void)address;
	return -1;
}

/*
 * A reset needs no saved state: KVM has calls for the first state of all parts. A size
 * above 0 means that a reset is possible.
 */
size_t kvm_state_size(const struct vmm *vmm)
{
	(void)vmm;
	return 1;
}

int kvm_get_state(struct vmm *vmm, void *bytes)
{
	(void)vmm;
	(void)bytes;
	return 0;
}

static int set_word(int gic, uint32_t group, uint64_t attr, uint32_t value)
{
	return set_attribute(gic, group, attr, &value);
}

/* Disable interrupts from @first on, and take back what is pending or active. */
static int clear_interrupts(int gic, uint32_t group, uint64_t base,
			    uint32_t first, uint32_t nr)
{
	uint32_t word;
	int err = 0;

	for (word = first / 32; !err && word < nr / 32; word++)
		err = set_word(gic, group, base + GICD_ICENABLER + 4 * word,
			       ~0u) ||
		      set_word(gic, group, base + GICD_ISPENDR + 4 * word, 0) ||
		      set_word(gic, group, base + GICD_ICACTIVER + 4 * word,
			       ~0u);
	return err;
}

/* The lines of devices are low. */
static int lower_lines(int gic, uint32_t nr)
{
	uint32_t first;
	int err = 0;

	for (first = FIRST_SHARED; !err && first < nr; first += 32)
		err = set_word(gic, KVM_DEV_ARM_VGIC_GRP_LEVEL_INFO,
			       VGIC_LEVEL_INFO_LINE_LEVEL <<
					KVM_DEV_ARM_VGIC_LINE_LEVEL_INFO_SHIFT |
			       first, 0);
	return err;
}

/* A redistributor is found by the affinity of its processor. */
static int reset_redistributor(int gic, unsigned int cpu)
{
	uint64_t base = (uint64_t)cpu << KVM_DEV_ARM_VGIC_V3_MPIDR_SHIFT;
	uint32_t group = KVM_DEV_ARM_VGIC_GRP_REDIST_REGS;

	return set_word(gic, group, base + GICR_CTLR, 0) ||
	       clear_interrupts(gic, group, base + GICR_SGI_FRAME, 0,
				FIRST_SHARED);
}

static int reset_chips(struct vmm *vmm)
{
	uint32_t nr = (uint32_t)vmm->sys.irqs.space.last + 1;
	int gic = vmm->chip_fds[0];
	unsigned int i;
	int err;

	err = set_attribute(vmm->chip_fds[1], KVM_DEV_ARM_VGIC_GRP_CTRL,
			    KVM_DEV_ARM_ITS_CTRL_RESET, NULL) ||
	      set_word(gic, KVM_DEV_ARM_VGIC_GRP_DIST_REGS, GICD_CTLR, 0) ||
	      clear_interrupts(gic, KVM_DEV_ARM_VGIC_GRP_DIST_REGS, 0,
			       FIRST_SHARED, nr) ||
	      lower_lines(gic, nr);
	for (i = 0; !err && i < vmm->kernel->nr_cpus; i++)
		err = reset_redistributor(gic, i);
	return err;
}

/* The last exit of a processor is over when KVM is entered once more. */
static void end_exit(struct vmm_cpu *cpu)
{
	cpu->run->immediate_exit = 1;
	ioctl(cpu->fd, KVM_RUN, 0);
}

/* The state after switching on. Snapshots of the whole machine are not possible. */
int kvm_set_state(struct vmm *vmm, const void *bytes, bool with_clock)
{
	unsigned int i;
	int err = 0;

	(void)bytes;
	if (with_clock)
		return -1;
	for (i = 0; i < vmm->kernel->nr_cpus; i++)
		end_exit(&vmm->cpus[i]);
	err = reset_chips(vmm);
	for (i = 0; !err && i < vmm->kernel->nr_cpus; i++)
		err = kvm_arch_add_cpu(vmm, &vmm->cpus[i]);
	return err;
}
