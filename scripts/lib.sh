# Sourced by the scripts beside it: where the package is, how to speak, what must be installed.
# shellcheck shell=bash

set -euo pipefail

# shellcheck disable=SC2034 # used by those who source this
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)

# People read stderr; stdout belongs to whatever a script promises to print there.
# A terminal that is gone cannot be told; what must be cleaned up is cleaned up all the same.
say() { printf '%s\n' "$*" >&2 || :; }
die() {
    say "${0##*/}: $*"
    exit 1
}
usage_error() {
    say "${0##*/}: $*"
    say "Try '${0##*/} --help'."
    exit 2
}

# Prints the comment block at the top of the calling script, without its marks.
print_help() { sed -n '2,/^[^#]/{s/^# \{0,1\}//p}' "$0"; }

# haproxy and nginx live in sbin, which the path of an ordinary user leaves out.
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin

has_command() { command -v "$1" >/dev/null 2>&1; }
has_header() { [[ -e /usr/include/$1 || -e /usr/local/include/$1 ]]; }

# missing_packages GROUP...: the Debian packages that the groups still lack, one a line.
#   build: what the compiler and the linker need     cluster: what a local cluster runs
missing_packages() {
    local group
    for group in "$@"; do
        case $group in
            build)
                has_header hiredis/hiredis.h || echo libhiredis-dev
                has_header zlib.h || echo zlib1g-dev
                ;;
            cluster)
                has_command redis-server || echo redis-server
                has_command haproxy || echo haproxy
                has_command setsid || echo util-linux
                has_command tmux || echo tmux
                ;;
        esac
    done
}

# ensure GROUP...: installs what is missing; says nothing where nothing is.
ensure() {
    [[ " $* " != *" build "* ]] || has_command swift \
        || die "no 'swift' in the path: install Swift 6.3 or later from https://www.swift.org/install/linux/"
    local packages
    mapfile -t packages < <(missing_packages "$@")
    ((${#packages[@]} == 0)) || install_packages "${packages[@]}"
}

install_packages() {
    local become=()
    has_command apt-get || die "please install: $* (this is not Debian, so their names may differ)"
    if ((EUID != 0)); then
        has_command sudo || die "please install as root: apt-get install $*"
        become=(sudo)
    fi
    say "installing $*"
    "${become[@]}" env DEBIAN_FRONTEND=noninteractive bash -c "$install_program" install "$@" >&2 </dev/null \
        || die "apt-get could not install: $*"
}

# Runs as root. Installing a server must not start or enable one: policy-rc.d forbids the start, and the service of
# a package that was not there before is disabled again.
# shellcheck disable=SC2016
install_program='
set -eu
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
    trap "rm -f $policy" EXIT
    printf "#!/bin/sh\nexit 101\n" >"$policy"
    chmod 755 "$policy"
fi
install() { apt-get install -y -q --no-install-recommends "$@"; }
install "$@" || { apt-get update -q && install "$@"; }
for package in "$@"; do
    case $package in
        redis-server | haproxy) ! command -v systemctl >/dev/null || systemctl disable -q "$package" || true ;;
    esac
done
'
