/* SPDX-License-Identifier: Apache-2.0 */
/* A YAML (or JSON, which is YAML) document as a tree whose every node knows where it stands.
 *
 * Built from libyaml's events under limits of our own, so that hostile files end in an error at
 * once: 16 MiB, depth 32, 100,000 nodes, aliases expanded to at most 10,000 further nodes, scalars
 * of at most 64 KiB. Duplicate keys, tabs, anchors that point nowhere, several documents in a file,
 * and keys that are not scalars are errors with a position.
 */
#ifndef MUSTER_CONFIG_DOCUMENT_H
#define MUSTER_CONFIG_DOCUMENT_H

#include "config/diagnostics.h"

enum muster_node_kind { MUSTER_NODE_SCALAR, MUSTER_NODE_SEQUENCE, MUSTER_NODE_MAPPING };

/* One node. Of a mapping, the children are its values, each with its key. */
struct muster_doc {
    enum muster_node_kind kind;
    bool quoted;     /* scalar written in quotes: never a number, a boolean, null */
    bool unresolved; /* a variable in it has no value, which was complained of: no more of that */
    uint32_t children;
    const char *text;        /* scalar: its text, 0-terminated, without NUL inside; else null */
    const char *key;         /* as a mapping's value: its key; else null */
    struct muster_mark mark; /* of the node's first character */
    struct muster_mark key_mark;
    const struct muster_doc *first, *next;
};

/* A loaded document owns its nodes; free it once. */
struct muster_document {
    /* Null when the file is empty or no whole document, after a complaint. One with a key twice or
     * a variable without a value is whole: what else is wrong with it can be told, too. */
    const struct muster_doc *root;
    void *nodes;
};

/* Parse a source. ${NAME} and ${NAME:default} in scalars are replaced from `env` (a mapping of
 * scalars, or null); a name without value and default is an error. Complains and returns
 * MUSTER_E_INVALID; doc->root may be there all the same. */
int muster_document_parse(struct muster_document *doc, const struct muster_source *source,
                          const struct muster_doc *env, struct muster_diagnostics *d);
/* The same with every ${…} left as it stands. */
int muster_document_parse_raw(struct muster_document *doc, const struct muster_source *source,
                              struct muster_diagnostics *d);
void muster_document_free(struct muster_document *doc);

/* The value of a key, or null. */
const struct muster_doc *muster_doc_get(const struct muster_doc *mapping, const char *key);

/* Whether a scalar stands for nothing: empty, ~ or null, without quotes. */
bool muster_doc_is_null(const struct muster_doc *node);

/* Complain unless the node is of a kind: "expected WHAT, not a list". 0 or MUSTER_E_INVALID. */
int muster_doc_expect(const struct muster_doc *node, enum muster_node_kind kind, const char *what,
                      struct muster_diagnostics *d);

/* Complain of every key that is not in the list (ends with null), with a suggestion. */
void muster_doc_keys(const struct muster_doc *mapping, const char *const *known,
                     struct muster_diagnostics *d);

/* Readers of scalars: return 0, or complain at the node's position, saying what is expected with an
 * example, and return MUSTER_E_INVALID leaving *value alone.
 * duration: "15s", "1.5s", "250ms", "100us", "5ns", "2m", "1h", "3d" -> ns, exact, no floating
 * point; a bare number counts seconds only when `bare_seconds` (the origin's files), else it is an
 * error that proposes units.
 * signed duration: the same with a leading + or -.
 * ppm: "0.8", "80%", "500ppm" -> parts per million, exact; more than six decimals is an error. */
int muster_doc_duration(const struct muster_doc *node, muster_dur min, muster_dur max,
                        bool bare_seconds, muster_dur *value, struct muster_diagnostics *d);
int muster_doc_signed_duration(const struct muster_doc *node, int64_t *value,
                               struct muster_diagnostics *d);
int muster_doc_integer(const struct muster_doc *node, uint64_t min, uint64_t max, uint64_t *value,
                       struct muster_diagnostics *d);
int muster_doc_ppm(const struct muster_doc *node, uint32_t min, uint32_t max, uint32_t *value,
                   struct muster_diagnostics *d);
int muster_doc_signed_ppm(const struct muster_doc *node, int32_t *value,
                          struct muster_diagnostics *d);
int muster_doc_boolean(const struct muster_doc *node, bool *value, struct muster_diagnostics *d);
/* One of the words (list ends with null) -> its index. */
int muster_doc_word(const struct muster_doc *node, const char *const *words, uint32_t *index,
                    struct muster_diagnostics *d);
/* A scalar of 1..size-1 bytes, copied. */
int muster_doc_text(const struct muster_doc *node, char *text, size_t size,
                    struct muster_diagnostics *d);

#endif
