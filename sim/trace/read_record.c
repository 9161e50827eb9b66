/* SPDX-License-Identifier: Apache-2.0 */
/* Reading a trace back: one record. */
#define MUSTER_BANNED_ALLOW_HEAP
#include "core/banned.h"

#include "sim/trace/reader.h"

#include <stdlib.h>

#define RECORDS_FIRST 1024
/* The most that JSON grows by when it becomes flat: "0," is thirteen bytes there. */
#define FLAT_GROWTH 7

/* A twin is called as its original, with ' appended: the same place. */
static bool is_twin_of_member(const struct muster_trace *t, const char *name)
{
    size_t length = strlen(name);
    while (length > 0 && name[length - 1] == '\'')
        length--;
    for (uint32_t i = 0; i < t->members && name[length]; i++)
        if (strlen(t->names[i]) == length && strncmp(t->names[i], name, length) == 0)
            return true;
    return false;
}

static uint16_t read_process(struct muster_reader *r, const json_t *json)
{
    struct muster_trace *t = r->trace;
    const char *name = json_is_string(json) ? json_string_value(json) : "";
    for (uint32_t i = 0; i < t->name_count; i++)
        if (strcmp(t->names[i], name) == 0)
            return (uint16_t)i;
    size_t size = strlen(name) + 1;
    if (!is_twin_of_member(t, name) || t->name_count == MUSTER_PROCESSES_MAX) {
        muster_reader_fail(r, "unknown process '%.64s'", name);
        return MUSTER_NOBODY;
    }
    char *kept = muster_reader_take(r, size);
    if (!kept)
        return MUSTER_NOBODY;
    t->names[t->name_count] = memcpy(kept, name, size);
    return (uint16_t)t->name_count++;
}

static uint16_t read_kind(struct muster_reader *r, const json_t *json)
{
    const char *name = json_is_string(json) ? json_string_value(json) : "";
    const uint16_t first = MUSTER_EVENT_NOTE + MUSTER_NOTE_CUSTOM;
    uint16_t kind = muster_event_by_name(name);
    const char *const *notes = (const char *const *)r->trace->notes;
    for (uint16_t i = 0; kind == 0 && notes && notes[i]; i++)
        if (strcmp(notes[i], name) == 0)
            kind = (uint16_t)(first + i);
    if (kind == 0 && strncmp(name, "note.", 5) == 0 && name[5]) {
        char *end;
        unsigned long n = strtoul(name + 5, &end, 10);
        if (*end == 0 && n < (unsigned)(MUSTER_EVENT_KINDS - first))
            kind = (uint16_t)(first + n);
    }
    if (kind == 0) {
        const char *near = strlen(name) < 64 ? muster_suggest(name, muster_event_names()) : NULL;
        muster_reader_fail(r, "unknown kind '%.64s'%s%s%s", name, near ? ", did you mean '" : "",
                           near ? near : "", near ? "'?" : "");
    }
    return kind;
}

static uint16_t read_status(struct muster_reader *r, const json_t *json)
{
    uint64_t number;
    if (json_is_integer(json) && muster_line_read_number(json, &number) && number <= UINT16_MAX)
        return (uint16_t)number;
    for (uint16_t i = 0; i < MUSTER_LINE_STATUSES && json_is_string(json); i++)
        if (strcmp(json_string_value(json), muster_line_statuses[i]) == 0)
            return i;
    muster_reader_fail(r, "'status' is no status");
    return 0;
}

static bool decode(struct muster_reader *r, const json_t *json, enum muster_data_form form,
                   size_t *size)
{
    struct muster_flat_writer w;
    switch (form) {
    case MUSTER_DATA_FLAT:
        muster_flat_writer_init(&w, r->scratch, r->scratch_size);
        if (!muster_line_read_flat(json, &w))
            return false;
        *size = w.used;
        return true;
    case MUSTER_DATA_BYTES:
        return muster_line_read_hex(json, r->scratch, size);
    case MUSTER_DATA_TEXT:
        return muster_line_read_text(json, r->scratch, size);
    case MUSTER_DATA_NONE:
        break;
    }
    return false;
}

