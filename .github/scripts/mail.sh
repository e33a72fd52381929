#!/usr/bin/env bash
# Mails a report that lies in the bucket (email-report). Environment: DBDYNO_MAIL_TO: the team's address; DBDYNO_… as dbdyno
# notify --mail reads it.
# shellcheck source=.github/scripts/lib.sh
. "$(dirname "$0")/lib.sh"
key=$(field key)
bucket=$(own_bucket)
template=$(field template)
recipient=$(field email_recipient)
recipient=${recipient:-${DBDYNO_MAIL_TO:-}}
version=$(field version)
format=$(field noms_bin_format)
is_key "key" "$key"
matches "version" "$version" '[A-Za-z0-9][A-Za-z0-9._+-]{0,199}'
matches "noms_bin_format" "${format:=__DOLT__}" '[A-Za-z0-9_]{1,40}'
matches "the recipient" "$recipient" '[A-Za-z0-9][A-Za-z0-9._%+-]{0,63}@[A-Za-z0-9][A-Za-z0-9.-]{0,189}'
flags=("--mail" "--results=s3://$bucket/$key" "--mail-to=$recipient" "--results-version=$version" "--noms-bin-format=$format"
  "--region=${DBDYNO_REGION:-us-west-2}")
if [ -n "$template" ]; then
  matches "template" "$template" '[A-Za-z0-9][A-Za-z0-9_-]{0,63}'
  flags+=("--ses-template=$template")
fi
env -u DBDYNO_MAIL_TO -u DBDYNO_BUCKET -u DBDYNO_REGION dbdyno notify "${flags[@]}"
