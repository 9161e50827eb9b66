/* SPDX-License-Identifier: Apache-2.0 */
/* Who votes: the electorate that the members start with, and the next one. */
#include "sim/scenario/inside.h"

#include "config/electorate.h"

void load_electorates(struct loader *l, const struct muster_doc *cluster)
{
    struct muster_scenario *s = l->s;
    const struct muster_doc *electorate = field(cluster, "electorate");
    const struct muster_doc *next = field(cluster, "next");
    struct muster_place *p = &s->place[MUSTER_ELECTORATE_FIRST];
    *p = (struct muster_place){.count = s->members, .voters = s->voters, .names = s->names};
    if (electorate)
        muster_electorate_load(electorate, s->names, p, l->d);
    s->voters = p->voters;
    s->place[MUSTER_ELECTORATE_NEXT] = *p;
    s->has_next = next != NULL;
    if (!next)
        return;
    if (electorate)
        COMPLAIN(l, next->key_mark, "'electorate' and 'next' exclude each other");
    else if (muster_electorate_next(next, p, &s->place[MUSTER_ELECTORATE_NEXT], l->d) == 0)
        s->voters = s->place[MUSTER_ELECTORATE_NEXT].voters;
}
