/* SPDX-License-Identifier: Apache-2.0 */
/* The condition language: every mistake is found where it is, and nothing makes it stumble. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "core/orchestrator/condition.h"
#include "core/text.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define SEQUENCES    10000

static const char *const actions[] = {"restart_radio", "cache_purge"};
static struct muster_anomaly_types types;
static struct muster_condition_names names;
static uint64_t random_state;

static void names_init(void)
{
    types = (struct muster_anomaly_types){.name = {"power_fault"}, .count = 1};
    names = (struct muster_condition_names){
        .actions = {actions, COUNT(actions)},
        .types = &types,
    };
}

static int compile(struct muster_bytes text, struct muster_condition *c,
                   struct muster_condition_error *e)
{
    memset(c, 0xa5, sizeof *c);
    memset(e, 0xa5, sizeof *e);
    return muster_condition_compile(text, &names, c, e);
}

static struct muster_condition_error error_of(const char *text)
{
    struct muster_condition c;
    struct muster_condition_error e;
    if (compile(muster_text_bytes(text), &c, &e) != MUSTER_E_INVALID)
        fail_msg("'%s' compiles", text);
    return e;
}

/* Brackets, which are no part of the language, mark what the error points at. */
struct mistake {
    const char *text;
    const char *error;
};

static void assert_mistake(const struct mistake *row, enum muster_condition_offer offer)
{
    char text[200];
    const char *open = strchr(row->text, '['), *close = strchr(row->text, ']');
    size_t offset = (size_t)(open - row->text), length = (size_t)(close - open) - 1;
    snprintf(text, sizeof text, "%.*s%.*s%s", (int)offset, row->text, (int)length, open + 1,
             close + 1);
    struct muster_condition_error e = error_of(text);
    if (strcmp(e.text, row->error) != 0 || e.offset != offset || e.length != length)
        fail_msg("'%s': %s at %u+%u", row->text, e.text, e.offset, e.length);
    assert_int_equal(e.offer, offer);
}

static void assert_mistakes(const struct mistake *rows, size_t count,
                            enum muster_condition_offer offer)
{
    for (size_t i = 0; i < count; i++)
        assert_mistake(&rows[i], offer);
}

static void grammar_errors_say_what_is_expected(void **state)
{
    (void)state;
    static const struct mistake rows[] = {
        {"[]", "the condition is empty"},
        {" \t\r\n[]", "the condition is empty"},
        {"[and]", "expected a condition, found 'and'"},
        {"always and[]", "expected a condition at the end"},
        {"always or [or] always", "expected a condition, found 'or'"},
        {"not[]", "expected a condition at the end"},
        {"([)]", "expected a condition, found ')'"},
        {"[>=] 0.7", "expected a condition, found '>='"},
        {"severity >=[]", "expected a value at the end"},
        {"severity >= [and] always", "expected a value, found 'and'"},
        {"severity >= [(]0.7)", "expected a value, found '('"},
        {"severity >= [not] always", "expected a value, found 'not'"},
        {"[(]always", "'(' is not closed"},
        {"always[)]", "expected 'and' or 'or', found ')'"},
        {"always [always]", "expected 'and' or 'or', found 'always'"},
        {"(always [always])", "expected 'and', 'or' or ')', found 'always'"},
        {"0.5 < severity [<] 0.9", "expected 'and' or 'or', found '<'"},
        {"(always) [==] (always)", "expected 'and' or 'or', found '=='"},
    };
    names_init();
    assert_mistakes(rows, COUNT(rows), MUSTER_CONDITION_OFFER_NOTHING);
}

