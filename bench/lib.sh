# shellcheck shell=bash
# Shared by the rows of bench/: sourced, not run.

# bench_line ID OURS THEIRS GOAL: the ratio ours/theirs against the largest that meets the goal; units stand in the figures.
bench_line() {
  awk -v id="$1" -v ours="$2" -v theirs="$3" -v goal="$4" 'BEGIN {
    ratio = (ours + 0) / (theirs + 0)
    printf "%s %s %s %.3f <=%s %s\n", id, ours, theirs, ratio, goal, (ratio <= goal + 0) ? "met" : "short"
  }'
}

# Seconds since the Epoch with microseconds, whatever the locale.
bench_now() { echo "${EPOCHREALTIME/,/.}"; }

# bench_median: of the numbers on standard input, one a line.
bench_median() { sort -g | awk '{ v[NR] = $1 } END { print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'; }

# bench_gms FOLDER: a repository of the small database there; prints the path of its binary.
bench_gms() {
  local repository=$1/repository
  mkdir -p "$repository"
  cp tests/engine/*.go tests/engine/go.mod tests/engine/go.sum "$repository"
  rm -f "$repository"/*_test.go
  git -C "$repository" init -q -b main
  git -C "$repository" add .
  GIT_AUTHOR_DATE=2026-01-01T00:00:00Z GIT_COMMITTER_DATE=2026-01-01T00:00:00Z \
    git -C "$repository" -c user.name=bench -c user.email=bench@localhost commit -q -m gms
  "$DBDYNO" build --quiet --repository "$repository" main
}

# bench_engine FILE NAME JSON: the engine file of gms under another name, with more arguments ("start") and other keys.
bench_engine() {
  python3 - "$@" <<'PYTHON'
import json, sys
with open("benchmarker/engines/gms.json") as f:
    engine = json.load(f)
more = json.loads(sys.argv[3])
engine["start"] += more.pop("start")
engine.update(more, name=sys.argv[2])
with open(sys.argv[1], "w") as f:
    json.dump(engine, f)
PYTHON
}

# bench_cost FILE COMMAND…: runs it quietly; its wall seconds and its peak memory in MB (its children's too) become a line of FILE.
bench_cost() {
  python3 - "$@" <<'PYTHON'
import os, sys, time
start = time.monotonic()
child = os.fork()
if child == 0:
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    os.dup2(null, 2)
    os.execvp(sys.argv[2], sys.argv[2:])
_, status, used = os.wait4(child, 0)
if status:
    sys.exit(f"{sys.argv[2]} failed")
with open(sys.argv[1], "a") as f:
    f.write(f"{time.monotonic() - start:.4f} {used.ru_maxrss * 1024 / 1e6:.1f}\n")
PYTHON
}
