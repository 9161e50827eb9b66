/* SPDX-License-Identifier: Apache-2.0 */
/* Electorates: who is in which, and by what they are known. */
#include "core/coordinator/electorate.h"

#include <assert.h>
#include <string.h>

uint64_t muster_electorate_generation(const struct muster_place *p)
{
    return p->generation > 0 ? p->generation : 1;
}

bool muster_electorate_has(const struct muster_place *p, enum muster_electorate which,
                           uint32_t member)
{
    uint64_t without = which == MUSTER_ELECTORATE_NOW ? p->leaving : p->joining;
    return member < p->voters && (without >> member & 1) == 0;
}

uint32_t muster_electorate_size(const struct muster_place *p, enum muster_electorate which)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < p->voters; i++)
        n += muster_electorate_has(p, which, i);
    return n;
}

uint64_t muster_electorate_digest(const struct muster_place *p, enum muster_electorate which)
{
    const char *name[MUSTER_VOTERS_MAX] = {0};
    uint64_t hash = MUSTER_SLOT_HASH_START;
    uint64_t generation = muster_electorate_generation(p);
    uint32_t n = 0;
    assert(p->voters <= MUSTER_VOTERS_MAX);
    for (uint32_t i = 0; i < p->voters; i++) {
        if (!muster_electorate_has(p, which, i))
            continue;
        uint32_t at = n++;
        for (; at > 0 && strcmp(name[at - 1], p->names[i]) > 0; at--)
            name[at] = name[at - 1];
        name[at] = p->names[i];
    }
    for (uint32_t i = 0; i < n; i++)
        hash = muster_slot_hash(hash, name[i], strlen(name[i]) + 1);
    if (which == MUSTER_ELECTORATE_BEFORE && muster_electorate_changes(p))
        generation--;
    for (uint64_t rest = generation; generation > 1 && rest > 0; rest >>= 8)
        hash = muster_slot_hash(hash, &(uint8_t){(uint8_t)rest}, 1);
    return hash;
}

/* Nobody has to ask an older electorate than the one this slot is of. */
static bool is_settled(const struct muster_slot *s, uint64_t generation)
{
    return generation == 1 || s->settled == generation;
}

enum muster_electorate_slot muster_electorate_judge(const struct muster_place *p,
                                                    const struct muster_slot *s)
{
    uint64_t own = muster_electorate_generation(p);
    uint64_t generation = s->generation > 0 ? s->generation : 1;
    bool changes = muster_electorate_changes(p);
    assert(!changes || own > 1);
    if (generation == own && s->electorate == muster_electorate_digest(p, MUSTER_ELECTORATE_NOW) &&
        (changes || is_settled(s, generation)))
        return MUSTER_SLOT_HELD;
    if (changes && generation == own - 1 && is_settled(s, generation) &&
        s->electorate == muster_electorate_digest(p, MUSTER_ELECTORATE_BEFORE))
        return MUSTER_SLOT_BEFORE;
    return MUSTER_SLOT_FOREIGN;
}
