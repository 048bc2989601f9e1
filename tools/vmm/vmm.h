/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * vmm.h - the reference VMM: what its files share
 *
 * One struct vmm is one virtual machine. It embeds every device, and every
 * device embeds its nodes of the library, so that setting the machine up
 * allocates guest memory and nothing else. While the guest runs another struct
 * vmm may take over, restored from a snapshot. The loop that runs the guest therefore
 * gets the current machine after each exit.
 *
 * Threads and locks:
 *
 *  - A struct vmm_cpu is one thread that routes exits. It has a struct
 *    vmr_reader of its own and takes no lock to find a device.
 *  - Code that changes the machine holds vmm.writers. For PCI configuration space the
 *    library acquires that lock by vmm.pci_lock, for a read as a reader.
 *  - Reader threads read registers without side effects while the guest runs, and
 *    check the values; see reader_threads.c.
 *  - The state of a device is behind a lock in the device.
 *
 * Nothing a guest can see depends on the host's clock: time is the number of
 * exits so far. So the same exits get the same answers in every replay.
 */
#ifndef VMM_H
#define VMM_H

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>

#include <vmalloc/vmalloc.h>

#include "devices/devices.h"
#include "machine/memory.h"
#include "firmware/scenario.h"
#include "trace.h"

#define container_of(ptr, type, member) \
	((type *)((char *)(ptr) - offsetof(type, member)))

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

#define KIB		1024ULL
#define MIB		(1024 * KIB)
#define GIB		(1024 * MIB)

/* Exit statuses; --help and Documentation/vmm-trace.rst list them */
enum vmm_status {
	VMM_OK,
	VMM_FAILED,		/* a self-check failed, or a replay differed */
	VMM_USAGE,		/* the command line makes no sense */
	VMM_NO_KVM,		/* KVM cannot be used */
	VMM_BAD_FILE,		/* firmware or trace cannot be used */
	VMM_GUEST_FAILED,	/* the guest crashed, halted or took too long */
};

/**
 * struct vmm_probe - the last access of a reader to a test device
 *
 * The self-check and the reader threads use a vmm_cpu that has one. It records the
 * register that an access hit.
 */
struct vmm_probe {
	unsigned int		hits;
	struct testdev		*testdev;
	uint32_t		bar;
	struct vmr_region	*region;
	uint64_t		base;
	uint64_t		offset;
};

struct console;
struct control;
struct kvm_run;
struct trace;
struct vmm;

#define MAX_CPUS		16

#define FIRMWARE_LIMIT		(16 * MIB)
#define TABLES_RAM		(64 * KIB)	/* for ACPI, of a machine with firmware */

/**
 * struct kernel - a Linux kernel that the machine boots
 * @image: its bzImage
 * @bios: the firmware that boots it, or NULL
 * @initrd: what it unpacks as its first root file system, or NULL
 * @append: its command line
 * @memory: bytes of memory; with @restore 0 for those of the file
 * @nr_cpus: number of processors, 1 to MAX_CPUS; with @restore 0 for those of the file
 * @dump_tables: a file for what the guest would read about its machine, or NULL
 * @verify: the agent is the guest's init; compare what it reports
 * @snapshot: with @verify: save the machine in this file after the steps, and end
 * @restore: go on with the machine of this file; @image is for a reboot, or NULL
 * @dump_snapshot: a file for the machine before its first instruction, or NULL
 * @dump_map: print the map of @restore, and end
 * @plugs: hot-plugs after the steps that are always done, about so many
 * @moves: moves after them
 * @reboots: reboots after them
 * @verbose: show what the guest writes to its serial port
 * @console: the serial port is the terminal of this program
 */
struct kernel {
	void		*image;
	uint64_t	image_size;
	void		*initrd;
	uint64_t	initrd_size;
	void		*bios;
	uint64_t	bios_size;
	const char	*append;
	const char	*disk;
	const char	*control;
	const char	*dump_tables;
	const char	*dump_snapshot;
	const char	*snapshot;
	const char	*restore;
	uint64_t	memory;
	unsigned int	nr_cpus;
	unsigned int	plugs;
	unsigned int	moves;
	unsigned int	reboots;
	bool		dump_map;
	bool		verify;
	bool		verbose;
	bool		console;
};

