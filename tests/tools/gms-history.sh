#!/usr/bin/env bash
# Makes a git repository of the small database with a good commit and a line of commits after it, one of which makes every
# statement take longer:  tests/tools/gms-history.sh FOLDER COMMITS CULPRIT PERCENT
# Each commit changes code that is linked in and does nothing. Prints good, the culprit and bad.
set -euo pipefail
engine=$(dirname "$0")/../engine
repository=$1 commits=$2 culprit=$3 percent=$4
export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1
export GIT_AUTHOR_NAME=t GIT_AUTHOR_EMAIL=t@localhost GIT_COMMITTER_NAME=t GIT_COMMITTER_EMAIL=t@localhost

commit() { # NUMBER MESSAGE
  GIT_AUTHOR_DATE="2026-01-01T00:$(printf %02d "$1"):00Z"
  export GIT_AUTHOR_DATE GIT_COMMITTER_DATE=$GIT_AUTHOR_DATE
  git -C "$repository" add --all
  git -C "$repository" commit --quiet --message "$2"
}

mkdir -p "$repository"
git -C "$repository" init --quiet --initial-branch=main
cp "$engine"/go.mod "$engine"/go.sum "$engine"/*.go "$repository"
rm "$repository"/*_test.go
commit 0 good
git -C "$repository" rev-parse HEAD
grep -q 'wastePercent = 0$' "$repository/waste.go"
for ((i = 1; i <= commits; i++)); do
  printf 'package main\n\nvar commitNumber = %d\n\nfunc init() { commitNumber++ }\n' "$i" >"$repository/change.go"
  if [ "$i" = "$culprit" ]; then
    sed -i "s/wastePercent = 0\$/wastePercent = $percent/" "$repository/waste.go"
  fi
  commit "$i" "change $i"
  if [ "$i" = "$culprit" ]; then
    git -C "$repository" rev-parse HEAD
  fi
done
git -C "$repository" rev-parse HEAD
