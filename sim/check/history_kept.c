/* SPDX-License-Identifier: Apache-2.0 */
/* Property: an acknowledged history record is on the disk, and the disk holds no record of
 * what never ended. */
#include "core/orchestrator/history.h"
#include "core/text.h"
#include "sim/check/check.h"

#include <string.h>

#define KEPT 16 /* of each process: two batches, and more lines than a DURABLE shows */

struct ended {
    uint64_t intent;
    uint64_t result;
};

struct process {
    struct ended ended[KEPT];
    uint64_t on_disk[KEPT]; /* intents whose line was seen durable */
    uint64_t ends, lines;
    uint64_t size; /* of the file, when it was last seen */
    bool blind;    /* the last sync brought more than its record shows */
};

static size_t size(const struct muster_world *w)
{
    return muster_check_places(w) * sizeof(struct process);
}

static uint32_t fnv1a(struct muster_bytes data)
{
    uint32_t sum = UINT32_C(2166136261);
    for (size_t i = 0; i < data.size; i++)
        sum = (sum ^ data.at[i]) * UINT32_C(16777619);
    return sum;
}

/* Intent and result of a line; false for one that is torn or no line of the history. */
static bool read_line(struct muster_bytes line, uint64_t *intent, struct muster_bytes *result)
{
    const char check[] = " check=";
    size_t tail = sizeof check - 1 + 8;
    uint64_t sum, got = 0;
    if (line.size <= tail)
        return false;
    struct muster_bytes body = {line.at, line.size - tail};
    struct muster_bytes hex = {line.at + line.size - 8, 8};
    if (memcmp(body.at + body.size, check, sizeof check - 1) != 0 ||
        muster_text_parse_hex(hex, &sum) != 0 || sum != fnv1a(body))
        return false;
    for (struct muster_bytes token; (token = muster_text_token(&body)).size > 0;) {
        struct muster_bytes key;
        if (!muster_text_split(&token, '=', &key))
            continue;
        if (got == 0 && muster_text_equal(key, "intent") &&
            muster_text_parse_u64(token, intent) == 0)
            got = 1;
        if (got == 1 && muster_text_equal(key, "result")) {
            *result = token;
            return true;
        }
    }
    return false;
}

static void judge_line(struct process *p, struct muster_world *w, const struct muster_record *r,
                       struct muster_bytes line)
{
    uint64_t intent;
    struct muster_bytes result;
    if (!read_line(line, &intent, &result))
        return;
    p->on_disk[p->lines++ % KEPT] = intent;
    for (uint32_t i = 0; i < KEPT && i < p->ends; i++)
        if (p->ended[i].intent == intent &&
            muster_text_equal(result, muster_result_text(p->ended[i].result)))
            return;
    if (p->ends > KEPT)
        return; /* may have been forgotten here */
    muster_violated(w,
                    "the history on the disk of %s says that intent %" PRIu64
                    " ended as %.*s, which it never did",
                    muster_world_name(w, r->process), intent, (int)result.size,
                    (const char *)result.at);
}

/* Look at the lines that are new in what the disk holds now. */
static void see_disk(struct process *p, struct muster_world *w, const struct muster_record *r)
{
    uint64_t total = r->arg[1], shown_from = total - r->data.size;
    const char *name = muster_world_name(w, r->process);
    if (total < p->size) {
        muster_judged(w);
        muster_violated(w,
                        "the history on the disk of %s had %" PRIu64
                        " bytes acknowledged and has only "
                        "%" PRIu64 " now",
                        name, p->size, total);
        return;
    }
    p->blind = shown_from > p->size;
    struct muster_bytes rest = r->data, line;
    bool whole =
        shown_from == 0 || shown_from == p->size; /* else the first line lacks its beginning */
    while (muster_text_split(&rest, '\n', &line)) {
        uint64_t end = total - rest.size;
        if (whole && end > p->size)
            judge_line(p, w, r, line);
        whole = true;
    }
    p->size = total;
}

static void judge_acknowledged(const struct process *p, struct muster_world *w,
                               const struct muster_record *r)
{
    if (p->blind)
        return;
    muster_judged(w);
    for (uint32_t i = 0; i < KEPT && i < p->lines; i++)
        if (p->on_disk[i] == r->arg[0])
            return;
    muster_violated(w,
                    "%s says that the record of intent %" PRIu64
                    " is durable, but its disk does not hold it",
                    muster_world_name(w, r->process), r->arg[0]);
}

static void see(void *self, struct muster_world *w, const struct muster_record *r)
{
    struct process *p = (struct process *)self + r->process;
    if (!muster_check_config(w))
        return;
    switch (r->kind) {
    case NOTE_KIND(ACTION_ENDED):
        p->ended[p->ends++ % KEPT] = (struct ended){r->arg[0], r->arg[2]};
        break;
    case NOTE_KIND(HISTORY_DURABLE):
        judge_acknowledged(p, w, r);
        break;
    case MUSTER_EVENT_DURABLE:
        if (r->arg[0] == MUSTER_HISTORY_FILE)
            see_disk(p, w, r);
        break;
    default:
        break;
    }
}

static const uint16_t kinds[] = {NOTE_KIND(ACTION_ENDED), NOTE_KIND(HISTORY_DURABLE),
                                 MUSTER_EVENT_DURABLE, 0};

const struct muster_property muster_check_history_kept = {
    .name = "history_kept",
    .rule = "a history record that was acknowledged is on the disk, and none is invented",
    .explain =
        "Cooldowns, limits and an operator's trust rest on the history; a record that is "
        "acknowledged before it is on disk is lost in the crash that it was meant for (rule "
        "R16; Pillai and others 2014 show how common that is). Judged by the bytes that the "
        "disk acknowledged at the sync. The other way round, every line with a valid check "
        "must tell of an end that really came, with that very result. When it is violated, "
        "HISTORY_DURABLE was noted without a sync that ended well, or a line was written for "
        "an intent that still runs.",
    .class = MUSTER_SAFETY,
    .assumes = MUSTER_ASSUME_DURABLE | MUSTER_ASSUME_UNIQUE,
    .by_default = true,
    .kinds = kinds,
    .size = size,
    .see = see,
};
