/* SPDX-License-Identifier: Apache-2.0 */
/* Traces: what is written is what is read back, and what is executed again. */
#include "core/flat.h"
#include "sim/trace/trace.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define HEADER                                                                                     \
    "{\"muster\":1,\"version\":\"0.1.0\",\"scenario\":\"s.yaml\",\"seed\":7,\"process\":\"p\","    \
    "\"members\":[\"n1\",\"n2\"],\"voters\":2,\"notes\":[\"own\"],"                                \
    "\"sources\":{\"s.yaml\":\"a: \\u00e9\\n\"}}\n"

#define TEXT(text)                                                                                 \
    {                                                                                              \
        (const uint8_t *)(text), sizeof(text) - 1                                                  \
    }

static const char *const note_names[] = {"own", NULL};

/* A file of the test's own, gone with close_file. */
static void write_file(char path[64], const char *text, size_t size)
{
    snprintf(path, 64, "/tmp/test_trace.XXXXXX");
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, size), (ssize_t)size);
    close(fd);
}

static struct muster_trace *read_text(const char *text, size_t size, struct muster_diagnostics *d)
{
    char path[64];
    write_file(path, text, size);
    memset(d, 0, sizeof *d);
    struct muster_trace *t = muster_trace_read(path, d);
    unlink(path);
    return t;
}

/* One record through its line and back. */
static void check_round_trip(struct muster_record r, const char *name, const char *expected)
{
    static struct muster_diagnostics d;
    char text[8192] = HEADER;
    r.number = 1;
    size_t n = strlen(text);
    n += muster_trace_line(text + n, sizeof text - n - 1, &r, name, note_names);
    if (expected)
        assert_string_equal(text + strlen(HEADER), expected);
    text[n++] = '\n';
    struct muster_trace *t = read_text(text, n, &d);
    muster_diagnostics_print(&d, stderr); /* why it was not read: nothing when it was */
    assert_non_null(t);
    assert_int_equal(t->count, 1);
    const struct muster_record *back = &t->records[0];
    assert_true(back->time == r.time && back->clock == r.clock && back->wall == r.wall);
    assert_true(back->message == r.message && back->cause == r.cause && back->tag == r.tag);
    assert_memory_equal(back->arg, r.arg, sizeof r.arg);
    assert_int_equal(back->kind, r.kind);
    assert_int_equal(back->status, r.status);
    assert_int_equal(back->process, r.process);
    assert_int_equal(back->data.size, r.data.size);
    if (r.data.size > 0)
        assert_memory_equal(back->data.at, r.data.at, r.data.size);
    assert_true(muster_record_hash(1, back) == muster_record_hash(1, &r));
    muster_trace_free(t);
}

static void an_input_keeps_every_field(void **state)
{
    (void)state;
    struct muster_record r = {.kind = MUSTER_IN_REPLY,
                              .time = 5,
                              .clock = 6,
                              .wall = UINT64_MAX,
                              .message = 7,
                              .cause = 8,
                              .tag = MUSTER_INTEGER_MAX + 1,
                              .status = MUSTER_STATUS_UNKNOWN,
                              .arg = {1, 2, 3, UINT64_MAX},
                              .process = 1,
                              .data = TEXT("system=HEALTHY")};
    check_round_trip(r, "n2",
                     "{\"i\":1,\"t\":5,\"p\":\"n2\",\"k\":\"in.reply\",\"m\":7,\"c\":8,\"clock\":6,"
                     "\"wall\":\"0xffffffffffffffff\",\"tag\":\"0x20000000000000\","
                     "\"status\":\"unknown\",\"endpoint\":1,\"arg2\":2,\"arg3\":3,"
                     "\"arg4\":\"0xffffffffffffffff\",\"text\":\"system=HEALTHY\"}");
}

static void data_of_every_form_comes_back(void **state)
{
    uint8_t all[256];
    (void)state;
    for (uint32_t i = 0; i < sizeof all; i++)
        all[i] = (uint8_t)i;
    struct muster_bytes every = {all, sizeof all};
    check_round_trip((struct muster_record){.kind = MUSTER_IN_MESSAGE, .data = every}, "n1", NULL);
    check_round_trip((struct muster_record){.kind = MUSTER_IN_DISK, .data = every}, "n1", NULL);
    check_round_trip((struct muster_record){.kind = MUSTER_IN_PUSH, .data = every}, "n1", NULL);
    check_round_trip((struct muster_record){.kind = MUSTER_IN_TIMER, .data = every}, "n1", NULL);
    check_round_trip((struct muster_record){.kind = MUSTER_EVENT_FIRED,
                                            .process = MUSTER_NOBODY,
                                            .data = TEXT("{at: 1s, \"crash\\\": n1}\n")},
                     NULL, NULL);
}

