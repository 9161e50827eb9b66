/* SPDX-License-Identifier: Apache-2.0 */
/* Electorates: who is in which, by what they are known, which slots are a state, how files name
 * them (R8). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "config/electorate.h"
#include "core/coordinator/electorate.h"

#define NOW    MUSTER_ELECTORATE_NOW
#define BEFORE MUSTER_ELECTORATE_BEFORE

static const char *const names[] = {"n1", "n2", "n3", "n4"};

static struct muster_place first(void)
{
    return (struct muster_place){.count = 4, .voters = 3, .names = names};
}

/* n4 takes the place of n3. */
static struct muster_place second(void)
{
    struct muster_place p = first();
    p.voters = 4;
    p.generation = 2;
    p.joining = 8;
    p.leaving = 4;
    return p;
}

static void members_are_in_one_electorate_or_in_both(void **state)
{
    (void)state;
    struct muster_place a = first(), b = second();
    assert_false(muster_electorate_changes(&a));
    assert_true(muster_electorate_changes(&b));
    assert_int_equal(muster_electorate_generation(&a), 1);
    assert_int_equal(muster_electorate_size(&a, NOW), 3);
    assert_int_equal(muster_electorate_size(&a, BEFORE), 3);
    assert_int_equal(muster_electorate_size(&b, NOW), 3);
    assert_int_equal(muster_electorate_size(&b, BEFORE), 3);
    assert_true(muster_electorate_has(&b, NOW, 1) && muster_electorate_has(&b, BEFORE, 1));
    assert_true(!muster_electorate_has(&b, NOW, 2) && muster_electorate_has(&b, BEFORE, 2));
    assert_true(muster_electorate_has(&b, NOW, 3) && !muster_electorate_has(&b, BEFORE, 3));
    assert_false(muster_electorate_has(&b, NOW, 4));
}

static void digest_is_of_the_names_in_any_order_and_of_the_generation(void **state)
{
    (void)state;
    static const char *const mixed[] = {"n3", "n1", "n2", "n4"};
    struct muster_place a = first(), b = second(), other = first();
    uint64_t hash = MUSTER_SLOT_HASH_START;
    for (int i = 0; i < 3; i++)
        hash = muster_slot_hash(hash, names[i], 3);
    assert_true(muster_electorate_digest(&a, NOW) == hash);
    assert_true(muster_electorate_digest(&b, BEFORE) == hash);
    other.names = mixed;
    assert_true(muster_electorate_digest(&other, NOW) == hash);
    other.generation = 2;
    assert_true(muster_electorate_digest(&other, NOW) != hash);
    assert_true(muster_electorate_digest(&other, NOW) != muster_electorate_digest(&b, NOW));
    b.leaving = b.joining = 0; /* the change is over: the same four at the same generation */
    other.voters = 4;
    assert_true(muster_electorate_digest(&other, NOW) == muster_electorate_digest(&b, NOW));
    other.generation = 258;
    b.generation = 2; /* its low byte is not all of it */
    assert_true(muster_electorate_digest(&other, NOW) != muster_electorate_digest(&b, NOW));
}

static struct muster_slot slot_of(const struct muster_place *p, uint64_t settled)
{
    return (struct muster_slot){.electorate = muster_electorate_digest(p, NOW),
                                .generation = p->generation,
                                .settled = settled};
}

static void slot_of_the_own_electorate_is_held(void **state)
{
    (void)state;
    struct muster_place a = first(), b = second();
    struct muster_slot s = slot_of(&a, 0);
    assert_int_equal(muster_electorate_judge(&a, &s), MUSTER_SLOT_HELD);
    s.generation = 1; /* as written today */
    assert_int_equal(muster_electorate_judge(&a, &s), MUSTER_SLOT_HELD);
    s = slot_of(&b, 0);
    assert_int_equal(muster_electorate_judge(&b, &s), MUSTER_SLOT_HELD);
    assert_int_equal(muster_electorate_judge(&a, &s), MUSTER_SLOT_FOREIGN); /* no way back */
    s.electorate++;
    assert_int_equal(muster_electorate_judge(&b, &s), MUSTER_SLOT_FOREIGN);
    s.electorate--;
    s.generation = 3;
    assert_int_equal(muster_electorate_judge(&b, &s), MUSTER_SLOT_FOREIGN);
}

