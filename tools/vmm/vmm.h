/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * vmm.h - the reference VMM: what its files share
 *
 * One struct vmm is one virtual machine. It embeds every device, and every
 * device embeds its nodes of the library, so that setting the machine up
 * allocates guest memory and nothing else. While the guest runs another struct
 * vmm may take over, restored from a snapshot; so whoever runs the guest looks
 * after each exit which one it is.
 *
 * Who may do what:
 *
 *  - A struct vmm_cpu is one thread that routes exits. It has a struct
 *    vmr_reader of its own and takes no lock to find a device.
 *  - What changes the machine holds vmm.writers. Guests do it through PCI
 *    configuration space, where the library takes that lock by vmm.pci_lock.
 *  - Helpers are threads that read registers without side effects all the time
 *    while the guest runs, and know what they must get; see reader_threads.c.
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

#include "devices/testdev_pattern.h"

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
 * struct vmm_config - what makes two machines the same
 * @ram_low: bytes of memory below 4 GiB
 * @ram_high: bytes of memory from 4 GiB up
 * @firmware_size: bytes of flash below 4 GiB
 * @phys_bits: width of a guest physical address
 * @nr_slots: memory slots that KVM has
 *
 * A trace begins with it, since a replay has no KVM to ask.
 */
struct vmm_config {
	uint64_t	ram_low;
	uint64_t	ram_high;
	uint64_t	firmware_size;
	uint32_t	phys_bits;
	uint32_t	nr_slots;
};

/**
 * struct vmm_exit - an access of the guest's, as KVM reports it
 * @data: @width * @count bytes, to be filled in by a read
 */
struct vmm_exit {
	enum vmr_io	io;
	bool		write;
	uint64_t	addr;
	uint32_t	width;
	uint32_t	count;
	void		*data;
};

struct testdev;

/**
 * struct vmm_probe - what a PCI card was asked last through one reader
 *
 * The self-check and the helpers read through a vmm_cpu that has one, and so
 * learn where an access really ended.
 */
struct vmm_probe {
	unsigned int		hits;
	struct testdev		*testdev;
	uint32_t		bar;
	struct vmr_region	*region;
	uint64_t		base;
	uint64_t		offset;
};

struct kvm_run;
struct trace;
struct vmm;

/**
 * struct vmm_cpu - a thread that routes exits
 * @reader: its way into the devices
 * @vmm: the machine
 * @probe: where cards note accesses of this thread, or NULL
 * @fd: KVM's vCPU, -1 without one
 * @run: what KVM shares of it
 * @run_size: how many bytes that are
 *
 * Aligned so that no two readers share a cache line.
 */
struct vmm_cpu {
	struct vmr_reader	reader;
	struct vmm		*vmm;
	struct vmm_probe	*probe;
	int			fd;
	struct kvm_run		*run;
	size_t			run_size;
} __attribute__((__aligned__(64)));

/**
 * struct vmm_memory - memory that the guest reaches without an exit
 * @region: the addresses in front of it
 * @size: how many of them, from the first; what is behind them traps
 * @host: the memory; NULL in a replay
 * @readonly: whether the guest's writes leave it alone
 * @slot: KVM's number for it
 * @mapped: whether KVM has it
 * @gpa: where, in that case
 * @moves: how often KVM was told
 *
 * KVM is told of it by the listener, whenever the region moves: for memory of
 * the machine's that is once, for a BAR it is each time the guest moves it.
 */
struct vmm_memory {
	struct vmr_region	*region;
	uint64_t		size;
	void			*host;
	bool			readonly;
	struct vmr_range	slot;
	bool			mapped;
	uint64_t		gpa;
	unsigned int		moves;
	struct vmm_memory	*next;
};

#define PLATFORM_REGIONS	4

/**
 * struct platform - a device with fixed addresses and byte-wide registers
 * @read8: read one byte; region is the number given by platform_region()
 * @write8: write one
 */
struct platform {
	struct vmr_device	dev;
	struct vmr_region	regions[PLATFORM_REGIONS];
	struct vmr_range	irq;
	struct vmr_constraint	constraints[PLATFORM_REGIONS + 1];
	struct vmr_resource	resources[PLATFORM_REGIONS + 1];
	unsigned int		nr_regions;
	struct vmm		*vmm;
	pthread_mutex_t		lock;
	uint8_t			(*read8)(struct platform *p, uint32_t region,
					 uint32_t offset);
	void			(*write8)(struct platform *p, uint32_t region,
					  uint32_t offset, uint8_t value);
};

