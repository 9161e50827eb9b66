/* SPDX-License-Identifier: Apache-2.0 */
/* What a person wants to know of one instant of a trace: the states of its processes, from the
 * player, and what the records say of all around them. */
#include "reports/report.h"
#include "tools/muster/travel.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define LISTED_MAX 6 /* of effects and faults; the rest is counted */

static const struct muster_record *record_at(const struct muster_traveller *x, size_t i)
{
    return &x->trace->records[i];
}

static void print_record(const struct muster_traveller *x, size_t i, const char *before)
{
    char line[400];
    const struct muster_record *r = record_at(x, i);
    const char *name = r->process == MUSTER_NOBODY ? NULL : x->trace->names[r->process];
    muster_report_record(line, sizeof line, r, name, muster_player_scenario(x->player));
    printf("%s#%-6" PRIu64 " %s\n", before, r->number, line);
}

void muster_instant_record(const struct muster_traveller *x)
{
    size_t position = muster_player_position(x->player);
    if (position == 0)
        printf("#0      before the first record\n");
    else
        print_record(x, position - 1, "");
}

/* ---- one process ---- */

/* The last record, up to here, that gave a process its life or took it; 0 for none. */
static size_t last_turn(const struct muster_traveller *x, uint16_t process)
{
    for (size_t i = muster_player_position(x->player); i > 0; i--) {
        const struct muster_record *r = record_at(x, i - 1);
        if (r->process == process && (r->kind == MUSTER_IN_START || r->kind == MUSTER_EVENT_CRASH ||
                                      r->kind == MUSTER_EVENT_CODE_CRASHED ||
                                      r->kind == MUSTER_EVENT_NOTE + MUSTER_NOTE_STOPPED))
            return i;
    }
    return 0;
}

static bool is_paused(const struct muster_traveller *x, uint16_t process)
{
    for (size_t i = muster_player_position(x->player); i > 0; i--) {
        const struct muster_record *r = record_at(x, i - 1);
        if (r->process == process &&
            (r->kind == MUSTER_EVENT_PAUSE || r->kind == MUSTER_EVENT_RESUME ||
             r->kind == MUSTER_EVENT_CRASH))
            return r->kind == MUSTER_EVENT_PAUSE;
    }
    return false;
}

static void print_state(const struct muster_traveller *x, uint16_t process)
{
    char text[4096], time[32];
    const struct muster_process *table = muster_player_scenario(x->player)->process;
    const void *self = muster_player_state(x->player, process);
    struct muster_digest digest = {.now = muster_player_clock(x->player, process)};
    muster_time due = table->deadline(self);
    muster_report_instant(digest.now, time, sizeof time);
    printf("%s, last input at %s of its clock, ", is_paused(x, process) ? "paused" : "up", time);
    muster_report_instant(due, time, sizeof time);
    printf("timer %s\n", time);
    if (table->describe && table->describe(self, text, sizeof text) > 0)
        printf("    %s\n", text);
    if (!table->digest)
        return;
    table->digest(self, &digest);
    printf("    digest %016" PRIx64 "\n", digest.hash);
}

/* Whether a record is the end of an effect. A recording does not number its messages: there the
 * tag says it. */
static bool ends(const struct muster_record *r, const struct muster_record *effect)
{
    uint16_t kind = effect->kind == MUSTER_EVENT_EFFECT + MUSTER_OUT_REQUEST ? MUSTER_IN_REPLY
                    : effect->kind == MUSTER_EVENT_EFFECT + MUSTER_OUT_DISK  ? MUSTER_IN_DISK
                                                                             : MUSTER_IN_ACTION;
    return r->process == effect->process && r->kind == kind &&
           (r->message != 0 ? r->message == effect->message : r->tag == effect->tag);
}

/* A request without a timeout is a subscription: it is not for its end. */
static bool waits(const struct muster_record *r)
{
    return (r->kind == MUSTER_EVENT_EFFECT + MUSTER_OUT_REQUEST && r->arg[1] > 0) ||
           r->kind == MUSTER_EVENT_EFFECT + MUSTER_OUT_DISK ||
           r->kind == MUSTER_EVENT_EFFECT + MUSTER_OUT_ACTION;
}

