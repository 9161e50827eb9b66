/* SPDX-License-Identifier: Apache-2.0 */
/* The journal of a submitter: see work_journal.h. */
#include "core/coordinator/work_journal.h"

#include "core/coordinator/slot.h"

#include <assert.h>

#define CHECK_DIGITS 16

void muster_work_line_write(struct muster_text *t, uint64_t version,
                            const struct muster_work_record *r)
{
    char room[MUSTER_WORK_HALF];
    struct muster_text checked;
    muster_text_init(&checked, room, sizeof room);
    muster_text_add_u64(&checked, version);
    muster_text_add(&checked, " ");
    muster_work_record_write(r, &checked);
    assert(checked.length + CHECK_DIGITS + 2 <= MUSTER_WORK_HALF);
    muster_text_add_hex(t, muster_slot_hash(MUSTER_SLOT_HASH_START, room, checked.length),
                        CHECK_DIGITS);
    muster_text_add(t, " ");
    muster_text_add(t, room);
    muster_text_add(t, "\n");
    assert(!muster_text_is_cut(t));
}

static int read_half(struct muster_bytes half, uint64_t *version, struct muster_work_record *r)
{
    struct muster_bytes line, check, word, rest = half;
    uint64_t sum;
    if (!muster_text_split(&rest, '\n', &line) || !muster_text_split(&line, ' ', &check) ||
        muster_text_parse_hex(check, &sum) != 0 ||
        sum != muster_slot_hash(MUSTER_SLOT_HASH_START, line.at, line.size))
        return MUSTER_E_INVALID;
    muster_text_split(&line, ' ', &word);
    if (muster_text_parse_u64(word, version) != 0 || *version == 0 || *version > MUSTER_INTEGER_MAX)
        return MUSTER_E_INVALID;
    return muster_work_record_parse(r, line);
}

int muster_work_slot_read(struct muster_bytes slot, uint64_t *ret_version,
                          struct muster_work_record *ret_record)
{
    *ret_version = 0;
    for (uint32_t i = 0; i < 2; i++) {
        uint64_t version;
        struct muster_work_record r;
        size_t from = (size_t)i * MUSTER_WORK_HALF;
        if (slot.size <= from)
            break;
        struct muster_bytes half = {slot.at + from, slot.size - from};
        if (half.size > MUSTER_WORK_HALF)
            half.size = MUSTER_WORK_HALF;
        if (read_half(half, &version, &r) != 0 || (version & 1) != i || version <= *ret_version)
            continue;
        *ret_version = version;
        *ret_record = r;
    }
    return *ret_version > 0 ? 0 : MUSTER_E_NOTFOUND;
}
