/* SPDX-License-Identifier: Apache-2.0 */
/* Words for the numbers in records, for people: reports and the daemon's log. */
#ifndef MUSTER_TRACE_WORDS_H
#define MUSTER_TRACE_WORDS_H

#include "trace/record.h"

/* What indices in records stand for; counts may be 0, message_names null (else ends with null). */
struct muster_words {
    const char *const *members;
    uint32_t member_count;
    const char *const *actions;
    uint32_t action_count;
    const char *const *message_names;
};

/* The word for an argument of a record, or null when the number says it best. argument: its name in
 * the table of events. */
const char *muster_word_of(const struct muster_record *r, const char *argument, uint64_t value,
                           const struct muster_words *words);
/* Whether an argument is a time or a length, in ns. */
bool muster_word_is_time(const char *argument);

#endif
