#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# One library of several, in which only the symbols muster_* are global, so that no name of ours
# meets one of a user's: library.sh OUTPUT ARCHIVE…
set -eu
output=$1
shift
object=${output%.a}.o
"${LD:-ld}" -r -o "$object" --whole-archive "$@"
"${OBJCOPY:-objcopy}" --wildcard --keep-global-symbol='muster_*' "$object"
rm -f "$output"
"${AR:-ar}" rcs "$output" "$object"
rm -f "$object"
