#!/bin/sh
# Prints the path of actionlint, built on the first call (Go, half a minute) into a cache folder of its own.
set -eu
version=v1.7.12
folder=${XDG_CACHE_HOME:-$HOME/.cache}/dbdyno-tests/actionlint-$version
if [ ! -x "$folder/actionlint" ]; then
  mkdir -p "$folder"
  building=$(mktemp -d "$folder/building.XXXXXX")
  trap 'rm -rf "$building"' EXIT
  GOBIN=$building GOFLAGS=-trimpath go install "github.com/rhysd/actionlint/cmd/actionlint@$version" >&2
  mv "$building/actionlint" "$folder/actionlint"
fi
printf '%s\n' "$folder/actionlint"
