"""Scripts of a team's own, from a folder and from a git repository; and what must survive the bad ones."""

import json
import shutil

import pytest

from conftest import ROOT, git, processes_of, query

TEAM = ROOT / "tests/data/lua/team"
LOAD = ["--sysbench-test-time=0.2", "--slice=50ms", "--table-size=50", "--warmup=0"]


def sides(gms):
    return ["compare", "--from-exec", gms["good"], "--to-exec", gms["good"]]


def config(out):
    return json.loads(query(out / "results.db", "select config_json from run")[0][0])


def test_scripts_with_modules_tables_and_options_of_their_own(dbdyno, gms):
    done = dbdyno.ok(*sides(gms), *LOAD, "--script-dir", TEAM, "--test=good", "--test=older", "--sysbench-option=answers=7", "--out=result")
    out = dbdyno.home / "result"
    assert f"from {TEAM}: good, older\n" in done.stderr
    rows = query(out / "results.db", "select test_name, sql_read_queries >= total_number_of_events, total_number_of_events > 0 from to_results")
    assert rows == [("good", 1, 1), ("older", 1, 1)]
    dbdyno.fails(5, "invalid option: --answers=7", *sides(gms), *LOAD, "--test=oltp_read_only", "--sysbench-option=answers=7", "--out=other")
    assert config(out)["sysbench-option"] == ["answers=7"] and len(config(out)["scripts_sha256"]) == 64


def test_a_test_that_fails_on_one_side_only(dbdyno, gms, tmp_path):
    """Both ways round: it says on which, has no ratio, and the other test is kept with its own."""
    (tmp_path / "one_side.lua").write_text("""require("oltp_common")
function prepare_statements() end
function event()
  con:query("SELECT JSON_DETAILED('{}')") -- which MariaDB alone has
end
""")
    for number, (side, first, second) in enumerate((("from", "gms", "mariadb"), ("to", "mariadb", "gms"))):
        out = f"result{number}"
        done = dbdyno.fails(5, f"on the {side} server: one_side", "compare", f"--from-server={first}", f"--to-server={second}",
                            f"--{side}-exec", gms["good"], *LOAD, "--script-dir", tmp_path, "--test=one_side", "--test=oltp_point_select",
                            f"--out={out}")
        assert "✕ failed" in done.stdout
        assert query(dbdyno.home / out / "results.db", "select test from comparison where metric = 'throughput'") == [("oltp_point_select",)]


def test_a_script_takes_the_place_of_ours_on_its_protocol(dbdyno, gms, tmp_path):
    scripts = tmp_path / "scripts"
    shutil.copytree(TEAM, scripts)
    shutil.copy(TEAM / "good.lua", scripts / "table_scan.lua")
    (scripts / "index_scan_postgres.lua").write_text("this is no Lua")
    done = dbdyno.ok(*sides(gms), *LOAD, "--script-dir", scripts, "--test=table_scan", "--test=index_scan", "--out=result")
    assert f"from {scripts}: table_scan\n" in done.stderr
    (scripts / "folder.lua").mkdir()
    dbdyno.fails(2, "folder.lua is no file", *sides(gms), "--script-dir", scripts, "--test=folder")
    if shutil.which("/usr/lib/postgresql/15/bin/postgres"):
        done = dbdyno.run("compare", "--from-server=postgres", "--to-server=postgres", *LOAD, "--script-dir", scripts, "--test=table_scan",
                          "--test=index_scan", "--out=other")
        assert done.returncode == 5 and "index_scan_postgres.lua" in done.stderr, done.stderr
        assert query(dbdyno.home / "other/results.db", "select test_name from to_results") == [("table_scan",)]


BAD = {
    "one_thread": "deliberate error in one thread",
    "no_table": "team_questions",
    "half_prepared": "sysbench said: `sysbench.cmdline.call_command' function failed",
    "long_line": "long long",
    "not_a_number": "nan, which is no count",
    "hang": "did not finish the slice within 1 s",
    "dies": "exit status 3",
    "wrong": "wrong.lua",
    "team_common": "is no test: it has no function event",
}


