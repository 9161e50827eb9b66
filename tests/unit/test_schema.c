/* SPDX-License-Identifier: Apache-2.0 */
/* The JSON Schemas in schema/: made of the tables in schema/make, our own files are valid, and the
 * loaders know every key. */
#include "config/include.h"
#include "config/node_config.h"
#include "sim/scenario/scenario.h"

#include <dirent.h>
#include <regex.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define TEXT_MAX 4096

struct file {
    struct muster_sources sources;
    struct muster_document doc;
    struct muster_diagnostics d;
};

static struct file config_schema, scenario_schema;

static const struct muster_doc *parse(struct file *f, const char *path, const char *text)
{
    *f = (struct file){0};
    const struct muster_source *source =
        text ? muster_source_add(&f->sources, path, text, strlen(text))
             : muster_source_open(&f->sources, path, &f->d, (struct muster_mark){0});
    assert_non_null(source);
    assert_int_equal(muster_document_parse_raw(&f->doc, source, &f->d), 0);
    return f->doc.root;
}

static void drop(struct file *f)
{
    muster_document_free(&f->doc);
    muster_sources_free(&f->sources);
}

/* ---- a validator of what our schemas use of draft-07 ---- */

struct check {
    const struct muster_doc *root; /* of the schema */
    char why[TEXT_MAX];            /* the first thing wrong, with its place */
};

static bool valid(struct check *c, const struct muster_doc *schema, const struct muster_doc *node);

static bool matches(const char *pattern, const char *text)
{
    regex_t compiled;
    assert_int_equal(regcomp(&compiled, pattern, REG_EXTENDED | REG_NOSUB), 0);
    bool good = regexec(&compiled, text, 0, NULL, 0) == 0;
    regfree(&compiled);
    return good;
}

static const char *type_of(const struct muster_doc *node)
{
    if (node->kind != MUSTER_NODE_SCALAR)
        return node->kind == MUSTER_NODE_MAPPING ? "object" : "array";
    if (node->quoted)
        return "string";
    if (muster_doc_is_null(node))
        return "null";
    if (strcmp(node->text, "true") == 0 || strcmp(node->text, "false") == 0)
        return "boolean";
    if (matches("^-?[0-9]+$", node->text))
        return "integer";
    return matches("^-?[0-9]+[.][0-9]+$", node->text) ? "number" : "string";
}

static bool has_type(const struct muster_doc *node, const char *type)
{
    const char *is = type_of(node);
    return strcmp(is, type) == 0 || (strcmp(is, "integer") == 0 && strcmp(type, "number") == 0);
}

static bool is_number(const struct muster_doc *node)
{
    return has_type(node, "number");
}

static bool fail_at(struct check *c, const struct muster_doc *node, const char *keyword)
{
    if (!c->why[0])
        snprintf(c->why, sizeof c->why, "%s:%u:%u: '%s' against '%s'",
                 node->mark.source ? node->mark.source->path : "", (unsigned)node->mark.line,
                 (unsigned)node->mark.column,
                 node->text  ? node->text
                 : node->key ? node->key
                             : "",
                 keyword);
    return false;
}

static bool any_type(const struct muster_doc *rule, const struct muster_doc *node)
{
    if (rule->kind == MUSTER_NODE_SCALAR)
        return has_type(node, rule->text);
    for (const struct muster_doc *one = rule->first; one; one = one->next) {
        if (has_type(node, one->text))
            return true;
    }
    return false;
}

static bool any_of(struct check *c, const struct muster_doc *rule, const struct muster_doc *node)
{
    for (const struct muster_doc *one = rule->first; one; one = one->next) {
        struct check unheard = {.root = c->root};
        if (valid(&unheard, one, node))
            return true;
    }
    return false;
}

static bool one_of_words(const struct muster_doc *rule, const struct muster_doc *node)
{
    for (const struct muster_doc *one = rule->first; one; one = one->next) {
        if (node->kind == MUSTER_NODE_SCALAR && strcmp(one->text, node->text) == 0)
            return true;
    }
    return false;
}

