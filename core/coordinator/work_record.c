/* SPDX-License-Identifier: Apache-2.0 */
/* A work item as a line of text: see work_record.h. */
#include "core/coordinator/work_record.h"

#include <assert.h>

static const char letters[] = "OARD"; /* by state */

/* ---- writing ---- */

static void add_field(struct muster_text *t, uint64_t value)
{
    muster_text_add(t, " ");
    muster_text_add_u64(t, value);
}

void muster_work_record_head(const struct muster_work_record *r, struct muster_text *t)
{
    assert(muster_work_is_intent(r->intent));
    muster_text_add_bytes(t, (struct muster_bytes){(const uint8_t *)&letters[r->state], 1});
    add_field(t, r->number);
    add_field(t, r->epoch);
    muster_text_add(t, " ");
    muster_text_add_hex(t, r->life, 1);
    muster_text_add(t, " ");
    muster_text_add(t, r->assignee[0] ? r->assignee : "-");
    add_field(t, r->grant);
    add_field(t, r->result);
    muster_text_add(t, ";");
    muster_text_add_hex(t, r->intent, 1);
    muster_text_add(t, " ");
}

void muster_work_record_write(const struct muster_work_record *r, struct muster_text *t)
{
    muster_work_record_head(r, t);
    muster_text_add(t, r->submitter);
    muster_text_add(t, r->idempotent ? " y " : " n ");
    muster_text_add(t, r->id);
    muster_text_add(t, " ");
    muster_text_add(t, r->action);
    if (r->params[0])
        muster_text_add(t, " ");
    muster_text_add(t, r->params);
}

/* ---- reading ---- */

/* Copies a text of 1 to size - 1 bytes, and ends it. */
static bool copy(char *to, size_t size, struct muster_bytes from)
{
    if (from.size == 0 || from.size >= size)
        return false;
    memcpy(to, from.at, from.size);
    to[from.size] = 0;
    return true;
}

static bool is_printable(struct muster_bytes text)
{
    for (size_t i = 0; i < text.size; i++)
        if (text.at[i] < ' ' || text.at[i] == 0x7f)
            return false;
    return true;
}

static bool take_name(struct muster_bytes *rest, char name[MUSTER_NAME_MAX + 1])
{
    struct muster_bytes field;
    muster_text_split(rest, ' ', &field);
    return copy(name, MUSTER_NAME_MAX + 1, field);
}

static bool take_number(struct muster_bytes *rest, uint64_t *value)
{
    struct muster_bytes field;
    muster_text_split(rest, ' ', &field);
    return muster_text_parse_u64(field, value) == 0 && *value <= MUSTER_INTEGER_MAX;
}

static bool take_hex(struct muster_bytes *rest, uint64_t *value)
{
    struct muster_bytes field;
    muster_text_split(rest, ' ', &field);
    return muster_text_parse_hex(field, value) == 0;
}

/* What changes: before the semicolon. */
static bool parse_state(struct muster_work_record *r, struct muster_bytes rest)
{
    struct muster_bytes letter;
    uint64_t result;
    muster_text_split(&rest, ' ', &letter);
    const char *at = letter.size == 1 ? memchr(letters, letter.at[0], sizeof letters - 1) : NULL;
    if (!at)
        return false;
    r->state = (enum muster_work_state)(at - letters);
    if (!take_number(&rest, &r->number) || !take_number(&rest, &r->epoch) ||
        !take_hex(&rest, &r->life) || !take_name(&rest, r->assignee) ||
        !take_number(&rest, &r->grant) || muster_text_parse_u64(rest, &result) != 0 ||
        result > MUSTER_RESULT_UNKNOWN)
        return false;
    r->result = (enum muster_result)result;
    if (strcmp(r->assignee, "-") == 0)
        r->assignee[0] = 0;
    return r->assignee[0] || (r->state != MUSTER_WORK_ASSIGNED && r->state != MUSTER_WORK_RUNNING);
}

int muster_work_record_parse(struct muster_work_record *r, struct muster_bytes text)
{
    struct muster_bytes changing, yes, rest = text;
    *r = (struct muster_work_record){0};
    if (text.size >= MUSTER_WORK_RECORD_MAX || !is_printable(text) ||
        !muster_text_split(&rest, ';', &changing) || !parse_state(r, changing) ||
        !take_hex(&rest, &r->intent) || !muster_work_is_intent(r->intent) ||
        !take_name(&rest, r->submitter))
        return MUSTER_E_INVALID;
    muster_text_split(&rest, ' ', &yes);
    r->idempotent = muster_text_equal(yes, "y");
    if ((!r->idempotent && !muster_text_equal(yes, "n")) || !take_name(&rest, r->id) ||
        !take_name(&rest, r->action))
        return MUSTER_E_INVALID;
    if (rest.size > 0 && !copy(r->params, sizeof r->params, rest))
        return MUSTER_E_INVALID;
    return 0;
}

/* ---- submissions ---- */

static bool is_word(struct muster_bytes text)
{
    for (size_t i = 0; i < text.size; i++) {
        uint8_t b = text.at[i];
        bool letter = (b >= 'a' && b <= 'z') || (b >= 'A' && b <= 'Z') || (b >= '0' && b <= '9');
        if (!letter && b != '_' && b != '-' && b != '.' && b != ':')
            return false;
    }
    return text.size > 0;
}

/* The value of "key=value"; false when it is another token. */
static bool value_of(struct muster_bytes token, const char *key, struct muster_bytes *value)
{
    size_t size = strlen(key);
    if (token.size < size || memcmp(token.at, key, size) != 0)
        return false;
    *value = (struct muster_bytes){token.at + size, token.size - size};
    return true;
}

static bool take_word(char *to, struct muster_bytes value)
{
    return to[0] == 0 && is_word(value) && copy(to, MUSTER_NAME_MAX + 1, value);
}

static bool take_parameters(struct muster_work_record *r, struct muster_bytes rest)
{
    while (rest.size > 0 && rest.at[0] == ' ') {
        rest.at++;
        rest.size--;
    }
    return rest.size == 0 || (is_printable(rest) && copy(r->params, sizeof r->params, rest));
}

int muster_work_record_submit(struct muster_work_record *r, struct muster_bytes text)
{
    struct muster_bytes rest = text, value;
    bool said = false;
    for (;;) {
        struct muster_bytes before = rest, token = muster_text_token(&rest);
        bool good = true;
        if (value_of(token, "id=", &value)) {
            good = take_word(r->id, value);
        } else if (value_of(token, "action=", &value)) {
            good = take_word(r->action, value);
        } else if (value_of(token, "idempotent=", &value)) {
            r->idempotent = muster_text_equal(value, "yes");
            good = !said && (r->idempotent || muster_text_equal(value, "no"));
            said = true;
        } else {
            good = take_parameters(r, before);
            return good && r->id[0] && r->action[0] ? 0 : MUSTER_E_INVALID;
        }
        if (!good)
            return MUSTER_E_INVALID;
    }
}
