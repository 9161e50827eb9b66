/* SPDX-License-Identifier: Apache-2.0 */
/* One file from memory, what was made of it, and what was said about it. For one program file
 * each. */
#ifndef MUSTER_TESTS_LIB_DOCUMENT_FIXTURE_H
#define MUSTER_TESTS_LIB_DOCUMENT_FIXTURE_H

#include "config/core_config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

/* One file from memory, what was made of it, and what was said about it. */
struct fixture {
    struct muster_sources sources;
    struct muster_document doc;
    struct muster_diagnostics d;
    char *text;
    size_t size;
};

static inline void parse_bytes(struct fixture *f, const char *text, size_t size)
{
    *f = (struct fixture){0};
    const struct muster_source *source = muster_source_add(&f->sources, "t.yml", text, size);
    muster_document_parse(&f->doc, source, NULL, &f->d);
}

static inline void parse(struct fixture *f, const char *text)
{
    parse_bytes(f, text, strlen(text));
}

static inline const char *printed(struct fixture *f)
{
    free(f->text);
    FILE *out = open_memstream(&f->text, &f->size);
    muster_diagnostics_print(&f->d, out);
    assert_int_equal(fclose(out), 0);
    return f->text;
}

static inline void done(struct fixture *f)
{
    muster_document_free(&f->doc);
    muster_sources_free(&f->sources);
    free(f->text);
}

static inline void expect_error(const char *text, const char *error)
{
    struct fixture f;
    parse(&f, text);
    assert_string_equal(printed(&f), error);
    done(&f);
}

#endif
