# Sourced by scripts/run: the processes of one local cluster, their state in .run/, starting, waiting and stopping.
# shellcheck shell=bash
#
# .run/owner      the script that supervises the cluster: "PID START"
# .run/chat       the chat it opened, in the same form
# .run/processes  one started process a line, in order: "NAME PID START"
# .run/state      key=value lines for programs
# .run/NAME.out, .run/NAME.log   its stdout and stderr
# START is the kernel's start time of the process: a pid that was reused is never taken for ours.

run_dir=${root:?}/.run

# start_time PID: clock ticks after boot, nothing when there is no such process or it is only a zombie.
start_time() {
    local stat fields
    stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 0
    read -ra fields <<<"${stat##*) }"
    [[ ${fields[0]} == Z ]] || echo "${fields[19]}"
}

is_alive() { [[ -n $2 && $(start_time "$1") == "$2" ]]; }

# holder_alive FILE: whether the process that .run/FILE names lives.
holder_alive() {
    local pid start
    [[ -e $run_dir/$1 ]] && read -r pid start <"$run_dir/$1" && is_alive "$pid" "$start"
}

# The processes of .run that live, last started first, in the form of .run/processes.
living() {
    [[ -e $run_dir/processes ]] || return 0
    local name pid start
    tac "$run_dir/processes" | while read -r name pid start; do
        ! is_alive "$pid" "$start" || echo "$name $pid $start"
    done
}

is_running() { holder_alive owner || [[ -n $(living) ]]; }

# Makes .run ours, or ends when another cluster of this checkout runs.
claim_run_dir() {
    if ! mkdir "$run_dir" 2>/dev/null; then
        refuse_second_start
        say "removing what an earlier run left behind"
        remove_run_dir
        mkdir "$run_dir" || die "cannot create $run_dir"
    fi
    chmod 700 "$run_dir"
    echo "$$ $(start_time $$)" >"$run_dir/owner"
}

refuse_second_start() {
    is_running || return 0
    local url
    url=$(sed -n 's/^url=//p' "$run_dir/state" 2>/dev/null)
    die "already running${url:+ at $url}; stop it with: scripts/run --stop"
}

remove_run_dir() {
    local socket
    socket=$(cat "$run_dir/socket-dir" 2>/dev/null) && rm -rf -- "$socket"
    rm -rf -- "$run_dir"
}

# A socket's path holds 107 bytes at most, and in a URL some characters mean something; such a checkout gets a private
# folder elsewhere.
redis_socket() {
    local socket=$run_dir/redis.sock
    if ((${#socket} > 100)) || [[ $socket =~ [^A-Za-z0-9/._-] ]]; then
        socket=$(mktemp -d "${TMPDIR:-/tmp}/termchat.XXXXXX")
        echo "$socket" >"$run_dir/socket-dir"
        socket+=/redis.sock
    fi
    echo "$socket"
}

# start NAME COMMAND...: in a session of its own, so that the terminal's Ctrl-C reaches this script alone.
start() {
    local name=$1
    shift
    setsid "$@" >"$run_dir/$name.out" 2>"$run_dir/$name.log" </dev/null &
    local pid=$!
    disown "$pid"
    echo "$name $pid $(start_time "$pid")" >>"$run_dir/processes"
}

# fail NAME WHAT: ends the script with the tail of what the process said.
fail() {
    say "${0##*/}: $2"
    local log
    for log in "$run_dir/$1.log" "$run_dir/$1.out"; do
        [[ ! -s $log ]] || tail -n 20 "$log" | sed "s/^/  $1: /" >&2
    done
    exit 1
}

# await NAME SECONDS WHAT COMMAND...: until the command succeeds; fails when the process ends or the time is up.
await() {
    local name=$1 deadline=$((SECONDS + $2)) what=$3 pid start
    shift 3
    read -r _ pid start < <(awk -v name="$name" '$1 == name' "$run_dir/processes")
    until "$@"; do
        is_alive "$pid" "$start" || fail "$name" "$name ended before $what"
        ((SECONDS < deadline)) || fail "$name" "$name: no sign in time that $what"
        sleep 0.05
    done
}

# announced NAME WORD: the HOST:PORT of the line "WORD on HOST:PORT" on the process's stdout; fails until it is there.
announced() { sed -n "s/^$2 on //p" "$run_dir/$1.out" 2>/dev/null | grep -m 1 .; }

# answers_200 HOST:PORT PATH: whether an HTTP GET there is answered with 200 within two seconds.
answers_200() {
    local status
    status=$(
        exec 2>/dev/null 3<>"/dev/tcp/${1%:*}/${1##*:}" || exit
        printf 'GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n' "$2" >&3
        read -r -t 2 _ status _ <&3 && echo "$status"
    ) || return 1
    [[ $status == 200 ]]
}

# free_port FROM: the first port from there that nobody listens to on loopback.
free_port() {
    local port
    for ((port = $1; port < $1 + 200; port++)); do
        (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || {
            echo "$port"
            return
        }
    done
    die "no free port from $1 on"
}

# stop_process NAME PID START SIGNAL SECONDS: asks, waits, and ends it the hard way when the time is up.
stop_process() {
    local name=$1 pid=$2 start=$3 signal=$4 deadline=$((SECONDS + $5))
    is_alive "$pid" "$start" || return 0
    kill -s "$signal" "$pid" 2>/dev/null || true
    while is_alive "$pid" "$start"; do
        if ((SECONDS >= deadline)); then
            say "$name did not stop in time: killing it"
            kill -s KILL "$pid" 2>/dev/null || true
            deadline=$((SECONDS + 5))
        fi
        sleep 0.05
    done
}

# Last started first: HAProxy accepts nobody new, the edges drain side by side (a stopped one is woken for it),
# HAProxy ends, then Redis.
stop_all() {
    local name pid start running
    running=$(living)
    while read -r name pid start; do
        case $name in
            haproxy) kill -s USR1 "$pid" 2>/dev/null || true ;;
            edge* | upload) kill -s TERM "$pid" 2>/dev/null || true ;;
        esac
    done <<<"$running"
    while read -r name pid start; do
        [[ $name != edge* ]] || stop_process "$name" "$pid" "$start" CONT "$((${stop_seconds:?} + 3))"
    done <<<"$running"
    while read -r name pid start; do
        [[ -z $name || $name == edge* ]] || stop_process "$name" "$pid" "$start" TERM 10
    done <<<"$running"
    remove_run_dir
}
