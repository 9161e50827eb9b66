/* SPDX-License-Identifier: Apache-2.0 */
/* What a world is made of: links, clocks, store, disks. */
#include "sim/scenario/inside.h"

#include <inttypes.h>
#include <string.h>

#define LINKS_MAX   1024
#define LATENCY_MAX (3600 * MUSTER_SECOND)

/* "2ms" or "1ms..5ms" */
static void load_range(struct loader *l, const struct muster_doc *node,
                       struct muster_latency *latency)
{
    const char *dots = node->kind == MUSTER_NODE_SCALAR ? strstr(node->text, "..") : NULL;
    muster_dur min = 0, max = 0;
    if (!dots) {
        if (muster_doc_duration(node, 0, LATENCY_MAX, false, &min, l->d) == 0)
            latency->min = latency->max = min;
        return;
    }
    struct muster_doc low = *node, high = *node;
    low.text = muster_memory_copy(&l->memory, node->text, (size_t)(dots - node->text));
    high.text = dots + 2;
    if (muster_doc_duration(&low, 0, LATENCY_MAX, false, &min, l->d) != 0 ||
        muster_doc_duration(&high, 0, LATENCY_MAX, false, &max, l->d) != 0)
        return;
    if (min > max) {
        COMPLAIN(l, node->mark, "'%.60s' ends before it begins", node->text);
        return;
    }
    latency->min = min;
    latency->max = max;
}

/* `key` holds the range, `tail` the share of outliers and how far they lie out. */
static void load_latency(struct loader *l, const struct muster_doc *mapping, const char *key,
                         struct muster_latency *latency)
{
    static const char *const keys[] = {"share", "max", NULL};
    const struct muster_doc *range = field(mapping, key), *tail = field_mapping(l, mapping, "tail");
    if (range)
        load_range(l, range, latency);
    if (!tail)
        return;
    muster_doc_keys(tail, keys, l->d);
    const struct muster_doc *share = field(tail, "share");
    if (!share || !field(tail, "max")) {
        COMPLAIN(l, tail->mark, "'tail' needs a share and a max, such as {share: 1%%, max: 200ms}");
        return;
    }
    muster_doc_ppm(share, 0, MUSTER_PPM, &latency->tail_ppm, l->d);
    take_duration(l, tail, "max", 0, LATENCY_MAX, &latency->tail_max);
}

static void take_ppm(struct loader *l, const struct muster_doc *mapping, const char *key,
                     uint32_t *value)
{
    const struct muster_doc *node = field(mapping, key);
    if (node)
        muster_doc_ppm(node, 0, MUSTER_PPM, value, l->d);
}

void load_link(struct loader *l, const struct muster_doc *mapping, struct muster_link_config *link)
{
    load_latency(l, mapping, "latency", &link->latency);
    take_ppm(l, mapping, "loss", &link->loss_ppm);
    take_ppm(l, mapping, "duplicate", &link->duplicate_ppm);
    take_ppm(l, mapping, "reorder", &link->reorder_ppm);
    const struct muster_doc *bandwidth = field(mapping, "bandwidth");
    if (bandwidth)
        muster_doc_integer(bandwidth, 0, UINT64_C(1000000000000), &link->bandwidth, l->d);
}

/* "health" at one end of a link is the health source of the member at the other. */
static void pair_health(struct muster_endpoint_ref *source, const struct muster_endpoint_ref *other)
{
    if (source->kind == MUSTER_AT_HEALTH && source->index == MUSTER_ANY &&
        other->kind == MUSTER_AT_MEMBER)
        source->index = other->index;
}

static void complain_of_end(struct loader *l, const char *name, struct muster_mark mark)
{
    const char *all[MUSTER_PROCESSES_MAX + MUSTER_TARGETS_MAX + 3];
    uint32_t n = 0;
    for (uint32_t i = 0; i < l->s->members; i++)
        all[n++] = l->s->names[i];
    for (uint32_t i = 0; i < l->s->target_count; i++)
        all[n++] = l->target_names[i];
    all[n++] = "store";
    all[n++] = "health";
    all[n] = NULL;
    const struct muster_doc end = {.text = name, .mark = mark};
    complain_unknown(l, &end, "node or endpoint", all);
}