/**
 * struct kernel_start - where a kernel begins
 * @entry: its first instruction
 * @params: the address of what it reads about its machine
 * @initrd: the address of its first root file system, if the tables have that
 * @tables: the address of the tables
 */
struct kernel_start {
	uint64_t	entry;
	uint64_t	initrd;
	uint64_t	params;
	uint64_t	tables;
};

/* KVM's struct ends in an array of any length; a union gives it one. */
#define MAX_ROUTES	256
#define CHIP_ROUTES	40	/* inputs of the two 8259 and of the I/O APIC */
#define ROUTES_SIZE	(sizeof(struct kvm_irq_routing) + \
			 MAX_ROUTES * sizeof(struct kvm_irq_routing_entry))

/**
 * struct assigned_header - what machine_assign() has left in a function's registers
 * @header: the registers that every function has
 */
struct assigned_header {
	const struct vmr_pci_function	*fn;
	uint8_t				header[64];
};

/* Why the processors of a guest stopped */
enum guest_end {
	GUEST_RUNS,
	GUEST_OFF,		/* it switched the machine off */
	GUEST_RESET,		/* it reset the machine */
	GUEST_CRASHED,
	GUEST_REFUSED,		/* KVM cannot run it */
	GUEST_STOPPED,		/* by this program */
};

#define NR_CACHE_SETS	64	/* 128 regions */

/**
 * struct vmm_cpu - a thread that routes exits
 * @reader: its way into the devices
 * @cache: its lookup cache
 * @vmm: the machine
 * @probe: record of this thread's accesses to test devices, or NULL
 * @fd: KVM's vCPU, -1 without one
 * @run: what KVM shares of it
 * @run_size: how many bytes that are
 * @thread: the thread, of a guest with several processors
 * @index: the number of the processor
 * @paused: the thread waits to go on
 * @exit: the access that is being routed, or NULL
 *
 * Aligned so that no two readers share a cache line.
 */
struct vmm_cpu {
	struct vmr_reader	reader;
	struct vmr_cache_set	cache[NR_CACHE_SETS];
	struct vmm		*vmm;
	struct vmm_probe	*probe;
	int			fd;
	struct kvm_run		*run;
	size_t			run_size;
	pthread_t		thread;
	unsigned int		index;
	bool			paused;
	const struct vmm_exit	*exit;
} __attribute__((__aligned__(64)));

/* Addresses that have no device and must stay free of them */
#define NR_RESERVED	3

#define NR_READER_THREADS	3

/**
 * struct reader_thread - a thread that reads while the guest runs
 * @hits: reads that hit the right register
 * @misses: reads that found no device, while a writer was active
 * @concurrent: of both, those while a writer was active
 * @errors: reads with a result that is never valid
 */
struct reader_thread {
	struct vmm_cpu		cpu;
	struct vmm_probe	probe;
	pthread_t		thread;
	bool			running;
	uint64_t		random;
	uint64_t		hits;
	uint64_t		misses;
	uint64_t		concurrent;
	uint64_t		errors;
};

