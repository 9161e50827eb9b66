/* SPDX-License-Identifier: Apache-2.0 */
/* The program: the library with nothing but its own tables. */
#include "sim/process.h"

int main(int argc, char **argv)
{
    return muster_main(argc, argv, NULL);
}
