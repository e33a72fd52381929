#!/usr/bin/env bash
# A comment on a pull request asks for a benchmark with a line "#benchmark" or "#benchmark-mini". Who may write to the repository
# may ask. Environment: COMMENT, COMMENT_ID, COMMENT_TIME, COMMENTER, ISSUE, GH_TOKEN.
# shellcheck source=.github/scripts/lib.sh
. "$(dirname "$0")/lib.sh"
output asked false
time=
if grep -Eq '^[[:space:]]*#benchmark-mini[[:space:]]*$' <<<"$COMMENT"; then
  time=20
elif ! grep -Eq '^[[:space:]]*#benchmark[[:space:]]*$' <<<"$COMMENT"; then
  say "this comment asks for nothing"
  exit 0
fi
is_login "the commenter" "$COMMENTER"
is_number "the pull request" "$ISSUE"
is_number "the comment" "$COMMENT_ID"
permission=$(gh api "repos/$GITHUB_REPOSITORY/collaborators/$COMMENTER/permission" --jq .permission 2>/dev/null) || permission=none
case $permission in
  admin | maintain | write) ;;
  *)
    say "$COMMENTER may not ask: the permission is ${permission:0:20}"
    exit 0
    ;;
esac

pull=$(gh api "repos/$GITHUB_REPOSITORY/pulls/$ISSUE")
head=$(jq -r .head.sha <<<"$pull")
base=$(jq -r .base.ref <<<"$pull")
pushed=$(jq -r '.head.repo.pushed_at // ""' <<<"$pull")
matches "the pull request's head" "$head" '[0-9a-f]{40}'
is_branch "the base" "$base"
# What was looked at is what runs: a push after the comment needs another comment. Both times are UTC in one form.
if [[ $pushed > $COMMENT_TIME ]]; then fail "something was pushed after the comment; look at it and comment again"; fi
# From where the pull request began, so that nothing of others is measured with it.
from=$(gh api "repos/$GITHUB_REPOSITORY/compare/$base...$head" --jq .merge_base_commit.sha)
matches "the merge base" "$from" '[0-9a-f]{40}'
gh api --method POST "repos/$GITHUB_REPOSITORY/issues/comments/$COMMENT_ID/reactions" -f content=rocket --silent
output asked true
output issue "$ISSUE"
output from "$from"
output to "$head"
output time "$time"
