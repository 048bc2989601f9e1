/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * devices.h - the devices of the machine
 */
#ifndef VMM_DEVICES_H
#define VMM_DEVICES_H

#include <pthread.h>
#include <stdint.h>

#include <vmalloc/vmalloc.h>

#include "../machine/memory.h"
#include "messages.h"
#include "q35.h"
#include "testdev_pattern.h"
#include "virtio.h"

struct vmm;

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
	bool		thre;		/* the transmitter became empty */
	uint8_t		received[16];
	uint8_t		nr_received;
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
 * @nr_shown: bytes of @shown
 * @shown: the line that a machine with a kernel is to show
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
	/* The next two are what a snapshot has of it */
	uint32_t	nr_shown;
	char		shown[160];
};

/* The bytes from @nr_shown on */
#define DEBUGCON_REGISTERS	(sizeof(struct debugcon) - \
				 offsetof(struct debugcon, nr_shown))

#define FW_CFG_ITEMS	24

/* Keys of items that are no files */
enum {
	KEY_SIGNATURE		= 0x00,
	KEY_FEATURES		= 0x01,
	KEY_NR_CPUS		= 0x05,
	KEY_MAX_CPUS		= 0x0f,
	KEY_KERNEL		= 0x11,
	KEY_INITRD		= 0x12,
	KEY_COMMAND_LINE	= 0x15,
	KEY_SETUP		= 0x18,
	KEY_DIRECTORY		= 0x19,
	KEY_FILES		= 0x20,
	KEY_IRQ0_TO_2		= 0x8002,
};

/**
 * struct fw_cfg_item - what the guest reads of an item
 * @prepare: called before the guest selects the item, NULL for none
 */
struct fw_cfg_item {
	uint16_t	key;
	const void	*data;
	uint32_t	size;
	void		(*prepare)(struct vmm *vmm);
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
	uint8_t				cpus[2];
	/* From here on it is what a snapshot has of it */
	uint16_t			selected;
	uint32_t			offset;
	uint32_t			dma_high;
	/* The next ones a machine that boots a kernel makes again */
	struct {
		uint32_t		count;
		struct fw_cfg_file	files[12];
	} directory;
	uint32_t			nr_files;
	struct fw_cfg_e820		e820[8];
};

/* The bytes from @selected on that no guest can change otherwise */
#define FW_CFG_REGISTERS	(offsetof(struct fw_cfg, directory) - \
				 offsetof(struct fw_cfg, selected))

struct apic {
	struct platform	platform;
	uint8_t		regs[4096];
};

struct ioapic {
	struct platform	platform;
	uint8_t		index;
	uint8_t		regs[64][4];
};

#define RAM_BANKS	5

struct ram {
	struct vmr_device	dev;
	struct vmr_region	regions[RAM_BANKS + 1];
	struct vmm_memory	banks[RAM_BANKS + 1];
	struct vmr_constraint	constraints[RAM_BANKS + 1];
	struct vmr_resource	resources[RAM_BANKS + 1];
	unsigned int		nr;
};

/**
 * struct testdev - a PCI function of ours
 * @desc: what it is
 * @id: its unique PCI device id
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

/* 82371AB function 3: power management. Its ports are no BARs. */
struct piix4_pm {
	struct vmr_pci_function	fn;
	struct vmr_region	acpi;
	struct vmr_region	smbus;
	struct vmm		*vmm;
	pthread_mutex_t		lock;
	uint8_t			regs[64];
};

#define NR_PCI_LINES		4
#define AGENT_TEXT		(1024 * 1024)

/**
 * struct agent_state - what the agent in the guest is to do
 * @command: a line; the agent reads that byte by byte
 * @sent: how much it has read
 */
struct agent_state {
	char		command[256];
	uint64_t	sent;
};

/**
 * struct agent_port - the port through which the agent in the guest talks
 * @text: what it said since the last question
 * @length: how much
 * @state: the question, which a snapshot has
 * @done: it has answered
 */
struct agent_port {
	struct platform	platform;
	pthread_cond_t	changed;
	char		text[AGENT_TEXT];
	size_t		length;
	struct agent_state state;
	bool		done;
};

/* The registers of ACPI with which the guest switches the machine off */
struct acpi_pm {
	struct platform	platform;
	uint8_t		event[4];
	uint8_t		control[2];
};

