/* SPDX-License-Identifier: Apache-2.0 */
/* The simulator's properties over what really happened: recordings of daemons, the log of a target,
 * what the test did to them.
 *
 * Usage: judge RECORDING… [--target FILE] [--events FILE]
 * All of one machine, so all times are of one clock (CLOCK_BOOTTIME) and the lease clocks are true.
 * A line of the target's log, written where the effect begins, behind the fence:
 *   TIME NODE INTENT ATTEMPT EPOCH NOT_AFTER
 * A line of the events: TIME NODE kill|pause|resume. Prints a line for each property; exit 1 when
 * one is violated, 2 when one that must be was never put to the test, 65 when a file is unreadable.
 */
#include "core/coordinator/ledger.h"
#include "core/coordinator/slot.h"
#include "sim/check/check.h"
#include "sim/check/registry.h"
#include "sim/trace/trace.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SLOTS_SIZE (2 * MUSTER_SLOT_SIZE)
#define TRACES_MAX 256

/* One record, in the order of time. */
struct moment {
    struct muster_record r;
    uint32_t order; /* of equal times: as they were read */
};

/* What a disk really held: the slots as written, and as synced. */
struct disk {
    uint8_t written[SLOTS_SIZE], durable[SLOTS_SIZE];
    uint64_t sync_tag;   /* of the sync under way */
    uint64_t ledger_tag; /* likewise, of the ledger */
};

struct use {
    const struct muster_property *property;
    void *self;
    uint64_t judged;
    bool violated;
};

struct muster_world {
    struct muster_scenario *scenario;
    struct moment *moment;
    size_t count, capacity;
    muster_time now;
    bool running[MUSTER_PROCESSES_MAX];
    struct disk disk[MUSTER_PROCESSES_MAX];
    struct use *use, *judging;
    struct muster_trace *trace[TRACES_MAX]; /* records point into them */
    uint32_t traces;
};

/* Those that what is recorded can put to the test, and that must be. */
static const struct {
    const struct muster_property *property;
    bool must;
} judged[] = {
    {&muster_check_one_leader_per_epoch, true}, {&muster_check_one_valid_lease, true},
    {&muster_check_lease_has_majority, true},   {&muster_check_promise_only_rises, true},
    {&muster_check_effect_epoch, true},         {&muster_check_no_late_effect, true},
    {&muster_check_no_stale_effect, true},      {&muster_check_effect_once, true},
    {&muster_check_one_terminal_record, true},  {&muster_check_concurrency_kept, true},
    {&muster_check_cooldown_kept, false},       {&muster_check_history_held, true},
};
#define JUDGED (sizeof judged / sizeof judged[0])

/* ---- what a property may ask ---- */

uint32_t muster_world_members(const struct muster_world *w)
{
    return w->scenario->members;
}

uint32_t muster_world_voters(const struct muster_world *w)
{
    return w->scenario->voters;
}

const struct muster_place *muster_world_place(const struct muster_world *w, uint32_t process)
{
    (void)process;
    return &w->scenario->place[MUSTER_ELECTORATE_FIRST];
}

const char *muster_world_name(const struct muster_world *w, uint32_t process)
{
    return process < w->scenario->members ? w->scenario->names[process] : "world";
}

muster_time muster_world_now(const struct muster_world *w)
{
    return w->now;
}

muster_time muster_world_clock(const struct muster_world *w, uint32_t process)
{
    (void)process;
    return w->now;
}

bool muster_world_running(const struct muster_world *w, uint32_t process)
{
    return w->running[process];
}

const void *muster_world_config(const struct muster_world *w)
{
    return w->scenario->config;
}

const void *muster_world_config_of(const struct muster_world *w, uint32_t process)
{
    (void)process;
    return w->scenario->config;
}

const void *muster_world_state(const struct muster_world *w, uint32_t process)
{
    (void)w, (void)process;
    return NULL;
}

bool muster_world_bounded(const struct muster_world *w, uint32_t process)
{
    (void)w, (void)process;
    return true; /* nobody recorded it */
}

muster_time muster_world_calm_since(const struct muster_world *w)
{
    return w->now; /* faults all the time: liveness is not judged here */
}

const struct muster_scenario *muster_world_scenario(const struct muster_world *w)
{
    return w->scenario;
}

void muster_judged(struct muster_world *w)
{
    w->judging->judged++;
}

void muster_violated(struct muster_world *w, const char *format, ...)
{
    char text[512];
    va_list ap;
    va_start(ap, format);
    vsnprintf(text, sizeof text, format, ap);
    va_end(ap);
    if (!w->judging->violated)
        printf("VIOLATED   %-22s at %llu ns: %s\n", w->judging->property->name,
               (unsigned long long)w->now, text);
    w->judging->violated = true;
}

