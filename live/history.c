/* SPDX-License-Identifier: Apache-2.0 */
/* The durable history in SQLite: one transaction at a time, one statement for every kind of row. */
#include "live/history_inside.h"

#include "core/port.h"
#include "core/text.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <uv.h>

/* After a pruning there is room for so many, so that it is rare. */
#define ROWS_SPARE 1000
#define WALL_MAX   UINT64_C(253402300799999) /* the last ms of the year 9999 */

#define CHECK_MARK   " check="
#define CHECK_DIGITS 8

/* A row to be put; the texts are somebody else's. */
struct row {
    uint64_t wall;
    struct muster_bytes kind, action, subject, result, reason, line;
    uint64_t intent, epoch, attempts, began, ended;
};

/* ---- failures ---- */

static void say_why(struct muster_live_history *h, int system)
{
    char text[80] = "";
    if (system != 0)
        uv_strerror_r(uv_translate_sys_error(system), text, sizeof text);
    (void)snprintf(h->why, sizeof h->why, "%s%s%s", sqlite3_errmsg(h->db), system ? ": " : "",
                   text);
}

/* Take back what came since the last commit, and remember that it is gone. */
static uint32_t fail(struct muster_live_history *h, int code)
{
    int primary = code & 0xff;
    bool by_system = primary == SQLITE_IOERR || primary == SQLITE_CANTOPEN;
    int system = by_system ? errno : 0; /* SQLite keeps none of a failed commit */
    bool full = primary == SQLITE_FULL || system == ENOSPC || system == EDQUOT;
    assert(code != SQLITE_OK);
    say_why(h, system);
    if (!sqlite3_get_autocommit(h->db)) /* SQLite itself may have rolled back */
        (void)history_run(h, HISTORY_ROLLBACK, NULL);
    h->rows = MUSTER_LIVE_HISTORY_ROWS + 1; /* to be counted anew */
    h->failed = full ? MUSTER_STATUS_NOSPACE : MUSTER_STATUS_IOERROR;
    return h->failed;
}

const char *muster_live_history_why(const struct muster_live_history *h)
{
    return h->why;
}

/* ---- lines of the core ---- */

static uint32_t fnv1a(struct muster_bytes data)
{
    uint32_t sum = UINT32_C(2166136261);
    for (size_t i = 0; i < data.size; i++)
        sum = (sum ^ data.at[i]) * UINT32_C(16777619);
    return sum;
}

static void read_field(struct muster_bytes name, struct muster_bytes value, struct row *row)
{
    const struct {
        const char *name;
        struct muster_bytes *text;
        uint64_t *number;
    } fields[] = {
        {"intent", NULL, &row->intent},   {"action", &row->action, NULL},
        {"subject", &row->subject, NULL}, {"result", &row->result, NULL},
        {"epoch", NULL, &row->epoch},     {"attempts", NULL, &row->attempts},
        {"began", NULL, &row->began},     {"ended", NULL, &row->ended},
    };
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        if (!muster_text_equal(name, fields[i].name))
            continue;
        if (fields[i].text)
            *fields[i].text = value;
        else
            (void)muster_text_parse_u64(value, fields[i].number);
    }
}

/* A line whose check is right is kept whatever its fields are: it has been, or will be,
 * acknowledged. */
static bool read_line(struct muster_bytes line, struct row *row)
{
    static const char reason_mark[] = " reason=\"";
    const size_t mark = sizeof CHECK_MARK - 1, tail = mark + CHECK_DIGITS;
    uint64_t sum;
    if (line.size < tail)
        return false;
    struct muster_bytes body = {line.at, line.size - tail};
    if (memcmp(body.at + body.size, CHECK_MARK, mark) != 0 ||
        muster_text_parse_hex((struct muster_bytes){body.at + body.size + mark, CHECK_DIGITS},
                              &sum) != 0 ||
        sum != fnv1a(body))
        return false;
    row->kind = muster_text_bytes("ended");
    row->line = line;
    const uint8_t *end = body.at + body.size;
    const uint8_t *reason = memmem(body.at, body.size, reason_mark, sizeof reason_mark - 1);
    if (reason) {
        body.size = (size_t)(reason - body.at);
        reason += sizeof reason_mark - 1;
        row->reason = (struct muster_bytes){reason, (size_t)(end - reason)};
        if (row->reason.size > 0 && end[-1] == '"')
            row->reason.size--;
    }
    for (struct muster_bytes value = muster_text_token(&body); value.size > 0;
         value = muster_text_token(&body)) {
        struct muster_bytes name;
        if (muster_text_split(&value, '=', &name))
            read_field(name, value, row);
    }
    return true;
}

/* ---- writing ---- */

static void write_wall(uint64_t wall, char text[40])
{
    struct tm t;
    char second[24];
    wall = wall < WALL_MAX ? wall : WALL_MAX;
    time_t seconds = (time_t)(wall / 1000);
    (void)gmtime_r(&seconds, &t);
    (void)strftime(second, sizeof second, "%Y-%m-%dT%H:%M:%S", &t);
    (void)snprintf(text, 40, "%s.%03uZ", second, (unsigned)(wall % 1000));
}

/* Neither can fail: the texts are short, and not copied. */
static void bind_text(sqlite3_stmt *s, int at, struct muster_bytes text)
{
    if (text.size > 0)
        (void)sqlite3_bind_text(s, at, (const char *)text.at, (int)text.size, SQLITE_STATIC);
    else
        (void)sqlite3_bind_null(s, at);
}