static void strange_signs_are_pointed_at(void **state)
{
    (void)state;
    static const struct mistake rows[] = {
        {"severity [=] 0.7", "'=' is no operator, write '=='"},
        {"severity [=>] 0.7", "'=>' is no operator, write '>='"},
        {"severity [=<] 0.7", "'=<' is no operator, write '<='"},
        {"severity [<>] 0.7", "'<>' is no operator, write '!='"},
        {"always [&&] always", "'&&' is no operator, write 'and'"},
        {"always [||] always", "'||' is no operator, write 'or'"},
        {"[!]always", "'!' is no operator, write 'not'"},
        {"severity >= [-]0.7", "unexpected '-'"},
        {"severity [+] 1 > 2", "unexpected '+'"},
        {"always[;]", "unexpected ';'"},
        {"always [~]", "unexpected '~'"},
        {"always [\x80\x80]", "unexpected byte 0x80"},
        {"severity [\xe2\x89\xa5] 0.7", "unexpected byte 0xe2"},
        {"always [\x01]", "unexpected byte 0x01"},
        {"severity >= [']HIGH", "the quote is not closed"},
        {"severity >= [\"]HIGH'", "the quote is not closed"},
    };
    names_init();
    assert_mistakes(rows, COUNT(rows), MUSTER_CONDITION_OFFER_NOTHING);
    struct muster_condition c;
    struct muster_condition_error e;
    struct muster_bytes nul = {(const uint8_t *)"always\0always", 13};
    assert_int_equal(compile(nul, &c, &e), MUSTER_E_INVALID);
    assert_string_equal(e.text, "unexpected byte 0x00");
    assert_int_equal(e.offset, 6);
}

static void malformed_numbers_are_refused(void **state)
{
    (void)state;
    static const struct mistake rows[] = {
        {"duration > [180s]", "'180s' is no number"},
        {"severity > [1e]-3", "'1e' is no number"},
        {"severity > [0.7.1]", "'0.7.1' is no number"},
        {"step > [9s]", "'9s' is no number"},
        {"severity > [.]", "'.' is no number"},
        {"severity > [0x10]", "'0x10' is no number"},
        {"severity > [0.1234567]", "'0.1234567' has more than six decimals"},
        {"severity > [0.12345600001]", "'0.12345600001' has more than six decimals"},
        {"step > [18446744073709.551616]", "'18446744073709.551616' is too large"},
        {"step > [18446744073710]", "'18446744073710' is too large"},
        {"step > [99999999999999999999999999]", "'99999999999999999999999999' is too large"},
    };
    names_init();
    assert_mistakes(rows, COUNT(rows), MUSTER_CONDITION_OFFER_NOTHING);
}

static void unknown_names_offer_names(void **state)
{
    (void)state;
    static const struct mistake rows[] = {
        {"[sevrity] >= 0.7", "unknown name 'sevrity'"},
        {"always and [Severity] > 0", "unknown name 'Severity'"},
        {"[cache_purge]", "unknown name 'cache_purge'"},
        {"[Zenith]", "unknown name 'Zenith'"},
        {"[a_name_of_forty_bytes_that_is_yet_whole_]",
         "unknown name 'a_name_of_forty_bytes_that_is_yet_whole_'"},
        {"[true]", "unknown name 'true'"},
        {"[_failed]", "unknown name '_failed'"},
        {"[_fault]", "unknown name '_fault'"},
        {"[radio.power]", "unknown name 'radio.power'"},
        {"severity >= [URGENT]", "unknown name 'URGENT'"},
        {"[reboot_failed]", "unknown action 'reboot'"},
        {"not [9_failed]", "unknown action '9'"},
        {"[stabilization_failed]", "unknown action 'stabilization'"},
        {"[powr_fault]", "unknown anomaly type 'powr_fault'"},
        {"[Power_fault]", "unknown anomaly type 'Power_fault'"},
        {"[a_name_of_more_than_40_bytes_is_cut_where_it_is_long]",
         "unknown name 'a_name_of_more_than_40_bytes_is_cut_wher...'"},
    };
    names_init();
    assert_mistakes(rows, COUNT(rows), MUSTER_CONDITION_OFFER_NAMES);
}

static void unknown_level_in_quotes_offers_levels(void **state)
{
    (void)state;
    static const struct mistake rows[] = {
        {"severity >= ['HIHG']", "unknown level 'HIHG'"},
        {"severity >= ['~']", "unknown level '~'"},
        {"severity >= [\"\"]", "unknown level ''"},
        {"severity >= [' HIGH']", "unknown level ' HIGH'"},
        {"['\x7fx\n+\xc3-']", "unknown level '?x?+?-'"},
        {"step == ['0.7']", "unknown level '0.7'"},
    };
    names_init();
    assert_mistakes(rows, COUNT(rows), MUSTER_CONDITION_OFFER_LEVELS);
}