/* properties, patternProperties and additionalProperties, which belong together */
static bool valid_fields(struct check *c, const struct muster_doc *schema,
                         const struct muster_doc *node)
{
    const struct muster_doc *fields = muster_doc_get(schema, "properties");
    const struct muster_doc *patterns = muster_doc_get(schema, "patternProperties");
    const struct muster_doc *rest = muster_doc_get(schema, "additionalProperties");
    bool good = true;
    for (const struct muster_doc *one = node->first; one; one = one->next) {
        const struct muster_doc *field = muster_doc_get(fields, one->key);
        const struct muster_doc *pattern = patterns ? patterns->first : NULL;
        while (pattern && !matches(pattern->key, one->key))
            pattern = pattern->next;
        if (field || pattern)
            good = valid(c, field ? field : pattern, one) && good;
        else if (rest && rest->kind == MUSTER_NODE_MAPPING)
            good = valid(c, rest, one) && good;
        else if (rest && strcmp(rest->text, "false") == 0)
            good = fail_at(c, one, "additionalProperties");
    }
    return good;
}

static bool valid_keyword(struct check *c, const struct muster_doc *rule,
                          const struct muster_doc *node)
{
    const char *k = rule->key;
    bool object = node->kind == MUSTER_NODE_MAPPING, array = node->kind == MUSTER_NODE_SEQUENCE;
    if (strcmp(k, "type") == 0)
        return any_type(rule, node);
    if (strcmp(k, "$ref") == 0)
        return valid(c, muster_doc_get(muster_doc_get(c->root, "definitions"), rule->text + 14),
                     node);
    if (strcmp(k, "allOf") == 0)
        return valid(c, rule->first, node);
    if (strcmp(k, "anyOf") == 0)
        return any_of(c, rule, node);
    if (strcmp(k, "enum") == 0)
        return one_of_words(rule, node);
    if (strcmp(k, "const") == 0)
        return node->text && strcmp(rule->text, node->text) == 0;
    if (strcmp(k, "pattern") == 0)
        return !has_type(node, "string") || matches(rule->text, node->text);
    if (strcmp(k, "minimum") == 0)
        return !is_number(node) || strtod(node->text, NULL) >= strtod(rule->text, NULL);
    if (strcmp(k, "maximum") == 0)
        return !is_number(node) || strtod(node->text, NULL) <= strtod(rule->text, NULL);
    if (strcmp(k, "minItems") == 0)
        return !array || node->children >= (uint32_t)atoi(rule->text);
    if (strcmp(k, "maxItems") == 0)
        return !array || node->children <= (uint32_t)atoi(rule->text);
    if (strcmp(k, "required") == 0) {
        for (const struct muster_doc *one = rule->first; object && one; one = one->next)
            if (!muster_doc_get(node, one->text))
                return false;
        return true;
    }
    if (strcmp(k, "items") == 0) {
        for (const struct muster_doc *one = node->first; array && one; one = one->next)
            if (!valid(c, rule, one))
                return false;
        return true;
    }
    static const char *const elsewhere[] = {"properties", "patternProperties",    "$schema",
                                            "title",      "additionalProperties", "if",
                                            "then",       "definitions",          "description"};
    for (size_t i = 0; i < sizeof elsewhere / sizeof *elsewhere; i++) {
        if (strcmp(k, elsewhere[i]) == 0)
            return true;
    }
    fail_msg("the validator of this test does not know '%s'", k);
    return false;
}

static bool valid(struct check *c, const struct muster_doc *schema, const struct muster_doc *node)
{
    assert_non_null(schema);
    for (const struct muster_doc *rule = schema->first; rule; rule = rule->next) {
        if (!valid_keyword(c, rule, node))
            return fail_at(c, node, rule->key);
    }
    if (node->kind == MUSTER_NODE_MAPPING && !valid_fields(c, schema, node))
        return false;
    const struct muster_doc *condition = muster_doc_get(schema, "if");
    struct check unheard = {.root = c->root};
    return !condition || !valid(&unheard, condition, node) ||
           valid(c, muster_doc_get(schema, "then"), node);
}

/* ---- our own files ---- */

static bool ends_with(const char *text, const char *end)
{
    size_t n = strlen(text), m = strlen(end);
    return n >= m && strcmp(text + n - m, end) == 0;
}

static uint32_t validate_file(const char *path)
{
    struct file f;
    const struct muster_doc *root = parse(&f, path, NULL);
    bool scenario = muster_file_kind(root) == MUSTER_FILE_SCENARIO;
    struct check c = {.root = (scenario ? scenario_schema : config_schema).doc.root};
    if (!valid(&c, c.root, root))
        fail_msg("%s", c.why);
    drop(&f);
    return 1;
}

