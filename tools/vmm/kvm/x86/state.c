// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * state.c - the state of processors and interrupt controllers in KVM
 *
 * It is saved for two uses: a reset sets that of a machine that was just switched on,
 * and a restore that of a snapshot.
 */
#include <cpuid.h>
#include <errno.h>
#include <linux/kvm.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "../../vmm.h"

#define MAX_MSRS	512
#define NR_CHIPS	3	/* two 8259, and the I/O APIC */
#define XSAVE_WORDS	(sizeof(struct kvm_xsave) / sizeof(uint64_t))
#define MSR_TSC		0x10
#define MSR_TSC_ADJUST	0x3b
#define LEAF_HYPERVISOR	0x40000000
#define TYPE_BUSY	0x2	/* of a task state segment */

struct cpu_state {
	struct kvm_regs		regs;
	struct kvm_sregs	sregs;
	uint64_t		xsave[XSAVE_WORDS];
	struct kvm_xcrs		xcrs;
	struct kvm_debugregs	debugregs;
	struct kvm_lapic_state	lapic;
	struct kvm_vcpu_events	events;
	struct kvm_mp_state	mp_state;
	uint32_t		nr_msrs;
	struct kvm_msr_entry	msrs[MAX_MSRS];
};

struct vm_state {
	struct kvm_irqchip	chips[NR_CHIPS];
	struct kvm_pit_state2	pit;
	struct kvm_clock_data	clock;
	struct cpu_state	cpus[];
};

/* KVM's structs end in arrays of any length; these give them one. */
union one_msr {
	struct kvm_msrs	head;
	uint8_t		room[sizeof(struct kvm_msrs) +
			     sizeof(struct kvm_msr_entry)];
};

union msr_list {
	struct kvm_msr_list	head;
	uint32_t		room[1 + MAX_MSRS];
};

size_t kvm_state_size(const struct vmm *vmm)
{
	return sizeof(struct vm_state) +
	       vmm->kernel->nr_cpus * sizeof(struct cpu_state);
}

/* The last exit of a processor is over when KVM is entered once more. */
static bool end_exit(struct vmm_cpu *cpu)
{
	cpu->run->immediate_exit = 1;
	return ioctl(cpu->fd, KVM_RUN, 0) && errno == EINTR;
}

/* Return: 1; 0 if it cannot be read; -1 if KVM fails */
static int get_msr(struct vmm_cpu *cpu, struct kvm_msr_entry *entry)
{
	union one_msr msr = { .head.nmsrs = 1 };
	int ret;

	msr.head.entries[0] = *entry;
	ret = ioctl(cpu->fd, KVM_GET_MSRS, &msr);
	if (ret == 1)
		*entry = msr.head.entries[0];
	return ret;
}

/* Some cannot be written, and have one value. */
static bool set_msr(struct vmm_cpu *cpu, const struct kvm_msr_entry *entry)
{
	union one_msr msr = { .head.nmsrs = 1 };
	struct kvm_msr_entry now = *entry;
	int ret;

	msr.head.entries[0] = *entry;
	ret = ioctl(cpu->fd, KVM_SET_MSRS, &msr);
	if (ret)
		return ret == 1;
	ret = get_msr(cpu, &now);
	return !ret || (ret == 1 && now.data == entry->data);
}

static bool get_msrs(struct vmm_cpu *cpu, struct cpu_state *state)
{
	union msr_list list = { .head.nmsrs = MAX_MSRS };
	uint32_t i, n = 0;
	int ret;

	if (ioctl(cpu->vmm->kvm_fd, KVM_GET_MSR_INDEX_LIST, &list))
		return false;
	for (i = 0; i < list.head.nmsrs; i++) {
		state->msrs[n].index = list.head.indices[i];
		ret = get_msr(cpu, &state->msrs[n]);
		if (ret < 0)
			return false;
		if (ret)
			n++;
	}
	state->nr_msrs = n;
	return true;
}

static bool get_cpu(struct vmm_cpu *cpu, struct cpu_state *state)
{
	return end_exit(cpu) && get_msrs(cpu, state) &&
	       !ioctl(cpu->fd, KVM_GET_MP_STATE, &state->mp_state) &&
	       !ioctl(cpu->fd, KVM_GET_REGS, &state->regs) &&
	       !ioctl(cpu->fd, KVM_GET_SREGS, &state->sregs) &&
	       !ioctl(cpu->fd, KVM_GET_XSAVE, state->xsave) &&
	       !ioctl(cpu->fd, KVM_GET_XCRS, &state->xcrs) &&
	       !ioctl(cpu->fd, KVM_GET_DEBUGREGS, &state->debugregs) &&
	       !ioctl(cpu->fd, KVM_GET_LAPIC, &state->lapic) &&
	       !ioctl(cpu->fd, KVM_GET_VCPU_EVENTS, &state->events);
}

