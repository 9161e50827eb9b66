/* SPDX-License-Identifier: Apache-2.0 */
/* Selectors: who an entry or an expectation is about, resolved at the moment it matters. */
#include "sim/inside.h"

uint32_t select_leader(const struct muster_world *w, bool valid)
{
    uint32_t found = MUSTER_ANY;
    for (uint32_t p = 0; p < w->process_count; p++) {
        const struct process *x = &w->process[p];
        if (!x->running || !x->claim.leads)
            continue;
        if (valid && muster_clock_read(&x->lease, w->now) >= x->claim.until)
            continue;
        if (found == MUSTER_ANY || x->claim.epoch > w->process[found].claim.epoch)
            found = p;
    }
    return found;
}

static uint32_t side_size(const struct muster_world *w, uint32_t side)
{
    uint32_t n = 0;
    for (uint32_t p = 0; p < w->process_count; p++)
        n += w->side[p] == side;
    return n;
}

/* The smaller or larger side of the last partition; between equals the store's side is the
 * larger. */
static uint32_t extreme_side(const struct muster_world *w, bool smallest)
{
    uint32_t best = 0;
    for (uint32_t i = 1; i < w->sides; i++) {
        uint32_t size = 2 * side_size(w, i) + (i == w->store_group);
        uint32_t than = 2 * side_size(w, best) + (best == w->store_group);
        if (smallest ? size < than : size > than)
            best = i;
    }
    return best;
}

bool select_matches(struct muster_world *w, const struct muster_selector *s, uint32_t p)
{
    switch (s->kind) {
    case MUSTER_SELECT_MEMBER:
        return p == s->index;
    case MUSTER_SELECT_LEADER:
        return p == select_leader(w, false);
    case MUSTER_SELECT_FOLLOWERS:
        return w->process[p].running && !w->process[p].claim.leads;
    case MUSTER_SELECT_ALL:
        return true;
    case MUSTER_SELECT_NAMED:
        return w->binding[s->index] == p;
    case MUSTER_SELECT_MINORITY:
        return w->sides > 0 && w->side[p] == extreme_side(w, true);
    case MUSTER_SELECT_MAJORITY:
        return w->sides > 0 && w->side[p] == extreme_side(w, false);
    case MUSTER_SELECT_ANY:
        return w->process[p].running;
    }
    return false;
}

static uint32_t add_matches(struct muster_world *w, const struct muster_selector *s,
                            uint32_t found[SELECTION_MAX], uint32_t n)
{
    uint32_t first = n;
    for (uint32_t p = 0; p < w->process_count; p++) {
        bool known = false;
        for (uint32_t i = 0; i < n; i++)
            known |= found[i] == p;
        if (!known && select_matches(w, s, p))
            found[n++] = p;
    }
    if (s->kind == MUSTER_SELECT_ANY && n > first + 1) {
        struct muster_random r = muster_random_named(w->seed, "any", w->numbers);
        found[first] = found[first + muster_random_below(&r, n - first)];
        n = first + 1;
    }
    return n;
}

uint32_t select_processes(struct muster_world *w, const struct muster_selection *s,
                          uint32_t found[SELECTION_MAX])
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < s->count; i++)
        if (!s->at[i].is_endpoint)
            n = add_matches(w, &s->at[i].selector, found, n);
    return n;
}

static uint32_t add_endpoint(const struct muster_world *w, const struct muster_endpoint_ref *e,
                             uint16_t *found, uint32_t n)
{
    switch (e->kind) {
    case MUSTER_AT_MEMBER:
        found[n++] = (uint16_t)e->index;
        break;
    case MUSTER_AT_STORE:
        for (uint32_t i = 0; i < w->store.count; i++)
            if (e->index == MUSTER_ANY || e->index == i)
                found[n++] = (uint16_t)endpoint_of_store(w, i);
        break;
    case MUSTER_AT_TARGET:
        for (uint32_t i = 0; i < w->target_count; i++)
            if (e->index == MUSTER_ANY || e->index == i)
                found[n++] = (uint16_t)endpoint_of_target(w, i);
        break;
    case MUSTER_AT_HEALTH:
        for (uint32_t i = 0; i < w->scenario->members; i++)
            if (e->index == MUSTER_ANY || e->index == i)
                found[n++] = (uint16_t)endpoint_of_health(w, i);
        break;
    }
    return n;
}

uint32_t select_endpoints(struct muster_world *w, const struct muster_selection *s, uint16_t *found,
                          uint32_t most)
{
    uint32_t process[SELECTION_MAX];
    uint32_t n = select_processes(w, s, process);
    assert(n <= most && most >= w->endpoints);
    for (uint32_t i = 0; i < n; i++)
        found[i] = (uint16_t)process[i];
    for (uint32_t i = 0; i < s->count; i++)
        if (s->at[i].is_endpoint && n + w->endpoints <= most)
            n = add_endpoint(w, &s->at[i].endpoint, found, n);
    return n;
}
