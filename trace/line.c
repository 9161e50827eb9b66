/* SPDX-License-Identifier: Apache-2.0 */
/* One record as one line of JSON, formatted by hand: a trace is written while the world runs. */
#define MUSTER_BANNED_ALLOW_HEAP
#include "core/banned.h"

#include "trace/line.h"

#include "core/flat.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

/* All keys with their punctuation, the numbers, a status. */
#define FIXED_ROOM 640

const char *const muster_line_statuses[MUSTER_LINE_STATUSES] = {
    [MUSTER_STATUS_OK] = "ok",           [MUSTER_STATUS_REFUSED] = "refused",
    [MUSTER_STATUS_UNKNOWN] = "unknown", [MUSTER_STATUS_NOSPACE] = "nospace",
    [MUSTER_STATUS_IOERROR] = "ioerror",
};

static const char hex_digits[] = "0123456789abcdef";

static char *put_decimal(char *at, uint64_t value)
{
    char digit[20];
    uint32_t n = 0;
    do {
        digit[n++] = (char)('0' + value % 10);
        value /= 10;
    } while (value > 0);
    while (n > 0)
        *at++ = digit[--n];
    return at;
}

static char *put_hex(char *at, uint64_t value)
{
    int shift = value > 0 ? (63 - __builtin_clzll(value)) / 4 * 4 : 0;
    at = muster_line_put(at, "\"0x");
    for (; shift >= 0; shift -= 4)
        *at++ = hex_digits[value >> shift & 15];
    *at++ = '"';
    return at;
}

char *muster_line_number(char *at, uint64_t value)
{
    return value <= MUSTER_INTEGER_MAX ? put_decimal(at, value) : put_hex(at, value);
}

char *muster_line_hash(char *at, uint64_t value)
{
    *at++ = '"';
    for (int shift = 60; shift >= 0; shift -= 4)
        *at++ = hex_digits[value >> shift & 15];
    *at++ = '"';
    return at;
}

char *muster_line_text(char *at, struct muster_bytes text)
{
    *at++ = '"';
    for (size_t i = 0; i < text.size; i++) {
        uint8_t c = text.at[i];
        if (c >= 0x20 && c < 0x7f) {
            if (c == '"' || c == '\\')
                *at++ = '\\';
            *at++ = (char)c;
        } else if (c == '\n') {
            *at++ = '\\';
            *at++ = 'n';
        } else {
            at = muster_line_put(at, "\\u00");
            *at++ = hex_digits[c >> 4];
            *at++ = hex_digits[c & 15];
        }
    }
    *at++ = '"';
    return at;
}

static char *put_string(char *at, const char *text)
{
    return muster_line_text(at, (struct muster_bytes){(const uint8_t *)text, strlen(text)});
}

static char *put_bytes(char *at, struct muster_bytes data)
{
    *at++ = '"';
    for (size_t i = 0; i < data.size; i++) {
        *at++ = hex_digits[data.at[i] >> 4];
        *at++ = hex_digits[data.at[i] & 15];
    }
    *at++ = '"';
    return at;
}

static char *put_status(char *at, uint16_t status)
{
    at = muster_line_put(at, ",\"status\":");
    if (status < MUSTER_LINE_STATUSES)
        return put_string(at, muster_line_statuses[status]);
    return muster_line_number(at, status);
}

void muster_line_argument(const struct muster_event_type *type, uint32_t i, char *name, size_t size)
{
    assert(size >= 32);
    const char *own = type->arg[i];
    size_t length = strcspn(own, ":");
    assert(length < size);
    if (length > 0) {
        memcpy(name, own, length);
        name[length] = 0;
    } else {
        memcpy(name, "arg1", 5);
        name[3] = (char)('1' + i);
    }
}

static char *put_arguments(char *at, const struct muster_event_type *type,
                           const struct muster_record *r)
{
    char name[32];
    for (uint32_t i = 0; i < 4; i++) {
        if (r->arg[i] == 0)
            continue;
        muster_line_argument(type, i, name, sizeof name);
        *at++ = ',';
        *at++ = '"';
        at = muster_line_put(at, name);
        *at++ = '"';
        *at++ = ':';
        bool hex = strchr(type->arg[i], ':') != NULL;
        at = hex ? put_hex(at, r->arg[i]) : muster_line_number(at, r->arg[i]);
    }
    return at;
}

