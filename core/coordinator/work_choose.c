/* SPDX-License-Identifier: Apache-2.0 */
/* Weighted rendezvous hashing in integers: see work_choose.h. */
#include "core/coordinator/work_choose.h"

#include "core/coordinator/slot.h"
#include "core/random.h"

#include <assert.h>
#include <string.h>

#define FRACTION_BITS 24

uint64_t muster_work_neglog2(uint64_t u)
{
    uint64_t x = u == 0 ? 1 : u;
    uint64_t whole = 1; /* u / 2^64 is 2^-whole times 1..2 */
    while (x >> 63 == 0) {
        x <<= 1;
        whole++;
    }
    /* The digits of the binary logarithm, by squaring 1 <= x < 2 in units of 2^-31. */
    uint64_t y = x >> 32, digits = 0;
    for (int i = 0; i < FRACTION_BITS; i++) {
        y = y * y >> 31;
        digits = digits << 1 | y >> 32;
        y >>= y >> 32;
    }
    assert(digits >> FRACTION_BITS == 0);
    return (whole << FRACTION_BITS) - digits;
}

static uint64_t draw(const char *id, const char *name)
{
    uint64_t hash = muster_slot_hash(MUSTER_SLOT_HASH_START, id, strlen(id) + 1);
    struct muster_random mixed = {muster_slot_hash(hash, name, strlen(name))};
    return muster_random_next(&mixed); /* FNV alone leaves the upper bits of short names alike */
}

static uint32_t choose(const char *id, const struct muster_work_candidate *candidate,
                       uint32_t count)
{
    uint32_t best = 0;
    uint64_t best_log = 0;
    assert(count > 0);
    for (uint32_t i = 0; i < count; i++) {
        assert(candidate[i].weight >= 1 && candidate[i].weight <= MUSTER_PPM);
        uint64_t log = muster_work_neglog2(draw(id, candidate[i].name));
        /* weight / log > best's, without dividing: below 2^20 * 2^31 */
        if (i > 0 && candidate[i].weight * best_log <= candidate[best].weight * log)
            continue;
        best = i;
        best_log = log;
    }
    return best;
}

const struct muster_work_strategy muster_work_rendezvous = {.name = "rendezvous", .choose = choose};
