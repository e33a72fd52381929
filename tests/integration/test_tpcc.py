"""TPC-C-like load, end to end on real servers, with a hundredth of a warehouse's rows."""

import json
import shutil

import pytest

from conftest import query

CLASSES = ["new-order", "payment", "order-status", "delivery", "stock-level"]


def short(seconds=2, threads=2):
    return ["--tpcc-density=0.01", f"--sysbench-test-time={seconds}", f"--threads={threads}", "--warmup=100ms", "--out=result"]


def servers(name, gms):
    if name == "gms":
        return ["--from-exec", gms["good"], "--to-exec", gms["good"]]
    binary = {"mariadb": "mariadbd", "postgres": "/usr/lib/postgresql/15/bin/postgres"}[name]
    if not shutil.which(binary):
        pytest.skip(f"{binary} is not installed")
    return [f"--from-server={name}", f"--to-server={name}"]


@pytest.mark.parametrize("server, isolation", [("mariadb", "RR"), ("postgres", "RC"), ("gms", "RR")])
def test_rows_classes_and_report(dbdyno, gms, server, isolation):
    done = dbdyno.ok("compare", *servers(server, gms), "--with-tpcc", f"--tpcc-isolation={isolation}", *short(), "--seed=5")
    assert "new-order transactions per minute: " in done.stdout and "not an audited TPC-C result" in done.stdout
    assert "nothing here compares with other figures" in done.stderr
    db = dbdyno.home / "result/results.db"
    for side in ("from", "to"):
        rows = query(db, f"select test_name, test_params, total_number_of_events, sql_transactions_total, sql_read_queries, sql_write_queries "
                         f"from {side}_results")
        assert len(rows) == 1
        name, params, events, transactions, reads, writes = rows[0]
        assert name == "tpcc-scale-factor-1"
        assert params == f"--threads=2 --scale=1 --tables=1 --trx_level={isolation} --rand-seed=5 --density=0.01 (not comparable)"
        assert events == transactions > 0 and reads > events and writes > events
        counted = query(db, f"select class, sum(c.events), sum(rollbacks), sum(c.latency_sum_ns) from slice_class c join slice on slice.id = slice "
                            f"where side = '{side}' group by number, class order by number")
        assert [row[0] for row in counted] == CLASSES
        assert sum(row[1] for row in counted) == events
        assert counted[0][2] <= counted[0][1] and [row[2] for row in counted[1:]] == [0, 0, 0, 0]
    # What stands by class is what stands in all: each slice's numbers agree.
    assert query(db, "select count(*) from slice s where events <> (select sum(events) from slice_class c where c.slice = s.id) "
                     "or latency_sum_ns <> (select sum(latency_sum_ns) from slice_class c where c.slice = s.id)") == [(0,)]
    test = json.loads((dbdyno.home / "result/report.json").read_text())["tests"][0]
    assert test["transactions"][0]["name"] == "new-order" and "audited" in test["transactions_note"]
    side = test["transactions"][0]["from"]
    assert 0 < side["latency_p50_ms"] <= side["latency_p90_ms"] <= side["latency_p95_ms"] <= side["latency_p99_ms"]
    assert side["per_minute"] == pytest.approx(60 * side["events"] / test["from"]["load_seconds"])
    for name in ("report.md", "report.html"):
        assert "new-order" in (dbdyno.home / "result" / name).read_text()


def test_beside_other_tests_and_sequential(dbdyno, gms):
    dbdyno.ok("compare", *servers("gms", gms), "--test=oltp_point_select", "--test=tpcc", "--tpcc-scale=2", "--tpcc-tables=2", "--pairing=sequential",
              "--table-size=100", *short(seconds=1))
    db = dbdyno.home / "result/results.db"
    rows = dict(query(db, "select test_name, test_params from to_results"))
    assert list(rows) == ["oltp_point_select", "tpcc-scale-factor-2"]
    assert "--scale=2 --tables=2 --trx_level=RR" in rows["tpcc-scale-factor-2"]
    assert query(db, "select distinct test from slice_class join slice on slice.id = slice") == [("tpcc-scale-factor-2",)]


def test_profile_under_it(dbdyno, gms):
    dbdyno.ok("profile", "--exec", gms["good"], "--with-tpcc", "--tpcc-density=0.01", "--seconds=2", "--warmup=100ms", "--out=result")
    assert (dbdyno.home / "result/profiles/tpcc-scale-factor-1.pprof").stat().st_size > 1000


def test_time_of_its_own(dbdyno):
    """800 s where no time is given, in today's spelling too; a given time holds for all."""
    plan = lambda *args: dbdyno.ok("compare", "--from-exec=/bin/true", "--to-exec=/bin/true", "--dry-run", *args).stdout
    for flag in ("--with-tpcc", "--withTpcc=true"):
        assert "800 s of load per server and test" in plan(flag) and "tests     tpcc-scale-factor-1\n" in plan(flag)
    both = plan("--test=tpcc-scale-factor-3", "--test=oltp_insert")
    assert "800 s of load" in both and " 30 s of load" in both and "tests     tpcc-scale-factor-3 oltp_insert\n" in both
    assert " 7 s of load" in plan("--with-tpcc", "--sysbench-test-time=7") and "800 s" not in plan("--with-tpcc", "--sysbench-test-time=7")


def test_refused_options(dbdyno):
    exec_ = ["--from-exec=/bin/true", "--to-exec=/bin/true"]
    dbdyno.fails(2, "--with-tpcc runs TPC-C-like load alone", "compare", *exec_, "--with-tpcc", "--test=oltp_insert")
    dbdyno.fails(2, "tpcc-scale-factor-1 is given twice", "compare", *exec_, "--test=tpcc", "--test=tpcc-scale-factor-1")
    dbdyno.fails(2, '"FOO" is not one of RR, RC, SER', "compare", *exec_, "--with-tpcc", "--tpcc-isolation=FOO")
    dbdyno.fails(2, 'unknown test "tpcc-scale-factor-0"', "compare", *exec_, "--test=tpcc-scale-factor-0")
    done = dbdyno.fails(2, "problems in the options", "compare", *exec_, "--with-tpcc", "--tpcc-scale=0", "--tpcc-density=2", "--tpcc-tables=x")
    for flag in ("--tpcc-scale", "--tpcc-density", "--tpcc-tables"):
        assert f"{flag}: " in done.stderr
