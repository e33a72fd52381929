#!/usr/bin/env bash
# In the clone: pushes the commit and its tag, makes the release of the files in $RUNNER_TEMP/release, and tells who follows.
# Environment: COMMIT, VERSION, BRANCH, PROFILE_KEY, BUCKET; GH_TOKEN for pushing, the release and the events; MSI_REPOSITORY and
# MSI_TOKEN (optional): the repository that makes the Windows installer.
# shellcheck source=.github/scripts/lib.sh
. "$(dirname "$0")/lib.sh"
is_version "VERSION" "$VERSION"
is_branch "BRANCH" "$BRANCH"
matches "COMMIT" "$COMMIT" '[0-9a-f]{40}'
# shellcheck disable=SC2153 # a variable of the environment
is_bucket "BUCKET" "$BUCKET"
is_key "PROFILE_KEY" "$PROFILE_KEY"
[ -z "${MSI_REPOSITORY:-}" ] || is_repository "MSI_REPOSITORY" "$MSI_REPOSITORY"
[ -s "$RUNNER_TEMP/release/SHA256SUMS" ] || fail "there is nothing to release"

push() { # the token is in git's environment, not in a command line nor in the clone
  GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0="http.${GITHUB_SERVER_URL:-https://github.com}/.extraheader" \
    GIT_CONFIG_VALUE_0="AUTHORIZATION: basic $(printf 'x-access-token:%s' "$GH_TOKEN" | base64 -w0)" git "$@"
}
if ! push push --quiet --atomic origin "$COMMIT:refs/tags/v$VERSION" "$COMMIT:refs/heads/$BRANCH"; then
  # The branch has gone on since the profile was taken: what is released stays what was profiled, and the branch gets the new
  # version on top of what it has.
  push push --quiet origin "$COMMIT:refs/tags/v$VERSION"
  push fetch --quiet origin "refs/heads/$BRANCH"
  git checkout --quiet --detach FETCH_HEAD
  git -c user.name='github-actions[bot]' -c user.email='41898282+github-actions[bot]@users.noreply.github.com' cherry-pick "$COMMIT" >/dev/null
  push push --quiet origin "HEAD:refs/heads/$BRANCH"
fi
mapfile -t files < <(find "$RUNNER_TEMP/release" -maxdepth 1 -type f | sort)
gh release create "v$VERSION" --repo "$GITHUB_REPOSITORY" --verify-tag --title "$VERSION" --notes "" --prerelease "${files[@]}"
id=$(gh api "repos/$GITHUB_REPOSITORY/releases/tags/v$VERSION" --jq .id)
is_number "the release's id" "$id"

# Each is tried, so that one that fails does not take the others with it.
failed=0
dispatch "$GITHUB_REPOSITORY" release-notes version "$VERSION" release_id "$id" || failed=1
dispatch "$GITHUB_REPOSITORY" push-docker-image version "$VERSION" release_id "$id" || failed=1
dispatch "$GITHUB_REPOSITORY" release-dolt version "$VERSION" actor "$GITHUB_ACTOR" profile_key "$PROFILE_KEY" || failed=1
if [ -n "${MSI_REPOSITORY:-}" ]; then
  GH_TOKEN=${MSI_TOKEN:-$GH_TOKEN} dispatch "$MSI_REPOSITORY" upload-msi tag "$VERSION" release_id "$id" actor "$GITHUB_ACTOR" \
    bucket "$BUCKET" profile_key "$PROFILE_KEY" || failed=1
fi
printf 'Released v%s with %d files.\n' "$VERSION" "${#files[@]}" >>"$GITHUB_STEP_SUMMARY"
[ "$failed" = 0 ] || fail "v$VERSION is released, but not everybody was told"
