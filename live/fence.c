/* SPDX-License-Identifier: Apache-2.0 */
/* What a target must remember: see fence.h. */
#include "live/fence.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define HEAD              "muster-fence 1\nhighest "
#define CRC_LINE_SIZE     13 /* "crc 1a2b3c4d\n" */
#define CRC32C_POLYNOMIAL UINT32_C(0x82f63b78)
#define EXIT_CODE_MAX     255

/* Deciding. */

static struct muster_fence_entry *find(struct muster_fence *f, const struct muster_fence_request *r)
{
    for (uint32_t i = 0; i < f->count; i++)
        if (f->entry[i].intent == r->intent && f->entry[i].attempt == r->attempt)
            return &f->entry[i];
    return NULL;
}

/* Whether a later attempt of the intent has been admitted: of a work item, this one was given to
 * somebody who is not waited for any more. */
static bool is_overtaken(const struct muster_fence *f, const struct muster_fence_request *r)
{
    for (uint32_t i = 0; i < f->count; i++)
        if (f->entry[i].intent == r->intent && f->entry[i].attempt > r->attempt)
            return true;
    return false;
}

enum muster_fence_verdict muster_fence_admit(struct muster_fence *f,
                                             const struct muster_fence_request *r, muster_time now,
                                             uint32_t *ret_outcome)
{
    assert(f->count <= MUSTER_FENCE_ENTRIES_MAX);
    assert(r->epoch <= MUSTER_INTEGER_MAX);
    if (muster_fence_is_late(r, now))
        return MUSTER_FENCE_LATE;
    if (r->epoch != 0 && !muster_fence_seal(f, r->epoch))
        return MUSTER_FENCE_STALE;
    const struct muster_fence_entry *found = find(f, r);
    if (found) {
        *ret_outcome = found->outcome;
        return found->outcome == MUSTER_FENCE_BEGUN ? MUSTER_FENCE_INTERRUPTED
                                                    : MUSTER_FENCE_REPEATED;
    }
    if (is_overtaken(f, r))
        return MUSTER_FENCE_OVERTAKEN;
    if (f->count == MUSTER_FENCE_ENTRIES_MAX)
        memmove(f->entry, f->entry + 1, --f->count * sizeof f->entry[0]);
    f->entry[f->count++] = (struct muster_fence_entry){r->intent, r->attempt, MUSTER_FENCE_BEGUN};
    return MUSTER_FENCE_RUN;
}

void muster_fence_end(struct muster_fence *f, const struct muster_fence_request *r,
                      uint32_t outcome)
{
    struct muster_fence_entry *found = find(f, r);
    assert(found && found->outcome == MUSTER_FENCE_BEGUN);
    assert(outcome <= EXIT_CODE_MAX);
    found->outcome = outcome;
}

bool muster_fence_seal(struct muster_fence *f, uint64_t epoch)
{
    if (epoch < f->highest)
        return false;
    f->highest = epoch;
    return true;
}

/* The state as text. */

