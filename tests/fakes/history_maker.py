"""Made histories, the same each time:  history_maker.py FOLDER [BUILDS]   (60 builds of three tests; two of them change)"""

import hashlib
import json
import math
import random
import sys
from pathlib import Path

MACHINE = {"cpu_model": "Intel Xeon Platinum 8375C", "os": "linux", "arch": "amd64", "kernel": "6.1.0-13-cloud", "cpus": 4, "memory_bytes": 17179869184}
DAY = 86400


def commit(number):
    return hashlib.sha1(f"commit {number}".encode()).hexdigest()


def estimate(log_ratio, error):
    return {"ratio": math.exp(log_ratio), "low_95": math.exp(log_ratio - 1.96 * error), "high_95": math.exp(log_ratio + 1.96 * error)}


def test(name, log_ratio, error, rate=3000, metric="throughput"):
    ratio = math.exp(log_ratio)
    return {"name": name, "params": "--threads=1 --tables=1 --table-size=10000", "threads": 1, "verdict": "undecided", "metric": metric,
            "from_per_second": rate, "to_per_second": rate * ratio, "from_p95_ms": 1.2, "to_p95_ms": 1.2 / ratio,
            "throughput": estimate(log_ratio, error), "latency_mean": estimate(-log_ratio, error), "latency_p95": estimate(-log_ratio, 2 * error)}


def run(number, tests, start="baseline", **other):
    return {"format": "dbdyno-history", "format_version": 1, "run": f"202609{number:04d}-000000-{number:08x}", "command": "compare", "status": "done",
            "dbdyno_version": "0.1.0", "method": 1, "pairing": "interleaved", "started_unix": 1788220800 + number * DAY, "machine": MACHINE,
            "from": {"engine": "gms", "commit": commit(start)}, "to": {"engine": "gms", "commit": commit(number)}, "tests": tests, **other}


def write(folder, *runs):
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    for r in runs:
        (folder / f"{r['run']}.json").write_text(json.dumps(r))


def baseline_history(builds=60, seed=1):
    """oltp_point_select loses 8 % at build 25 and has it back at 45; oltp_read_write gains 12 % at 38; oltp_insert stays."""
    rng = random.Random(seed)
    for i in range(builds):
        error = rng.choice([0.012, 0.015, 0.02])
        select = -0.083 if 25 <= i < 45 else 0.0
        write_ = 0.113 if i >= 38 else 0.01
        yield run(i, [test("oltp_insert", rng.gauss(0.005, 0.018), error, 1200), test("oltp_point_select", rng.gauss(select, 0.018), error, 3100),
                      test("oltp_read_write", rng.gauss(write_, 0.018), error, 180)])


def chain_history(builds=30, seed=2):
    """Each build against the one before; the 20th loses 15 %."""
    rng = random.Random(seed)
    for i in range(1, builds):
        yield run(i, [test("table_scan", rng.gauss(-0.1625 if i == 20 else 0, 0.015), 0.012)], start=i - 1)


if __name__ == "__main__":
    write(sys.argv[1], *baseline_history(int(sys.argv[2]) if len(sys.argv) > 2 else 60))
