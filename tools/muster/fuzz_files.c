/* SPDX-License-Identifier: Apache-2.0 */
/* What a campaign leaves behind: the corpus, findings, and where to go on. Every file is written
 * under another name and then renamed, so that whoever is killed leaves whole ones only. */
#include "reports/report.h"
#include "tools/muster/failure.h"
#include "tools/muster/fuzz.h"
#include "tools/muster/options.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_SIZE 512

static int fail(const char *path)
{
    muster_options_say("cannot write '%s': %s", path, errno ? strerror(errno) : "write error");
    return MUSTER_EXIT_IO;
}

static int write_file(const char *path, const char *comment, const char *text)
{
    char draft[PATH_SIZE + 8];
    snprintf(draft, sizeof draft, "%s.tmp", path);
    errno = 0;
    FILE *out = fopen(draft, "we");
    if (!out)
        return fail(path);
    fputs(comment, out);
    fputs(text, out);
    bool bad = ferror(out) != 0;
    if (fclose(out) != 0 || bad || rename(draft, path) != 0) {
        int error = fail(path);
        unlink(draft);
        return error;
    }
    return 0;
}

int muster_fuzz_make_folder(const char *path)
{
    struct stat st;
    char part[PATH_SIZE];
    for (const char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        snprintf(part, sizeof part, "%.*s", (int)(slash - path), path);
        (void)mkdir(part, 0777);
    }
    errno = 0;
    if (mkdir(path, 0777) == 0 || (stat(path, &st) == 0 && S_ISDIR(st.st_mode)))
        return 0;
    muster_options_say("cannot create folder '%s': %s", path, strerror(errno));
    return MUSTER_EXIT_IO;
}

/* ---- the corpus ---- */

static uint64_t hash_of(const char *text)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (; *text; text++)
        hash = (hash ^ (uint8_t)*text) * UINT64_C(0x100000001b3);
    return hash;
}

int muster_fuzz_save_plan(const struct muster_fuzz *x, const struct muster_plan *p)
{
    char path[PATH_SIZE], text[MUSTER_PLAN_TEXT_MAX];
    if (!x->request.corpus)
        return 0;
    muster_plan_write(p, text);
    snprintf(path, sizeof path, "%s/%016" PRIx64 ".yaml", x->request.corpus, hash_of(text));
    return access(path, F_OK) == 0 ? 0 : write_file(path, "", text);
}

static void next_path(const struct muster_fuzz *x, char path[PATH_SIZE])
{
    snprintf(path, PATH_SIZE, "%s/next", x->request.corpus);
}

int muster_fuzz_save_next(const struct muster_fuzz *x)
{
    char path[PATH_SIZE], text[32];
    if (!x->request.corpus)
        return 0;
    next_path(x, path);
    snprintf(text, sizeof text, "%" PRIu64 "\n", x->next);
    return write_file(path, "", text);
}

uint64_t muster_fuzz_load_next(const struct muster_fuzz *x)
{
    char path[PATH_SIZE], text[32] = "";
    uint64_t next = 0;
    next_path(x, path);
    FILE *in = fopen(path, "re");
    if (!in)
        return 0;
    if (fgets(text, sizeof text, in))
        text[strcspn(text, "\n")] = 0;
    fclose(in);
    return muster_options_number(text, 0, MUSTER_INTEGER_MAX, &next) ? next : 0;
}

/* ---- scenarios ---- */

struct muster_scenario *muster_fuzz_load_text(const struct muster_fuzz *x, const char *path,
                                              const char *text, struct muster_diagnostics *d)
{
    struct muster_sources sources = {.sealed = true};
    muster_source_add(&sources, path, text, strlen(text));
    struct muster_scenario *s = muster_scenario_load(path, &sources, x->registry, d);
    if (!s)
        muster_sources_free(&sources);
    return s;
}

static bool fits(const struct muster_plan_frame *f, const struct muster_scenario *s,
                 struct muster_plan *p)
{
    uint32_t pinned = 0;
    if (!muster_plan_read(p, f, s))
        return false;
    for (uint32_t i = 0; i < p->count; i++)
        pinned += p->entry[i].pinned;
    return pinned == (f->base ? f->base->count : 0);
}

