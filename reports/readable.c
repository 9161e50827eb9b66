/* SPDX-License-Identifier: Apache-2.0 */
/* A record as a line that a person reads: names for numbers, seconds for nanoseconds. */
#include "core/flat.h"
#include "reports/report.h"
#include "trace/words.h"

#include <stdarg.h>
#include <string.h>

/* Appends to a caller's room; length goes on counting, as snprintf does. */
struct sentence {
    char *at;
    size_t size, length;
};

static void say(struct sentence *s, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void say(struct sentence *s, const char *format, ...)
{
    size_t used = s->length < s->size ? s->length : s->size;
    va_list ap;
    va_start(ap, format);
    int n = vsnprintf(s->at + used, s->size - used, format, ap);
    va_end(ap);
    s->length += n > 0 ? (size_t)n : 0;
}

static void say_argument(struct sentence *line, const struct muster_record *r, const char *argument,
                         uint64_t value, const struct muster_scenario *s)
{
    const struct muster_words words = {.members = s->names,
                                       .member_count = s->members,
                                       .message_names = s->process->message_names};
    const char *word = muster_word_of(r, argument, value, &words);
    int length = (int)strcspn(argument, ":");
    char time[32];
    if (word) {
        say(line, strchr(word, ' ') ? " %.*s='%s'" : " %.*s=%s", length, argument, word);
    } else if (muster_word_is_time(argument)) {
        muster_report_instant(value, time, sizeof time);
        say(line, " %.*s=%s", length, argument, time);
    } else if (argument[length] == ':' || value > MUSTER_INTEGER_MAX) {
        say(line, " %.*s=0x%llx", length, argument, (unsigned long long)value);
    } else {
        say(line, " %.*s=%llu", length, argument, (unsigned long long)value);
    }
}

static void say_bytes(struct sentence *line, struct muster_bytes data)
{
    for (size_t i = 0; i < data.size && i < 160; i++)
        say(line, "%c", data.at[i] >= 0x20 && data.at[i] < 0x7f ? data.at[i] : '?');
    if (data.size > 160)
        say(line, "…");
}

/* The texts in flat data, one after the other. */
static void say_flat(struct sentence *line, struct muster_bytes data)
{
    struct muster_flat_reader reader;
    struct muster_flat_value v;
    muster_flat_reader_init(&reader, data);
    while (muster_flat_next(&reader, &v) == 0) {
        say(line, " ");
        if (v.type == MUSTER_FLAT_INTEGER)
            say(line, "%lld", (long long)v.integer);
        else if (v.type == MUSTER_FLAT_NIL)
            say(line, "nil");
        else
            say_bytes(line, v.bytes);
    }
}

static const char *kind_name(const struct muster_record *r, const struct muster_scenario *s)
{
    const char *const *own = s->process->note_names;
    uint32_t wanted = (uint32_t)r->kind - MUSTER_EVENT_NOTE - MUSTER_NOTE_CUSTOM;
    if (r->kind >= MUSTER_EVENT_NOTE + MUSTER_NOTE_CUSTOM && own)
        for (uint32_t i = 0; own[i]; i++)
            if (i == wanted)
                return own[i];
    return muster_event_type(r->kind)->name;
}

size_t muster_report_record(char *line, size_t size, const struct muster_record *r,
                            const char *name, const struct muster_scenario *s)
{
    const struct muster_event_type *type = muster_event_type(r->kind);
    struct sentence out = {line, size, 0};
    char time[32];
    muster_report_instant(r->time, time, sizeof time);
    say(&out, "%14s  %-5s %s", time, name ? name : "-", kind_name(r, s));
    bool custom = r->kind >= MUSTER_EVENT_NOTE + MUSTER_NOTE_CUSTOM;
    for (uint32_t i = 0; i < 4; i++)
        if (type->arg[i][0] && (r->arg[i] != 0 || !custom))
            say_argument(&out, r, type->arg[i], r->arg[i], s);
    if (r->data.size > 0 && type->form == MUSTER_DATA_FLAT) {
        say_flat(&out, r->data);
    } else if (r->data.size > 0 && type->form == MUSTER_DATA_TEXT) {
        say(&out, " ");
        say_bytes(&out, r->data);
    }
    return out.length;
}

bool muster_report_matters(const struct muster_record *r)
{
    if (r->kind >= MUSTER_EVENT_NOTE) {
        uint16_t note = (uint16_t)(r->kind - MUSTER_EVENT_NOTE);
        return note != MUSTER_NOTE_LEASE_EXTENDED && note != MUSTER_NOTE_CONSENSUS &&
               note != MUSTER_NOTE_CONSENSUS_APPLIED && note != MUSTER_NOTE_HISTORY_DURABLE;
    }
    if (r->kind >= MUSTER_EVENT_WORLD)
        /* Partitions and links are told by the timeline entry that fired. */
        return r->kind != MUSTER_EVENT_EXECUTED && r->kind != MUSTER_EVENT_DURABLE &&
               r->kind != MUSTER_EVENT_DISK_DONE && r->kind != MUSTER_EVENT_DUPLICATED &&
               r->kind != MUSTER_EVENT_PARTITION && r->kind != MUSTER_EVENT_HEAL &&
               r->kind != MUSTER_EVENT_LINK;
    return r->kind == MUSTER_EVENT_EFFECT + MUSTER_OUT_ACTION ||
           r->kind == MUSTER_EVENT_INPUT + MUSTER_IN_ACTION ||
           r->kind == MUSTER_EVENT_INPUT + MUSTER_IN_COMMAND;
}
