/* SPDX-License-Identifier: Apache-2.0 */
/* Notes as lines of the history. */
#include "live/journal.h"

#include <stdio.h>
#include <string.h>

static void put(char *to, size_t size, const char *text)
{
    snprintf(to, size, "%s", text ? text : "");
}

static const char *word(const struct muster_record *r, const char *argument, uint32_t i,
                        const struct muster_words *words)
{
    const char *found = muster_word_of(r, argument, r->arg[i], words);
    return found ? found : "";
}

static void put_reason(struct muster_live_history_line *line, const struct muster_record *r)
{
    size_t size = r->data.size < sizeof line->reason - 1 ? r->data.size : sizeof line->reason - 1;
    if (size > 0)
        memcpy(line->reason, r->data.at, size);
    line->reason[size] = 0;
}

static void started(struct muster_live_history_line *line, const struct muster_record *r,
                    const struct muster_words *words)
{
    put(line->kind, sizeof line->kind, "started");
    line->intent = r->arg[0];
    line->epoch = r->arg[1];
    put(line->action, sizeof line->action, word(r, "action", 2, words));
    put(line->subject, sizeof line->subject, word(r, "subject", 3, words));
    line->attempts = 1;
    line->began_ns = r->time;
}

static void skipped(struct muster_live_history_line *line, const struct muster_record *r,
                    const struct muster_words *words)
{
    put(line->kind, sizeof line->kind, "skipped");
    put(line->result, sizeof line->result, word(r, "result", 0, words));
    put(line->action, sizeof line->action, word(r, "action", 1, words));
    line->began_ns = r->time;
    line->ended_ns = r->arg[2];
    put(line->subject, sizeof line->subject, word(r, "subject", 3, words));
}

static void led(struct muster_live_history_line *line, const struct muster_record *r,
                const struct muster_words *words, const char *what)
{
    put(line->kind, sizeof line->kind, "leader");
    put(line->result, sizeof line->result, what);
    line->epoch = r->arg[0];
    line->began_ns = r->time;
    if (r->kind == MUSTER_EVENT_NOTE + MUSTER_NOTE_LEADER_LOST)
        put(line->reason, sizeof line->reason, word(r, "reason", 2, words));
}

bool muster_live_journal_line(const struct muster_record *r, const struct muster_words *words,
                              uint64_t wall, struct muster_live_history_line *line)
{
    memset(line, 0, sizeof *line);
    line->wall = wall;
    put_reason(line, r);
    switch (r->kind) {
    case MUSTER_EVENT_NOTE + MUSTER_NOTE_ACTION_STARTED:
        started(line, r, words);
        return true;
    case MUSTER_EVENT_NOTE + MUSTER_NOTE_ACTION_SKIPPED:
        skipped(line, r, words);
        return true;
    case MUSTER_EVENT_NOTE + MUSTER_NOTE_LEADER_ELECTED:
        led(line, r, words, "elected");
        return true;
    case MUSTER_EVENT_NOTE + MUSTER_NOTE_LEADER_LOST:
        led(line, r, words, "lost");
        return true;
    case MUSTER_EVENT_NOTE + MUSTER_NOTE_FALLBACK:
        put(line->kind, sizeof line->kind, "mode");
        put(line->result, sizeof line->result, word(r, "mode", 0, words));
        line->began_ns = r->time;
        return true;
    default:
        return false;
    }
}
