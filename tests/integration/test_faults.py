"""What must survive what: bad programs, dying servers, a dying load, signals, a full disk."""

import json
import os
import re
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from conftest import ROOT, processes_of, query

LOAD = ["--test=oltp_point_select", "--test=oltp_read_only", "--sysbench-test-time=30", "--slice=100ms", "--table-size=200", "--warmup=0", "--out=result"]


def sides(gms, to=None):
    return ["compare", "--from-exec", gms["good"], "--to-exec", to or gms["good"]]


def wait_for_line(process, text):
    """Reads stderr to the line that holds text; the lines read."""
    lines = []
    for line in process.stderr:
        lines.append(line)
        if text in line:
            return lines
    pytest.fail(f"no line with {text!r}:\n{''.join(lines)}")


def wait_for_slices(db, least):
    """Returns when results.db holds that many slices (it is polled: SQLite has no notification between processes)."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if db.exists():
            try:
                if query(db, "select count(*) from slice")[0][0] >= least:
                    return
            except Exception:  # the tables are being made
                pass
        time.sleep(0.02)
    pytest.fail("no slices")


def child_of(pid, name):
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                stat = (entry / "stat").read_text()
            except OSError:
                continue
            if f"({name[:15]})" in stat and int(stat.rsplit(")", 1)[1].split()[1]) == pid:
                return int(entry.name)
    return None


@pytest.mark.parametrize("sent, code", [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_in_mid_run_keeps_what_is_finished(dbdyno, gms, sent, code):
    process = dbdyno.start(*sides(gms), *LOAD)
    db = dbdyno.home / "result/results.db"
    wait_for_slices(db, 6)
    process.send_signal(sent)
    _, err = process.communicate(timeout=15)
    assert process.returncode == code, err
    assert f"stopped by {sent.name}" in err
    assert query(db, "select status from run") == [("interrupted",)]
    assert query(db, "select count(*) from slice")[0][0] >= 6
    assert query(db, "pragma integrity_check") == [("ok",)]
    assert (dbdyno.home / "result/report.html").exists()


@pytest.mark.parametrize("phase", ["start the from server", "prepare", "measure"])
def test_a_signal_in_each_phase_leaves_no_process(dbdyno, gms, phase):
    process = dbdyno.start(*sides(gms), *LOAD)
    wait_for_line(process, phase)
    process.terminate()
    process.communicate(timeout=15)
    assert process.returncode == 143
    assert processes_of(str(dbdyno.home)) == []


def test_a_signal_during_a_build_leaves_no_partial_cache(dbdyno, repository, tmp_path):
    cache = tmp_path / "own-cache"
    process = dbdyno.start("build", "--repository", repository.path, "--cache", cache, repository.good)
    wait_for_line(process, "build")
    process.terminate()
    process.communicate(timeout=15)
    assert process.returncode == 143
    assert list((cache / "bin").glob("*/gms")) == [] if (cache / "bin").exists() else True
    subprocess.run(["chmod", "-R", "u+w", cache], check=True)


def test_kill_9_leaves_no_server(dbdyno, gms):
    process = dbdyno.start(*sides(gms), *LOAD)
    db = dbdyno.home / "result/results.db"
    wait_for_slices(db, 4)
    process.kill()
    process.communicate(timeout=15)
    deadline = time.monotonic() + 10
    while processes_of(str(dbdyno.home)) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert processes_of(str(dbdyno.home)) == []
    assert query(db, "pragma integrity_check") == [("ok",)]
    assert query(db, "select count(*) from slice")[0][0] >= 4
    for left in dbdyno.temporary.iterdir():  # SIGKILL leaves the temporary folder, as it must
        shutil.rmtree(left)


def test_a_server_that_dies_in_mid_run(dbdyno, gms):
    """Exit 4 with its log; the test that ran is lost, the other one is measured on a server that is started again."""
    load = [*LOAD[:2], "--sysbench-test-time=3", *LOAD[3:]]
    process = dbdyno.start(*sides(gms), *load)
    db = dbdyno.home / "result/results.db"
    wait_for_slices(db, 2)
    os.kill(child_of(process.pid, "gms"), signal.SIGKILL)
    _, err = process.communicate(timeout=120)
    assert process.returncode == 4, err
    assert "killed by SIGKILL" in err
    assert query(db, "select status from run") == [("failed",)]
    assert query(db, "select test_name from from_results") == [("oltp_read_only",)]
    assert "oltp_point_select" in (dbdyno.home / "result/report.html").read_text()


def test_sysbench_that_dies_in_mid_run(dbdyno, gms):
    load = [*LOAD[:2], "--sysbench-test-time=3", *LOAD[3:]]
    process = dbdyno.start(*sides(gms), *load)
    db = dbdyno.home / "result/results.db"
    wait_for_slices(db, 2)
    os.kill(child_of(process.pid, "sysbench"), signal.SIGKILL)
    _, err = process.communicate(timeout=120)
    assert process.returncode == 5, err
    assert query(db, "select test_name from from_results") == [("oltp_read_only",)]


def test_programs_that_are_no_server(dbdyno, gms):
    done = dbdyno.fails(4, "before it was ready", *sides(gms, "/bin/false"), *LOAD)
    assert "to server" in done.stderr
    dbdyno.fails(2, "/nonexistent/gms", *sides(gms, "/nonexistent/gms"), *LOAD[:-1], "--out=other")


def test_a_server_that_never_listens_or_never_speaks(dbdyno, gms, tmp_path):
    for name, argv in (("mute", ["/usr/bin/python3", str(ROOT / "tests/fakes/fake_mysql.py"), "--silent", "--port", "${port}"]),
                       ("deaf", ["/bin/sleep", "1000${port}"])):
        engine = tmp_path / f"{name}.json"
        engine.write_text(json.dumps({"name": name, "protocol": "mysql", "exec": {"names": [argv[0]]}, "start": argv, "ready_timeout_seconds": 1,
                                      "admin": {"user": "root"}, "load": {"user": "root", "database": "sbtest"}}))
        done = dbdyno.fails(4, "ready", "compare", f"--engine-file={engine}", f"--from-server={name}", "--to-exec", gms["good"],
                            *LOAD[:-1], f"--out={name}")
        assert "from server" in done.stderr


def test_sysbench_missing(dbdyno, gms):
    dbdyno.fails(5, "sysbench", *sides(gms), *LOAD, "--sysbench=/nonexistent/sysbench")


def test_go_that_does_not_compile(dbdyno, repository):
    done = dbdyno.fails(3, "go exited with status 1", "build", "--repository", repository.path, repository.broken)
    assert re.search(r"broken\.go:\d+:\d+: undefined: undefinedThing|too many return values", done.stderr)


def test_a_commit_that_does_not_exist(dbdyno, repository):
    dbdyno.fails(3, "0123456789012345678901234567890123456789", "build", "--repository", repository.path, "0123456789" * 4)
    dbdyno.fails(3, "no-such-branch", "build", "--repository", repository.path, "no-such-branch")


def test_a_folder_that_is_no_repository(dbdyno, tmp_path):
    (tmp_path / "empty").mkdir()
    done = dbdyno.run("build", "--repository", tmp_path / "empty", "main")
    assert done.returncode in (2, 3) and "empty" in done.stderr


def test_a_full_disk(dbdyno, gms, tmp_path):
    if os.geteuid() != 0:
        pytest.skip("mounting a small tmpfs needs root")
    small = tmp_path / "small"
    small.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=400k", "tmpfs", small], check=True)
    try:
        args = [*sides(gms), *LOAD[:-1], f"--out={small}/result"]
        done = dbdyno.run(*args)
        assert done.returncode == 1, done.stderr
        assert "full" in done.stderr.lower() or "no space" in done.stderr.lower(), done.stderr
        assert not list(small.rglob("*.tmp*"))
    finally:
        subprocess.run(["umount", small], check=True)
