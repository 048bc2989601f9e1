/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * vmr_test.h - the parts of the test module
 */
#ifndef VMR_TEST_H
#define VMR_TEST_H

#include <linux/compiler.h>
#include <linux/types.h>

/* A machine in debugfs, from loading to unloading of the module */
int machine_init(void);
void machine_exit(void);

/* A file in debugfs. A write to it triggers every tracepoint of vmr. */
struct dentry;
void events_init(struct dentry *dir);

/* Free the resources that run the tests. */
void env_exit(void);

/* As kselftest_harness.h says; its macros are for the tests alone */
void harness_write(const char *text, size_t length);
void harness_call(void (*fn)(void *arg), void *arg);
const char *harness_parameters(void);
void harness_memory(void *memory, size_t size);
int harness_main(void *memory, size_t size);

#endif /* VMR_TEST_H */
