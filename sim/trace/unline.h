/* SPDX-License-Identifier: Apache-2.0 */
/* The pieces of a trace line read back from JSON. Private to sim/trace.
 *
 * Each returns false when the JSON is not what its counterpart in trace/line.h writes. */
#ifndef MUSTER_SIM_TRACE_UNLINE_H
#define MUSTER_SIM_TRACE_UNLINE_H

#include "core/flat.h"
#include "trace/line.h"

#include <jansson.h>

bool muster_line_read_number(const json_t *json, uint64_t *value);
/* size: out, bytes written to room, which takes as many as the JSON string has. */
bool muster_line_read_text(const json_t *json, uint8_t *room, size_t *size);
bool muster_line_read_hex(const json_t *json, uint8_t *room, size_t *size);
bool muster_line_read_flat(const json_t *json, struct muster_flat_writer *w);

#endif
