/* SPDX-License-Identifier: Apache-2.0 */
/* Writing a trace (its format: sim/trace/trace.h), of a simulated run or of a process in
 * production. */
#ifndef MUSTER_TRACE_WRITE_H
#define MUSTER_TRACE_WRITE_H

#include "config/diagnostics.h"
#include "trace/record.h"

#define MUSTER_TRACE_FORMAT 1

/* How a trace ends, but for a newline: the key, then the digest in quotes and a brace. The digest
 * is of all bytes before its opening quote. */
#define MUSTER_TRACE_DIGEST_KEY  ",\"digest\":"
#define MUSTER_TRACE_DIGEST_SIZE (sizeof "\"0123456789abcdef\"}" - 1)

/* The first line. Everything is the caller's and is needed only while the trace is opened, but
 * notes, which outlive the writer. */
struct muster_trace_header {
    const char *scenario; /* path of the scenario among the sources */
    uint64_t seed;
    const char *process;        /* name of the process's table */
    const char *const *members; /* names, by index */
    uint32_t member_count, voters;
    const char *const *notes; /* the process's own note names, ends with null; may be null */
    const struct muster_sources *sources;
};

/* What stands in the last line. */
struct muster_trace_end {
    const char *verdict;
    uint64_t hash, records;
    const char *property, *text; /* of a failure; null for none */
};

struct muster_trace_writer;

/* Create the file (its folder must exist) and write its first line. Null and errno on failure. */
struct muster_trace_writer *muster_trace_writer_open(const char *path,
                                                     const struct muster_trace_header *h);
/* One record; name: of its process, null for none. Errors are kept and told at the end. */
void muster_trace_writer_append(struct muster_trace_writer *t, const struct muster_record *r,
                                const char *name);
/* Hand everything over to the system, so that it outlives a crash. Returns 0 or -errno. */
int muster_trace_writer_flush(struct muster_trace_writer *t);
/* Last line, flush, close; end null: no last line, the trace stays truncated. Returns 0 or -errno
 * if any byte could not be written. */
int muster_trace_writer_close(struct muster_trace_writer *t, const struct muster_trace_end *end);

#endif
