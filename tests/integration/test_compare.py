"""dbdyno compare, end to end on real servers."""

import csv
import io
import json
import os
import shutil
import subprocess

import pytest

from conftest import ROOT, query

COLUMNS = ("id suite_id test_id runtime_os runtime_goarch server_name server_version server_params test_name test_params created_at "
           "sql_read_queries sql_write_queries sql_other_queries sql_total_queries sql_total_queries_per_second sql_transactions_total "
           "sql_transactions_per_second sql_ignored_errors_total sql_ignored_errors_per_second sql_reconnects_total "
           "sql_reconnects_per_second total_time_seconds total_number_of_events latency_minimum_ms latency_average_ms "
           "latency_maximum_ms latency_percentile latency_sum_ms").split()


def short(*tests, seconds=2, size=500):
    return [*(f"--test={test}" for test in tests), f"--sysbench-test-time={seconds}", f"--table-size={size}", "--warmup=100ms", "--out=result"]


def test_from_two_commits_to_a_verdict(dbdyno, repository, gms):
    """gms: the job builds (here: finds in the cache) both commits, and says that the slow one is slower."""
    done = dbdyno.ok("compare", "--from-repository", repository.path, "--from-version", "v1.2.3", "--to-repository", repository.path,
                     "--to-version", repository.slow, *short("oltp_point_select", "oltp_read_write", seconds=6), "--seed=7",
                     "--query=select f.test_name, round(t.sql_transactions_per_second / f.sql_transactions_per_second, 2) as multiplier "
                     "from from_results f join to_results t on f.test_name = t.test_name order by 1", "--output=markdown")
    assert "oltp_point_select" in done.stdout and "slower" in done.stdout
    out = dbdyno.home / "result"
    db = out / "results.db"
    for side in ("from", "to"):
        assert [row[1] for row in query(db, f"pragma table_info({side}_results)")] == COLUMNS
        rows = query(db, f"select test_name, server_version, sql_transactions_total, total_number_of_events, total_time_seconds, "
                         f"latency_minimum_ms, latency_average_ms, latency_percentile, latency_maximum_ms from {side}_results order by 1")
        assert [row[0] for row in rows] == ["oltp_point_select", "oltp_read_write"]
        for _, version, transactions, events, seconds, least, mean, p95, most in rows:
            assert version == (repository.good if side == "from" else repository.slow)
            assert transactions == events > 0
            assert 5 < seconds < 30
            assert 0 < least <= mean <= most and least <= p95 <= most * 1.001
    for side in ("from", "to"):  # what stands in the row is the sum of the slices
        assert query(db, f"select r.total_number_of_events - (select sum(events) from slice s where s.test = r.test_name and s.side = '{side}') "
                         f"from {side}_results r") == [(0,), (0,)]
    verdicts = dict(query(db, "select test, verdict from comparison where metric = 'throughput'"))
    assert verdicts == {"oltp_point_select": "slower", "oltp_read_write": "slower"}
    assert query(db, "select status, command, seed from run") == [("done", "compare", "7")]
    hashes = query(db, "select side, commit_sha, binary_sha256 from server order by side")
    assert [row[1] for row in hashes] == [repository.good, repository.slow] and hashes[0][2] != hashes[1][2]

    report = (out / "report.html").read_text()
    assert repository.slow[:7] in report and "oltp_read_write" in report and "http://" not in report.replace("http://www.w3.org", "")
    assert json.loads((out / "report.json").read_text())
    assert (out / "query-1.md").read_text().startswith("|")
    rows = list(csv.reader(io.StringIO((out / "from_results.csv").read_text())))
    assert rows[0] == COLUMNS and len(rows) == 3
    assert list(json.loads((out / "to_results.json").read_text())[0]) == COLUMNS


def test_sequential(dbdyno, gms):
    dbdyno.ok("compare", "--from-exec", gms["good"], "--to-exec", gms["slow"], "--pairing=sequential", *short("oltp_point_select"))
    slices = query(dbdyno.home / "result/results.db", "select side from slice order by begin_ns")
    half = len(slices) // 2
    assert [s[0] for s in slices] == ["from"] * half + ["to"] * half


