/* SPDX-License-Identifier: Apache-2.0 */
/* The names of a cluster's members, in a scenario and in the daemon's file. */
#ifndef MUSTER_CONFIG_NAMES_H
#define MUSTER_CONFIG_NAMES_H

#include "config/document.h"
#include "core/config.h"

/* A list of names: 1 to MUSTER_MEMBERS_MAX of them, each 1 to MUSTER_NAME_MAX letters, digits, '_',
 * '-' and '.', beginning with a letter or digit, no two the same, none a word that means something
 * else in a scenario (leader, store, any, …). names[] gets spans of the document's own text. Every
 * complaint in one run; returns 0, or MUSTER_E_INVALID with *count of those that are good. */
int muster_names_load(const struct muster_doc *list, const char *names[MUSTER_MEMBERS_MAX],
                      uint32_t *count, struct muster_diagnostics *d);

/* Whether a word of the scenario language is no name for anything else. */
bool muster_names_reserved(const char *word);

#endif