/**
 * struct vmm - a virtual machine
 * @pci_root: the host bridge, which has all buses that no other one has
 * @chip_fds: the GIC and the ITS, if KVM has them as devices
 * @exits: accesses routed so far, which is also the guest's clock
 * @unhandled_exits: accesses without a device
 * @errors: accesses that failed for another reason, which is always a fault
 * @implemented: BARs of the test devices
 * @programmed: those of them that the firmware says it placed
 * @misdispatched: what checks found in a wrong place
 * @failed: something went wrong where no error can be returned
 * @restoring: devices are described now and registered later, when a restore has
 *	put back what they have
 * @checker: the reader of the checks
 * @probe: what it hit last
 * @devices: all devices but PCI functions, by age
 * @functions: the PCI functions, by age
 * @q35: host bridges and more of that machine; @host_bridge, @isa_bridge and @pm are
 *	those of the other one
 * @hot: the device that is plugged while the guest runs
 * @scenario: what happens to it
 * @program: what runs after the firmware
 * @places: keeps the addresses of the test devices for the reader threads
 * @generation: odd while a writer is at work
 * @stop: the reader threads must end
 * @kernel: the kernel of the guest, NULL if it boots firmware
 * @layout: the reserved addresses of a machine that boots a kernel
 * @layout_reserved: the same, also while a restore is to put them into the map
 * @io_window: the addresses that stand for I/O ports, if the processors have none
 * @ecam: its configuration space
 * @intx: its interrupt lines of PCI
 * @cpus: its processors
 * @first_registers: the registers of its devices when it was switched on
 * @first_state: what KVM has of it, at that time
 * @assigned: the registers of its functions before a kernel starts
 * @nr_assigned: their number
 * @firmware_boot: what firmware reads to boot the kernel
 * @restored_items: the same in a machine that a snapshot has made, until a reset
 * @keep: the kernel is to keep them
 * @run_lock: protects what follows
 * @run_changed: one of these changed
 * @end: why the processors stopped
 * @pause: they are to wait
 */
struct vmm {
	struct vmm_config	config;
	struct vmr_system	sys;
	struct vmr_manager	manager;
	struct vmr_pci_conf1	pci_host;
	struct vmr_pci_host	pci_root;
	struct vmr_lock_ops	pci_lock;
	pthread_rwlock_t	writers;
	struct vmr_kvm		kvm;
	uint64_t		routing[ROUTES_SIZE / sizeof(uint64_t)];
	struct vmr_kvm_route	chip_routes[CHIP_ROUTES];
	struct vmm_cpu		cpu;
	int			kvm_fd;
	int			vm_fd;
	int			chip_fds[2];
	struct vmm_memory	*memories;
	uint64_t		exits;
	uint64_t		unhandled_exits;
	uint64_t		errors;
	unsigned int		implemented;
	unsigned int		programmed;
	uint64_t		misdispatched;
	bool			failed;
	bool			restoring;
	struct vmm_cpu		checker;
	struct vmm_probe	probe;

	struct ram		ram;
	struct vmr_region	reserved[NR_RESERVED];
	struct debugcon	debugcon;
	struct fw_cfg		fw_cfg;
	struct cmos		cmos;
	struct pit		pit;
	struct pic		pic;
	struct serial		serial;
	struct i8042		i8042;
	struct scratch_regs		scratch_regs[NR_SCRATCH_REGS];
	struct apic		apic;
	struct ioapic		ioapic;

	struct vmr_device	*devices[NR_DEVICES];
	unsigned int		nr_devices;
	struct vmr_pci_function	*functions[NR_FUNCTIONS];
	unsigned int		nr_functions;
	struct vmr_pci_function	host_bridge;
	struct vmr_pci_function	isa_bridge;
	struct vmr_pci_bridge	pci_bridge;
	struct piix4_pm		pm;
	struct q35		q35;
	struct testdev		testdevs[NR_TESTDEVS];
	struct testdev		hot;
	struct scenario		scenario;
	struct guest_program		program;
	struct reader_thread		reader_threads[NR_READER_THREADS];
	struct vmr_listener	places;
	uint32_t		generation;
	bool			stop;
	uint8_t			option_rom[OPTION_ROM_SIZE];

