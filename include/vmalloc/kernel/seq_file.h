/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * seq_file.h - maps of spaces in files of the kernel
 */
#ifndef VMALLOC_KERNEL_SEQ_FILE_H
#define VMALLOC_KERNEL_SEQ_FILE_H

#include <linux/err.h>
#include <linux/mutex.h>

#include <vmalloc/print.h>

struct dentry;
struct seq_file;

/**
 * DOC: Overview
 *
 * These functions print the text of <vmalloc/print.h> into a struct seq_file of the
 * kernel. They allocate no memory beyond that of the seq_file. The caller owns
 * struct vmr_debugfs_entry.
 *
 * Printing a map belongs to the update side: the caller holds the lock that
 * serialises writers. The cost is that of <vmalloc/print.h>.
 */

/**
 * vmr_seq_print_space - print the map of a space into a file
 * @m: the open file
 * @how: as for vmr_print_space(), without @line and @arg, which are ignored;
 *	@how->name receives @m. NULL for a plain map without names
 * @space: the space
 *
 * Return: as vmr_print_space(); a show function may return it.
 */
int vmr_seq_print_space(struct seq_file *m, const struct vmr_printer *how,
			const struct vmr_space *space);

/**
 * vmr_seq_print_ids - print the map of ids into a file
 * @m: the open file
 * @how: as for vmr_seq_print_space()
 * @ids: the id pool
 *
 * Return: as vmr_print_ids().
 */
int vmr_seq_print_ids(struct seq_file *m, const struct vmr_printer *how,
		      const struct vmr_id_pool *ids);

/**
 * vmr_seq_print_system - print the maps of a machine into a file
 * @m: the open file
 * @how: as for vmr_seq_print_space(), with @how->manager
 *
 * Return: as vmr_print_system().
 */
int vmr_seq_print_system(struct seq_file *m, const struct vmr_printer *how);

/**
 * struct vmr_debugfs_entry - a machine that a file of debugfs shows
 * @manager: manager of the machine
 * @lock: lock that serialises the writers; held while the map is printed
 * @flags: VMR_PRINT_GAPS, VMR_PRINT_CLAIMS, VMR_PRINT_FLAT
 */
struct vmr_debugfs_entry {
	const struct vmr_manager	*manager;
	struct mutex			*lock;	/* of the writers */
	uint32_t			flags;
};

#ifdef CONFIG_VMR_DEBUGFS
/**
 * vmr_debugfs_create - create a file of debugfs that shows a machine
 * @name: name of the file
 * @parent: directory of the file, NULL for the root
 * @view: the machine; must exist until debugfs_remove() of the file returns, which
 *	waits for readers of the file
 *
 * Return: the file, or an error of debugfs_create_file(), which may be ignored as
 * with all of debugfs; ERR_PTR(-EINVAL) if @view, its manager or its lock is NULL;
 * ERR_PTR(-ENODEV) without CONFIG_VMR_DEBUGFS.
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
