#!/bin/sh
# Prints the path of benchstat, built on the first call (Go, some seconds) into a cache folder of its own.
set -eu
version=v0.0.0-20260908200009-22c9c6c9d4da
folder=${XDG_CACHE_HOME:-$HOME/.cache}/dbdyno-tests/benchstat-$version
if [ ! -x "$folder/benchstat" ]; then
  mkdir -p "$folder"
  building=$(mktemp -d "$folder/building.XXXXXX")
  trap 'rm -rf "$building"' EXIT
  GOBIN=$building GOFLAGS=-trimpath go install "golang.org/x/perf/cmd/benchstat@$version" >&2
  mv "$building/benchstat" "$folder/benchstat"
fi
printf '%s\n' "$folder/benchstat"
