#!/bin/sh
# Prints the path of versitygw, the S3 server of the tests (Go module, Apache-2.0, posix backend); builds it once.
set -eu

version=v1.8.0
cache=${XDG_CACHE_HOME:-$HOME/.cache}/dbdyno-tests
program=$cache/versitygw-$version

if [ ! -x "$program" ]; then
	mkdir -p "$cache"
	exec 9>"$cache/versitygw.lock"
	flock 9
	if [ ! -x "$program" ]; then
		bin=$(mktemp -d "$cache/build.XXXXXX")
		trap 'rm -rf "$bin"' EXIT
		GOBIN=$bin GOFLAGS=-trimpath nice go install "github.com/versity/versitygw/cmd/versitygw@$version" >&2
		mv "$bin/versitygw" "$program"
	fi
fi
echo "$program"
