"""dbdyno pgo on gms: the gate, what it records, and what it sends."""

import contextlib
import hashlib
import json
import re
import shutil
import signal
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
    (["--validate"], "--validate: the profile of a single test is the sum"),
    (["--validate", "--to-exec=/bin/true", "--test=oltp_read_only"], "--validate: with --to-exec no profile is taken"),
    (["--validate", *(f"--test=tpcc-scale-factor-{i}" for i in range(1, 21))], "--validate: 21 tests are more than 20: each takes a build"),
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
    both = [*args, "--test=oltp_read_only", "--why=auto"]
    plain, validated = dbdyno.ok(*both).stdout, dbdyno.ok(*both, "--validate").stdout
    assert "\nwhy       2 × 5 s of profiles for each of at most 2 tests: " in plain and "validate" not in plain
    more, = re.findall(r"\nvalidate  2 more builds, and 2 tests compared on each: about (\d+) s more, and the time of these builds\n", validated)
    before, after = (int(re.search(r"\ntime      about (\d+) s", text)[1]) for text in (plain, validated))
    assert abs(after - before - int(more)) <= 1 and int(more) > 2 * 2 * 2 * 30  # two builds, two tests, two servers, 30 s


def test_both_builds_get_sysbenchs_options(dbdyno, repository, gms, scripts):
    (scripts / "needs.lua").write_text('require("team_common")\nfunction event()\n   assert(sysbench.opt.answers == 7, "it is not 7")\n'
                                       '   con:query("SELECT COUNT(*) FROM team_answers")\nend\n')
    dbdyno.ok("pgo", "--repository", repository.path, "--version", repository.good, "--to-exec", gms["good"], "--script-dir", scripts, "--test=needs",
              "--sysbench-option=answers=7", "--sysbench-test-time=0.5", "--slice=50ms", "--warmup=0", "--out=result")
    assert query(dbdyno.home / "result/results.db", "select count(*) from to_results") == [(1,)]


# ---- which test's profile helps which test ----


@pytest.fixture
def scripts(tmp_path):
    """A folder of scripts; idle hardly uses the server."""
    path = tmp_path / "scripts"
    path.mkdir()
    shutil.copy(ROOT / "tests/data/lua/team/team_common.lua", path)
    (path / "idle.lua").write_text('require("team_common")\nlocal ffi = require("ffi")\nffi.cdef("int usleep(unsigned);")\nfunction event()\n'
                                   '   ffi.C.usleep(3000)\n   con:query("SELECT COUNT(*) FROM team_answers")\nend\n')
    return path


def fail_in_parts(script, out):
    """The test fails as soon as another test's profile is validated."""
    with script.open("a") as f:
        f.write(f'local begin = thread_init\nfunction thread_init()\n   local there = io.open("{out}/validate/oltp_point_select/results.db")\n'
                '   assert(not there, "deliberate error")\n   begin()\nend\n')


def cells(out):
    return query(out / "results.db", "select profile, test, state, folder, verdict is not null, error from validation order by number")


def test_whose_profile_helps_whom(dbdyno, repository, gms, scripts):
    """A row a profile and one for their sum; a profile that is too small, and a test that fails on a build, say so in their cells, decide
    nothing, and the latter is told at the end."""
    out = dbdyno.home / "result"
    fail_in_parts(scripts / "idle.lua", out)
    done = dbdyno.fails(5, "validate: with the profile of oltp_point_select: idle: ", "pgo", "--repository", repository.path, "--version", repository.good,
                        "--validate", "--seconds=3", "--min-samples=40", "--test=oltp_point_select", "--test=idle", "--script-dir", scripts,
                        "--sysbench-test-time=1", "--table-size=500", "--starts=1", "--out=result")
    said = [line for line in done.stderr.splitlines() if "validate: " in line]
    assert "validate: after the decision 2 more builds, and 2 tests compared on each: about " in said[0], done.stderr
    assert any("validate: [1/2] profile of oltp_point_select" in line for line in said)
    assert any("validate: [2/2] profile of idle: not fit to build with alone" in line for line in said)
    found = cells(out)
    folder = "validate/oltp_point_select"
    assert [row[:5] for row in found] == [
        ("oltp_point_select", "oltp_point_select", "measured", folder, 1), ("oltp_point_select", "idle", "failed", folder, 0),
        ("idle", "oltp_point_select", "unfit", None, 0), ("idle", "idle", "unfit", None, 0),
        (None, "oltp_point_select", "measured", None, 1), (None, "idle", "measured", None, 1)]
    assert "deliberate error" in found[1][5] and "at least 40 are asked for" in found[2][5] and found[0][5] is None
    assert not (out / "validate/idle").exists()
    assert query(out / "results.db", "select status, decision is not null from run") == [("done", 1)]

    # The sum's cells are the run's own comparisons; the others are those of a part with the same first build and seed.
    ratios = "select ratio from comparison where metric = 'throughput' and test = 'oltp_point_select'"
    assert query(out / "results.db", "select ratio from validation where profile is null and test = 'oltp_point_select'") == \
        query(out / "results.db", ratios)
    part = out / folder
    assert query(out / "results.db", "select ratio from validation where number = 0") == query(part / "results.db", ratios)
    (_, first, none, *_), (_, second, profile, *_) = rows_of(part)
    assert none is None and first == rows_of(out)[0][1] and second not in (first, rows_of(out)[1][1])
    assert profile == hashlib.sha256((out / "profiles/oltp_point_select.pprof").read_bytes()).hexdigest()
    assert query(part / "results.db", "select seed from run") == query(out / "results.db", "select seed from run")

    # Every form has the matrix, and makes it again.
    told = json.loads((out / "report.json").read_text())["pgo"]["validation"]
    assert [(cell["profile"], cell["test"], cell["state"]) for cell in told] == [row[:3] for row in found]
    assert "ratio" in told[0] and "ratio" not in told[1] and "deliberate error" in told[1]["error"]
    assert "\nWhich test's profile helps which test\nprofile of " in done.stdout and "✕ profile not fit" in done.stdout
    assert "| `oltp_point_select` | " in (out / "report.md").read_text().split("**Which test's profile helps which test**")[1]
    assert '<table class="matrix">' in (out / "report.html").read_text()
    assert f'<a href="{folder}/report.html">' in (out / "report.html").read_text() and (part / "report.html").exists()
    before = {name: (out / name).read_bytes() for name in ("report.html", "report.md", "report.json")}
    dbdyno.ok("report", "--run=result")
    assert {name: (out / name).read_bytes() for name in before} == before


def test_a_validation_that_is_stopped(dbdyno, repository, gms):
    """What was decided stands, and the cells that are missing say why."""
    process = dbdyno.start("pgo", "--repository", repository.path, "--version", repository.good, "--validate", "--test=oltp_read_only", "--out=result",
                           *LOAD)
    for line in process.stderr:
        if "validate: [1/2]" in line:
            break
    process.send_signal(signal.SIGTERM)
    printed, err = process.communicate(timeout=60)
    assert process.returncode == 143, err
    out = dbdyno.home / "result"
    assert [row[:3] for row in cells(out)] == [
        (profile, test, "measured" if profile is None else "interrupted")
        for profile in ("oltp_read_only", "oltp_point_select", None) for test in ("oltp_read_only", "oltp_point_select")]
    assert query(out / "results.db", "select status, decision is not null from run") == [("interrupted", 1)]
    assert "✕ not measured" in printed and "the run ended before" in printed