static bool has_ended(const struct muster_traveller *x, size_t effect)
{
    const struct muster_record *e = record_at(x, effect);
    for (size_t i = effect + 1; i < muster_player_position(x->player); i++)
        if (ends(record_at(x, i), e))
            return true;
    return false;
}

/* The effects of this incarnation that have not ended. */
static void print_waiting(const struct muster_traveller *x, uint16_t process, size_t since)
{
    uint32_t count = 0;
    for (size_t i = since; i < muster_player_position(x->player); i++) {
        const struct muster_record *r = record_at(x, i);
        if (r->process != process || !waits(r) || has_ended(x, i))
            continue;
        if (count++ < LISTED_MAX)
            print_record(x, i, "    waits for ");
    }
    if (count > LISTED_MAX)
        printf("    waits for %" PRIu32 " more\n", count - LISTED_MAX);
}

/* Of each file, what the disk has acknowledged last. */
static void print_disk(const struct muster_traveller *x, uint16_t process)
{
    bool told[MUSTER_DISK_FILES] = {false};
    for (size_t i = muster_player_position(x->player); i > 0; i--) {
        const struct muster_record *r = record_at(x, i - 1);
        if (r->kind != MUSTER_EVENT_DURABLE || r->process != process ||
            r->arg[0] >= MUSTER_DISK_FILES || told[r->arg[0]])
            continue;
        told[r->arg[0]] = true;
        printf("    file %" PRIu64 ": %" PRIu64 " bytes are durable since #%" PRIu64 "\n",
               r->arg[0], r->arg[1], r->number);
    }
}

void muster_instant_process(const struct muster_traveller *x, uint16_t process)
{
    size_t turn = last_turn(x, process);
    printf("%-5s ", x->trace->names[process]);
    if (muster_player_state(x->player, process)) {
        print_state(x, process);
        print_waiting(x, process, turn);
    } else if (turn > 0) {
        printf("down since #%zu\n", turn);
    } else {
        printf("not started yet\n");
    }
    print_disk(x, process);
}

/* ---- around them ---- */

static bool arrives(const struct muster_record *r)
{
    return r->kind == MUSTER_IN_MESSAGE || r->kind == MUSTER_EVENT_LOST;
}

/* A datagram is on its way when it was sent before and arrives, or is lost, later. */
static bool print_datagrams(const struct muster_traveller *x)
{
    size_t position = muster_player_position(x->player);
    uint64_t top = position > 0 ? record_at(x, position - 1)->number : 0, count = 0;
    for (size_t i = position; i < x->trace->count; i++) {
        const struct muster_record *r = record_at(x, i);
        if (!arrives(r) || r->cause == 0 || r->cause > top)
            continue;
        if (count++ < LISTED_MAX)
            print_record(x, r->cause - 1, "    on its way ");
    }
    if (count > LISTED_MAX)
        printf("    on their way %" PRIu64 " more\n", count - LISTED_MAX);
    return count > 0;
}

/* Timeline entries with a `for` that has begun and not ended. */
static bool print_faults(const struct muster_traveller *x)
{
    const struct muster_scenario *s = muster_player_scenario(x->player);
    bool any = false;
    for (uint32_t e = 0; e < s->entry_count; e++) {
        size_t i = muster_player_position(x->player);
        for (; i > 0; i--) {
            const struct muster_record *r = record_at(x, i - 1);
            if ((r->kind == MUSTER_EVENT_FIRED || r->kind == MUSTER_EVENT_ENDED) && r->arg[0] == e)
                break;
        }
        if (i == 0 || record_at(x, i - 1)->kind != MUSTER_EVENT_FIRED || !s->timeline[e].lasts)
            continue;
        print_record(x, i - 1, "    lasts ");
        any = true;
    }
    return any;
}

void muster_instant_world(const struct muster_traveller *x)
{
    printf("world\n");
    bool lasts = print_faults(x);
    if (!print_datagrams(x) && !lasts)
        printf("    nothing is on its way, and no fault lasts\n");
}
