#!/usr/bin/env bash
# Compares termchat-upload with nginx's WebDAV PUT: one file by `curl -T` over loopback, several times by turns, on the same
# machine and the same file system. nginx only stores; so that both do the same work, openssl (the fastest SHA-256 here)
# hashes its file afterwards.
#
# Usage: Benchmarks/upload.sh [MIB [RUNS [FOLDER]]]      (default 1024, 5, a folder in /dev/shm)
# Needs: a release build (swift build -c release), curl, openssl, redis-server, nginx with the dav module (apt: nginx-light).
# For each run: MB/s of the transfer, of the transfer and the hash, and the server's memory at its peak.
set -euo pipefail

mib=${1:-1024}
runs=${2:-5}
base=${3:-/dev/shm}
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
binaries=${BINARIES:-$here/../.build/release}
scratch=$(mktemp -d "$base/termchat-upload.XXXXXX")
PATH=$PATH:/usr/sbin
processes=()

finish() {
    for process in "${processes[@]}"; do kill "$process" 2>/dev/null || true; done
    wait
    rm -rf "$scratch"
}
trap finish EXIT
trap 'exit 1' INT TERM

await() {
    local line
    for _ in $(seq 100); do
        line=$(grep -m 1 "^$2" "$1" 2>/dev/null || true)
        [[ -z $line ]] || { echo "${line#"$2"}"; return; }
        sleep 0.1
    done
    echo "upload.sh: no '$2' in $1:" >&2
    cat "$1" "$1.errors" >&2
    exit 1
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

# CPU seconds of a process and its children.
cpu() {
    local total=0 pid fields
    for pid in "$1" $(pgrep -P "$1" || true); do
        read -ra fields <<<"$(sed 's/.*) //' "/proc/$pid/stat")"
        total=$((total + fields[11] + fields[12]))
    done
    awk -v ticks="$total" -v hertz="$(getconf CLK_TCK)" 'BEGIN { printf "%.2f", ticks / hertz }'
}

mkdir "$scratch/volume" "$scratch/dav" "$scratch/redis" "$scratch/body"
head -c "$((mib << 20))" /dev/urandom >"$scratch/file"

redis-server --port 0 --unixsocket "$scratch/redis.sock" --save '' --appendonly no --dir "$scratch/redis" >/dev/null &
processes+=($!)
for _ in $(seq 100); do [[ -S $scratch/redis.sock ]] && break; sleep 0.1; done

"$binaries/termchat-upload" --listen 127.0.0.1:0 --admin 127.0.0.1:0 --redis "unix://$scratch/redis.sock" --guests \
    --volume "$scratch/volume" --min-free-bytes 0 --user-uploads-per-minute 100000 \
    >"$scratch/upload" 2>"$scratch/upload.errors" &
upload=$!
processes+=("$upload")
address=$(await "$scratch/upload" "listening on ")
admin=$(await "$scratch/upload" "admin on ")
for _ in $(seq 100); do curl -fs "http://$admin/readyz" >/dev/null && break; sleep 0.1; done

cat >"$scratch/nginx.conf" <<EOF
daemon off;
worker_processes auto;
user root;
pid $scratch/nginx.pid;
error_log $scratch/nginx.errors warn;
events {}
http {
    access_log off;
    client_body_temp_path $scratch/body;
    client_max_body_size 0;
    client_body_buffer_size ${NGINX_BODY_BUFFER:-512k};
    server {
        listen 127.0.0.1:${NGINX_PORT:-18099};
        location / { root $scratch/dav; dav_methods PUT; client_body_in_file_only clean; }
    }
}
EOF
nginx -p "$scratch" -c "$scratch/nginx.conf" 2>/dev/null &
nginx=$!
processes+=("$nginx")
for _ in $(seq 100); do curl -s -o /dev/null "http://127.0.0.1:${NGINX_PORT:-18099}/" && break; sleep 0.1; done

# put URL: seconds of one transfer.
put() { curl -sf -o /dev/null -w '%{time_total}' -T "$scratch/file" "$1"; }
rate() { awk -v mib="$mib" -v s="$1" 'BEGIN { printf "%.0f", mib * 1.048576 / s }'; }

declare -A rates=()
note() { rates[$1]+="$2"$'\n'; }
median() { sort -n <<<"${rates[$1]%$'\n'}" | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }

printf '%-28s %10s %12s %8s\n' "server, $mib MiB" 'PUT MB/s' '+hash MB/s' 'CPU s'
for run in $(seq "$runs"); do
    before=$(cpu "$upload")
    seconds=$(put "http://$address/api/rooms/bench/files/f")
    used=$(awk -v a="$before" -v b="$(cpu "$upload")" 'BEGIN { printf "%.2f", b - a }')
    note termchat "$(rate "$seconds")"
    printf '%-28s %10s %12s %8s\n' "termchat-upload, run $run" "$(rate "$seconds")" "$(rate "$seconds")" "$used"
    # The next run's bytes must be stored, not found.
    id=$(curl -s "http://$address/api/rooms/bench/files?limit=1" | grep -o '"id":"[a-z0-9]*"' | cut -d'"' -f4)
    rm -f "$scratch"/volume/{files,content}/"$id" "$scratch"/volume/blobs/*/*

    before=$(cpu "$nginx")
    seconds=$(put "http://127.0.0.1:${NGINX_PORT:-18099}/f")
    used=$(awk -v a="$before" -v b="$(cpu "$nginx")" 'BEGIN { printf "%.2f", b - a }')
    start=$(date +%s.%N)
    openssl dgst -sha256 "$scratch/dav/f" >/dev/null
    hashed=$(awk -v a="$start" -v b="$(date +%s.%N)" -v s="$seconds" 'BEGIN { print b - a + s }')
    note nginx "$(rate "$seconds")"
    note hashed "$(rate "$hashed")"
    printf '%-28s %10s %12s %8s\n' "nginx WebDAV, run $run" "$(rate "$seconds")" "$(rate "$hashed")" "$used"
    rm -f "$scratch/dav/f"
done
echo
awk -v t="$(median termchat)" -v n="$(median nginx)" -v h="$(median hashed)" -v u="$(peak "$upload")" -v m="$(peak "$nginx")" 'BEGIN {
    printf "medians: termchat-upload %d MB/s, nginx %d MB/s, nginx and the hash %d MB/s\n", t, n, h
    printf "ratio to nginx with the hash %.2f, without %.2f\n", t / h, t / n
    printf "peak memory: termchat-upload %d MiB, nginx %d MiB\n", u, m }'
