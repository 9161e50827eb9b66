/* SPDX-License-Identifier: Apache-2.0 */
/* Recording a member. */
#include "live/recorder.h"

#include "config/core_config.h"
#include "core/coordinator/electorate.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SOURCE   "recording.yaml"
#define TEXT_MAX (MUSTER_CORE_CONFIG_TEXT_MAX + 4096)

struct muster_live_recorder {
    struct muster_trace_writer *writer;
    const char *name; /* of the member */
    bool failed;
};

static void write_electorate(struct muster_text *t, const struct muster_place *place)
{
    bool changes = muster_electorate_changes(place), more = false;
    muster_text_add(t, "\n  electorate: {generation: ");
    muster_text_add_u64(t, place->generation);
    muster_text_add(t, changes ? ", previous: [" : "");
    for (uint32_t i = 0; changes && i < place->voters; i++) {
        if (!muster_electorate_has(place, MUSTER_ELECTORATE_BEFORE, i))
            continue;
        muster_text_add(t, more ? ", '" : "'");
        muster_text_add(t, place->names[i]);
        muster_text_add(t, "'");
        more = true;
    }
    muster_text_add(t, changes ? "]}" : "}");
}

/* A scenario in which this member could have lived: who is there, and the config. */
static void write_scenario(struct muster_text *t, const struct muster_config *config,
                           const struct muster_place *place)
{
    muster_text_add(t, "version: 1\nname: recording\nduration: 1s\n"
                       "cluster:\n  process: muster\n  nodes: [");
    for (uint32_t i = 0; i < place->count; i++) {
        muster_text_add(t, i > 0 ? ", '" : "'");
        muster_text_add(t, place->names[i]);
        muster_text_add(t, "'");
    }
    muster_text_add(t, "]\n  voters: ");
    muster_text_add_u64(t, muster_electorate_size(place, MUSTER_ELECTORATE_NOW));
    if (muster_electorate_generation(place) > 1)
        write_electorate(t, place);
    muster_text_add(t, "\n  config: ");
    muster_core_config_write(config, t);
    muster_text_add(t, "\n");
}

static void keep_older(const char *path)
{
    char older[4096];
    if (snprintf(older, sizeof older, "%s.1", path) < (int)sizeof older)
        (void)rename(path, older); /* there is none, or the next open says what is wrong */
}

struct muster_live_recorder *muster_live_recorder_open(const char *path,
                                                       const struct muster_config *config,
                                                       const struct muster_place *place, char *text,
                                                       size_t size)
{
    struct muster_text t;
    struct muster_sources sources = {0};
    struct muster_live_recorder *r = calloc(1, sizeof *r);
    if (!r)
        return NULL;
    char *scenario = malloc(TEXT_MAX);
    if (!scenario)
        abort();
    muster_text_init(&t, scenario, TEXT_MAX);
    write_scenario(&t, config, place);
    muster_source_add(&sources, SOURCE, scenario, t.length);
    free(scenario);
    struct muster_trace_header header = {.scenario = SOURCE,
                                         .process = "muster",
                                         .members = place->names,
                                         .member_count = place->count,
                                         .voters = place->voters,
                                         .sources = &sources};
    keep_older(path);
    r->name = place->names[place->index];
    r->writer = muster_trace_writer_open(path, &header);
    muster_sources_free(&sources);
    if (r->writer)
        return r;
    snprintf(text, size, "cannot make the recording '%s': %s", path, strerror(errno));
    free(r);
    return NULL;
}

int muster_live_recorder_add(struct muster_live_recorder *r, const struct muster_record *record)
{
    if (r->failed)
        return 0;
    /* An input follows what came of the one before: that is complete, and handed over. */
    int error = 0;
    if (record->kind < MUSTER_EVENT_EFFECT)
        error = muster_trace_writer_flush(r->writer);
    muster_trace_writer_append(r->writer, record, r->name);
    r->failed = error != 0;
    return error;
}

void muster_live_recorder_close(struct muster_live_recorder *r, uint64_t hash, uint64_t records)
{
    struct muster_trace_end end = {.verdict = "recorded", .hash = hash, .records = records};
    (void)muster_trace_writer_close(r->writer, r->failed ? NULL : &end);
    free(r);
}
