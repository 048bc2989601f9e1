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

static struct vmr_map into(struct seq_file *m, const struct vmr_map *how)
{
	struct vmr_map map = {};

	if (how)
		map = *how;
	map.line = show_line;
	map.arg = m;
	return map;
}

int vmr_seq_map_space(struct seq_file *m, const struct vmr_map *how,
		      const struct vmr_space *space)
{
	struct vmr_map map = into(m, how);

	return vmr_map_space(&map, space);
}
EXPORT_SYMBOL_GPL(vmr_seq_map_space);

int vmr_seq_map_ids(struct seq_file *m, const struct vmr_map *how,
		    const struct vmr_ids *ids)
{
	struct vmr_map map = into(m, how);

	return vmr_map_ids(&map, ids);
}
EXPORT_SYMBOL_GPL(vmr_seq_map_ids);

int vmr_seq_map_system(struct seq_file *m, const struct vmr_map *how)
{
	struct vmr_map map = into(m, how);

	return vmr_map_system(&map);
}
EXPORT_SYMBOL_GPL(vmr_seq_map_system);

#ifdef CONFIG_VMR_DEBUGFS

static int vmr_view_show(struct seq_file *m, void *unused)
{
	const struct vmr_view *view = m->private;
	const struct vmr_map how = {
		.manager = view->manager,
		.flags = view->flags,
	};
	int ret;

	mutex_lock(view->lock);
	ret = vmr_seq_map_system(m, &how);
	mutex_unlock(view->lock);
	return ret;
}
DEFINE_SHOW_ATTRIBUTE(vmr_view);

struct dentry *vmr_debugfs_create(const char *name, struct dentry *parent,
				  struct vmr_view *view)
{
	if (!view || !view->manager || !view->lock)
		return ERR_PTR(-EINVAL);
	return debugfs_create_file(name, 0444, parent, view, &vmr_view_fops);
}
EXPORT_SYMBOL_GPL(vmr_debugfs_create);

#endif /* CONFIG_VMR_DEBUGFS */
