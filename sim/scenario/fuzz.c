/* SPDX-License-Identifier: Apache-2.0 */
/* The section `fuzz:`: within what bounds `muster fuzz` may hurt a scenario. */
#include "sim/scenario/inside.h"

#include <string.h>

#define COUNT_MAX 40

/* A fault by its name, else all that begin with a word and '_': `store` is every store_…. */
static uint64_t find_faults(const char *word)
{
    uint64_t found = 0;
    size_t size = strlen(word);
    for (uint32_t i = 1; i < MUSTER_FAULT_COUNT; i++) {
        const char *name = muster_fault_names[i];
        if (strcmp(name, word) == 0)
            return UINT64_C(1) << i;
        if (strncmp(name, word, size) == 0 && name[size] == '_')
            found |= UINT64_C(1) << i;
    }
    return found;
}

static void load_faults(struct loader *l, const struct muster_doc *fuzz)
{
    const struct muster_doc *list = field_list(l, fuzz, "faults");
    if (!list)
        return;
    l->s->fuzz.faults = 0;
    for (const struct muster_doc *one = list->first; one; one = one->next) {
        if (muster_doc_expect(one, MUSTER_NODE_SCALAR, "the name of a fault", l->d) != 0)
            continue;
        uint64_t found = find_faults(one->text);
        if (found == 0)
            complain_unknown(l, one, "fault", muster_fault_names + 1);
        l->s->fuzz.faults |= found;
    }
}

static void load_nodes(struct loader *l, const struct muster_doc *fuzz)
{
    const struct muster_doc *list = field_list(l, fuzz, "nodes");
    if (!list)
        return;
    l->s->fuzz.members = 0;
    for (const struct muster_doc *one = list->first; one; one = one->next) {
        uint32_t index = 0;
        if (muster_doc_expect(one, MUSTER_NODE_SCALAR, "the name of a node", l->d) == 0 &&
            load_member(l, one, one->text, &index))
            l->s->fuzz.members |= UINT64_C(1) << index;
    }
}

/* "A..B" or one value for both, by a reader of scalars. */
static void take_range(struct loader *l, const struct muster_doc *fuzz, const char *key,
                       bool durations, uint64_t *low, uint64_t *high)
{
    const struct muster_doc *node = field(fuzz, key);
    if (!node || muster_doc_expect(node, MUSTER_NODE_SCALAR, "a range", l->d) != 0)
        return;
    const char *dots = strstr(node->text, "..");
    size_t size = dots ? (size_t)(dots - node->text) : strlen(node->text);
    struct muster_doc ends[2] = {*node, *node};
    ends[0].text = muster_memory_copy(&l->memory, node->text, size);
    ends[1].text = dots ? dots + 2 : node->text;
    uint64_t read[2] = {0, 0};
    for (uint32_t i = 0; i < 2; i++) {
        int error = durations ? muster_doc_duration(&ends[i], 1, TIME_MAX, false, &read[i], l->d)
                              : muster_doc_integer(&ends[i], 1, COUNT_MAX, &read[i], l->d);
        if (error)
            return;
    }
    if (read[0] > read[1])
        COMPLAIN(l, node->mark, "'%.60s' ends before it begins", node->text);
    *low = read[0];
    *high = read[1];
}

void load_fuzz(struct loader *l, const struct muster_doc *root)
{
    static const char *const keys[] = {"faults", "nodes", "count", "length", "until", NULL};
    struct muster_fuzz_bounds *b = &l->s->fuzz;
    uint64_t low = 1, high = 24;
    *b = (struct muster_fuzz_bounds){.faults = MUSTER_FAULTS_ALL,
                                     .members = UINT64_MAX,
                                     .shortest = MUSTER_MILLISECOND,
                                     .longest = 20 * MUSTER_SECOND};
    const struct muster_doc *fuzz = field_mapping(l, root, "fuzz");
    if (fuzz) {
        muster_doc_keys(fuzz, keys, l->d);
        load_faults(l, fuzz);
        load_nodes(l, fuzz);
        take_range(l, fuzz, "count", false, &low, &high);
        take_range(l, fuzz, "length", true, &b->shortest, &b->longest);
        take_duration(l, fuzz, "until", 1, l->s->duration, &b->until);
    }
    b->low = (uint32_t)low;
    b->high = (uint32_t)high;
}