/* Where the first end of "a-b" ends: names may have dashes of their own. Null when there is no
 * dash between two ends; the first such dash when no split gives two that are known. */
static const char *find_dash(struct loader *l, const char *name)
{
    const char *first = NULL;
    struct muster_endpoint_ref end;
    for (const char *dash = strchr(name, '-'); dash; dash = strchr(dash + 1, '-')) {
        if (dash == name || !dash[1])
            continue;
        const char *a = muster_memory_copy(&l->memory, name, (size_t)(dash - name));
        if (find_endpoint(l, a, &end) && find_endpoint(l, dash + 1, &end))
            return dash;
        first = first ? first : dash;
    }
    return first;
}

bool load_link_ends(struct loader *l, const char *name, struct muster_mark mark,
                    struct muster_link_rule *rule)
{
    const char *dash = find_dash(l, name);
    if (!dash) {
        COMPLAIN(l, mark, "'%.60s' is no link; write two ends, such as n1-store", name);
        return false;
    }
    const char *a = muster_memory_copy(&l->memory, name, (size_t)(dash - name)), *b = dash + 1;
    bool has_a = find_endpoint(l, a, &rule->a), has_b = find_endpoint(l, b, &rule->b);
    if (!has_a)
        complain_of_end(l, a, mark);
    if (!has_b)
        complain_of_end(l, b, mark);
    if (!has_a || !has_b)
        return false;
    pair_health(&rule->a, &rule->b);
    pair_health(&rule->b, &rule->a);
    bool vague = (rule->a.kind == MUSTER_AT_HEALTH && rule->a.index == MUSTER_ANY) ||
                 (rule->b.kind == MUSTER_AT_HEALTH && rule->b.index == MUSTER_ANY);
    if (vague || strcmp(a, b) == 0)
        COMPLAIN(l, mark, "'%.60s' is no link: %s", name,
                 vague ? "a health source talks only to its node" : "both ends are the same");
    return !vague && strcmp(a, b) != 0;
}

static bool same_end(struct muster_endpoint_ref a, struct muster_endpoint_ref b)
{
    return a.kind == b.kind && a.index == b.index;
}

struct muster_link_config link_before(const struct muster_scenario *s,
                                      const struct muster_link_rule *rule)
{
    for (uint32_t i = s->link_count; i-- > 0;) {
        const struct muster_link_rule *known = &s->links[i];
        if ((same_end(known->a, rule->a) && same_end(known->b, rule->b)) ||
            (same_end(known->a, rule->b) && same_end(known->b, rule->a)))
            return known->link;
    }
    bool members = rule->a.kind == MUSTER_AT_MEMBER && rule->b.kind == MUSTER_AT_MEMBER;
    return members ? s->datagram : s->stream;
}

static void load_links(struct loader *l, const struct muster_doc *links)
{
    static const char *const keys[] = {"latency",   "loss", "duplicate", "reorder",
                                       "bandwidth", "tail", NULL};
    if (links->children > LINKS_MAX) {
        COMPLAIN(l, links->mark, "more than %d links", LINKS_MAX);
        return;
    }
    struct muster_link_rule *rules =
        muster_memory_take(&l->memory, (links->children + 1) * sizeof *rules);
    l->s->links = rules;
    for (const struct muster_doc *one = links->first; one; one = one->next) {
        struct muster_link_rule *rule = &rules[l->s->link_count];
        bool good = load_link_ends(l, one->key, one->key_mark, rule);
        if (muster_doc_expect(one, MUSTER_NODE_MAPPING, "a mapping such as {latency: 80ms}",
                              l->d) != 0)
            continue;
        muster_doc_keys(one, keys, l->d);
        struct muster_link_config unused = {0};
        if (good)
            rule->link = link_before(l->s, rule);
        load_link(l, one, good ? &rule->link : &unused);
        l->s->link_count += good;
    }
}

