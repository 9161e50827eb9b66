/* SPDX-License-Identifier: Apache-2.0 */
/* Scripted health: changes, from which each member's whole state at each point is summed up as
 * text. */
#include "sim/scenario/inside.h"

#include "core/text.h"

#include <stdio.h>
#include <string.h>

#define COMPONENTS_MAX 8

static const char *const systems[] = {"HEALTHY", "DEGRADED", "FAILED", "UNKNOWN", NULL};
static const char *const circuits[] = {"CLOSED", "OPEN", "HALF_OPEN", "UNKNOWN", NULL};
static const char *const retries[] = {"STABLE", "ELEVATED", "CRITICAL", "UNKNOWN", NULL};
static const char *const fallbacks[] = {"PRIMARY", "HEURISTIC", "SAFE", NULL};
static const char *const keys[] = {
    "at",
    "circuit_breaker",
    "system",
    "retry",
    "failed_components",
    "degraded_components",
    "total_components",
    "failures_1h",
    "fallback",
    "accuracy",
    "components",
    "healthy",
    NULL,
};

/* What was said of a member, at a time. Points and timeline meet here. */
struct health_change {
    muster_time at;
    bool passing; /* ends again by `for`: later states do not build on it */
    uint32_t member;
    const struct muster_doc *state;
    const char **ret_text;
};

struct component {
    const char *name;
    uint32_t status;
};

struct state {
    uint32_t system, circuit, retry, fallback;
    uint64_t failed, degraded, total, failures;
    bool failed_given, degraded_given, has_open, has_accuracy;
    muster_dur open;
    uint32_t accuracy;
    struct component component[COMPONENTS_MAX];
    uint32_t components;
};

static const struct state healthy = {.total = 3};

static void take_number(struct loader *l, const struct muster_doc *mapping, const char *key,
                        uint64_t *value, bool *given)
{
    const struct muster_doc *node = field(mapping, key);
    if (node && muster_doc_integer(node, 0, MUSTER_INTEGER_MAX, value, l->d) == 0 && given)
        *given = true;
}

static void load_counts(struct loader *l, const struct muster_doc *mapping, struct state *s)
{
    take_number(l, mapping, "failed_components", &s->failed, &s->failed_given);
    take_number(l, mapping, "degraded_components", &s->degraded, &s->degraded_given);
    take_number(l, mapping, "total_components", &s->total, NULL);
}

static void load_system(struct loader *l, const struct muster_doc *node, struct state *s)
{
    static const char *const inner[] = {"status", "failed_components", "degraded_components",
                                        "total_components", NULL};
    if (node->kind != MUSTER_NODE_MAPPING) {
        muster_doc_word(node, systems, &s->system, l->d);
        return;
    }
    muster_doc_keys(node, inner, l->d);
    take_word(l, node, "status", systems, &s->system);
    load_counts(l, node, s);
}

static void load_circuit(struct loader *l, const struct muster_doc *node, struct state *s)
{
    static const char *const inner[] = {"state", "open_duration_seconds", NULL};
    s->has_open = false;
    if (node->kind != MUSTER_NODE_MAPPING) {
        muster_doc_word(node, circuits, &s->circuit, l->d);
        return;
    }
    muster_doc_keys(node, inner, l->d);
    take_word(l, node, "state", circuits, &s->circuit);
    const struct muster_doc *open = field(node, "open_duration_seconds");
    s->has_open = open && muster_doc_duration(open, 0, TIME_MAX, true, &s->open, l->d) == 0;
}

/* SPEC 1: below 5 STABLE, below 20 ELEVATED, else CRITICAL. */
static uint32_t retry_of(uint64_t failures)
{
    return failures < 5 ? 0 : failures < 20 ? 1 : 2;
}

static void load_failures(struct loader *l, const struct muster_doc *node, struct state *s)
{
    if (muster_doc_integer(node, 0, MUSTER_INTEGER_MAX, &s->failures, l->d) == 0)
        s->retry = retry_of(s->failures);
}

static void load_retry(struct loader *l, const struct muster_doc *node, struct state *s)
{
    static const char *const inner[] = {"state", "failures_1h", NULL};
    if (node->kind == MUSTER_NODE_SCALAR && node->text[0] >= '0' && node->text[0] <= '9') {
        load_failures(l, node, s);
        return;
    }
    if (node->kind != MUSTER_NODE_MAPPING) {
        muster_doc_word(node, retries, &s->retry, l->d);
        return;
    }
    muster_doc_keys(node, inner, l->d);
    if (field(node, "failures_1h"))
        load_failures(l, field(node, "failures_1h"), s);
    take_word(l, node, "state", retries, &s->retry);
}

