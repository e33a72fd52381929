#!/usr/bin/env python3
"""Noise for bench/replay out of finished runs of a server against itself (docs/statistics.md):

    dbdyno compare … --pairing duet --starts 20 --sysbench-test-time 32 --slice 100ms --out RUN
    bench/record-noise.py dbdyno FOLDER NAME RUN…

Writes FOLDER/NAME-<test>.<pairing>.csv, a line a pair of slices; the starts of several runs follow each other.
"""
import csv
import io
import json
import subprocess
import sys


def pairs_of(dbdyno, run, first_start):
    """{test: {(start, block, pair): {side: slice}}} and the number of starts."""
    text = subprocess.run([dbdyno, "report", "--run", run, "--format", "slices"], check=True, capture_output=True, text=True).stdout
    tests, starts = {}, 0
    for row in csv.DictReader(io.StringIO(text)):
        start = int(row["start"])
        starts = max(starts, start + 1)
        key = (first_start + start, int(row["block"]), int(row["pair"]))
        tests.setdefault(row["test"], {}).setdefault(key, {})[row["side"]] = row
    return tests, starts


def line_of(key, pair, pairing):
    start, block, _ = key
    a, b = pair["from"], pair["to"]
    first = "b" if pairing == "duet" else "f" if int(a["begin_ns"]) < int(b["begin_ns"]) else "t"
    us = [round(int(s["busy_ns"]) / int(s["threads"]) / 1e3) for s in (a, b)]
    return f"{start},{block},{first},{a['events']},{us[0]},{b['events']},{us[1]}\n"


def main(dbdyno, folder, name, runs):
    recorded, starts = {}, 0
    for run in runs:
        with open(f"{run}/report.json", encoding="utf-8") as f:
            pairing = json.load(f)["run"]["pairing"]
        tests, more = pairs_of(dbdyno, run, starts)
        starts += more
        for test, pairs in tests.items():
            recorded.setdefault((test, pairing), {}).update(pairs)
    for (test, pairing), pairs in recorded.items():
        label = test.removeprefix("oltp_").replace("_", "-")
        with open(f"{folder}/{name}-{label}.{pairing}.csv", "w", encoding="utf-8") as f:
            f.write("start,block,first,from_events,from_us,to_events,to_us\n")
            f.writelines(line_of(k, p, pairing) for k, p in sorted(pairs.items()) if len(p) == 2)


if __name__ == "__main__":
    if len(sys.argv) < 5:
        sys.exit(__doc__)
    main(sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4:])
