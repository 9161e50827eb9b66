/* SPDX-License-Identifier: Apache-2.0 */
/* The whole command line, with Raft in it. */
#include "examples/raft/raft.h"

int main(int argc, char **argv)
{
    static const struct muster_process *const processes[] = {&raft_process, NULL};
    static const struct muster_registry registry = {processes, raft_properties};
    return muster_main(argc, argv, &registry);
}
