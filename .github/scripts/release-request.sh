#!/usr/bin/env bash
# What is to be released, checked; and its profile from the bucket, in $RUNNER_TEMP/dolt-cpu-profile.pprof.
# shellcheck source=.github/scripts/lib.sh
. "$(dirname "$0")/lib.sh"
version=$(field version)
version=${version#v}
branch=$(field branch)
commit=$(field commit_sha from_version)
key=$(field profile_key)
bucket=$(own_bucket)
is_version "version" "$version"
is_branch "branch" "${branch:=main}"
is_key "profile_key" "$key"
if [ -n "$commit" ]; then is_commit "commit" "$commit"; fi
if gh api "repos/$GITHUB_REPOSITORY/git/ref/tags/v$version" >/dev/null 2>&1; then
  fail "v$version is released already"
fi
aws s3api get-object --bucket "$bucket" --key "$key" "$RUNNER_TEMP/dolt-cpu-profile.pprof" >/dev/null
[ "$(od -An -N2 -tx1 "$RUNNER_TEMP/dolt-cpu-profile.pprof")" = " 1f 8b" ] || fail "s3://$bucket/$key is not a profile"
output version "$version"
output branch "$branch"
output commit "$commit"
output profile_key "$key"
output bucket "$bucket"
