#!/usr/bin/env bash
# Puts dbdyno into PATH for the steps that follow.
# shellcheck source=.github/scripts/lib.sh
. "$(dirname "$0")/lib.sh"
mkdir -p "$RUNNER_TEMP/bin"
install -m 755 "$(dirname "$0")/dbdyno.sh" "$RUNNER_TEMP/bin/dbdyno"
printf '%s\n' "$RUNNER_TEMP/bin" >>"$GITHUB_PATH"
"$RUNNER_TEMP/bin/dbdyno" --version