/* Registers that read back what was written, and do nothing else */
struct scratch_regs {
	struct platform	platform;
	uint8_t		regs[32];
};

struct pic {
	struct platform	platform;
	uint8_t		imr[2];
	uint8_t		icw[2];		/* how many are still to come */
};

struct pit_channel {
	uint32_t	reload;
	uint8_t		mode;
	uint8_t		access;		/* 1 low byte, 2 high byte, 3 both */
	bool		second;		/* the next write is the high byte */
	bool		read_second;
	bool		latched;
	uint16_t	latch;
	uint64_t	start;		/* tick at which it was loaded */
};

struct pit {
	struct platform		platform;
	struct pit_channel	channels[3];
	uint8_t			gate;	/* port 0x61 */
	uint8_t			refresh;
};

struct cmos {
	struct platform	platform;
	uint8_t		index;
	uint8_t		regs[128];
};

struct serial {
	struct platform	platform;
	uint8_t		regs[8];
	uint8_t		divisor[2];
	char		line[128];
	unsigned int	length;
};

struct i8042 {
	struct platform	platform;
	uint8_t		queue[16];
	unsigned int	head, tail;
	uint8_t		command;	/* command whose data is to come, or 0 */
	uint8_t		config;
	uint8_t		outport;
	uint8_t		argument;	/* keyboard command that takes one, or 0 */
};

/**
 * struct debugcon - what the guest wrote to its debug port
 * @text: all of it, ending in a null byte
 * @placed: it said that it has placed all BARs
 * @end: what the line has in it that is its last
 * @finished: that line was there
 */
struct debugcon {
	struct platform	platform;
	char		*text;
	size_t		length;
	size_t		size;
	size_t		line;		/* where the current line begins */
	bool		placed;
	const char	*end;
	bool		finished;
};

#define FW_CFG_ITEMS	20

struct fw_cfg_item {
	uint16_t	key;
	const void	*data;
	uint32_t	size;
};

struct fw_cfg_file {
	uint32_t	size;		/* big-endian, as all in here */
	uint16_t	select;
	uint16_t	reserved;
	char		name[56];
};

struct fw_cfg_e820 {
	uint64_t	addr;
	uint64_t	size;
	uint32_t	type;
} __attribute__((__packed__));

struct fw_cfg {
	struct platform			platform;
	struct fw_cfg_item		items[FW_CFG_ITEMS];
	unsigned int			nr_items;
	/* From here on it is what a snapshot has of it */
	uint16_t			selected;
	uint32_t			offset;
	struct {
		uint32_t		count;
		struct fw_cfg_file	files[8];
	} directory;
	uint32_t			nr_files;
	struct fw_cfg_e820		e820[8];
};

struct apic {
	struct platform	platform;
	uint8_t		regs[4096];
};

struct ioapic {
	struct platform	platform;
	uint8_t		index;
	uint8_t		regs[64][4];
};

#define RAM_BANKS	4

struct ram {
	struct vmr_device	dev;
	struct vmr_region	regions[RAM_BANKS + 1];
	struct vmm_memory	banks[RAM_BANKS + 1];
	struct vmr_constraint	constraints[2 * (RAM_BANKS + 1)];
	struct vmr_resource	resources[2 * (RAM_BANKS + 1)];
	unsigned int		nr;
};

/* Addresses that belong to nobody on the bus but must stay free of devices */
#define NR_RESERVED	3

/**
 * struct testdev - a PCI function of ours
 * @desc: what it is
 * @id: its PCI device id, which no other card has
 * @memory: memory behind one of its BARs, if any
 * @trapped: the part of that BAR that is registers
 * @vectors: its MSI-X vectors, if any
 * @rom: its expansion ROM's image, or NULL
 * @places: where the BARs are visible, 0 if they are not; kept by a listener
 */
struct testdev {
	struct vmr_pci_function	fn;
	const struct testdev_desc	*desc;
	uint32_t		id;
	struct vmm		*vmm;
	struct vmm_memory	memory;
	struct vmr_region	trapped;
	struct vmr_range	vectors;
	struct vmr_constraint	constraints[2];
	struct vmr_resource	resources[2];
	const uint8_t		*rom;
	size_t			rom_size;
	uint64_t		places[VMR_PCI_NR_BARS]
				__attribute__((__aligned__(8)));
};

