/* SPDX-License-Identifier: Apache-2.0 */
/* A voter's file of any bytes: no state, damage, or a slot that can be written and is then read as
 * the same. An input that is too short to be a slot is put into one whose checksum holds. */
#include "core/coordinator/slot.h"
#include "tests/fuzz/fuzz.h"

#include <assert.h>
#include <string.h>

static void check_file(struct muster_bytes file)
{
    uint8_t bytes[2 * MUSTER_SLOT_SIZE] = {0}, again[MUSTER_SLOT_SIZE];
    struct muster_slot s, back;
    memset(&s, 0xa5, sizeof s);
    if (muster_slot_decode(&s, file) != 0)
        return;
    assert(s.sequence > 0 && s.known >= s.epoch && s.known >= s.pause.epoch);
    uint8_t *at = bytes + muster_slot_offset(s.sequence);
    muster_slot_encode(&s, at);
    int ret = muster_slot_decode(&back, (struct muster_bytes){bytes, sizeof bytes});
    assert(ret == 0);
    muster_slot_encode(&back, again);
    assert(memcmp(again, at, sizeof again) == 0);
}

/* The words of a slot as the input has them; what is missing is 0. */
static void check_words(const uint8_t *data, size_t size)
{
    uint8_t bytes[2 * MUSTER_SLOT_SIZE] = {0};
    struct muster_slot s = {0};
    if (size >= MUSTER_SLOT_SIZE)
        return;
    memcpy(&s, data, size < sizeof s ? size : sizeof s);
    if (s.sequence == 0 || s.known < s.epoch || s.known < s.pause.epoch)
        return; /* no voter writes that */
    muster_slot_encode(&s, bytes + muster_slot_offset(s.sequence));
    check_file((struct muster_bytes){bytes, sizeof bytes});
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    check_file((struct muster_bytes){data, size});
    if (size > 0)
        check_words(data, size);
    return 0;
}
