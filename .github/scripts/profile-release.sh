#!/usr/bin/env bash
# A release begins: the head of the branch is to be profiled, and released as $version when that is done (profile-dolt).
# shellcheck source=.github/scripts/lib.sh
. "$(dirname "$0")/lib.sh"
version=$(field version)
version=${version#v}
branch=$(field branch)
branch=${branch:-main}
is_version "version" "$version"
is_branch "branch" "$branch"
is_login "actor" "$GITHUB_ACTOR"
if gh api "repos/$GITHUB_REPOSITORY/git/ref/tags/v$version" >/dev/null 2>&1; then
  fail "v$version is released already"
fi
commit=$(gh api "repos/$GITHUB_REPOSITORY/git/ref/heads/$branch" --jq .object.sha)
matches "the head of $branch" "$commit" '[0-9a-f]{40}'
dispatch "$GITHUB_REPOSITORY" profile-dolt from_version "$commit" future_version "$version" mode release actor "$GITHUB_ACTOR" \
  actor_email "$(field email)" template_script dolt-profile branch "$branch"
printf 'Version %s: profiling %s, the head of %s. The release follows when its profile is there.\n' "$version" "$commit" "$branch" \
  >>"$GITHUB_STEP_SUMMARY"
