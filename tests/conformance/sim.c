/* SPDX-License-Identifier: Apache-2.0 */
/* The conformance suites in the virtual world. */
#include "sim/process.h"
#include "tests/conformance/conformance.h"

int main(int argc, char **argv)
{
    static const struct muster_process *const processes[] = {&conformance_process, NULL};
    static const struct muster_registry registry = {processes, NULL};
    return muster_main(argc, argv, &registry);
}
