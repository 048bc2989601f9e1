/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * integer.h - the kernel's rb_parent() without an implicit change of sign
 *
 * Included in front of each file of the library for clang's integer sanitizer. The
 * kernel's macro has a mask of type int. libvmalloc-kvm has no <linux/rbtree.h>.
 */
#if __has_include("linux/rbtree.h")
#include <linux/rbtree.h>

#undef rb_parent
#define rb_parent(r) ((struct rb_node *)((r)->__rb_parent_color & ~3ul))
#endif
