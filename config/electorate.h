/* SPDX-License-Identifier: Apache-2.0 */
/* Electorates as files name them: the voters of this generation and of the one before
 * (core/coordinator/electorate.h). */
#ifndef MUSTER_CONFIG_ELECTORATE_H
#define MUSTER_CONFIG_ELECTORATE_H

#include "config/document.h"
#include "core/config.h"

/* `{generation: 2, previous: [n1, n2, n3]}`, beside the members and how many of them vote: p has
 * index, count, voters and names, which is what `names` holds. Without `previous` nothing is asked
 * of an electorate before. A voter that leaves comes to stand right behind those of this
 * generation: then *p, its index and the names change. Every complaint in one run; returns 0 or
 * MUSTER_E_INVALID. */
int muster_electorate_load(const struct muster_doc *node, const char *names[MUSTER_MEMBERS_MAX],
                           struct muster_place *p, struct muster_diagnostics *d);

/* The voters of the generation after p's, by name. Those of both must be the first members; *next
 * is p with them. The same errors. */
int muster_electorate_next(const struct muster_doc *list, const struct muster_place *p,
                           struct muster_place *next, struct muster_diagnostics *d);

#endif
