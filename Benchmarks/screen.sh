#!/bin/sh
# Measures the full-screen client: the real termchat in a terminal of 120x40, with a long log in its room. What a new line
# and a key cost in CPU time and bytes, how soon a key is drawn, also while lines flood in, memory, start, idleness.
#
# Usage: Benchmarks/screen.sh [LINES]                (default 20000; about 2 minutes)
# Needs: a release build (scripts/build termchat-edge termchat), python3.
# BINARIES in the environment is the folder of the binaries, TERMCHAT another client to measure.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

lines=${1:-20000}
"$binaries/termchat-edge" --listen 127.0.0.1:0 --admin 127.0.0.1:0 --broker memory --guests --grace-seconds 1 \
    --sends-per-second 100000 --history-entries $((lines + 40000)) >"$scratch/edge" 2>"$scratch/edge.errors" &
processes="$processes $!"
address=$(await "$scratch/edge" "listening on ")
TMPDIR=$scratch python3 "$here/screen.py" "${TERMCHAT:-$binaries/termchat}" "$address" "$lines"
