#!/usr/bin/env bash
# Starts a Job in the cluster:  job.sh sysbench | tpcc | profile
# From the inputs and the payload it makes the environment that `dbdyno render --from-environment` reads, which checks it.
# The payload's template_script is a name there, never run. DBDYNO_… variables are flags of dbdyno render.
# shellcheck source=.github/scripts/lib.sh
. "$(dirname "$0")/lib.sh"
kind=$1
unset REPO_ACCESS_TOKEN # the Job's token is the cluster's Secret DBDYNO_TOKEN_SECRET
PROFILE='' WITH_TPCC=''
case $kind in
  sysbench) ;;
  tpcc) WITH_TPCC=true ;;
  profile) PROFILE=true ;;
  *) fail "job.sh: \"$kind\" is not sysbench, tpcc or profile" ;;
esac

FROM_SERVER=$(field from_server)
FROM_VERSION=$(field from_version)
TO_SERVER=$(field to_server)
TO_VERSION=$(field to_version)
FROM_PROFILE_KEY=$(field from_profile_key)
TO_PROFILE_KEY=$(field to_profile_key profile_key) # a release says profile_key, and means the released version's
FUTURE_VERSION=$(field future_version)
BRANCH=$(field branch)
MODE=$(field mode)
ISSUE_NUMBER=$(field issue_number)
ACTOR=$(field actor)
ACTOR_EMAIL=$(field actor_email email)
INIT_BIG_REPO=$(field init_big_repo)
NOMS_BIN_FORMAT=$(field noms_bin_format)
SYSBENCH_TEST_TIME=$(field sysbench_test_time)
TEMPLATE_SCRIPT=$(field template_script)
MODE=${MODE:-manual}
ACTOR=${ACTOR:-${GITHUB_ACTOR:-}}

if [ "$kind" = profile ]; then
  BRANCH=${BRANCH:-main}
else # a released version against the baseline, unless the request says what
  BRANCH=
  if [ -z "$TO_VERSION" ]; then
    TO_VERSION=$(field version)
    TO_VERSION=${TO_VERSION#v}
    is_version "version" "$TO_VERSION"
    MODE=release
  fi
  FROM_SERVER=${FROM_SERVER:-${DBDYNO_BASELINE_SERVER:-mysql}}
  FROM_VERSION=${FROM_VERSION:-${DBDYNO_BASELINE_VERSION:-8.0.35}}
  TO_SERVER=${TO_SERVER:-${DBDYNO_SERVER:-dolt}}
fi
if [ "$kind" = tpcc ]; then SYSBENCH_TEST_TIME=; fi # TPC-C has a length of its own
export FROM_SERVER FROM_VERSION FROM_PROFILE_KEY TO_SERVER TO_VERSION TO_PROFILE_KEY FUTURE_VERSION BRANCH MODE ISSUE_NUMBER ACTOR ACTOR_EMAIL \
  INIT_BIG_REPO NOMS_BIN_FORMAT SYSBENCH_TEST_TIME TEMPLATE_SCRIPT PROFILE WITH_TPCC

is_bucket "DBDYNO_BUCKET" "${DBDYNO_BUCKET:-}"
flags=("--bucket=$DBDYNO_BUCKET" "--region=${DBDYNO_REGION:-us-west-2}")
unset DBDYNO_BUCKET DBDYNO_REGION DBDYNO_SERVER DBDYNO_BASELINE_SERVER DBDYNO_BASELINE_VERSION
manifest=$(mktemp "${RUNNER_TEMP:-/tmp}/job.XXXXXX")
dbdyno render --from-environment -- "${flags[@]}" >"$manifest"
name=$(kubectl create --filename "$manifest" --output name) # not apply: a Job that is there already is an error
output job "$name"
printf 'Started %s %s\n' "$kind" "$name" >>"$GITHUB_STEP_SUMMARY"
say "started $name"
