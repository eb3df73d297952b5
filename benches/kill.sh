#!/usr/bin/env bash
# Kills training at random moments, goes on with --resume, and compares the bytes with a run that was
# never killed:
#
#     benches/kill.sh target/release/rowmill DATASET 300
#
# The third argument is how many kills there shall be in all; runs begin anew as they finish. Options of
# `rowmill train` may follow. The seed of the moments is printed; KILL_SEED repeats them.
set -euo pipefail

readonly ROWMILL=$1 DATASET=$2 KILLS=${3:-300}
shift 3 || shift $#
RANDOM=${KILL_SEED:=$$}
readonly OPTIONS=(--checkpoint-seconds 0 --no-verify "$@")

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

milliseconds() {
    echo $(($(date +%s%N) / 1000000))
}

train() {
    "$ROWMILL" --quiet train "$DATASET" --out-dir "$1" "${OPTIONS[@]}" "${@:2}" >/dev/null 2>"$work/log"
}

started=$(milliseconds)
train "$work/straight" || { cat "$work/log"; exit 1; }
readonly whole=$(($(milliseconds) - started))
echo "seed $KILL_SEED; a run takes $whole ms"

kills=0 runs=0
while ((kills < KILLS)); do
    rm -rf "$work/killed"
    of_run=0
    while true; do
        train "$work/killed" --resume &
        child=$!
        # Later and later, so that a run also ends.
        pause=$((RANDOM % (whole + whole * of_run / 20 + 1)))
        sleep "$((pause / 1000)).$(printf %03d $((pause % 1000)))"
        if kill -KILL "$child" 2>/dev/null; then
            kills=$((kills + 1)) of_run=$((of_run + 1))
        fi
        status=0
        wait "$child" 2>/dev/null || status=$?
        [ "$status" = 0 ] && break
        [ "$status" = 137 ] || { echo "exit $status after $kills kills"; cat "$work/log"; exit 1; }
    done
    for name in model.rowmill metrics.json features.csv splits.parquet; do
        cmp "$work/straight/$name" "$work/killed/$name" || exit 1
    done
    left=$(find "$work/killed" -name '*.rowmill-scratch' -o -name '*.rowmill-tmp')
    [ -z "$left" ] || { echo "left behind: $left"; exit 1; }
    runs=$((runs + 1))
done
echo "$kills kills in $runs runs: the same bytes each time"
