/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * prove.h - what a proof is written with
 *
 * A proof is a function prove_NAME(). It includes the sources of the library and is
 * executed for all inputs at once (machine.py). An uninitialised variable holds any
 * value. That no access is outside of an object, and nothing undefined, is a statement
 * of every proof.
 */
#ifndef VMR_PROVE_H
#define VMR_PROVE_H

#include "base/base.h"

bool any_bool(void);
uint8_t any_u8(void);
uint16_t any_u16(void);
uint32_t any_u32(void);
uint64_t any_u64(void);

/*
 * Each number below @nr. The proof is executed for one after the other, which is
 * easier than for all at once. Once in a proof.
 */
uint32_t each_of(uint32_t nr);

/* @size bytes with any contents, which are only read. Each access must be inside. */
const uint8_t *any_bytes(uint64_t size);

/* Only inputs that satisfy the condition continue */
void assume(bool condition);

/* The condition holds for all inputs that come here. @what names it in the output. */
void prove(bool condition, const char *what);

#endif /* VMR_PROVE_H */
