// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * The test harness runs each test in a process of its own, which ends by _exit()
 * and so without writing down what it has covered. Linked with --wrap=_exit.
 */
void __gcov_dump(void);
void __wrap__exit(int status);
_Noreturn void __real__exit(int status);

void __wrap__exit(int status)
{
	__gcov_dump();
	__real__exit(status);
}