def test_interleaved_alternates_in_abba_blocks(dbdyno, gms):
    dbdyno.ok("compare", "--from-exec", gms["good"], "--to-exec", gms["good"], *short("oltp_point_select"))
    order = "".join("A" if s == "from" else "B" for (s,) in
                    query(dbdyno.home / "result/results.db", "select side from slice order by begin_ns"))
    blocks = [order[i:i + 4] for i in range(0, len(order), 4)]
    assert blocks and set(blocks) <= {"ABBA", "BAAB"}


def test_duet_loads_both_in_the_same_windows(dbdyno, gms):
    done = dbdyno.ok("compare", "--from-exec", gms["good"], "--to-exec", gms["slow"], "--pairing=duet", "--slice=100ms",
                     *short("oltp_point_select"))
    db = dbdyno.home / "result/results.db"
    pairs = query(db, "select f.begin_ns = t.begin_ns, f.planned_ns = t.planned_ns, f.slice_index < t.slice_index from slice f join slice t "
                      "on t.pair = f.pair and t.side = 'to' where f.side = 'from' order by f.pair")
    assert len(pairs) == 20 and {(b, p) for b, p, _ in pairs} == {(1, 1)}
    first = [f for _, _, f in pairs]  # who has the first position: swapped in each block
    assert all(first[i] != first[i + 1] for i in range(0, 20, 2))
    assert query(db, "select verdict from comparison where metric = 'throughput'") == [("slower",)]
    assert query(db, "select pairing from run") == [("duet",)]
    if len(os.sched_getaffinity(0)) < 4:
        assert "share CPUs" in done.stderr


def test_auto_chooses_a_pairing_and_says_why(dbdyno, gms):
    """With four cores by a trial; with fewer a duet would measure contention."""
    done = dbdyno.ok("compare", "--from-exec", gms["good"], "--to-exec", gms["good"], "--pairing=auto", "--verbose",
                     *short("oltp_point_select", "oltp_insert", seconds=1))
    (pairing,), = query(dbdyno.home / "result/results.db", "select pairing from run")
    (why,), = query(dbdyno.home / "result/results.db", "select message from event where message like 'pairing: %'")
    assert pairing in ("interleaved", "duet") and why in done.stderr and why.startswith(f"pairing: {pairing}")
    (together,), = query(dbdyno.home / "result/results.db", "select max(n) from (select count(*) n from slice group by begin_ns)")
    assert together == (2 if pairing == "duet" else 1)
    if len(os.sched_getaffinity(0)) < 4:
        assert pairing == "interleaved" and "share CPUs" in why


def test_a_test_is_spread_over_starts_of_the_servers(dbdyno, gms):
    done = dbdyno.ok("compare", "--from-exec", gms["good"], "--to-exec", gms["slow"], "--starts=3", "--slice=100ms", "--verbose",
                     *short("oltp_point_select", "oltp_insert", seconds=1.5))
    db = dbdyno.home / "result/results.db"
    rows = query(db, "select test, side, start, sum(planned_ns) from slice group by 1, 2, 3 order by 1, 2, 3")
    assert rows == [(test, side, start, 500_000_000) for test in ("oltp_insert", "oltp_point_select") for side in ("from", "to")
                    for start in range(3)]
    for test in ("oltp_insert", "oltp_point_select"):  # numbers count on
        (pairs, last_pair, slices, last), = query(db, "select count(distinct pair), max(pair), count(*), max(slice_index) from slice "
                                                      f"where test = '{test}'")
        assert (last_pair, last) == (pairs - 1, slices - 1) and slices == 2 * pairs
    assert done.stderr.count("from server is ready") == done.stderr.count("to server is ready") == 3
    assert query(db, "select count(*) from to_results") == [(2,)]  # a row a test, whatever the starts
    told = json.loads((dbdyno.home / "result/report.json").read_text())["start_variation"]
    (square,), = query(db, "select avg(start_sd * start_sd) from comparison where metric = 'throughput'")
    assert told == {"fraction": pytest.approx(square ** 0.5), "starts": 3, "assumed_fraction": None, "assuming_tests": 0}
    assert "between starts of the servers, as 3 starts of the servers tell" in " ".join(done.stdout.split())


