/* SPDX-License-Identifier: Apache-2.0 */
/* Records of the store of any bytes: what is taken for one is written as the very same bytes. */
#include "core/coordinator/wire.h"
#include "tests/fuzz/fuzz.h"

#include <assert.h>
#include <string.h>

static void check_same(const struct muster_text *written, struct muster_bytes text)
{
    assert(!muster_text_is_cut(written));
    assert(written->length == text.size && memcmp(written->at, text.at, text.size) == 0);
}

static void check_leader(struct muster_bytes text)
{
    struct muster_leader_record r;
    struct muster_text t;
    char room[MUSTER_RECORD_MAX];
    memset(&r, 0xa5, sizeof r);
    if (muster_leader_record_parse(&r, text) != 0)
        return;
    muster_text_init(&t, room, sizeof room);
    muster_leader_record_write(&r, &t);
    check_same(&t, text);
}

static void check_member(struct muster_bytes text)
{
    struct muster_member_record r, next;
    struct muster_text t, again;
    char room[MUSTER_RECORD_MAX], other[MUSTER_RECORD_MAX];
    memset(&r, 0xa5, sizeof r);
    if (muster_member_record_parse(&r, text) != 0)
        return;
    muster_text_init(&t, room, sizeof room);
    muster_member_record_write(&r, &t);
    check_same(&t, text);
    next = r;
    int ret = muster_member_record_parse_next(&next, text);
    assert(ret == 0);
    muster_text_init(&again, other, sizeof other);
    muster_member_record_write(&next, &again);
    check_same(&again, text);
}

/* A text after a record that begins like it: read as if it came alone. */
static void check_next(struct muster_bytes text)
{
    static const char like[] = " 1 2 3 4 5 0 1 900000 0 1 1";
    uint8_t first[MUSTER_MEMBER_HEAD + sizeof like - 1];
    struct muster_member_record known, alone;
    if (text.size < MUSTER_MEMBER_HEAD)
        return;
    memcpy(first, text.at, MUSTER_MEMBER_HEAD);
    memcpy(first + MUSTER_MEMBER_HEAD, like, sizeof like - 1);
    if (muster_member_record_parse(&known, (struct muster_bytes){first, sizeof first}) != 0)
        return;
    int ret = muster_member_record_parse_next(&known, text);
    assert(ret == muster_member_record_parse(&alone, text));
}

static void check_decision(struct muster_bytes text)
{
    struct muster_decision_record r;
    struct muster_text t;
    char room[MUSTER_RECORD_MAX];
    memset(&r, 0xa5, sizeof r);
    if (muster_decision_record_parse(&r, text) != 0)
        return;
    muster_text_init(&t, room, sizeof room);
    muster_decision_record_write(&r, &t);
    check_same(&t, text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct muster_bytes text = {data, size};
    check_leader(text);
    check_member(text);
    check_next(text);
    check_decision(text);
    return 0;
}
