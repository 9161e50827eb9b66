/* SPDX-License-Identifier: Apache-2.0 */
/* One record as one line of JSON, formatted by hand: a trace is written while the world runs. */
#define MUSTER_BANNED_ALLOW_HEAP
#include "core/banned.h"

#include "trace/line.h"

#include "core/flat.h"

#include <assert.h>
#include <stdlib.h>

/* All keys with their punctuation, the numbers, a status. */
#define FIXED_ROOM 640

const char *const muster_line_statuses[MUSTER_LINE_STATUSES] = {
    [MUSTER_STATUS_OK] = "ok",           [MUSTER_STATUS_REFUSED] = "refused",
    [MUSTER_STATUS_UNKNOWN] = "unknown", [MUSTER_STATUS_NOSPACE] = "nospace",
    [MUSTER_STATUS_IOERROR] = "ioerror",
};

static const char hex_digits[] = "0123456789abcdef";

/* Two digits at a time, from the back. */
char *muster_line_decimal(char *at, uint64_t value)
{
    static const char pairs[] = "00010203040506070809101112131415161718192021222324"
                                "25262728293031323334353637383940414243444546474849"
                                "50515253545556575859606162636465666768697071727374"
                                "75767778798081828384858687888990919293949596979899";
    char digit[20];
    uint32_t first = sizeof digit;
    for (; value >= 100; value /= 100)
        memcpy(digit + (first -= 2), pairs + 2 * (value % 100), 2);
    if (value >= 10)
        memcpy(digit + (first -= 2), pairs + 2 * value, 2);
    else
        digit[--first] = (char)('0' + value);
    memcpy(at, digit + first, sizeof digit - first);
    return at + (sizeof digit - first);
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
    return value <= MUSTER_INTEGER_MAX ? muster_line_decimal(at, value) : put_hex(at, value);
}

char *muster_line_hash(char *at, uint64_t value)
{
    *at++ = '"';
    for (int shift = 60; shift >= 0; shift -= 4)
        *at++ = hex_digits[value >> shift & 15];
    *at++ = '"';
    return at;
}

#define EACH_BYTE(byte) (UINT64_C(0x0101010101010101) * (byte))

/* Whether a byte of the word is `byte`, or is below it: the classic tricks with the high bits. */
static uint64_t has(uint64_t word, uint64_t byte)
{
    uint64_t x = word ^ EACH_BYTE(byte);
    return (x - EACH_BYTE(1)) & ~x & EACH_BYTE(0x80);
}

/* Whether all eight bytes stand for themselves in a JSON string of ours. */
static bool is_plain(uint64_t word)
{
    uint64_t low = (word - EACH_BYTE(0x20)) & ~word & EACH_BYTE(0x80);
    uint64_t high = word & EACH_BYTE(0x80);
    return !(low | high | has(word, 0x7f) | has(word, '"') | has(word, '\\'));
}

static char *put_escaped(char *at, uint8_t c)
{
    if (c >= 0x20 && c < 0x7f) {
        if (c == '"' || c == '\\')
            *at++ = '\\';
        *at++ = (char)c;
    } else if (c == '\n') {
        at = muster_line_put(at, "\\n");
    } else {
        at = muster_line_put(at, "\\u00");
        *at++ = hex_digits[c >> 4];
        *at++ = hex_digits[c & 15];
    }
    return at;
}

char *muster_line_text(char *at, struct muster_bytes text)
{
    *at++ = '"';
    for (size_t i = 0; i < text.size;) {
        uint64_t word;
        if (text.size - i >= sizeof word) {
            memcpy(&word, text.at + i, sizeof word);
            if (is_plain(word)) {
                memcpy(at, &word, sizeof word);
                at += sizeof word;
                i += sizeof word;
                continue;
            }
        }
        at = put_escaped(at, text.at[i++]);
    }
    *at++ = '"';
    return at;
}

static char *put_string(char *at, const char *text)
{
    return muster_line_text(at, (struct muster_bytes){(const uint8_t *)text, strlen(text)});
}

/* A name out of a table of ours: nothing in it needs an escape. */
static char *put_name(char *at, const char *name, size_t length)
{
    *at++ = '"';
    memcpy(at, name, length);
    at += length;
    *at++ = '"';
    return at;
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
        return put_name(at, muster_line_statuses[status], strlen(muster_line_statuses[status]));
    return muster_line_number(at, status);
}

/* The name of an argument and its length: the table's up to a ':', else "arg1" to "arg4". */
static const char *argument_name(const struct muster_event_type *type, uint32_t i, size_t *length)
{
    static const char unnamed[4][5] = {"arg1", "arg2", "arg3", "arg4"};
    assert(i < 4);
    *length = strcspn(type->arg[i], ":");
    if (*length > 0)
        return type->arg[i];
    *length = 4;
    return unnamed[i];
}

void muster_line_argument(const struct muster_event_type *type, uint32_t i, char *name, size_t size)
{
    size_t length;
    const char *own = argument_name(type, i, &length);
    assert(length < size);
    memcpy(name, own, length);
    name[length] = 0;
}

static char *put_arguments(char *at, const struct muster_event_type *type,
                           const struct muster_record *r)
{
    for (uint32_t i = 0; i < 4; i++) {
        if (r->arg[i] == 0)
            continue;
        size_t length;
        const char *name = argument_name(type, i, &length);
        bool hex = name[length] == ':';
        *at++ = ',';
        at = put_name(at, name, length);
        *at++ = ':';
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
        return put_name(at, type->name, strlen(type->name));
    if (note)
        return put_string(at, note);
    at = muster_line_put(at, "\"note.");
    at = muster_line_decimal(at, r->kind - MUSTER_EVENT_NOTE - MUSTER_NOTE_CUSTOM);
    *at++ = '"';
    return at;
}

size_t muster_line_bound(const struct muster_record *r, const char *name, const char *note)
{
    size_t texts = r->data.size + (name ? strlen(name) : 0) + (note ? strlen(note) : 0);
    return FIXED_ROOM + MUSTER_LINE_ESCAPED * texts;
}

/* A key and its number, when it is not zero. Inline, so that the length of the key is known. */
static inline __attribute__((always_inline)) char *put_nonzero(char *at, const char *key,
                                                               uint64_t value)
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
