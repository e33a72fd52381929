"""Latencies, and load at a given rate, on real servers."""

import contextlib
import json
import os
import signal
import sqlite3
import time
from pathlib import Path

import pytest

from conftest import query


def sides(gms, other="good"):
    return ["compare", "--from-exec", gms["good"], "--to-exec", gms[other], "--table-size=500", "--warmup=100ms", "--out=result"]


def latencies(blob):
    """Latencies in ns (the middle of each bucket) and how many there are, from a histogram of results.db."""
    numbers, value, shift = [], 0, 0
    for byte in blob:
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            numbers.append(value)
            value = shift = 0
    bucket, found = 0, []
    for delta, count in zip(numbers[::2], numbers[1::2]):
        bucket += delta
        step = bucket // 512 - 1
        found.append((bucket if step <= 0 else (512 + bucket % 512 + 0.5) * 2**step, count))
    return found


def count_above(blob, ns):
    return sum(count for value, count in latencies(blob) if value > ns)


def quantile(blob, q):
    values = latencies(blob)
    rank, seen = q * sum(count for _, count in values), 0
    for value, count in values:
        seen += count
        if seen >= rank:
            return value


def report(dbdyno):
    return json.loads((dbdyno.home / "result/report.json").read_text())


def test_both_servers_get_the_rate_and_the_same_arrivals(dbdyno, gms):
    done = dbdyno.ok(*sides(gms), "--test=oltp_point_select", "--sysbench-test-time=2", "--rate=400", "--threads=2", "--seed=9")
    db = dbdyno.home / "result/results.db"
    pairs = query(db, "select sum(side = 'from'), count(distinct events + unserved), min(rate_asked), max(rate_asked), max(events + unserved) "
                      "from slice join slice_rate on slice = slice.id group by pair")
    assert len(pairs) * 2 == query(db, "select count(*) from slice")[0][0] >= 8
    assert all(pair[:4] == (1, 1, 400, 400) for pair in pairs)
    assert 2 * 400 - 5 * 800**0.5 < sum(pair[4] for pair in pairs) < 2 * 400 + 5 * 800**0.5
    assert query(db, "select events = (select sum(events) from slice), total_time_seconds >= 2 from "
                     "(select sum(total_number_of_events) as events, min(total_time_seconds) as total_time_seconds from "
                     "(select * from from_results union all select * from to_results))") == [(1, 1)]
    assert dict(query(db, "select metric, verdict is not null from comparison")) == {"throughput": 0, "latency_mean": 1, "latency_p50": 0, "latency_p95": 0, "latency_p99": 0}
    assert json.loads(query(db, "select config_json from run")[0][0])["rate"] == 400
    assert "of mean latency, where more is slower" in done.stdout
    page = report(dbdyno)
    assert page["run"]["rate_per_second"] == 400 and page["tests"][0]["decided_by"] == "latency_mean"
    assert page["tests"][0]["pair_latency_mean_log_ratios"]
    side = page["tests"][0]["to"]["latency"]
    assert 0 < side["p50"]["low_95_ms"] <= side["p50"]["ms"] <= side["p50"]["high_95_ms"] <= side["max_ms"]
    assert side["p95"]["ms"] >= side["p50"]["ms"] and side["p99_9"]["ms"] is None  # 800 events do not say
    assert "Change of mean latency" in (dbdyno.home / "result/report.html").read_text()


def test_verdict_is_on_latency(dbdyno, gms):
    """The slow one wastes three times each statement's time, and keeps the rate all the same."""
    rate = ["--test=table_scan", "--rate=20", "--threads=4", "--sysbench-test-time=5", "--slice=500ms"]
    dbdyno.fails(7, "slower", *sides(gms, "slow"), *rate, "--fail-on-regression")
    ratios = dict(query(dbdyno.home / "result/results.db", "select metric, ratio from comparison"))
    assert ratios["latency_mean"] > 1.5 and 0.7 < ratios["throughput"] < 1.4
    assert query(dbdyno.home / "result/results.db", "select metric from comparison where verdict = 'slower'") == [("latency_mean",)]
    assert "mean latency up by" in report(dbdyno)["headline"]


