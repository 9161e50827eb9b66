/* SPDX-License-Identifier: Apache-2.0 */
/* The first record in which two traces differ. */
#define MUSTER_BANNED_ALLOW_HEAP
#include "core/banned.h"

#include "sim/trace/trace.h"

#include <stdio.h>

static const char *name_of(const struct muster_trace *t, const struct muster_record *r)
{
    return r->process == MUSTER_NOBODY ? NULL : t->names[r->process];
}

static bool same_name(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool same_data(struct muster_bytes a, struct muster_bytes b)
{
    return a.size == b.size && (a.size == 0 || memcmp(a.at, b.at, a.size) == 0);
}

/* The first field that differs, in the order of a line; null when none does. room: for the name of
 * an argument. */
static const char *differing_field(const struct muster_trace *ta, const struct muster_record *a,
                                   const struct muster_trace *tb, const struct muster_record *b,
                                   char room[32])
{
    if (a->time != b->time)
        return "t";
    if (!same_name(name_of(ta, a), name_of(tb, b)))
        return "p";
    if (a->kind != b->kind)
        return "k";
    if (a->message != b->message)
        return "m";
    if (a->cause != b->cause)
        return "c";
    if (a->clock != b->clock)
        return "clock";
    if (a->wall != b->wall)
        return "wall";
    if (a->tag != b->tag)
        return "tag";
    if (a->status != b->status)
        return "status";
    for (uint32_t i = 0; i < 4; i++) {
        if (a->arg[i] == b->arg[i])
            continue;
        muster_line_argument(muster_event_type(a->kind), i, room, 32);
        return room;
    }
    return same_data(a->data, b->data) ? NULL : "data";
}

static void show(char *line, size_t size, const struct muster_trace *t, size_t i)
{
    if (i < t->count)
        muster_trace_line(line, size, &t->records[i], name_of(t, &t->records[i]),
                          (const char *const *)t->notes);
}

static void describe_ends(const struct muster_trace *a, const struct muster_trace *b,
                          struct muster_divergence *d)
{
    if (a->complete != b->complete)
        snprintf(d->text, sizeof d->text, "the records are the same, but the %s trace is truncated",
                 a->complete ? "second" : "first");
    else if (a->hash != b->hash || strcmp(a->verdict, b->verdict) != 0)
        snprintf(d->text, sizeof d->text,
                 "the records are the same, but the last lines differ: %s %016llx and %s %016llx",
                 a->verdict, (unsigned long long)a->hash, b->verdict, (unsigned long long)b->hash);
    else
        return;
    d->found = true;
}

void muster_trace_diff(const struct muster_trace *a, const struct muster_trace *b,
                       struct muster_divergence *d)
{
    size_t common = a->count < b->count ? a->count : b->count;
    const char *field = NULL;
    char room[32];
    size_t i = 0;
    memset(d, 0, sizeof *d);
    while (i < common && !(field = differing_field(a, &a->records[i], b, &b->records[i], room)))
        i++;
    if (i == a->count && i == b->count) {
        describe_ends(a, b, d);
        return;
    }
    d->found = true;
    d->number = i + 1;
    show(d->expected, sizeof d->expected, a, i);
    show(d->actual, sizeof d->actual, b, i);
    if (field)
        snprintf(d->text, sizeof d->text, "record %zu differs in '%s'", i + 1, field);
    else
        snprintf(d->text, sizeof d->text, "the %s trace ends after record %zu",
                 i == a->count ? "first" : "second", i);
}