static void flat_values_of_every_type_come_back(void **state)
{
    uint8_t room[1024];
    struct muster_flat_writer w;
    (void)state;
    muster_flat_writer_init(&w, room, sizeof room);
    muster_flat_array(&w, 11);
    muster_flat_text(&w, MUSTER_FLAT_BULK, "SET");
    muster_flat_bytes(&w, MUSTER_FLAT_BULK, "\0\xff\"", 3);
    muster_flat_text(&w, MUSTER_FLAT_BULK, "");
    muster_flat_text(&w, MUSTER_FLAT_STATUS, "OK");
    muster_flat_text(&w, MUSTER_FLAT_ERROR, "ERR no");
    muster_flat_integer(&w, -5);
    muster_flat_integer(&w, INT64_MIN);
    muster_flat_integer(&w, INT64_MAX);
    muster_flat_nil(&w);
    muster_flat_array(&w, 0);
    muster_flat_array(&w, 1);
    muster_flat_array(&w, 1);
    muster_flat_nil(&w);
    struct muster_record r = {.kind = MUSTER_EVENT_EFFECT + MUSTER_OUT_REQUEST,
                              .data = muster_flat_written(&w)};
    check_round_trip(r, "n1",
                     "{\"i\":1,\"t\":0,\"p\":\"n1\",\"k\":\"out.request\",\"data\":[\"SET\","
                     "\"\\u0000\\u00ff\\\"\",\"\",{\"+\":\"OK\"},{\"-\":\"ERR no\"},-5,"
                     "{\":\":\"-9223372036854775808\"},{\":\":\"9223372036854775807\"},null,[],"
                     "[[null]]]}");
}

static void a_flat_value_alone_comes_back(void **state)
{
    uint8_t room[64];
    struct muster_flat_writer w;
    (void)state;
    muster_flat_writer_init(&w, room, sizeof room);
    muster_flat_text(&w, MUSTER_FLAT_BULK, "alone");
    check_round_trip((struct muster_record){.kind = MUSTER_IN_REPLY,
                                            .data = muster_flat_written(&w)},
                     "n1", "{\"i\":1,\"t\":0,\"p\":\"n1\",\"k\":\"in.reply\",\"data\":\"alone\"}");
    muster_flat_nil(&w); /* two values are no reply: shown as they stand */
    check_round_trip((struct muster_record){.kind = MUSTER_IN_REPLY,
                                            .data = muster_flat_written(&w)},
                     "n1", NULL);
}

static void notes_keep_their_names(void **state)
{
    (void)state;
    struct muster_record r = {.kind = MUSTER_EVENT_NOTE + MUSTER_NOTE_CUSTOM, .arg = {1, 0, 3, 0}};
    check_round_trip(r, "n1", "{\"i\":1,\"t\":0,\"p\":\"n1\",\"k\":\"own\",\"arg1\":1,\"arg3\":3}");
    r.kind += 200;
    check_round_trip(r, "n1",
                     "{\"i\":1,\"t\":0,\"p\":\"n1\",\"k\":\"note.200\",\"arg1\":1,\"arg3\":3}");
    r.kind = MUSTER_EVENT_NOTE + MUSTER_NOTE_PROMISED;
    check_round_trip(r, "n1",
                     "{\"i\":1,\"t\":0,\"p\":\"n1\",\"k\":\"promised\",\"epoch\":1,\"arg3\":3}");
}

static void a_line_is_cut_as_by_snprintf(void **state)
{
    struct muster_record r = {.number = 1, .kind = MUSTER_IN_TIMER};
    char line[8];
    (void)state;
    size_t whole = muster_trace_line(NULL, 0, &r, "n1", note_names);
    assert_int_equal(muster_trace_line(line, sizeof line, &r, "n1", note_names), whole);
    assert_string_equal(line, "{\"i\":1,");
}

static void a_header_is_read(void **state)
{
    static struct muster_diagnostics d;
    (void)state;
    struct muster_trace *t = read_text(HEADER, strlen(HEADER), &d);
    assert_non_null(t);
    assert_false(t->complete);
    assert_int_equal(t->seed, 7);
    assert_int_equal(t->voters, 2);
    assert_string_equal(t->names[1], "n2");
    assert_string_equal(t->sources.first->path, "s.yaml");
    assert_int_equal(t->sources.first->size, 5);
    assert_memory_equal(t->sources.first->text, "a: \xe9\n", 5);
    muster_trace_free(t);
}

static void a_damaged_file_ends_in_a_complaint_or_in_less(void **state)
{
    static struct muster_diagnostics d;
    static const char good[] = HEADER
        "{\"i\":1,\"t\":0,\"p\":\"n1\",\"k\":\"in.start\",\"high\":\"0x5\"}\n"
        "{\"i\":2,\"t\":0,\"p\":\"n1'\",\"k\":\"out.request\",\"data\":[\"GET\",{\"+\":\"x\"}]}\n"
        "{\"end\":true,\"verdict\":\"passed\",\"hash\":\"0123456789abcdef\",\"records\":2,"
        "\"digest\":\"0123456789abcdef\"}\n";
    (void)state;
    struct muster_trace *t = read_text(good, strlen(good), &d);
    assert_non_null(t);
    assert_true(t->complete);
    assert_false(t->intact);
    assert_int_equal(d.warnings, 1);
    assert_int_equal(t->records[1].process, 2);
    assert_true(t->hash == UINT64_C(0x0123456789abcdef));
    muster_trace_free(t);
    char bad[sizeof good];
    for (size_t i = 0; i < sizeof good - 1; i++) {
        memcpy(bad, good, sizeof good);
        bad[i] ^= 1 << i % 7;
        t = read_text(bad, sizeof good - 1, &d);
        assert_true(t || d.errors == 1);
        muster_trace_free(t);
        t = read_text(good, i, &d); /* and cut off there */
        assert_true(t ? !t->complete : d.errors == 1);
        muster_trace_free(t);
    }
}

