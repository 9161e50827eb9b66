/* SPDX-License-Identifier: Apache-2.0 */
/* Verbs of the timeline that tell a process something: an operator's, a detector's, a mission's. */
#include "sim/scenario/inside.h"

#define WORK_MAX 100000 /* items of one entry */
#define WORD     "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define TEXT_MAX 255

const char *take_line(struct loader *l, const struct muster_doc *node, const char *otherwise)
{
    char text[TEXT_MAX + 1];
    if (!node || muster_doc_text(node, text, sizeof text, l->d) != 0)
        return otherwise;
    return node->text;
}

uint32_t read_trigger(struct loader *l, const struct muster_doc *node,
                      const struct muster_doc *value, struct muster_entry *e)
{
    e->order = (struct muster_order){.verb = MUSTER_VERB_TRIGGER,
                                     .text = take_line(l, value, ""),
                                     .more = take_line(l, field(node, "reason"), "scenario")};
    if (strpbrk(e->order.text, " \t"))
        COMPLAIN(l, value->mark, "'%.40s' is no name of an action", e->order.text);
    else if (e->order.text[0])
        check_action(l, value, NULL);
    take_subjects(l, node, "on", MUSTER_SELECT_LEADER, &e->who);
    return 1;
}

uint32_t read_command(struct loader *l, const struct muster_doc *node,
                      const struct muster_doc *value, struct muster_entry *e)
{
    e->order = (struct muster_order){.verb = MUSTER_VERB_CUSTOM, .text = take_line(l, value, "")};
    take_subjects(l, node, "to", MUSTER_SELECT_ALL, &e->who);
    return 1;
}

/* "<key>_ppm=N" of a share; nothing when it is not told. */
static void put_share(struct loader *l, const struct muster_doc *value, const char *key, char *text,
                      size_t size)
{
    const struct muster_doc *node = field(value, key);
    uint32_t ppm = 0;
    size_t used = strlen(text);
    if (node && muster_doc_ppm(node, 0, MUSTER_PPM, &ppm, l->d) == 0)
        snprintf(text + used, size - used, " %s_ppm=%" PRIu32, key, ppm);
}

uint32_t read_anomaly(struct loader *l, const struct muster_doc *node,
                      const struct muster_doc *value, struct muster_entry *e)
{
    static const char *const keys[] = {"type", "severity", "confidence", "recurrence", NULL};
    static const char example[] = "a mapping such as {type: power_fault, severity: 0.92}";
    char text[TEXT_MAX + 1];
    uint32_t recurrence = MUSTER_ANY;
    take_subjects(l, node, "on", MUSTER_SELECT_LEADER, &e->who);
    if (muster_doc_expect(value, MUSTER_NODE_MAPPING, example, l->d) != 0)
        return 1;
    muster_doc_keys(value, keys, l->d);
    if (!field(value, "type"))
        COMPLAIN(l, value->mark, "'anomaly' needs 'type', such as type: power_fault");
    e->order.verb = MUSTER_VERB_ANOMALY;
    e->order.type = take_line(l, field(value, "type"), "");
    if (strpbrk(e->order.type, " \t"))
        COMPLAIN(l, field(value, "type")->mark, "'%.40s' is no type of anomaly", e->order.type);
    snprintf(text, sizeof text, "type=%s", e->order.type);
    put_share(l, value, "severity", text, sizeof text);
    put_share(l, value, "confidence", text, sizeof text);
    take_count(l, value, "recurrence", 0, MUSTER_ANY - 1, &recurrence);
    size_t used = strlen(text);
    if (recurrence != MUSTER_ANY)
        snprintf(text + used, sizeof text - used, " recurrence=%" PRIu32, recurrence);
    e->order.text = muster_memory_copy(&l->memory, text, strlen(text));
    return 1;
}

uint32_t read_phase(struct loader *l, const struct muster_doc *node, const struct muster_doc *value,
                    struct muster_entry *e)
{
    e->order = (struct muster_order){.verb = MUSTER_VERB_PHASE, .text = take_line(l, value, "")};
    take_subjects(l, node, "on", MUSTER_SELECT_ALL, &e->who);
    return 1;
}

