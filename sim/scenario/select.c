/* SPDX-License-Identifier: Apache-2.0 */
/* Names of members, selectors, endpoints and events. */
#include "sim/scenario/inside.h"

#include "core/text.h"

#include <string.h>

static const struct {
    const char *word;
    enum muster_select_kind kind;
} words[] = {
    {"leader", MUSTER_SELECT_LEADER},     {"followers", MUSTER_SELECT_FOLLOWERS},
    {"all", MUSTER_SELECT_ALL},           {"minority", MUSTER_SELECT_MINORITY},
    {"majority", MUSTER_SELECT_MAJORITY}, {"any", MUSTER_SELECT_ANY},
};
#define WORDS (sizeof words / sizeof words[0])

uint32_t find_member(const struct muster_scenario *s, const char *name)
{
    for (uint32_t i = 0; i < s->members; i++) {
        if (strcmp(s->names[i], name) == 0)
            return i;
    }
    return MUSTER_ANY;
}

bool load_member(struct loader *l, const struct muster_doc *node, const char *name,
                 uint32_t *ret_index)
{
    *ret_index = find_member(l->s, name);
    if (*ret_index != MUSTER_ANY)
        return true;
    const struct muster_doc named = {.text = name,
                                     .mark = node->key == name ? node->key_mark : node->mark};
    complain_unknown(l, &named, "node", l->s->names);
    return false;
}

uint32_t find_target(const struct loader *l, const char *name)
{
    for (uint32_t i = 0; i < l->s->target_count; i++) {
        if (strcmp(l->target_names[i], name) == 0)
            return i;
    }
    return MUSTER_ANY;
}

static bool find_selector(struct loader *l, const char *name, struct muster_selector *ret_one)
{
    for (size_t i = 0; i < WORDS; i++) {
        if (strcmp(words[i].word, name) == 0) {
            *ret_one = (struct muster_selector){words[i].kind, 0};
            return true;
        }
    }
    uint32_t member = find_member(l->s, name);
    if (member != MUSTER_ANY) {
        *ret_one = (struct muster_selector){MUSTER_SELECT_MEMBER, member};
        return true;
    }
    for (uint32_t i = 0; i < l->bindings; i++) {
        if (strcmp(l->binding[i], name) == 0) {
            *ret_one = (struct muster_selector){MUSTER_SELECT_NAMED, i};
            return true;
        }
    }
    return false;
}

/* The number behind a prefix: "store.2" -> 2. */
static bool take_index(const char *name, const char *prefix, uint64_t most, uint64_t *ret_index)
{
    struct muster_bytes text = muster_text_bytes(name);
    size_t size = strlen(prefix);
    if (text.size < size || memcmp(text.at, prefix, size) != 0)
        return false;
    struct muster_bytes number = {text.at + size, text.size - size};
    return muster_text_parse_u64(number, ret_index) == 0 && *ret_index <= most;
}

bool find_endpoint(struct loader *l, const char *name, struct muster_endpoint_ref *ret_endpoint)
{
    uint64_t index = 0;
    uint32_t target = find_target(l, name), member = find_member(l->s, name);
    if (member != MUSTER_ANY)
        *ret_endpoint = (struct muster_endpoint_ref){MUSTER_AT_MEMBER, member};
    else if (strcmp(name, "store") == 0)
        *ret_endpoint = (struct muster_endpoint_ref){MUSTER_AT_STORE, MUSTER_ANY};
    else if (take_index(name, "store.", l->s->store.replicas, &index))
        *ret_endpoint = (struct muster_endpoint_ref){MUSTER_AT_STORE, (uint32_t)index};
    else if (strcmp(name, "health") == 0)
        *ret_endpoint = (struct muster_endpoint_ref){MUSTER_AT_HEALTH, MUSTER_ANY};
    else if (strncmp(name, "health.", 7) == 0 && find_member(l->s, name + 7) != MUSTER_ANY)
        *ret_endpoint = (struct muster_endpoint_ref){MUSTER_AT_HEALTH, find_member(l->s, name + 7)};
    else if (target != MUSTER_ANY)
        *ret_endpoint = (struct muster_endpoint_ref){MUSTER_AT_TARGET, target};
    else
        return false;
    return true;
}

