/* SPDX-License-Identifier: Apache-2.0 */
/* A short name for a way to fail, so that of the failures that have one in common one is kept.
 *
 *   one_valid_lease: crash leader_elected pause
 *   expect expected {by: #s, leader: any}: nobody leads: crash leader_lost
 *   no_crash take_intent: Assertion `a->next > #' failed.
 *
 * The property; of an expectation what the verdict says, with # for every number and NODE for every
 * member; of an assert its function and what it says. Then, but of a crash, in alphabetical order,
 * the kinds of the last three different records that matter: faults, and what the processes said of
 * themselves, but for what they say all the time. No times, seeds or names, and no order, so that
 * two seeds of one bug mostly have one signature.
 * Two bugs may share one, and one bug may have several: it says what to look at first, it proves
 * nothing. A scenario that has been shrunk has few records before its failure, and the signature of
 * its failure is worth most. */
#ifndef MUSTER_SIM_SHRINK_SIGNATURE_H
#define MUSTER_SIM_SHRINK_SIGNATURE_H

#include "sim/scenario/scenario.h"

#define MUSTER_SIGNATURE_KINDS 3
#define MUSTER_SIGNATURE_SIZE  256

/* Empty when zeroed; one a run. */
struct muster_signature {
    uint16_t kind[MUSTER_SIGNATURE_KINDS]; /* latest last */
    uint32_t count;
};

/* Take a record into account: called with every record of a run, in order, from its sink. */
void muster_signature_see(struct muster_signature *s, const struct muster_record *r);

/* The signature of a run that failed, with the property and the text of its verdict. */
void muster_signature_write(const struct muster_signature *s,
                            const struct muster_scenario *scenario, const char *property,
                            const char *text, char line[static MUSTER_SIGNATURE_SIZE]);

/* The signature of a crash, from the text of the violation of no_crash. */
void muster_signature_crash(const char *text, char line[static MUSTER_SIGNATURE_SIZE]);

/* The text with # for every number and NODE for every member. names: ends with null; may be null.
 * What does not fit is cut off. */
void muster_signature_plain(const char *text, const char *const *names, char *plain, size_t size);

#endif