/* ---- reading ---- */

static struct muster_record *add(struct muster_world *w, const struct muster_record *r)
{
    if (w->count == w->capacity) {
        w->capacity = w->capacity ? 2 * w->capacity : 4096;
        w->moment = realloc(w->moment, w->capacity * sizeof *w->moment);
        if (!w->moment)
            abort();
    }
    w->moment[w->count] = (struct moment){*r, (uint32_t)w->count};
    return &w->moment[w->count++].r;
}

static bool read_recording(struct muster_world *w, const char *path)
{
    static struct muster_diagnostics d;
    struct muster_trace *t = w->traces < TRACES_MAX ? muster_trace_read(path, &d) : NULL;
    if (t)
        w->trace[w->traces++] = t;
    if (t && !w->scenario) {
        struct muster_sources sources = {0};
        for (const struct muster_source *s = t->sources.first; s; s = s->next)
            muster_source_add(&sources, s->path, s->text, s->size);
        sources.sealed = true;
        w->scenario = muster_scenario_load(t->scenario, &sources, &muster_registry_builtin, &d);
    }
    muster_diagnostics_print(&d, stderr);
    if (!t || !w->scenario)
        return false;
    for (size_t i = 0; i < t->count; i++)
        add(w, &t->records[i]);
    return true;
}

static uint16_t find_node(const struct muster_world *w, const char *name)
{
    for (uint32_t i = 0; i < w->scenario->members; i++)
        if (strcmp(w->scenario->names[i], name) == 0)
            return (uint16_t)i;
    return MUSTER_NOBODY;
}

/* The effect begins: by its target, and by the clock that was read last before. */
static void add_start(struct muster_world *w, muster_time t, uint16_t node, const uint64_t arg[4])
{
    struct muster_record r = {.time = t, .process = node};
    r.kind = MUSTER_EVENT_EXECUTOR_STARTED;
    memcpy(r.arg, (uint64_t[4]){arg[0], arg[2], arg[3], t}, sizeof r.arg);
    add(w, &r);
    r.kind = MUSTER_EVENT_TARGET_STARTED;
    memcpy(r.arg, (uint64_t[4]){arg[0], arg[2], arg[1], 0}, sizeof r.arg);
    add(w, &r);
}

static bool read_lines(struct muster_world *w, const char *path, bool target)
{
    char line[256], name[64], what[16];
    unsigned long long t, a[4];
    FILE *file = fopen(path, "r");
    uint32_t number = 0;
    bool good = file != NULL;
    while (good && fgets(line, sizeof line, file)) {
        number++;
        good = target ? sscanf(line, "%llu %63s %llu %llu %llu %llu", &t, name, &a[0], &a[1], &a[2],
                               &a[3]) == 6
                      : sscanf(line, "%llu %63s %15s", &t, name, what) == 3;
        uint16_t node = good ? find_node(w, name) : MUSTER_NOBODY;
        good = good && node != MUSTER_NOBODY;
        if (!good) {
            fprintf(stderr, "%s:%u: not a line of this kind\n", path, number);
        } else if (target) {
            add_start(w, t, node, (uint64_t[4]){a[0], a[1], a[2], a[3]});
        } else {
            struct muster_record r = {.time = t, .process = node};
            r.kind = strcmp(what, "kill") == 0    ? MUSTER_EVENT_CRASH
                     : strcmp(what, "pause") == 0 ? MUSTER_EVENT_PAUSE
                                                  : MUSTER_EVENT_RESUME;
            add(w, &r);
        }
    }
    if (file)
        fclose(file);
    else
        perror(path);
    return good;
}

/* ---- playing ---- */

static int earlier(const void *a, const void *b)
{
    const struct moment *x = a, *y = b;
    if (x->r.time != y->r.time)
        return x->r.time < y->r.time ? -1 : 1;
    return x->order < y->order ? -1 : x->order > y->order;
}

static bool wants(const struct muster_property *p, uint16_t kind)
{
    for (const uint16_t *k = p->kinds; k && *k; k++)
        if (*k == kind)
            return true;
    return !p->kinds;
}

static void show(struct muster_world *w, const struct muster_record *r)
{
    for (size_t i = 0; i < JUDGED; i++) {
        w->judging = &w->use[i];
        if (wants(w->judging->property, r->kind) && w->judging->property->see)
            w->judging->property->see(w->judging->self, w, r);
    }
}

