/* SPDX-License-Identifier: Apache-2.0 */
/* What the live ports share: the twin of the simulator's world, on a real machine.
 *
 * A port carries out one kind of effect (core/port.h) and ends each with one input, exactly as its
 * twin in sim/ does; tests/conformance runs one suite against both. The rules:
 *
 * - One thread owns the process: everything below is called on the thread of the loop, and every
 *   answer comes on it. Blocking work goes elsewhere and comes back.
 * - A port never answers from within the call that began the effect: the door is not to be entered
 *   from within. The answer comes from the loop, later.
 * - The effect's bytes are valid during the call only; a port copies what it keeps.
 * - The port fills kind, status, tag, the arguments and data of the input; the host fills `now` and
 *   `wall` when it hands the input to the process, by reading the clocks then.
 * - A port does not log. What a person should know goes to `say`, as data.
 */
#ifndef MUSTER_LIVE_PORT_H
#define MUSTER_LIVE_PORT_H

#include "core/port.h"
#include "live/clock.h"

#include <uv.h>

enum muster_live_level {
    MUSTER_LIVE_DEBUG,
    MUSTER_LIVE_INFO,
    MUSTER_LIVE_WARNING,
    MUSTER_LIVE_ERROR,
};

/* Where the answers of a port go. Copied; `host` outlives the port. */
struct muster_live_sink {
    void *host;
    /* An effect ended, or a message of a subscription came. `in` and its data are the port's and
     * valid during the call. The process is called from here. */
    void (*input)(void *host, const struct muster_input *in);
    /* Something a person should know: a short word for the event ("store_connected"), and a text
     * with the rest. Both are valid during the call. */
    void (*say)(void *host, enum muster_live_level level, const char *event, const char *text);
};

#endif
