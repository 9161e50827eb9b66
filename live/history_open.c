/* SPDX-License-Identifier: Apache-2.0 */
/* Opening the history: whose database it is, the table, the statements. */
#include "live/history_inside.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* For a person who writes to the database by hand; who reads is in nobody's way. Short, because the
 * voter's slots wait behind the history. */
#define BUSY_MS 500

static const char *const statement_texts[HISTORY_STATEMENTS] = {
    [HISTORY_BEGIN] = "BEGIN IMMEDIATE",
    [HISTORY_COMMIT] = "COMMIT",
    [HISTORY_ROLLBACK] = "ROLLBACK",
    [HISTORY_PUT] =
        "INSERT INTO history(wall, kind, intent, action, subject, result, epoch, attempts,"
        "  began_ns, ended_ns, reason, line)"
        " VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT(intent) DO UPDATE SET"
        "  id = CASE kind WHEN 'ended' THEN id ELSE (SELECT max(id) FROM history) + 1 END,"
        "  wall = excluded.wall, kind = excluded.kind, action = excluded.action,"
        "  subject = excluded.subject, result = excluded.result, epoch = excluded.epoch,"
        "  attempts = excluded.attempts, ended_ns = excluded.ended_ns, reason = excluded.reason,"
        "  began_ns = CASE began_ns WHEN 0 THEN excluded.began_ns ELSE began_ns END,"
        "  line = coalesce(excluded.line, line)"
        " WHERE excluded.kind = 'ended' OR kind <> 'ended'",
    [HISTORY_READ] = "SELECT line FROM history WHERE line IS NOT NULL ORDER BY id DESC",
    [HISTORY_COUNT] = "SELECT count(*) FROM history",
    [HISTORY_FORGET_LESSER] = "DELETE FROM history WHERE id IN"
                              " (SELECT id FROM history WHERE kind <> 'ended' ORDER BY id LIMIT ?)",
    [HISTORY_FORGET_OLDEST] = "DELETE FROM history WHERE id IN"
                              " (SELECT id FROM history ORDER BY id LIMIT ?)",
};

static const char set_up_table[] =
    "CREATE TABLE history(id INTEGER PRIMARY KEY, wall TEXT, kind TEXT, intent INTEGER UNIQUE,"
    " action TEXT, subject TEXT, result TEXT, epoch INTEGER, attempts INTEGER, began_ns INTEGER,"
    " ended_ns INTEGER, reason TEXT, line TEXT);"
    "PRAGMA user_version = 1;";
_Static_assert(MUSTER_LIVE_HISTORY_VERSION == 1, "what an older table lacks is to be added here");

/* A small cache is enough for rows that are written once; the log is cut back after a reader has
 * held it up. */
static const char set_up_connection[] = "PRAGMA synchronous = FULL;"
                                        "PRAGMA cache_size = -256;"
                                        "PRAGMA journal_size_limit = 4194304;";

/* Run a statement to its end, or to its first row, whose first column is the number. Returns
 * SQLITE_OK or an extended code, as the reset repeats it. */
int history_run(struct muster_live_history *h, enum history_statement s, int64_t *ret_number)
{
    errno = 0;
    if (sqlite3_step(h->statement[s]) == SQLITE_ROW && ret_number)
        *ret_number = sqlite3_column_int64(h->statement[s], 0);
    return sqlite3_reset(h->statement[s]);
}

static void refuse(const char *path, const char *what, const char *mend, char *text, size_t size)
{
    (void)snprintf(text, size, "%s: %s; %s", path, what, mend);
}

