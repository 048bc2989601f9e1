/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * Names of the functions of the kernel's lib/rbtree.c in this library. The static
 * library then links into a program with an rbtree of its own, and the linker takes
 * the functions from the archive only if they are used. Two underscores mark names
 * that are not part of the interface.
 */
#ifndef VMR_RBTREE_NAMES_H
#define VMR_RBTREE_NAMES_H

#define __rb_erase_color	vmr__rb_erase_color
#define __rb_insert_augmented	vmr__rb_insert_augmented
#define rb_erase		vmr__rb_erase
#define rb_first		vmr__rb_first
#define rb_first_postorder	vmr__rb_first_postorder
#define rb_insert_color		vmr__rb_insert_color
#define rb_last			vmr__rb_last
#define rb_next			vmr__rb_next
#define rb_next_postorder	vmr__rb_next_postorder
#define rb_prev			vmr__rb_prev
#define rb_replace_node		vmr__rb_replace_node
#define rb_replace_node_rcu	vmr__rb_replace_node_rcu

#endif /* VMR_RBTREE_NAMES_H */
