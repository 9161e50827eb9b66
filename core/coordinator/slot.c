/* SPDX-License-Identifier: Apache-2.0 */
/* The durable slots of a voter: encoding, checksum, choice of the newest. */
#include "core/coordinator/slot.h"

#include <assert.h>
#include <string.h>

#define MAGIC             UINT64_C(0x31746f6c736d) /* "mslot1" */
#define CHECKED           120
#define CRC32C_POLYNOMIAL UINT32_C(0x82f63b78)

uint32_t muster_slot_check(uint32_t check, const void *data, size_t size)
{
    const uint8_t *at = data;
    for (size_t i = 0; i < size; i++) {
        check ^= at[i];
        for (int bit = 0; bit < 8; bit++)
            check = check & 1 ? check >> 1 ^ CRC32C_POLYNOMIAL : check >> 1;
    }
    return check;
}

static uint32_t crc32c(const uint8_t *at, size_t size)
{
    return ~muster_slot_check(MUSTER_SLOT_CHECK_START, at, size);
}

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

void muster_slot_encode(const struct muster_slot *s, uint8_t bytes[MUSTER_SLOT_SIZE])
{
    assert(s->sequence > 0);
    assert(s->known >= s->epoch && s->known >= s->pause.epoch);
    const uint64_t words[] = {MAGIC,       s->sequence,    s->cluster,     s->disk_high,
                              s->disk_low, s->electorate,  s->epoch,       s->attempt,
                              s->known,    s->pause.epoch, s->pause.count, s->generation,
                              s->settled};
    memset(bytes, 0, MUSTER_SLOT_SIZE);
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        put_word(bytes + 8 * i, words[i]);
    put_word(bytes + CHECKED, crc32c(bytes, CHECKED));
}

static bool decode_one(struct muster_slot *s, const uint8_t *bytes)
{
    if (get_word(bytes) != MAGIC || get_word(bytes + CHECKED) != crc32c(bytes, CHECKED))
        return false;
    s->sequence = get_word(bytes + 8);
    s->cluster = get_word(bytes + 16);
    s->disk_high = get_word(bytes + 24);
    s->disk_low = get_word(bytes + 32);
    s->electorate = get_word(bytes + 40);
    s->epoch = get_word(bytes + 48);
    s->attempt = get_word(bytes + 56);
    s->known = get_word(bytes + 64);
    s->pause.epoch = get_word(bytes + 72);
    s->pause.count = get_word(bytes + 80);
    s->generation = get_word(bytes + 88);
    s->settled = get_word(bytes + 96);
    return s->sequence > 0 && s->known >= s->epoch && s->known >= s->pause.epoch;
}

int muster_slot_decode(struct muster_slot *s, struct muster_bytes file)
{
    memset(s, 0, sizeof *s);
    bool found = false, anything = false;
    for (size_t i = 0; i < file.size; i++)
        anything |= file.at[i] != 0;
    for (size_t i = 0; i < 2; i++) {
        struct muster_slot one;
        if (file.size < (i + 1) * MUSTER_SLOT_SIZE ||
            !decode_one(&one, file.at + i * MUSTER_SLOT_SIZE))
            continue;
        if (muster_slot_offset(one.sequence) != i * MUSTER_SLOT_SIZE)
            continue;
        if (!found || one.sequence > s->sequence)
            *s = one;
        found = true;
    }
    if (found)
        return 0;
    return anything ? MUSTER_E_CORRUPT : MUSTER_E_NOTFOUND;
}

uint64_t muster_slot_hash(uint64_t hash, const void *data, size_t size)
{
    const uint8_t *at = data;
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ at[i]) * UINT64_C(0x100000001b3);
    return hash;
}