/* A sync of the ledger has ended well. */
static void follow_ledger(struct muster_world *w, const struct muster_record *r)
{
    struct disk *d = &w->disk[r->process];
    bool sync = r->arg[0] == MUSTER_DISK_SYNC && r->arg[1] == MUSTER_LEDGER_FILE;
    if (r->kind == MUSTER_EVENT_EFFECT + MUSTER_OUT_DISK && sync)
        d->ledger_tag = r->tag;
    if (r->kind != MUSTER_IN_DISK || !sync || r->tag != d->ledger_tag || r->status != 0)
        return;
    struct muster_record truth = {.kind = MUSTER_EVENT_DURABLE,
                                  .time = r->time,
                                  .process = r->process,
                                  .arg = {MUSTER_LEDGER_FILE}};
    show(w, &truth);
}

/* What the disk holds once a sync of the slots has ended well: ground truth of promises. */
static void follow_disk(struct muster_world *w, const struct muster_record *r)
{
    struct disk *d = &w->disk[r->process];
    bool slots = r->arg[1] == MUSTER_SLOT_FILE;
    if (r->kind == MUSTER_EVENT_EFFECT + MUSTER_OUT_DISK && slots) {
        if (r->arg[0] == MUSTER_DISK_WRITE && r->arg[2] + r->data.size <= SLOTS_SIZE)
            memcpy(d->written + r->arg[2], r->data.at, r->data.size);
        else if (r->arg[0] == MUSTER_DISK_SYNC)
            d->sync_tag = r->tag;
    } else if (r->kind == MUSTER_IN_DISK && slots && r->arg[0] == MUSTER_DISK_READ) {
        size_t size = r->data.size < SLOTS_SIZE ? r->data.size : SLOTS_SIZE;
        memset(d->written, 0, SLOTS_SIZE);
        if (size > 0)
            memcpy(d->written, r->data.at, size);
        memcpy(d->durable, d->written, SLOTS_SIZE);
    } else if (r->kind == MUSTER_IN_DISK && r->tag == d->sync_tag && r->status == 0) {
        memcpy(d->durable, d->written, SLOTS_SIZE);
        struct muster_record truth = {.kind = MUSTER_EVENT_DURABLE,
                                      .time = r->time,
                                      .process = r->process,
                                      .arg = {MUSTER_SLOT_FILE, SLOTS_SIZE},
                                      .data = {d->durable, SLOTS_SIZE}};
        show(w, &truth);
    }
    follow_ledger(w, r);
}

static void play(struct muster_world *w)
{
    for (size_t i = 0; i < w->count; i++) {
        const struct muster_record *r = &w->moment[i].r;
        w->now = r->time;
        if (r->kind == MUSTER_IN_START) {
            struct muster_record restart = {.kind = MUSTER_EVENT_RESTART,
                                            .time = r->time,
                                            .process = r->process};
            w->running[r->process] = true;
            show(w, &restart);
        } else if (r->kind == MUSTER_EVENT_CRASH || r->kind == NOTE_KIND(STOPPED)) {
            w->running[r->process] = false;
        }
        follow_disk(w, r);
        show(w, r);
    }
}

static int sum_up(const struct muster_world *w)
{
    int code = 0;
    for (size_t i = 0; i < JUDGED; i++) {
        const struct use *u = &w->use[i];
        bool missing = judged[i].must && u->judged == 0;
        printf("%-9s  %-22s judged %llu times\n",
               u->violated ? "violated"
               : missing   ? "NOT TRIED"
                           : "holds",
               u->property->name, (unsigned long long)u->judged);
        if (u->violated)
            code = 1;
        else if (missing && code == 0)
            code = 2;
    }
    return code;
}

static bool read_all(struct muster_world *w, int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        bool named = strncmp(argv[i], "--", 2) == 0;
        if (!named && !read_recording(w, argv[i]))
            return false;
        i += named;
    }
    for (int i = 1; i + 1 < argc; i++) {
        bool target = strcmp(argv[i], "--target") == 0;
        if ((target || strcmp(argv[i], "--events") == 0) &&
            (!w->scenario || !read_lines(w, argv[i + 1], target)))
            return false;
    }
    return w->scenario != NULL;
}

int main(int argc, char **argv)
{
    struct muster_world w = {0};
    struct use use[JUDGED] = {0};
    if (!read_all(&w, argc, argv)) {
        free(w.moment);
        return 65;
    }
    w.use = use;
    for (size_t i = 0; i < JUDGED; i++) {
        use[i].property = judged[i].property;
        size_t size = use[i].property->size ? use[i].property->size(&w) : 0;
        use[i].self = calloc(1, size + 1);
        if (!use[i].self)
            abort();
        if (use[i].property->init)
            use[i].property->init(use[i].self, &w);
    }
    qsort(w.moment, w.count, sizeof *w.moment, earlier);
    play(&w);
    int code = sum_up(&w);
    for (size_t i = 0; i < JUDGED; i++)
        free(use[i].self);
    for (uint32_t i = 0; i < w.traces; i++)
        muster_trace_free(w.trace[i]);
    free(w.moment);
    muster_scenario_free(w.scenario);
    return code;
}
