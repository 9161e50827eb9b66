/* SPDX-License-Identifier: Apache-2.0 */
/* What every run guards, in words. */
#include "tools/muster/guards.h"

const struct muster_property muster_guards[MUSTER_GUARDS] = {
    {.name = "no_crash",
     .rule = "The code under test neither fails an assert nor takes a signal.",
     .explain =
         "Runs happen in worker processes. One that dies is replaced, and its run is a violation "
         "with the signal and the first line of what it said. Nothing a scenario does may crash a "
         "process of the cluster: faults are what it is there for. SIGKILL and SIGTERM come from "
         "outside and are no violation: such a run is repeated, and without a verdict when that "
         "happens again.",
     .class = MUSTER_SAFETY,
     .by_default = true},
    {.name = "no_livelock",
     .rule = "Virtual time goes on: no more than 100,000 events happen at one instant.",
     .explain =
         "A deadline that lies in the past after every input, or an answer that leads to the same "
         "question at once, would spin a real machine without end.",
     .class = MUSTER_SAFETY,
     .by_default = true},
    {.name = "determinism",
     .rule = "One scenario and one seed give one hash; one seed in twenty is run twice to see it.",
     .explain =
         "One seed in twenty (with --check-determinism every one) is run twice, at another address "
         "and in memory filled with other bytes. Where the hashes differ, something else than the "
         "scenario and the seed decided: an address, memory nobody set, a clock, a static "
         "variable. The first record that differs is shown.",
     .class = MUSTER_SAFETY,
     .by_default = true},
};
