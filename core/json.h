/* SPDX-License-Identifier: Apache-2.0 */
/* Reading one JSON object of somebody else's, in place: its members one after the other.
 *
 * Nothing is copied or decoded: a string is the bytes between its quotes, escapes and all, so a key
 * that is written with an escape is another key. What a member's value holds inside is checked, and
 * passed over. At most MUSTER_JSON_MAX bytes and MUSTER_JSON_DEPTH levels are read; what is beyond,
 * or is not JSON, is malformed.
 */
#ifndef MUSTER_CORE_JSON_H
#define MUSTER_CORE_JSON_H

#include "core/types.h"

#define MUSTER_JSON_MAX   2048
#define MUSTER_JSON_DEPTH 8

enum muster_json_kind {
    MUSTER_JSON_STRING,
    MUSTER_JSON_NUMBER,
    MUSTER_JSON_WORD, /* true, false, null */
    MUSTER_JSON_NEST, /* an object or an array */
};

struct muster_json {
    const uint8_t *at, *end;
    bool first;
};

struct muster_json_member {
    struct muster_bytes key;
    enum muster_json_kind kind;
    struct muster_bytes value; /* of a string without its quotes */
};

/* Begin with the object. Errors: MUSTER_E_INVALID when there is none. */
int muster_json_open(struct muster_json *j, struct muster_bytes text);
/* The next member. Errors: MUSTER_E_NOTFOUND at the end of the object, behind which there is
 * nothing; MUSTER_E_INVALID when it is malformed. Only after NOTFOUND was what was read JSON. */
int muster_json_next(struct muster_json *j, struct muster_json_member *ret_member);

/* A number from 0 to 1 as parts per million, digits beyond the sixth dropped. Errors:
 * MUSTER_E_INVALID for every other, and for what is no number. */
int muster_json_ppm(struct muster_bytes number, uint32_t *ret_ppm);

#endif
