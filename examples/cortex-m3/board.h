/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * The board's services for the program: QEMU's mps2-an385, a Cortex-M3
 */
#ifndef BOARD_H
#define BOARD_H

#include <stdint.h>

/* Text on the debugger's console */
void board_print(const char *text);

/* End the program. Does not return */
void board_exit(int failed) __attribute__((__noreturn__));

/* Have tick_handler() called every so many processor cycles */
void board_start_ticks(uint32_t cycles);
void board_stop_ticks(void);

/* From the linker script */
extern uint32_t data_load[], data_start[], data_end[], bss_start[], bss_end[];
extern uint32_t stack_top[];

/* Where the processor begins */
void reset(void);

/* The program's part; pendsv_handler() only if it has a scheduler */
void tick_handler(void);
void pendsv_handler(void);
int main(void);

#endif
