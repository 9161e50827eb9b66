/* SPDX-License-Identifier: Apache-2.0 */
/* What a command says: see action_output.h. */
#include "live/action_output.h"

#include <assert.h>
#include <string.h>

void muster_live_tail_add(struct muster_live_tail *t, struct muster_bytes data)
{
    assert(t->used <= sizeof t->at);
    if (data.size >= sizeof t->at) {
        memcpy(t->at, data.at + data.size - sizeof t->at, sizeof t->at);
        t->used = sizeof t->at;
        return;
    }
    size_t kept = sizeof t->at - data.size;
    if (t->used > kept) {
        memmove(t->at, t->at + t->used - kept, kept);
        t->used = kept;
    }
    if (data.size > 0)
        memcpy(t->at + t->used, data.at, data.size);
    t->used += data.size;
}

/* The results that a command may tell. */
static bool parse_result(struct muster_bytes word, enum muster_result *ret)
{
    static const enum muster_result told[] = {MUSTER_RESULT_SUCCESS, MUSTER_RESULT_FAILED,
                                              MUSTER_RESULT_FENCED, MUSTER_RESULT_UNKNOWN};
    for (size_t i = 0; i < sizeof told / sizeof told[0]; i++) {
        if (muster_text_equal(word, muster_result_text(told[i]))) {
            *ret = told[i];
            return true;
        }
    }
    return false;
}

static bool parse_line(struct muster_live_report *r, struct muster_bytes line)
{
    struct muster_bytes key;
    if (!muster_text_split(&line, '=', &key))
        return false;
    if (muster_text_equal(key, "result")) {
        bool known = parse_result(line, &r->result);
        r->has_result |= known;
        return known;
    }
    uint64_t epoch;
    if (!muster_text_equal(key, "epoch") || muster_text_parse_u64(line, &epoch) != 0 ||
        epoch > MUSTER_INTEGER_MAX) /* nobody could campaign above it */
        return false;
    if (epoch > r->epoch)
        r->epoch = epoch;
    return true;
}

static void end_line(struct muster_live_report *r)
{
    bool fits = r->used <= MUSTER_LIVE_LINE_MAX;
    struct muster_bytes line = {(const uint8_t *)r->line, r->used};
    if (r->used > 0 && !(fits && parse_line(r, line)) && !r->wrong) {
        r->wrong = true;
        r->wrong_size = fits ? r->used : MUSTER_LIVE_LINE_MAX;
        memcpy(r->wrong_line, r->line, r->wrong_size);
    }
    r->used = 0;
}

void muster_live_report_add(struct muster_live_report *r, struct muster_bytes data)
{
    for (size_t i = 0; i < data.size; i++) {
        if (data.at[i] == '\n')
            end_line(r);
        else if (r->used < sizeof r->line)
            r->line[r->used++] = (char)data.at[i];
    }
}

void muster_live_report_end(struct muster_live_report *r)
{
    end_line(r);
}

void muster_live_add_printable(struct muster_text *t, const char *at, size_t size)
{
    while (size > 0 && (at[size - 1] == ' ' || at[size - 1] == '\n' || at[size - 1] == '\r'))
        size--;
    for (size_t i = 0; i < size; i++) {
        uint8_t c = (uint8_t)at[i];
        if (c < ' ' || c == 0x7f)
            c = ' ';
        else if (c > '~')
            c = '?';
        muster_text_add_bytes(t, (struct muster_bytes){&c, 1});
    }
}
