#!/usr/bin/env bash
# In the clone: builds and packs $COMMIT for every platform with the profile; files and checksums in $RUNNER_TEMP/release.
# Environment: COMMIT, VERSION, DBDYNO_SERVER, TARGETS (default: all of the engine file), INSTALL_SCRIPT.
# shellcheck source=.github/scripts/lib.sh
. "$(dirname "$0")/lib.sh"
here=$(cd "$(dirname "$0")" && pwd)
server=${DBDYNO_SERVER:-dolt}
matches "COMMIT" "$COMMIT" '[0-9a-f]{40}'
is_version "VERSION" "$VERSION"
matches "server" "$server" '[a-z][a-z0-9-]{0,30}'
matches "TARGETS" "${TARGETS:=all}" 'all|[a-z0-9]+/[a-z0-9]+(,[a-z0-9]+/[a-z0-9]+)*'
out=$RUNNER_TEMP/release
env -u DBDYNO_SERVER dbdyno build --engine "$server" --repository "$PWD" --version "$COMMIT" --profile "$RUNNER_TEMP/dolt-cpu-profile.pprof" \
  --target "$TARGETS" --package auto --package-dir "$out" --cache "$RUNNER_TEMP/dbdyno-cache"

script=${INSTALL_SCRIPT:-go/utils/publishrelease/install.sh}
if [ -f "$script" ]; then sed "s/__DOLT_VERSION__/$VERSION/g" "$script" >"$out/install.sh"; fi
if [ "${SKIP_RPM:-false}" != true ]; then
  for arch in amd64:x86_64 arm64:aarch64; do
    archive=$out/$server-linux-${arch%:*}.tar.gz
    if [ -f "$archive" ]; then "$here/rpm.sh" "$server" "$VERSION" "${arch#*:}" "$archive" "$out"; fi
  done
fi
(cd "$out" && rm -f SHA256SUMS && find . -maxdepth 1 -type f -printf '%P\n' | sort | xargs sha256sum >"$RUNNER_TEMP/SHA256SUMS")
mv "$RUNNER_TEMP/SHA256SUMS" "$out/SHA256SUMS"
cat "$out/SHA256SUMS"
