/* SPDX-License-Identifier: Apache-2.0 */
/* What is judged in every run without a property that sees records: by the loop of the world, by
 * the workers, by running a seed twice. */
#ifndef MUSTER_TOOLS_GUARDS_H
#define MUSTER_TOOLS_GUARDS_H

#include "sim/process.h"

#define MUSTER_GUARDS 3
extern const struct muster_property muster_guards[MUSTER_GUARDS];

#endif
