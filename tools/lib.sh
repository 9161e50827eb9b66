# SPDX-License-Identifier: Apache-2.0
# Shared by the scripts of this folder: where the tree is, what must be installed, how it is built.
# Sourced, after `set -eu`, by a script that lies beside it.

tools=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd -P)
root=$(dirname -- "$tools")

# shellcheck disable=SC2034 # both are for the scripts that source this
BUILD_PACKAGES="gcc libc6-dev meson ninja-build pkg-config libyaml-dev libjansson-dev \
libxxhash-dev liblua5.1-0-dev libuv1-dev libhiredis-dev libsqlite3-dev"
# shellcheck disable=SC2034
TEST_PACKAGES="libcmocka-dev clang patch python3 redis-tools binutils"
UNAVAILABLE=69 # exit code when something that is needed cannot be installed

say() {
    printf '%s\n' "$*" >&2
}

jobs() {
    nproc 2>/dev/null || echo 2
}

# The packages among the arguments that are not installed, separated by blanks.
packages_missing() {
    missing=
    for package in "$@"; do
        state=$(dpkg-query -W -f='${db:Status-Abbrev}' "$package" 2>/dev/null) || state=
        case $state in
            ?i*) ;;
            *) missing="$missing $package" ;;
        esac
    done
    printf '%s' "${missing# }"
}

# Run a command as root, directly or by sudo.
as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    else
        sudo -n "$@"
    fi
}

# Install what is missing among the arguments; says and does nothing when nothing is. Elsewhere than
# on Debian the tools are taken as they are found, and meson names what it lacks.
packages_need() {
    command -v dpkg-query >/dev/null 2>&1 || return 0
    missing=$(packages_missing "$@")
    [ -n "$missing" ] || return 0
    if [ "$(id -u)" -ne 0 ] && ! sudo -n true 2>/dev/null; then
        say "missing packages, and neither root nor sudo without a password to install them:"
        say "    apt-get update && apt-get install $missing"
        exit $UNAVAILABLE
    fi
    say "installing: $missing"
    log=$(mktemp)
    # shellcheck disable=SC2086 # a list of names without blanks
    if ! { as_root apt-get update -q &&
        as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends \
            $missing; } >"$log" 2>&1 </dev/null; then
        cat "$log" >&2
        rm -f "$log"
        say "could not install: $missing"
        exit $UNAVAILABLE
    fi
    rm -f "$log"
}

# Configure (once) and build a folder: build_tree FOLDER [meson options…]. Its messages are shown
# only when it fails.
build_tree() {
    folder=$1
    shift
    log=$(mktemp)
    if {
        { [ -f "$folder/build.ninja" ] || meson setup "$folder" "$root" "$@"; } &&
            ninja -C "$folder"
    } >"$log" 2>&1 </dev/null; then
        # A compiler's warning on the way to success is worth a look, too.
        grep -A4 'warning:' "$log" >&2 || :
        rm -f "$log"
    else
        cat "$log" >&2
        rm -f "$log"
        say "could not build $folder"
        exit 70
    fi
}
