/* SPDX-License-Identifier: Apache-2.0 */
/* `muster lint` of what is no scenario: configs of nodes, and of the daemon. */
#include "config/include.h"
#include "config/node_config.h"
#include "reports/report.h"
#include "tools/muster/lint.h"
#include "tools/muster/options.h"

#include <stdlib.h>
#include <string.h>

/* What is only asked what it is: nobody hears what is wrong with it. */
static enum muster_file_kind kind_of(const char *path, struct muster_diagnostics *unheard)
{
    struct muster_sources sources = {0};
    struct muster_document doc = {0};
    enum muster_file_kind kind = MUSTER_FILE_SCENARIO;
    const struct muster_source *source =
        muster_source_open(&sources, path, unheard, (struct muster_mark){0});
    if (source)
        (void)muster_document_parse_raw(&doc, source, unheard);
    if (doc.root)
        kind = muster_file_kind(doc.root);
    muster_document_free(&doc);
    muster_sources_free(&sources);
    *unheard = (struct muster_diagnostics){0};
    return kind;
}

static int check(const char *path, enum muster_file_kind kind, struct muster_diagnostics *d)
{
    struct muster_sources sources = {0};
    struct muster_document doc = {0};
    struct muster_memory memory = {0};
    const struct muster_reading reading = {&sources, muster_environment(&memory), &memory, d};
    struct muster_node_config *config = muster_memory_take(&memory, sizeof *config);
    const struct muster_source *source =
        muster_source_open(&sources, path, d, (struct muster_mark){0});
    if (source)
        (void)muster_document_parse(&doc, source, reading.env, d);
    if (doc.root) {
        const struct muster_doc *root = muster_config_include(doc.root, &reading);
        bool daemon = kind == MUSTER_FILE_DAEMON;
        (void)muster_node_config_load(config, root, daemon ? muster_daemon_keys : NULL, d);
        if (daemon)
            muster_complain(d, MUSTER_SEVERITY_NOTE, root->mark,
                            "the daemon's own keys are checked by 'musterd --config %s --check'",
                            path);
    }
    muster_diagnostics_print(d, stderr);
    int code = d->errors == 0 ? 0 : d->io ? MUSTER_EXIT_IO : MUSTER_EXIT_INVALID;
    muster_document_free(&doc);
    muster_sources_free(&sources);
    muster_memory_free(&memory);
    return code;
}

struct muster_lint_count muster_lint_configs(struct muster_paths *paths)
{
    struct muster_lint_count n = {0};
    struct muster_diagnostics *d = calloc(1, sizeof *d);
    size_t kept = 0;
    if (!d)
        abort();
    for (size_t i = 0; i < paths->count; i++) {
        char *path = paths->at[i];
        enum muster_file_kind kind = kind_of(path, d);
        if (kind == MUSTER_FILE_SCENARIO) {
            paths->at[kept++] = path;
            continue;
        }
        int code = check(path, kind, d);
        n.files++;
        n.invalid += code == MUSTER_EXIT_INVALID;
        n.unreadable += code == MUSTER_EXIT_IO;
        n.code = muster_report_graver(n.code, code);
        memset(d, 0, sizeof *d);
        free(path);
    }
    paths->count = kept;
    free(d);
    return n;
}
