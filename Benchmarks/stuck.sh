#!/bin/sh
# What connections that never read do to the others: one room, the same load without and with them, in alternating runs.
#
# Usage: Benchmarks/stuck.sh [RUNS [SECONDS]]       (default 3 runs of 10 s each; about 2 minutes)
# Needs: a release build (scripts/build termchat-edge termchat-bench), redis-server, taskset, two cores.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

runs=${1:-3}
seconds=${2:-10}
start_redis
# The others' load fills the stuck ones' queues within the warm-up; nobody is closed for it while the run lasts.
start_edge --slow-seconds 3600

echo "one room of 500 at 50 msg/s of 1,000 bytes, $runs runs of $seconds s each; medians"
printf '%8s %12s %12s %16s %14s\n' stuck "p50 us" "p99 us" "us/delivery" "edge RSS MiB"
for stuck in 0 50; do : >"$scratch/$stuck.p50"; : >"$scratch/$stuck.p99"; : >"$scratch/$stuck.cpu"; : >"$scratch/$stuck.rss"; done
for _ in $(seq "$runs"); do
    for stuck in 0 50; do
        load "$edge_address" "$edge" --connections 500 --stuck "$stuck" --rate 50 --body-bytes 1000 --warmup 8 \
            --duration "$seconds" >"$scratch/report" || {
            echo "stuck.sh: deliveries were lost, refused or out of order" >&2
            cat "$scratch/report" >&2
            exit 1
        }
        member p50 <"$scratch/report" >>"$scratch/$stuck.p50"
        member p99 <"$scratch/report" >>"$scratch/$stuck.p99"
        member cpu_us_per_delivery <"$scratch/report" >>"$scratch/$stuck.cpu"
        member rss_bytes <"$scratch/report" >>"$scratch/$stuck.rss"
    done
done
for stuck in 0 50; do
    printf '%8s %12.0f %12.0f %16.2f %14.1f\n' "$stuck" "$(median <"$scratch/$stuck.p50")" \
        "$(median <"$scratch/$stuck.p99")" "$(median <"$scratch/$stuck.cpu")" \
        "$(median <"$scratch/$stuck.rss" | awk '{ print $1 / 1048576 }')"
done