void load_network(struct loader *l, const struct muster_doc *root)
{
    static const char *const keys[] = {"latency", "loss",     "duplicate", "reorder", "bandwidth",
                                       "tail",    "datagram", "links",     NULL};
    static const char *const datagram_keys[] = {"latency",   "loss", "duplicate", "reorder",
                                                "bandwidth", "tail", NULL};
    struct muster_scenario *s = l->s;
    s->stream.latency.min = s->datagram.latency.min = MUSTER_MILLISECOND;
    s->stream.latency.max = s->datagram.latency.max = 5 * MUSTER_MILLISECOND;
    const struct muster_doc *network = field_mapping(l, root, "network");
    if (!network)
        return;
    muster_doc_keys(network, keys, l->d);
    load_link(l, network, &s->stream);
    s->datagram = s->stream;
    const struct muster_doc *datagram = field_mapping(l, network, "datagram");
    if (datagram) {
        muster_doc_keys(datagram, datagram_keys, l->d);
        load_link(l, datagram, &s->datagram);
    }
    const struct muster_doc *links = field_mapping(l, network, "links");
    if (links)
        load_links(l, links);
}

void load_clocks(struct loader *l, const struct muster_doc *root)
{
    static const char *const keys[] = {"offset", "drift", "wall_offset", NULL};
    const struct muster_doc *clocks = field_mapping(l, root, "clocks");
    for (const struct muster_doc *one = clocks ? clocks->first : NULL; one; one = one->next) {
        uint32_t member = 0;
        bool good = load_member(l, one, one->key, &member);
        if (muster_doc_expect(one, MUSTER_NODE_MAPPING, "a mapping such as {drift: 300ppm}",
                              l->d) != 0)
            continue;
        muster_doc_keys(one, keys, l->d);
        if (!good)
            continue;
        take_duration(l, one, "offset", 0, TIME_MAX, &l->s->clock[member].offset);
        take_drift(l, one, "drift", &l->s->clock[member].drift_ppm);
        take_signed(l, one, "wall_offset", &l->s->clock[member].wall_offset);
    }
}

void load_store(struct loader *l, const struct muster_doc *root)
{
    static const char *const keys[] = {"replicas",     "lag",   "persistence",
                                       "clock_offset", "drift", NULL};
    static const char *const persistence[] = {"none", "everysec", "always", NULL};
    struct muster_scenario *s = l->s;
    s->store.lag = 10 * MUSTER_MILLISECOND;
    s->store.persistence = MUSTER_PERSIST_ALWAYS;
    const struct muster_doc *store = field_mapping(l, root, "store");
    if (!store)
        return;
    muster_doc_keys(store, keys, l->d);
    take_count(l, store, "replicas", 0, MUSTER_REPLICAS_MAX, &s->store.replicas);
    take_duration(l, store, "lag", 0, LATENCY_MAX, &s->store.lag);
    uint32_t word = s->store.persistence;
    take_word(l, store, "persistence", persistence, &word);
    s->store.persistence = (enum muster_persistence)word;
    take_signed(l, store, "clock_offset", &s->store.clock_offset);
    take_drift(l, store, "drift", &s->store.drift_ppm);
}

void load_disk(struct loader *l, const struct muster_doc *root)
{
    static const char *const keys[] = {"sync", "tail", NULL};
    l->s->disk.min = MUSTER_MILLISECOND;
    l->s->disk.max = 3 * MUSTER_MILLISECOND;
    const struct muster_doc *disk = field_mapping(l, root, "disk");
    if (!disk)
        return;
    muster_doc_keys(disk, keys, l->d);
    load_latency(l, disk, "sync", &l->s->disk);
}
