/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * seq_file.h - maps of spaces in files of the kernel
 *
 * For kernel code only. The text is that of <vmalloc/print.h>, and so are the rules:
 * making a map is the writer's side, and takes the lock that writers take.
 */
#ifndef VMALLOC_KERNEL_SEQ_FILE_H
#define VMALLOC_KERNEL_SEQ_FILE_H

#include <linux/err.h>
#include <linux/mutex.h>

#include <vmalloc/print.h>

struct dentry;
struct seq_file;

/**
 * vmr_seq_print_space - print the map of a space into a file
 * @m: the file that is being shown
 * @how: as for vmr_print_space(), but for @line and @arg, which are not looked at;
 *	@how->name gets @m. NULL for a plain map, which names nobody
 * @space: the space
 *
 * Return: as vmr_print_space(); a show function may return it.
 */
int vmr_seq_print_space(struct seq_file *m, const struct vmr_printer *how,
		      const struct vmr_space *space);

/**
 * vmr_seq_print_ids - print the map of ids into a file
 * @m: the file that is being shown
 * @how: as for vmr_seq_print_space()
 * @ids: the ids
 *
 * Return: as vmr_print_ids().
 */
int vmr_seq_print_ids(struct seq_file *m, const struct vmr_printer *how,
		    const struct vmr_id_pool *ids);

/**
 * vmr_seq_print_system - print into a file all that a machine has
 * @m: the file that is being shown
 * @how: as for vmr_seq_print_space(), with @how->manager
 *
 * Return: as vmr_print_system().
 */
int vmr_seq_print_system(struct seq_file *m, const struct vmr_printer *how);

/**
 * struct vmr_debugfs_entry - a machine as a file shows it
 * @manager: whose machine
 * @lock: what serialises the machine's writers; held while the map is made
 * @flags: VMR_PRINT_GAPS, VMR_PRINT_CLAIMS, VMR_PRINT_FLAT
 */
struct vmr_debugfs_entry {
	const struct vmr_manager	*manager;
	struct mutex			*lock;	/* the writers' */
	uint32_t			flags;
};

#ifdef CONFIG_VMR_DEBUGFS
/**
 * vmr_debugfs_create - show a machine in a file of debugfs
 * @name: of the file
 * @parent: its directory, NULL for the topmost
 * @view: what is shown; the caller's until debugfs_remove() of the file has
 *	returned, which waits for those who are reading
 *
 * Return: the file, or what debugfs_create_file() fails with, which may be
 * ignored as with all of debugfs; ERR_PTR(-EINVAL) if @view, its manager or its
 * lock is NULL; ERR_PTR(-ENODEV) without CONFIG_VMR_DEBUGFS.
 */
struct dentry *vmr_debugfs_create(const char *name, struct dentry *parent,
				  struct vmr_debugfs_entry *view);
#else
static inline struct dentry *vmr_debugfs_create(const char *name,
						struct dentry *parent,
						struct vmr_debugfs_entry *view)
{
	return ERR_PTR(-ENODEV);
}
#endif

#endif /* VMALLOC_KERNEL_SEQ_FILE_H */