static uint32_t validate_folder(const char *folder)
{
    uint32_t n = 0;
    DIR *dir = opendir(folder);
    assert_non_null(dir);
    for (const struct dirent *one; (one = readdir(dir));) {
        char path[TEXT_MAX];
        if (one->d_name[0] == '.')
            continue;
        snprintf(path, sizeof path, "%s/%s", folder, one->d_name);
        if (ends_with(path, ".yaml"))
            n += validate_file(path);
        else if (!strchr(one->d_name, '.') && one->d_type == DT_DIR)
            n += validate_folder(path);
    }
    closedir(dir);
    return n;
}

static void our_own_files_are_valid(void **state)
{
    (void)state;
    assert_true(validate_folder("scenarios") > 100);
    assert_true(validate_folder("examples/config") == 3);
    assert_true(validate_folder("examples/local") == 1);
    assert_true(validate_folder("examples/scenarios") > 0);
}

static void invalid(const struct file *schema, const char *text, const char *why)
{
    struct file f;
    const struct muster_doc *root = parse(&f, "t", text);
    struct check c = {.root = schema->doc.root};
    assert_false(valid(&c, c.root, root));
    assert_string_equal(c.why, why);
    drop(&f);
}

static void wrong_files_are_not_valid(void **state)
{
    (void)state;
    invalid(&config_schema, "{lease_ttl: 15}", "t:1:13: '15' against 'type'");
    invalid(&config_schema, "{lease_tttl: 15s}", "t:1:14: '15s' against 'additionalProperties'");
    invalid(&config_schema, "{phases: {A: {severity_thresholds: {HIGH: SHRUG}}}}",
            "t:1:43: 'SHRUG' against 'anyOf'");
    invalid(&config_schema, "{recovery_policies: {a: {escalation_chain: [{condition: always}]}}}",
            "t:1:45: '' against 'required'");
    invalid(&config_schema, "{recovery_policies: {a: {escalation_chain: []}}}",
            "t:1:44: 'escalation_chain' against 'minItems'");
    invalid(&config_schema, "{advanced: {max_concurrent_actions: 9}}",
            "t:1:37: '9' against 'anyOf'");
    invalid(&scenario_schema, "{version: 2}", "t:1:11: '2' against 'const'");
    invalid(&scenario_schema, "{cluster: {config: {lease_tttl: 1s}}}",
            "t:1:33: '1s' against 'additionalProperties'");
    invalid(&scenario_schema, "{timeline: [{at: 5, crash: leader}]}", "t:1:18: '5' against 'type'");
    invalid(&scenario_schema, "{timeline: [{at: 5s, crush: leader}]}",
            "t:1:29: 'leader' against 'additionalProperties'");
}

static void config_of_another_process_is_its_own(void **state)
{
    (void)state;
    struct file f;
    const struct muster_doc *root =
        parse(&f, "t", "{cluster: {process: token_ring, config: {whatever: 1}}}");
    struct check c = {.root = scenario_schema.doc.root};
    if (!valid(&c, c.root, root))
        fail_msg("%s", c.why);
    drop(&f);
}

/* ---- the loaders ---- */

struct walk {
    const struct muster_doc *root;
    const char *rest; /* of the file, behind what is tried */
    uint32_t tried;
};

static void complain_of_unknown(const struct muster_diagnostics *d, const char *text)
{
    for (uint32_t i = 0; i < d->count; i++) {
        if (strstr(d->at[i].text, "unknown key"))
            fail_msg("%s: %s", text, d->at[i].text);
    }
}

static void try_config(const char *text)
{
    static struct muster_node_config c;
    struct file f;
    const struct muster_doc *root = parse(&f, "t", text);
    static const char *const include[] = {"include", NULL};
    const char *others[16];
    size_t n = 0;
    for (; muster_daemon_keys[n]; n++)
        others[n] = muster_daemon_keys[n];
    others[n++] = include[0];
    others[n] = NULL;
    (void)muster_node_config_load(&c, root, others, &f.d);
    complain_of_unknown(&f.d, text);
    drop(&f);
}

static void try_scenario(const char *text)
{
    struct muster_sources sources = {0};
    struct muster_diagnostics d = {0};
    muster_source_add(&sources, "t", text, strlen(text));
    sources.sealed = true;
    struct muster_scenario *s = muster_scenario_load("t", &sources, &muster_registry_builtin, &d);
    complain_of_unknown(&d, text);
    muster_scenario_free(s);
    muster_sources_free(&sources);
}

static const struct muster_doc *resolved(const struct walk *w, const struct muster_doc *schema)
{
    const struct muster_doc *all = muster_doc_get(schema, "allOf");
    const struct muster_doc *name = muster_doc_get(all ? all->first : schema, "$ref");
    return name ? muster_doc_get(muster_doc_get(w->root, "definitions"), name->text + 14) : schema;
}