/* ---- with a world ---- */

static const char scenario_text[] =
    "version: 1\nname: all\nduration: 60s\nhealth: {n2: [{at: 5s, circuit_breaker: OPEN}]}\n"
    "timeline:\n  - {at: 30s, crash: leader, as: old}\n  - {at: 40s, restart: old}\n"
    "  - {at: 45s, twin: n1}\n  - {at: 47s, twin: n2}\n  - {at: 50s, stop: n3}\n";

struct kept {
    struct muster_record record[20000];
    size_t count;
    struct muster_trace_writer *writer;
};

static void keep(void *cookie, const struct muster_world *w, const struct muster_record *r)
{
    struct kept *k = cookie;
    assert_true(k->count < sizeof k->record / sizeof *k->record);
    struct muster_record *copy = &k->record[k->count++];
    uint8_t *data = test_malloc(r->data.size + 1);
    if (r->data.size > 0)
        memcpy(data, r->data.at, r->data.size);
    *copy = *r;
    copy->data.at = data;
    muster_trace_record(k->writer, w, r);
}

static void run_world(const char *path, struct kept *k, struct muster_verdict *verdict)
{
    static struct muster_diagnostics d;
    struct muster_sources sources = {0};
    struct muster_arena arena;
    muster_source_add(&sources, "all.yaml", scenario_text, strlen(scenario_text));
    sources.sealed = true;
    struct muster_scenario *s =
        muster_scenario_load("all.yaml", &sources, &muster_registry_builtin, &d);
    assert_non_null(s);
    assert_int_equal(muster_arena_map(&arena, (size_t)256 << 20, NULL), 0);
    struct muster_world *w = muster_world_create(&arena, s, 3);
    k->writer = muster_trace_create(path, s, 3);
    assert_non_null(w);
    assert_non_null(k->writer);
    muster_world_sink(w, keep, k);
    while (muster_world_run(w, MUSTER_NEVER))
        continue;
    muster_world_finish(w, verdict);
    assert_int_equal(muster_trace_close(k->writer, verdict), 0);
    muster_arena_unmap(&arena);
    muster_scenario_free(s);
}

static void a_run_is_read_back_and_executed_again(void **state)
{
    static struct muster_diagnostics d;
    static struct kept k;
    struct muster_verdict verdict;
    struct muster_divergence divergence;
    char path[64];
    (void)state;
    write_file(path, "", 0);
    run_world(path, &k, &verdict);
    struct muster_trace *t = muster_trace_read(path, &d);
    unlink(path);
    assert_non_null(t);
    assert_true(t->complete && t->intact);
    assert_true(t->hash == verdict.hash);
    assert_int_equal(t->count, k.count);
    assert_int_equal(t->name_count, 5);
    for (size_t i = 0; i < k.count; i++) {
        assert_true(muster_record_hash(0, &t->records[i]) == muster_record_hash(0, &k.record[i]));
        assert_true(t->records[i].wall == k.record[i].wall);
        test_free((void *)(uintptr_t)k.record[i].data.at);
    }
    assert_int_equal(muster_trace_replay(t, &muster_registry_builtin, 0, MUSTER_NEVER,
                                         MUSTER_NOBODY, &divergence, &d),
                     0);
    assert_false(divergence.found);
    assert_int_equal(d.count, 0);
    muster_trace_diff(t, t, &divergence);
    assert_false(divergence.found);
    t->records[k.count / 2].time++;
    assert_int_equal(muster_trace_replay(t, &muster_registry_builtin, 0, MUSTER_NEVER,
                                         MUSTER_NOBODY, &divergence, &d),
                     MUSTER_E_INVALID);
    assert_true(divergence.found);
    muster_trace_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_input_keeps_every_field),
        cmocka_unit_test(data_of_every_form_comes_back),
        cmocka_unit_test(flat_values_of_every_type_come_back),
        cmocka_unit_test(a_flat_value_alone_comes_back),
        cmocka_unit_test(notes_keep_their_names),
        cmocka_unit_test(a_line_is_cut_as_by_snprintf),
        cmocka_unit_test(a_header_is_read),
        cmocka_unit_test(a_damaged_file_ends_in_a_complaint_or_in_less),
        cmocka_unit_test(a_run_is_read_back_and_executed_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
