"""Bad options: each is told before anything starts, with exit code 2; all at once when there are several."""

import pytest

SIDES = ["--from-exec=/bin/true", "--to-exec=/bin/true"]

BAD = [
    (["--no-such-flag"], "unknown flag --no-such-flag"),
    (["--thread=2"], "did you mean --threads?"),
    (["compare", *SIDES, "--test=oltp_read_onyl"], "oltp_read_only"),
    (["compare", *SIDES, "--test=oltp_read_only", "--test=oltp_read_only"], "given twice"),
    (["compare", *SIDES, "--test=table_scan", "--test=table_scan", "--test=index_scan"], "table_scan is given twice"),
    (["compare", *SIDES, "--test=table_scan_postgres"], "PostgreSQL's protocol; the same test is known to all servers as table_scan"),
    (["compare", *SIDES, "--test=../x"], "is no name of a test"),
    (["compare", *SIDES, "--test=$(id)"], "is no name of a test"),
    (["compare", *SIDES, "--test=a\nb"], "--test"),
    (["compare", *SIDES, "--test=-x"], "is no name of a test"),
    (["compare", *SIDES, "--test=" + 300 * "x"], "cut here"),
    (["compare", *SIDES, "--script-dir=/nonexistent"], "there is no folder /nonexistent"),
    (["compare", *SIDES, "--script-dir=/etc/passwd"], "there is no folder"),
    (["compare", *SIDES, "--script-dir=/tmp", "--test=../etc/passwd"], "is no name of a test"),
    (["compare", *SIDES, "--script-dir=/tmp", "--test=no-such-script"], "/tmp has no such script"),
    (["compare", *SIDES, "--script-dir=/tmp", "--useDoltHubLuaScriptsRepo"], "contradict each other"),
    (["compare", *SIDES, "--lua-scripts-version=main"], "needs --use-dolthub-lua-scripts-repo"),
    (["compare", *SIDES, "--use-dolthub-lua-scripts-repo", "--lua-scripts-version=--upload-pack=x"], "--lua-scripts-version"),
    (["compare", *SIDES, "--use-dolthub-lua-scripts-repo", "--lua-scripts-repository=ext::sh -c id"], "--lua-scripts-repository"),
    (["compare", *SIDES, "--use-dolthub-lua-scripts-repo", "--test=a b"], "is no name of a test"),
    (["compare", *SIDES, "--sysbench-option=oops"], "is not name=value"),
    (["compare", *SIDES, "--sysbench-option=--x=1"], "is not name=value"),
    (["compare", *SIDES, "--sysbench-option=mysql_host=elsewhere"], "is given by dbdyno itself"),
    (["compare", *SIDES, "--sysbench-option=rate=100"], "rate is given by dbdyno itself: use --rate"),
    (["compare", *SIDES, "--rate=0"], '--rate: "0" is not max, and not a number of events a second from 0.01 to 1e+06'),
    (["compare", *SIDES, "--rate=-5"], "--rate"),
    (["compare", *SIDES, "--rate=nan"], "--rate"),
    (["compare", *SIDES, "--rate=inf"], "--rate"),
    (["compare", *SIDES, "--rate=1e300"], "--rate"),
    (["compare", *SIDES, "--rate=1000/s"], "--rate"),
    (["compare", *SIDES, "--rate=fast"], "--rate"),
    (["compare", *SIDES, "--rate=1", "--sysbench-test-time=10"], "too few for slices of 0.5 s, which need 10: --slice=10"),
    (["profile", "--exec=/bin/true", "--rate=0"], "--rate"),
    (["pgo", "--server=gms", "--rate=-1"], "--rate"),
    (["compare", *SIDES, "--from-server=oracle"], "--from-server"),
    (["compare", *SIDES, "--threads=0"], "--threads: \"0\" is not a whole number from 1 to 256"),
    (["compare", *SIDES, "--threads=99999999999999999999"], "--threads"),
    (["compare", *SIDES, "--sysbench-test-time=-1"], "--sysbench-test-time"),
    (["compare", *SIDES, "--sysbench-test-time=0.1", "--slice=5"], "--sysbench-test-time, --starts and --slice"),
    (["compare", *SIDES, "--pairing=duett"], "one of interleaved, duet, sequential"),
    (["compare", *SIDES, "--bucket=Not_A_Bucket"], "--bucket"),
    (["compare", *SIDES, "--endpoint=http://127.0.0.1:1"], "--endpoint needs --bucket"),
    (["compare", *SIDES, "--bucket=results", "--results-prefix=a/../b"], "--results-prefix"),
    (["compare", *SIDES, "--from-profile=/nonexistent.pprof"], "a profile needs a build"),
    (["compare", *SIDES, "--from-profile-key=k"], "needs --bucket"),
    (["compare", *SIDES, "--dispatch-field=oops"], "is not NAME=VALUE"),
    (["compare", *SIDES, "--config=/nonexistent.json"], "/nonexistent.json"),
    (["compare", *SIDES, "stray"], "unexpected argument"),
    (["compare", *SIDES, "--token=canary"], "is not taken from the command line"),
    (["compare", "--from-repository=/tmp", "--to-exec=/bin/true"], "--from-version"),
    (["compare", "--from-version=abc", "--to-exec=/bin/true"], "--from-repository: engine gms has no repository of its own"),
    (["compare", "--from-version=--upload-pack=x", "--from-repository=/tmp", "--to-exec=/bin/true"], "--from-version"),
    (["compare", "--from-version=a\nb", "--from-repository=/tmp", "--to-exec=/bin/true"], "--from-version"),
    (["compare", "--from-version=abc", "--from-repository=ext::sh -c id", "--to-exec=/bin/true"], "--from-repository"),
    (["compare", "--from-version=abc", "--from-repository=/nonexistent/repo", "--to-exec=/bin/true"], "--from-repository"),
    (["compare", *SIDES, "--engine-file=/nonexistent.json"], "/nonexistent.json"),
    (["compare", *SIDES, "--threshold=nothing"], '--threshold: "nothing" is not [TEST=]PERCENT'),
    (["compare", *SIDES, "--threshold=100"], "--threshold"),
    (["compare", *SIDES, "--threshold=nan"], "--threshold"),
    (["compare", *SIDES, "--threshold==5"], "--threshold"),
    (["compare", *SIDES, "--threshold=oltp_insret=5"], "did you mean oltp_insert?"),
    (["compare", *SIDES, "--results-filename=a/b"], "--results-filename"),
    (["compare", *SIDES, "--results-filename=report"], "--results-filename"),
    (["compare", *SIDES, "--dir=/nonexistent"], "--dir: there is no folder"),
    (["compare", *SIDES, "--schema=/tmp"], "--schema: /tmp is a folder"),
    (["compare", *SIDES, "--issue-number=-2"], "--issue-number"),
    (["compare", *SIDES, "--default-runs=0"], "--repetitions"),
    (["--profile-version=abc", "--server=mariadb"], "gives no CPU profile"),
    (["--profile-version=abc", "--to-version=def"], "--to-version"),
    (["profile", "--exec=/bin/true", "--seconds=0"], "--seconds"),
    (["pgo", "--server=mariadb"], "mariadb"),
    (["build", "--repository=/tmp"], "--version: which commit?"),
    (["compair"], "unknown command"),
]


