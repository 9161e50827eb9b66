/* SPDX-License-Identifier: Apache-2.0 */
/* The daemon's log, one write a line. */
#include "live/log.h"

#include "trace/line.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

#define LINE_MAX_ 8192
#define TEXT_MAX  1024 /* of a text, before escaping */

static const char *const levels[] = {"debug", "info", "warning", "error"};

static char *put_key(char *at, const char *key)
{
    *at++ = ',';
    *at++ = '"';
    at = muster_line_put(at, key);
    *at++ = '"';
    *at++ = ':';
    return at;
}

static char *put_text(char *at, const char *key, const void *text, size_t size)
{
    size_t kept = size < TEXT_MAX ? size : TEXT_MAX;
    return muster_line_text(put_key(at, key), (struct muster_bytes){text, kept});
}

static char *put_word(char *at, const char *key, const char *word)
{
    return put_text(at, key, word, strlen(word));
}

static char *begin(const struct muster_live_log *log, char *at, enum muster_live_level level,
                   const char *event)
{
    uint64_t wall = muster_live_wall();
    time_t seconds = (time_t)(wall / 1000);
    struct tm tm;
    char time[48];
    gmtime_r(&seconds, &tm);
    size_t n = strftime(time, sizeof time, "%Y-%m-%dT%H:%M:%S", &tm);
    snprintf(time + n, sizeof time - n, ".%03uZ", (unsigned)(wall % 1000));
    at = muster_line_put(at, "{\"time\":\"");
    at = muster_line_put(at, time);
    *at++ = '"';
    at = put_word(at, "level", levels[level]);
    at = put_word(at, "node", log->node);
    return put_word(at, "event", event);
}

/* A log that cannot be written is no reason to stop leading. */
static void finish(const struct muster_live_log *log, char *line, char *at)
{
    *at++ = '}';
    *at++ = '\n';
    ssize_t n = write(log->fd, line, (size_t)(at - line));
    (void)n;
}

void muster_live_log_say(const struct muster_live_log *log, enum muster_live_level level,
                         const char *event, const char *text)
{
    char line[LINE_MAX_];
    if (level < log->level)
        return;
    char *at = begin(log, line, level, event);
    if (text[0])
        at = put_word(at, "text", text);
    finish(log, line, at);
}

/* Seconds with their fraction, exact: "12.345s". */
static char *put_time(char *at, const char *key, uint64_t ns)
{
    char text[40];
    if (ns == MUSTER_NEVER)
        return put_word(at, key, "never");
    int n = snprintf(text, sizeof text, "%llu.%09llu", (unsigned long long)(ns / MUSTER_SECOND),
                     (unsigned long long)(ns % MUSTER_SECOND));
    while (n > 2 && text[n - 1] == '0' && text[n - 2] != '.')
        n--;
    text[n++] = 's';
    return put_text(at, key, text, (size_t)n);
}

static char *put_argument(const struct muster_live_log *log, char *at,
                          const struct muster_record *r, const struct muster_event_type *type,
                          uint32_t i)
{
    char name[32];
    muster_line_argument(type, i, name, sizeof name);
    const char *word = muster_word_of(r, name, r->arg[i], &log->words);
    bool hex = strchr(type->arg[i], ':') != NULL;
    if (word)
        return put_word(at, name, word);
    if (muster_word_is_time(name)) {
        at = put_time(at, name, r->arg[i]);
        bool ahead = strcmp(name, "until") == 0 && r->arg[i] > r->time && r->arg[i] < MUSTER_NEVER;
        return ahead ? put_time(at, "until_in", r->arg[i] - r->time) : at;
    }
    if (hex) {
        char text[24];
        snprintf(text, sizeof text, "0x%llx", (unsigned long long)r->arg[i]);
        return put_word(at, name, text);
    }
    return muster_line_number(put_key(at, name), r->arg[i]);
}

/* How much a note matters: the routine of every tick is for looking closely. */
static enum muster_live_level level_of(uint16_t note)
{
    switch (note) {
    case MUSTER_NOTE_LEASE_EXTENDED:
    case MUSTER_NOTE_CONSENSUS:
    case MUSTER_NOTE_WORK_ASSIGNED:
    case MUSTER_NOTE_WORK_GRANTED:
    case MUSTER_NOTE_HISTORY_DURABLE:
        return MUSTER_LIVE_DEBUG;
    case MUSTER_NOTE_DUPLICATE_ID:
    case MUSTER_NOTE_BOOTSTRAP_REFUSED:
    case MUSTER_NOTE_VOTER_UNFIT:
        return MUSTER_LIVE_ERROR;
    case MUSTER_NOTE_PROMISE_FAILED:
    case MUSTER_NOTE_LEADER_LOST:
    case MUSTER_NOTE_STALLED:
    case MUSTER_NOTE_STORE_ERROR:
    case MUSTER_NOTE_STORE_LOST:
    case MUSTER_NOTE_WORK_REFUSED:
    case MUSTER_NOTE_WORK_ALERT:
        return MUSTER_LIVE_WARNING;
    default:
        return MUSTER_LIVE_INFO;
    }
}

void muster_live_log_record(const struct muster_live_log *log, const struct muster_record *r)
{
    char line[LINE_MAX_];
    const struct muster_event_type *type = muster_event_type(r->kind);
    bool note = r->kind >= MUSTER_EVENT_NOTE;
    uint16_t which = note ? (uint16_t)(r->kind - MUSTER_EVENT_NOTE) : 0;
    enum muster_live_level level = note ? level_of(which) : MUSTER_LIVE_DEBUG;
    if (level < log->level)
        return;
    char *at = begin(log, line, level, type->name);
    for (uint32_t i = 0; i < 4; i++)
        if (type->arg[i][0])
            at = put_argument(log, at, r, type, i);
    if (note && r->data.size > 0)
        at = put_text(at, "text", r->data.at, r->data.size);
    finish(log, line, at);
}
