/* SPDX-License-Identifier: Apache-2.0 */
/* What a fuzz target offers: libFuzzer calls it, or replay_main.c. */
#ifndef MUSTER_TESTS_FUZZ_FUZZ_H
#define MUSTER_TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>

/* Try one input. Returns 0; what must hold is asserted. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
