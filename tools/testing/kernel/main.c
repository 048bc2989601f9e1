// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * main.c - the module vmr_test: the library's tests inside a kernel
 */
#include <linux/module.h>

#include "vmr_test.h"

static int __init vmr_test_init(void)
{
	return machine_init();
}

static void __exit vmr_test_exit(void)
{
	machine_exit();
}

module_init(vmr_test_init);
module_exit(vmr_test_exit);

MODULE_DESCRIPTION("Tests of the allocation of virtual machine resources");
MODULE_LICENSE("Dual BSD/GPL");
