"""dbdyno pgo on gms: the gate, what it records, and what it sends."""

import contextlib
import hashlib
import json
import re
import shutil
import sqlite3
from pathlib import Path

import pytest

from conftest import ROOT, Dbdyno, query
from servers import Double

LOAD = ["--seconds=3", "--min-samples=1", "--test=oltp_point_select", "--sysbench-test-time=1", "--table-size=500"]


def top(dbdyno, profile):
    """CPU time by function, flat, in nanoseconds."""
    done = dbdyno.ok("pprof", "top", profile, "--json", "--rows=1000000", "--type=cpu")
    return {row["function"]: row["flat"] for row in json.loads(done.stdout)["rows"]}


def rows_of(out):
    return query(out / "results.db", "select side, binary_sha256, profile_sha256, binary_bytes, exec from server order by side")


@pytest.fixture(scope="module")
def whole_round(program, cache, repository, gms, tmp_path_factory):
    """One for all tests: a build with another profile compiles everything anew."""
    home = tmp_path_factory.mktemp("round")
    done = Dbdyno(program, home, cache, home).run("pgo", "--repository", repository.path, "--version", repository.good, "--out=result",
                                                  "--fail-on-undecided", "--why=always", "--why-seconds=1", *LOAD)
    return home / "result", done


def test_pgo_decides_and_records(dbdyno, repository, whole_round):
    """One second tells nothing for sure; the decision must be there, be the same everywhere, and fit the numbers."""
    out, done = whole_round
    (decision, run), = query(out / "results.db", "select decision, id from run")
    (low, high), = query(out / "results.db", "select low, high from geometric_mean where metric = 'throughput'")
    slower, = query(out / "results.db", "select count(*) from comparison where verdict = 'slower'")[0]
    bounded = low is not None and high is not None
    expected = "dont_ship" if slower or (bounded and high < 1) else "ship" if bounded and low > 1 else "undecided"
    assert decision == expected
    assert done.returncode == (8 if decision == "undecided" else 0), done.stderr
    words = {"dont_ship": "don't ship: ", "ship": "ship: ", "undecided": "undecided: "}[decision]
    assert sum(line.startswith(words) and "throughput" in line for line in done.stdout.splitlines()) == 1, done.stdout
    report = json.loads((out / "report.json").read_text())
    assert report["pgo"]["decision"] == decision and report["pgo"]["to"]["binary_bytes"] > 1_000_000
    assert words.rstrip(": ") in (out / "report.md").read_text()
    assert 'class="decision"' in (out / "report.html").read_text()

    assert "the profile: only " in done.stderr and "samples of the program's own work" in done.stderr  # told before the rebuild
    # The test's own profile, of which the second build was made, is not one of the two that say why.
    why, = report["why"]
    assert why["error"] is None and why["test"] == "oltp_point_select" and why["cpu_per_transaction"]["to_us"] > 0
    files = query(out / "results.db", "select file, transactions is not null from profile order by file")
    assert files == [("profile.pprof", 0), ("profiles/oltp_point_select-from.pprof", 1), ("profiles/oltp_point_select-to.pprof", 1),
                     ("profiles/oltp_point_select.pprof", 0)]

    from_row, to_row = rows_of(out)
    assert from_row[2] is None and from_row[1] != to_row[1]
    assert to_row[2] == hashlib.sha256((out / "profile.pprof").read_bytes()).hexdigest()
    assert from_row[3] > 1_000_000 and to_row[3] > 1_000_000
    events_follow_the_decision(dbdyno, out, run, repository.good)


def decide(out, decision):
    with contextlib.closing(sqlite3.connect(out / "results.db")) as connection, connection:
        connection.execute("update run set decision = ?", (decision,))