/* `data` has the form of its kind; what is not of that form is `text`. */
static char *put_data(char *at, enum muster_data_form form, struct muster_bytes data)
{
    static const char key[] = ",\"data\":";
    char *end;
    switch (form) {
    case MUSTER_DATA_FLAT:
        end = muster_line_flat(muster_line_put(at, key), data);
        if (end)
            return end;
        break;
    case MUSTER_DATA_BYTES:
        return put_bytes(muster_line_put(at, key), data);
    case MUSTER_DATA_TEXT:
        return muster_line_text(muster_line_put(at, key), data);
    case MUSTER_DATA_NONE:
        break;
    }
    return muster_line_text(muster_line_put(at, ",\"text\":"), data);
}

static char *put_kind(char *at, const struct muster_record *r, const struct muster_event_type *type,
                      const char *note)
{
    at = muster_line_put(at, ",\"k\":");
    if (r->kind < MUSTER_EVENT_NOTE + MUSTER_NOTE_CUSTOM)
        return put_string(at, type->name);
    if (note)
        return put_string(at, note);
    at = muster_line_put(at, "\"note.");
    at = put_decimal(at, r->kind - MUSTER_EVENT_NOTE - MUSTER_NOTE_CUSTOM);
    *at++ = '"';
    return at;
}

size_t muster_line_bound(const struct muster_record *r, const char *name, const char *note)
{
    size_t texts = r->data.size + (name ? strlen(name) : 0) + (note ? strlen(note) : 0);
    return FIXED_ROOM + MUSTER_LINE_ESCAPED * texts;
}

/* A key and its number, when it is not zero. */
static char *put_nonzero(char *at, const char *key, uint64_t value)
{
    return value == 0 ? at : muster_line_number(muster_line_put(at, key), value);
}

char *muster_line_record(char *at, const struct muster_record *r, const char *name,
                         const char *note)
{
    const struct muster_event_type *type = muster_event_type(r->kind);
    assert(type);
    at = muster_line_number(muster_line_put(at, "{\"i\":"), r->number);
    at = muster_line_number(muster_line_put(at, ",\"t\":"), r->time);
    if (name)
        at = put_string(muster_line_put(at, ",\"p\":"), name);
    at = put_kind(at, r, type, note);
    at = put_nonzero(at, ",\"m\":", r->message);
    at = put_nonzero(at, ",\"c\":", r->cause);
    if (r->kind < MUSTER_EVENT_EFFECT) {
        at = put_nonzero(at, ",\"clock\":", r->clock);
        at = put_nonzero(at, ",\"wall\":", r->wall);
        at = put_nonzero(at, ",\"tag\":", r->tag);
        if (r->status != 0)
            at = put_status(at, r->status);
    } else {
        /* Arguments of other kinds may be called clock or status: these belong to inputs. */
        assert(r->clock == 0);
        assert(r->wall == 0);
        assert(r->status == 0);
        at = put_nonzero(at, ",\"tag\":", r->tag);
    }
    at = put_arguments(at, type, r);
    if (r->data.size > 0)
        at = put_data(at, type->form, r->data);
    *at++ = '}';
    return at;
}

const char *muster_line_note(const char *const *notes, uint16_t kind)
{
    if (kind < MUSTER_EVENT_NOTE + MUSTER_NOTE_CUSTOM || !notes)
        return NULL;
    uint32_t wanted = kind - MUSTER_EVENT_NOTE - MUSTER_NOTE_CUSTOM;
    for (uint32_t i = 0; notes[i]; i++)
        if (i == wanted)
            return muster_event_by_name(notes[i]) ? NULL : notes[i];
    return NULL;
}

size_t muster_trace_line(char *line, size_t size, const struct muster_record *r, const char *name,
                         const char *const *notes)
{
    const char *note = muster_line_note(notes, r->kind);
    char *whole = malloc(muster_line_bound(r, name, note));
    if (!whole) {
        if (size > 0)
            line[0] = 0;
        return 0;
    }
    size_t length = (size_t)(muster_line_record(whole, r, name, note) - whole);
    if (size > 0) {
        size_t kept = length < size ? length : size - 1;
        memcpy(line, whole, kept);
        line[kept] = 0;
    }
    free(whole);
    return length;
}
