/* SPDX-License-Identifier: Apache-2.0 */
/* Properties: the default ones, those a scenario names, what it takes for granted. */
#include "sim/scenario/inside.h"

#include <string.h>

static const struct muster_property *find_property(const struct loader *l, const char *name)
{
    for (const struct muster_property *const *p = l->registry->properties; p && *p; p++) {
        if (strcmp((*p)->name, name) == 0)
            return *p;
    }
    return NULL;
}

static uint32_t count_properties(const struct loader *l)
{
    uint32_t n = 0;
    for (const struct muster_property *const *p = l->registry->properties; p && *p; p++)
        n++;
    return n;
}

static const struct muster_property *load_name(struct loader *l, const struct muster_doc *node)
{
    if (muster_doc_expect(node, MUSTER_NODE_SCALAR, "the name of a property", l->d) != 0)
        return NULL;
    static const char *const always[] = {"no_crash", "no_livelock", "determinism"};
    const struct muster_property *found = find_property(l, node->text);
    if (found)
        return found;
    for (size_t i = 0; i < sizeof always / sizeof always[0]; i++) {
        if (strcmp(always[i], node->text) == 0) {
            COMPLAIN(l, node->mark, "'%s' is judged in every run and is not named", always[i]);
            return NULL;
        }
    }
    uint32_t n = 0;
    const char **names = muster_memory_take(&l->memory, (count_properties(l) + 1) * sizeof *names);
    for (const struct muster_property *const *p = l->registry->properties; p && *p; p++)
        names[n++] = (*p)->name;
    complain_unknown(l, node, "property", names);
    return NULL;
}

static struct muster_property_use *use(struct loader *l, struct muster_property_use *all,
                                       const struct muster_property *property)
{
    for (uint32_t i = 0; i < l->s->property_count; i++) {
        if (all[i].property == property)
            return &all[i];
    }
    struct muster_property_use *new = &all[l->s->property_count++];
    new->property = property;
    return new;
}

static void load_list(struct loader *l, const struct muster_doc *root, const char *key,
                      enum muster_property_class class, struct muster_property_use *all)
{
    const struct muster_doc *list = field_list(l, root, key);
    for (const struct muster_doc *one = list ? list->first : NULL; one; one = one->next) {
        const struct muster_property *p = load_name(l, one);
        if (!p)
            continue;
        if (p->class != class)
            COMPLAIN(l, one->mark, "'%s' is %s; list it under '%s'", p->name,
                     p->class == MUSTER_SAFETY ? "a safety property" : "a liveness property",
                     p->class == MUSTER_SAFETY ? "always" : "eventually");
        use(l, all, p)->named = true;
    }
}

static void load_assumptions(struct loader *l, const struct muster_doc *root)
{
#define X(id, name, what) name,
    static const char *const names[] = {MUSTER_ASSUMPTIONS(X) NULL};
#undef X
    for (uint32_t i = 0; names[i]; i++)
        l->s->assumptions |= UINT32_C(1) << i;
    const struct muster_doc *mapping = field_mapping(l, root, "assumptions");
    if (!mapping)
        return;
    muster_doc_keys(mapping, names, l->d);
    for (uint32_t i = 0; names[i]; i++) {
        bool holds = true;
        take_boolean(l, mapping, names[i], &holds);
        if (!holds)
            l->s->assumptions &= ~(UINT32_C(1) << i);
    }
}

void load_properties(struct loader *l, const struct muster_doc *root)
{
    struct muster_property_use *all =
        muster_memory_take(&l->memory, (count_properties(l) + 1) * sizeof *all);
    l->s->properties = all;
    for (const struct muster_property *const *p = l->registry->properties; p && *p; p++) {
        if ((*p)->by_default)
            use(l, all, *p);
    }
    load_list(l, root, "always", MUSTER_SAFETY, all);
    load_list(l, root, "eventually", MUSTER_LIVENESS, all);
    load_assumptions(l, root);
    const struct muster_doc *failure = field(root, "expect_failure");
    if (failure && (l->s->expect_failure = load_name(l, failure)))
        use(l, all, l->s->expect_failure);
}
