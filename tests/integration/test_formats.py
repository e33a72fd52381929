"""Results for other tools: each format is read by what it is made for, or checked against its published shape."""

import contextlib
import csv
import io
import json
import shutil
import sqlite3
import subprocess

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from conftest import ROOT, Dbdyno, query

TESTS = ["oltp_point_select", "oltp_read_only"]


@pytest.fixture(scope="module")
def run(program, cache, gms, tmp_path_factory):
    home = tmp_path_factory.mktemp("formats")
    Dbdyno(program, home, cache, home).ok("compare", "--from-exec", gms["good"], "--to-exec", gms["slow"], *(f"--test={t}" for t in TESTS),
                                          "--sysbench-test-time=3", "--table-size=200", "--warmup=100ms", "--from-version=old", "--out=result")
    return home / "result"


def export(dbdyno, run, name):
    return dbdyno.ok("report", "--run", run, f"--format={name}").stdout


def comparisons(run):
    return {(test, metric): (ratio, low, high, verdict) for test, metric, ratio, low, high, verdict in
            query(run / "results.db", "select test, metric, ratio, low, high, verdict from comparison")}


def test_benchstat_agrees_where_it_is_significant(dbdyno, run, tmp_path):
    benchstat = subprocess.run([ROOT / "tests/tools/benchstat.sh"], check=True, capture_output=True, text=True).stdout.strip()
    file = tmp_path / "slices.txt"
    file.write_text(export(dbdyno, run, "go-benchmark"))
    done = subprocess.run([benchstat, "-col", "side", "-filter", ".unit:tx/s", "-format", "csv", str(file)], check=True, capture_output=True, text=True)
    found = {}
    for row in csv.reader(io.StringIO(done.stdout)):
        if row and row[0].startswith("Load/test="):
            found[row[0].split("=")[1].split("/")[0]] = (float(row[1]), float(row[3]), row[5])
    assert sorted(found) == TESTS, done.stdout + done.stderr
    for test, (before, after, change) in found.items():
        ratio = comparisons(run)[test, "throughput"][0]
        assert change != "~" and (after < before) == (ratio < 1) and change.startswith("-"), (test, change, ratio)


def test_every_ratio_as_csv(dbdyno, run):
    rows = list(csv.DictReader(io.StringIO(export(dbdyno, run, "comparisons"))))
    metrics = ["throughput", "latency_mean", "latency_p50", "latency_p95", "latency_p99"]
    assert [(row["test"], row["metric"]) for row in rows] == [(test, metric) for test in TESTS for metric in metrics]
    for row in rows:
        *numbers, verdict = comparisons(run)[row["test"], row["metric"]]
        if numbers[0] is None:  # fewer than ten events beyond it
            assert row["metric"] in ("latency_p95", "latency_p99") and row["ratio"] == row["low"] == row["high"] == ""
            continue
        assert [float(row[column]) for column in ("ratio", "low", "high")] == pytest.approx(numbers, rel=1e-14)
        assert numbers[1] < numbers[0] < numbers[2] and (row["verdict"] or None) == verdict
        assert (verdict is not None) == (row["metric"] == "throughput")
    told = json.loads((run / "report.json").read_text())
    for test in told["tests"]:
        for metric in metrics:
            assert test["ratios"][metric]["ratio"] == pytest.approx(comparisons(run)[test["name"], metric][0])
    p50 = comparisons(run)["oltp_point_select", "latency_p50"][0]
    shown = f"{p50:.3f}" if p50 < 9.9995 else f"{p50:.1f}"
    assert f" | {shown} (" in (run / "report.md").read_text()
    assert f"<td class=\"n\">{shown}<small>" in (run / "report.html").read_text()


def test_bencher_metrics(dbdyno, run):
    metrics = json.loads(export(dbdyno, run, "bencher"))
    assert sorted(metrics) == TESTS
    for test, measures in metrics.items():
        assert set(measures) == {"throughput", "latency-mean", "latency-p95", "throughput-ratio",
                                 *(f"{metric.replace('_', '-')}-ratio" for (of, metric), row in comparisons(run).items()
                                   if of == test and metric.startswith("latency") and row[0])}
        ratio, low, high, _ = comparisons(run)[test, "throughput"]
        # cJSON prints 15 digits where those are within one rounding error of the number.
        assert measures["throughput-ratio"] == pytest.approx({"value": ratio, "lower_value": low, "upper_value": high}, rel=1e-15)
        (rate,) = query(run / "results.db", f"select sql_transactions_per_second from to_results where test_name = '{test}'")[0]
        assert measures["throughput"] == {"value": pytest.approx(rate)}


def test_github_action_benchmark(dbdyno, run):
    entries = json.loads(export(dbdyno, run, "github-action"))
    assert [e["name"] for e in entries] == [f"{t} {what}" for t in TESTS for what in ("throughput", "throughput ratio")]
    for entry in entries:
        assert set(entry) == {"name", "unit", "value", "range", "extra"} and isinstance(entry["value"], float)