#define NR_TESTDEVS		11	/* and one to be plugged while the guest runs */
#define NR_SCRATCH_REGS		7
#define NR_FUNCTIONS		(NR_TESTDEVS + NR_IRQDEVS + 2 * Q35_NR_PORTS + 9)
#define NR_DEVICES		(NR_SCRATCH_REGS + 16)
#define OPTION_ROM_SIZE		2048

/* devices/platform.c */
void platform_init(struct platform *p, struct vmm *vmm, const char *name);
int platform_region(struct platform *p, enum vmr_io io, uint64_t start,
		    uint64_t size, const char *tag);
int platform_port(struct platform *p, uint64_t port, uint64_t size,
		  const char *tag);
void platform_line(struct platform *p, uint32_t irq);
void platform_irq(struct platform *p, uint32_t irq);
int platform_register(struct platform *p);
void platform_load(void *state, size_t size, const uint8_t *saved);
bool is_bool(const bool *value);

/**
 * struct firmware_boot - what firmware reads of a machine that boots a kernel
 * @setup: the part of the kernel that runs in real mode
 * @rom: the option ROM that loads the kernel
 * @memory: the memory map
 * @rsdp: the first of the ACPI tables
 * @loader: what the firmware does with that
 */
struct firmware_boot {
	uint8_t	setup[64 * 1024];
	uint8_t	rom[OPTION_ROM_SIZE];
	uint8_t	memory[32 * VMR_E820_ENTRY_SIZE];
	uint8_t	rsdp[36];
	uint8_t	loader[128];
};

/* One for each device */
int debugcon_register(struct vmm *vmm);
int fw_cfg_register(struct vmm *vmm);
void fw_cfg_restored(struct vmm *vmm);
struct fw_cfg_item *fw_cfg_find(struct fw_cfg *cfg, uint16_t key);
struct fw_cfg_item *fw_cfg_find_file(struct fw_cfg *cfg, const char *name);
void fw_cfg_begin(struct vmm *vmm, const void *memory, size_t size);
struct fw_cfg_item *fw_cfg_item(struct fw_cfg *cfg, uint16_t key,
				const void *data, size_t size);
struct fw_cfg_item *fw_cfg_file(struct fw_cfg *cfg, const char *name,
				const void *data, size_t size);
int cmos_register(struct vmm *vmm);
int pit_register(struct vmm *vmm);
int pic_register(struct vmm *vmm);
int serial_register(struct vmm *vmm);
bool serial_receive(struct vmm *vmm, uint8_t byte);
void serial_restored(struct vmm *vmm);
int i8042_register(struct vmm *vmm);
int scratch_regs_register(struct vmm *vmm);
int apic_register(struct vmm *vmm);
int acpi_pm_register(struct vmm *vmm);
int agent_port_register(struct vmm *vmm);
int pci_lines_register(struct vmm *vmm);
int virtio_register(struct vmm *vmm);

/*
 * Whether the saved registers of a device are ones that it can have: all that is an
 * index, a count, a shift or a truth value is inside its bounds
 */
typedef bool block_check_fn(const struct vmr_snapshot_block *block,
			    const uint8_t *saved,
			    const struct vmr_restore_ctx *ctx);

block_check_fn cmos_check, pit_check, pic_check, serial_check, i8042_check;
block_check_fn debugcon_check;
block_check_fn apic_check, fw_cfg_check, piix4_pm_check;
block_check_fn q35_mch_check, q35_lpc_check, virtio_check, agent_check;

/* devices/: pci.c, piix4.c, testdev.c, option_rom.c */
int pci_register(struct vmm *vmm);
int pci_plug(struct vmm *vmm, struct vmr_pci_function *fn,
	     struct vmr_pci_bridge *behind, uint32_t address);
void pci_forget(struct vmm *vmm, const struct vmr_pci_function *fn);
int pci_plug_card(struct vmm *vmm, struct vmr_pci_host *host,
		  struct vmr_pci_function *const *fns, unsigned int nr,
		  uint32_t device);
int pci_bridge_register(struct vmm *vmm);
int piix4_pm_register(struct vmm *vmm);
int testdevs_register(struct vmm *vmm);
uint8_t testdev_byte(const struct testdev *testdev, uint32_t bar,
		     uint64_t offset);
void option_rom_make(uint8_t rom[OPTION_ROM_SIZE], uint16_t vendor,
		     uint16_t device, const char *message);

#endif /* VMM_DEVICES_H */
