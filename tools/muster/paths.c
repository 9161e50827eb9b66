/* SPDX-License-Identifier: Apache-2.0 */
/* Walking folders for scenarios, in an order that no file system decides. */
#include "tools/muster/paths.h"
#include "reports/report.h"
#include "tools/muster/options.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define DEPTH_MAX 32

static bool ends_with(const char *text, const char *end)
{
    size_t n = strlen(text), m = strlen(end);
    return n >= m && strcmp(text + n - m, end) == 0;
}

static bool has(const struct muster_paths *p, const char *path)
{
    for (size_t i = 0; i < p->count; i++)
        if (strcmp(p->at[i], path) == 0)
            return true;
    return false;
}

static int out_of_memory(void)
{
    muster_options_say("out of memory");
    return MUSTER_EXIT_INTERNAL;
}

/* Takes the path over. */
static int append(struct muster_paths *p, char *path)
{
    if (!path)
        return out_of_memory();
    if (has(p, path)) {
        free(path);
        return 0;
    }
    if (p->count == p->capacity) {
        size_t larger = p->capacity ? 2 * p->capacity : 64;
        char **moved = realloc(p->at, larger * sizeof *moved);
        if (!moved) {
            free(path);
            return out_of_memory();
        }
        p->at = moved;
        p->capacity = larger;
    }
    p->at[p->count++] = path;
    return 0;
}

static char *join(const char *folder, const char *name)
{
    char *path;
    const char *slash = ends_with(folder, "/") ? "" : "/";
    return asprintf(&path, "%s%s%s", folder, slash, name) < 0 ? NULL : path;
}

static int walk(struct muster_paths *p, const char *folder, int depth);

static int visit(struct muster_paths *p, char *path, int depth)
{
    struct stat st;
    /* A folder behind a link may be this one again: links are followed for files only. */
    if (lstat(path, &st) == 0 && S_ISDIR(st.st_mode)) {
        int error = walk(p, path, depth + 1);
        free(path);
        return error;
    }
    if (ends_with(path, ".yaml") && !ends_with(path, ".inc.yaml"))
        return append(p, path);
    free(path);
    return 0;
}

static int walk(struct muster_paths *p, const char *folder, int depth)
{
    DIR *dir = depth < DEPTH_MAX ? opendir(folder) : NULL;
    if (!dir) {
        muster_options_say("cannot read folder '%s': %s", folder,
                           depth < DEPTH_MAX ? strerror(errno) : "folders are nested too deeply");
        return MUSTER_EXIT_IO;
    }
    int error = 0;
    const struct dirent *entry;
    while ((entry = readdir(dir))) {
        if (entry->d_name[0] == '.')
            continue;
        char *path = join(folder, entry->d_name);
        error = muster_report_graver(error, path ? visit(p, path, depth) : out_of_memory());
    }
    closedir(dir);
    return error;
}

static int compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Of a folder; `some`: it is an error when there are none. */
static int add_folder(struct muster_paths *p, const char *path, bool some)
{
    struct muster_paths found = {NULL, 0, 0};
    int error = walk(&found, path, 0);
    if (!error && found.count == 0 && some) {
        muster_options_say("no scenarios in folder '%s' (looked for *.yaml)", path);
        error = MUSTER_EXIT_USAGE;
    }
    if (found.count > 0)
        qsort(found.at, found.count, sizeof *found.at, compare);
    for (size_t i = 0; i < found.count; i++) {
        int failed = append(p, found.at[i]);
        error = muster_report_graver(error, failed);
    }
    free(found.at);
    return error;
}

int muster_paths_add_some(struct muster_paths *p, const char *folder)
{
    return add_folder(p, folder, false);
}

int muster_paths_add(struct muster_paths *p, const char *path)
{
    struct stat st;
    if (stat(path, &st) != 0) {
        muster_options_say("cannot read '%s': %s", path, strerror(errno));
        return MUSTER_EXIT_IO;
    }
    if (!S_ISDIR(st.st_mode)) {
        if (!ends_with(path, ".inc.yaml"))
            return append(p, strdup(path));
        muster_options_say("'%s' is a file for including: it does not run by itself", path);
        return MUSTER_EXIT_USAGE;
    }
    return add_folder(p, path, true);
}

void muster_paths_free(struct muster_paths *p)
{
    for (size_t i = 0; i < p->count; i++)
        free(p->at[i]);
    free(p->at);
    *p = (struct muster_paths){NULL, 0, 0};
}
