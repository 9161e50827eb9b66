/* SPDX-License-Identifier: Apache-2.0 */
/* The history: see history.h. */
#include "core/orchestrator/history.h"

#include "core/notes.h"

#include <assert.h>
#include <string.h>

void muster_history_init(struct muster_history *h)
{
    memset(h, 0, sizeof *h);
    h->torn = true; /* what an earlier incarnation left behind is not known */
}

uint64_t muster_history_oldest(const struct muster_history *h)
{
    return h->next > MUSTER_HISTORY_RECORDS ? h->next - MUSTER_HISTORY_RECORDS : 0;
}

const struct muster_history_record *muster_history_at(const struct muster_history *h,
                                                      uint64_t number)
{
    if (number >= h->next || number < muster_history_oldest(h))
        return NULL;
    return &h->at[number % MUSTER_HISTORY_RECORDS];
}

void muster_history_add(struct muster_history *h, const struct muster_history_record *record)
{
    struct muster_history_record *slot = &h->at[h->next % MUSTER_HISTORY_RECORDS];
    assert(record->intent < MUSTER_HISTORY_TAGS);
    assert(record->result < MUSTER_RESULT_COUNT);
    if (h->next >= MUSTER_HISTORY_RECORDS) {
        uint64_t number = h->next - MUSTER_HISTORY_RECORDS;
        h->dropped++;
        h->unsaved += slot->intent != 0 && number >= h->looked;
    }
    *slot = *record;
    h->next++;
}

bool muster_history_owns(uint64_t tag)
{
    return tag >= MUSTER_HISTORY_TAGS && tag < 2 * MUSTER_HISTORY_TAGS;
}

/* The number of the next terminal record that waits for the disk; h->next when there is none. */
static uint64_t next_waiting(const struct muster_history *h)
{
    uint64_t oldest = muster_history_oldest(h);
    uint64_t number = h->looked > oldest ? h->looked : oldest;
    while (number < h->next && muster_history_at(h, number)->intent == 0)
        number++;
    return number;
}

bool muster_history_saved(const struct muster_history *h)
{
    return h->batch_count == 0 && next_waiting(h) == h->next;
}

void muster_history_reason(struct muster_text *t, const struct muster_history_record *record)
{
    switch ((enum muster_cause)record->cause) {
    case MUSTER_CAUSE_CIRCUIT_OPEN:
        muster_text_add(t, "circuit OPEN for ");
        muster_text_add_duration(t, record->value);
        break;
    case MUSTER_CAUSE_RETRY_FAILURES:
        muster_text_add_u64(t, record->value);
        muster_text_add(t, " retry failures in 1h");
        break;
    case MUSTER_CAUSE_FAILED_COMPONENTS:
        muster_text_add_u64(t, record->value);
        muster_text_add(t, " failed components");
        break;
    case MUSTER_CAUSE_ACCURACY:
        muster_text_add(t, "accuracy of ");
        muster_text_add_u64(t, record->value);
        muster_text_add(t, " ppm");
        break;
    case MUSTER_CAUSE_MANUAL:
        muster_text_add(t, record->text[0] ? "manual: " : "manual");
        muster_text_add(t, record->text);
        break;
    case MUSTER_CAUSE_ANOMALY:
        muster_text_add(t, record->text);
        if (record->value == UINT64_MAX)
            break;
        muster_text_add(t, " of severity ");
        muster_text_add_u64(t, record->value);
        muster_text_add(t, " ppm");
        break;
    }
}

static uint32_t fnv1a(struct muster_bytes data)
{
    uint32_t sum = UINT32_C(2166136261);
    for (size_t i = 0; i < data.size; i++)
        sum = (sum ^ data.at[i]) * UINT32_C(16777619);
    return sum;
}

static void add_number(struct muster_text *t, const char *key, uint64_t value)
{
    muster_text_add(t, key);
    muster_text_add_u64(t, value);
}