def events_follow_the_decision(dbdyno, out, run, commit):
    """A release is asked for only of what is to be shipped; the event names both by their hashes."""
    notify = ["notify", "--run", out, "--bucket=profiles", "--future-version=1.2.3", "--branch=main"]
    for decision in ("dont_ship", "undecided"):
        decide(out, decision)
        dbdyno.fails(2, f"its decision is {decision}", *notify, "--dispatch-repository=owner/name", REPO_ACCESS_TOKEN="t")
    decide(out, "ship")
    with Double(dbdyno.home / "github", {"status": 204}) as github:
        dbdyno.ok(*notify, "--dispatch-repository=owner/name", "--github-api", github.url, "--ca-file", github.ca, REPO_ACCESS_TOKEN="t")
        (request,) = github.requests()
    body = json.loads(request["body"])
    assert body["event_type"] == "pgo-release"
    (profile,), (binary,) = query(out / "results.db", "select coalesce(profile_sha256, '') from server where side = 'to' union all "
                                                      "select binary_sha256 from server where side = 'to'")
    assert body["client_payload"] == {
        "version": "1.2.3", "profile_key": body["client_payload"]["profile_key"], "bucket": "profiles", "from_version": commit,
        "branch": "main", "run_id": run, "verdict": "ship", "status": body["client_payload"]["status"],
        "sha256": {"profile": profile, "binary": binary}}
    assert body["client_payload"]["profile_key"].endswith(f"/{run}/profile.pprof")


def test_a_given_program_is_recorded_by_its_hash(dbdyno, repository, gms):
    """What is measured and what is released can be shown to be one."""
    dbdyno.ok("compare", "--from-exec", gms["good"], "--to-exec", gms["good"], "--test=oltp_point_select", "--sysbench-test-time=0.5", "--table-size=500",
              "--out=result")
    sha256 = hashlib.sha256(Path(gms["good"]).read_bytes()).hexdigest()
    assert [row[1] for row in rows_of(dbdyno.home / "result")] == [sha256, sha256]


@pytest.mark.parametrize("flags, text", [
    (["--weight=oltp_point_select"], "is not TEST=W"), (["--weight=oltp_point_select=0"], "is not TEST=W"),
    (["--weight=oltp_point_select=-1"], "is not TEST=W"), (["--weight=oltp_point_select=nan"], "is not TEST=W"),
    (["--weight==2"], "is not TEST=W"), (["--weight=oltp_read_only=2"], "not one of this run"),
    (["--previous=no-such-file"], "--previous: there is no file"), (["--previous-key=k"], "--previous-key needs --bucket"),
    (["--to-exec=no-such-program"], "--to-exec: there is no program"), (["--min-samples=0"], "--min-samples"),
    (["--to-exec=/bin/true", "--weight=oltp_point_select=2"], "no profile is taken"),
    (["--to-exec=/bin/true", "--dispatch-repository=owner/name"], "nothing to release"),
])
def test_bad_flags_stop_before_anything(dbdyno, flags, text):
    dbdyno.fails(2, text, "pgo", "--repository", "https://localhost/r", "--version=v1", "--test=oltp_point_select", "--out=result", *flags)
    assert not (dbdyno.home / "result").exists()


def test_a_profile_that_says_too_little_is_not_built_with(dbdyno, repository, gms):
    done = dbdyno.fails(5, "not fit to build with: only", "pgo", "--repository", repository.path, "--version", repository.good,
                        "--seconds=1", "--min-samples=1000000", "--test=oltp_point_select", "--sysbench-test-time=1", "--table-size=500",
                        "--out=result")
    assert "at least 1000000 are asked for" in done.stderr and "--seconds" in done.stderr
    out = dbdyno.home / "result"
    assert query(out / "results.db", "select status, decision from run") == [("failed", "undecided")]
    assert query(out / "results.db", "select count(*) from slice") == [(0,)]


