/* SPDX-License-Identifier: Apache-2.0 */
/* The trace of a simulated run: header from the scenario, end from the verdict. */
#define MUSTER_BANNED_ALLOW_HEAP
#include "core/banned.h"

#include "sim/trace/trace.h"

struct muster_trace_writer *muster_trace_create(const char *path, const struct muster_scenario *s,
                                                uint64_t seed)
{
    struct muster_trace_header h = {.scenario = s->path,
                                    .seed = seed,
                                    .process = s->process->name,
                                    .members = s->names,
                                    .member_count = s->members,
                                    .voters = s->voters,
                                    .notes = s->process->note_names,
                                    .sources = &s->sources};
    return muster_trace_writer_open(path, &h);
}

void muster_trace_record(void *writer, const struct muster_world *w, const struct muster_record *r)
{
    const char *name = r->process == MUSTER_NOBODY ? NULL : muster_world_name(w, r->process);
    muster_trace_writer_append(writer, r, name);
}

static const char *verdict_word(const struct muster_verdict *v)
{
    if (v->expected_failure)
        return "expected_failure";
    switch (v->code) {
    case MUSTER_RUN_PASSED:
        return "passed";
    case MUSTER_RUN_SAFETY:
        return "violated";
    case MUSTER_RUN_UNMET:
        return "unmet";
    case MUSTER_RUN_INTERNAL:
        break;
    }
    return "internal";
}

int muster_trace_close(struct muster_trace_writer *t, const struct muster_verdict *v)
{
    struct muster_trace_end end = {verdict_word(v), v->hash, v->records, v->property, v->text};
    return muster_trace_writer_close(t, &end);
}