bool muster_fuzz_load_plan(const struct muster_fuzz *x, const char *path, struct muster_plan *p,
                           uint32_t *ret_frame)
{
    struct muster_sources sources = {0};
    bool found = false;
    struct muster_diagnostics *d = calloc(1, sizeof *d);
    struct muster_scenario *s = d ? muster_scenario_load(path, &sources, x->registry, d) : NULL;
    for (uint32_t i = 0; s && i < x->frame_count && !found; i++) {
        *ret_frame = i;
        found = fits(&x->frames[i], s, p);
    }
    if (!found)
        muster_options_say("'%s' is left out: %s", path,
                           s ? "it is of another cluster" : "it does not load");
    if (s)
        muster_scenario_free(s);
    else
        muster_sources_free(&sources);
    free(d);
    return found;
}

/* ---- findings ---- */

static void say_comment(char *text, size_t size, const struct muster_run_result *result)
{
    char why[sizeof result->text];
    snprintf(why, sizeof why, "%s", result->text);
    for (char *c = why; *c; c++)
        *c = (unsigned char)*c < ' ' ? ' ' : *c;
    snprintf(text, size, "# Found by muster fuzz: %s\n# %s\n", result->property, why);
}

/* The text of a plan that fails, made smaller; false when it is to stay as it is. */
static bool shrink(const struct muster_fuzz *x, const char *plan, uint64_t seed,
                   const struct muster_fuzz_finding *f, struct muster_memory *memory,
                   struct muster_shrink_result *ret)
{
    struct muster_sources sources = {.sealed = true};
    struct muster_diagnostics *d = muster_memory_take(memory, sizeof *d);
    if (!x->request.shrinks || f->code == MUSTER_REPORT_DIVERGED)
        return false;
    muster_source_add(&sources, "plan.yaml", plan, strlen(plan));
    const struct muster_shrink_request request = {
        .root = muster_scenario_resolve("plan.yaml", &sources, memory, d),
        .path = "muster fuzz",
        .output = f->path,
        .seed = seed,
        .property = f->property,
    };
    bool shrunk = request.root && muster_fuzz_shrink(x, &request, memory, ret);
    muster_sources_free(&sources);
    return shrunk;
}

/* The trace of what was written, beside it. */
static void write_trace(const struct muster_fuzz *x, const struct muster_fuzz_finding *f,
                        const char *text, const struct muster_run_result *result)
{
    static struct muster_diagnostics d;
    char trace[PATH_SIZE];
    snprintf(trace, sizeof trace, "%.*s.jsonl", (int)strlen(f->path) - 5, f->path);
    memset(&d, 0, sizeof d);
    struct muster_scenario *s = muster_fuzz_load_text(x, f->path, text, &d);
    if (!s)
        return;
    const struct muster_failure_request request = {s, f->path, x->program, 0};
    struct muster_report_failure *failure = muster_failure_make(result, &request);
    if (failure)
        muster_failure_watch(failure, result->seed, s, trace);
    muster_failure_free(failure);
    muster_scenario_free(s);
}

/* What another finding has shrunk to: 0, or 1 + its index. */
static uint32_t find_same(const struct muster_fuzz *x, const struct muster_fuzz_finding *f)
{
    for (uint32_t i = 0; i < x->finding_count; i++) {
        const struct muster_fuzz_finding *other = &x->findings[i];
        if (other != f && other->path[0] && strcmp(other->shrunk, f->shrunk) == 0)
            return i + 1;
    }
    return 0;
}

int muster_fuzz_save_finding(struct muster_fuzz *x, const struct muster_plan *p,
                             const struct muster_run_result *result, struct muster_fuzz_finding *f)
{
    static char plan[MUSTER_PLAN_TEXT_MAX];
    char comment[1024] = "";
    struct muster_memory memory = {0};
    struct muster_shrink_result small = {.text = plan, .seed = p->seed};
    struct muster_run_result copy = *result;
    if (!x->request.out)
        return 0;
    snprintf(f->path, sizeof f->path, "%.200s/%.32s-%" PRIu64 ".yaml", x->request.out,
             result->property, p->seed);
    muster_plan_write(p, plan);
    copy.seed = p->seed;
    if (shrink(x, plan, p->seed, f, &memory, &small)) {
        memcpy(f->shrunk, small.outcome.signature, sizeof f->shrunk);
        f->same = find_same(x, f);
        copy.seed = small.seed;
        copy.failed_record = UINT64_MAX; /* another run's */
    } else {
        small.text = plan;
        say_comment(comment, sizeof comment, result);
    }
    int error = 0;
    if (f->same) {
        f->path[0] = 0;
    } else {
        error = write_file(f->path, comment, small.text);
        if (error == 0)
            write_trace(x, f, small.text, &copy);
    }
    muster_memory_free(&memory);
    return error;
}
