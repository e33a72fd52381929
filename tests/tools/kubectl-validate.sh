#!/bin/sh
# Prints the path of kubectl-validate, built on the first call (Go, some minutes) into a cache folder of its own.
# It checks manifests against the schemas it carries, without a cluster or the network.
set -eu
version=v0.0.4
folder=${XDG_CACHE_HOME:-$HOME/.cache}/dbdyno-tests/kubectl-validate-$version
if [ ! -x "$folder/kubectl-validate" ]; then
  mkdir -p "$folder"
  building=$(mktemp -d "$folder/building.XXXXXX")
  trap 'rm -rf "$building"' EXIT
  GOBIN=$building GOFLAGS=-trimpath go install "sigs.k8s.io/kubectl-validate@$version" >&2
  mv "$building/kubectl-validate" "$folder/kubectl-validate"
fi
printf '%s\n' "$folder/kubectl-validate"
