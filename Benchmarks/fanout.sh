#!/bin/sh
# Compares CPU time per delivery of termchat-edge with the bare epoll server: one room of 1,000 connections, at
# several rates, in alternating runs on the same machine. The server has core 0, the load and Redis have core 1.
#
# Usage: Benchmarks/fanout.sh [RUNS [SECONDS]]       (default 3 runs of 10 s each; about 7 minutes)
# Needs: a release build (swift build -c release), cc, make, redis-server, taskset, two cores.
set -eu

runs=${1:-3}
seconds=${2:-10}
rates=${RATES:-40 100 400 1000}
connections=${CONNECTIONS:-1000}
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
    echo "fanout.sh: no '$2' in $1:" >&2
    cat "$1" "$1.errors" >&2
    exit 1
}

make -s -C "$here/bare-epoll"

taskset -c 1 redis-server --port 0 --unixsocket "$scratch/redis.sock" --save '' --appendonly no \
    --dir "$scratch" >"$scratch/redis" 2>&1 &
processes="$processes $!"
for _ in $(seq 100); do [ -S "$scratch/redis.sock" ] && break; sleep 0.1; done

taskset -c 0 "$here/bare-epoll/bare" >"$scratch/bare" 2>"$scratch/bare.errors" &
bare=$!
processes="$processes $bare"

taskset -c 0 "$binaries/termchat-edge" --listen 127.0.0.1:0 --admin 127.0.0.1:0 --redis "unix://$scratch/redis.sock" \
    --guests --sends-per-second 100000 >"$scratch/edge" 2>"$scratch/edge.errors" &
edge=$!
processes="$processes $edge"

bare_address=$(await "$scratch/bare" "listening on ")
edge_address=$(await "$scratch/edge" "listening on ")

# One run; prints the JSON report.
load() {
    taskset -c 1 "$binaries/termchat-bench" --json --server "ws://$1" --pids "$2" --protocol "$3" \
        --connections "$connections" --rooms 1 --publishers 1 --rate "$4" --warmup 2 --duration "$seconds"
}

member() { sed -n "s/.*\"$1\":\([0-9.]*\).*/\1/p"; }

# The middle one of the numbers on standard input.
median() { sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }

echo "one room of $connections, $runs runs of $seconds s; CPU microseconds per delivery (medians), latency of the last run"
printf '%8s %10s %10s %8s %14s %14s\n' msg/s bare edge ratio "bare p99 us" "edge p99 us"
for rate in $rates; do
    : >"$scratch/bare.cpu"
    : >"$scratch/edge.cpu"
    behind=
    for _ in $(seq "$runs"); do
        for server in bare edge; do
            case $server in
            # Past its limit the bare server only falls behind; what it costs until then is what counts.
            bare) load "$bare_address" "$bare" bare "$rate" >"$scratch/report" || behind=" (bare is saturated)" ;;
            edge) load "$edge_address" "$edge" termchat "$rate" >"$scratch/report" || bad="$server at $rate/s" ;;
            esac
            if [ -n "${bad:-}" ]; then
                echo "fanout.sh: deliveries were lost or out of order: $bad" >&2
                cat "$scratch/report" >&2
                exit 1
            fi
            member cpu_us_per_delivery <"$scratch/report" >>"$scratch/$server.cpu"
            member p99 <"$scratch/report" >"$scratch/$server.p99"
        done
    done
    a=$(median <"$scratch/bare.cpu")
    b=$(median <"$scratch/edge.cpu")
    printf '%8s %10.2f %10.2f %8s %14s %14s%s\n' "$rate" "$a" "$b" "$(echo "$a $b" | awk '{ printf "%.2f", $2 / $1 }')" \
        "$(cat "$scratch/bare.p99")" "$(cat "$scratch/edge.p99")" "$behind"
done
