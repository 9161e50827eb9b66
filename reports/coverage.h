/* SPDX-License-Identifier: Apache-2.0 */
/* Coverage for people and as JSON, by names, so that a newer version can read an older file:
 *
 *   {"muster_coverage": 1, "cells": {"crash": {"after": {"follower no_leader level idle":
 *    ["campaign", …], …}, …}, …}}
 */
#ifndef MUSTER_REPORTS_COVERAGE_H
#define MUSTER_REPORTS_COVERAGE_H

#include "sim/coverage/coverage.h"

#include <stdio.h>

/* One object, its lines indented by `depth` blanks but for the first, no newline at its end. */
void muster_coverage_json(FILE *out, const struct muster_coverage *c, int depth);

/* Add what a file has to *c. Names that this version does not have are left out. Returns 0, also
 * when there is no such file; or, after a complaint on standard error, 65 or 74. */
int muster_coverage_load(const char *path, struct muster_coverage *c);

/* Merge a file's cells into *c, then replace the file by all of them. Returns 0, 65 or 74. */
int muster_coverage_save(const char *path, struct muster_coverage *c);

/* A table: for each fault and each role, how many rules fired while it was active and after it.
 * An empty cell is a dot. Then the rules that never fired at all. */
void muster_coverage_table(FILE *out, const struct muster_coverage *c);

#endif
