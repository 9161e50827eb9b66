/* SPDX-License-Identifier: Apache-2.0 */
/* The disk: slots and small files. */
#include "tests/conformance/conformance.h"

#define FILE_A 2
#define FILE_B 3

static struct muster_bytes text(const char *t)
{
    return muster_text_bytes(t);
}

/* Every operation of the step ends OK, in order; the last one is a READ that finds this. */
static enum conformance_verdict finds(struct conformance *c, const struct muster_input *in,
                                      struct muster_bytes wanted)
{
    uint32_t which = conformance_which(c, in), count = (uint32_t)(c->tags - c->first_tag);
    if (in->kind != MUSTER_IN_DISK || which == CONFORMANCE_TAGS)
        return CONFORMANCE_ON;
    if (which != c->seen)
        return conformance_bad(c, "operation %u ended when %u was due", which, c->seen);
    if (in->status != MUSTER_STATUS_OK)
        return conformance_bad(c, "operation %u ended with status %u", which, in->status);
    if (++c->seen < count)
        return CONFORMANCE_ON;
    if (in->disk.operation != MUSTER_DISK_READ)
        return conformance_bad(c, "the last one was operation %llu",
                               (unsigned long long)in->disk.operation);
    bool same = in->data.size == wanted.size &&
                (wanted.size == 0 || memcmp(in->data.at, wanted.at, wanted.size) == 0);
    return same ? CONFORMANCE_GOOD
                : conformance_bad(c, "read %zu bytes '%.*s', wanted %zu", in->data.size,
                                  in->data.size < 40 ? (int)in->data.size : 40,
                                  in->data.size > 0 ? (const char *)in->data.at : "", wanted.size);
}

static void read_file(struct conformance *c, uint64_t file)
{
    conformance_operate(c, MUSTER_DISK_READ, file, 0, NULL, 0);
}

static void write_at(struct conformance *c, uint64_t offset, const char *t)
{
    conformance_operate(c, MUSTER_DISK_WRITE, FILE_A, offset, t, strlen(t));
}

static void sync_file(struct conformance *c, uint64_t file)
{
    conformance_operate(c, MUSTER_DISK_SYNC, file, 0, NULL, 0);
}

static void append(struct conformance *c, const char *t)
{
    conformance_operate(c, MUSTER_DISK_APPEND, FILE_B, 0, t, strlen(t));
}

static void missing(struct conformance *c)
{
    read_file(c, FILE_A);
}

static enum conformance_verdict is_empty(struct conformance *c, const struct muster_input *in)
{
    return finds(c, in, (struct muster_bytes){NULL, 0});
}

static void write_and_read(struct conformance *c)
{
    write_at(c, 0, "abcdef");
    sync_file(c, FILE_A);
    read_file(c, FILE_A);
}

static enum conformance_verdict is_written(struct conformance *c, const struct muster_input *in)
{
    return finds(c, in, text("abcdef"));
}

static void overwrite(struct conformance *c)
{
    write_at(c, 2, "XY");
    read_file(c, FILE_A); /* before any sync: what was written is read */
}

static enum conformance_verdict is_overwritten(struct conformance *c, const struct muster_input *in)
{
    return finds(c, in, text("abXYef"));
}

static void leave_a_gap(struct conformance *c)
{
    write_at(c, 8, "z");
    sync_file(c, FILE_A);
    read_file(c, FILE_A);
}

static enum conformance_verdict has_zeroes(struct conformance *c, const struct muster_input *in)
{
    return finds(c, in, (struct muster_bytes){(const uint8_t *)"abXYef\0\0z", 9});
}

static void append_twice(struct conformance *c)
{
    append(c, "one\n");
    append(c, "two\n");
    sync_file(c, FILE_B);
    read_file(c, FILE_B);
}

static enum conformance_verdict is_appended(struct conformance *c, const struct muster_input *in)
{
    return finds(c, in, text("one\ntwo\n"));
}

static void sync_clean(struct conformance *c)
{
    sync_file(c, FILE_B);
    sync_file(c, FILE_A);
    read_file(c, FILE_B);
}

static char long_text[3001];

static void grow(struct conformance *c)
{
    memset(long_text, 'x', sizeof long_text - 1);
    append(c, long_text);
    append(c, long_text);
    sync_file(c, FILE_B);
    read_file(c, FILE_B);
}

/* A read shows what fits: the beginning of the file. */
static enum conformance_verdict is_cut(struct conformance *c, const struct muster_input *in)
{
    static uint8_t wanted[MUSTER_DISK_READ_MAX];
    memset(wanted, 'x', sizeof wanted);
    memcpy(wanted, "one\ntwo\n", 8);
    return finds(c, in, (struct muster_bytes){wanted, sizeof wanted});
}

static void read_on(struct conformance *c)
{
    conformance_operate(c, MUSTER_DISK_READ, FILE_A, 3, NULL, 0);
}

static enum conformance_verdict is_the_rest(struct conformance *c, const struct muster_input *in)
{
    return finds(c, in, (struct muster_bytes){(const uint8_t *)"Yef\0\0z", 6});
}

static void read_beyond(struct conformance *c)
{
    conformance_operate(c, MUSTER_DISK_READ, FILE_A, 9, NULL, 0);
}

static const struct conformance_step disk[] = {
    {"a file that is not there reads as empty", missing, is_empty},
    {"what was written and synced is read", write_and_read, is_written},
    {"a write replaces what stands at its offset", overwrite, is_overwritten},
    {"a gap reads as zeroes", leave_a_gap, has_zeroes},
    {"a read begins at its offset", read_on, is_the_rest},
    {"a read at the end of the file is empty", read_beyond, is_empty},
    {"an append goes to the end", append_twice, is_appended},
    {"a sync with nothing to do ends well", sync_clean, is_appended},
    {"a read shows the first 4096 bytes", grow, is_cut},
    {NULL, NULL, NULL},
};
const struct conformance_suite conformance_disk = {"disk", disk};

/* ---- a full disk ---- */

static void write_to_full(struct conformance *c)
{
    memset(long_text, 'y', sizeof long_text - 1);
    append(c, long_text);
    sync_file(c, FILE_B);
}

/* It is told at the write or at the sync, and as what it is. */
static enum conformance_verdict is_full(struct conformance *c, const struct muster_input *in)
{
    uint32_t which = conformance_which(c, in);
    if (in->kind != MUSTER_IN_DISK || which == CONFORMANCE_TAGS)
        return CONFORMANCE_ON;
    if (in->status == MUSTER_STATUS_NOSPACE)
        return CONFORMANCE_GOOD;
    if (in->status != MUSTER_STATUS_OK || which == 1)
        return conformance_bad(c, "operation %u ended with status %u", which, in->status);
    return CONFORMANCE_ON;
}

static const struct conformance_step full[] = {
    {"a full disk says so", write_to_full, is_full},
    {NULL, NULL, NULL},
};
const struct conformance_suite conformance_disk_full = {"disk_full", full};
