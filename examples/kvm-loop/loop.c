// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * The smallest virtual machine whose exits the library routes
 *
 * A guest of 19 bytes copies a text from a device at 0xd0000 to a serial port at
 * 0x3f8. Its memory, its memory slot, the two devices and their ids are all granted
 * by one struct vmr_system; its exits are routed by the tree that granted them.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>
#include <vmalloc/vmalloc.h>

#define MEMORY_START	0x1000
#define MEMORY_SIZE	0x1000

/* [devices] */
static const char text[] = "Hello from a device of the library's.\n";

static void text_read(struct vmr_device *dev, const struct vmr_access *access,
		      void *data)
{
	uint64_t left = access->offset < sizeof(text) ?
			sizeof(text) - access->offset : 0;

	(void)dev;
	memset(data, 0, access->width);
	memcpy(data, text + access->offset,
	       access->width < left ? access->width : left);
}

static void serial_write(struct vmr_device *dev,
			 const struct vmr_access *access, const void *data)
{
	(void)dev;
	if (access->offset == 0)
		fwrite(data, 1, (size_t)access->width * access->count, stdout);
}

static const struct vmr_device_ops text_ops = { .read = text_read };

static const struct vmr_device_ops serial_ops = { .write = serial_write };

static const struct vmr_device_ops memory_ops = { 0 };

/* A device that has one range of addresses and, if it is memory, a slot */
struct simple_device {
	struct vmr_device	dev;
	struct vmr_region	region;
	struct vmr_range	slot;
	struct vmr_constraint	wants[2];
	struct vmr_resource	has[2];
};

static struct simple_device memory = {
	.dev = { .ops = &memory_ops, .name = "memory" },
};

static struct simple_device text_device = {
	.dev = { .ops = &text_ops, .name = "text" },
};

static struct simple_device serial = {
	.dev = { .ops = &serial_ops, .name = "serial" },
};

/* [end of devices] */

/* [register] */
static struct vmr_system sys;
static struct vmr_manager manager;
static struct vmr_reader vcpu_reader;
static struct vmr_cache_set vcpu_cache[8];

static void add(struct simple_device *d, enum vmr_io io,
		enum vmr_region_type type, uint64_t start, uint64_t size)
{
	struct vmr_range *conflict = NULL;
	char what[80] = "nothing";
	size_t failed = 0;
	uint32_t kind;
	int err;

	kind = io == VMR_PIO ? VMR_KIND_PIO :
	       type == VMR_REGION_MEMORY ? VMR_KIND_MEM : VMR_KIND_MMIO;
	vmr_region_init(&d->region, io, type, size, 0, d->dev.name);
	vmr_device_add_region(&d->dev, &d->region);
	vmr_constraint_init_fixed(&d->wants[0], kind, start, size,
				  &d->region.range);
	d->dev.constraints = d->wants;
	d->dev.nr_constraints = 1;
	if (type == VMR_REGION_MEMORY) {
		vmr_constraint_init(&d->wants[1], VMR_KIND_MEM_SLOT, 1,
				    &d->slot);
		d->dev.nr_constraints = 2;
	}
	vmr_resource_set_init(&d->dev.resources, d->has, 2);

	err = vmr_device_register(&manager, &d->dev, &failed, &conflict);
	if (!err)
		return;
	if (err == -EBUSY)
		vmr_format_range(&manager, kind, conflict, what, sizeof(what));
	fprintf(stderr, "%s: constraint %zu: %s; in the way: %s\n",
		d->dev.name, failed, vmr_strerror(err), what);
	exit(1);
}

static void make_machine(void)
{
	const struct vmr_system_limits limits = {
		.mmio_last = 0xffffffff, .irq_last = 23, .slot_last = 31,
		.pci_last = 0xff, .id_last = 99,
	};

	vmr_system_init(&sys, &limits);
	vmr_manager_init(&manager, &sys);
	vmr_reader_attach(&manager, &vcpu_reader);
	vmr_reader_set_cache(&vcpu_reader, vcpu_cache, 8);

	add(&memory, VMR_MMIO, VMR_REGION_MEMORY, MEMORY_START, MEMORY_SIZE);
	add(&text_device, VMR_MMIO, VMR_REGION_TRAPPED, 0xd0000, 0x1000);
	add(&serial, VMR_PIO, VMR_REGION_TRAPPED, 0x3f8, 8);
}

/* [end of register] */

