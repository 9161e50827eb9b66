/* SPDX-License-Identifier: Apache-2.0 */
/* Traces of any bytes: read, written again, compared with itself, executed again. */
#include "sim/trace/trace.h"
#include "tests/fuzz/fuzz.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static const char *name_of(const struct muster_trace *t, const struct muster_record *r)
{
    return r->process == MUSTER_NOBODY ? NULL : t->names[r->process];
}

static const char *const *notes_of(const struct muster_trace *t)
{
    return (const char *const *)t->notes;
}

static size_t line_bound(const struct muster_trace *t, const struct muster_record *r)
{
    return muster_line_bound(r, name_of(t, r), muster_line_note(notes_of(t), r->kind)) + 1;
}

/* Every record as its line again, behind the first line of the trace: it reads as the same. */
static void write_again(const struct muster_trace *t, const char *text, size_t size)
{
    static struct muster_diagnostics d;
    const char *header_end = memchr(text, '\n', size);
    size_t used = (size_t)(header_end - text) + 1, room = used;
    for (size_t i = 0; i < t->count; i++)
        room += line_bound(t, &t->records[i]);
    char *copy = malloc(room);
    assert(copy);
    memcpy(copy, text, used);
    for (size_t i = 0; i < t->count; i++) {
        const struct muster_record *r = &t->records[i];
        size_t length = muster_trace_line(copy + used, room - used, r, name_of(t, r), notes_of(t));
        assert(length < room - used);
        used += length;
        copy[used++] = '\n';
    }
    memset(&d, 0, sizeof d);
    struct muster_trace *again = muster_trace_parse("again.jsonl", copy, used, &d);
    assert(again && again->count == t->count);
    for (size_t i = 0; i < t->count; i++)
        assert(muster_record_hash(0, &t->records[i]) == muster_record_hash(0, &again->records[i]));
    muster_trace_free(again);
    free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct muster_diagnostics d;
    static struct muster_divergence divergence;
    memset(&d, 0, sizeof d);
    struct muster_trace *t = muster_trace_parse("fuzz.jsonl", (const char *)data, size, &d);
    assert((t == NULL) == (d.errors > 0));
    if (!t)
        return 0;
    write_again(t, (const char *)data, size);
    muster_trace_diff(t, t, &divergence);
    assert(!divergence.found);
    memset(&d, 0, sizeof d);
    int ret = muster_trace_replay(t, &muster_registry_builtin, 0, MUSTER_NEVER, MUSTER_NOBODY,
                                  &divergence, &d);
    assert((ret == 0) == (!divergence.found && d.errors == 0));
    muster_trace_free(t);
    return 0;
}
