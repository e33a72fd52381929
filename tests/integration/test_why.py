"""Why a test became slower: profiles of both servers after measuring, and what the report makes of them. The slow commit of gms burns
three times each statement's time in one function, so that no noise hides it."""

import json
import re
import signal
import socket
import subprocess
import time

import pytest

from conftest import ROOT, query

SHORT = ["--test=oltp_point_select", "--sysbench-test-time=2", "--slice=50ms", "--table-size=200", "--warmup=0.2", "--starts=2", "--seed=5"]
BOTH = ["oltp_point_select-from.pprof", "oltp_point_select-to.pprof"]


def compare(gms, *flags):
    return ["compare", "--from-exec", gms["good"], "--to-exec", gms["slow"], *SHORT, "--out=result", *flags]


@pytest.fixture
def run(dbdyno, gms):
    """A comparison with profiles of both; its folder, and what it said."""
    done = dbdyno.ok(*compare(gms, "--why=auto", "--why-seconds=3"))
    return dbdyno.home / "result", done


def why_of(folder):
    return json.loads((folder / "report.json").read_text())["why"]


def test_names_the_function_that_grew(dbdyno, run):
    folder, done = run
    why, = why_of(folder)
    top = why["functions"][0]
    assert why["test"] == "oltp_point_select" and why["error"] is None
    assert re.search(r"\bwaste\.func", top["name"]), why["functions"][:5]
    assert top["own"]["beyond_sampling_error"] and top["own"]["from_us"] == 0
    total = why["cpu_per_transaction"]
    assert total["beyond_sampling_error"] and total["to_us"] > 2 * total["from_us"] > 0
    assert total["delta_us"] == pytest.approx(total["to_us"] - total["from_us"])
    assert total["delta_us"] / 2 < top["own"]["delta_us"] < 2 * total["delta_us"]
    rows = query(folder / "results.db", "select side, test, file, transactions, samples from profile order by side")
    assert [row[:3] for row in rows] == [(s, "oltp_point_select", f"profiles/oltp_point_select-{s}.pprof") for s in ("from", "to")]
    assert rows[0][3] > rows[1][3] > 100 and (rows[0][3], rows[0][4]) == (why["from_transactions"], why["from_samples"])
    # CPU a transaction is the profile's CPU time (10 ms a sample) over its transactions.
    assert total["from_us"] == pytest.approx(10000 * why["from_samples"] / why["from_transactions"], rel=1e-6)

    # Every form says so: the terminal in three lines, the page with a picture, markdown with the top five.
    assert re.search(r"^why: oltp_point_select: CPU a transaction .* beyond sampling error\n  grew: \S*waste\.func\S* \+.*\n  shrank: ",
                     done.stdout, re.MULTILINE), done.stdout
    page = (folder / "report.html").read_text()
    assert "<h2>Why</h2>" in page and 'class="flame"' in page and "waste.func" in page and "<script" not in page
    markdown = (folder / "report.md").read_text()
    section = markdown.split("Why: the functions that grew or shrank", 1)[1].split("</details>", 1)[0]
    assert "waste.func" in section and len(re.findall(r"^\| .* \| (?:beyond|within) \|$", section, re.MULTILINE)) <= 5
    assert "why: profiles of both servers, 2 × 3 s" in done.stderr, done.stderr
    assert "waste.func" in dbdyno.ok("report", "--run=result", "--format=comment").stdout


def test_report_is_made_again_from_stored_profiles(dbdyno, run):
    folder, _ = run
    names = ["report.html", "report.md", "report.json"]
    before = [(folder / name).read_bytes() for name in names]
    for name in names:
        (folder / name).unlink()
    dbdyno.ok("report", "--run=result")
    assert [(folder / name).read_bytes() for name in names] == before

    # The same figures by hand.
    rows = dict(query(folder / "results.db", "select side, transactions from profile"))
    diff = json.loads(dbdyno.ok("pprof", "diff", *(folder / "profiles" / name for name in BOTH), "--own", "--json",
                                f"--from-work={rows['from']}", f"--to-work={rows['to']}").stdout)
    assert diff["total"]["delta"] / 1e3 == pytest.approx(why_of(folder)[0]["cpu_per_transaction"]["delta_us"])


@pytest.mark.parametrize("damage,reason", [("changed", "is not what the run stored"), ("missing", "is not there"),
                                           ("outside", "outside the run's folder")])