/* Everything a name may stand for, for the suggestion. */
static void complain_of_name(struct loader *l, const struct muster_doc *node, bool endpoints)
{
    enum { MOST = WORDS + MUSTER_PROCESSES_MAX + BINDINGS_MAX + MUSTER_TARGETS_MAX + 3 };
    const char *all[MOST];
    uint32_t n = 0;
    for (uint32_t i = 0; i < l->s->members; i++)
        all[n++] = l->s->names[i];
    for (size_t i = 0; i < WORDS; i++)
        all[n++] = words[i].word;
    for (uint32_t i = 0; i < l->bindings; i++)
        all[n++] = l->binding[i];
    for (uint32_t i = 0; endpoints && i < l->s->target_count; i++)
        all[n++] = l->target_names[i];
    if (endpoints) {
        all[n++] = "store";
        all[n++] = "health";
    }
    all[n] = NULL;
    complain_unknown(l, node, endpoints ? "node or endpoint" : "node", all);
}

bool load_selector(struct loader *l, const struct muster_doc *node, struct muster_selector *ret_one)
{
    if (muster_doc_expect(node, MUSTER_NODE_SCALAR, "a node such as n1, leader or followers",
                          l->d) != 0)
        return false;
    if (find_selector(l, node->text, ret_one))
        return true;
    complain_of_name(l, node, false);
    return false;
}

static bool add(struct loader *l, const struct muster_doc *node, bool endpoints,
                struct muster_selection *selection)
{
    if (selection->count == MUSTER_SELECTOR_MAX) {
        COMPLAIN(l, node->mark, "more than %d names in one list", MUSTER_SELECTOR_MAX);
        return false;
    }
    if (muster_doc_expect(node, MUSTER_NODE_SCALAR, "a node such as n1, leader or followers",
                          l->d) != 0)
        return false;
    uint32_t i = selection->count;
    if (find_selector(l, node->text, &selection->at[i].selector)) {
        selection->count++;
        return true;
    }
    if (endpoints && find_endpoint(l, node->text, &selection->at[i].endpoint)) {
        selection->at[i].is_endpoint = true;
        selection->count++;
        return true;
    }
    complain_of_name(l, node, endpoints);
    return false;
}

bool load_selection(struct loader *l, const struct muster_doc *node, bool endpoints,
                    struct muster_selection *ret_selection)
{
    ret_selection->count = 0;
    if (node->kind == MUSTER_NODE_SCALAR)
        return add(l, node, endpoints, ret_selection);
    if (muster_doc_expect(node, MUSTER_NODE_SEQUENCE, "a node or a list of nodes", l->d) != 0)
        return false;
    bool good = true;
    for (const struct muster_doc *item = node->first; item; item = item->next)
        good = add(l, item, endpoints, ret_selection) && good;
    if (ret_selection->count == 0 && good)
        COMPLAIN(l, node->mark, "an empty list selects nobody");
    return good && ret_selection->count > 0;
}

uint16_t load_event(struct loader *l, const struct muster_doc *node)
{
    if (muster_doc_expect(node, MUSTER_NODE_SCALAR, "the name of an event, such as leader_elected",
                          l->d) != 0)
        return 0;
    uint16_t kind = muster_event_by_name(node->text);
    const char *const *own = l->s->process ? l->s->process->note_names : NULL;
    for (uint16_t i = 0; kind == 0 && own && own[i]; i++) {
        if (strcmp(own[i], node->text) == 0)
            kind = (uint16_t)(MUSTER_EVENT_NOTE + MUSTER_NOTE_CUSTOM + i);
    }
    if (kind != 0)
        return kind;
    const char *near = own ? muster_suggest(node->text, own) : NULL;
    complain_unknown(l, node, "event", near ? own : muster_event_names());
    return 0;
}
