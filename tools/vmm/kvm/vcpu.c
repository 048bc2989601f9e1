// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * vcpu.c - the processors of a guest with a kernel: a thread and a reader for each
 *
 * A signal makes a thread leave the guest. The flag immediate_exit covers the moment
 * before it enters.
 */
#include <errno.h>
#include <linux/kvm.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>

#include "../vmm.h"

#define KICK	SIGUSR1

static void kick(int signal)
{
	(void)signal;
}

static void kick_all(struct vmm *vmm)
{
	unsigned int i;

	for (i = 0; i < vmm->kernel->nr_cpus; i++) {
		if (!vmm->cpus[i].run || !vmm->cpus[i].thread)
			continue;
		__atomic_store_n(&vmm->cpus[i].run->immediate_exit, 1,
				 __ATOMIC_SEQ_CST);
		pthread_kill(vmm->cpus[i].thread, KICK);
	}
}

/* Stop all processors. The first reason counts. */
void vcpus_end(struct vmm *vmm, enum guest_end end)
{
	if (!vmm->kernel)
		return;
	pthread_mutex_lock(&vmm->run_lock);
	if (vmm->end == GUEST_RUNS)
		vmm->end = end;
	kick_all(vmm);
	pthread_cond_broadcast(&vmm->run_changed);
	pthread_mutex_unlock(&vmm->run_lock);
	pthread_mutex_lock(&vmm->agent.platform.lock);
	pthread_cond_broadcast(&vmm->agent.changed);
	pthread_mutex_unlock(&vmm->agent.platform.lock);
}

static void route(struct vmm_cpu *cpu, const struct vmm_exit *exit)
{
	__atomic_store_n(&cpu->exit, exit, __ATOMIC_RELEASE);
	vmm_route(cpu, exit);
	__atomic_store_n(&cpu->exit, NULL, __ATOMIC_RELEASE);
}

/* For a guest that makes no progress: where each processor is */
void vcpus_report(struct vmm *vmm)
{
	const struct vmm_exit *exit;
	unsigned int i;

	for (i = 0; i < vmm->kernel->nr_cpus; i++) {
		exit = __atomic_load_n(&vmm->cpus[i].exit, __ATOMIC_ACQUIRE);
		if (exit)
			vmm_err("processor %u: in an access to %s %#" PRIx64, i,
				exit->io == VMR_PIO ? "port" : "address",
				exit->addr);
		else
			vmm_err("processor %u: in the guest", i);
	}
}

static void refused(struct vmm *vmm, const char *why, unsigned long long number)
{
	pthread_mutex_lock(&vmm->run_lock);
	if (vmm->end == GUEST_RUNS)
		vmm_err("this KVM cannot run the guest: %s %llu; see make run-linux",
			why, number);
	pthread_mutex_unlock(&vmm->run_lock);
	vcpus_end(vmm, GUEST_REFUSED);
}

static void system_event(struct vmm *vmm, uint32_t type)
{
	if (type == KVM_SYSTEM_EVENT_SHUTDOWN)
		vcpus_end(vmm, GUEST_OFF);
	else if (type == KVM_SYSTEM_EVENT_RESET)
		vcpus_end(vmm, GUEST_RESET);
	else
		vcpus_end(vmm, GUEST_CRASHED);
}

static void handle_exit(struct vmm_cpu *cpu)
{
	struct kvm_run *run = cpu->run;
	struct vmm_exit exit;

	if (kvm_is_access(cpu, &exit)) {
		route(cpu, &exit);
		return;
	}
	switch (run->exit_reason) {
	case KVM_EXIT_INTR:
		break;
	case KVM_EXIT_SHUTDOWN:
		vmm_err("the guest crashed");
		vcpus_end(cpu->vmm, GUEST_CRASHED);
		break;
	case KVM_EXIT_SYSTEM_EVENT:
		system_event(cpu->vmm, run->system_event.type);
		break;
	case KVM_EXIT_FAIL_ENTRY:
		refused(cpu->vmm, "it fails to enter, reason",
			run->fail_entry.hardware_entry_failure_reason);
		break;
	case KVM_EXIT_INTERNAL_ERROR:
		refused(cpu->vmm, "it gives up, reason",
			run->internal.suberror);
		break;
	default:
		refused(cpu->vmm, "exit of unknown kind", run->exit_reason);
	}
}

/* Wait while the machine is paused. Return false if it has ended. */
static bool may_run(struct vmm_cpu *cpu)
{
	struct vmm *vmm = cpu->vmm;
	bool runs;

	pthread_mutex_lock(&vmm->run_lock);
	while (vmm->pause && vmm->end == GUEST_RUNS) {
		cpu->paused = true;
		pthread_cond_broadcast(&vmm->run_changed);
		pthread_cond_wait(&vmm->run_changed, &vmm->run_lock);
	}
	cpu->paused = false;
	runs = vmm->end == GUEST_RUNS;
	if (runs)
		cpu->run->immediate_exit = 0;
	pthread_mutex_unlock(&vmm->run_lock);
	return runs;
}

static void *run(void *arg)
{
	struct vmm_cpu *cpu = arg;

	while (may_run(cpu)) {
		if (!ioctl(cpu->fd, KVM_RUN, 0))
			handle_exit(cpu);
		else if (errno != EINTR && errno != EAGAIN)
			refused(cpu->vmm, "error", (unsigned int)errno);
	}
	return NULL;
}

int vcpus_start(struct vmm *vmm)
{
	const struct sigaction action = { .sa_handler = kick };
	struct vmm_cpu *cpu;
	unsigned int i;

	sigaction(KICK, &action, NULL);
	for (i = 0; i < vmm->kernel->nr_cpus; i++) {
		cpu = &vmm->cpus[i];
		if (pthread_create(&cpu->thread, NULL, run, cpu)) {
			cpu->thread = 0;
			vmm_err("no thread for processor %u", i);
			vcpus_stop(vmm, GUEST_STOPPED);
			return -1;
		}
	}
	return 0;
}

void vcpus_stop(struct vmm *vmm, enum guest_end end)
{
	unsigned int i;

	vcpus_end(vmm, end);
	for (i = 0; i < vmm->kernel->nr_cpus; i++) {
		if (!vmm->cpus[i].thread)
			continue;
		pthread_join(vmm->cpus[i].thread, NULL);
		vmm->cpus[i].thread = 0;
	}
}

/* Return when no processor is in the guest. */
void vcpus_pause(struct vmm *vmm)
{
	unsigned int i;

	pthread_mutex_lock(&vmm->run_lock);
	vmm->pause = true;
	kick_all(vmm);
	for (i = 0; i < vmm->kernel->nr_cpus; i++)
		while (!vmm->cpus[i].paused && vmm->end == GUEST_RUNS)
			pthread_cond_wait(&vmm->run_changed, &vmm->run_lock);
	pthread_mutex_unlock(&vmm->run_lock);
}

void vcpus_resume(struct vmm *vmm)
{
	pthread_mutex_lock(&vmm->run_lock);
	vmm->pause = false;
	pthread_cond_broadcast(&vmm->run_changed);
	pthread_mutex_unlock(&vmm->run_lock);
}