def test_damaged_profile_is_said_in_its_place(dbdyno, run, damage, reason):
    folder, _ = run
    path = folder / "profiles" / BOTH[1]
    if damage == "changed":
        path.write_bytes(path.read_bytes()[:-10])
    elif damage == "missing":
        path.unlink()
    else:
        subprocess.run(["/usr/bin/python3", "-c", "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); "
                        "c.execute(\"update profile set file = '../../x.pprof' where side = 'to'\"); c.commit()", str(folder / "results.db")], check=True)
    done = dbdyno.ok("report", "--run=result")
    why, = why_of(folder)
    assert reason in why["error"] and "functions" not in why
    assert "the profiles cannot be compared" in done.stdout and "slower" in done.stdout
    assert reason in (folder / "report.html").read_text().replace("&#39;", "'").replace("&apos;", "'")


def test_never(dbdyno, gms):
    done = dbdyno.ok(*compare(gms, "--why=never"))
    assert not (dbdyno.home / "result/profiles").exists() and "why" not in done.stdout + done.stderr
    assert "why" not in json.loads((dbdyno.home / "result/report.json").read_text())


def test_flags_alone_take_as_long_as_ever(dbdyno, gms):
    """Unless asked for: a Job's deadline was chosen without it."""
    flags = ["--from-server=gms", "--from-exec", gms["good"], "--to-server=gms", "--to-exec", gms["slow"], *SHORT]
    environment = dbdyno.environment
    dbdyno.environment = lambda **extra: {k: v for k, v in environment(**extra).items() if k != "DBDYNO_WHY"}
    dbdyno.ok(*flags, "--out=plain")
    assert not (dbdyno.home / "plain/profiles").exists()
    dbdyno.ok(*flags, "--out=asked", "--why=auto", "--why-seconds=1")
    assert sorted(p.name for p in (dbdyno.home / "asked/profiles").iterdir()) == BOTH


def test_engine_without_profiles_is_said_in_one_line(dbdyno):
    done = dbdyno.ok("compare", "--from-server=mariadb", "--to-server=mariadb", *SHORT, "--why=always", "--out=result")
    lines = [line for line in done.stderr.splitlines() if "gives no CPU profile" in line]
    assert lines == ["which functions made the difference is not known: engine mariadb gives no CPU profile"], done.stderr
    assert not (dbdyno.home / "result/profiles").exists()
    notes = json.loads((dbdyno.home / "result/report.json").read_text())["notes"]
    assert [n["level"] for n in notes if "gives no CPU profile" in n["text"]] == ["info"]


def engine_file(dbdyno, **profile):
    engine = json.loads((ROOT / "benchmarker/engines/gms.json").read_text())
    engine.update(name="other-gms", profile=profile)
    if "port" in profile:
        engine["start"] = engine["start"][:5]  # without --pprof-port
    (dbdyno.home / "engine.json").write_text(json.dumps(engine))
    return ["--engine-file=engine.json", "--from-server=other-gms", "--to-server=other-gms"]


def test_profile_that_fails_changes_nothing_else(dbdyno, gms):
    """The verdict stands, the exit code is that of the measurement, and a warning says what is missing."""
    flags = engine_file(dbdyno, path="/there/is/no/such/page")
    done = dbdyno.fails(7, "a test is slower", *compare(gms, *flags, "--why=auto", "--why-seconds=1", "--fail-on-regression"))
    assert "what made the difference is not known" in done.stderr and "404" in done.stderr, done.stderr
    assert query(dbdyno.home / "result/results.db", "select verdict from comparison where metric = 'throughput'") == [("slower",)]
    assert query(dbdyno.home / "result/results.db", "select status from run") == [("done",)]
    assert "why" not in json.loads((dbdyno.home / "result/report.json").read_text())


def test_servers_that_want_the_same_port_for_profiles(dbdyno, gms):
    """As dolt's do: one server at a time."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    flags = engine_file(dbdyno, path="/debug/pprof/profile", port=port, flags=[f"--pprof-port={port}"])
    dbdyno.ok(*compare(gms, *flags, "--why=auto", "--why-seconds=2"))
    why, = why_of(dbdyno.home / "result")
    assert why["error"] is None and re.search(r"\bwaste\.func", why["functions"][0]["name"]), why
    assert query(dbdyno.home / "result/results.db", "select message from event where level = 'warning' and test is not null") == []


def test_stopped_while_it_profiles(dbdyno, gms):
    process = dbdyno.start(*compare(gms, "--why=auto", "--why-seconds=600"))
    for line in process.stderr:
        if "profile both servers" in line:
            break
    started = time.monotonic()
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 143 and time.monotonic() - started < 30, err
    folder = dbdyno.home / "result"
    assert query(folder / "results.db", "select status from run") == [("interrupted",)]
    assert query(folder / "results.db", "select verdict from comparison where metric = 'throughput'") == [("slower",)]
    assert "slower" in (folder / "report.html").read_text() and "slower" in out
