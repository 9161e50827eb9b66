/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the trace reader share. Private to sim/trace. */
#ifndef MUSTER_SIM_TRACE_READER_H
#define MUSTER_SIM_TRACE_READER_H

#include "sim/trace/trace.h"
#include "sim/trace/unline.h"

/* Memory of a trace: blocks that are given back together. */
struct muster_reader_block {
    struct muster_reader_block *next;
    size_t size, used;
};

struct muster_reader {
    struct muster_trace *trace;
    struct muster_diagnostics *d;
    const char *text; /* the whole file */
    size_t size, at;
    size_t start;  /* where the current line begins; it ends before `at` */
    uint64_t line; /* its number, from 1 */
    struct muster_reader_block *blocks;
    uint8_t *scratch;
    size_t scratch_size;
    size_t capacity; /* of the records */
    bool failed;
};

/* Complain once, with path and line. */
void muster_reader_fail(struct muster_reader *r, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Memory that lives as long as the trace; null, and the reader has failed, when there is none. */
void *muster_reader_take(struct muster_reader *r, size_t size);
/* At least `size` bytes of scratch; false, and the reader has failed, when memory is short. */
bool muster_reader_scratch(struct muster_reader *r, size_t size);

/* One line that is a record: appended to the trace. */
void muster_reader_record(struct muster_reader *r, json_t *json);

#endif
