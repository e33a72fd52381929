#!/usr/bin/env bash
# Makes a kubeconfig for the steps that follow: of the EKS cluster $CLUSTER, else from $KUBECONFIG_CONTENT, a secret.
# shellcheck source=.github/scripts/lib.sh
. "$(dirname "$0")/lib.sh"
umask 077
file=$RUNNER_TEMP/kubeconfig
if [ -n "${CLUSTER:-}" ]; then
  matches "CLUSTER" "$CLUSTER" '[A-Za-z0-9][A-Za-z0-9_-]{0,99}'
  aws eks update-kubeconfig --name "$CLUSTER" --region "$AWS_REGION" --kubeconfig "$file"
elif [ -n "${KUBECONFIG_CONTENT:-}" ]; then
  printf '%s\n' "$KUBECONFIG_CONTENT" >"$file"
else
  fail "no cluster: set the variable DBDYNO_CLUSTER, or the secret DBDYNO_KUBECONFIG"
fi
chmod 600 "$file"
environment KUBECONFIG "$file"
kubectl --kubeconfig "$file" config current-context >/dev/null