static bool is_component(const char *name)
{
    size_t good = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-");
    return good > 0 && good <= MUSTER_NAME_MAX && !name[good];
}

static void load_component(struct loader *l, const struct muster_doc *one, struct state *s)
{
    uint32_t i = 0, status = 0;
    static const char *const inner[] = {"status", NULL};
    while (i < s->components && strcmp(s->component[i].name, one->key) != 0)
        i++;
    if (!is_component(one->key) || i == COMPONENTS_MAX) {
        COMPLAIN(l, one->key_mark,
                 i == COMPONENTS_MAX ? "more than 8 components; '%.40s' is one too many"
                                     : "'%.40s' is no name of a component",
                 one->key);
        return;
    }
    const struct muster_doc *word = one;
    if (one->kind == MUSTER_NODE_MAPPING) {
        muster_doc_keys(one, inner, l->d);
        word = field(one, "status");
    }
    if (!word || muster_doc_word(word, systems, &status, l->d) != 0)
        return;
    s->component[i] = (struct component){one->key, status};
    if (i == s->components)
        s->components++;
}

static void load_state(struct loader *l, const struct muster_doc *mapping, struct state *s)
{
    bool good = false;
    const struct muster_doc *node = field(mapping, "healthy");
    if (node && muster_doc_boolean(node, &good, l->d) == 0) {
        if (good)
            *s = healthy;
        else
            COMPLAIN(l, node->mark, "'healthy' can only be true; say what fails instead");
    }
    load_counts(l, mapping, s);
    if ((node = field(mapping, "system")))
        load_system(l, node, s);
    if ((node = field(mapping, "circuit_breaker")))
        load_circuit(l, node, s);
    if ((node = field(mapping, "failures_1h")))
        load_failures(l, node, s);
    if ((node = field(mapping, "retry")))
        load_retry(l, node, s);
    take_word(l, mapping, "fallback", fallbacks, &s->fallback);
    node = field(mapping, "accuracy");
    if (node && muster_doc_ppm(node, 0, MUSTER_PPM, &s->accuracy, l->d) == 0)
        s->has_accuracy = true;
    node = field_mapping(l, mapping, "components");
    for (const struct muster_doc *one = node ? node->first : NULL; one; one = one->next)
        load_component(l, one, s);
}

static uint64_t count_components(const struct state *s, uint32_t status)
{
    uint64_t n = 0;
    for (uint32_t i = 0; i < s->components; i++)
        n += s->component[i].status == status;
    return n;
}

static void add_number(struct muster_text *t, const char *token, uint64_t value)
{
    muster_text_add(t, token);
    muster_text_add_u64(t, value);
}

static const char *state_text(struct loader *l, const struct state *s, struct muster_mark mark)
{
    char room[MUSTER_HEALTH_TEXT_MAX];
    struct muster_text t;
    muster_text_init(&t, room, sizeof room);
    muster_text_add(&t, "system=");
    muster_text_add(&t, systems[s->system]);
    add_number(&t, " failed=", s->failed_given ? s->failed : count_components(s, 2));
    add_number(&t, " degraded=", s->degraded_given ? s->degraded : count_components(s, 1));
    add_number(&t, " total=", s->total > s->components ? s->total : s->components);
    muster_text_add(&t, " circuit=");
    muster_text_add(&t, circuits[s->circuit]);
    if (s->has_open)
        add_number(&t, " open_s=", s->open / MUSTER_SECOND);
    muster_text_add(&t, " retry=");
    muster_text_add(&t, retries[s->retry]);
    add_number(&t, " failures_1h=", s->failures);
    muster_text_add(&t, " fallback=");
    muster_text_add(&t, fallbacks[s->fallback]);
    if (s->has_accuracy)
        add_number(&t, " accuracy_ppm=", s->accuracy);
    for (uint32_t i = 0; i < s->components; i++) {
        muster_text_add(&t, " component.");
        muster_text_add(&t, s->component[i].name);
        muster_text_add(&t, "=");
        muster_text_add(&t, systems[s->component[i].status]);
    }
    if (muster_text_is_cut(&t))
        COMPLAIN(l, mark, "too much health to say: more than %d bytes", MUSTER_HEALTH_TEXT_MAX - 1);
    struct muster_bytes text = muster_text_written(&t);
    return muster_memory_copy(&l->memory, (const char *)text.at, text.size);
}