static void refuse_code(const char *path, int code, const char *message, char *text, size_t size)
{
    static const struct {
        int code;
        const char *what, *mend;
    } rows[] = {
        {SQLITE_NOTADB, "no SQLite database", "move it away, and a new history is begun"},
        {SQLITE_CORRUPT, "damaged", "move it away, and a new history is begun"},
        {SQLITE_CANTOPEN, "cannot be opened", "let this user write it and its folder"},
        {SQLITE_PERM, "may not be opened", "let this user write it and its folder"},
        {SQLITE_READONLY, "cannot be written", "let this user write it and its folder"},
        {SQLITE_BUSY, "another program holds it locked", "end that program"},
        {SQLITE_FULL, "the disk is full", "make room on it"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (rows[i].code == (code & 0xff)) {
            refuse(path, rows[i].what, rows[i].mend, text, size);
            return;
        }
    }
    refuse(path, message, "see to the disk, or move the file away", text, size);
}

/* What a statement without parameters answers first: a number, or whether it is this text. */
static int ask(sqlite3 *db, const char *sql, const char *expected, int64_t *ret_answer)
{
    sqlite3_stmt *s;
    int code = sqlite3_prepare_v2(db, sql, -1, &s, NULL);
    if (code != SQLITE_OK)
        return code;
    if (sqlite3_step(s) == SQLITE_ROW) {
        const char *text = expected ? (const char *)sqlite3_column_text(s, 0) : NULL;
        *ret_answer = expected ? text && strcmp(text, expected) == 0 : sqlite3_column_int64(s, 0);
    }
    return sqlite3_finalize(s);
}

/* Open, and see whose it is. */
static int open_any(sqlite3 **db, const char *path, int64_t *ret_version, int64_t *ret_tables)
{
    const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
    int code = sqlite3_open_v2(path, db, flags, NULL);
    if (code != SQLITE_OK)
        return code;
    (void)sqlite3_extended_result_codes(*db, 1);
    (void)sqlite3_busy_timeout(*db, BUSY_MS);
    code = ask(*db, "PRAGMA user_version", NULL, ret_version);
    return code == SQLITE_OK ? ask(*db, "SELECT count(*) FROM sqlite_master", NULL, ret_tables)
                             : code;
}

/* Make the table when there is none yet; see in any case that the file can be written. */
static int set_up(sqlite3 *db, bool fresh)
{
    int code = sqlite3_exec(db, set_up_connection, NULL, NULL, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_exec(db, statement_texts[HISTORY_BEGIN], NULL, NULL, NULL);
    if (code == SQLITE_OK && fresh)
        code = sqlite3_exec(db, set_up_table, NULL, NULL, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_exec(db, statement_texts[HISTORY_COMMIT], NULL, NULL, NULL);
    return code;
}

static int prepare(struct muster_live_history *h)
{
    int code = SQLITE_OK;
    int64_t rows = 0;
    for (uint32_t s = 0; s < HISTORY_STATEMENTS && code == SQLITE_OK; s++)
        code = sqlite3_prepare_v3(h->db, statement_texts[s], -1, SQLITE_PREPARE_PERSISTENT,
                                  &h->statement[s], NULL);
    if (code == SQLITE_OK)
        code = history_run(h, HISTORY_COUNT, &rows);
    h->rows = (uint64_t)rows;
    return code;
}

static bool open_database(struct muster_live_history *h, const char *path, char *text, size_t size)
{
    int64_t version = 0, tables = 0, is_wal = 0;
    int code = open_any(&h->db, path, &version, &tables);
    if (version < 0 || version > MUSTER_LIVE_HISTORY_VERSION) {
        (void)snprintf(text, size,
                       "%s: made by a later version of muster (table %lld, this one knows %d);"
                       " run that one, or move the file away",
                       path, (long long)version, MUSTER_LIVE_HISTORY_VERSION);
        return false;
    }
    if (version == 0 && tables > 0) {
        refuse(path, "a database of something else", "move it away, or choose another folder", text,
               size);
        return false;
    }
    if (code == SQLITE_OK)
        code = ask(h->db, "PRAGMA journal_mode = WAL", "wal", &is_wal);
    if (code == SQLITE_OK && sqlite3_db_readonly(h->db, "main") == 1)
        code = SQLITE_READONLY;
    if (code == SQLITE_OK && !is_wal) {
        refuse(path, "this file system cannot share memory, which SQLite's log needs",
               "choose a folder on a local disk", text, size);
        return false;
    }
    if (code == SQLITE_OK)
        code = set_up(h->db, version == 0);
    if (code == SQLITE_OK)
        code = prepare(h);
    if (code != SQLITE_OK)
        refuse_code(path, code, h->db ? sqlite3_errmsg(h->db) : "out of memory", text, size);
    return code == SQLITE_OK;
}

struct muster_live_history *muster_live_history_open(const char *path, char *text, size_t size)
{
    struct muster_live_history *h = calloc(1, sizeof *h);
    if (!h) {
        refuse(path, "out of memory", "give this process more", text, size);
        return NULL;
    }
    if (!open_database(h, path, text, size)) {
        muster_live_history_close(h);
        return NULL;
    }
    return h;
}

void muster_live_history_close(struct muster_live_history *h)
{
    if (!h)
        return;
    for (uint32_t s = 0; s < HISTORY_STATEMENTS; s++)
        (void)sqlite3_finalize(h->statement[s]);
    int code = sqlite3_close(h->db);
    assert(code == SQLITE_OK); /* else a statement was forgotten */
    (void)code;
    free(h);
}
