/* SPDX-License-Identifier: Apache-2.0 */
/* A node's config, in several files, of any bytes: policies, phases and what they include. What is
 * loaded can be written, and loads as the same. */
#include "config/include.h"
#include "config/node_config.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/sources.h"

#include <assert.h>

#define TEXT_MAX MUSTER_CORE_CONFIG_TEXT_MAX

/* Load main.yaml with what it includes, and write what came of it; false when it was refused. */
static bool load(struct muster_sources *sources, char text[TEXT_MAX])
{
    static struct muster_diagnostics d;
    static struct muster_node_config c;
    struct muster_memory memory = {0};
    struct muster_document doc;
    memset(&d, 0, sizeof d);
    memset(&c, 0xa5, sizeof c);
    const struct muster_reading reading = {sources, NULL, &memory, &d};
    const struct muster_source *source =
        muster_source_open(sources, SOURCE_MAIN, &d, (struct muster_mark){0});
    int ret = muster_document_parse(&doc, source, NULL, &d);
    if (ret == 0)
        ret = muster_node_config_load(&c, muster_config_include(doc.root, &reading), NULL, &d);
    assert(ret == 0 || d.errors > 0);
    bool whole = ret == 0 && d.errors == 0;
    if (whole) {
        struct muster_text written;
        muster_text_init(&written, text, TEXT_MAX);
        muster_core_config_write(&c.core, &written);
        assert(!muster_text_is_cut(&written));
        for (uint32_t members = 1; members <= 3; members += 2)
            (void)muster_node_config_fits(&c.core, members, doc.root, &d);
    }
    muster_document_free(&doc);
    muster_memory_free(&memory);
    muster_sources_free(sources);
    return whole;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char once[TEXT_MAX], twice[TEXT_MAX];
    struct muster_sources sources = sources_of(data, size), again = {.sealed = true};
    if (!load(&sources, once))
        return 0;
    muster_source_add(&again, SOURCE_MAIN, once, strlen(once));
    bool loads = load(&again, twice);
    assert(loads);
    assert(strcmp(once, twice) == 0);
    return 0;
}
