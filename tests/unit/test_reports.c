/* SPDX-License-Identifier: Apache-2.0 */
/* Reports for programs: valid JSON and XML whatever bytes a text has. */
#include "reports/report.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

static char written[1 << 16];

/* A suite of one scenario with a run that passed and one that failed with this text. */
static void write_report(void (*writer)(FILE *out, const struct muster_report_suite *suite),
                         const char *text)
{
    struct muster_report_failure failure = {.property = "p",
                                            .text = text,
                                            .file = "f.yaml",
                                            .line = 7,
                                            .timed = true,
                                            .at = UINT64_MAX,
                                            .events = "",
                                            .command = "c",
                                            .trace = ""};
    struct muster_report_run run[] = {
        {.seed = 1, .done = true, .hash = 0xab},
        {.seed = 2, .done = true, .code = MUSTER_REPORT_VIOLATED, .failure = &failure}};
    struct muster_report_scenario scenario = {
        .name = "n", .path = "n.yaml", .seed_first = 1, .seed_last = 2, .runs = run};
    struct muster_report_suite suite = {.scenarios = &scenario, .count = 1};
    FILE *out = fmemopen(written, sizeof written, "w");
    assert_non_null(out);
    writer(out, &suite);
    assert_int_equal(fclose(out), 0);
}

static void assert_json_text(const char *text, const char *expected)
{
    char line[256];
    write_report(muster_report_json, text);
    snprintf(line, sizeof line, "   \"text\": \"%s\",\n", expected);
    if (!strstr(written, line))
        print_error("%s", written);
    assert_non_null(strstr(written, line));
}

static void texts_in_json_are_ascii(void **state)
{
    (void)state;
    assert_json_text("a\"b\\c\b\f\n\r\t\x01\x7f/", "a\\\"b\\\\c\\b\\f\\n\\r\\t\\u0001\x7f/");
    assert_json_text("\xc2\xa0\xc3\xa9\xe2\x82\xac", "\\u00A0\\u00E9\\u20AC");
    assert_json_text("\xf0\x9f\x98\x80\xf4\x8f\xbf\xbf", "\\uD83D\\uDE00\\uDBFF\\uDFFF");
    assert_json_text("", "");
}

static void what_is_no_utf8_is_taken_for_latin1(void **state)
{
    (void)state;
    assert_json_text("\xff\xe9", "\\u00FF\\u00E9");
    assert_json_text("\xc3\xa9\xff", "\\u00C3\\u00A9\\u00FF");
    assert_json_text("\xc3", "\\u00C3");
    assert_json_text("\xc0\x80", "\\u00C0\\u0080");
    assert_json_text("\xe0\x80\x80", "\\u00E0\\u0080\\u0080");
    assert_json_text("\xed\xa0\x80", "\\u00ED\\u00A0\\u0080");
    assert_json_text("\xf4\x90\x80\x80", "\\u00F4\\u0090\\u0080\\u0080");
}

static void json_of_any_two_bytes_is_read_by_others(void **state)
{
    (void)state;
    for (unsigned i = 1; i < 65536; i += 1 + i / 512) {
        char text[] = {(char)(i % 255 + 1), (char)(i / 256), 0};
        write_report(muster_report_json, text);
        json_t *json = json_loads(written, JSON_REJECT_DUPLICATES, NULL);
        json_t *runs = json_object_get(json_array_get(json, 0), "runs");
        json_t *run = json_array_get(runs, 1);
        assert_int_equal(json_array_size(runs), 2);
        assert_non_null(json_string_value(json_object_get(run, "text")));
        assert_true(json_integer_value(json_object_get(run, "failed_at_ns")) == INT64_MAX);
        json_decref(json);
    }
}

static void json_of_nothing_is_an_empty_list(void **state)
{
    static const char begin[] = "[\n]\n[\n{\n \"name\": \"n\",\n";
    const struct muster_report_suite none = {.count = 0};
    const struct muster_report_scenario invalid = {.name = "n", .path = "p", .problem = "why"};
    const struct muster_report_suite one = {.scenarios = &invalid, .count = 1};
    FILE *out = fmemopen(written, sizeof written, "w");
    (void)state;
    muster_report_json(out, &none);
    muster_report_json(out, &one);
    assert_int_equal(fclose(out), 0);
    assert_memory_equal(written, begin, sizeof begin - 1);
    assert_non_null(strstr(written, "\n \"error\": \"why\",\n"));
    assert_non_null(strstr(written, "\n \"runs\": []\n}\n]\n"));
}

static void xml_has_question_marks_for_what_it_cannot_hold(void **state)
{
    (void)state;
    write_report(muster_report_junit, "<\x01&\xff\xc3\xa9\xef\xbf\xbf>\n\"");
    assert_non_null(strstr(written, "message=\"&lt;?&amp;?\xc3\xa9???&gt;&#10;&quot;\""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_in_json_are_ascii),
        cmocka_unit_test(what_is_no_utf8_is_taken_for_latin1),
        cmocka_unit_test(json_of_any_two_bytes_is_read_by_others),
        cmocka_unit_test(json_of_nothing_is_an_empty_list),
        cmocka_unit_test(xml_has_question_marks_for_what_it_cannot_hold),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