static void slot_of_the_electorate_before_is_taken_over_once_settled(void **state)
{
    (void)state;
    struct muster_place a = first(), b = second();
    struct muster_slot s = slot_of(&a, 0);
    assert_int_equal(muster_electorate_judge(&b, &s), MUSTER_SLOT_BEFORE);
    a.generation = 4;
    b.generation = 5;
    s = slot_of(&a, 0);
    assert_int_equal(muster_electorate_judge(&b, &s), MUSTER_SLOT_FOREIGN);
    s.settled = 4;
    assert_int_equal(muster_electorate_judge(&b, &s), MUSTER_SLOT_BEFORE);
    b.generation = 6; /* one was left out */
    assert_int_equal(muster_electorate_judge(&b, &s), MUSTER_SLOT_FOREIGN);
}

static void electorate_before_is_left_out_only_once_settled(void **state)
{
    (void)state;
    struct muster_place p = first();
    p.generation = 2;
    struct muster_slot s = slot_of(&p, 0);
    assert_int_equal(muster_electorate_judge(&p, &s), MUSTER_SLOT_FOREIGN);
    s.settled = 2;
    assert_int_equal(muster_electorate_judge(&p, &s), MUSTER_SLOT_HELD);
}

/* ---- files ---- */

struct fixture {
    struct muster_diagnostics d;
    struct muster_sources sources;
    struct muster_document doc;
    const char *names[MUSTER_MEMBERS_MAX];
    struct muster_place p, next;
    int error;
};

static void open_file(struct fixture *f, const char *text, uint32_t members, uint32_t voters)
{
    static const char *const all[] = {"n1",  "n2",  "n3",  "n4",  "n5",  "n6",  "n7",  "n8", "n9",
                                      "n10", "n11", "n12", "n13", "n14", "n15", "n16", "n17"};
    memset(f, 0, sizeof *f);
    for (uint32_t i = 0; i < members; i++)
        f->names[i] = all[i];
    f->p = (struct muster_place){.index = members - 1, .count = members, .voters = voters};
    f->p.names = f->names;
    const struct muster_source *source =
        muster_source_add(&f->sources, "t.yml", text, strlen(text));
    muster_document_parse(&f->doc, source, NULL, &f->d);
    assert_non_null(f->doc.root);
}

static void close_file(struct fixture *f)
{
    muster_document_free(&f->doc);
    muster_sources_free(&f->sources);
}

static void load(struct fixture *f, const char *text, uint32_t members, uint32_t voters)
{
    open_file(f, text, members, voters);
    f->error = muster_electorate_load(f->doc.root, f->names, &f->p, &f->d);
}

static void refuses(const char *text, const char *complaint)
{
    static struct fixture f;
    load(&f, text, 5, 3);
    assert_int_equal(f.error, MUSTER_E_INVALID);
    assert_int_equal(f.d.count, 1);
    assert_string_equal(f.d.at[0].text, complaint);
    close_file(&f);
}

static void voter_that_left_stands_behind_the_others(void **state)
{
    (void)state;
    static struct fixture f;
    load(&f, "{generation: 7, previous: [n5, n1, n2]}", 5, 3);
    assert_int_equal(f.error, 0);
    assert_int_equal(f.p.generation, 7);
    assert_int_equal(f.p.voters, 4);
    assert_string_equal(f.names[3], "n5");
    assert_string_equal(f.names[4], "n4");
    assert_int_equal(f.p.index, 3); /* it was n5 */
    assert_int_equal(f.p.joining, 1 << 2);
    assert_int_equal(f.p.leaving, 1 << 3);
    close_file(&f);
    open_file(&f, "{generation: 2, previous: [n1, n2, n3, n5]}", 5, 3);
    f.p.index = 3; /* n4 moves up */
    assert_int_equal(muster_electorate_load(f.doc.root, f.names, &f.p, &f.d), 0);
    assert_int_equal(f.p.index, 4);
    assert_string_equal(f.names[f.p.index], "n4");
    assert_int_equal(f.p.joining, 0);
    close_file(&f);
    load(&f, "{generation: 2, previous: [n2, n1]}", 5, 3);
    assert_int_equal(f.error, 0);
    assert_int_equal(f.p.voters, 3);
    assert_int_equal(f.p.joining, 1 << 2);
    assert_int_equal(f.p.leaving, 0);
    assert_int_equal(f.p.index, 4);
    close_file(&f);
    load(&f, "{generation: 2}", 5, 3);
    assert_int_equal(f.error, 0);
    assert_int_equal(f.p.generation, 2);
    assert_false(muster_electorate_changes(&f.p));
    close_file(&f);
}

