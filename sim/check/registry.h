/* SPDX-License-Identifier: Apache-2.0 */
/* The shipped properties, for muster_registry_builtin. */
#ifndef MUSTER_SIM_CHECK_REGISTRY_H
#define MUSTER_SIM_CHECK_REGISTRY_H

#include "sim/process.h"

extern const struct muster_property *const muster_builtin_properties[]; /* ends with null */

#endif