static void wrong_types_are_refused(void **state)
{
    (void)state;
    static const struct mistake rows[] = {
        {"[severity]", "'severity' is no condition by itself, compare it"},
        {"[step] and always", "'step' is no condition by itself, compare it"},
        {"always and [confidence]", "'confidence' is no condition by itself, compare it"},
        {"not [0.7]", "'0.7' is no condition by itself, compare it"},
        {"[HIGH] or always", "'HIGH' is no condition by itself, compare it"},
        {"[severity] 0.7", "'severity' is no condition by itself, compare it"},
        {"([severity]) >= 0.7", "'severity' is no condition by itself, compare it"},
        {"[power_fault] >= 0.7", "'power_fault' is true or false, it cannot be compared"},
        {"severity >= [restart_failed]",
         "'restart_failed' is true or false, it cannot be compared"},
        {"[always] == always", "'always' is true or false, it cannot be compared"},
        {"0.7 < [power_fault]", "'power_fault' is true or false, it cannot be compared"},
        {"confidence >= [HIGH]", "'HIGH' compares with severity only"},
        {"[\"LOW\"] == step", "'\"LOW\"' compares with severity only"},
        {"[0.7] < 0.8", "'0.7' is compared with a constant"},
        {"[LOW] < HIGH", "'LOW' is compared with a constant"},
        {"['HIGH'] > 0.8", "''HIGH'' is compared with a constant"},
    };
    names_init();
    assert_mistakes(rows, COUNT(rows), MUSTER_CONDITION_OFFER_NOTHING);
}

static void first_mistake_is_the_one_reported(void **state)
{
    (void)state;
    names_init();
    assert_string_equal(error_of("sevrity >= 0.7 or $").text, "unknown name 'sevrity'");
    assert_string_equal(error_of("power_fault >= nothing").text,
                        "'power_fault' is true or false, it cannot be compared");
    assert_string_equal(error_of("always $ sevrity").text, "unexpected '$'");
}

static void open_types_are_bounded(void **state)
{
    (void)state;
    names_init();
    names.types_open = true;
    types.count = MUSTER_ANOMALY_TYPES_MAX - 1;
    struct muster_condition c;
    struct muster_condition_error e;
    assert_int_equal(compile(muster_text_bytes("last_fault"), &c, &e), 0);
    assert_string_equal(error_of("more_fault").text, "'more_fault' is one anomaly type too many");
    types.count = 1;
    assert_string_equal(error_of("a_name_of_thirty_two_bytes_fault").text,
                        "'a_name_of_thirty_two_bytes_fault' is too long for a name");
    assert_int_equal(compile(muster_text_bytes("a_name_of_thirtyone_bytes_fault"), &c, &e), 0);
}

static void failed_compilation_leaves_the_names_as_they_were(void **state)
{
    (void)state;
    struct muster_condition c;
    struct muster_condition_error e;
    names_init();
    names.types_open = true;
    struct muster_anomaly_types before = types;
    struct muster_condition zero;
    memset(&zero, 0, sizeof zero);
    assert_int_equal(compile(muster_text_bytes("a_fault and b_fault and c"), &c, &e),
                     MUSTER_E_INVALID);
    assert_memory_equal(&types, &before, sizeof types);
    assert_memory_equal(&c, &zero, sizeof c);
}

static void fifty_tokens_compile_and_one_more_does_not(void **state)
{
    (void)state;
    char text[400] = "";
    struct muster_condition c;
    struct muster_condition_error e;
    names_init();
    for (int i = 0; i < 49; i++)
        strcat(text, "not ");
    strcat(text, "always");
    assert_int_equal(compile(muster_text_bytes(text), &c, &e), 0);
    assert_int_equal(c.step_count, MUSTER_CONDITION_TOKENS_MAX);
    struct muster_condition_facts f;
    muster_condition_facts_init(&f);
    assert_false(muster_condition_holds(&c, &f));
    strcat(text, " or always");
    e = error_of(text);
    assert_string_equal(e.text, "more than 50 tokens");
    assert_int_equal(e.offset, 49 * 4 + 7);
    assert_int_equal(e.length, 2);
}