static void change_that_is_none_or_too_large_is_refused(void **state)
{
    (void)state;
    refuses("{previous: [n1, n2]}",
            "'generation' is missing: 1 for the first electorate, then 2, …");
    refuses("{generation: 1, previous: [n1, n2]}", "'1' is out of range; expected "
                                                   "2..9007199254740991");
    refuses("{generation: 2, previous: [n1, n2, n3]}", "both electorates are the same");
    refuses("{generation: 2, previous: [n1]}", "at most one voter joins and one leaves at a time");
    refuses("{generation: 2, previous: [n1, n4, n5]}",
            "at most one voter joins and one leaves at a time");
    refuses("{generation: 2, previous: []}", "an electorate has at least one voter");
    refuses("{generation: 2, previous: [n1, n2, n1]}", "'n1' is there twice");
    refuses("{generation: 2, previous: [n1, n2, n9]}", "'n9' is not among the members");
    refuses("{generation: 2, previous: n1}",
            "expected a list of names such as [n1, n2, n3], not 'n1'");
    refuses("{generation: 2, previos: [n1]}", "unknown key 'previos', did you mean 'previous'?");
    refuses("[n1]", "expected a mapping such as {generation: 2, previous: [n1, n2, n3]}, not a "
                    "list");
    static struct fixture f;
    load(&f,
         "{generation: 2, previous: [n1, n2, n3, n4, n5, n6, n7, n8, n9, n10, n11, n12, n13,"
         " n14, n16]}",
         17, 15);
    assert_int_equal(f.error, MUSTER_E_INVALID);
    assert_string_equal(f.d.at[0].text, "more than 15 voters in both electorates");
    close_file(&f);
}

static void next_electorate_is_one_generation_on(void **state)
{
    (void)state;
    static struct fixture f;
    open_file(&f, "[n4, n1, n2]", 5, 3);
    assert_int_equal(muster_electorate_next(f.doc.root, &f.p, &f.next, &f.d), 0);
    assert_int_equal(f.next.generation, 2);
    assert_int_equal(f.next.voters, 4);
    assert_int_equal(f.next.joining, 8);
    assert_int_equal(f.next.leaving, 4);
    assert_int_equal(f.p.voters, 3);
    close_file(&f);
    open_file(&f, "[n1, n2, n5]", 5, 3);
    assert_int_equal(muster_electorate_next(f.doc.root, &f.p, &f.next, &f.d), MUSTER_E_INVALID);
    assert_string_equal(f.d.at[0].text,
                        "the voters of both electorates have to be the first of the members");
    close_file(&f);
    open_file(&f, "[n1, nn]", 5, 3);
    assert_int_equal(muster_electorate_next(f.doc.root, &f.p, &f.next, &f.d), MUSTER_E_INVALID);
    close_file(&f);
}

static void slot_of_quite_another_electorate_before_is_foreign(void **state)
{
    (void)state;
    struct muster_place a = first(), b = second();
    struct muster_slot s = slot_of(&a, 0);
    s.electorate ^= 1;
    assert_int_equal(muster_electorate_judge(&b, &s), MUSTER_SLOT_FOREIGN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(members_are_in_one_electorate_or_in_both),
        cmocka_unit_test(digest_is_of_the_names_in_any_order_and_of_the_generation),
        cmocka_unit_test(slot_of_the_own_electorate_is_held),
        cmocka_unit_test(slot_of_the_electorate_before_is_taken_over_once_settled),
        cmocka_unit_test(electorate_before_is_left_out_only_once_settled),
        cmocka_unit_test(voter_that_left_stands_behind_the_others),
        cmocka_unit_test(change_that_is_none_or_too_large_is_refused),
        cmocka_unit_test(next_electorate_is_one_generation_on),
        cmocka_unit_test(slot_of_quite_another_electorate_before_is_foreign),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
