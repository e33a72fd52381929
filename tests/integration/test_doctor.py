"""dbdyno doctor: what a machine is fit for."""

import json
import os
import re

import pytest

from conftest import query


def findings(dbdyno, *args, code=0, **extra):
    done = dbdyno.run("doctor", "--json", *args, **extra)
    assert done.returncode == code, done.stderr
    told = json.loads(done.stdout)
    return told["verdict"], {f["about"]: f for f in told["findings"]}


def test_a_machine_that_can_measure(dbdyno):
    verdict, found = findings(dbdyno)
    assert verdict in ("ok", "note")
    assert found["CPUs"]["text"].startswith(f"{len(os.sched_getaffinity(0))}, ")
    assert found["sysbench"]["level"] == "ok" and "/sysbench" in found["sysbench"]["text"]
    assert "postgres: /" in found["servers"]["text"] and "mariadb: /" in found["servers"]["text"]
    text = dbdyno.ok("doctor").stdout
    assert all(f"  {about:10}  " in text for about in found)


def test_the_load_generator_is_missing(dbdyno):
    verdict, found = findings(dbdyno, "--sysbench=/nowhere/sysbench", code=1)
    assert verdict == "unfit"
    assert (found["sysbench"]["level"], found["sysbench"]["text"]) == ("unfit", "missing")
    assert "install sysbench" in found["sysbench"]["help"]
    dbdyno.fails(1, "this machine is not fit to measure on", "doctor", "--sysbench=/nowhere/sysbench")


def test_no_server_and_nothing_to_build_one(dbdyno, tmp_path):
    tools = tmp_path / "bin"
    tools.mkdir()
    (tools / "sysbench").symlink_to("/usr/bin/sysbench")
    verdict, found = findings(dbdyno, PATH=str(tools))
    assert found["builds"]["text"] == "git and go are missing"
    assert verdict == "note"  # PostgreSQL is found in a folder of its own


def test_one_cpu(dbdyno):
    cpus = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(cpus)})  # the program inherits it
    try:
        verdict, found = findings(dbdyno)
    finally:
        os.sched_setaffinity(0, cpus)
    assert verdict == "note"
    assert found["CPUs"]["level"] == "note" and found["CPUs"]["text"].startswith("1")
    assert "two or more" in found["CPUs"]["help"]


def test_bad_flags(dbdyno):
    dbdyno.fails(2, "unknown", "doctor", "--nose")
    dbdyno.fails(1, "temporary files", "doctor", "--dir=/nowhere/at/all")


def test_noise(dbdyno, gms):
    args = ["doctor", "--noise", "--exec", gms["good"], "--test=oltp_point_select", "--time=1m", "--out=noise"]
    told = json.loads(dbdyno.ok(*args, "--json").stdout)
    (test,) = told["tests"]
    assert test["name"] == "oltp_point_select" and test["starts"] >= 2
    assert 0 < test["half_width_fraction"] < 10 and test["slice_sd_fraction"] > 0 and test["start_sd_fraction"] >= 0
    assert test["low_95"] < test["ratio"] < test["high_95"]
    # What takes longer to tell is told later, if at all within a day.
    assert [step["precision_fraction"] for step in test["resolves"]] == [0.05, 0.02, 0.01]
    needed = [step["seconds"] or 86400 for step in test["resolves"]]
    assert needed == sorted(needed) and needed[0] > 0
    # Of a time that holds all set-up: the rounds from their first slice to the next one's, the last as long as the others.
    (config, starts, first, last), = query(dbdyno.home / "noise/results.db", "select config_json, count(distinct start), min(begin_ns), "
                                           "(select min(begin_ns) from slice where start = (select max(start) from slice)) from run, slice")
    assert json.loads(config)["budget"] == 60 and starts == test["starts"]
    assert test["seconds"] == pytest.approx((last - first) / 1e9 * starts / (starts - 1))
    assert (dbdyno.home / "noise/report.html").exists() and told["folder"] == str(dbdyno.home / "noise")


def test_noise_in_words(dbdyno, gms):
    done = dbdyno.ok("doctor", "--noise", "--exec", gms["good"], "--test=oltp_point_select", "--time=10s", "--out=noise")
    lines = done.stdout.splitlines()
    assert re.fullmatch(r"oltp_point_select: ±5 % in .+, ±2 % in .+, ±1 % in .+", lines[0])
    assert re.match(r"  here ±.+; start-to-start variation .+, slice noise .+", lines[1])
    assert lines[2].startswith("machine: steal ") and lines[-1].startswith("report: /")


def test_noise_of_what_is_not_there(dbdyno):
    dbdyno.fails(2, "no-such-engine", "doctor", "--noise", "--server=no-such-engine")
    dbdyno.fails(2, "time", "doctor", "--noise", "--time=1s")