@pytest.mark.parametrize("args, text", BAD, ids=[" ".join(args)[:60].replace("\n", "_") for args, _ in BAD])
def test_bad_option_is_told_before_anything_starts(dbdyno, args, text):
    done = dbdyno.fails(2, text, *args)
    assert done.stdout == ""
    assert not (dbdyno.home / "out").exists()
    assert "canary" not in done.stderr


@pytest.mark.parametrize("text, message", [
    (b'{"thread": 2}', 'unknown key "thread"; did you mean "threads"?'),
    (b'{"threads": "two"}', "threads"),
    (b'{"threads": 0}', "threads"),
    (b'{"threads": 1e300}', "threads"),
    (b'{"test": {"name": "x"}}', "test"),
    (b'{"fail-on-regression": "perhaps"}', "fail-on-regression"),
    (b'{"threads": 2', "config.json"),
    (b'{"actor": "\xff"}', "config.json"),
    (b'[]', "config.json"),
    (b'', "config.json"),
])
def test_a_bad_configuration_file_is_told(dbdyno, text, message):
    config = dbdyno.home / "config.json"
    config.write_bytes(text)
    dbdyno.fails(2, message, "compare", *SIDES, "--config", config)
    assert not (dbdyno.home / "out").exists()


def test_all_problems_are_told_at_once(dbdyno):
    done = dbdyno.fails(2, "4 problems", "compare", *SIDES, "--test=nope", "--threads=0", "--pairing=x", "--slices=1")
    for part in ("nope", "--threads", "--pairing", "--slices"):
        assert part in done.stderr


def test_help_is_data_on_stdout(dbdyno):
    for command in ("compare", "profile", "pgo", "build", "report", "render", "notify", "demo"):
        done = dbdyno.ok(command, "--help")
        assert f"Usage: dbdyno {command}" in done.stdout
        assert done.stderr == ""
    assert "compare" in dbdyno.ok("--help").stdout


def test_dry_run_prints_the_plan_and_starts_nothing(dbdyno):
    done = dbdyno.ok("compare", *SIDES, "--test=oltp_read_only", "--dry-run")
    assert "oltp_read_only" in done.stdout and "about" in done.stdout
    assert not (dbdyno.home / "out").exists()


def test_flags_alone_mean_compare(dbdyno):
    assert "interleaved" in dbdyno.ok(*SIDES, "--dry-run").stdout


def test_flag_beats_environment_beats_file(dbdyno):
    config = dbdyno.home / "config.json"
    config.write_text('{"threads": 2, "table-size": 77, "from-exec": "/bin/true"}')
    done = dbdyno.ok("compare", "--config", config, "--to-exec=/bin/true", "--threads=5", "--dry-run", DBDYNO_TABLES=9, DBDYNO_THREADS=8)
    assert "5 threads, 9 tables of 77 rows" in done.stdout
