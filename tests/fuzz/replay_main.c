/* SPDX-License-Identifier: Apache-2.0 */
/* A fuzz target without a fuzzer: every file of the folders given, and nothing at all. */
#include "tests/fuzz/fuzz.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_SIZE_MAX ((size_t)1 << 20)

/* A room of exactly the file's size, so that a sanitizer sees a read behind its end. */
static int try_file(const char *path)
{
    static uint8_t room[FILE_SIZE_MAX];
    FILE *file = fopen(path, "rbe");
    if (!file) {
        perror(path);
        return 1;
    }
    size_t size = fread(room, 1, sizeof room, file);
    int failed = ferror(file);
    fclose(file);
    uint8_t *input = size > 0 ? malloc(size) : NULL;
    if (failed || size == sizeof room || (size > 0 && !input)) {
        fprintf(stderr, "%s: cannot be read as a whole\n", path);
        free(input);
        return 1;
    }
    if (input)
        memcpy(input, room, size);
    LLVMFuzzerTestOneInput(input, size);
    free(input);
    return 0;
}

static int is_input(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

/* Returns how many files were tried; 0 when there was trouble, too: a corpus is never empty. */
static int try_folder(const char *folder)
{
    struct dirent **entries;
    int count = scandir(folder, &entries, is_input, alphasort);
    int failed = 0;
    if (count < 0) {
        perror(folder);
        return 0;
    }
    for (int i = 0; i < count; i++) {
        char path[4096];
        snprintf(path, sizeof path, "%s/%s", folder, entries[i]->d_name);
        failed += try_file(path);
        free(entries[i]);
    }
    free(entries);
    return failed ? 0 : count;
}

int main(int argc, char **argv)
{
    LLVMFuzzerTestOneInput(NULL, 0);
    for (int i = 1; i < argc; i++) {
        int count = try_folder(argv[i]);
        if (count == 0)
            return 1;
        printf("%s: %d inputs\n", argv[i], count);
    }
    return argc > 1 ? 0 : 64;
}