@pytest.mark.parametrize("given, other, assumed", [((0.02, 9), "mine", 0.02), ((0.02, 9), "gms", 0.08), ((0.3, 5), "gms", 0.3)])
def test_one_start_rests_on_what_the_engine_file_says(dbdyno, gms, given, other, assumed):
    """Of two engines the larger; what gms says, which has no such key, is the 8 % of all that do not know."""
    engine = json.loads((ROOT / "benchmarker/engines/gms.json").read_text())
    engine.update(name="mine", start_variation={"fraction": given[0], "starts": given[1]})
    (dbdyno.home / "mine.json").write_text(json.dumps(engine))
    done = dbdyno.ok("compare", "--engine-file=mine.json", "--from-server=mine", "--from-exec", gms["good"], f"--to-server={other}", "--to-exec",
                     gms["good"], "--starts=1", "--slice=50ms", *short("oltp_point_select", seconds=1))
    (start_sd, within_sd, starts), = query(dbdyno.home / "result/results.db", "select start_sd, within_sd, starts from comparison "
                                                                              "where metric = 'throughput'")
    assert starts == 1 and start_sd ** 2 - within_sd ** 2 == pytest.approx(assumed ** 2)
    told = json.loads((dbdyno.home / "result/report.json").read_text())["start_variation"]
    assert told == {"fraction": None, "starts": 0, "assumed_fraction": pytest.approx(assumed), "assuming_tests": 1}
    assert "the interval rests on an assumption" in " ".join(done.stdout.split())


def test_servers_and_clients_on_cpus_of_their_own(dbdyno, gms):
    if len(os.sched_getaffinity(0)) < 2:
        pytest.skip("needs two CPUs")
    sides = ["compare", "--from-exec", gms["good"], "--to-exec", gms["good"], "--pinning=on", *short("oltp_point_select", seconds=1)]
    done = dbdyno.ok(*sides, "--verbose")
    assert "CPUs: servers on " in done.stderr
    cpus = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(cpus)})  # which the program inherits
    try:
        dbdyno.fails(2, "1 core cannot be divided", *sides[:-1], "--out=alone")
    finally:
        os.sched_setaffinity(0, cpus)


def test_a_warm_up_ends_when_it_is_warm(dbdyno, gms):
    """Without a length: short windows of load that no slice counts, and at most half of the test's time."""
    common = ["compare", "--from-exec", gms["good"], "--to-exec", gms["good"], "--test=oltp_point_select", "--sysbench-test-time=1",
              "--table-size=100"]
    dbdyno.ok(*common, "--out=warm")
    assert query(dbdyno.home / "warm/results.db", "select sum(planned_ns) from slice") == [(2_000_000_000,)]
    assert "warmup" not in json.loads(query(dbdyno.home / "warm/results.db", "select config_json from run")[0][0])
    dbdyno.ok(*common, "--warmup=200ms", "--out=fixed")
    assert json.loads(query(dbdyno.home / "fixed/results.db", "select config_json from run")[0][0])["warmup"] == 0.2


def test_precision_measures_on_until_it_is_known(dbdyno, gms):
    done = dbdyno.ok("compare", "--from-exec", gms["good"], "--to-exec", gms["good"], "--test=oltp_point_select", "--table-size=100",
                     "--slice=50ms", "--warmup=50ms", "--precision=90%", "--budget=10m", "--out=result", "--verbose")
    db = dbdyno.home / "result/results.db"
    (starts, low, high), = query(db, "select starts, low, high from comparison where metric = 'throughput'")
    assert starts >= 5 and low > 0.1 and high < 1.9  # five starts before anybody may stop for what the data say
    assert query(db, "select count(distinct start) from slice") == [(starts,)]
    assert "after 1 start\n" in done.stderr and f"after {starts} starts: enough" in done.stderr