static void most_comparisons_and_deepest_nesting_fit(void **state)
{
    (void)state;
    char text[800] = "step > 0";
    struct muster_condition c;
    struct muster_condition_error e;
    struct muster_condition_facts f;
    names_init();
    muster_condition_facts_init(&f);
    f.step = 12;
    for (int i = 1; i < MUSTER_CONDITION_NUMBERS_MAX; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), " and step > %d", i);
    assert_int_equal(compile(muster_text_bytes(text), &c, &e), 0);
    assert_int_equal(c.number_count, MUSTER_CONDITION_NUMBERS_MAX);
    assert_true(muster_condition_holds(&c, &f));
    f.step = 11;
    assert_false(muster_condition_holds(&c, &f));
    strcat(text, " and step > 12");
    assert_string_equal(error_of(text).text, "more than 50 tokens");
    text[0] = 0; /* every operand waits on the stack for the last one */
    for (int i = 0; i < 12; i++)
        strcat(text, "always and(");
    strcat(text, "always");
    assert_string_equal(error_of(text).text, "'(' is not closed");
    strcat(text, "))))))))))))");
    assert_int_equal(compile(muster_text_bytes(text), &c, &e), 0);
    assert_int_equal(c.step_count, 25);
    assert_true(muster_condition_holds(&c, &f));
}

static void too_long_a_text_is_refused_before_it_is_read(void **state)
{
    (void)state;
    static char text[MUSTER_CONDITION_TEXT_MAX + 2];
    struct muster_condition c;
    struct muster_condition_error e;
    names_init();
    memset(text, ' ', sizeof text - 1);
    memcpy(text, "always", 6);
    struct muster_bytes fits = {(const uint8_t *)text, MUSTER_CONDITION_TEXT_MAX};
    assert_int_equal(compile(fits, &c, &e), 0);
    e = error_of(text);
    assert_string_equal(e.text, "longer than 1024 bytes");
    assert_int_equal(e.offset, 0);
    assert_int_equal(e.length, 1);
    assert_int_equal(compile((struct muster_bytes){NULL, 0}, &c, &e), MUSTER_E_INVALID);
    assert_string_equal(e.text, "the condition is empty");
}

/* ---- whatever comes ---- */

static uint64_t draw(uint64_t bound)
{
    random_state = random_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (random_state >> 33) % bound;
}

static void random_facts(struct muster_condition_facts *f)
{
    muster_condition_facts_init(f);
    f->severity_ppm = draw(4) ? (uint32_t)draw(MUSTER_PPM + 1) : MUSTER_FACT_UNKNOWN;
    f->step = draw(4) ? (uint32_t)draw(5) : MUSTER_FACT_UNKNOWN;
    f->duration = draw(4) ? draw(200) * MUSTER_SECOND : MUSTER_NEVER;
    f->failed = draw(4);
    f->active = draw(2);
}

/* Compile twice: the same result, byte by byte, and an error that lies within the text. */
static bool compiles_alike(struct muster_bytes text)
{
    struct muster_condition one, two;
    struct muster_condition_error e, again;
    struct muster_condition_facts f;
    int ret = compile(text, &one, &e);
    assert_int_equal(compile(text, &two, &again), ret);
    assert_memory_equal(&one, &two, sizeof one);
    assert_memory_equal(&e, &again, sizeof e);
    assert_true(e.offset <= text.size && e.length <= text.size - e.offset);
    assert_non_null(memchr(e.text, 0, sizeof e.text));
    assert_int_equal(e.text[0] == 0, ret == 0);
    random_facts(&f);
    bool holds = muster_condition_holds(&one, &f);
    assert_int_equal(holds, muster_condition_holds(&two, &f));
    return ret == 0;
}