def test_tests_have_the_shares_of_the_profile_that_are_asked_for(dbdyno, gms):
    """A test's functions weigh in the sum by --weight, however many samples it gave itself."""
    dbdyno.ok("profile", "--exec", gms["good"], "--test=oltp_point_select", "--test=oltp_read_only", "--weight=oltp_read_only=3", "--seconds=2",
              "--table-size=500", "--warmup=100ms", "--out=result")
    out = dbdyno.home / "result"
    samples = dict(query(out / "results.db", "select coalesce(test, ''), samples from profile"))
    assert abs(samples[""] - samples["oltp_point_select"] - samples["oltp_read_only"]) <= 1
    select, read_only, both = (top(dbdyno, out / file) for file in ("profiles/oltp_point_select.pprof", "profiles/oltp_read_only.pprof",
                                                                    "profile.pprof"))
    total = sum(both.values())
    assert total == pytest.approx(sum(select.values()) + sum(read_only.values()))
    for name, flat in both.items():
        expected = total * (0.25 * select.get(name, 0) / sum(select.values()) + 0.75 * read_only.get(name, 0) / sum(read_only.values()))
        assert flat == pytest.approx(expected, rel=1e-4), name


def test_a_given_program_is_decided_on_as_it_is(dbdyno, repository, gms):
    """pgo --to-exec: nothing is profiled; a build that is much slower is not shipped, and 7 says so."""
    dbdyno.fails(7, "slower", "pgo", "--repository", repository.path, "--version", repository.good, "--to-exec", gms["slow"],
                 "--test=oltp_point_select", "--sysbench-test-time=6", "--table-size=500", "--fail-on-regression", "--why=auto",
                 "--why-seconds=2", "--out=result")
    out = dbdyno.home / "result"
    assert query(out / "results.db", "select decision from run") == [("dont_ship",)]
    why, = json.loads((out / "report.json").read_text())["why"]  # and which function it is that is slower
    assert why["test"] == "oltp_point_select" and re.search(r"\bwaste\.func", why["functions"][0]["name"]), why
    assert "<h2>Why</h2>" in (out / "report.html").read_text()
    assert not (out / "profile.pprof").exists()
    sha256 = hashlib.sha256(Path(gms["slow"]).read_bytes()).hexdigest()
    assert [row[1] for row in rows_of(out)][1] == sha256


def test_a_previous_profile_is_compared_with_a_fresh_one(dbdyno, repository, whole_round):
    profile = whole_round[0] / "profile.pprof"
    dbdyno.ok("pgo", "--repository", repository.path, "--version", repository.good, "--previous", profile, "--out=result", *LOAD)
    out = dbdyno.home / "result"
    (decision,), = query(out / "results.db", "select decision from run")
    assert decision in ("ship", "dont_ship", "keep_previous", "undecided")
    from_row, to_row = rows_of(out)
    assert from_row[2] == hashlib.sha256(Path(profile).read_bytes()).hexdigest() and to_row[2] not in (None, from_row[2])


def test_a_dry_run_says_what_would_be_compared(dbdyno):
    args = ["pgo", "--repository=https://localhost/r", "--version=v1", "--test=oltp_point_select", "--dry-run"]
    assert "\nprofile   10 s of each test\n" in dbdyno.ok(*args).stdout
    given = dbdyno.ok(*args, "--to-exec=/bin/true").stdout
    assert "\nto        gms, program /bin/true\n" in given and "profile" not in given


@pytest.fixture
def scripts(tmp_path):
    """A folder of scripts."""
    path = tmp_path / "scripts"
    path.mkdir()
    shutil.copy(ROOT / "tests/data/lua/team/team_common.lua", path)
    return path


def test_both_builds_get_sysbenchs_options(dbdyno, repository, gms, scripts):
    (scripts / "needs.lua").write_text('require("team_common")\nfunction event()\n   assert(sysbench.opt.answers == 7, "it is not 7")\n'
                                       '   con:query("SELECT COUNT(*) FROM team_answers")\nend\n')
    dbdyno.ok("pgo", "--repository", repository.path, "--version", repository.good, "--to-exec", gms["good"], "--script-dir", scripts, "--test=needs",
              "--sysbench-option=answers=7", "--sysbench-test-time=0.5", "--slice=50ms", "--warmup=0", "--out=result")
    assert query(dbdyno.home / "result/results.db", "select count(*) from to_results") == [(1,)]
