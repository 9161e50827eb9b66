/* SPDX-License-Identifier: Apache-2.0 */
/* A disk in a folder of its own on a loop of its own, for tests; answers are kept as they come. */
#ifndef MUSTER_TESTS_LIB_DISK_FIXTURE_H
#define MUSTER_TESTS_LIB_DISK_FIXTURE_H

#include "core/text.h"
#include "live/disk.h"
#include "live/history.h"
#include "tests/lib/faulty_io.h"
#include "tests/lib/scratch.h"

#define ANSWERS_MAX 256

struct answer {
    uint64_t tag, operation, file;
    uint16_t status;
    size_t size;
    uint8_t data[MUSTER_DISK_READ_MAX];
};

static uv_loop_t loop;
static struct muster_live_disk *disk;
static struct answer answers[ANSWERS_MAX];
static uint32_t answer_count;
static char said[8][512]; /* "event: text" */
static uint32_t said_count;
static char refusal[1024];
static void (*on_answer)(const struct answer *a); /* null: nothing more happens */

static inline void take_answer(void *host, const struct muster_input *in)
{
    struct answer *a = &answers[answer_count++ % ANSWERS_MAX];
    assert_ptr_equal(host, &loop);
    assert_int_equal(in->kind, MUSTER_IN_DISK);
    assert_true(in->data.size <= sizeof a->data);
    a->tag = in->tag;
    a->operation = in->disk.operation;
    a->file = in->disk.file;
    a->status = in->status;
    a->size = in->data.size;
    if (a->size > 0)
        memcpy(a->data, in->data.at, a->size);
    if (on_answer)
        on_answer(a);
}

static inline void take_said(void *host, enum muster_live_level level, const char *event,
                             const char *text)
{
    (void)host;
    (void)level;
    (void)snprintf(said[said_count++ % 8], sizeof said[0], "%s: %s", event, text);
}

static inline struct muster_live_disk *open_disk(const char *folder)
{
    const struct muster_live_sink sink = {&loop, take_answer, take_said};
    refusal[0] = 0;
    return muster_live_disk_open(&loop, folder, &sink, refusal, sizeof refusal);
}

static inline int fresh(void **state)
{
    (void)state;
    memset(&faulty_io, 0, sizeof faulty_io);
    answer_count = said_count = 0;
    on_answer = NULL;
    if (scratch_make() || uv_loop_init(&loop))
        return -1;
    disk = open_disk(scratch_path("disk"));
    return disk ? 0 : -1;
}

/* After it the loop has nothing left, so it ends. */
static inline void close_disk(void)
{
    if (disk)
        muster_live_disk_close(disk);
    disk = NULL;
    assert_int_equal(uv_run(&loop, UV_RUN_DEFAULT), 0);
}

static inline int done(void **state)
{
    (void)state;
    memset(&faulty_io, 0, sizeof faulty_io);
    close_disk();
    assert_int_equal(uv_loop_close(&loop), 0);
    return scratch_remove();
}

static inline void reopen(void)
{
    close_disk();
    disk = open_disk(scratch_path("disk"));
    assert_string_equal(refusal, "");
    assert_non_null(disk);
}

static inline void begin(uint64_t tag, enum muster_disk_operation operation, uint64_t file,
                         uint64_t offset, const char *data)
{
    char copy[8192]; /* not valid any more when the operation is carried out */
    struct muster_effect e = {.kind = MUSTER_OUT_DISK, .tag = tag};
    e.disk.operation = operation;
    e.disk.file = file;
    e.disk.offset = offset;
    assert_true(strlen(data) < sizeof copy);
    strcpy(copy, data);
    e.data = muster_text_bytes(copy);
    muster_live_disk_begin(disk, &e);
    memset(copy, 0xa5, sizeof copy);
}

static inline void wait_for(uint32_t count)
{
    while (answer_count < count)
        (void)uv_run(&loop, UV_RUN_ONCE);
    assert_int_equal(answer_count, count);
}

/* One operation, to its end. */
static inline const struct answer *carry_out(enum muster_disk_operation operation, uint64_t file,
                                             uint64_t offset, const char *data)
{
    uint32_t before = answer_count;
    begin(1000 + before, operation, file, offset, data);
    assert_int_equal(answer_count, before);
    wait_for(before + 1);
    const struct answer *a = &answers[before % ANSWERS_MAX];
    assert_int_equal(a->tag, 1000 + before);
    assert_int_equal(a->operation, operation);
    assert_int_equal(a->file, file);
    return a;
}

static inline enum muster_status write_at(uint64_t file, uint64_t offset, const char *data)
{
    return carry_out(MUSTER_DISK_WRITE, file, offset, data)->status;
}

static inline enum muster_status append_to(uint64_t file, const char *data)
{
    return carry_out(MUSTER_DISK_APPEND, file, 0, data)->status;
}

static inline enum muster_status sync_of(uint64_t file)
{
    return carry_out(MUSTER_DISK_SYNC, file, 0, "")->status;
}

static inline void assert_holds(uint64_t file, const void *data, size_t size)
{
    const struct answer *a = carry_out(MUSTER_DISK_READ, file, 0, "");
    assert_int_equal(a->status, MUSTER_STATUS_OK);
    assert_int_equal(a->size, size);
    assert_memory_equal(a->data, data, size);
}

#define assert_text(file, text) assert_holds(file, text, sizeof(text) - 1)

/* A line as the core writes it. */
#define LINE                                                                                       \
    "intent=7 action=circuit_restart subject=n2 result=failed epoch=3 attempts=2 began=10 "        \
    "ended=20 reason=\"circuit OPEN for 320s\" check=2126bb96\n"

#endif
