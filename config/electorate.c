/* SPDX-License-Identifier: Apache-2.0 */
/* Electorates as files name them. */
#include "config/electorate.h"

#include <string.h>

#define COMPLAIN(d, mark, ...) muster_complain(d, MUSTER_SEVERITY_ERROR, mark, __VA_ARGS__)

static uint64_t first(uint32_t voters)
{
    return (UINT64_C(1) << voters) - 1;
}

/* Members by name; those that are none are complained of. */
static uint64_t load_set(const struct muster_doc *list, const struct muster_place *p,
                         struct muster_diagnostics *d)
{
    uint64_t set = 0;
    if (muster_doc_expect(list, MUSTER_NODE_SEQUENCE, "a list of names such as [n1, n2, n3]", d))
        return 0;
    for (const struct muster_doc *one = list->first; one; one = one->next) {
        uint32_t i = 0;
        if (muster_doc_expect(one, MUSTER_NODE_SCALAR, "a name", d) != 0)
            continue;
        while (i < p->count && strcmp(p->names[i], one->text) != 0)
            i++;
        if (i == p->count)
            COMPLAIN(d, one->mark, "'%.60s' is not among the members", one->text);
        else if (set >> i & 1)
            COMPLAIN(d, one->mark, "'%.60s' is there twice", one->text);
        else
            set |= UINT64_C(1) << i;
    }
    return set;
}

/* One voter changes at a time. */
static int set_change(struct muster_place *p, uint64_t now, uint64_t before,
                      struct muster_mark mark, struct muster_diagnostics *d)
{
    p->joining = now & ~before;
    p->leaving = before & ~now;
    p->voters = (uint32_t)__builtin_popcountll(now | before);
    if ((p->joining | p->leaving) == 0)
        COMPLAIN(d, mark, "both electorates are the same");
    else if (now == 0 || before == 0)
        COMPLAIN(d, mark, "an electorate has at least one voter");
    else if ((p->joining & (p->joining - 1)) != 0 || (p->leaving & (p->leaving - 1)) != 0)
        COMPLAIN(d, mark, "at most one voter joins and one leaves at a time");
    else if (p->voters > MUSTER_VOTERS_MAX)
        COMPLAIN(d, mark, "more than %d voters in both electorates", MUSTER_VOTERS_MAX);
    else if ((now | before) != first(p->voters))
        COMPLAIN(d, mark, "the voters of both electorates have to be the first of the members");
    else
        return 0;
    return MUSTER_E_INVALID;
}

/* Let the member at `from` stand at `to` before it; the others move up. */
static void move_name(const char *names[MUSTER_MEMBERS_MAX], struct muster_place *p, uint32_t from,
                      uint32_t to)
{
    const char *moved = names[from];
    memmove(&names[to + 1], &names[to], (from - to) * sizeof names[0]);
    names[to] = moved;
    if (p->index == from)
        p->index = to;
    else if (p->index >= to && p->index < from)
        p->index++;
}

int muster_electorate_load(const struct muster_doc *node, const char *names[MUSTER_MEMBERS_MAX],
                           struct muster_place *p, struct muster_diagnostics *d)
{
    static const char *const keys[] = {"generation", "previous", NULL};
    uint32_t errors = d->errors, voters = p->voters;
    if (muster_doc_expect(node, MUSTER_NODE_MAPPING,
                          "a mapping such as {generation: 2, previous: [n1, n2, n3]}", d) != 0)
        return MUSTER_E_INVALID;
    muster_doc_keys(node, keys, d);
    const struct muster_doc *generation = muster_doc_get(node, "generation");
    const struct muster_doc *previous = muster_doc_get(node, "previous");
    if (!generation)
        COMPLAIN(d, node->mark, "'generation' is missing: 1 for the first electorate, then 2, …");
    else
        muster_doc_integer(generation, previous ? 2 : 1, MUSTER_INTEGER_MAX, &p->generation, d);
    uint64_t before = previous ? load_set(previous, p, d) : 0;
    if (d->errors != errors || !previous)
        return d->errors == errors ? 0 : MUSTER_E_INVALID;
    uint64_t leaving = before & ~first(voters);
    if (leaving != 0 && (leaving & (leaving - 1)) == 0) {
        move_name(names, p, (uint32_t)__builtin_ctzll(leaving), voters);
        before = (before & ~leaving) | UINT64_C(1) << voters;
    }
    return set_change(p, first(voters), before, previous->mark, d);
}

int muster_electorate_next(const struct muster_doc *list, const struct muster_place *p,
                           struct muster_place *next, struct muster_diagnostics *d)
{
    uint32_t errors = d->errors;
    uint64_t now = load_set(list, p, d);
    *next = *p;
    next->generation = (p->generation > 0 ? p->generation : 1) + 1;
    if (d->errors != errors)
        return MUSTER_E_INVALID;
    return set_change(next, now, first(p->voters), list->mark, d);
}