#define NR_READER_THREADS	3

/**
 * struct reader_thread - a thread that reads while the guest runs
 * @hits: reads that were answered, and rightly
 * @misses: reads that nobody answered, while a writer was at work
 * @concurrent: of both, those with a writer at work
 * @errors: answers that are never right
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

#define SCENARIO_SPACES	5

/**
 * struct scenario - what happens to the machine while the guest runs
 * @step: what comes next
 * @due: when, in exits
 * @running: the firmware has come so far that it can begin
 * @room: a place in a space while it is chosen
 * @places: where the BARs of the card are
 * @used: what it has of each space
 */
struct scenario {
	unsigned int		step;
	uint64_t		due;
	bool			running;
	struct vmr_region	room;
	uint64_t		places[VMR_PCI_NR_BARS];
	uint64_t		used[SCENARIO_SPACES];
};

/* 82371AB function 3: power management. Its ports are no BARs. */
struct piix4_pm {
	struct vmr_pci_function	fn;
	struct vmr_region	acpi;
	struct vmr_region	smbus;
	struct vmm		*vmm;
	pthread_mutex_t		lock;
	uint8_t			regs[64];
};

#define NR_TESTDEVS		11	/* and one to be plugged while the guest runs */
#define NR_SCRATCH_REGS		7
#define NR_FUNCTIONS		(NR_TESTDEVS + 5)
#define NR_DEVICES		(NR_SCRATCH_REGS + 12)
#define HOT_ADDRESS		VMR_PCI_BDF(0, 8, 0)
#define OPTION_ROM_SIZE		2048

/**
 * struct guest_program - the guest program that runs after the firmware
 * @started: it has been
 * @text: where what it says begins in the log
 * @passed: checks of its own that passed, by what it says
 * @failed: those that did not
 */
struct guest_program {
	bool		started;
	size_t		text;
	unsigned int	passed;
	unsigned int	failed;
};

/**
 * struct vmm - a virtual machine
 * @exits: accesses routed so far, which is also the guest's clock
 * @unhandled_exits: those that nobody answered
 * @errors: those that the library refused for another reason: never right
 * @implemented: BARs that the cards have
 * @programmed: those of them that the firmware says it placed
 * @misdispatched: what checks found in a wrong place
 * @failed: something went wrong where no error can be returned
 * @restoring: devices are described now and registered later, when a restore has
 *	put back what they have
 * @checker: the reader of the checks
 * @probe: what it hit last
 * @devices: all devices but PCI functions, by age
 * @functions: the PCI functions, by age
 * @hot: the card that is plugged while the guest runs
 * @scenario: what happens to it
 * @program: what runs after the firmware
 * @places: keeps the places of the cards for the helpers
 * @generation: odd while a writer is at work
 * @stop: the helpers are to come to an end
 */
struct vmm {
	struct vmm_config	config;
	struct vmr_system	sys;
	struct vmr_manager	manager;
	struct vmr_pci_conf1	pci_host;
	struct vmr_lock_ops	pci_lock;
	pthread_mutex_t		writers;
	struct vmr_listener	listener;
	struct vmm_cpu		cpu;
	int			kvm_fd;
	int			vm_fd;
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
	struct testdev		testdevs[NR_TESTDEVS];
	struct testdev		hot;
	struct scenario		scenario;
	struct guest_program		program;
	struct reader_thread		reader_threads[NR_READER_THREADS];
	struct vmr_listener	places;
	uint32_t		generation;
	bool			stop;
	uint8_t			option_rom[OPTION_ROM_SIZE];
};

/* main.c */
void vmm_err(const char *fmt, ...)
	__attribute__((__format__(__printf__, 1, 2)));

/* machine.c */
struct vmm *vmm_alloc(void);
void vmm_free(struct vmm *vmm);
int vmm_init(struct vmm *vmm);
void vmm_destroy(struct vmm *vmm);
int vmm_register(struct vmm *vmm, struct vmr_device *dev);
void vmm_route(struct vmm_cpu *cpu, const struct vmm_exit *exit);
uint64_t vmm_ticks(const struct vmm *vmm, uint64_t hz);
int vmm_cpu_init(struct vmm *vmm, struct vmm_cpu *cpu);

