/* SPDX-License-Identifier: Apache-2.0 */
/* The ledger on disk and in the store: see ledger.h. */
#include "core/coordinator/ledger.h"

#include "core/coordinator/slot.h"

#include <assert.h>

#define MAGIC   UINT64_C(0x31726567646c) /* "ldger1" */
#define CHECKED 48
#define DIGITS  8

static void put_word(uint8_t *at, uint64_t v)
{
    for (int i = 0; i < 8; i++)
        at[i] = (uint8_t)(v >> 8 * i);
}

static uint64_t get_word(const uint8_t *at)
{
    uint64_t v = 0;
    for (int i = 0; i < 8; i++)
        v |= (uint64_t)at[i] << 8 * i;
    return v;
}

/* Of the head's first words and of the text behind it, which the head's size tells apart. */
static uint32_t check(const uint8_t *head, const uint8_t *text, size_t size)
{
    uint32_t sum = muster_slot_check(MUSTER_SLOT_CHECK_START, head, CHECKED);
    return ~muster_slot_check(sum, text, size);
}

size_t muster_ledger_encode(const struct muster_ledger *l, uint64_t sequence, uint64_t cluster,
                            uint8_t bytes[MUSTER_LEDGER_HEAD + MUSTER_LEDGER_MAX])
{
    assert(sequence > 0 && l->version.epoch > 0);
    assert(l->size <= MUSTER_LEDGER_MAX);
    const uint64_t words[] = {MAGIC,  sequence, cluster, l->version.epoch, l->version.count,
                              l->size};
    memset(bytes, 0, MUSTER_LEDGER_HEAD);
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        put_word(bytes + 8 * i, words[i]);
    memcpy(bytes + MUSTER_LEDGER_HEAD, l->text, l->size);
    put_word(bytes + CHECKED, check(bytes, l->text, l->size));
    return MUSTER_LEDGER_HEAD + l->size;
}

static bool is_empty(struct muster_bytes bytes)
{
    for (size_t i = 0; i < bytes.size; i++)
        if (bytes.at[i] != 0)
            return false;
    return true;
}

int muster_ledger_decode(struct muster_ledger *l, uint64_t *ret_sequence, uint64_t cluster,
                         uint32_t slot, struct muster_bytes bytes)
{
    if (is_empty(bytes))
        return MUSTER_E_NOTFOUND;
    if (bytes.size < MUSTER_LEDGER_HEAD || get_word(bytes.at) != MAGIC)
        return MUSTER_E_CORRUPT;
    uint64_t sequence = get_word(bytes.at + 8), size = get_word(bytes.at + 40);
    const uint8_t *text = bytes.at + MUSTER_LEDGER_HEAD;
    if (size > MUSTER_LEDGER_MAX || size > bytes.size - MUSTER_LEDGER_HEAD ||
        get_word(bytes.at + CHECKED) != check(bytes.at, text, size) || sequence == 0 ||
        muster_ledger_offset(sequence) != (uint64_t)slot * MUSTER_LEDGER_SLOT)
        return MUSTER_E_CORRUPT;
    if (get_word(bytes.at + 16) != cluster)
        return MUSTER_E_NOTFOUND;
    *ret_sequence = sequence;
    l->version = (struct muster_ledger_version){get_word(bytes.at + 24), get_word(bytes.at + 32)};
    l->size = (uint32_t)size;
    memcpy(l->text, text, size);
    return 0;
}

void muster_ledger_write(const struct muster_ledger *l, struct muster_text *t)
{
    muster_text_add(t, "L ");
    muster_text_add_u64(t, l->version.epoch);
    muster_text_add(t, " ");
    muster_text_add_u64(t, l->version.count);
    muster_text_add(t, " ");
    muster_text_add_hex(t, ~muster_slot_check(MUSTER_SLOT_CHECK_START, l->text, l->size), DIGITS);
    muster_text_add(t, " ");
    muster_text_add_bytes(t, muster_ledger_text(l));
}

int muster_ledger_parse(struct muster_ledger *l, struct muster_bytes value)
{
    struct muster_bytes letter, epoch, count, sum;
    struct muster_ledger_version version;
    uint64_t checked;
    if (!muster_text_split(&value, ' ', &letter) || !muster_text_equal(letter, "L") ||
        !muster_text_split(&value, ' ', &epoch) || !muster_text_split(&value, ' ', &count) ||
        !muster_text_split(&value, ' ', &sum) || value.size > MUSTER_LEDGER_MAX ||
        muster_text_parse_u64(epoch, &version.epoch) != 0 ||
        muster_text_parse_u64(count, &version.count) != 0 ||
        muster_text_parse_hex(sum, &checked) != 0)
        return MUSTER_E_INVALID;
    if (version.epoch == 0 || version.epoch > MUSTER_INTEGER_MAX ||
        version.count > MUSTER_INTEGER_MAX ||
        checked != (uint32_t)~muster_slot_check(MUSTER_SLOT_CHECK_START, value.at, value.size))
        return MUSTER_E_INVALID;
    l->version = version;
    l->size = (uint32_t)value.size;
    memcpy(l->text, value.at, value.size);
    return 0;
}
