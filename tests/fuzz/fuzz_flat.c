/* SPDX-License-Identifier: Apache-2.0 */
/* Flat values of any bytes: read, skipped, shown as JSON and read back from it. */
#include "core/flat.h"
#include "sim/trace/trace.h"
#include "tests/fuzz/fuzz.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define HEADER                                                                                     \
    "{\"muster\":1,\"version\":\"0.1.0\",\"scenario\":\"s\",\"seed\":7,\"process\":\"p\","         \
    "\"members\":[\"n1\"],\"voters\":1,\"sources\":{\"s\":\"\"}}\n"

/* Every value there is, one after the other; each lies within what was left. */
static void read_all(struct muster_bytes data)
{
    struct muster_flat_reader r;
    struct muster_flat_value v;
    muster_flat_reader_init(&r, data);
    for (size_t left = r.left.size; muster_flat_next(&r, &v) == 0; left = r.left.size) {
        assert(r.left.size < left);
        assert(v.type != MUSTER_FLAT_ARRAY || v.bytes.size == 0);
        assert(v.bytes.size == 0 ||
               (v.bytes.at >= data.at && v.bytes.at + v.bytes.size <= data.at + data.size));
    }
    assert(r.left.size == 0 || muster_flat_next(&r, &v) == MUSTER_E_CORRUPT);
}

/* A record with such data, as its line and back. */
static void show_and_read(struct muster_bytes data)
{
    static struct muster_diagnostics d;
    struct muster_record record = {.number = 1,
                                   .kind = MUSTER_EVENT_EFFECT + MUSTER_OUT_REQUEST,
                                   .data = data};
    size_t head = strlen(HEADER), room = muster_line_bound(&record, "n1", NULL);
    char *text = malloc(head + room);
    assert(text);
    memcpy(text, HEADER, head);
    char *end = muster_line_record(text + head, &record, "n1", NULL);
    assert((size_t)(end - text) < head + room);
    *end++ = '\n';
    memset(&d, 0, sizeof d);
    struct muster_trace *t = muster_trace_parse("s", text, (size_t)(end - text), &d);
    assert(t && t->count == 1 && t->records[0].data.size == data.size);
    assert(data.size == 0 || memcmp(t->records[0].data.at, data.at, data.size) == 0);
    muster_trace_free(t);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct muster_flat_reader r;
    muster_flat_reader_init(&r, (struct muster_bytes){data, size});
    read_all(r.left);
    while (muster_flat_skip(&r) == 0)
        assert(r.left.size < size);
    show_and_read((struct muster_bytes){data, size});
    return 0;
}