void add_health_change(struct loader *l, muster_time at, bool passing, uint32_t member,
                       const struct muster_doc *state, const char **ret_text)
{
    *ret_text = "";
    if (muster_doc_expect(state, MUSTER_NODE_MAPPING, "a mapping such as {circuit_breaker: OPEN}",
                          l->d) != 0)
        return;
    muster_doc_keys(state, keys, l->d);
    if (l->change_count == l->change_capacity) {
        uint32_t more = l->change_capacity > 0 ? 2 * l->change_capacity : 64;
        struct health_change *moved = muster_memory_take(&l->memory, more * sizeof *moved);
        if (l->change_count > 0)
            memcpy(moved, l->changes, l->change_count * sizeof *moved);
        l->changes = moved;
        l->change_capacity = more;
    }
    l->changes[l->change_count++] = (struct health_change){at, passing, member, state, ret_text};
}

/* Order by time, ties as in the file: insertion from the back, as files are mostly in order. */
static void order_changes(struct loader *l)
{
    for (uint32_t i = 1; i < l->change_count; i++) {
        struct health_change one = l->changes[i];
        uint32_t to = i;
        for (; to > 0 && l->changes[to - 1].at > one.at; to--)
            l->changes[to] = l->changes[to - 1];
        l->changes[to] = one;
    }
}

static void load_points(struct loader *l, const struct muster_doc *list, uint32_t member,
                        struct muster_health_point *points)
{
    for (const struct muster_doc *one = list->first; one; one = one->next) {
        struct muster_health_point *point = &points[l->s->health_count];
        const struct muster_doc *at = field(one, "at");
        if (muster_doc_expect(one, MUSTER_NODE_MAPPING, "a mapping such as {at: 20s, retry: 60}",
                              l->d) != 0)
            continue;
        if (!at) {
            COMPLAIN(l, one->mark, "a point of health needs 'at', such as at: 20s");
            continue;
        }
        if (muster_doc_duration(at, 0, TIME_MAX, false, &point->at, l->d) != 0)
            continue;
        point->member = member;
        add_health_change(l, point->at, false, member, one, &point->text);
        l->s->health_count++;
    }
}

static void order_points(struct muster_health_point *points, uint32_t count)
{
    for (uint32_t i = 1; i < count; i++) {
        struct muster_health_point one = points[i];
        uint32_t to = i;
        for (; to > 0 && points[to - 1].at > one.at; to--)
            points[to] = points[to - 1];
        points[to] = one;
    }
}

void load_health(struct loader *l, const struct muster_doc *root)
{
    uint32_t most = 0;
    const struct muster_doc *health = field_mapping(l, root, "health");
    for (const struct muster_doc *one = health ? health->first : NULL; one; one = one->next)
        most += one->children;
    if (!health)
        return;
    if (most > POINTS_MAX) {
        COMPLAIN(l, health->mark, "more than %d points of health", POINTS_MAX);
        return;
    }
    struct muster_health_point *points = muster_memory_take(&l->memory, most * sizeof *points);
    for (const struct muster_doc *one = health->first; one; one = one->next) {
        uint32_t member = 0;
        bool good = load_member(l, one, one->key, &member);
        if (muster_doc_expect(one, MUSTER_NODE_SEQUENCE, "a list such as [{at: 20s, retry: 60}]",
                              l->d) == 0 &&
            good)
            load_points(l, one, member, points);
    }
    l->s->health = l->points = points;
}

void sum_health(struct loader *l)
{
    struct state *members = muster_memory_take(&l->memory, (l->s->members + 1) * sizeof *members);
    for (uint32_t i = 0; i < l->s->members; i++)
        members[i] = healthy;
    order_changes(l);
    for (uint32_t i = 0; i < l->change_count; i++) {
        const struct health_change *change = &l->changes[i];
        struct state now = members[change->member];
        load_state(l, change->state, &now);
        *change->ret_text = state_text(l, &now, change->state->mark);
        if (!change->passing)
            members[change->member] = now;
    }
    order_points(l->points, l->s->health_count); /* now that nothing points to them any more */
}
