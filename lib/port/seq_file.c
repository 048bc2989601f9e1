// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * seq_file.c - maps of spaces in files of the kernel
 */
#include <linux/debugfs.h>
#include <linux/export.h>
#include <linux/seq_file.h>

#include <vmalloc/kernel/seq_file.h>

static void show_line(void *arg, const char *text)
{
	struct seq_file *m = arg;

	seq_puts(m, text);
	seq_putc(m, '\n');
}

/* A copy of @how that prints into @m */
static struct vmr_printer seq_printer(struct seq_file *m,
				      const struct vmr_printer *how)
{
	struct vmr_printer map = {};

	if (how)
		map = *how;
	map.line = show_line;
	map.arg = m;
	return map;
}

int vmr_seq_print_space(struct seq_file *m, const struct vmr_printer *how,
			const struct vmr_space *space)
{
	struct vmr_printer map = seq_printer(m, how);

	return vmr_print_space(&map, space);
}
EXPORT_SYMBOL_GPL(vmr_seq_print_space);

int vmr_seq_print_ids(struct seq_file *m, const struct vmr_printer *how,
		      const struct vmr_id_pool *ids)
{
	struct vmr_printer map = seq_printer(m, how);

	return vmr_print_ids(&map, ids);
}
EXPORT_SYMBOL_GPL(vmr_seq_print_ids);

int vmr_seq_print_system(struct seq_file *m, const struct vmr_printer *how)
{
	struct vmr_printer map = seq_printer(m, how);

	return vmr_print_system(&map);
}
EXPORT_SYMBOL_GPL(vmr_seq_print_system);

#ifdef CONFIG_VMR_DEBUGFS

static int vmr_debugfs_entry_show(struct seq_file *m, void *unused)
{
	const struct vmr_debugfs_entry *view = m->private;
	const struct vmr_printer how = {
		.manager = view->manager,
		.flags = view->flags,
	};
	int ret;

	mutex_lock(view->lock);
	ret = vmr_seq_print_system(m, &how);
	mutex_unlock(view->lock);
	return ret;
}
DEFINE_SHOW_ATTRIBUTE(vmr_debugfs_entry);

struct dentry *vmr_debugfs_create(const char *name, struct dentry *parent,
				  struct vmr_debugfs_entry *view)
{
	if (!view || !view->manager || !view->lock)
		return ERR_PTR(-EINVAL);
	return debugfs_create_file(name, 0444, parent, view,
				   &vmr_debugfs_entry_fops);
}
EXPORT_SYMBOL_GPL(vmr_debugfs_create);

#endif /* CONFIG_VMR_DEBUGFS */