/* [kvm] */
static const unsigned char guest[] = {
	0xb8, 0x00, 0xd0,	/*	mov $0xd000, %ax	*/
	0x8e, 0xd8,		/*	mov %ax, %ds		*/
	0x31, 0xf6,		/*	xor %si, %si		*/
	0xba, 0xf8, 0x03,	/*	mov $0x3f8, %dx		*/
	0xac,			/* 1:	lodsb			*/
	0x84, 0xc0,		/*	test %al, %al		*/
	0x74, 0x03,		/*	jz 2f			*/
	0xee,			/*	out %al, %dx		*/
	0xeb, 0xf8,		/*	jmp 1b			*/
	0xf4,			/* 2:	hlt			*/
};

static int check(int ret, const char *what)
{
	if (ret >= 0)
		return ret;
	perror(what);
	exit(1);
}

static void *map(int fd, size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
		       fd < 0 ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_SHARED, fd,
		       0);

	check(p == MAP_FAILED ? -1 : 0, "mmap");
	return p;
}

/* Give KVM the address that the library has allocated for the memory */
static void give_memory(int vm)
{
	struct kvm_userspace_memory_region mem = {
		.slot = vmr_id_value(&memory.slot),
		.guest_phys_addr = memory.region.range.start,
		.memory_size = memory.region.size,
	};
	void *ram = map(-1, memory.region.size);

	memcpy(ram, guest, sizeof(guest));
	mem.userspace_addr = (uintptr_t)ram;
	check(ioctl(vm, KVM_SET_USER_MEMORY_REGION, &mem), "memory region");
}

static void start_at(int vcpu, uint64_t ip)
{
	struct kvm_regs regs = { .rip = ip, .rflags = 2 };
	struct kvm_sregs sregs;

	check(ioctl(vcpu, KVM_GET_SREGS, &sregs), "get registers");
	sregs.cs.base = 0;
	sregs.cs.selector = 0;
	check(ioctl(vcpu, KVM_SET_SREGS, &sregs), "set registers");
	check(ioctl(vcpu, KVM_SET_REGS, &regs), "set registers");
}

/* [end of kvm] */

/* [exits] */
static void port_exit(struct kvm_run *run)
{
	void *data = (char *)run + run->io.data_offset;

	if (run->io.direction == KVM_EXIT_IO_IN)
		vmr_read(&vcpu_reader, VMR_PIO, run->io.port, data,
			 run->io.size, run->io.count);
	else
		vmr_write(&vcpu_reader, VMR_PIO, run->io.port, data,
			  run->io.size, run->io.count);
}

static void memory_exit(struct kvm_run *run)
{
	if (run->mmio.is_write)
		vmr_write(&vcpu_reader, VMR_MMIO, run->mmio.phys_addr,
			  run->mmio.data, run->mmio.len, 1);
	else
		vmr_read(&vcpu_reader, VMR_MMIO, run->mmio.phys_addr,
			 run->mmio.data, run->mmio.len, 1);
}

static void run_vcpu(int vcpu, struct kvm_run *run)
{
	for (;;) {
		if (ioctl(vcpu, KVM_RUN, 0) < 0 && errno != EINTR)
			check(-1, "run");
		switch (run->exit_reason) {
		case KVM_EXIT_IO:
			port_exit(run);
			break;
		case KVM_EXIT_MMIO:
			memory_exit(run);
			break;
		case KVM_EXIT_HLT:
			return;
		default:
			fprintf(stderr, "exit %u\n", run->exit_reason);
			exit(1);
		}
	}
}

/* [end of exits] */

/* [main] */
static void print_line(void *arg, const char *line)
{
	(void)arg;
	puts(line);
}

int main(void)
{
	struct vmr_printer map_of_all = {
		.line = print_line, .manager = &manager, .flags = VMR_PRINT_CLAIMS,
	};
	int kvm, vm, vcpu;

	kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	if (kvm < 0) {
		printf("skip: /dev/kvm: %s\n", strerror(errno));
		return 4;
	}
	make_machine();

	vm = check(ioctl(kvm, KVM_CREATE_VM, 0), "create VM");
	give_memory(vm);
	vcpu = check(ioctl(vm, KVM_CREATE_VCPU, 0), "create vCPU");
	start_at(vcpu, MEMORY_START);
	run_vcpu(vcpu, map(vcpu, (size_t)check(ioctl(kvm,
						     KVM_GET_VCPU_MMAP_SIZE, 0),
					       "size of the vCPU")));
	vmr_print_system(&map_of_all);
	return 0;
}

/* [end of main] */