def test_openmetrics(dbdyno, run, tmp_path):
    run = shutil.copytree(run, tmp_path / "run")
    with contextlib.closing(sqlite3.connect(run / "results.db")) as connection, connection:
        connection.execute("update server set asked_version = 'a \"quoted\\ name' where side = 'from'")
    families = {f.name: f for f in text_string_to_metric_families(export(dbdyno, run, "openmetrics"))}
    assert set(families) == {"dbdyno_throughput", "dbdyno_latency_seconds", "dbdyno_ratio", "dbdyno_verdict"}
    assert {s.labels["version"] for s in families["dbdyno_throughput"].samples if s.labels["side"] == "from"} == {'a "quoted\\ name'}
    verdicts = {s.labels["test"]: s.labels["dbdyno_verdict"] for s in families["dbdyno_verdict"].samples if s.value}
    assert verdicts == {test: values[3] for (test, metric), values in comparisons(run).items() if metric == "throughput"}
    for s in families["dbdyno_ratio"].samples:
        column = ("estimate", "low", "high").index(s.labels["bound"])
        assert s.value == comparisons(run)[s.labels["test"], s.labels["metric"]][column]


def test_slices(dbdyno, run):
    rows = list(csv.DictReader(io.StringIO(export(dbdyno, run, "slices"))))
    for side in ("from", "to"):
        for test, events in query(run / "results.db", f"select test_name, total_number_of_events from {side}_results"):
            assert sum(int(r["events"]) for r in rows if (r["test"], r["side"]) == (test, side)) == events
    for row in rows:
        assert all(row[name] == "" for name in ("rate_asked", "backlog", "unserved", "lag_max_ns"))
        assert float(row["events_per_second"]) == pytest.approx(int(row["events"]) * int(row["threads"]) * 1e9 / int(row["busy_ns"]))


def test_slices_at_a_rate(dbdyno, gms):
    """Far more is asked for than any server has: what was achieved, and what was left, stands beside what was asked."""
    dbdyno.ok("compare", "--from-exec", gms["good"], "--to-exec", gms["good"], "--test=oltp_point_select", "--sysbench-test-time=0.4", "--slice=100ms",
              "--rate=500000", "--table-size=200", "--warmup=0", "--out=result")
    kept = query(dbdyno.home / "result/results.db", "select events, threads, busy_ns, rate_asked, backlog, unserved, lag_max_ns "
                                                    "from slice join slice_rate on slice = slice.id order by slice")
    rows = list(csv.DictReader(io.StringIO(export(dbdyno, dbdyno.home / "result", "slices"))))
    assert len(rows) == len(kept) >= 8
    for row, (events, threads, busy_ns, *rate) in zip(rows, kept, strict=True):
        assert [float(row[name]) for name in ("rate_asked", "backlog", "unserved", "lag_max_ns")] == rate
        assert rate[0] == 500000 and rate[1] > 0
        assert float(row["events_per_second"]) == pytest.approx(events / (busy_ns / threads / 1e9)) and float(row["events_per_second"]) < 500000


def test_a_run_without_a_comparison(dbdyno, tmp_path):
    dbdyno.run("compare", "--from-exec=/bin/true", "--to-exec=/bin/true", "--test=oltp_point_select", "--out=failed")
    failed = dbdyno.home / "failed"
    assert json.loads(export(dbdyno, failed, "bencher")) == {} and json.loads(export(dbdyno, failed, "github-action")) == []
    assert export(dbdyno, failed, "openmetrics").endswith("# EOF\n")


def test_what_a_github_job_shows(dbdyno, gms, tmp_path):
    summary = tmp_path / "summary.md"
    summary.write_text("# before\n")
    compare = ["compare", "--from-exec", gms["good"], "--to-exec", gms["slow"], "--test=oltp_point_select", "--sysbench-test-time=3", "--table-size=200",
               "--warmup=100ms"]
    done = dbdyno.ok(*compare, "--out=first", GITHUB_STEP_SUMMARY=summary, GITHUB_ACTIONS="true")
    assert summary.read_text() == "# before\n" + (dbdyno.home / "first/report.md").read_text()
    ((verdict,),) = query(dbdyno.home / "first/results.db", "select verdict from comparison where verdict is not null")
    level = {"slower": "error", "undecided": "notice"}[verdict]
    (line,) = [line for line in done.stderr.splitlines() if line.startswith("::")]
    assert line.startswith(f"::{level} title=oltp_point_select is {verdict}::throughput ratio 0.") and "95 %25 interval" in line
    full = tmp_path / "full.md"
    full.write_bytes(b"x" * (1 << 20))
    done = dbdyno.ok(*compare, "--out=second", f"--step-summary={full}")
    assert "GitHub takes 1048576" in done.stderr and "::" not in done.stderr and full.stat().st_size == 1 << 20
    failed = dbdyno.run("compare", "--from-exec=/bin/true", "--to-exec=/bin/true", "--test=oltp_point_select", "--out=third", GITHUB_ACTIONS="true")
    assert failed.returncode == 4


def test_the_body_of_a_comment(dbdyno, run):
    assert export(dbdyno, run, "comment") == (run / "report.md").read_text()
    dbdyno.fails(2, "comment-size", "report", "--run", run, "--format=comment", "--comment-size=8191")