/* devices/platform.c */
void platform_init(struct platform *p, struct vmm *vmm, const char *name);
int platform_region(struct platform *p, enum vmr_io io, uint64_t start,
		    uint64_t size, const char *tag);
void platform_irq(struct platform *p, uint32_t irq);
int platform_register(struct platform *p);

/* memory.c */
void memory_listen(struct vmm *vmm);
void memory_add(struct vmm *vmm, struct vmm_memory *mem,
		struct vmr_region *region, uint64_t size);
void memory_move_from(struct vmm *vmm, struct vmm *from);
int ram_register(struct vmm *vmm);
void ram_load_firmware(struct vmm *vmm, const void *image);
int ram_load(struct vmm *vmm, uint64_t gpa, const void *image, size_t size);
void memory_release(struct vmm *vmm);

/* One for each device */
int debugcon_register(struct vmm *vmm);
int fw_cfg_register(struct vmm *vmm);
void fw_cfg_restored(struct vmm *vmm);
int cmos_register(struct vmm *vmm);
int pit_register(struct vmm *vmm);
int pic_register(struct vmm *vmm);
int serial_register(struct vmm *vmm);
int i8042_register(struct vmm *vmm);
int scratch_regs_register(struct vmm *vmm);
int apic_register(struct vmm *vmm);

/* devices/: pci.c, piix4.c, testdev.c, option_rom.c */
int pci_register(struct vmm *vmm);
int pci_plug(struct vmm *vmm, struct vmr_pci_function *fn,
	     struct vmr_pci_bridge *behind, uint32_t address);
uint32_t pci_address(const struct vmr_pci_function *fn);
int piix4_pm_register(struct vmm *vmm);
int testdevs_register(struct vmm *vmm);
uint8_t testdev_byte(const struct testdev *testdev, uint32_t bar,
		     uint64_t offset);
void option_rom_make(uint8_t rom[OPTION_ROM_SIZE], uint16_t vendor,
		     uint16_t device, const char *message);

/* kvm.c */
int kvm_open(struct vmm *vmm);
int kvm_add_cpu(struct vmm *vmm, struct vmm_cpu *cpu);
int kvm_start_at(struct vmm_cpu *cpu, uint32_t address);
int kvm_set_memory(struct vmm *vmm, struct vmm_memory *mem, uint64_t gpa,
		   uint64_t size);
void kvm_move_from(struct vmm *vmm, struct vmm *from);
enum vmm_status kvm_run(struct vmm **machine, unsigned int seconds,
			struct trace *trace);
void kvm_close(struct vmm *vmm);

/* trace.c: see there for the format */
struct trace *trace_create(const char *path, const struct vmm_config *config);
void trace_put(struct trace *trace, const struct vmm_exit *exit);
int trace_finish(struct trace *trace);
struct trace *trace_open(const char *path, struct vmm_config *config);
int trace_get(struct trace *trace, struct vmm_exit *exit);
void trace_close(struct trace *trace);

/* print_map.c */
void print_map(const struct vmm *vmm);

/* probe.c */
uint32_t config_read(struct vmm_cpu *cpu, uint32_t address, uint32_t reg);
void config_write(struct vmm_cpu *cpu, uint32_t value);
const char *probe_expect_mapped(struct vmm_cpu *cpu, struct testdev *testdev,
				unsigned int bar, uint64_t start);
const char *probe_expect_unmapped(struct vmm_cpu *cpu, enum vmr_io io,
				  uint64_t addr);

/* reader_threads.c */
void readers_listen(struct vmm *vmm);
int readers_start(struct vmm *vmm);
void readers_stop(struct vmm *vmm);
void readers_report(struct vmm *vmm);

/* restore.c */
struct vmm *restore_machine(struct vmm *vmm);

/* scenario.c */
void scenario_step(struct vmm **machine);
void scenario_end(struct vmm *vmm);

/* guest_program.c */
#define PROGRAM_ADDRESS		MIB
#define PROGRAM_LIMIT		MIB
void program_begin(struct vmm *vmm);
void program_end(struct vmm *vmm);

/* selfcheck.c */
void selfcheck(struct vmm *vmm);
void selfcheck_again(struct vmm *vmm);
enum vmm_status report(struct vmm *vmm, bool replayed);

#endif /* VMM_H */