/* Try each property of the schema with the braces that lead to it; then those within it. */
static void walk(struct walk *w, const struct muster_doc *schema, const char *before,
                 const char *after, void (*try)(const char *text))
{
    char text[TEXT_MAX], inner[TEXT_MAX], outer[TEXT_MAX];
    schema = resolved(w, schema);
    const struct muster_doc *any = muster_doc_get(schema, "anyOf");
    for (const struct muster_doc *one = any ? any->first : NULL; one; one = one->next)
        walk(w, one, before, after, try);
    const struct muster_doc *items = muster_doc_get(schema, "items");
    if (items) {
        snprintf(inner, sizeof inner, "%s[", before);
        snprintf(outer, sizeof outer, "]%s", after);
        walk(w, items, inner, outer, try);
    }
    const struct muster_doc *fields = muster_doc_get(schema, "properties");
    for (const struct muster_doc *one = fields ? fields->first : NULL; one; one = one->next) {
        snprintf(text, sizeof text, "%s{%s: x}%s", before, one->key, after);
        try(text);
        w->tried++;
        snprintf(inner, sizeof inner, "%s{%s: ", before, one->key);
        snprintf(outer, sizeof outer, "}%s", after);
        walk(w, one, inner, outer, try);
    }
    const struct muster_doc *patterns = muster_doc_get(schema, "patternProperties");
    const struct muster_doc *rest = muster_doc_get(schema, "additionalProperties");
    const struct muster_doc *named = patterns ? patterns->first : rest;
    if (named && named->kind == MUSTER_NODE_MAPPING) {
        /* A name that is one of an action, a type, and, in capitals, a phase and a response. */
        const char *name = patterns && strstr(named->key, "A-Z") ? "SAFE_MODE" : "n1";
        snprintf(inner, sizeof inner, "%s{%s: ", before, name);
        snprintf(outer, sizeof outer, "}%s", after);
        walk(w, named, inner, outer, try);
    }
    const struct muster_doc *then = muster_doc_get(schema, "then");
    if (then)
        walk(w, then, before, after, try);
}

static void enhanced(const char *text)
{
    char whole[TEXT_MAX];
    bool chosen = strncmp(text, "{orchestrator", 13) == 0;
    snprintf(whole, sizeof whole, "{%s%s", chosen ? "" : "orchestrator: enhanced, ", text + 1);
    try_config(whole);
}

static void scenario(const char *text)
{
    char whole[TEXT_MAX];
    bool entry = strncmp(text, "{timeline", 9) == 0 || strncmp(text, "{expect: [", 10) == 0;
    bool merged = strncmp(text, "{include", 8) == 0; /* it reads a file that is not there */
    snprintf(whole, sizeof whole, "{%s", text + 1);
    if (!entry && !merged)
        try_scenario(whole);
}

static void loaders_know_every_key_of_the_schemas(void **state)
{
    (void)state;
    struct walk w = {.root = config_schema.doc.root};
    walk(&w, w.root, "", "", enhanced);
    assert_true(w.tried > 90);
    w = (struct walk){.root = scenario_schema.doc.root};
    walk(&w, w.root, "", "", scenario);
    assert_true(w.tried > 250);
}

/* ---- */

static void schemas_are_what_the_tables_make(void **state)
{
    (void)state;
    char folder[] = "/tmp/test_schema.XXXXXX", command[TEXT_MAX];
    assert_non_null(mkdtemp(folder));
    snprintf(command, sizeof command,
             "schema/make %s && cmp %s/config.json schema/config.json && cmp %s/scenario.json "
             "schema/scenario.json; code=$?; rm -r %s; exit $code",
             folder, folder, folder, folder);
    assert_int_equal(system(command), 0);
}

int main(void)
{
    parse(&config_schema, "schema/config.json", NULL);
    parse(&scenario_schema, "schema/scenario.json", NULL);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(our_own_files_are_valid),
        cmocka_unit_test(wrong_files_are_not_valid),
        cmocka_unit_test(config_of_another_process_is_its_own),
        cmocka_unit_test(loaders_know_every_key_of_the_schemas),
        cmocka_unit_test(schemas_are_what_the_tables_make),
    };
    int failed = cmocka_run_group_tests_name("schema", tests, NULL, NULL);
    drop(&config_schema);
    drop(&scenario_schema);
    return failed;
}
