"""Flags without a command: today's system. Its Jobs' argument lists run unchanged (gms stands for dolt, which the suite cannot build); what
they leave in the bucket and send to GitHub is what its receivers read."""

import json
import subprocess

import pytest

from conftest import query
from servers import BUCKET
from test_publish import GitHub

PREFIX = "2026/11/22/release/somebody/somebody-1a2b3c4d-1764000000000000000/__DOLT__"
READS = "select f.test_name as read_tests, f.server_name as from_server, round(avg(f.latency_percentile) / (avg(f.latency_percentile) + .000001), 2) as one from from_results as f join to_results as t on f.test_name = t.test_name where f.test_name in ('oltp_point_select') group by f.test_name;"
COUNT = "select count(*) as tests, '<&\"|' as odd from to_results"
SLOWER = "with result(f, t) as (select avg(f.latency_percentile), avg(t.latency_percentile) from from_results as f join to_results as t on f.test_name = t.test_name group by t.test_name) select sum((t - f) / (f + .000001) > 0.05) from result;"


def store(server):
    return [f"--bucket={BUCKET}", "--region=us-east-1", "--results-dir=2026/11/22", "--results-prefix=" + PREFIX.split("/", 3)[3],
            "--endpoint", server.endpoint]


def load():
    return ["--sysbench-test-time=1", "--test=oltp_point_select", "--table-size=200", "--warmup=0"]


def objects(server, prefix=PREFIX):
    root = server.objects / BUCKET / prefix
    return {str(p.relative_to(root)): p.read_bytes() for p in root.rglob("*") if p.is_file() and ".sgwtmp" not in str(p)}


def github_flags(github):
    return ["--dispatch-repository=owner/name", "--github-api", f"https://localhost:{github.port}", "--ca-file", github.ca]


def environment(server, **more):
    return server.credentials(ACTOR="somebody", ACTOR_EMAIL="somebody@example.org", REPO_ACCESS_TOKEN="t0ken", GOMAXPROCS="2",
                              GOEXPERIMENT="greenteagc", **more)


def sqlite(database, mode, sql):
    return subprocess.run(["sqlite3", mode, str(database), sql], check=True, capture_output=True).stdout


def compare(repository, *more):
    return ["--schema=/app/schema.sql", "--from-server=mariadb", "--from-version=10.11", "--to-server=gms",
            f"--to-version={repository.good}", f"--to-repository={repository.path}", *more]


def test_a_release_is_compared_and_mailed(dbdyno, repository, s3, tmp_path):
    with GitHub(tmp_path / "github", {"status": 204}) as github:
        done = dbdyno.ok(*compare(repository, "--output=html", f"--sysbenchQueries={READS}", f"--sysbenchQueries={COUNT}",
                                  "--tpccQueries=select 'not for sysbench'"), *load(), *store(s3), *github_flags(github), **environment(s3))
        (request,) = github.requests()
    assert "built-in tables" in done.stderr
    assert json.loads(request["body"]) == {"event_type": "email-report", "client_payload": {
        "version": repository.good, "noms_bin_format": "__DOLT__", "bucket": BUCKET, "key": f"{PREFIX}/results.html",
        "template": "PerformanceBenchmarkingReleaseTemplate", "email_recipient": "somebody@example.org"}}
    files = objects(s3)
    database = tmp_path / "copy.db"
    database.write_bytes(files["sysbench-results.db"])
    sections = [b"<table>\n" + sqlite(database, "-html", sql) + b"</table>\n" for sql in (READS, COUNT)]
    assert files["results.html"] == b"".join(sections)
    assert files["query-1.html"] == sqlite(database, "-html", READS)
    assert query(database, "select server_name, server_version from from_results") == [("mariadb", "10.11")]
    assert query(database, "select server_name, server_version from to_results") == [("gms", repository.good)]


@pytest.mark.parametrize("regression_query, regression", [("select 0", False), ("select 2.0", True), ("select null", None), (SLOWER, ...)])
def test_a_pull_request_is_told(dbdyno, gms, s3, tmp_path, regression_query, regression):
    with GitHub(tmp_path / "github", {"status": 204}) as github:
        done = dbdyno.ok("--from-server=gms", "--from-exec", gms["good"], "--to-server=gms", "--to-exec", gms["slow"], "--output=markdown",
                         f"--sysbenchQueries={READS}", f"--sysbenchQueries={COUNT}", f"--perf-regression-query={regression_query}",
                         "--issue-number=7", *load(), *store(s3), *github_flags(github), **environment(s3))
        (request,) = github.requests()
    files = objects(s3)
    database = tmp_path / "copy.db"
    database.write_bytes(files["sysbench-results.db"])
    if regression is ...:
        regression = query(database, SLOWER)[0][0] > 0
    if regression is None:
        assert "--perf-regression-query: its result is not a number" in done.stderr
        regression = query(database, "select verdict from comparison where verdict is not null") == [("slower",)]
    assert json.loads(request["body"]) == {"event_type": "pull-report", "client_payload": {
        "issue_number": 7, "actor": "somebody", "noms_bin_format": "__DOLT__", "bucket": BUCKET, "key": f"{PREFIX}/results.md",
        "job_type": "performance-benchmarking", "is_performance_regression": regression}}
    assert files["results.md"] == sqlite(database, "-markdown", READS) + b"\n" + sqlite(database, "-markdown", COUNT)


