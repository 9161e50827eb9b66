/* SPDX-License-Identifier: Apache-2.0 */
/* A trace: one self-contained JSON Lines file, one line a record.
 *
 *   {"muster":1,"version":"0.1.0","scenario":"scenarios/…","seed":7,"process":"muster",
 *    "members":["n1",…],"voters":3,"notes":[…],"sources":{path:text,…}}
 *   {"i":1,"t":0,"p":"n1","k":"in.start","m":…,"c":…,"clock":…,"wall":…,"tag":…,"status":"…",
 *    …arguments by name…,"data":…}
 *   {"end":true,"verdict":"passed","hash":"…","records":N,"property":…,"text":…,
 *    "digest":"xxh64 of all bytes before this text"}
 *
 * Keys in a fixed order; zero-valued m, c, clock, wall, tag, status and arguments are left out, so
 * the lines stay short and the bytes canonical. Integers stay within 2^53-1; larger ones are
 * written as "0x…" strings. A file without its last line is truncated, and readable.
 *
 * clock, wall and status are an input's; property and text a failed run's. Custom notes go by the
 * names of the process's table, which the header lists as "notes", or as "note.N". An argument
 * without a name that is not zero is "arg1" to "arg4". `data` has the form of its kind (record.h);
 * bytes that are not of that form stand as `text`. Texts escape all but printable ASCII as \u00XX,
 * one for each byte.
 */
#ifndef MUSTER_SIM_TRACE_TRACE_H
#define MUSTER_SIM_TRACE_TRACE_H

#include "sim/world.h"
#include "trace/line.h"
#include "trace/write.h"

#include <stdio.h>

/* Create the file (its folder must exist). Null and errno on failure. */
struct muster_trace_writer *muster_trace_create(const char *path, const struct muster_scenario *s,
                                                uint64_t seed);
/* A muster_record_sink; cookie is the writer. */
void muster_trace_record(void *writer, const struct muster_world *w, const struct muster_record *r);
/* Last line, flush, close. Returns 0 or -errno if any byte could not be written. */
int muster_trace_close(struct muster_trace_writer *t, const struct muster_verdict *verdict);

/* A trace as read back, whole, in memory. */
struct muster_trace {
    char *path;
    uint32_t format;
    char *version, *scenario, *process;
    uint64_t seed;
    const char **names; /* of processes, in order of first appearance; twins included */
    uint32_t name_count;
    const char **notes; /* the process's own note names, ends with null; may be null */
    uint32_t members, voters;
    struct muster_sources sources;
    struct muster_record *records; /* data spans point into memory of the trace */
    size_t count;
    bool complete; /* the last line is there … */
    bool intact;   /* … and its digest matches */
    uint64_t hash; /* as the last line says */
    char verdict[32];
    void *memory;
};

/* Read a file. Complains with its line and returns null when it is no trace, or memory is short
 * (but what JSON takes ends the program: config/memory.h); a truncated one is returned with
 * complete false. Complaints may point into its sources: print them first. */
struct muster_trace *muster_trace_read(const char *path, struct muster_diagnostics *d);
/* The same of a text in memory, which is not kept; path: what complaints call it. */
struct muster_trace *muster_trace_parse(const char *path, const char *text, size_t size,
                                        struct muster_diagnostics *d);
void muster_trace_free(struct muster_trace *t);

/* The first difference found by a replay or a diff. */
struct muster_divergence {
    bool found;
    uint64_t number;     /* of the record, in the first trace */
    char expected[1024]; /* its line there … */
    char actual[1024];   /* … and what came instead; empty: nothing came */
    char text[256];
};

/* Re-execute: every process of the trace is started anew and fed its recorded inputs; its effects
 * are compared with the recorded ones, then the run hash over the records with the last line. Only
 * records with from <= t <= until are compared (all are fed); node: only this process, or
 * MUSTER_NOBODY.
 * Returns 0 when nothing differs, MUSTER_E_INVALID with a divergence, or complains. */
int muster_trace_replay(const struct muster_trace *t, const struct muster_registry *registry,
                        muster_time from, muster_time until, uint16_t node,
                        struct muster_divergence *divergence, struct muster_diagnostics *d);

/* First record that differs between two traces. */
void muster_trace_diff(const struct muster_trace *a, const struct muster_trace *b,
                       struct muster_divergence *divergence);

#endif
