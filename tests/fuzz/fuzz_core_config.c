/* SPDX-License-Identifier: Apache-2.0 */
/* The core's config from YAML of any bytes: what is loaded can be written, and loads as the
 * same. */
#include "config/core_config.h"
#include "tests/fuzz/fuzz.h"

#include <assert.h>
#include <string.h>

static int load(struct muster_config *c, const char *text, size_t size,
                struct muster_diagnostics *d)
{
    struct muster_sources sources = {0};
    struct muster_document doc;
    memset(d, 0, sizeof *d);
    memset(c, 0xa5, sizeof *c);
    const struct muster_source *source = muster_source_add(&sources, "fuzz.yaml", text, size);
    int ret = muster_document_parse(&doc, source, NULL, d);
    if (ret == 0)
        ret = muster_core_config_load(c, doc.root, NULL, d);
    assert((ret == 0) == (d->errors == 0));
    muster_document_free(&doc);
    muster_sources_free(&sources);
    return ret;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct muster_diagnostics d;
    static struct muster_config one, two;
    char room[MUSTER_CORE_CONFIG_TEXT_MAX], again[MUSTER_CORE_CONFIG_TEXT_MAX];
    struct muster_text written, rewritten;
    if (load(&one, (const char *)data, size, &d) != 0)
        return 0;
    muster_text_init(&written, room, sizeof room);
    muster_core_config_write(&one, &written);
    assert(!muster_text_is_cut(&written));
    int ret = load(&two, room, strlen(room), &d);
    assert(ret == 0);
    muster_text_init(&rewritten, again, sizeof again);
    muster_core_config_write(&two, &rewritten);
    assert(strcmp(room, again) == 0);
    return 0;
}
