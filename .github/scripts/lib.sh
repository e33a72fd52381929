# shellcheck shell=bash
# What the scripts beside it share; sourced. A workflow hands a script its inputs as JSON in $INPUTS and the event's payload as
# JSON in $PAYLOAD, never as text of a command.
set -euo pipefail
shopt -s inherit_errexit
export LC_ALL=C

# Text of others on one line without control characters: the runner takes lines that begin with "::" for commands.
say() { printf 'dbdyno: %s\n' "${1//[^[:print:]]/?}" >&2; }
fail() {
  say "$1"
  exit 2
}

# What is asked for: the inputs, and where they say nothing the payload. What is no text, or not on one line, becomes a mark that
# field refuses: other fields are no concern here.
declare -A request=()
read_request() {
  local pairs i
  mapfile -d '' -t pairs < <(jq -jn --argjson inputs "${INPUTS:-null}" --argjson payload "${PAYLOAD:-null}" '
    [$payload, $inputs | select(type == "object") | to_entries[] | select(.value != null and .value != "")] | .[]
    | (.value | if type == "object" or type == "array" or (tostring | test("[[:cntrl:]]")) then "\u0001" else tostring end) as $text
    | select(.key | test("^[a-z_]+$")) | .key, "\u0000", $text, "\u0000"')
  for ((i = 0; i + 1 < ${#pairs[@]}; i += 2)); do request[${pairs[i]}]=${pairs[i + 1]}; done
}
if [ -n "${INPUTS:-}${PAYLOAD:-}" ]; then read_request; fi

# NAME…: the first of these fields that has a value.
field() {
  local name
  for name in "$@"; do
    [ "${request[$name]:-}" != $'\x01' ] || fail "$name: this is no text on one line"
    if [ -n "${request[$name]:-}" ]; then
      printf '%s\n' "${request[$name]}"
      return
    fi
  done
}

# WHAT VALUE PATTERN: the whole value is what it should be, on one line.
matches() {
  local pattern="^($3)\$"
  if [[ $2 == *$'\n'* ]] || ! [[ $2 =~ $pattern ]]; then
    fail "$1: \"${2:0:100}\" is not what it should be"
  fi
}
is_version() { matches "$1" "$2" '[0-9]+\.[0-9]+\.[0-9]+([-+][0-9A-Za-z.+-]{1,60})?'; }
is_commit() { matches "$1" "$2" '[0-9a-f]{7,40}'; }
is_branch() {
  matches "$1" "$2" '[A-Za-z0-9_][A-Za-z0-9._/+-]{0,199}'
  if [[ $2 == *..* || $2 == *//* || $2 == */ || $2 == *.lock ]]; then fail "$1: \"$2\" is no branch"; fi
}
is_repository() { matches "$1" "$2" '[A-Za-z0-9-]{1,39}/[A-Za-z0-9._-]{1,100}'; }
is_bucket() { matches "$1" "$2" '[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]'; }
is_key() {
  matches "$1" "$2" '[A-Za-z0-9_][][A-Za-z0-9._/=+@-]{0,1000}'
  if [[ /$2/ == */../* || /$2/ == */./* || $2 == *//* ]]; then fail "$1: \"${2:0:100}\" is no key"; fi
}
is_number() { matches "$1" "$2" '[1-9][0-9]{0,11}'; }
is_login() { matches "$1" "$2" '[A-Za-z0-9][A-Za-z0-9_-]{0,99}(\[bot\])?'; }

# NAME VALUE, for later steps.
output() {
  [[ $2 != *$'\n'* ]] || fail "$1: more than one line"
  printf '%s=%s\n' "$1" "$2" >>"$GITHUB_OUTPUT"
}
environment() {
  [[ $2 != *$'\n'* ]] || fail "$1: more than one line"
  printf '%s=%s\n' "$1" "$2" >>"$GITHUB_ENV"
}

# REPOSITORY EVENT [NAME VALUE]…: a repository_dispatch event; fields without a value are left out.
dispatch() {
  local repository=$1 event=$2 payload='{}'
  shift 2
  while [ $# -gt 0 ]; do
    [ -z "$2" ] || payload=$(jq -c --arg name "$1" --arg value "$2" '.[$name] = $value' <<<"$payload")
    shift 2
  done
  is_repository "repository" "$repository"
  jq -n --arg event "$event" --argjson payload "$payload" '{event_type: $event, client_payload: $payload}' |
    gh api --method POST "repos/$repository/dispatches" --input - || return
  say "sent $event to $repository"
}

# The bucket of an object that a payload names: the team's own and no other.
own_bucket() {
  local bucket
  bucket=$(field bucket profile_bucket)
  bucket=${bucket:-${DBDYNO_BUCKET:-}}
  is_bucket "bucket" "$bucket"
  [ -z "${DBDYNO_BUCKET:-}" ] || [ "$bucket" = "$DBDYNO_BUCKET" ] || fail "bucket: \"$bucket\" is not $DBDYNO_BUCKET, the one of this repository"
  printf '%s\n' "$bucket"
}