/* Whether this program runs on a processor that QEMU emulates */
static bool is_emulated(void)
{
	uint32_t eax, name[3];

	__cpuid(LEAF_HYPERVISOR, eax, name[0], name[1], name[2]);
	return !memcmp(name, "TCGTCGTCGTCG", sizeof(name));
}

/*
 * KVM reports the task state segment as busy, which is right for a real processor. The
 * emulated one then refuses all ports to the programs of the guest.
 */
static struct kvm_sregs emulated_sregs(const struct kvm_sregs *saved)
{
	struct kvm_sregs sregs = *saved;

	if (is_emulated())
		sregs.tr.type &= (uint8_t)~TYPE_BUSY;
	return sregs;
}

/*
 * The timers of the local APIC need its registers before theirs. A processor without XSAVE
 * has no extended control registers, and then KVM refuses to set none.
 */
static bool set_cpu(struct vmm_cpu *cpu, const struct cpu_state *state,
		    bool with_clock)
{
	struct kvm_sregs sregs = emulated_sregs(&state->sregs);
	uint32_t i, index;

	end_exit(cpu);
	if (state->nr_msrs > MAX_MSRS ||
	    ioctl(cpu->fd, KVM_SET_SREGS, &sregs) ||
	    ioctl(cpu->fd, KVM_SET_REGS, &state->regs) ||
	    (state->xcrs.nr_xcrs &&
	     ioctl(cpu->fd, KVM_SET_XCRS, &state->xcrs)) ||
	    ioctl(cpu->fd, KVM_SET_XSAVE, state->xsave) ||
	    ioctl(cpu->fd, KVM_SET_DEBUGREGS, &state->debugregs) ||
	    ioctl(cpu->fd, KVM_SET_LAPIC, &state->lapic))
		return false;
	for (i = 0; i < state->nr_msrs; i++) {
		index = state->msrs[i].index;
		if (!with_clock && (index == MSR_TSC || index == MSR_TSC_ADJUST))
			continue;
		if (!set_msr(cpu, &state->msrs[i]))
			vmm_err("processor %u: MSR %#x is not restored",
				cpu->index, index);
	}
	return !ioctl(cpu->fd, KVM_SET_VCPU_EVENTS, &state->events) &&
	       !ioctl(cpu->fd, KVM_SET_MP_STATE, &state->mp_state);
}

/* Of a machine whose processors do not run */
int kvm_get_state(struct vmm *vmm, void *bytes)
{
	struct vm_state *state = bytes;
	unsigned int i;

	memset(state, 0, kvm_state_size(vmm));
	for (i = 0; i < vmm->kernel->nr_cpus; i++)
		if (!get_cpu(&vmm->cpus[i], &state->cpus[i]))
			goto fail;
	for (i = 0; i < NR_CHIPS; i++) {
		state->chips[i].chip_id = i;
		if (ioctl(vmm->vm_fd, KVM_GET_IRQCHIP, &state->chips[i]))
			goto fail;
	}
	if (!ioctl(vmm->vm_fd, KVM_GET_PIT2, &state->pit) &&
	    !ioctl(vmm->vm_fd, KVM_GET_CLOCK, &state->clock))
		return 0;
fail:
	vmm_err("KVM does not give its state: %s", strerror(errno));
	return -1;
}

/* The clocks go on after a reset, and go back by a restore. */
int kvm_set_state(struct vmm *vmm, const void *bytes, bool with_clock)
{
	const struct vm_state *state = bytes;
	struct kvm_clock_data clock = { .clock = state->clock.clock };
	unsigned int i;

	for (i = 0; i < NR_CHIPS; i++)
		if (ioctl(vmm->vm_fd, KVM_SET_IRQCHIP, &state->chips[i]))
			goto fail;
	if (ioctl(vmm->vm_fd, KVM_SET_PIT2, &state->pit) ||
	    (with_clock && ioctl(vmm->vm_fd, KVM_SET_CLOCK, &clock)))
		goto fail;
	for (i = 0; i < vmm->kernel->nr_cpus; i++)
		if (!set_cpu(&vmm->cpus[i], &state->cpus[i], with_clock))
			goto fail;
	return 0;
fail:
	vmm_err("KVM does not take its state: %s", strerror(errno));
	return -1;
}
