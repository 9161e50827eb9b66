/* SPDX-License-Identifier: Apache-2.0 */
/* From an entry of a timeline to the kind of fault that it is. */
#include "sim/coverage/faults.h"
#include "sim/scenario/scenario.h"

const char *const muster_fault_names[MUSTER_FAULT_COUNT + 1] = {
#define X(id, name) name,
    MUSTER_FAULTS(X)
#undef X
        NULL};

static enum muster_fault of_clock(const struct muster_entry *e)
{
    if (e->clock.which == MUSTER_CLOCK_STORE)
        return MUSTER_FAULT_CLOCK_STORE;
    if (e->clock.which == MUSTER_CLOCK_WALL)
        return MUSTER_FAULT_CLOCK_WALL;
    return e->clock.has_step ? MUSTER_FAULT_CLOCK_STEP : MUSTER_FAULT_CLOCK_DRIFT;
}

static enum muster_fault of_disk(enum muster_disk_fault fault)
{
    switch (fault) {
#define X(id, name, what)                                                                          \
    case MUSTER_DISK_FAULT_##id:                                                                   \
        return MUSTER_FAULT_DISK_##id;
        MUSTER_DISK_FAULTS(X)
#undef X
    case MUSTER_DISK_FAULT_COUNT:
        break;
    }
    return MUSTER_FAULT_NONE;
}

static enum muster_fault of_store(enum muster_store_fault fault)
{
    switch (fault) {
#define X(id, name, what)                                                                          \
    case MUSTER_STORE_##id:                                                                        \
        return MUSTER_FAULT_STORE_##id;
        MUSTER_STORE_FAULTS(X)
#undef X
    case MUSTER_STORE_FAULT_COUNT:
        break;
    }
    return MUSTER_FAULT_NONE;
}

static enum muster_fault of_crash(const struct muster_entry *e)
{
    return e->crash.disk == 0   ? MUSTER_FAULT_CRASH
           : e->crash.disk == 1 ? MUSTER_FAULT_CRASH_TORN
                                : MUSTER_FAULT_CRASH_LOST;
}

enum muster_fault muster_fault_of(const struct muster_entry *e)
{
    switch (e->verb) {
    case MUSTER_DO_CRASH:
        return of_crash(e);
    case MUSTER_DO_PARTITION:
        return e->partition.one_way ? MUSTER_FAULT_PARTITION_ONE_WAY : MUSTER_FAULT_PARTITION;
    case MUSTER_DO_CLOCK:
        return of_clock(e);
    case MUSTER_DO_TARGET:
        return e->target.config.fences && e->target.config.deduplicates
                   ? MUSTER_FAULT_TARGET
                   : MUSTER_FAULT_TARGET_UNFENCED;
    case MUSTER_DO_STORE:
        return of_store(e->store.fault);
    case MUSTER_DO_DISK:
        return of_disk(e->disk.fault);
    case MUSTER_DO_RESUME:
        return MUSTER_FAULT_NONE;
#define SAME(id)                                                                                   \
    case MUSTER_DO_##id:                                                                           \
        return MUSTER_FAULT_##id;
        SAME(RESTART)
        SAME(PAUSE)
        SAME(SLOW)
        SAME(STOP)
        SAME(TWIN)
        SAME(HEAL)
        SAME(LINK)
        SAME(RESET)
        SAME(HEALTH)
        SAME(TRIGGER)
        SAME(COMMAND)
        SAME(ANOMALY)
        SAME(PHASE)
        SAME(DRY_RUN)
        SAME(ACKNOWLEDGE)
        SAME(STEP_DOWN)
        SAME(SWITCHOVER)
        SAME(PAUSE_RECOVERY)
        SAME(VOTER_INIT)
        SAME(WORK)
#undef SAME
    }
    return MUSTER_FAULT_NONE;
}
