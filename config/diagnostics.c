/* SPDX-License-Identifier: Apache-2.0 */
/* Complaints: kept with their positions, printed with source line and caret in the order of the
 * files. */
#include "config/diagnostics.h"
#include "config/utf8.h"

#include <assert.h>
#include <stdarg.h>
#include <string.h>

#define LINE_SHOWN 200 /* bytes of a source line that are printed */

/* Subjects come out of files: what could steer a terminal becomes '?'. */
static void make_plain(char *text)
{
    size_t size = strlen(text), to = 0;
    for (size_t from = 0; from < size;) {
        size_t length = muster_utf8_length(text + from, size - from);
        if (muster_utf8_is_plain(text + from, length)) {
            memmove(text + to, text + from, length);
            to += length;
        } else {
            text[to++] = '?';
        }
        from += length;
    }
    text[to] = 0;
}

/* The next complaint, with its text; null when there is no room for it. */
static struct muster_diagnostic *add(struct muster_diagnostics *d, enum muster_severity severity,
                                     const char *format, va_list args)
{
    d->errors += severity == MUSTER_SEVERITY_ERROR;
    d->warnings += severity == MUSTER_SEVERITY_WARNING;
    if (d->count == MUSTER_DIAGNOSTICS_MAX)
        return NULL;
    struct muster_diagnostic *one = &d->at[d->count++];
    *one = (struct muster_diagnostic){.severity = severity};
    vsnprintf(one->text, sizeof one->text, format, args);
    make_plain(one->text);
    return one;
}

void muster_complain(struct muster_diagnostics *d, enum muster_severity severity,
                     struct muster_mark mark, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    struct muster_diagnostic *one = add(d, severity, format, args);
    va_end(args);
    if (one)
        one->mark = mark;
}

void muster_complain_of(struct muster_diagnostics *d, enum muster_severity severity,
                        const char *path, uint64_t line, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    struct muster_diagnostic *one = add(d, severity, format, args);
    va_end(args);
    if (!one)
        return;
    int size = sizeof one->place;
    if (line > 0)
        snprintf(one->place, (size_t)size, "%.*s:%llu", size - 24, path, (unsigned long long)line);
    else
        snprintf(one->place, (size_t)size, "%s", path);
    make_plain(one->place);
}

/* The line of a mark, without its end. */
static struct muster_bytes line_of(struct muster_mark mark)
{
    const char *at = mark.source->text, *end = at + mark.source->size;
    for (uint32_t line = 1; line < mark.line; line++) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        if (!newline)
            return (struct muster_bytes){(const uint8_t *)end, 0};
        at = newline + 1;
    }
    const char *newline = memchr(at, '\n', (size_t)(end - at));
    size_t size = (size_t)((newline ? newline : end) - at);
    if (size > 0 && at[size - 1] == '\r')
        size--;
    return (struct muster_bytes){(const uint8_t *)at, size};
}

/* The byte of a line at which its character number `column` begins. */
static size_t byte_of_column(struct muster_bytes line, uint32_t column)
{
    size_t at = 0;
    for (uint32_t i = 1; i < column && at < line.size; i++)
        at += muster_utf8_length((const char *)line.at + at, line.size - at);
    return at;
}

static void print_line(struct muster_mark mark, FILE *out)
{
    struct muster_bytes line = line_of(mark);
    const char *text = (const char *)line.at;
    size_t caret = byte_of_column(line, mark.column), begin = 0, end = line.size;
    if (line.size > LINE_SHOWN) {
        begin = caret > LINE_SHOWN / 2 ? caret - LINE_SHOWN / 2 : 0;
        end = line.size - begin > LINE_SHOWN ? begin + LINE_SHOWN : line.size;
    }
    size_t width = 0;
    for (size_t at = begin; at < end; at += muster_utf8_length(text + at, line.size - at)) {
        bool tab = text[at] == '\t';
        bool plain = (uint8_t)text[at] >= 0x20 && (uint8_t)text[at] < 0x7f;
        fputc(tab ? ' ' : plain ? text[at] : '?', out);
        width += at < caret;
    }
    fprintf(out, "\n%*s^\n", (int)width, "");
}

static void print_one(const struct muster_diagnostic *one, FILE *out)
{
    static const char *const names[] = {"note", "warning", "error"};
    if (one->mark.source)
        fprintf(out, "%s:", one->mark.source->path);
    if (one->mark.source && one->mark.line > 0)
        fprintf(out, "%u:%u:", (unsigned)one->mark.line, (unsigned)one->mark.column);
    if (one->place[0])
        fprintf(out, "%s:", one->place);
    bool placed = one->mark.source || one->place[0];
    fprintf(out, "%s%s: %s\n", placed ? " " : "", names[one->severity], one->text);
    if (one->mark.source && one->mark.line > 0)
        print_line(one->mark, out);
}

/* Rank of a diagnostic's file: where the file is first complained of. */
static uint32_t rank_of(const struct muster_diagnostics *d, uint32_t i)
{
    uint32_t rank = 0;
    while (d->at[rank].mark.source != d->at[i].mark.source)
        rank++;
    return rank;
}

static bool comes_after(const struct muster_diagnostics *d, uint32_t a, uint32_t b)
{
    const struct muster_mark *left = &d->at[a].mark, *right = &d->at[b].mark;
    uint32_t rank_left = rank_of(d, a), rank_right = rank_of(d, b);
    if (rank_left != rank_right)
        return rank_left > rank_right;
    if (left->line != right->line)
        return left->line > right->line;
    return left->column > right->column;
}

void muster_diagnostics_print(const struct muster_diagnostics *d, FILE *out)
{
    uint32_t order[MUSTER_DIAGNOSTICS_MAX];
    const uint32_t count = d->count;
    assert(count <= MUSTER_DIAGNOSTICS_MAX);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t to = i;
        while (to > 0 && comes_after(d, order[to - 1], i)) {
            order[to] = order[to - 1];
            to--;
        }
        order[to] = i;
    }
    uint32_t shown = 0;
    for (uint32_t i = 0; i < count; i++) {
        print_one(&d->at[order[i]], out);
        shown += d->at[order[i]].severity != MUSTER_SEVERITY_NOTE;
    }
    if (d->errors + d->warnings > shown)
        fprintf(out, "and %u more\n", (unsigned)(d->errors + d->warnings - shown));
}
