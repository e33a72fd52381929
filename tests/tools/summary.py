"""Sums test results: meson's testlog.json (cmocka programs) and JUnit XML files, as "N passed, N failed, N skipped".

A program that ends badly without counting a failure (a crash, a leak) counts as one failed test, and so does a result file
that is missing. Exits 1 unless there are passes and no failures.
"""

import json
import re
import sys
import xml.etree.ElementTree as ElementTree


def count_cmocka(path):
    passed = failed = skipped = 0
    with open(path, encoding="utf-8") as log:
        for line in log:
            test = json.loads(line)
            text = test.get("stdout", "") + test.get("stderr", "")
            counts = {
                word: sum(int(n) for n in re.findall(r"\[\s+%s\s+\] (\d+) test\(s\)" % word, text))
                for word in ("PASSED", "FAILED", "SKIPPED")
            }
            if test["result"] not in ("OK", "EXPECTEDFAIL") and counts["FAILED"] == 0:
                print(f"{test['name']}: {test['result']}")
                counts["FAILED"] = 1
            if not any(counts.values()):  # a program that counts nothing itself is one test
                counts["SKIPPED" if test["result"] == "SKIP" else "PASSED"] = 1
            passed += counts["PASSED"]
            failed += counts["FAILED"]
            skipped += counts["SKIPPED"]
    return passed, failed, skipped


def count_junit(path):
    passed = failed = skipped = 0
    for suite in ElementTree.parse(path).getroot().iter("testsuite"):
        bad = int(suite.get("failures", 0)) + int(suite.get("errors", 0))
        left_out = int(suite.get("skipped", 0))
        passed += int(suite.get("tests", 0)) - bad - left_out
        failed += bad
        skipped += left_out
    return passed, failed, skipped


def main(paths):
    total = [0, 0, 0]
    for path in paths:
        try:
            counts = count_cmocka(path) if path.endswith(".json") else count_junit(path)
        except (OSError, ValueError, ElementTree.ParseError) as problem:
            print(f"{path}: {problem}")
            counts = (0, 1, 0)
        total = [a + b for a, b in zip(total, counts)]
    print(f"{total[0]} passed, {total[1]} failed, {total[2]} skipped")
    return 0 if total[0] > 0 and total[1] == 0 else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