def test_a_budget_is_used_and_kept(dbdyno, gms):
    """Rounds as long as another one fits; a test that had no time at all has failed, and the others are kept."""
    sides = ["compare", "--from-exec", gms["good"], "--to-exec", gms["good"], "--table-size=100", "--slice=50ms", "--warmup=50ms"]
    dbdyno.ok(*sides, "--test=oltp_point_select", "--budget=20", "--out=enough")
    assert query(dbdyno.home / "enough/results.db", "select count(distinct start) > 1 from slice") == [(1,)]
    done = dbdyno.fails(5, "the budget of 1 s was over before its first pair", *sides, "--budget=1", "--out=short")
    (measured,), = query(dbdyno.home / "short/results.db", "select count(*) from from_results")
    told = {line.split(": ")[1] for line in done.stderr.splitlines() if line.startswith("warning: ") and "was over before" in line}
    assert measured < 19 and measured + len(told) == 19


@pytest.mark.parametrize("flags, words", [
    (["--precision=0"], "no percentage above 0"),
    (["--precision=1%%"], "no percentage above 0"),
    (["--precision=nan"], "no percentage above 0"),
    (["--precision=1", "--starts=3"], "as many as it takes"),
    (["--budget=60", "--pairing=sequential"], "cannot go on after its end"),
    (["--budget=60", "--repetitions=2"], "--repetitions"),
    (["--starts=30"], "too short"),
    (["--starts=2", "--pairing=sequential"], "sequential pairing has one start"),
    (["--starts=-1"], "--starts"),
    (["--pairing=trio"], "--pairing"),
    (["--pinning=maybe"], "--pinning"),
])
def test_bad_pairs(dbdyno, gms, flags, words):
    dbdyno.fails(2, words, "compare", "--from-exec", gms["good"], "--to-exec", gms["good"], "--sysbench-test-time=1", *flags)


def test_same_seed_same_order(dbdyno, gms):
    orders = []
    for out in ("one", "two"):
        dbdyno.ok("compare", "--from-exec", gms["good"], "--to-exec", gms["good"], *short("oltp_point_select")[:-1], f"--out={out}", "--seed=5", "--slice=100ms", "--starts=2")
        orders.append(query(dbdyno.home / out / "results.db", "select side from slice order by begin_ns"))
    assert orders[0] == orders[1]


TEN = ["oltp_read_only", "oltp_insert", "bulk_insert", "oltp_point_select", "select_random_points", "select_random_ranges", "oltp_write_only",
       "oltp_read_write", "oltp_update_index", "oltp_update_non_index"]
NINE = ["covering_index_scan", "groupby_scan", "index_join", "index_join_scan", "index_scan", "oltp_delete_insert", "table_scan",
        "types_delete_insert", "types_table_scan"]
SHORTEST = ["--sysbench-test-time=0.2", "--slice=50ms", "--table-size=100", "--warmup=0", "--out=result"]


def measured(dbdyno):
    return [row[0] for row in query(dbdyno.home / "result/results.db", "select f.test_name from from_results f join to_results t "
                                    "on f.test_name = t.test_name where f.total_number_of_events > 0 and t.total_number_of_events > 0")]


@pytest.mark.parametrize("server, binary", [("mariadb", "mariadbd"), ("postgres", "/usr/lib/postgresql/15/bin/postgres")])
def test_installed_servers_run_every_test(dbdyno, server, binary):
    if not shutil.which(binary):
        pytest.skip(f"{binary} is not installed")
    done = dbdyno.ok("compare", f"--from-server={server}", f"--to-server={server}", *SHORTEST, "--threads=2")
    db = dbdyno.home / "result/results.db"
    assert measured(dbdyno) == TEN + [name + "_postgres" * (server == "postgres") for name in NINE], done.stderr
    assert query(db, "select count(*) from server where address_kind = 'socket'") == [(2,)]
    assert query(db, "select distinct reported_version <> '' from server") == [(1,)]


