// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * main.c - the module vmr_test: the library's tests inside a kernel
 *
 * The tests of tools/testing/selftests/vmalloc, with the harness of
 * tools/testing/harness. They run when the module is loaded. Their results go to the
 * log as KTAP behind the module's name.
 */
#include <linux/mm.h>
#include <linux/module.h>

#include "vmr_test.h"

#define MEMORY	(4ul << 20)	/* for a copy of the tests' variables */

static int tests(void)
{
	void *memory = kvmalloc(MEMORY, GFP_KERNEL);

	if (!memory)
		return -ENOMEM;
	harness_main(memory, MEMORY);
	harness_memory(NULL, 0);
	env_exit();
	kvfree(memory);
	return 0;
}

static int __init vmr_test_init(void)
{
	int ret = machine_init();

	return ret ? ret : tests();
}

static void __exit vmr_test_exit(void)
{
	machine_exit();
}

module_init(vmr_test_init);
module_exit(vmr_test_exit);

MODULE_DESCRIPTION("Tests of the allocation of virtual machine resources");
MODULE_LICENSE("Dual BSD/GPL");