def test_a_bad_script_fails_its_test_and_no_other(dbdyno, gms):
    """Each ends with its reason, whatever way it goes wrong; what follows is measured; exit 5; nothing runs on."""
    tests = [f"--test={name}" for name in BAD]
    done = dbdyno.fails(5, "", *sides(gms), *LOAD, "--script-dir", TEAM, *tests, "--test=good", "--threads=2", "--tables=2", "--event-timeout=1",
                        "--out=result")
    db = dbdyno.home / "result/results.db"
    assert query(db, "select test_name from to_results") == [("good",)]
    assert query(db, "select status from run") == [("failed",)]
    told = dict(query(db, "select test, message from event where level = 'error'"))
    assert set(told) == set(BAD)
    for name, text in BAD.items():
        assert text in told[name], told[name]
    assert len(done.stderr) < 100_000
    assert processes_of(str(dbdyno.temporary)) == []


def test_a_test_that_fails_on_one_side_only(dbdyno, gms, tmp_path):
    """MariaDB can, the small database cannot: the test fails whole, and says where; the other one is compared."""
    scripts = tmp_path / "scripts"
    shutil.copytree(TEAM, scripts)
    (scripts / "at_once.lua").write_text('require("team_common")\nfunction event() con:query("EXECUTE IMMEDIATE \'SELECT 1\'") end\n')
    done = dbdyno.fails(5, "load on the to server", "compare", "--from-server=mariadb", "--to-server=gms", "--to-exec", gms["good"], *LOAD,
                        "--script-dir", scripts, "--test=at_once", "--test=good", "--out=result")
    assert "load on the from server" not in done.stderr
    db = dbdyno.home / "result/results.db"
    for side in ("from", "to"):
        assert query(db, f"select test_name from {side}_results") == [("good",)]
    assert query(db, "select distinct test from comparison") == [("good",)]
    told = {test["name"]: test["error"] for test in json.loads((dbdyno.home / "result/report.json").read_text())["tests"]}
    assert "load on the to server" in told["at_once"] and told["good"] is None


def test_a_sysbench_that_does_nothing(dbdyno, gms):
    """It exits with 0 and has made no table."""
    dbdyno.fails(5, "sbtest1", *sides(gms), *LOAD, "--sysbench=/bin/true", "--test=oltp_point_select", "--out=result")


@pytest.fixture
def scripts_repository(tmp_path):
    path = tmp_path / "scripts-repository"
    shutil.copytree(TEAM, path)
    shutil.copy(path / "good.lua", path / "table_scan.lua")
    git(path, "init", "--quiet", "--initial-branch=main")
    git(path, "add", "--all")
    git(path, "commit", "--quiet", "--message=first")
    return path


def test_scripts_from_a_repository(dbdyno, gms, scripts_repository):
    first = git(scripts_repository, "rev-parse", "HEAD")
    flags = ["--useDoltHubLuaScriptsRepo", "--lua-scripts-repository", scripts_repository, f"--lua-scripts-version={first}"]
    done = dbdyno.ok(*sides(gms), *LOAD, *flags, "--test=good", "--test=table_scan", "--test=index_scan", "--out=result")
    assert f"from {first}: good, table_scan\n" in done.stderr
    assert config(dbdyno.home / "result")["scripts_commit"] == first
    (scripts_repository / "good.lua").write_text("this is no Lua")
    git(scripts_repository, "commit", "--quiet", "--all", "--message=second")
    dbdyno.ok(*sides(gms), *LOAD, *flags, "--test=good", "--out=again")
    assert config(dbdyno.home / "again")["scripts_sha256"] == config(dbdyno.home / "result")["scripts_sha256"]
    dbdyno.fails(2, "no such script", *sides(gms), *flags, "--test=absent", "--out=other")
    own = "without --use-dolthub-lua-scripts-repo dbdyno's own are run"
    dbdyno.fails(3, own, *sides(gms), *flags[:-1], "--lua-scripts-version=no-such-branch", "--out=other")
    dbdyno.fails(3, own, *sides(gms), *flags[:-1], "--out=other")  # the default commit is none of this repository's
    assert not (dbdyno.home / "other").exists()