uint32_t read_dry_run(struct loader *l, const struct muster_doc *node,
                      const struct muster_doc *value, struct muster_entry *e)
{
    bool on = false;
    (void)muster_doc_boolean(value, &on, l->d);
    e->order = (struct muster_order){.verb = MUSTER_VERB_DRY_RUN, .text = on ? "on" : "off"};
    take_subjects(l, node, "on", MUSTER_SELECT_ALL, &e->who);
    return 1;
}

uint32_t read_switchover(struct loader *l, const struct muster_doc *node,
                         const struct muster_doc *value, struct muster_entry *e)
{
    load_selection(l, value, false, &e->switchover.to);
    take_subjects(l, node, "on", MUSTER_SELECT_LEADER, &e->who);
    return 1;
}

uint32_t read_pause_recovery(struct loader *l, const struct muster_doc *node,
                             const struct muster_doc *value, struct muster_entry *e)
{
    bool on = false;
    (void)muster_doc_boolean(value, &on, l->d);
    e->order = (struct muster_order){.verb = on ? MUSTER_VERB_PAUSE : MUSTER_VERB_RESUME,
                                     .text = take_line(l, field(node, "reason"), "scenario")};
    take_subjects(l, node, "on", MUSTER_SELECT_LEADER, &e->who);
    return 1;
}

uint32_t read_acknowledge(struct loader *l, const struct muster_doc *node,
                          const struct muster_doc *value, struct muster_entry *e)
{
    e->order.verb = MUSTER_VERB_ACKNOWLEDGE;
    return read_subjects(l, node, value, e);
}

uint32_t read_step_down(struct loader *l, const struct muster_doc *node,
                        const struct muster_doc *value, struct muster_entry *e)
{
    e->order.verb = MUSTER_VERB_STEP_DOWN;
    return read_subjects(l, node, value, e);
}

uint32_t read_voter_init(struct loader *l, const struct muster_doc *node,
                         const struct muster_doc *value, struct muster_entry *e)
{
    const struct muster_doc *floor = field(node, "floor");
    if (floor)
        muster_doc_integer(floor, 0, MUSTER_INTEGER_MAX, &e->voter_init.floor, l->d);
    else
        COMPLAIN(l, node->mark,
                 "'voter_init' needs 'floor', the highest epoch of all that are known, such as "
                 "floor: 7");
    return read_subjects(l, node, value, e);
}

uint32_t read_work(struct loader *l, const struct muster_doc *node, const struct muster_doc *value,
                   struct muster_entry *e)
{
    static const char *const keys[] = {"id", "action", "idempotent", "params", NULL};
    e->work.count = 1;
    if (muster_doc_expect(value, MUSTER_NODE_MAPPING, "an item such as {id: a, action: safe_mode}",
                          l->d) != 0)
        return 1;
    muster_doc_keys(value, keys, l->d);
    const struct muster_doc *id = field(value, "id"), *action = field(value, "action");
    e->work.id = take_line(l, id, "");
    e->work.action = take_line(l, action, "");
    e->work.params = take_line(l, field(value, "params"), NULL);
    take_boolean(l, value, "idempotent", &e->work.idempotent);
    if (!id || !action)
        COMPLAIN(l, value->mark, "a work item needs 'id' and 'action'");
    else if (!e->work.id[strspn(e->work.id, WORD "-.:")])
        check_action(l, action, NULL);
    else
        COMPLAIN(l, id->mark, "'%.40s' is no id of an item: letters, digits, '_', '-', '.', ':'",
                 e->work.id);
    take_count(l, node, "count", 1, WORK_MAX, &e->work.count);
    take_duration(l, node, "every", 1, TIME_MAX, &e->work.every);
    if (e->work.count > 1 && e->work.every == 0)
        COMPLAIN(l, node->mark, "'count' needs 'every', such as every: 50ms");
    take_subjects(l, node, "on", MUSTER_SELECT_LEADER, &e->who);
    return 1;
}
