/* SPDX-License-Identifier: Apache-2.0 */
/* The kinds of what a scenario does to a world, by name: the first axis of coverage, and what
 * `fuzz: {faults: […]}` chooses from. Appended to, never reordered. */
#ifndef MUSTER_SIM_COVERAGE_FAULTS_H
#define MUSTER_SIM_COVERAGE_FAULTS_H

#include <stdint.h>

#define MUSTER_FAULTS(X)                                                                           \
    X(NONE, "none")                                                                                \
    X(CRASH, "crash")                                                                              \
    X(CRASH_TORN, "crash_torn")                                                                    \
    X(CRASH_LOST, "crash_lost")                                                                    \
    X(RESTART, "restart")                                                                          \
    X(STOP, "stop")                                                                                \
    X(PAUSE, "pause")                                                                              \
    X(SLOW, "slow")                                                                                \
    X(TWIN, "twin")                                                                                \
    X(PARTITION, "partition")                                                                      \
    X(PARTITION_ONE_WAY, "partition_one_way")                                                      \
    X(HEAL, "heal")                                                                                \
    X(LINK, "link")                                                                                \
    X(RESET, "reset")                                                                              \
    X(CLOCK_DRIFT, "clock_drift")                                                                  \
    X(CLOCK_STEP, "clock_step")                                                                    \
    X(CLOCK_WALL, "clock_wall")                                                                    \
    X(CLOCK_STORE, "clock_store")                                                                  \
    X(HEALTH, "health")                                                                            \
    X(TARGET, "target")                                                                            \
    X(TARGET_UNFENCED, "target_unfenced")                                                          \
    X(STORE_FLUSHALL, "store_flushall")                                                            \
    X(STORE_CRASH, "store_crash")                                                                  \
    X(STORE_RESTART, "store_restart")                                                              \
    X(STORE_FAILOVER, "store_failover")                                                            \
    X(STORE_REJOIN, "store_rejoin")                                                                \
    X(STORE_DUMP, "store_dump")                                                                    \
    X(STORE_RESTORE, "store_restore")                                                              \
    X(STORE_ANSWER, "store_answer")                                                                \
    X(STORE_SLOW, "store_slow")                                                                    \
    X(STORE_RESET, "store_reset")                                                                  \
    X(STORE_EVICT, "store_evict")                                                                  \
    X(STORE_LOSE_REPLY, "store_lose_reply")                                                        \
    X(STORE_FORGET_SCRIPTS, "store_forget_scripts")                                                \
    X(STORE_SET, "store_set")                                                                      \
    X(DISK_FULL, "disk_full")                                                                      \
    X(DISK_ERROR, "disk_error")                                                                    \
    X(DISK_SLOW, "disk_slow")                                                                      \
    X(DISK_ROT, "disk_rot")                                                                        \
    X(DISK_LOST, "disk_lost")                                                                      \
    X(DISK_GOOD, "disk_good")                                                                      \
    X(TRIGGER, "trigger")                                                                          \
    X(COMMAND, "command")                                                                          \
    X(ANOMALY, "anomaly")                                                                          \
    X(PHASE, "phase")                                                                              \
    X(DRY_RUN, "dry_run")                                                                          \
    X(ACKNOWLEDGE, "acknowledge")                                                                  \
    X(STEP_DOWN, "step_down")                                                                      \
    X(SWITCHOVER, "switchover")                                                                    \
    X(PAUSE_RECOVERY, "pause_recovery")                                                            \
    X(VOTER_INIT, "voter_init")                                                                    \
    X(WORK, "work")

enum muster_fault {
#define X(id, name) MUSTER_FAULT_##id,
    MUSTER_FAULTS(X)
#undef X
        MUSTER_FAULT_COUNT
};
_Static_assert(MUSTER_FAULT_COUNT < 64, "a set of faults is a word");

#define MUSTER_FAULT_BIT(id) (UINT64_C(1) << MUSTER_FAULT_##id)
#define MUSTER_FAULTS_ALL    ((UINT64_C(1) << MUSTER_FAULT_COUNT) - 1)

/* Ends with null. */
extern const char *const muster_fault_names[MUSTER_FAULT_COUNT + 1];

struct muster_entry;
/* Which one an entry of a timeline is. */
enum muster_fault muster_fault_of(const struct muster_entry *e);

#endif
