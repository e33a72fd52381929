#!/usr/bin/env bash
# Lets the steps that follow act as $AWS_ROLE: the job's OIDC token goes where AWS's programs and dbdyno look for one. There
# are no keys. The token is good for some minutes: take what you need soon. Needs permission id-token: write.
# shellcheck source=.github/scripts/lib.sh
. "$(dirname "$0")/lib.sh"
matches "AWS_ROLE" "${AWS_ROLE:-}" 'arn:aws[a-z-]*:iam::[0-9]{12}:role/[A-Za-z0-9+=,.@_/-]+'
matches "AWS_REGION" "${AWS_REGION:-}" '[a-z0-9-]{4,30}'
[ -n "${ACTIONS_ID_TOKEN_REQUEST_URL:-}" ] || fail "there is no OIDC token for this job; give it the permission id-token: write"

# The request's own token goes through standard input, not through a command line.
token=$(printf 'header = "Authorization: bearer %s"\n' "$ACTIONS_ID_TOKEN_REQUEST_TOKEN" |
  curl --config - --fail --silent --show-error --retry 3 --max-time 60 "$ACTIONS_ID_TOKEN_REQUEST_URL&audience=sts.amazonaws.com" | jq -er .value)
matches "the OIDC token" "$token" '[A-Za-z0-9_.-]+'
printf '::add-mask::%s\n' "$token"
(umask 077 && printf '%s' "$token" >"$RUNNER_TEMP/aws-token")
environment AWS_ROLE_ARN "$AWS_ROLE"
environment AWS_WEB_IDENTITY_TOKEN_FILE "$RUNNER_TEMP/aws-token"
environment AWS_ROLE_SESSION_NAME "dbdyno-${GITHUB_RUN_ID:-0}"
environment AWS_REGION "$AWS_REGION"
say "acting as $AWS_ROLE"