static void bind_number(sqlite3_stmt *s, int at, uint64_t number)
{
    (void)sqlite3_bind_int64(s, at, number < INT64_MAX ? (int64_t)number : INT64_MAX);
}

static uint32_t put(struct muster_live_history *h, const struct row *row)
{
    sqlite3_stmt *s = h->statement[HISTORY_PUT];
    char wall[40];
    assert(h->failed == MUSTER_STATUS_OK);
    int code = SQLITE_OK;
    if (sqlite3_get_autocommit(h->db))
        code = history_run(h, HISTORY_BEGIN, NULL);
    if (code == SQLITE_OK) {
        write_wall(row->wall, wall);
        bind_text(s, 1, muster_text_bytes(wall));
        bind_text(s, 2, row->kind);
        bind_number(s, 3, row->intent);
        if (row->intent == 0)
            (void)sqlite3_bind_null(s, 3); /* unique are only the intents there are */
        bind_text(s, 4, row->action);
        bind_text(s, 5, row->subject);
        bind_text(s, 6, row->result);
        bind_number(s, 7, row->epoch);
        bind_number(s, 8, row->attempts);
        bind_number(s, 9, row->began);
        bind_number(s, 10, row->ended);
        bind_text(s, 11, row->reason);
        bind_text(s, 12, row->line);
        code = history_run(h, HISTORY_PUT, NULL);
        (void)sqlite3_clear_bindings(s);
    }
    h->rows++;
    return code == SQLITE_OK ? MUSTER_STATUS_OK : fail(h, code);
}

uint32_t muster_live_history_append(struct muster_live_history *h, struct muster_bytes lines,
                                    uint64_t wall)
{
    while (lines.size > 0 && h->failed == MUSTER_STATUS_OK) {
        struct row row = {.wall = wall};
        struct muster_bytes line;
        (void)muster_text_split(&lines, '\n', &line);
        if (read_line(line, &row))
            (void)put(h, &row);
    }
    return h->failed;
}

static struct muster_bytes text_in(const char *at, size_t size)
{
    return (struct muster_bytes){(const uint8_t *)at, strnlen(at, size)};
}

uint32_t muster_live_history_add(struct muster_live_history *h,
                                 const struct muster_live_history_line *line)
{
    if (h->failed != MUSTER_STATUS_OK)
        return h->failed;
    struct row row = {
        .wall = line->wall,
        .kind = text_in(line->kind, sizeof line->kind),
        .action = text_in(line->action, sizeof line->action),
        .subject = text_in(line->subject, sizeof line->subject),
        .result = text_in(line->result, sizeof line->result),
        .reason = text_in(line->reason, sizeof line->reason),
        .epoch = line->epoch,
        .attempts = line->attempts,
        .began = line->began_ns,
        .ended = line->ended_ns,
    };
    if (muster_text_equal(row.kind, "started") || muster_text_equal(row.kind, "ended"))
        row.intent = line->intent;
    return put(h, &row);
}

static int forget(struct muster_live_history *h, enum history_statement s, uint64_t *count)
{
    bind_number(h->statement[s], 1, *count);
    int code = history_run(h, s, NULL);
    if (code == SQLITE_OK)
        *count -= (uint64_t)sqlite3_changes(h->db);
    return code;
}

/* Keep the table within its bound. */
static int prune(struct muster_live_history *h)
{
    int64_t rows = 0;
    if (h->rows <= MUSTER_LIVE_HISTORY_ROWS)
        return SQLITE_OK;
    int code = history_run(h, HISTORY_COUNT, &rows);
    h->rows = (uint64_t)rows;
    if (code != SQLITE_OK || h->rows <= MUSTER_LIVE_HISTORY_ROWS)
        return code;
    uint64_t excess = h->rows - (MUSTER_LIVE_HISTORY_ROWS - ROWS_SPARE);
    h->rows -= excess;
    code = forget(h, HISTORY_FORGET_LESSER, &excess);
    if (code == SQLITE_OK && excess > 0)
        code = forget(h, HISTORY_FORGET_OLDEST, &excess);
    return code;
}

uint32_t muster_live_history_commit(struct muster_live_history *h)
{
    uint32_t status = h->failed;
    if (status == MUSTER_STATUS_OK && !sqlite3_get_autocommit(h->db)) {
        int code = prune(h);
        if (code == SQLITE_OK)
            code = history_run(h, HISTORY_COMMIT, NULL);
        if (code != SQLITE_OK)
            status = fail(h, code);
    }
    h->failed = MUSTER_STATUS_OK;
    return status;
}

/* ---- reading ---- */

uint32_t muster_live_history_read(struct muster_live_history *h, char *room, size_t size,
                                  size_t *ret_size)
{
    sqlite3_stmt *s = h->statement[HISTORY_READ];
    size_t start = size; /* the newest comes first, so the room is filled from its end */
    int code;
    *ret_size = 0;
    while ((code = sqlite3_step(s)) == SQLITE_ROW) {
        size_t length = (size_t)sqlite3_column_bytes(s, 0);
        if (length + 1 > start)
            break;
        start -= length + 1;
        memcpy(room + start, sqlite3_column_blob(s, 0), length);
        room[start + length] = '\n';
    }
    (void)sqlite3_reset(s);
    if (code != SQLITE_ROW && code != SQLITE_DONE) {
        uint32_t before = h->failed;
        bool nothing_lost = sqlite3_get_autocommit(h->db) != 0;
        uint32_t status = fail(h, code);
        h->failed = nothing_lost ? before : status;
        return status;
    }
    *ret_size = size - start;
    memmove(room, room + start, *ret_size);
    return MUSTER_STATUS_OK;
}