	const struct kernel	*kernel;
	struct vmr_layout	layout;
	struct vmr_span		layout_reserved[VMR_LAYOUT_MAX_RESERVED];
	struct vmr_region	io_window;
	struct vmr_pci_ecam	ecam;
	struct vmr_pci_intx	intx;
	struct vmr_pci_intx_line intx_lines[NR_PCI_LINES];
	struct vmr_shared_irq	pci_lines[NR_PCI_LINES];
	struct acpi_pm		acpi_pm;
	struct agent_port	agent;
	struct virtio		disk;
	struct virtio		entropy;
	struct vmm_cpu		cpus[MAX_CPUS];
	void			*first_registers;
	void			*first_state;
	struct assigned_header	assigned[NR_FUNCTIONS];
	unsigned int		nr_assigned;
	struct firmware_boot	firmware_boot;
	void			*restored_items;
	bool			keep;
	pthread_mutex_t		run_lock;
	pthread_cond_t		run_changed;
	enum guest_end		end;
	bool			pause;
};

/* main.c */
void vmm_err(const char *fmt, ...)
	__attribute__((__format__(__printf__, 1, 2)));

/* machine/hostile.c */
const char *hostile_check(const struct vmr_snapshot *snap, const uint8_t *bytes,
			  size_t size);

/* machine/machine.c */
extern const struct vmr_span reserved_spans[NR_RESERVED];
struct vmm *vmm_alloc(void);
void vmm_free(struct vmm *vmm);
int vmm_init(struct vmm *vmm);
void vmm_destroy(struct vmm *vmm);
int vmm_register(struct vmm *vmm, struct vmr_device *dev);
const struct vmr_pool *vmm_pool(const struct vmm *vmm, const char *name);
void layout_reserved(struct vmm *vmm, const struct vmr_layout_config *config);
const struct vmr_region *vmm_reserved(const struct vmm *vmm, const char *name);
void vmm_route(struct vmm_cpu *cpu, const struct vmm_exit *exit);
uint64_t vmm_ticks(const struct vmm *vmm, uint64_t hz);
int vmm_cpu_init(struct vmm *vmm, struct vmm_cpu *cpu);

/* machine/assign.c */
int machine_assign(struct vmm *vmm);
void machine_note_assigned(struct vmm *vmm);

/* machine/ARCH/: the address map and the devices of a machine that boots a kernel */
typedef int device_register(struct vmm *vmm);

/**
 * struct board - a machine that boots a kernel, as far as shared code asks
 * @has_ports: the devices are at I/O ports; else they are in memory, and the library
 *	places them
 * @has_msi_ids: a message carries the address of its function
 * @has_firmware: firmware can boot the kernel
 * @has_snapshots: the state of its processors can be saved and restored
 * @first_pci_line: the first interrupt line of PCI
 * @root_bus: the beginning of the name that Linux gives to a window
 * @numbers_anew: Linux numbers all buses in each rescan
 * @keeps: Linux keeps numbers and addresses that it finds, also without a request
 * @windows: store the windows of the host bridge, VMR_PCI_HOST_MAX_WINDOWS at most, and
 *	return their number; NULL if it forwards all addresses
 */
struct board {
	bool		has_ports;
	bool		has_msi_ids;
	bool		has_firmware;
	bool		has_snapshots;
	bool		numbers_anew;
	bool		keeps;
	uint32_t	first_pci_line;
	const char	*root_bus;
	unsigned int	(*windows)(const struct vmm *vmm,
				   struct vmr_pci_window *windows);
};

extern const struct board board;
extern device_register *const board_devices[];
int board_layout(struct vmm *vmm);

/* kvm/kvm.c */
int kvm_open(struct vmm *vmm);
int kvm_add_cpu(struct vmm *vmm, struct vmm_cpu *cpu);
void kvm_move_from(struct vmm *vmm, struct vmm *from);
void kvm_close(struct vmm *vmm);
/* Whether the CPU stopped for an access, which is stored at @exit */
bool kvm_is_access(struct vmm_cpu *cpu, struct vmm_exit *exit);

/* kvm/firmware.c */
enum vmm_status kvm_run(struct vmm **machine, unsigned int seconds,
			struct trace *trace);

