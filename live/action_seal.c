/* SPDX-License-Identifier: Apache-2.0 */
/* The vector that seals what a vector fences. */
#include "live/action_seal.h"

#include "core/text.h"

#include <string.h>

#define SEAL_ARGUMENTS 6
#define EPOCH_MAX      24

static bool is_fence(const char *program)
{
    const char *slash = strrchr(program, '/');
    return strcmp(slash ? slash + 1 : program, "muster-fence") == 0;
}

/* The state's file, of the options before the command; null when none is named. */
static char *find_state(char *const *argument)
{
    static const char option[] = "--state";
    const size_t size = sizeof option - 1;
    for (; *argument && **argument == '-' && strcmp(*argument, "--") != 0; argument++) {
        if (strcmp(*argument, option) == 0)
            return argument[1];
        if (strncmp(*argument, option, size) == 0 && (*argument)[size] == '=')
            return *argument + size + 1;
    }
    return NULL;
}

static char *copy(struct muster_memory *m, const char *text)
{
    return muster_memory_copy(m, text, strlen(text));
}

char **muster_live_seal_arguments(struct muster_memory *m, char *const *argument, uint64_t epoch)
{
    char *state = is_fence(argument[0]) ? find_state(argument + 1) : NULL;
    if (!state)
        return NULL;
    char room[EPOCH_MAX];
    struct muster_text t;
    muster_text_init(&t, room, sizeof room);
    muster_text_add_u64(&t, epoch);
    char **seal = muster_memory_take(m, SEAL_ARGUMENTS * sizeof *seal);
    seal[0] = argument[0];
    seal[1] = copy(m, "--state");
    seal[2] = state;
    seal[3] = copy(m, "--seal");
    seal[4] = copy(m, room);
    return seal; /* memory comes zeroed: the last is null */
}
