/* SPDX-License-Identifier: MIT */
/* Random bytes of the kernel (getrandom), good for keys. Ends the process
 * if the kernel has none: nothing safe can go on without. */
#ifndef BASE_RAND_H
#define BASE_RAND_H

#include <stddef.h>
#include <stdint.h>

void rand_bytes(void *out, size_t n_bytes);
uint64_t rand_u64(void);

#endif
