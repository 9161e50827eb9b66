/* SPDX-License-Identifier: Apache-2.0 */
/* Names of members: which are good. */
#include "config/names.h"

#include <string.h>

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

bool muster_names_reserved(const char *word)
{
    static const char *const reserved[] = {"leader", "followers", "all",  "minority", "majority",
                                           "any",    "store",     "none", "health"};
    for (size_t i = 0; i < sizeof reserved / sizeof reserved[0]; i++) {
        if (strcmp(word, reserved[i]) == 0)
            return true;
    }
    return strncmp(word, "store.", 6) == 0 || strncmp(word, "health.", 7) == 0;
}

static bool is_good(const char *name)
{
    size_t length = strlen(name);
    return length >= 1 && length <= MUSTER_NAME_MAX && strspn(name, LETTERS) > 0 &&
           strspn(name, LETTERS "_-.") == length;
}

static bool is_taken(const char *const *names, uint32_t count, const char *name)
{
    for (uint32_t i = 0; i < count; i++) {
        if (strcmp(names[i], name) == 0)
            return true;
    }
    return false;
}

/* What is wrong with a name; null when nothing is. */
static const char *fault_of(const char *name, const char *const *names, uint32_t count)
{
    if (!is_good(name))
        return "is no name of a member: 1 to 31 letters, digits, '_', '-' and '.'";
    if (muster_names_reserved(name))
        return "means something else already; take another name";
    return is_taken(names, count, name) ? "is there twice" : NULL;
}

int muster_names_load(const struct muster_doc *list, const char *names[MUSTER_MEMBERS_MAX],
                      uint32_t *count, struct muster_diagnostics *d)
{
    uint32_t errors = d->errors;
    *count = 0;
    if (muster_doc_expect(list, MUSTER_NODE_SEQUENCE, "a list of names such as [n1, n2, n3]", d))
        return MUSTER_E_INVALID;
    if (!list->first)
        muster_complain(d, MUSTER_SEVERITY_ERROR, list->mark, "a cluster has at least one member");
    for (const struct muster_doc *one = list->first; one; one = one->next) {
        if (muster_doc_expect(one, MUSTER_NODE_SCALAR, "a name", d) != 0)
            continue;
        if (*count == MUSTER_MEMBERS_MAX) {
            muster_complain(d, MUSTER_SEVERITY_ERROR, one->mark, "more than %d members",
                            MUSTER_MEMBERS_MAX);
            break;
        }
        const char *fault = fault_of(one->text, names, *count);
        if (fault)
            muster_complain(d, MUSTER_SEVERITY_ERROR, one->mark, "'%.60s' %s", one->text, fault);
        else
            names[(*count)++] = one->text;
    }
    return d->errors == errors ? 0 : MUSTER_E_INVALID;
}
