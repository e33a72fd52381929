#!/bin/sh
# Turns files into a C array of struct embedded_file (src/base/embed.h):  embed.sh SYMBOL FILE… > out.c
set -eu
symbol=$1
shift
printf '#include "base/embed.h"\n\nextern const struct embedded_file %s[];\n' "$symbol"
i=0
for file in "$@"; do
  printf 'static const char file_%d[] = {' "$i"
  od -An -v -tu1 "$file" | awk '{ for (i = 1; i <= NF; i++) printf "%s%s", ($i > 127 ? $i - 256 : $i), ","; print "" }'
  printf '0};\n'
  i=$((i + 1))
done
printf 'const struct embedded_file %s[] = {\n' "$symbol"
i=0
for file in "$@"; do
  printf '\t{ "%s", file_%d, sizeof file_%d - 1 },\n' "${file##*/}" "$i" "$i"
  i=$((i + 1))
done
printf '\t{ 0 }\n};\n'