/* kvm/ARCH/ */
void kvm_irq(struct vmm *vmm, uint32_t gsi, bool level);
int kvm_init_chips(struct vmm *vmm);
int kvm_start_at(struct vmm_cpu *cpu, uint32_t address);
/* The state of KVM, of so many bytes; 0 if this architecture does not save it */
size_t kvm_state_size(const struct vmm *vmm);
int kvm_get_state(struct vmm *vmm, void *bytes);
int kvm_set_state(struct vmm *vmm, const void *bytes, bool with_clock);
int kvm_start_kernel(struct vmm_cpu *cpu, const struct kernel_start *start);

/* kvm/vcpu.c */
int vcpus_start(struct vmm *vmm);
void vcpus_stop(struct vmm *vmm, enum guest_end end);
void vcpus_end(struct vmm *vmm, enum guest_end end);
void vcpus_report(struct vmm *vmm);
void vcpus_pause(struct vmm *vmm);
void vcpus_resume(struct vmm *vmm);

/* boot/kernel.c */
enum vmm_status kernel_run(struct kernel *kernel);
int kernel_restart(struct vmm *vmm);

/* boot/ARCH/ */
/* The reason why the kernel's image is none for this program, or NULL */
const char *kernel_fault(const struct kernel *kernel);
int kernel_load(struct vmm *vmm, struct kernel_start *start);
int kernel_offer(struct vmm *vmm, void (*begins)(struct vmm *vmm));
int firmware_begin(struct vmm *vmm);
bool firmware_restored(struct vmm *vmm);
/* The caller frees the result, which is NULL on failure. */
void *tables_make(struct vmm *vmm, struct kernel_start *start, size_t *size);
uint32_t e820_type(const struct vmr_e820 *e820,
		   const struct vmr_region *region, uint32_t type);
/* boot/e820.c */
size_t e820_entries(struct vmm *vmm, void *buf, size_t size);

/* control/ */
int agent_wait(struct vmm *vmm, unsigned int seconds);
char *agent_ask(struct vmm *vmm, const char *command);
void agent_off(struct vmm *vmm);
int agent_reboot(struct vmm *vmm);
void agent_forget(struct vmm *vmm);
enum vmm_status verify(struct vmm *vmm);
struct control *control_start(struct vmm *vmm, const char *path);
void control_stop(struct control *control);

/* control/console.c */
struct console *console_start(struct vmm *vmm);
void console_stop(struct console *console);

/**
 * struct device_registers - what a device has to save
 * @check: whether saved bytes are ones that it can have, NULL for any
 */
struct device_registers {
	void		*bytes;
	size_t		size;
	block_check_fn	*check;
};

#define MAX_REGISTERS	(NR_SCRATCH_REGS + 9)

/* machine/reset.c */
unsigned int machine_registers(struct vmm *vmm,
			       struct device_registers regs[MAX_REGISTERS]);
size_t machine_registers_size(struct vmm *vmm);
int machine_switched_on(struct vmm *vmm);
bool machine_has_reset(const struct vmm *vmm);
int machine_reset(struct vmm *vmm);
void machine_switched_off(struct vmm *vmm);

/* machine/print_map.c */
void print_map(const struct vmm *vmm);

/* firmware/probe.c */
uint32_t config_read(struct vmm_cpu *cpu, uint32_t address, uint32_t reg);
void config_write(struct vmm_cpu *cpu, uint32_t value);
const char *probe_expect_mapped(struct vmm_cpu *cpu, struct testdev *testdev,
				unsigned int bar, uint64_t start);
const char *probe_expect_unmapped(struct vmm_cpu *cpu, enum vmr_io io,
				  uint64_t addr);

/* machine/reader_threads.c */
void readers_listen(struct vmm *vmm);
int readers_start(struct vmm *vmm);
void readers_stop(struct vmm *vmm);
void readers_report(struct vmm *vmm);

/* machine/restore.c */
struct vmm *restore_machine(struct vmm *vmm);

/* firmware/q35_check.c */
void q35_selfcheck(struct vmm *vmm);

/* firmware/selfcheck.c */
void selfcheck(struct vmm *vmm);
void selfcheck_again(struct vmm *vmm);
enum vmm_status report(struct vmm *vmm, bool replayed);

#endif /* VMM_H */
