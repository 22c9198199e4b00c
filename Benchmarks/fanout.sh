#!/bin/sh
# Compares CPU time per delivery of termchat-edge with the bare epoll server: one room of 1,000 connections, at
# several rates, in alternating runs on the same machine.
#
# Usage: Benchmarks/fanout.sh [RUNS [SECONDS]]       (default 3 runs of 10 s each; about 7 minutes)
# Needs: a release build (scripts/build termchat-edge termchat-bench), cc, make, redis-server, taskset, two cores.
# RATES, CONNECTIONS and BINARIES in the environment change what is run.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

runs=${1:-3}
seconds=${2:-10}

make -s -C "$here/bare-epoll"
start_redis
taskset -c 0 "$here/bare-epoll/bare" >"$scratch/bare" 2>"$scratch/bare.errors" &
bare=$!
processes="$processes $bare"
bare_address=$(await "$scratch/bare" "listening on ")
# shellcheck disable=SC2119 # the defaults are what is measured
start_edge

# run ADDRESS PID PROTOCOL RATE
run() {
    load "$1" "$2" --protocol "$3" --connections "${CONNECTIONS:-1000}" --rooms 1 --publishers 1 --rate "$4" \
        --warmup 2 --duration "$seconds" >"$scratch/report"
}

echo "one room of ${CONNECTIONS:-1000}, $runs runs of $seconds s; CPU microseconds per delivery and p99 in microseconds, medians"
printf '%8s %10s %10s %8s %14s %14s\n' msg/s bare edge ratio "bare p99" "edge p99"
for rate in ${RATES:-40 100 400 1000}; do
    behind=
    for file in bare.cpu edge.cpu bare.p99 edge.p99; do : >"$scratch/$file"; done
    for _ in $(seq "$runs"); do
        # Past its limit the bare server only falls behind; what it costs until then is what counts.
        run "$bare_address" "$bare" bare "$rate" || behind=" (bare is saturated)"
        member cpu_us_per_delivery <"$scratch/report" >>"$scratch/bare.cpu"
        member p99 <"$scratch/report" >>"$scratch/bare.p99"
        run "$edge_address" "$edge" termchat "$rate" || {
            echo "fanout.sh: deliveries were lost, refused or out of order at $rate/s" >&2
            cat "$scratch/report" >&2
            exit 1
        }
        member cpu_us_per_delivery <"$scratch/report" >>"$scratch/edge.cpu"
        member p99 <"$scratch/report" >>"$scratch/edge.p99"
    done
    a=$(median <"$scratch/bare.cpu")
    b=$(median <"$scratch/edge.cpu")
    printf '%8s %10.2f %10.2f %8s %14.0f %14.0f%s\n' "$rate" "$a" "$b" \
        "$(echo "$a $b" | awk '{ printf "%.2f", $2 / $1 }')" \
        "$(median <"$scratch/bare.p99")" "$(median <"$scratch/edge.p99")" "$behind"
done
