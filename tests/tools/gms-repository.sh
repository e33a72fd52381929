#!/usr/bin/env bash
# Makes a git repository of the small database, its second commit three times as slow:  tests/tools/gms-repository.sh FOLDER
# Prints the two commits. Author and dates are fixed: the same sources give the same commits.
set -euo pipefail
engine=$(dirname "$0")/../engine
repository=$1
export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1
export GIT_AUTHOR_NAME=t GIT_AUTHOR_EMAIL=t@localhost GIT_AUTHOR_DATE=2026-01-01T00:00:00Z
export GIT_COMMITTER_NAME=t GIT_COMMITTER_EMAIL=t@localhost GIT_COMMITTER_DATE=2026-01-01T00:00:00Z

commit() {
  git -C "$repository" add --all
  git -C "$repository" commit --quiet --message "$1"
  git -C "$repository" rev-parse HEAD
}

mkdir -p "$repository"
git -C "$repository" init --quiet --initial-branch=main
cp "$engine"/go.mod "$engine"/go.sum "$engine"/*.go "$repository"
rm "$repository"/*_test.go
commit good
grep -q 'wastePercent = 0$' "$repository/waste.go"
sed -i 's/wastePercent = 0$/wastePercent = 200/' "$repository/waste.go"
commit slow
