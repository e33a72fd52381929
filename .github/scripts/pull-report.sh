#!/usr/bin/env bash
# Posts a report that lies in the bucket to its pull request (pull-report), in place of the one before of its kind: sysbench's and
# TPC-C's are kept apart. Sets the label that says that nothing got slower.
# Environment: GH_TOKEN, COMMENT_AUTHOR: the account of that token, whose comments alone are edited.
# shellcheck source=.github/scripts/lib.sh
. "$(dirname "$0")/lib.sh"
issue=$(field issue_number)
if [ "${issue:--1}" = -1 ]; then
  say "no pull request asked for this report"
  exit 0
fi
key=$(field key)
bucket=$(own_bucket)
actor=$(field actor)
format=$(field noms_bin_format)
job_type=$(field job_type)
regression=$(field is_performance_regression)
author=${COMMENT_AUTHOR:-github-actions[bot]}
is_number "issue_number" "$issue"
is_key "key" "$key"
is_login "actor" "$actor"
matches "noms_bin_format" "${format:=__DOLT__}" '[A-Za-z0-9_]{1,40}'
matches "job_type" "${job_type:=performance-benchmarking}" '[a-z-]{1,40}'
matches "is_performance_regression" "${regression:=unknown}" 'true|false|unknown'

marker='<!-- go-run-output -->' # comments of the system before have it too
results=$(mktemp "${RUNNER_TEMP:-/tmp}/results.XXXXXX")
aws s3api get-object --bucket "$bucket" --key "$key" "$results" >/dev/null
body=$RUNNER_TEMP/body.json
jq -n --arg head "$marker"$'\n'"@$actor $format"$'\n' --rawfile report "$results" --arg where "$key" \
  -f "$(dirname "$0")/fit.jq" >"$body"

id=
if [ "$job_type" = performance-benchmarking ]; then
  kind=
  if grep -q 'tpcc-scale-factor-1' "$results"; then kind='tpcc-scale-factor-1'; elif grep -q 'read_tests' "$results"; then kind='read_tests'; fi
  if [ -n "$kind" ]; then
    id=$(gh api --paginate "repos/$GITHUB_REPOSITORY/issues/$issue/comments?per_page=100" |
      jq -rs --arg marker "$marker" --arg kind "$kind" --arg author "$author" \
        '[add // [] | .[] | select(.user.login == $author and (.body | contains($marker) and contains($kind)))] | first | .id // empty')
  fi
fi
if [ -n "$id" ]; then
  is_number "the comment's id" "$id"
  gh api --method PATCH "repos/$GITHUB_REPOSITORY/issues/comments/$id" --input "$body" --silent
else
  gh api --method POST "repos/$GITHUB_REPOSITORY/issues/$issue/comments" --input "$body" --silent
fi
if [ -n "$id" ]; then done=updated; else done=posted; fi
say "$done the report of pull request $issue"

# Only where a run said so: a report without a verdict changes no label.
label=performance_approved
has_label() {
  local names
  names=$(gh api "repos/$GITHUB_REPOSITORY/issues/$issue/labels?per_page=100" --jq '.[].name')
  grep -Fxq "$label" <<<"$names"
}
if [ "$job_type" = performance-benchmarking ] && [ "$regression" = false ]; then
  has_label || jq -n --arg name "$label" '{labels: [$name]}' | gh api --method POST "repos/$GITHUB_REPOSITORY/issues/$issue/labels" --input - --silent
elif [ "$job_type" = performance-benchmarking ] && [ "$regression" = true ]; then
  ! has_label || gh api --method DELETE "repos/$GITHUB_REPOSITORY/issues/$issue/labels/$label" --silent
fi