/* One line, with its line break at the end; `start` comes before it. */
static void write_line(struct muster_text *t, const char *start,
                       const struct muster_history_record *r,
                       const struct muster_recovery_config *cfg, const struct muster_place *place)
{
    assert(r->action < cfg->action_count);
    assert(r->subject < place->count);
    muster_text_add(t, start);
    size_t checked = t->length;
    add_number(t, "intent=", r->intent);
    muster_text_add(t, " action=");
    muster_text_add(t, cfg->action[r->action].name);
    muster_text_add(t, " subject=");
    muster_text_add(t, place->names[r->subject]);
    muster_text_add(t, " result=");
    muster_text_add(t, muster_result_text(r->result));
    add_number(t, " epoch=", r->epoch);
    add_number(t, " attempts=", r->attempts);
    add_number(t, " began=", r->began);
    add_number(t, " ended=", r->ended);
    muster_text_add(t, " reason=\"");
    muster_history_reason(t, r);
    muster_text_add(t, "\"");
    struct muster_bytes line = muster_text_written(t);
    uint32_t sum = fnv1a((struct muster_bytes){line.at + checked, line.size - checked});
    muster_text_add(t, " check=");
    muster_text_add_hex(t, sum, 8);
    muster_text_add(t, "\n");
    assert(!muster_text_is_cut(t));
}

/* Appends and the sync of one batch share the batch's number; the last bit tells them apart. */
static uint64_t batch_tag(const struct muster_history *h, bool sync)
{
    return MUSTER_HISTORY_TAGS | ((h->batches << 1 | sync) & (MUSTER_HISTORY_TAGS - 1));
}

static struct muster_effect *add_disk(struct muster_history *h,
                                      enum muster_disk_operation operation,
                                      struct muster_effects *out)
{
    struct muster_effect *e = muster_effects_add(out, MUSTER_OUT_DISK);
    e->tag = batch_tag(h, operation == MUSTER_DISK_SYNC);
    e->disk.operation = operation;
    e->disk.file = MUSTER_HISTORY_FILE;
    return e;
}

void muster_history_save(struct muster_history *h, const struct muster_recovery_config *cfg,
                         const struct muster_place *place, struct muster_effects *out)
{
    if (h->batch_count > 0)
        return;
    uint64_t number = next_waiting(h);
    h->batches += number < h->next;
    h->batch_failed = false;
    for (; number < h->next && h->batch_count < MUSTER_HISTORY_BATCH; number = next_waiting(h)) {
        const struct muster_history_record *record = muster_history_at(h, number);
        char room[MUSTER_HISTORY_LINE_MAX];
        struct muster_text line;
        muster_text_init(&line, room, sizeof room);
        write_line(&line, h->torn ? "\n" : "", record, cfg, place);
        h->torn = false;
        muster_effects_data(out, add_disk(h, MUSTER_DISK_APPEND, out), room, line.length);
        h->batch_intent[h->batch_count] = record->intent;
        h->batch_number[h->batch_count++] = number;
        h->looked = number + 1;
    }
    if (h->batch_count > 0)
        (void)add_disk(h, MUSTER_DISK_SYNC, out);
}

/* The batch is not on disk, or nobody knows: all of it waits again, but what the ring has lost by
 * now. */
static void give_back(struct muster_history *h)
{
    for (uint32_t i = 0; i < h->batch_count; i++)
        h->unsaved += h->batch_number[i] < muster_history_oldest(h);
    h->looked = h->batch_number[0];
    h->torn = true;
    h->batch_count = 0;
}

void muster_history_disk(struct muster_history *h, const struct muster_recovery_config *cfg,
                         const struct muster_place *place, const struct muster_input *in,
                         struct muster_effects *out)
{
    assert(muster_history_owns(in->tag));
    if (h->batch_count == 0)
        return;
    if (in->tag == batch_tag(h, false)) {
        h->batch_failed |= in->status != MUSTER_STATUS_OK;
        return;
    }
    if (in->tag != batch_tag(h, true))
        return;
    if (in->status != MUSTER_STATUS_OK || h->batch_failed) {
        give_back(h);
        return;
    }
    for (uint32_t i = 0; i < h->batch_count; i++) {
        h->durable++;
        uint64_t arg[4] = {h->batch_intent[i], h->durable, 0, 0};
        muster_effects_note(out, MUSTER_NOTE_HISTORY_DURABLE, arg, NULL);
    }
    h->batch_count = 0;
    muster_history_save(h, cfg, place, out);
}
