/* SPDX-License-Identifier: Apache-2.0 */
/* A node's config from a text in memory, with what was said about it. */
#ifndef MUSTER_TESTS_LIB_CONFIG_FIXTURE_H
#define MUSTER_TESTS_LIB_CONFIG_FIXTURE_H

#include "config/node_config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct config_fixture {
    struct muster_sources sources;
    struct muster_document doc;
    struct muster_diagnostics d;
    struct muster_node_config c;
    int error;
};

static inline void config_load(struct config_fixture *f, const char *text)
{
    memset(f, 0, sizeof *f);
    const struct muster_source *source =
        muster_source_add(&f->sources, "t.yml", text, strlen(text));
    f->error = MUSTER_E_INVALID;
    if (muster_document_parse(&f->doc, source, NULL, &f->d) == 0)
        f->error = muster_node_config_load(&f->c, f->doc.root, NULL, &f->d);
}

static inline void config_drop(struct config_fixture *f)
{
    muster_document_free(&f->doc);
    muster_sources_free(&f->sources);
}

/* Everything that was said is "line:column: severity: text", each in this order, and no more. */
static inline void config_says(const struct config_fixture *f, const char *const *complaints)
{
    static const char *const names[] = {"note", "warning", "error"};
    char one[512];
    uint32_t n = 0;
    for (; n < f->d.count && complaints[n]; n++) {
        const struct muster_diagnostic *at = &f->d.at[n];
        snprintf(one, sizeof one, "%u:%u: %s: %s", (unsigned)at->mark.line,
                 (unsigned)at->mark.column, names[at->severity], at->text);
        assert_string_equal(one, complaints[n]);
    }
    if (n < f->d.count)
        fail_msg("also said: %s", f->d.at[n].text);
    assert_null(complaints[n]);
}

#define SAYS(f, ...)    config_says(f, (const char *const[]){__VA_ARGS__, NULL})
#define SAYS_NOTHING(f) config_says(f, (const char *const[]){NULL})

#endif
