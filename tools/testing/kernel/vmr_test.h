/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * vmr_test.h - the parts of the test module
 */
#ifndef VMR_TEST_H
#define VMR_TEST_H

/* A machine that is shown in debugfs for as long as the module is loaded */
int machine_init(void);
void machine_exit(void);

/* What the tests have been run with */
void env_exit(void);

#endif /* VMR_TEST_H */