def test_overload_is_told(dbdyno, gms):
    done = dbdyno.ok(*sides(gms), "--test=oltp_point_select", "--sysbench-test-time=0.4", "--slice=100ms", "--rate=500000")
    assert "of 500000 events/s: its latencies are those of an overloaded system" in done.stdout.replace("\n  ", " ")
    db = dbdyno.home / "result/results.db"
    for events, backlog, unserved, lag in query(db, "select events, backlog, unserved, lag_max_ns from slice join slice_rate on slice = slice.id"):
        assert 40000 < events + unserved < 60000  # all that was due is accounted for
        assert 0 < unserved <= backlog <= events + unserved and lag > 50e6
    for side in ("from", "to"):
        assert report(dbdyno)["tests"][0][side]["latency"]["overloaded"] is True
    # What both fall behind by says how long a slice is: however sure it looks, nothing is concluded from it.
    assert query(db, "select verdict, reason like 'neither server could keep the rate%' from comparison where metric = 'latency_mean'") == [
        ("undecided", 1)]


def servers(temporary):
    """Process ids of the servers whose data lies in the test's folder for temporary files."""
    found = []
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            if entry.name.isdigit() and Path(os.readlink(entry / "exe")).name == "gms" and str(temporary) in (entry / "environ").read_text():
                found.append(int(entry.name))
    return found


def finished(db):
    with contextlib.suppress(sqlite3.OperationalError):
        return query(db, "select count(*) from slice")[0][0]
    return 0


def stall(dbdyno, process, times):
    """Stops both servers for 400 ms at the beginning of a slice, as often as asked."""
    db, seen = dbdyno.home / "result/results.db", 0
    while times and process.poll() is None:
        if not db.exists() or finished(db) <= seen:
            time.sleep(0.002)
            continue
        pids = servers(dbdyno.temporary)
        assert len(pids) == 2
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        time.sleep(0.4)  # the stall
        for pid in pids:
            os.kill(pid, signal.SIGCONT)
        times -= 1
        seen = finished(db)
    assert times == 0, "the run was over too early"


@pytest.mark.parametrize("rate", ["500", "max"])
def test_a_stalled_server(dbdyno, gms, rate):
    """At a given rate all events that were due in the stall show it; without, those alone that a thread was waiting for."""
    process = dbdyno.start(*sides(gms), "--test=oltp_point_select", "--sysbench-test-time=4", "--slice=1", f"--rate={rate}", "--threads=1")
    stall(dbdyno, process, 3)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    db = dbdyno.home / "result/results.db"
    slices = [blob for (blob,) in query(db, "select data from histogram")]
    worst = max(slices, key=lambda blob: count_above(blob, 200e6))
    if rate == "max":
        assert 1 <= count_above(worst, 200e6) <= 5  # no more fit into a slice
        return
    # 500 a second: 100 are due in the first 200 ms of the stall, and wait 200 ms or more.
    assert count_above(worst, 200e6) >= 50
    assert quantile(worst, 0.99) > 200e6 and quantile(worst, 0.95) > 200e6
    assert query(db, "select max(lag_max_ns) > 200000000 from slice_rate") == [(1,)]
    assert max(report(dbdyno)["tests"][0][side]["latency"]["max_ms"] for side in ("from", "to")) > 200
    # The same run, had 200 ms been the time-out: flagged when the report is made again.
    with contextlib.closing(sqlite3.connect(db)) as connection, connection:
        connection.execute("update run set config_json = json_set(config_json, '$.\"event-timeout\"', 0.2)")
    assert "events took longer than the time-out of 0.2" in dbdyno.ok("report", "--run", db.parent).stdout


def test_profile_at_a_rate(dbdyno, gms):
    dbdyno.ok("profile", "--exec", gms["good"], "--test=oltp_point_select", "--seconds=1", "--rate=200", "--table-size=500", "--out=result")
    assert (dbdyno.home / "result/profile.pprof").stat().st_size > 100
