# shellcheck shell=bash
# Repositories to fetch from, for the rows about building: sourced, not run.

# bench_history FOLDER: a repository with the history that bench/history.py makes.
bench_history() {
  git init -q --bare -b main "$1"
  python3 bench/history.py | git -C "$1" fast-import --quiet
}

# bench_source WORK: path of the repository that the fetch rows use: BENCH_REPOSITORY, or a history made in WORK.
bench_source() {
  if [ -n "${BENCH_REPOSITORY:-}" ]; then
    realpath "$BENCH_REPOSITORY"
  else
    bench_history "$1/history.git" && echo "$1/history.git"
  fi
}

# bench_stub_go WORK: a folder with a "go" that compiles nothing, so that a row about fetching measures fetching.
bench_stub_go() {
  mkdir -p "$1/stub"
  cat >"$1/stub/go" <<'STUB'
#!/bin/sh
case $1 in
  build)
    while [ $# -gt 1 ]; do
      [ "$1" != -o ] || out=$2
      shift
    done
    cp /bin/true "$out"
    ;;
  *) if [ $# = 2 ]; then echo "$2: go1.0"; else echo "go version go1.0 linux/amd64"; fi ;;
esac
STUB
  chmod +x "$1/stub/go"
  echo "$1/stub"
}

# bench_fetch WORK SOURCE CACHE: one commit of SOURCE, by its full SHA, into a source tree, as a build does it.
bench_fetch() {
  PATH="$(bench_stub_go "$1"):$PATH" "$DBDYNO" build --quiet --engine "${BENCH_ENGINE:-gms}" --repository "$2" --cache "$3" \
    "$(git -C "$2" rev-parse HEAD)" >/dev/null
}

# bench_clone SOURCE FOLDER: what it is compared with: the whole history over the same transport, then the same commit.
bench_clone() {
  git clone -q "file://$1" "$2" && git -C "$2" -c advice.detachedHead=false checkout -q "$(git -C "$1" rev-parse HEAD)"
}

# bench_small_database FOLDER: a repository of gms with two commits; the second changes one file.
bench_small_database() {
  mkdir -p "$1"
  cp tests/engine/*.go tests/engine/go.mod tests/engine/go.sum "$1"
  rm -f "$1"/*_test.go
  git -C "$1" init -q -b main
  bench_commit "$1" first
  printf '\n// A second commit.\nfunc secondCommit() int { return 2 }\n' >>"$1/main.go"
  bench_commit "$1" second
}

bench_commit() {
  git -C "$1" add .
  GIT_AUTHOR_DATE=2026-01-01T00:00:00Z GIT_COMMITTER_DATE=2026-01-01T00:00:00Z \
    git -C "$1" -c user.name=bench -c user.email=bench@localhost commit -q -m "$2"
}

# bench_seconds COMMAND…: its wall time.
bench_seconds() {
  local start=$EPOCHREALTIME
  "$@" >/dev/null || return 1
  awk -v a="${start/,/.}" -v b="${EPOCHREALTIME/,/.}" 'BEGIN { printf "%.4f\n", b - a }'
}