static void random_token_sequences_compile_alike(void **state)
{
    (void)state;
    static const char *const words[] = {"and",
                                        "or",
                                        "not",
                                        "(",
                                        ")",
                                        "and",
                                        "or",
                                        "always",
                                        "severity",
                                        "step",
                                        "duration",
                                        ">=",
                                        "<",
                                        "==",
                                        "!=",
                                        ">",
                                        "<=",
                                        "0.7",
                                        "2",
                                        "180",
                                        "HIGH",
                                        "\"LOW\"",
                                        "power_fault",
                                        "restart_failed",
                                        "cache_purge_failed",
                                        "0.7s",
                                        "&&",
                                        "'",
                                        "nothing",
                                        ""};
    uint32_t good = 0;
    names_init();
    random_state = 1;
    for (uint32_t i = 0; i < SEQUENCES; i++) {
        char text[MUSTER_CONDITION_TEXT_MAX] = "";
        uint64_t tokens = draw(i % 2 ? 6 : 60);
        for (uint64_t t = 0; t < tokens; t++) {
            /* A grammatical word half of the time, or nearly nothing would compile. */
            strcat(text, words[draw(draw(8) ? 25 : COUNT(words))]);
            strcat(text, draw(3) ? " " : "");
        }
        good += compiles_alike(muster_text_bytes(text));
    }
    assert_true(good > 100);
}

static char *write_random(char *at, uint32_t depth)
{
    static const char *const leaves[] = {"severity >= 0.7", "step!=2",          "power_fault",
                                         "always",          "HIGH <= severity", "restart_failed"};
    if (depth == 0 || draw(4) == 0)
        return at + sprintf(at, "%s", leaves[draw(COUNT(leaves))]);
    if (draw(3) == 0) {
        at += sprintf(at, "not(");
        at = write_random(at, depth - 1);
    } else {
        at += sprintf(at, "(");
        at = write_random(at, depth - 1);
        at += sprintf(at, "%s", draw(2) ? " and " : " or ");
        at = write_random(at, depth - 1);
    }
    return at + sprintf(at, ")");
}

static void random_well_formed_conditions_compile(void **state)
{
    (void)state;
    names_init();
    random_state = 2;
    for (uint32_t i = 0; i < SEQUENCES; i++) {
        char text[MUSTER_CONDITION_TEXT_MAX];
        write_random(text, 3);
        struct muster_condition_error e;
        struct muster_condition c;
        bool good = compiles_alike(muster_text_bytes(text));
        if (!good && compile(muster_text_bytes(text), &c, &e) != 0)
            assert_string_equal(e.text, "more than 50 tokens");
    }
}

static void random_bytes_compile_alike(void **state)
{
    (void)state;
    names_init();
    random_state = 3;
    for (uint32_t i = 0; i < SEQUENCES; i++) {
        uint8_t text[64];
        size_t size = draw(sizeof text);
        for (size_t at = 0; at < size; at++)
            text[at] = (uint8_t)draw(256);
        (void)compiles_alike((struct muster_bytes){text, size});
    }
    (void)compiles_alike((struct muster_bytes){NULL, 0});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(grammar_errors_say_what_is_expected),
        cmocka_unit_test(strange_signs_are_pointed_at),
        cmocka_unit_test(malformed_numbers_are_refused),
        cmocka_unit_test(unknown_names_offer_names),
        cmocka_unit_test(unknown_level_in_quotes_offers_levels),
        cmocka_unit_test(wrong_types_are_refused),
        cmocka_unit_test(first_mistake_is_the_one_reported),
        cmocka_unit_test(open_types_are_bounded),
        cmocka_unit_test(failed_compilation_leaves_the_names_as_they_were),
        cmocka_unit_test(fifty_tokens_compile_and_one_more_does_not),
        cmocka_unit_test(most_comparisons_and_deepest_nesting_fit),
        cmocka_unit_test(too_long_a_text_is_refused_before_it_is_read),
        cmocka_unit_test(random_token_sequences_compile_alike),
        cmocka_unit_test(random_well_formed_conditions_compile),
        cmocka_unit_test(random_bytes_compile_alike),
    };
    return cmocka_run_group_tests_name("condition_errors", tests, NULL, NULL);
}