static void read_data(struct muster_reader *r, const json_t *json, const char *key,
                      enum muster_data_form form, struct muster_bytes *data)
{
    size_t size = 0;
    if (!decode(r, json, form, &size)) {
        muster_reader_fail(r, "'%s' is not of the form that this kind has", key);
        return;
    }
    uint8_t *kept = size > 0 ? muster_reader_take(r, size) : NULL;
    if (kept)
        *data = (struct muster_bytes){memcpy(kept, r->scratch, size), size};
}

/* One of the plain numbers; null for another key. Arguments of other kinds may be called as fields
 * that only inputs have. */
static uint64_t *number_at(struct muster_record *record, const char *key)
{
    bool input = record->kind < MUSTER_EVENT_EFFECT;
    if (strcmp(key, "i") == 0)
        return &record->number;
    if (strcmp(key, "t") == 0)
        return &record->time;
    if (strcmp(key, "m") == 0)
        return &record->message;
    if (strcmp(key, "c") == 0)
        return &record->cause;
    if (strcmp(key, "tag") == 0)
        return &record->tag;
    if (input && strcmp(key, "clock") == 0)
        return &record->clock;
    if (input && strcmp(key, "wall") == 0)
        return &record->wall;
    for (uint32_t i = 0; i < 4; i++) {
        char name[32];
        muster_line_argument(muster_event_type(record->kind), i, name, sizeof name);
        if (strcmp(key, name) == 0)
            return &record->arg[i];
    }
    return NULL;
}

static void read_field(struct muster_reader *r, struct muster_record *record, const char *key,
                       const json_t *value)
{
    uint64_t *number;
    if (strcmp(key, "k") == 0)
        return; /* read first: the names of the others depend on it */
    if (strcmp(key, "p") == 0) {
        record->process = read_process(r, value);
    } else if (record->kind < MUSTER_EVENT_EFFECT && strcmp(key, "status") == 0) {
        record->status = read_status(r, value);
    } else if (strcmp(key, "data") == 0) {
        read_data(r, value, key, muster_event_type(record->kind)->form, &record->data);
    } else if (strcmp(key, "text") == 0) {
        read_data(r, value, key, MUSTER_DATA_TEXT, &record->data);
    } else if ((number = number_at(record, key))) {
        if (!muster_line_read_number(value, number))
            muster_reader_fail(r, "'%s' is no number", key);
    } else {
        muster_reader_fail(r, "unknown key '%.64s' of %s", key,
                           muster_event_type(record->kind)->name);
    }
}

static void append(struct muster_reader *r, const struct muster_record *record)
{
    struct muster_trace *t = r->trace;
    if (t->count == r->capacity) {
        size_t larger = r->capacity ? 2 * r->capacity : RECORDS_FIRST;
        struct muster_record *moved = realloc(t->records, larger * sizeof *moved);
        if (!moved) {
            muster_reader_fail(r, "out of memory");
            return;
        }
        t->records = moved;
        r->capacity = larger;
    }
    t->records[t->count++] = *record;
}

void muster_reader_record(struct muster_reader *r, json_t *json)
{
    struct muster_trace *t = r->trace;
    struct muster_record record = {.process = MUSTER_NOBODY};
    const char *key;
    json_t *value;
    record.kind = read_kind(r, json_object_get(json, "k"));
    /* What the line may become: scratch for the longest string in it, grown to flat. */
    if (r->failed || !muster_reader_scratch(r, FLAT_GROWTH * (r->at - r->start) + 64))
        return;
    json_object_foreach(json, key, value)
    {
        read_field(r, &record, key, value);
    }
    if (r->failed)
        return;
    muster_time last = t->count > 0 ? t->records[t->count - 1].time : 0;
    if (record.number != t->count + 1)
        muster_reader_fail(r, "'i' is %llu, but record %zu is next",
                           (unsigned long long)record.number, t->count + 1);
    else if (record.time < last)
        muster_reader_fail(r, "'t' goes back: %llu after %llu", (unsigned long long)record.time,
                           (unsigned long long)last);
    else if (record.kind < MUSTER_EVENT_WORLD && record.process == MUSTER_NOBODY)
        muster_reader_fail(r, "%s without 'p'", muster_event_type(record.kind)->name);
    else
        append(r, &record);
}
