"""dbdyno doctor: what a machine is fit for."""

import json
import os


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
