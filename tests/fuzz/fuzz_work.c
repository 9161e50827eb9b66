/* SPDX-License-Identifier: Apache-2.0 */
/* Work items of any bytes, from the board, a submission or the journal: what is taken for one is
 * written as the very same line, or at least as one that is read as the same. */
#include "core/coordinator/work_journal.h"
#include "tests/fuzz/fuzz.h"

#include <assert.h>
#include <string.h>

static struct muster_bytes write_record(const struct muster_work_record *r,
                                        char room[MUSTER_WORK_RECORD_MAX])
{
    struct muster_text t;
    muster_text_init(&t, room, MUSTER_WORK_RECORD_MAX);
    muster_work_record_write(r, &t);
    assert(!muster_text_is_cut(&t));
    return muster_text_written(&t);
}

static bool are_same(struct muster_bytes a, struct muster_bytes b)
{
    return a.size == b.size && memcmp(a.at, b.at, a.size) == 0;
}

/* What a record is written as reads as the same record. */
static void check_written(const struct muster_work_record *r)
{
    char one[MUSTER_WORK_RECORD_MAX], two[MUSTER_WORK_RECORD_MAX], head[MUSTER_WORK_HEAD_MAX];
    struct muster_work_record back;
    struct muster_text t;
    const struct muster_bytes line = write_record(r, one);
    int ret = muster_work_record_parse(&back, line);
    assert(ret == 0);
    assert(are_same(write_record(&back, two), line));
    muster_text_init(&t, head, sizeof head);
    muster_work_record_head(r, &t);
    assert(!muster_text_is_cut(&t) && t.length <= line.size);
    assert(memcmp(head, line.at, t.length) == 0);
}

static void check_record(struct muster_bytes text)
{
    struct muster_work_record r;
    memset(&r, 0xa5, sizeof r);
    if (muster_work_record_parse(&r, text) == 0)
        check_written(&r);
}

static void check_submission(struct muster_bytes text)
{
    struct muster_work_record r = {.intent = MUSTER_WORK_INTENTS, .submitter = "n1"};
    if (muster_work_record_submit(&r, text) == 0)
        check_written(&r);
}

static void check_slot(struct muster_bytes slot)
{
    uint8_t bytes[MUSTER_WORK_SLOT] = {0};
    char line[MUSTER_WORK_HALF];
    struct muster_work_record r, back;
    struct muster_text t;
    uint64_t version, same;
    if (slot.size > MUSTER_WORK_SLOT || muster_work_slot_read(slot, &version, &r) != 0)
        return;
    check_written(&r);
    muster_text_init(&t, line, sizeof line);
    muster_work_line_write(&t, version, &r);
    assert(!muster_text_is_cut(&t));
    memcpy(bytes + muster_work_offset(0, version), line, t.length);
    int ret = muster_work_slot_read((struct muster_bytes){bytes, sizeof bytes}, &same, &back);
    assert(ret == 0 && same == version);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct muster_bytes text = {data, size};
    check_record(text);
    check_submission(text);
    check_slot(text);
    return 0;
}