def test_gms_runs_every_test(dbdyno, gms):
    done = dbdyno.ok("compare", "--from-exec", gms["good"], "--to-exec", gms["good"], *SHORTEST)
    assert measured(dbdyno) == TEN + NINE, done.stderr


def test_one_test_on_two_protocols(dbdyno):
    """Each side gets the statement that its protocol wants, and the rows meet under one name."""
    if not shutil.which("mariadbd") or not shutil.which("/usr/lib/postgresql/15/bin/postgres"):
        pytest.skip("needs MariaDB and PostgreSQL")
    sides = ["compare", "--from-server=mariadb", "--to-server=postgres"]
    dbdyno.ok(*sides, *SHORTEST, "--test=groupby_scan")
    assert measured(dbdyno) == ["groupby_scan"]
    dbdyno.fails(2, "the same test is known to all servers as groupby_scan", *sides, "--test=groupby_scan_postgres")


def test_two_kinds_of_server(dbdyno, gms):
    dbdyno.ok("compare", "--from-server=mariadb", "--to-server=gms", "--to-exec", gms["good"], *short("oltp_point_select", seconds=1))
    assert query(dbdyno.home / "result/results.db", "select engine from server order by side") == [("mariadb",), ("gms",)]


def test_json_on_stdout_is_the_report(dbdyno, gms):
    done = dbdyno.ok("compare", "--from-exec", gms["good"], "--to-exec", gms["good"], *short("oltp_point_select", seconds=1), "--json", "--quiet")
    assert json.loads(done.stdout)["tests"][0]["name"] == "oltp_point_select"
    assert done.stderr == ""


def test_report_is_made_again_from_the_folder(dbdyno, gms):
    dbdyno.ok("compare", "--from-exec", gms["good"], "--to-exec", gms["good"], *short("oltp_point_select", seconds=1))
    out = dbdyno.home / "result"
    first = (out / "report.html").read_bytes()
    (out / "report.html").unlink()
    done = dbdyno.ok("report", "--run", out)
    assert "oltp_point_select" in done.stdout
    assert (out / "report.html").read_bytes() == first
    sql = "select test_name, '<&>' from to_results"
    for output in ("markdown", "html"):
        ours = dbdyno.ok("report", "--run", out, "--query", sql, f"--output={output}").stdout
        assert ours == subprocess.run(["sqlite3", f"-{output}", out / "results.db", sql], check=True, capture_output=True, text=True).stdout
    dbdyno.fails(2, "syntax error", "report", "--run", out, "--query", "selec 1")
    dbdyno.fails(2, "", "report", "--run", out, "--query", "delete from run")
    assert query(out / "results.db", "select count(*) from run") == [(1,)]


def test_a_threshold_decides_what_a_regression_is(dbdyno, gms):
    """The slower one wastes nine times each statement's time: it is slower by far more than 20 %, and by less than 99 %."""
    config = dbdyno.home / "thresholds.json"
    config.write_text('{"threshold": ["20%", "table_scan=99"]}')
    compare = ["compare", "--from-exec", gms["good"], "--to-exec", gms["slow"], *short("oltp_point_select"), "--fail-on-regression"]
    dbdyno.fails(7, "slower by more than its threshold", *compare, "--config", config)
    dbdyno.ok(*(a if not str(a).startswith("--out") else "--out=second" for a in compare), "--threshold=1", "--threshold=oltp_point_select=99")


def test_fail_on_regression(dbdyno, gms):
    dbdyno.fails(7, "slower", "compare", "--from-exec", gms["good"], "--to-exec", gms["slow"], *short("oltp_point_select"), "--fail-on-regression")


def test_a_folder_is_never_overwritten(dbdyno, gms):
    args = ["compare", "--from-exec", gms["good"], "--to-exec", gms["good"], *short("oltp_point_select", seconds=1)]
    dbdyno.ok(*args)
    before = (dbdyno.home / "result/results.db").read_bytes()
    dbdyno.fails(2, "holds the results of another run", *args)
    assert (dbdyno.home / "result/results.db").read_bytes() == before
