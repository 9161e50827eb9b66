/* SPDX-License-Identifier: Apache-2.0 */
/* Plans as scenarios: written as YAML, read back, kept within their bounds. */
#include "sim/fuzz/inside.h"

#include "config/document.h"
#include "core/orchestrator/enhanced.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

/* ---- frames ---- */

void muster_plan_frame_empty(struct muster_plan_frame *f, uint32_t nodes)
{
    static const char *const names[MUSTER_MEMBERS_MAX] = {
#define N(n) "n" #n
#define TEN(t)                                                                                     \
    N(t##0), N(t##1), N(t##2), N(t##3), N(t##4), N(t##5), N(t##6), N(t##7), N(t##8), N(t##9)
        N(1),   N(2),   N(3),   N(4),   N(5),  N(6),  N(7),  N(8),  N(9),  TEN(1),
        TEN(2), TEN(3), TEN(4), TEN(5), N(60), N(61), N(62), N(63), N(64),
#undef TEN
#undef N
    };
    assert(nodes >= 1 && nodes <= MUSTER_MEMBERS_MAX);
    *f = (struct muster_plan_frame){.members = nodes};
    memcpy(f->names, names, sizeof f->names);
    f->bounds = (struct muster_fuzz_bounds){.faults = MUSTER_FAULTS_ALL,
                                            .members = UINT64_MAX,
                                            .low = 1,
                                            .high = 24,
                                            .shortest = MUSTER_MILLISECOND,
                                            .longest = 20 * MUSTER_SECOND};
}

/* ---- documents as one line ---- */

/* Whether a bare word would read as something else. */
static bool needs_quotes(const struct muster_doc *node)
{
    return node->quoted || !*node->text || strpbrk(node->text, " ,:{}[]\"'#\n\t\\") ||
           strchr("-?&*!|>%@`", node->text[0]);
}

static void put_scalar(struct muster_text *t, const struct muster_doc *node)
{
    if (!needs_quotes(node) || (!node->quoted && strspn(node->text, "-0123456789.") > 1)) {
        muster_text_add(t, node->text);
        return;
    }
    muster_text_add(t, "\"");
    for (const char *c = node->text; *c; c++) {
        const char one[3] = {'\\', *c, 0}, *word = *c == '"' || *c == '\\' ? one : one + 1;
        muster_text_add(t, *c == '\n' ? "\\n" : *c == '\t' ? "\\t" : word);
    }
    muster_text_add(t, "\"");
}

static void put_node(struct muster_text *t, const struct muster_doc *node)
{
    if (node->kind == MUSTER_NODE_SCALAR) {
        put_scalar(t, node);
        return;
    }
    bool mapping = node->kind == MUSTER_NODE_MAPPING;
    muster_text_add(t, mapping ? "{" : "[");
    for (const struct muster_doc *child = node->first; child; child = child->next) {
        if (mapping) {
            muster_text_add(t, child->key);
            muster_text_add(t, ": ");
        }
        put_node(t, child);
        if (child->next)
            muster_text_add(t, ", ");
    }
    muster_text_add(t, mapping ? "}" : "]");
}

static bool is_one_of(const char *key, const char *const *keys)
{
    while (*keys && strcmp(*keys, key) != 0)
        keys++;
    return *keys != NULL;
}

/* ---- from a scenario ---- */

/* What a plan says itself, or has no use for: what was expected was so without further faults. */
static const char *const dropped[] = {"version",    "name",     "defends",     "seeds",
                                      "duration",   "tags",     "include",     "env",
                                      "parameters", "timeline", "expect",      "expect_failure",
                                      "fuzz",       "lenient",  "assumptions", NULL};

static bool read_part(const struct muster_doc *node, char *part)
{
    struct muster_text t;
    muster_text_init(&t, part, MUSTER_PLAN_PART_MAX);
    muster_text_add(&t, node->key);
    muster_text_add(&t, ": ");
    put_node(&t, node);
    return !muster_text_is_cut(&t);
}

static bool read_head(struct muster_plan *p, const struct muster_scenario *s, bool parts)
{
    struct muster_text t;
    bool fits = true;
    muster_text_init(&t, p->head, sizeof p->head);
    for (const struct muster_doc *node = s->root->first; node; node = node->next) {
        char *part = strcmp(node->key, "network") == 0  ? p->network
                     : strcmp(node->key, "clocks") == 0 ? p->clocks
                     : strcmp(node->key, "disk") == 0   ? p->disk
                                                        : NULL;
        if (is_one_of(node->key, dropped) || muster_doc_is_null(node))
            continue;
        if (part && parts) {
            fits = fits && read_part(node, part);
            continue;
        }
        muster_text_add(&t, node->key);
        muster_text_add(&t, ": ");
        put_node(&t, node);
        muster_text_add(&t, "\n");
    }
    return fits && !muster_text_is_cut(&t);
}

static void read_timing(struct muster_plan_entry *e, const struct muster_entry *from)
{
    e->fault = (uint8_t)muster_fault_of(from);
    e->at = from->at;
    e->event = from->when;
    e->whenever = from->whenever;
    e->until = from->until;
    e->then = from->delay;
    e->lasts = from->lasts;
}

/* The keys of an entry but for those that say when. */
static bool read_what(struct muster_plan_entry *e, const struct muster_doc *node, bool whole)
{
    static const char *const timing[] = {"at",   "after", "when",  "whenever",
                                         "then", "for",   "until", NULL};
    struct muster_text t;
    muster_text_init(&t, e->what, sizeof e->what);
    for (const struct muster_doc *child = node->first; child; child = child->next) {
        if (!whole && is_one_of(child->key, timing))
            continue;
        if (t.length > 0)
            muster_text_add(&t, ", ");
        muster_text_add(&t, child->key);
        muster_text_add(&t, ": ");
        put_node(&t, child);
    }
    return !muster_text_is_cut(&t);
}

static bool is_pinned(const struct muster_plan *base, const struct muster_doc *node)
{
    struct muster_plan_entry e;
    if (!base || !read_what(&e, node, true))
        return false;
    for (uint32_t i = 0; i < base->count; i++)
        if (strcmp(base->entry[i].what, e.what) == 0)
            return true;
    return false;
}

static const char tail_restart[] = "restart: all", tail_store[] = "store: restart";

/* What a plan's end adds is no entry of it. */
static bool is_tail(const struct muster_plan *p, const struct muster_plan_entry *e)
{
    return e->at == p->calm &&
           (strcmp(e->what, tail_restart) == 0 || strcmp(e->what, tail_store) == 0);
}

static bool read_entries(struct muster_plan *p, const struct muster_plan_frame *f,
                         const struct muster_scenario *s, bool pin)
{
    const struct muster_doc *timeline = muster_doc_get(s->root, "timeline");
    uint32_t loaded = 0;
    for (const struct muster_doc *node = timeline ? timeline->first : NULL; node;
         node = node->next) {
        if (p->count == MUSTER_PLAN_ENTRIES_MAX)
            return false;
        struct muster_plan_entry *e = &p->entry[p->count];
        const struct muster_doc *health = muster_doc_get(node, "health");
        *e = (struct muster_plan_entry){.pinned = pin || is_pinned(f->base, node)};
        read_timing(e, &s->timeline[loaded]);
        if (!read_what(e, node, e->pinned))
            return false;
        loaded += health && health->children > 1 ? health->children : 1;
        p->count += e->pinned || !is_tail(p, e);
    }
    return true;
}

static void read_shape(struct muster_plan *p, const struct muster_plan_frame *f,
                       const struct muster_scenario *s)
{
    const bool own = strcmp(s->process->name, "muster") == 0;
    const struct muster_config *config = own ? s->config : NULL;
    muster_dur still = plan_quiet(s);
    p->seed = s->seed_first;
    p->duration = s->duration;
    p->calm = s->duration > 2 * still ? s->duration - still : s->duration / 2;
    if (f->bounds.until > 0)
        p->calm = f->bounds.until;
    if (s->fuzz.until > 0)
        p->calm = s->fuzz.until;
    p->voters = s->voters;
    p->replicas = s->store.replicas;
    p->targets = s->target_count;
    p->assumptions = s->assumptions;
    p->drift_ppm = config ? config->max_clock_drift_ppm : 500;
    p->pace = config ? config->renew_every : s->duration / 10;
    p->allowed = f->base ? f->base->allowed : plan_allowed(s, f);
    p->notes = own ? NULL : s->process->note_names;
    if (p->targets > 0)
        snprintf(p->target, sizeof p->target, "%s", s->target[0].name);
    if (config && config->enhanced && config->enhanced->policy_count > 0)
        snprintf(p->anomaly, sizeof p->anomaly, "%s", config->enhanced->policy[0].type);
    else
        p->allowed &= ~MUSTER_FAULT_BIT(ANOMALY);
}

bool muster_plan_read(struct muster_plan *p, const struct muster_plan_frame *f,
                      const struct muster_scenario *s)
{
    memset(p, 0, sizeof *p);
    if (s->members != f->members)
        return false;
    for (uint32_t i = 0; i < f->members; i++)
        if (strcmp(s->names[i], f->names[i]) != 0)
            return false;
    read_shape(p, f, s);
    return read_head(p, s, !f->base) && read_entries(p, f, s, false);
}

/* What a scenario does itself may break an assumption without harm; with faults around it that
 * ends, so such an assumption is given up. */
static void give_up(struct muster_plan *p, const struct muster_scenario *s)
{
    for (uint32_t i = 0; i < p->count; i++) {
        uint64_t fault = UINT64_C(1) << p->entry[i].fault;
        if (fault & (MUSTER_FAULT_BIT(CLOCK_STEP) | MUSTER_FAULT_BIT(CLOCK_DRIFT)))
            p->assumptions &= ~(uint32_t)MUSTER_ASSUME_DRIFT;
        if (fault & (MUSTER_FAULT_BIT(CRASH_LOST) | MUSTER_FAULT_BIT(DISK_LOST) |
                     MUSTER_FAULT_BIT(DISK_ROT)))
            p->assumptions &= ~(uint32_t)MUSTER_ASSUME_DURABLE;
        if (fault & MUSTER_FAULT_BIT(TWIN))
            p->assumptions &= ~(uint32_t)MUSTER_ASSUME_UNIQUE;
        if (fault & MUSTER_FAULT_BIT(TARGET_UNFENCED))
            p->assumptions &= ~(uint32_t)MUSTER_ASSUME_FENCING;
    }
    for (uint32_t i = 0; i < s->members; i++)
        if (s->clock[i].drift_ppm > (int64_t)p->drift_ppm ||
            s->clock[i].drift_ppm < -(int64_t)p->drift_ppm)
            p->assumptions &= ~(uint32_t)MUSTER_ASSUME_DRIFT;
}

/* The failover bound holds while a round trip and a sync take at most renew_every / 12. */
static bool is_quick(const struct muster_scenario *s)
{
    const struct muster_config *c = s->config;
    muster_dur slowest = s->disk.max + s->disk.tail_max;
    slowest += 2 * (s->stream.latency.max + s->stream.latency.tail_max);
    for (uint32_t i = 0; i < s->link_count; i++)
        slowest += 2 * (s->links[i].link.latency.max + s->links[i].link.latency.tail_max);
    return slowest <= c->renew_every / 12;
}

/* Liveness is what faults leave behind, so a scenario that names none gets ours. */
static bool add_liveness(struct muster_plan *p, const struct muster_scenario *s)
{
    size_t used = strlen(p->head);
    if (muster_doc_get(s->root, "eventually") || strcmp(s->process->name, "muster") != 0)
        return true;
    int n = snprintf(p->head + used, sizeof p->head - used,
                     "eventually: [%smembers_listed, intents_end, faults_answered]\n",
                     is_quick(s) ? "leader_returns, leadership_stable, " : "");
    return n > 0 && (size_t)n < sizeof p->head - used;
}

bool muster_plan_frame_of(struct muster_plan_frame *f, struct muster_plan *base,
                          const struct muster_scenario *s, const char **problem)
{
    *f = (struct muster_plan_frame){.members = s->members, .bounds = s->fuzz};
    memcpy(f->names, s->names, s->members * sizeof f->names[0]);
    memset(base, 0, sizeof *base);
    read_shape(base, f, s);
    *problem = "it is too large to be written again, or has more than 48 entries";
    if (!read_head(base, s, false) || !add_liveness(base, s) || !read_entries(base, f, s, true))
        return false;
    give_up(base, s);
    f->base = base;
    *problem = "its faults would have to end before 2s";
    return base->calm > PLAN_FIRST;
}

/* ---- bounds ---- */

static void clamp(struct muster_plan_entry *e, muster_time calm)
{
    e->at = e->at < PLAN_FIRST ? PLAN_FIRST : e->at > calm ? calm : e->at;
    muster_dur room = calm - e->at;
    if (e->event != 0) {
        e->then = e->then > room / 4 ? room / 4 / MUSTER_MICROSECOND * MUSTER_MICROSECOND : e->then;
        room -= e->then;
    }
    if (e->lasts > 0 && e->lasts > room) {
        e->lasts = room / MUSTER_MICROSECOND * MUSTER_MICROSECOND;
        if (e->lasts == 0) { /* no room at all: make it */
            e->at = calm - MUSTER_MILLISECOND;
            e->then = 0;
            e->lasts = MUSTER_MILLISECOND;
        }
    }
    if (e->event != 0)
        e->until = calm - e->then - e->lasts;
}

static void sort(struct muster_plan *p)
{
    for (uint32_t i = 1; i < p->count; i++) {
        struct muster_plan_entry e = p->entry[i];
        uint32_t at = i;
        for (; at > 0 && p->entry[at - 1].at > e.at; at--)
            p->entry[at] = p->entry[at - 1];
        p->entry[at] = e;
    }
}

/* A dump has to come before what is restored. */
static void pair_dumps(struct muster_plan *p)
{
    bool dumped = false;
    for (uint32_t i = 0; i < p->count; i++) {
        struct muster_plan_entry *e = &p->entry[i];
        if (e->fault == MUSTER_FAULT_STORE_RESTORE && !dumped && !e->pinned) {
            e->fault = MUSTER_FAULT_STORE_DUMP;
            snprintf(e->what, sizeof e->what, "store: dump");
        }
        dumped |= e->fault == MUSTER_FAULT_STORE_DUMP;
    }
}

void plan_repair(struct muster_plan *p)
{
    for (uint32_t i = 0; i < p->count; i++)
        if (!p->entry[i].pinned)
            clamp(&p->entry[i], p->calm);
    sort(p);
    pair_dumps(p);
}

/* ---- as YAML ---- */

static void put_time(struct muster_text *t, const char *before, muster_dur d)
{
    muster_text_add(t, before);
    muster_text_add_duration(t, d);
}

static const char *event_name(const struct muster_plan *p, uint16_t kind)
{
    const uint16_t custom = MUSTER_EVENT_NOTE + MUSTER_NOTE_CUSTOM;
    return kind < custom ? muster_event_type(kind)->name : p->notes[kind - custom];
}

static void put_entry(struct muster_text *t, const struct muster_plan *p,
                      const struct muster_plan_entry *e)
{
    muster_text_add(t, "  - {");
    if (e->pinned) {
        muster_text_add(t, e->what);
        muster_text_add(t, "}\n");
        return;
    }
    put_time(t, e->event ? "after: " : "at: ", e->at);
    if (e->event) {
        put_time(t, ", until: ", e->until);
        muster_text_add(t, e->whenever ? ", whenever: " : ", when: ");
        muster_text_add(t, event_name(p, e->event));
        if (e->then > 0)
            put_time(t, ", then: ", e->then);
    }
    if (e->lasts > 0)
        put_time(t, ", for: ", e->lasts);
    muster_text_add(t, ", ");
    muster_text_add(t, e->what);
    muster_text_add(t, "}\n");
}

static void put_line(struct muster_text *t, const char *line)
{
    if (line[0] == 0)
        return;
    muster_text_add(t, line);
    muster_text_add(t, "\n");
}

static void put_assumptions(struct muster_text *t, const struct muster_plan *p)
{
#define X(id, name, what) name,
    static const char *const names[] = {MUSTER_ASSUMPTIONS(X) NULL};
#undef X
    const char *before = "assumptions: {";
    for (uint32_t i = 0; names[i]; i++) {
        if (p->assumptions >> i & 1)
            continue;
        muster_text_add(t, before);
        muster_text_add(t, names[i]);
        muster_text_add(t, ": false");
        before = ", ";
    }
    if (before[0] == ',')
        muster_text_add(t, "}\n");
}

/* Whoever is still down comes back. */
static void put_tail(struct muster_text *t, const struct muster_plan *p)
{
    const uint64_t down = MUSTER_FAULT_BIT(CRASH) | MUSTER_FAULT_BIT(CRASH_TORN) |
                          MUSTER_FAULT_BIT(CRASH_LOST) | MUSTER_FAULT_BIT(STOP);
    uint64_t had = 0;
    for (uint32_t i = 0; i < p->count; i++)
        had |= p->entry[i].pinned ? 0 : UINT64_C(1) << p->entry[i].fault;
    struct muster_plan_entry e = {.at = p->calm};
    snprintf(e.what, sizeof e.what, "%s", tail_restart);
    if (had & down)
        put_entry(t, p, &e);
    e.event = MUSTER_EVENT_NOTE + MUSTER_NOTE_STOPPED; /* of who is draining still */
    e.whenever = true;
    e.then = 10 * MUSTER_MILLISECOND;
    e.until = p->duration;
    if (had & MUSTER_FAULT_BIT(STOP))
        put_entry(t, p, &e);
    e = (struct muster_plan_entry){.at = p->calm};
    snprintf(e.what, sizeof e.what, "%s", tail_store);
    if ((had & MUSTER_FAULT_BIT(STORE_CRASH)) && (had & MUSTER_FAULT_BIT(STORE_FAILOVER)))
        put_entry(t, p, &e);
}

size_t muster_plan_write(const struct muster_plan *p, char text[MUSTER_PLAN_TEXT_MAX])
{
    struct muster_text t;
    muster_text_init(&t, text, MUSTER_PLAN_TEXT_MAX);
    muster_text_add(&t, "version: 1\nname: fuzz-");
    muster_text_add_u64(&t, p->seed);
    muster_text_add(&t, "\nseeds: ");
    muster_text_add_u64(&t, p->seed);
    put_time(&t, "\nduration: ", p->duration);
    put_time(&t, "\nlenient: true\nfuzz: {until: ", p->calm);
    muster_text_add(&t, "}\n");
    put_assumptions(&t, p);
    muster_text_add(&t, p->head);
    put_line(&t, p->network);
    put_line(&t, p->clocks);
    put_line(&t, p->disk);
    if (p->count > 0)
        muster_text_add(&t, "timeline:\n");
    for (uint32_t i = 0; i < p->count; i++)
        put_entry(&t, p, &p->entry[i]);
    put_tail(&t, p);
    assert(!muster_text_is_cut(&t));
    return t.length;
}
