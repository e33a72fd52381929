#!/usr/bin/env bash
# Runs .ci/run of this folder on Debian bookworm with Go, as it needs; docker is the host's.
set -euo pipefail
cd "$(dirname "$0")/../.."
image=golang:$(sed -n 's/^FROM golang:\([^ ]*\).*/\1/p' Dockerfile | head -1)
exec docker run --rm --init --volume "$PWD:$PWD" --workdir "$PWD" --volume /var/run/docker.sock:/var/run/docker.sock --volume /tmp:/tmp \
  "$image" bash -ec 'apt-get update -q && apt-get install -y -q --no-install-recommends docker.io && git config --global --add safe.directory "*" && exec .ci/run'
