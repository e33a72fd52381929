#!/usr/bin/env bash
# Checks as cases of a JUnit file, for scripts that source this:
#   junit_begin image; check NAME COMMAND…; skip NAME REASON; junit_end OUT.xml      (fails if a check did)

junit_begin() { # SUITE
  junit_suite=$1 junit_cases="" junit_count=0 junit_failures=0 junit_skipped=0
}

check() { # NAME COMMAND…: what the command says is shown if it fails
  local name=$1 text began=$SECONDS
  shift
  junit_count=$((junit_count + 1))
  if text=$("$@" 2>&1); then
    printf 'ok   %s %s (%d s)\n' "$junit_suite" "$name" $((SECONDS - began))
    junit_cases+="<testcase classname=\"$junit_suite\" name=\"$name\" time=\"$((SECONDS - began))\"/>"
    return 0
  fi
  junit_failures=$((junit_failures + 1))
  printf 'FAIL %s %s:\n%s\n' "$junit_suite" "$name" "$text"
  junit_cases+="<testcase classname=\"$junit_suite\" name=\"$name\"><failure/></testcase>"
  return 1
}

skip() { # NAME REASON
  junit_count=$((junit_count + 1)) junit_skipped=$((junit_skipped + 1))
  printf 'skip %s %s: %s\n' "$junit_suite" "$1" "$2"
  junit_cases+="<testcase classname=\"$junit_suite\" name=\"$1\"><skipped message=\"$2\"/></testcase>"
}

junit_end() { # OUT.xml
  printf '<testsuite name="%s" tests="%d" failures="%d" errors="0" skipped="%d">%s</testsuite>\n' \
    "$junit_suite" "$junit_count" "$junit_failures" "$junit_skipped" "$junit_cases" >"$1"
  [ "$junit_failures" = 0 ]
}