def test_a_profile_is_taken_and_its_key_sent(dbdyno, repository, s3, tmp_path):
    with GitHub(tmp_path / "github", {"status": 204}) as github:
        dbdyno.ok("--schema=/app/schema.sql", f"--profile-version={repository.good[:9]}", "--future-version=1.2.4", "--output=html", "--server=gms",
                  f"--repository={repository.path}", "--seconds=1", "--test=oltp_point_select", "--table-size=200", *store(s3),
                  *github_flags(github), **environment(s3, BRANCH="release-1"))
        (request,) = github.requests()
    payload = json.loads(request["body"])
    assert payload == {"event_type": "pgo-release", "client_payload": {
        "version": "1.2.4", "profile_key": f"{PREFIX}/profile.pprof", "bucket": BUCKET, "from_version": repository.good, "branch": "release-1"}}
    assert objects(s3)["profile.pprof"][:2] == b"\x1f\x8b"


def test_without_a_token_nothing_is_sent(dbdyno, gms):
    dbdyno.ok("--from-exec", gms["good"], "--to-exec", gms["good"], *load(), "--issue-number=-1", "--out=result")
    assert (dbdyno.home / "result/sysbench-results.db").exists()


def test_each_run_of_a_test_is_a_row(dbdyno, gms):
    dbdyno.ok("--from-exec", gms["good"], "--to-exec", gms["good"], *load(), "--default-runs=2", "--no-write-results-to-file",
              f"--dir={dbdyno.temporary}", "--results-filename=mine", "--query=select count(*) as n from from_results", "--out=result")
    out = dbdyno.home / "result"
    assert (out / "mine.txt").read_text().split() == ["n", "-", "2"]
    assert not (out / "from_results.csv").exists() and (out / "sysbench-mine.db").exists()
    assert query(out / "results.db", "select count(distinct id), count(distinct test_id) from to_results") == [(2, 1)]


def test_tables_of_ones_own(dbdyno, gms, tmp_path):
    dbdyno.ok("--from-exec", gms["good"], "--to-exec", gms["good"], *load(), "--out=first")
    names = [row[0] for row in query(dbdyno.home / "first/results.db", "select name from pragma_table_info('from_results')")]
    schema = tmp_path / "schema.sql"
    schema.write_text("".join(f"drop table if exists {t}; create table {t} (team text default 'ours', {', '.join(reversed(names))});"
                              for t in ("from_results", "to_results")))
    dbdyno.ok("--from-exec", gms["good"], "--to-exec", gms["good"], *load(), "--schema", schema, "--out=second")
    assert query(dbdyno.home / "second/results.db", "select team, test_name from to_results") == [("ours", "oltp_point_select")]
    schema.write_text("create table from_results (id); create table to_results (id);")
    done = dbdyno.fails(2, "from_results has no column suite_id", "--from-exec", gms["good"], "--to-exec", gms["good"], *load(), "--schema", schema,
                        "--out=third")
    assert "--schema" in done.stderr and not (dbdyno.home / "third").exists()


def test_all_bad_queries_are_told_before_anything_starts(dbdyno, gms):
    done = dbdyno.fails(2, "3 problems", "--from-exec", gms["good"], "--to-exec", gms["good"], *load(), "--sysbenchQueries=selekt 1",
                        "--sysbenchQueries=select 1", "--sysbenchQueries=drop table run", "--perf-regression-query=select x from nowhere")
    assert "query 1 of 3" in done.stderr and "query 3 of 3" in done.stderr and "--perf-regression-query" in done.stderr
    assert not (dbdyno.home / "out").exists()


def test_a_query_that_grows_with_its_rows_is_cut_and_the_others_run(dbdyno, gms):
    """On empty tables, where queries are checked before the run, these end."""
    endless = "with recursive n(i) as (select count(*) from to_results union all select i + 1 from n where i > 0) select count(*) from n"
    gigabyte = ("with recursive n(i) as (select count(*) from to_results union all select i + 1 from n where i between 1 and 2000)"
                " select hex(zeroblob(400000 * (i > 0))) from n")
    done = dbdyno.ok("--from-exec", gms["good"], "--to-exec", gms["good"], *load(), f"--query={endless}", f"--query={gigabyte}",
                     "--query=select test_name from to_results", "--output=markdown", "--out=result")
    assert "query 1: " in done.stderr and "ran longer than" in done.stderr
    assert "query 2: " in done.stderr and "is larger than" in done.stderr
    out = dbdyno.home / "result"
    assert (out / "results.md").read_text() == (out / "query-3.md").read_text() != ""
    assert "ran longer than" in (out / "report.html").read_text()
    assert query(out / "results.db", "select count(*) from to_results") == [(1,)]
