// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * firmware.c - run the one processor of a machine that boots firmware
 */
#include <errno.h>
#include <linux/kvm.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/time.h>
#include <time.h>

#include "../vmm.h"

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

/*
 * Handle the reason why the CPU stopped. Return: VMM_OK to go on. A failure before
 * the first exit is one of KVM, a later one is the guest's.
 */
static enum vmm_status handle(struct vmm **machine, struct trace *trace)
{
	struct vmm_cpu *cpu = &(*machine)->cpu;
	struct kvm_run *run = cpu->run;
	struct vmm_exit exit;

	if (kvm_is_access(cpu, &exit)) {
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
