/* SPDX-License-Identifier: Apache-2.0 */
/* A history in a folder of its own, for tests: lines as the core writes them, and what another
 * program finds in the database. */
#ifndef MUSTER_TESTS_LIB_HISTORY_FIXTURE_H
#define MUSTER_TESTS_LIB_HISTORY_FIXTURE_H

#include "core/orchestrator/history.h"
#include "live/history.h"
#include "tests/lib/faulty_io.h"
#include "tests/lib/scratch.h"

#include <sqlite3.h>

#define WALL UINT64_C(1700000000123)

static struct muster_live_history *history;
static char refusal[300];
static char found[65536];

static inline struct muster_live_history *open_history(void)
{
    refusal[0] = 0;
    return muster_live_history_open(scratch_path("history.db"), refusal, sizeof refusal);
}

static inline int fresh(void **state)
{
    (void)state;
    memset(&faulty_io, 0, sizeof faulty_io);
    history = NULL;
    if (scratch_make())
        return -1;
    history = open_history();
    return history ? 0 : -1;
}

static inline int done(void **state)
{
    (void)state;
    memset(&faulty_io, 0, sizeof faulty_io);
    muster_live_history_close(history);
    return scratch_remove();
}

static inline void reopen(void)
{
    muster_live_history_close(history);
    history = open_history();
    assert_string_equal(refusal, "");
    assert_non_null(history);
}

/* ---- what goes in ---- */

static inline uint32_t checksum(const char *text)
{
    uint32_t sum = UINT32_C(2166136261);
    for (; *text; text++)
        sum = (sum ^ (uint8_t)*text) * UINT32_C(16777619);
    return sum;
}

/* A line as the core writes it, with its line break; valid for four calls. */
static inline const char *line_of(uint64_t intent, const char *result)
{
    static char room[4][MUSTER_HISTORY_LINE_MAX];
    static unsigned next;
    char *at = room[next++ % 4];
    int size = snprintf(at, MUSTER_HISTORY_LINE_MAX,
                        "intent=%llu action=cache_purge subject=n2 result=%s epoch=7 attempts=2 "
                        "began=10 ended=20 reason=\"51 retry failures in 1h\"",
                        (unsigned long long)intent, result);
    (void)snprintf(at + size, MUSTER_HISTORY_LINE_MAX - (size_t)size, " check=%08x\n",
                   checksum(at));
    return at;
}

static inline const char *two(const char *first, const char *second)
{
    static char room[2 * MUSTER_HISTORY_LINE_MAX];
    (void)snprintf(room, sizeof room, "%s%s", first, second);
    return room;
}

static inline uint32_t append(const char *text)
{
    return muster_live_history_append(history, muster_text_bytes(text), WALL);
}

static inline void add(const char *kind, uint64_t intent, uint64_t began)
{
    struct muster_live_history_line line = {
        .wall = WALL, .intent = intent, .began_ns = began, .action = "safe_mode", .subject = "n1"};
    (void)snprintf(line.kind, sizeof line.kind, "%s", kind);
    assert_int_equal(muster_live_history_add(history, &line), MUSTER_STATUS_OK);
}

static inline void commit(void)
{
    assert_int_equal(muster_live_history_commit(history), MUSTER_STATUS_OK);
}

/* ---- what is there ---- */

/* As another program sees it: the rows of a query, '|' between columns, blanks between rows. */
static inline const char *query(const char *sql)
{
    sqlite3 *db;
    sqlite3_stmt *s;
    found[0] = 0;
    assert_int_equal(sqlite3_open_v2(scratch_path("history.db"), &db, SQLITE_OPEN_READWRITE, NULL),
                     SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &s, NULL), SQLITE_OK);
    while (sqlite3_step(s) == SQLITE_ROW) {
        for (int i = 0; i < sqlite3_column_count(s); i++) {
            const char *text = (const char *)sqlite3_column_text(s, i);
            strncat(found, i > 0 ? "|" : found[0] ? " " : "", 2);
            strncat(found, text ? text : "-", 500);
        }
    }
    assert_int_equal(sqlite3_finalize(s), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    return found;
}

#define INTENTS "SELECT intent FROM history ORDER BY id"

static inline void assert_read(size_t room, const char *expected)
{
    size_t size = 99;
    assert_true(room <= sizeof found);
    assert_int_equal(muster_live_history_read(history, found, room, &size), MUSTER_STATUS_OK);
    assert_int_equal(size, strlen(expected));
    assert_memory_equal(found, expected, size);
}

#endif
