#!/usr/bin/env bash
# One file by `curl -T` over loopback and back again, by turns, on the same machine and the same file system:
#
#   a  termchat-upload: stored, hashed, synced, its line in the room
#   b  nginx's WebDAV PUT alone: stored, and no more
#   c  the same, with SHA-256 beside it: the client's bytes pass through tee to openssl while nginx stores them
#   e  the same, with openssl reading the client's file itself meanwhile: without tee's copy, which no server could do
#   d  nginx, then openssl over what it stored
#
# Usage: Benchmarks/upload.sh [MIB [RUNS [FOLDER]]]      (default 1024, 5, a folder in /dev/shm; needs room for MIB twice)
# Needs: a release build (scripts/build termchat-upload), curl, openssl, redis-server, nginx with the dav module (apt: nginx-light).
# Prints for each turn MB/s, CPU seconds of the server and of the whole machine; then medians, ratios, memory at its peak.
# Synced is what the worker answers for, nginx never syncs: on a disk SYNC=1 lets each turn of nginx end with a sync of its file.
set -euo pipefail

mib=${1:-1024}
runs=${2:-5}
base=${3:-/dev/shm}
port=${NGINX_PORT:-18099}
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
binaries=${BINARIES:-$here/../.build/release}
scratch=$(mktemp -d "$base/termchat-upload.XXXXXX")
file=$scratch/file
stored=$scratch/dav/f
PATH=$PATH:/usr/sbin
processes=()

finish() {
    for process in "${processes[@]}"; do kill "$process" 2>/dev/null || true; done
    wait
    rm -rf "$scratch"
}
trap finish EXIT
trap 'exit 1' INT TERM

fail() {
    echo "upload.sh: $1" >&2
    exit 1
}

await() {
    local line
    for _ in $(seq 100); do
        line=$(grep -m 1 "^$2" "$1" 2>/dev/null || true)
        [[ -z $line ]] || { echo "${line#"$2"}"; return; }
        sleep 0.1
    done
    cat "$1" "$1.errors" >&2
    fail "no '$2' in $1"
}

# The resident memory of a process and its children at its peak, in MiB.
peak() {
    local total=0 pid kib
    for pid in "$1" $(pgrep -P "$1" || true); do
        kib=$(awk '/^VmHWM/ { print $2 }' "/proc/$pid/status")
        total=$((total + kib))
    done
    echo $((total / 1024))
}

# CPU ticks of a process and its children.
ticks() {
    local total=0 pid fields
    for pid in "$1" $(pgrep -P "$1" || true); do
        read -ra fields <<<"$(sed 's/.*) //' "/proc/$pid/stat")"
        total=$((total + fields[11] + fields[12]))
    done
    echo "$total"
}

# CPU ticks of the machine that were not idle.
busy() { awk '/^cpu / { print $2 + $3 + $4 + $7 + $8 }' /proc/stat; }

start_worker() {
    redis-server --port 0 --unixsocket "$scratch/redis.sock" --save '' --appendonly no --dir "$scratch/redis" >/dev/null &
    processes+=($!)
    for _ in $(seq 100); do [[ -S $scratch/redis.sock ]] && break; sleep 0.1; done
    "$binaries/termchat-upload" --listen 127.0.0.1:0 --admin 127.0.0.1:0 --redis "unix://$scratch/redis.sock" --guests \
        --volume "$scratch/volume" --min-free-bytes 0 --user-uploads-per-minute 100000 \
        >"$scratch/upload" 2>"$scratch/upload.errors" &
    worker=$!
    processes+=("$worker")
    address=$(await "$scratch/upload" "listening on ")
    admin=$(await "$scratch/upload" "admin on ")
    for _ in $(seq 100); do curl -fs "http://$admin/readyz" >/dev/null && break; sleep 0.1; done
}

start_nginx() {
    cat >"$scratch/nginx.conf" <<END
daemon off;
worker_processes auto;
user root;
pid $scratch/nginx.pid;
error_log $scratch/nginx.errors warn;
events {}
http {
    access_log off;
    sendfile on;
    client_body_temp_path $scratch/body;
    client_max_body_size 0;
    client_body_buffer_size ${NGINX_BODY_BUFFER:-512k};
    server {
        listen 127.0.0.1:$port;
        location / { root $scratch/dav; dav_methods PUT; client_body_in_file_only clean; }
    }
}
END
    nginx -p "$scratch" -c "$scratch/nginx.conf" 2>/dev/null &
    nginx=$!
    processes+=("$nginx")
    for _ in $(seq 100); do curl -s -o /dev/null "http://127.0.0.1:$port/" && break; sleep 0.1; done
}

