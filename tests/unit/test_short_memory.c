/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever allocation fails while something is loaded, made or written: a clean error, or the end
 * of the program with exit 70 and its message; no crash, no leak, nothing that looks whole and is
 * not. */
#include "reports/report.h"
#include "sim/redis/redis.h"
#include "sim/trace/trace.h"
#include "tests/lib/memory_sweep.h"

#include <errno.h>

#define ARENA_SIZE ((size_t)64 << 20)

#define SCENARIO                                                                                   \
    "version: 1\nduration: 300ms\nparameters: {N: n1}\n"                                           \
    "cluster: {nodes: 1, config: {coordinator: {type: local}}}\n"                                  \
    "store: {replicas: 1}\nnetwork: {links: {n1-store: {latency: 1ms}}}\n"                         \
    "targets: {radio: {runs: restart_radio}}\nhealth: {n1: [{at: 20ms, healthy: true}]}\n"         \
    "timeline: [{at: 10ms, pause: \"${N}\", for: 5ms}, {at: 50ms, store: dump}]\n"                 \
    "expect: [{by: 250ms, leader: n1}]\n"

static char path[64]; /* of a trace */
static struct muster_arena arena;
static struct muster_scenario *scenario;
static struct muster_verdict expected;

/* The arena's memory runs out, too: the linker brings its callers here. */
void *__real_muster_arena_take(struct muster_arena *a, size_t size);
void *__real_muster_arena_reserve(struct muster_arena *a, size_t size);
void *__wrap_muster_arena_take(struct muster_arena *a, size_t size);
void *__wrap_muster_arena_reserve(struct muster_arena *a, size_t size);

void *__wrap_muster_arena_take(struct muster_arena *a, size_t size)
{
    return short_memory_strikes() ? NULL : __real_muster_arena_take(a, size);
}

void *__wrap_muster_arena_reserve(struct muster_arena *a, size_t size)
{
    return short_memory_strikes() ? NULL : __real_muster_arena_reserve(a, size);
}

/* ---- what is attempted ---- */

static enum ending parse_document(void)
{
    static char name[] = "s.yaml";
    static char text[] = "a: &x [1, 'two', {b: ~}]\nc: *x\nd: \"${V:w}\"\nenv: {V: value}\n";
    const struct muster_source source = {name, text, sizeof text - 1, NULL};
    const struct muster_doc v = {.text = "value", .key = "V"};
    const struct muster_doc env = {.kind = MUSTER_NODE_MAPPING, .children = 1, .first = &v};
    struct muster_document doc;
    memset(&d, 0, sizeof d);
    int error = muster_document_parse(&doc, &source, &env, &d);
    const struct muster_doc *c = muster_doc_get(doc.root, "c"), *e = muster_doc_get(doc.root, "d");
    bool whole = error == 0 && d.errors == 0 && doc.root->children == 4 && c && c->children == 3 &&
                 e && strcmp(e->text, "value") == 0;
    bool nothing = error != 0 && !doc.root;
    muster_document_free(&doc);
    return whole ? WHOLE : nothing ? refused() : BROKEN;
}

static struct muster_scenario *load(void)
{
    struct muster_sources sources = {.sealed = true};
    memset(&d, 0, sizeof d);
    muster_source_add(&sources, "s.yaml", SCENARIO, strlen(SCENARIO));
    struct muster_scenario *s =
        muster_scenario_load("s.yaml", &sources, &muster_registry_builtin, &d);
    muster_sources_free(&sources);
    return s;
}

static enum ending load_scenario(void)
{
    struct muster_scenario *s = load();
    if (!s)
        return refused();
    bool whole = d.errors == 0 && s->entry_count == 2 && s->expect_count == 1 &&
                 s->link_count == 1 && s->target_count == 1 && s->health_count > 0;
    muster_scenario_free(s);
    return whole ? WHOLE : BROKEN;
}

static enum ending read_trace(void)
{
    uint64_t hash = MUSTER_HASH_START;
    memset(&d, 0, sizeof d);
    struct muster_trace *t = muster_trace_read(path, &d);
    if (!t)
        return refused();
    for (size_t i = 0; i < t->count; i++)
        hash = muster_record_hash(hash, &t->records[i]);
    bool whole = t->complete && t->intact && t->hash == expected.hash && hash == expected.hash &&
                 t->count == expected.records && d.errors == 0;
    muster_trace_free(t);
    return whole ? WHOLE : BROKEN;
}

