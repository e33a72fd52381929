#!/usr/bin/env bash
# In a clone of the database, with all branches: checks out the commit that was profiled, writes $VERSION into the source and
# commits that. Nothing is pushed. Environment: VERSION, BRANCH, COMMIT ("": the branch's head), VERSION_FILES (a line each).
# shellcheck source=.github/scripts/lib.sh
. "$(dirname "$0")/lib.sh"
is_version "VERSION" "$VERSION"
is_branch "BRANCH" "$BRANCH"
git rev-parse --quiet --verify "refs/remotes/origin/$BRANCH^{commit}" >/dev/null || fail "there is no branch $BRANCH"
start=$(git rev-parse --verify "${COMMIT:-refs/remotes/origin/$BRANCH}^{commit}") || fail "there is no commit ${COMMIT:-}"
git merge-base --is-ancestor "$start" "refs/remotes/origin/$BRANCH" || fail "$start is not part of $BRANCH"
git checkout --quiet --detach "$start"

changed=()
bump() { # FILE SED-EXPRESSION: it must change something, or the release would say a version that it is not
  local before
  if [ ! -f "$1" ] || [ -L "$1" ]; then fail "$1 is no file"; fi
  before=$(sha256sum <"$1")
  sed -i -e "$2" "$1"
  [ "$before" != "$(sha256sum <"$1")" ] || fail "$1: there was nothing to change"
  changed+=("$1")
}
if [ -n "${VERSION_FILES:-}" ]; then
  mapfile -t files <<<"$VERSION_FILES"
else # where Dolt has had it
  files=()
  for f in go/cmd/dolt/doltversion/version.go go/cmd/dolt/dolt.go; do
    if [ -f "$f" ] && grep -q '[[:space:]]Version = "' "$f"; then files+=("$f"); fi
  done
fi
[ ${#files[@]} -gt 0 ] || fail "no file holds the version; name it in the variable DBDYNO_VERSION_FILES"
for f in "${files[@]}"; do
  [[ $f != /* && /$f/ != */../* ]] || fail "$f is outside of the repository"
  bump "$f" 's/\([[:space:]]Version = "\)[^"]*"/\1'"$VERSION"'"/'
done

# Fields of the server's configuration that are new in this version, and the list of them that a test reads.
config=go/libraries/doltcore/servercfg
if grep -qs 'minver:"TBD"' "$config/yaml_config.go"; then bump "$config/yaml_config.go" 's/minver:"TBD"/minver:"'"$VERSION"'"/g'; fi
if [ -d go/utils/genminver_validation ]; then
  list=$PWD/$config/testdata/minver_validation.txt
  settings=(PATH="$PATH" HOME="$HOME" GOTOOLCHAIN=auto) # the database's own program: it gets no token
  for name in GOCACHE GOMODCACHE GOPROXY GOFLAGS; do settings+=(${!name:+"$name=${!name}"}); done
  (cd go && env -i "${settings[@]}" go run -mod=readonly ./utils/genminver_validation/ "$list")
  changed+=("${list#"$PWD/"}")
fi

git add -- "${changed[@]}"
git -c user.name='github-actions[bot]' -c user.email='41898282+github-actions[bot]@users.noreply.github.com' \
  commit --quiet --no-verify --message "[ga-bump-release] Update version to $VERSION and release v$VERSION"
output commit "$(git rev-parse HEAD)"
say "v$VERSION is $(git rev-parse HEAD), on top of $start"
