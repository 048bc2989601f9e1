/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * vmr_test.h - the parts of the test module
 */
#ifndef VMR_TEST_H
#define VMR_TEST_H

#include <linux/compiler.h>
#include <linux/types.h>

/* A machine that is shown in debugfs for as long as the module is loaded */
int machine_init(void);
void machine_exit(void);

/* A file beside it: who writes to it has every tracepoint of vmr come by */
struct dentry;
void events_init(struct dentry *dir);

/* Give back what the tests have been run with */
void env_exit(void);

/* As kselftest_harness.h says; its macros are for the tests alone */
void harness_write(const char *text, size_t length);
void harness_call(void (*fn)(void *arg), void *arg);
const char *harness_parameters(void);
void harness_memory(void *memory, size_t size);
int harness_main(void *memory, size_t size);

#endif /* VMR_TEST_H */