static enum ending replay_trace(void)
{
    static struct muster_divergence divergence;
    struct muster_trace *t;
    enum ending ending;
    memset(&d, 0, sizeof d);
    if (!(t = muster_trace_read(path, &d)))
        return refused();
    if (muster_trace_replay(t, &muster_registry_builtin, 0, MUSTER_NEVER, MUSTER_NOBODY,
                            &divergence, &d) == 0)
        ending = WHOLE;
    else
        ending = divergence.found ? BROKEN : refused();
    muster_trace_free(t);
    return ending;
}

/* A world made and run to its end; a sink may watch. False when it was not made. */
static bool run(struct muster_trace_writer *writer, struct muster_verdict *verdict)
{
    muster_arena_reset(&arena, 0xa5);
    struct muster_world *w = muster_world_create(&arena, scenario, 1);
    if (!w)
        return false;
    short_memory_disarm(); /* what is made is large enough to run */
    muster_world_sink(w, writer ? muster_trace_record : NULL, writer);
    while (muster_world_run(w, MUSTER_NEVER))
        continue;
    muster_world_finish(w, verdict);
    return true;
}

static enum ending make_world(void)
{
    struct muster_verdict verdict;
    if (!run(NULL, &verdict))
        return REFUSED;
    return verdict.hash == expected.hash && verdict.records == expected.records ? WHOLE : BROKEN;
}

/* With a record that is larger than the writer's buffer. */
static enum ending write_trace(void)
{
    const struct muster_record big = {.number = 1,
                                      .kind = MUSTER_EVENT_FIRED,
                                      .process = MUSTER_NOBODY,
                                      .data = {arena.base, 100000}};
    struct muster_verdict verdict = {.records = 1};
    char other[sizeof path + 2];
    snprintf(other, sizeof other, "%s.2", path);
    struct muster_trace_writer *writer = muster_trace_create(other, scenario, 1);
    if (!writer)
        return access(other, F_OK) == 0 ? BROKEN : REFUSED;
    muster_trace_writer_append(writer, &big, NULL);
    int error = muster_trace_close(writer, &verdict);
    short_memory_disarm();
    struct muster_trace *t = muster_trace_read(other, &d);
    bool whole = t && t->complete && t->intact && t->count == 1;
    muster_trace_free(t);
    unlink(other);
    return error == 0 && whole ? WHOLE : error == -ENOMEM && !whole ? REFUSED : BROKEN;
}

/* ---- tests ---- */

static void a_document_is_read_or_refused(void **state)
{
    (void)state;
    sweep_both(parse_document, 20);
}

static void a_scenario_is_loaded_or_refused(void **state)
{
    (void)state;
    sweep_both(load_scenario, 100);
}

static void a_trace_is_read_or_refused(void **state)
{
    (void)state;
    sweep_both(read_trace, 100);
}

static void a_trace_is_replayed_or_refused(void **state)
{
    (void)state;
    sweep_both(replay_trace, 200);
}

static void a_trace_is_written_or_the_error_told(void **state)
{
    (void)state;
    sweep_both(write_trace, 3);
}

static void a_world_is_made_or_refused(void **state)
{
    (void)state;
    sweep_both(make_world, 20);
}

/* Every size of an arena, page by page, from nothing but its tables to what the world takes. */
static enum ending make_worlds_of_all_sizes(void)
{
    const size_t size = arena.size;
    uint32_t made = 0;
    muster_arena_reset(&arena, 0);
    if (!muster_world_create(&arena, scenario, 1))
        return BROKEN;
    const size_t tables = arena.reserved, needed = tables + arena.used;
    for (arena.size = tables & ~(size_t)4095; arena.size < needed + 8192; arena.size += 4096) {
        muster_arena_reset(&arena, 0xa5);
        made += muster_world_create(&arena, scenario, 1) != NULL;
    }
    arena.size = size;
    return made >= 1 && made <= 3 ? WHOLE : BROKEN;
}

static void an_arena_of_any_size_is_enough_or_refused(void **state)
{
    char text[256];
    (void)state;
    int status = try(make_worlds_of_all_sizes, 0, false, text);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), UNTOUCHED);
}