static uint32_t crc32c(struct muster_bytes data)
{
    uint32_t crc = UINT32_MAX;
    for (size_t i = 0; i < data.size; i++) {
        crc ^= data.at[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc & 1 ? crc >> 1 ^ CRC32C_POLYNOMIAL : crc >> 1;
    }
    return ~crc;
}

void muster_fence_encode(const struct muster_fence *f, struct muster_text *t)
{
    assert(f->count <= MUSTER_FENCE_ENTRIES_MAX);
    muster_text_add(t, HEAD);
    muster_text_add_u64(t, f->highest);
    muster_text_add(t, "\n");
    for (uint32_t i = 0; i < f->count; i++) {
        const struct muster_fence_entry *e = &f->entry[i];
        muster_text_add_u64(t, e->intent);
        muster_text_add(t, " ");
        muster_text_add_u64(t, e->attempt);
        muster_text_add(t, " ");
        if (e->outcome == MUSTER_FENCE_BEGUN)
            muster_text_add(t, "begun");
        else
            muster_text_add_u64(t, e->outcome);
        muster_text_add(t, "\n");
    }
    uint32_t crc = crc32c(muster_text_written(t));
    muster_text_add(t, "crc ");
    muster_text_add_hex(t, crc, 8);
    muster_text_add(t, "\n");
    assert(!muster_text_is_cut(t));
}

static bool parse_entry(struct muster_fence_entry *e, struct muster_bytes line)
{
    struct muster_bytes intent, attempt;
    uint64_t code;
    if (!muster_text_split(&line, ' ', &intent) || !muster_text_split(&line, ' ', &attempt) ||
        muster_text_parse_u64(intent, &e->intent) != 0 ||
        muster_text_parse_u64(attempt, &e->attempt) != 0)
        return false;
    e->outcome = MUSTER_FENCE_BEGUN;
    if (muster_text_equal(line, "begun"))
        return true;
    if (muster_text_parse_u64(line, &code) != 0 || code > EXIT_CODE_MAX)
        return false;
    e->outcome = (uint32_t)code;
    return true;
}

static bool check_crc(struct muster_bytes text, struct muster_bytes body)
{
    char room[CRC_LINE_SIZE + 1];
    struct muster_text expected;
    muster_text_init(&expected, room, sizeof room);
    muster_text_add(&expected, "crc ");
    muster_text_add_hex(&expected, crc32c(body), 8);
    muster_text_add(&expected, "\n");
    struct muster_bytes found = {text.at + body.size, text.size - body.size};
    return muster_text_equal(found, room);
}

int muster_fence_decode(struct muster_fence *f, struct muster_bytes text)
{
    const size_t head = strlen(HEAD);
    memset(f, 0, sizeof *f);
    if (text.size < head + CRC_LINE_SIZE || memcmp(text.at, HEAD, head) != 0)
        return MUSTER_E_CORRUPT;
    struct muster_bytes body = {text.at, text.size - CRC_LINE_SIZE};
    if (!check_crc(text, body))
        return MUSTER_E_CORRUPT;
    struct muster_bytes rest = {body.at + head, body.size - head}, line;
    if (!muster_text_split(&rest, '\n', &line) || muster_text_parse_u64(line, &f->highest) != 0 ||
        f->highest > MUSTER_INTEGER_MAX)
        return MUSTER_E_CORRUPT;
    while (rest.size > 0) {
        if (f->count == MUSTER_FENCE_ENTRIES_MAX || !muster_text_split(&rest, '\n', &line) ||
            !parse_entry(&f->entry[f->count++], line))
            return MUSTER_E_CORRUPT;
    }
    return 0;
}

/* The environment. */

bool muster_fence_parse_epoch(const char *text, uint64_t *ret_epoch)
{
    return muster_text_parse_u64(muster_text_bytes(text), ret_epoch) == 0 &&
           *ret_epoch <= MUSTER_INTEGER_MAX;
}

static bool parse_number(const char *text, uint64_t *ret)
{
    return muster_text_parse_u64(muster_text_bytes(text), ret) == 0;
}

bool muster_fence_request_read(struct muster_fence_request *r, struct muster_text *error)
{
    const struct {
        const char *name, *meaning;
        bool (*parse)(const char *text, uint64_t *ret);
        uint64_t *value;
    } variable[] = {
        {"MUSTER_EPOCH", "the fencing token, at most 9007199254740991; 0: a local action",
         muster_fence_parse_epoch, &r->epoch},
        {"MUSTER_INTENT", "the number of the intent", parse_number, &r->intent},
        {"MUSTER_ATTEMPT", "the number of the attempt", parse_number, &r->attempt},
        {"MUSTER_NOT_AFTER", "nanoseconds of CLOCK_BOOTTIME", parse_number, &r->not_after},
    };
    for (size_t i = 0; i < sizeof variable / sizeof variable[0]; i++) {
        const char *text = getenv(variable[i].name);
        if (text && variable[i].parse(text, variable[i].value))
            continue;
        muster_text_add(error, variable[i].name);
        muster_text_add(error, text ? "='" : " is not set");
        muster_text_add(error, text ? text : "");
        muster_text_add(error, text ? "'; should be a decimal number, " : "; it is ");
        muster_text_add(error, variable[i].meaning);
        return false;
    }
    return true;
}
