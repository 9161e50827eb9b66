/* SPDX-License-Identifier: Apache-2.0 */
/* What a recording says of the member it is of: a scenario that it could have lived in. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "live/recorder.h"

static char content[32768];

/* The recording of a member that did nothing. */
static void record(const struct muster_place *place)
{
    char path[] = "/tmp/test_live_recorder.XXXXXX", text[256], older[sizeof path + 2];
    struct muster_config config;
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    muster_config_defaults(&config);
    muster_config_finish(&config);
    struct muster_live_recorder *r =
        muster_live_recorder_open(path, &config, place, text, sizeof text);
    assert_non_null(r);
    muster_live_recorder_close(r, 1, 0);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    content[fread(content, 1, sizeof content - 1, file)] = 0;
    fclose(file);
    snprintf(older, sizeof older, "%s.1", path);
    unlink(path);
    unlink(older);
}

static void electorate_is_recorded_while_it_changes_and_afterwards(void **state)
{
    static const char *const names[] = {"n1", "n2", "n4", "n3"};
    struct muster_place place = {.count = 4, .voters = 4, .names = names};
    (void)state;
    record(&place);
    assert_non_null(strstr(content, "voters: 4\\n  config"));
    place.generation = 2;
    record(&place);
    assert_non_null(strstr(content, "voters: 4\\n  electorate: {generation: 2}\\n  config"));
    place.joining = 4;
    place.leaving = 8;
    record(&place);
    assert_non_null(strstr(content, "nodes: ['n1', 'n2', 'n4', 'n3']\\n  voters: 3\\n"));
    assert_non_null(
        strstr(content, "electorate: {generation: 2, previous: ['n1', 'n2', 'n3']}\\n  config"));
    assert_non_null(strstr(content, "\"voters\":4"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(electorate_is_recorded_while_it_changes_and_afterwards),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