/* A Lua with little room of its own is not made, or answers, if only that it has none. */
static enum ending make_scripts_of_all_sizes(void)
{
    static const struct muster_redis_limits limits = {16, 4096, 1, 4};
    static uint8_t command[256], reply[512], stream[512], pushes[512];
    struct muster_flat_writer argv;
    uint32_t answers = 0;
    muster_flat_writer_init(&argv, command, sizeof command);
    muster_flat_array(&argv, 3);
    muster_flat_text(&argv, MUSTER_FLAT_BULK, "EVAL");
    muster_flat_text(&argv, MUSTER_FLAT_BULK, "return string.rep('x', 100)");
    muster_flat_text(&argv, MUSTER_FLAT_BULK, "0");
    for (size_t size = 4096; size < 128 << 10; size += 256) {
        struct muster_redis_out out;
        muster_arena_reset(&arena, 0xa5);
        struct muster_lua *lua = muster_lua_create(&arena, size);
        struct muster_redis *redis = lua ? muster_redis_create(&arena, &limits, lua) : NULL;
        if (!redis)
            continue;
        muster_flat_writer_init(&out.reply, reply, sizeof reply);
        muster_flat_writer_init(&out.stream, stream, sizeof stream);
        muster_flat_writer_init(&out.pushes, pushes, sizeof pushes);
        muster_redis_execute(redis, 1, 0, muster_flat_written(&argv), &out);
        if (out.reply.used <= MUSTER_FLAT_HEAD || (reply[0] != '$' && reply[0] != '-'))
            return BROKEN;
        answers += reply[0] == '$';
    }
    return answers > 0 ? WHOLE : BROKEN;
}

static void scripts_in_any_room_answer_or_are_refused(void **state)
{
    char text[256];
    (void)state;
    int status = try(make_scripts_of_all_sizes, 0, false, text);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), UNTOUCHED);
}

/* ---- what needs no memory at all ---- */

static void reports_take_no_memory(void **state)
{
    static char room[65536], buffer[BUFSIZ];
    struct muster_report_failure failure = {.property = "p",
                                            .text = "<\xff>",
                                            .file = "f",
                                            .timed = true,
                                            .events = "",
                                            .command = "c",
                                            .trace = "t"};
    struct muster_report_run runs[2] = {{.seed = 1, .done = true},
                                        {.seed = 2, .done = true, .failure = &failure}};
    runs[1].code = MUSTER_REPORT_VIOLATED;
    struct muster_report_scenario one = {.name = "n", .path = "p", .seed_first = 1, .seed_last = 2};
    struct muster_report_suite suite = {.scenarios = &one, .count = 1};
    one.runs = runs;
    (void)state;
    FILE *out = fmemopen(room, sizeof room, "w");
    assert_non_null(out);
    setvbuf(out, buffer, _IOFBF, sizeof buffer);
    short_memory_arm(1, true);
    muster_report_json(out, &suite);
    muster_report_junit(out, &suite);
    muster_report_line(out, &one, 10, true);
    muster_report_failures(out, &one, true);
    muster_report_summary(out, &suite, true);
    muster_report_github(out, &one);
    assert_false(short_memory_disarm());
    assert_int_equal(fclose(out), 0);
    assert_non_null(strstr(room, "]\n<?xml"));
}

static int set_up(void **state)
{
    (void)state;
    if (muster_arena_map(&arena, ARENA_SIZE, NULL) != 0 || !(scenario = load()))
        return -1;
    snprintf(path, sizeof path, "/tmp/test_short_memory.XXXXXX");
    int fd = mkstemp(path);
    if (fd < 0 || close(fd) != 0)
        return -1;
    struct muster_trace_writer *writer = muster_trace_create(path, scenario, 1);
    bool ran = writer && run(writer, &expected) && expected.code == MUSTER_RUN_PASSED;
    return ran && muster_trace_close(writer, &expected) == 0 ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    unlink(path);
    muster_scenario_free(scenario);
    muster_arena_unmap(&arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_document_is_read_or_refused),
        cmocka_unit_test(a_scenario_is_loaded_or_refused),
        cmocka_unit_test(a_trace_is_read_or_refused),
        cmocka_unit_test(a_trace_is_replayed_or_refused),
        cmocka_unit_test(a_trace_is_written_or_the_error_told),
        cmocka_unit_test(a_world_is_made_or_refused),
        cmocka_unit_test(an_arena_of_any_size_is_enough_or_refused),
        cmocka_unit_test(scripts_in_any_room_answer_or_are_refused),
        cmocka_unit_test(reports_take_no_memory),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
