# Sourced by the scripts beside it: a private Redis, a server and a load on this machine, ended with the script.
# The server under test has core 0; the load and Redis have core 1.
# shellcheck shell=sh
set -eu

here=$(cd "$(dirname "$0")" && pwd)
binaries=${BINARIES:-$here/../.build/release}
scratch=$(mktemp -d)
processes=

# Ends what this script started, and nothing else.
finish() {
    for process in $processes; do kill "$process" 2>/dev/null || true; done
    wait
    rm -rf "$scratch"
}
trap finish EXIT
trap 'exit 1' INT TERM

# Waits until FILE has a line that begins with TEXT, at most ten seconds; prints what follows it.
await() {
    for _ in $(seq 100); do
        line=$(grep -m 1 "^$2" "$1" 2>/dev/null || true)
        if [ -n "$line" ]; then
            echo "${line#"$2"}"
            return
        fi
        sleep 0.1
    done
    echo "${0##*/}: no '$2' in $1:" >&2
    cat "$1" "$1.errors" >&2
    exit 1
}

start_redis() {
    taskset -c 1 redis-server --port 0 --unixsocket "$scratch/redis.sock" --save '' --appendonly no \
        --dir "$scratch" >"$scratch/redis" 2>&1 &
    processes="$processes $!"
    for _ in $(seq 100); do [ -S "$scratch/redis.sock" ] && break; sleep 0.1; done
}

# Sets edge (the pid) and edge_address; OPTIONS follow.
start_edge() {
    taskset -c 0 "$binaries/termchat-edge" --listen 127.0.0.1:0 --admin 127.0.0.1:0 \
        --redis "unix://$scratch/redis.sock" --guests --sends-per-second 100000 "$@" \
        >"$scratch/edge" 2>"$scratch/edge.errors" &
    edge=$!
    processes="$processes $edge"
    # shellcheck disable=SC2034 # for those who source this
    edge_address=$(await "$scratch/edge" "listening on ")
}

# load ADDRESS PID OPTION...: one run; prints the JSON report.
load() {
    address=$1 pid=$2
    shift 2
    taskset -c 1 "$binaries/termchat-bench" --json --server "ws://$address" --pids "$pid" "$@"
}

# The number of a member of the report on standard input.
member() { sed -n "s/.*\"$1\":\([0-9.]*\).*/\1/p"; }

# The middle one of the numbers on standard input.
median() { sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }
