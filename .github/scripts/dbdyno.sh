#!/usr/bin/env bash
# dbdyno from its image, as a program in PATH:  dbdyno ARGUMENT…
# Environment: DBDYNO_IMAGE, by digest. The container sees this folder, $RUNNER_TEMP and the variables that dbdyno reads.
set -euo pipefail
image=${DBDYNO_IMAGE:-}
if ! [[ $image =~ ^[a-z0-9][A-Za-z0-9./:_-]*@sha256:[0-9a-f]{64}$ ]]; then
  echo "dbdyno: DBDYNO_IMAGE: give the image by digest (NAME@sha256:…), so that the same one runs each time" >&2
  exit 2
fi
temporary=${RUNNER_TEMP:-/tmp}
mkdir -p "$temporary/dbdyno-home"
flags=(--rm --network host --cap-drop ALL --security-opt no-new-privileges --user "$(id -u):$(id -g)" --workdir "$PWD"
  --volume "$PWD:$PWD" --volume "$temporary:$temporary" --env "HOME=$temporary/dbdyno-home" --env "TMPDIR=$temporary/dbdyno-home")
while IFS= read -r name; do # without a value: docker takes it from the environment, and no secret is in a command line
  case $name in
    DBDYNO_* | AWS_* | FROM_* | TO_* | MODE | ISSUE_NUMBER | ACTOR | ACTOR_EMAIL | INIT_BIG_REPO | NOMS_BIN_FORMAT | SYSBENCH_TEST_TIME | \
      WITH_TPCC | TEMPLATE_SCRIPT | PROFILE | FUTURE_VERSION | BRANCH | REPO_ACCESS_TOKEN | GITHUB_API_URL | GITHUB_SERVER_URL | \
      GITHUB_REPOSITORY | GITHUB_RUN_ID) flags+=(--env "$name") ;;
  esac
done < <(compgen -e)
exec docker run "${flags[@]}" "$image" "$@"