put_nginx() { curl -sf -o /dev/null -T "$file" "http://127.0.0.1:$port/f"; }
sync_stored() { [[ -z ${SYNC-} ]] || sync "$stored"; }
# hash FILE: its SHA-256 into the file digest.
hash() { openssl dgst -sha256 -r "$1" >"$scratch/digest"; }

a() { curl -sf -T "$file" "http://$address/api/rooms/bench/files/f" >"$scratch/answer"; }
b() { put_nginx && sync_stored; }
c() {
    hash "$scratch/fifo" &
    local hasher=$!
    # The length is told, so that nginx has no chunks to decode.
    tee "$scratch/fifo" <"$file" \
        | curl -sf -o /dev/null -H "Content-Length: $((mib << 20))" -H 'Transfer-Encoding:' -T - "http://127.0.0.1:$port/f"
    sync_stored
    wait "$hasher"
}
d() { put_nginx && hash "$stored" && sync_stored; }
e() {
    hash "$file" &
    local hasher=$!
    put_nginx && sync_stored
    wait "$hasher"
}
get_worker() { curl -sf -o /dev/null "http://$address/api/files/$id"; }
get_nginx() { curl -sf -o /dev/null "http://127.0.0.1:$port/f"; }

declare -A rates=()
# turn NAME SERVER WHAT COMMAND: runs the command, notes and prints its rate.
turn() {
    local before=$EPOCHREALTIME used all rate
    used=$(ticks "$2") all=$(busy)
    "$4" || fail "$3 failed"
    rate=$(awk -v a="$before" -v b="$EPOCHREALTIME" -v mib="$mib" 'BEGIN { printf "%.0f", mib * 1.048576 / (b - a) }')
    rates[$1]+="$rate"$'\n'
    awk -v what="$3" -v rate="$rate" -v used="$(($(ticks "$2") - used))" -v all="$(($(busy) - all))" \
        -v hertz="$(getconf CLK_TCK)" 'BEGIN { printf "%-42s %8d %8.2f %8.2f\n", what, rate, used / hertz, all / hertz }'
}
median() { sort -n <<<"${rates[$1]%$'\n'}" | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }
range() { sort -n <<<"${rates[$1]%$'\n'}" | awk 'NR == 1 { a = $1 } { b = $1 } END { print a "-" b }'; }
ratio() { awk -v a="$(median "$1")" -v b="$(median "$2")" 'BEGIN { printf "%.2f", a / b }'; }
same_hash() { [[ $(cut -c1-64 "$scratch/digest") == "$sha256" ]] || fail "$1: another hash"; }

mkdir "$scratch/volume" "$scratch/dav" "$scratch/redis" "$scratch/body"
mkfifo "$scratch/fifo"
head -c "$((mib << 20))" /dev/urandom >"$file"
# Memory that was not used since the machine started costs a virtual machine more: not in the first turn.
cp "$file" "$stored" && rm "$stored"
start_worker
start_nginx

printf '%-42s %8s %8s %8s\n' "$mib MiB in $base" 'MB/s' 'CPU s' 'machine'
for run in $(seq "$runs"); do
    turn a "$worker" "$run a termchat-upload" a
    sha256=$(sed 's/.*"sha256":"\([0-9a-f]*\)".*/\1/' "$scratch/answer")
    id=$(sed 's/.*"file_id":"\([0-9a-z]*\)".*/\1/' "$scratch/answer")
    turn get_worker "$worker" "$run   termchat-upload, GET" get_worker
    # The next run's bytes must be stored, not found.
    curl -sf -X DELETE -o /dev/null "http://$address/api/files/$id" || true
    rm -f "$scratch"/volume/{files,content}/"$id" "$scratch"/volume/blobs/*/*

    turn b "$nginx" "$run b nginx" b
    turn get_nginx "$nginx" "$run   nginx, GET" get_nginx
    rm -f "$stored"
    turn c "$nginx" "$run c nginx, SHA-256 beside it by tee" c
    same_hash c
    rm -f "$stored"
    turn e "$nginx" "$run e nginx, SHA-256 of the client's file" e
    same_hash e
    rm -f "$stored"
    turn d "$nginx" "$run d nginx, SHA-256 afterwards" d
    same_hash d
    rm -f "$stored"
done

echo
echo "medians (range), MB/s:"
for name in a b c d e get_worker get_nginx; do printf '  %-10s %6s (%s)\n' "$name" "$(median $name)" "$(range $name)"; done
echo "ratios of the medians: a/b $(ratio a b), a/c $(ratio a c), a/d $(ratio a d), a/e $(ratio a e), GET $(ratio get_worker get_nginx)"
echo "peak memory: termchat-upload $(peak "$worker") MiB, nginx $(peak "$nginx") MiB"
