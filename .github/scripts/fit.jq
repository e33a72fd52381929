# A report that fits into a comment of GitHub, which takes 65,536 characters: jq -n --arg head … --rawfile report … --arg where … -f fit.jq
# It is cut after a whole section (an empty line), else after a whole line, else anywhere; then a line says how much was left out, and
# where it is. A character beyond U+FFFF counts as two, the largest of the ways to count.
def chars: explode | map(if . > 65535 then 2 else 1 end) | add // 0;
def whole($separator; $room): # as many parts as fit, each with its separator
  split($separator) as $parts |
  reduce $parts[] as $p ({text: [], used: 0, full: false};
    (($p + $separator) | chars) as $n |
    if .full or .used + $n > $room then .full = true else .text += [$p + $separator] | .used += $n end) |
  .text | add // "";
def anywhere($room): .[:$room] | until(chars <= $room; .[:-1000]);
def cut($room):
  whole("\n\n"; $room) as $sections |
  if $sections != "" then $sections else
    whole("\n"; $room) as $lines |
    if $lines != "" then $lines else anywhere($room) + "\n" end
  end;
def open: (split("<details>") | length) > (split("</details>") | length);
65536 as $limit | 300 as $notice |
($head | chars) as $used | ($where | chars) as $place |
{body: ($head +
  if $used + ($report | chars) <= $limit then $report else
    ($report | cut($limit - $used - $place - $notice)) as $part |
    $part + (if $part | open then "\n</details>\n" else "" end) +
    "\nLeft out, so that the comment fits: the last \(($report | chars) - ($part | chars)) of \($report | chars) characters. " +
    "The whole report is `\($where)` in the bucket.\n"
  end)}
