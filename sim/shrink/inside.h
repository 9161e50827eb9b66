/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of a search: the best so far, the tries that are to be made, and the steps. Not for
 * others. */
#ifndef MUSTER_SIM_SHRINK_INSIDE_H
#define MUSTER_SIM_SHRINK_INSIDE_H

#include "config/document_edit.h"
#include "sim/shrink/shrink.h"

#define SEEDS      20      /* other seeds: 1..SEEDS, … */
#define SEEDS_COST 2000000 /* … as long as all their runs have no more events than this */

/* How a try must fail to count. */
struct goal {
    char property[64];
    int32_t code;
    uint32_t limits;
    uint32_t warnings;   /* at most; those of the best */
    uint64_t events_max; /* of a try */
    bool expectation;
    uint32_t down, cut;                /* of an expectation: at most */
    uint32_t changes;                  /* of what is unmet: at least */
    char crash[MUSTER_SIGNATURE_SIZE]; /* of an assert: its signature; else empty */
};

/* A scenario in the making. */
struct candidate {
    struct muster_memory memory; /* takes the document and its text */
    const struct muster_doc *root;
    struct muster_shrink_try try;
};

struct search {
    const struct muster_shrink_request *request;
    struct goal goal;
    struct candidate best;
    struct muster_shrink_outcome outcome; /* of the best */
    struct candidate batch[MUSTER_SHRINK_BATCH_MAX];
    uint32_t count; /* of the batch */
    struct muster_shrink_stats stats;
    bool over;
};

/* Add a try to the batch, which must not be full: the best with edits, under a seed. */
void shrink_offer(struct search *s, const struct muster_doc_edit *edits, size_t count,
                  uint64_t seed);
/* The same of a document, which is copied. */
void shrink_offer_root(struct search *s, const struct muster_doc *root, uint64_t seed);
bool shrink_is_full(const struct search *s);
/* How many other seeds are worth a try. */
uint64_t shrink_other_seeds(const struct search *s);
/* Run the batch and empty it. The first in order that fails as the goal says is the best from here
 * on; its index, or -1. */
int shrink_take_first(struct search *s);

/* Steps. Each goes through what there is once, and takes what it can; true when it took anything.
 * Documents of the best are void afterwards. */
bool shrink_fewer_entries(struct search *s); /* timeline.c */
bool shrink_fewer_entries_by_other_seeds(struct search *s);
bool shrink_less_time(struct search *s);
bool shrink_earlier(struct search *s);
bool shrink_at_for_when(struct search *s);
bool shrink_fewer_nodes(struct search *s); /* nodes.c */
bool shrink_fewer_keys(struct search *s);  /* values.c */
bool shrink_fewer_keys_by_other_seeds(struct search *s);
bool shrink_less_work(struct search *s); /* fewer repetitions: quicker runs, too */
bool shrink_simpler_values(struct search *s);
bool shrink_smaller_seed(struct search *s); /* shrink.c */

/* names.c: what comes of a document when its nodes get other names. */
struct renaming {
    const char *const *from; /* ends with null */
    const char *const *to;   /* by index of from; null: that one is gone */
};
/* Everything that spoke of who is gone alone is gone, too: entries and expectations, points of
 * health, clocks, links. `nodes` and `voters` of the cluster are left as they are. */
const struct muster_doc *shrink_rename_nodes(const struct muster_doc *root,
                                             const struct renaming *r, struct muster_memory *m);
/* An entry without a name that nobody bears; null: there is nothing left of it. */
const struct muster_doc *shrink_rename_in(const struct muster_doc *node, const struct renaming *r,
                                          struct muster_memory *m);

/* Helpers of the steps. */
const struct muster_doc *shrink_timeline_of(const struct muster_doc *root); /* or null */
/* A length as a scenario writes it ("1.5s") -> ns; false when it is none. */
bool shrink_read_duration(const struct muster_doc *node, muster_dur *ret_value);
const char *shrink_write_duration(muster_dur value, struct muster_memory *m);

/* finish.c: the best with its comments, its name and what it defends. */
void shrink_finish(struct search *s, struct muster_memory *m, struct muster_shrink_result *ret);
/* The request's document without what is not the run's: names, tags, other expectations, … */
const struct muster_doc *shrink_strip(struct search *s, struct muster_memory *m);

#endif
