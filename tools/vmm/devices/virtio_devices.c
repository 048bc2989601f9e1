// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * virtio_devices.c - a disk in a file, and a source of entropy
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../vmm.h"

#define SECTOR		512
#define DISK_ADDRESS	VMR_PCI_BDF(0, 9, 0)
#define ENTROPY_ADDRESS	VMR_PCI_BDF(0, 10, 0)

enum {
	DISK_IN		= 0,
	DISK_OUT	= 1,
	DISK_FLUSH	= 4,
	DISK_GET_ID	= 8,
};

enum {
	DISK_OK,
	DISK_ERROR,
	DISK_UNSUPPORTED,
};

/* The first part of a request */
struct disk_request {
	uint32_t	type;
	uint32_t	reserved;
	uint64_t	sector;
};

static bool transfer(struct virtio *virtio, const struct virtio_buffer *buffer,
		     bool in, uint64_t offset)
{
	ssize_t n;

	if (buffer->writable != in ||
	    offset > virtio->sectors * SECTOR ||
	    buffer->size > virtio->sectors * SECTOR - offset)
		return false;
	n = in ? pread(virtio->fd, buffer->at, buffer->size, (off_t)offset) :
		 pwrite(virtio->fd, buffer->at, buffer->size, (off_t)offset);
	return n == (ssize_t)buffer->size;
}

/* The parts between the request and the status */
static uint8_t disk_serve(struct virtio *virtio,
			  const struct disk_request *request,
			  struct virtio_buffer *buffers, unsigned int nr,
			  uint32_t *written)
{
	uint64_t offset = request->sector * SECTOR;
	unsigned int i;

	if (request->sector > virtio->sectors)
		return DISK_ERROR;
	switch (request->type) {
	case DISK_IN:
	case DISK_OUT:
		for (i = 0; i < nr; i++) {
			if (!transfer(virtio, &buffers[i],
				      request->type == DISK_IN, offset))
				return DISK_ERROR;
			offset += buffers[i].size;
			if (request->type == DISK_IN)
				*written += buffers[i].size;
		}
		return DISK_OK;
	case DISK_FLUSH:
		return fdatasync(virtio->fd) ? DISK_ERROR : DISK_OK;
	case DISK_GET_ID:
		if (!nr || !buffers[0].writable)
			return DISK_ERROR;
		memset(buffers[0].at, 0, buffers[0].size);
		return DISK_OK;
	default:
		return DISK_UNSUPPORTED;
	}
}

static uint32_t disk_handle(struct virtio *virtio,
			    struct virtio_buffer *buffers, unsigned int nr)
{
	struct virtio_buffer *last = &buffers[nr - 1];
	struct disk_request request;
	uint32_t written = 0;

	if (nr < 2 || buffers[0].size < sizeof(request) || !last->writable ||
	    !last->size)
		return 0;
	memcpy(&request, buffers[0].at, sizeof(request));
	*(uint8_t *)last->at = disk_serve(virtio, &request, buffers + 1, nr - 2,
					  &written);
	return written + 1;
}

static uint32_t entropy_handle(struct virtio *virtio,
			       struct virtio_buffer *buffers, unsigned int nr)
{
	uint32_t written = 0;
	unsigned int i;
	ssize_t n;

	(void)virtio;
	for (i = 0; i < nr && buffers[i].writable; i++) {
		n = getrandom(buffers[i].at, buffers[i].size, 0);
		if (n > 0)
			written += (uint32_t)n;
	}
	return written;
}

static const struct virtio_ops disk_ops = {
	.name		= "disk",
	.type		= 2,
	.class_code	= 0x018000,
	.handle		= disk_handle,
};

static const struct virtio_ops entropy_ops = {
	.name		= "entropy",
	.type		= 4,
	.class_code	= 0x100000,
	.handle		= entropy_handle,
};

static int disk_register(struct vmm *vmm, const char *path)
{
	struct virtio *disk = &vmm->disk;
	struct stat st;

	disk->fd = open(path, O_RDWR | O_CLOEXEC);
	if (disk->fd < 0 || fstat(disk->fd, &st)) {
		vmm_err("disk %s: %s", path, strerror(errno));
		return -1;
	}
	if (!S_ISREG(st.st_mode) || st.st_size < SECTOR) {
		vmm_err("disk %s: it is no file of a sector or more", path);
		return -1;
	}
	disk->sectors = (uint64_t)st.st_size / SECTOR;
	memcpy(disk->state.config, &disk->sectors, sizeof(disk->state.config));
	return virtio_plug(vmm, disk, &disk_ops, DISK_ADDRESS);
}

int virtio_register(struct vmm *vmm)
{
	int err = 0;

	if (vmm->kernel->disk)
		err = disk_register(vmm, vmm->kernel->disk);
	return err ? err : virtio_plug(vmm, &vmm->entropy, &entropy_ops,
				       ENTROPY_ADDRESS);
}
