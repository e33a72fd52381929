"""What the machine did while it measured, on real servers; and machines that are not at hand, made of files."""

import json
import os
import sqlite3
import subprocess
import threading

import pytest

from conftest import ROOT, THIS_MACHINE, query

SHORT = ["--table-size=500", "--warmup=100ms", "--seed=5", "--out=result"]


def report(dbdyno):
    return json.loads((dbdyno.home / "result/report.json").read_text())


def check_costs(test):
    for side in ("from", "to"):
        cost = test[side]["cost"]
        assert 5 < cost["server_cpu_us_per_transaction"] < 1e6
        assert 1 < cost["client_cpu_us_per_transaction"] < 1e6
        assert cost["switches_per_transaction"] > 0
        assert 5e6 < cost["peak_memory_bytes"] < 4e9


@pytest.mark.parametrize("pairing", ["interleaved", "duet"])
def test_costs_of_gms(dbdyno, gms, pairing):
    done = dbdyno.ok("compare", "--from-exec", gms["good"], "--to-exec", gms["good"], "--test=oltp_point_select", "--sysbench-test-time=1",
                     f"--pairing={pairing}", *SHORT, **THIS_MACHINE)
    assert "\nmachine: " in done.stdout
    told = report(dbdyno)
    check_costs(told["tests"][0])
    db = dbdyno.home / "result/results.db"
    slices, machine = query(db, "select (select count(*) from slice), (select count(*) from slice_machine)")[0]
    assert slices == machine == told["machine_usage"]["slices"] >= 4
    assert told["machine_usage"]["cpus"] == len(os.sched_getaffinity(0))
    # The window of the reading holds the slice's; nobody uses more CPU time than there is.
    assert query(db, "select count(*) from slice s join slice_machine m on m.slice = s.id where window_ns < s.end_ns - s.begin_ns "
                     "or server_cpu_ns + client_cpu_ns > (window_ns + 20000000) * cpus") == [(0,)]


def test_costs_of_a_process_a_connection(dbdyno):
    dbdyno.ok("compare", "--from-server=mariadb", "--to-server=postgres", "--test=oltp_update_index", "--threads=2", "--sysbench-test-time=1", *SHORT,
              **THIS_MACHINE)
    test = report(dbdyno)["tests"][0]
    check_costs(test)
    # Nearly all of PostgreSQL's work is in the processes of its connections.
    assert test["to"]["cost"]["server_cpu_us_per_transaction"] > 20
    assert test["to"]["cost"]["written_bytes_per_transaction"] > 0
    html = (dbdyno.home / "result/report.html").read_text()
    assert "What a transaction cost" in html and "What the machine did" in html


def counts(db):
    """Slices with a reading, and with steal; none before the tables are made."""
    try:
        return query(db, "select count(*), coalesce(sum(steal_ns > 0), 0) from slice_machine")[0]
    except sqlite3.OperationalError:
        return 0, 0


class Machine:
    """A folder with proc and sys; its CPUs are stolen on demand."""

    def __init__(self, folder):
        self.folder, self.steal = folder, 0
        (folder / "proc").mkdir(parents=True)
        self.write()

    def write(self):
        cpus = "".join(f"cpu{i} 0 0 0 0 0 0 0 {self.steal} 0 0\n" for i in os.sched_getaffinity(0))
        new = self.folder / "stat"
        new.write_text(f"cpu  0 0 0 0 0 0 0 0 0 0\n{cpus}ctxt 1\n")
        # In place: the program has the file open.
        with open(self.folder / "proc/stat", "r+" if (self.folder / "proc/stat").exists() else "w") as stat:
            stat.write(new.read_text())

    def rob(self, db, done, slices):
        """Once so many slices are measured, steals ten seconds of each CPU again and again, to the end."""
        while not done.is_set():
            if db.exists() and counts(db)[0] >= slices:
                self.steal += 1000
                self.write()
            done.wait(0.02)

    def disturb(self, db, done):
        """Steals ten seconds of each CPU at a time, once two blocks are measured, until a slice has seen it."""
        while not done.is_set():
            seen, stolen = counts(db) if db.exists() else (0, 0)
            if seen >= 8 and not stolen:
                self.steal += 1000
                self.write()
            if stolen:
                return
            done.wait(0.02)


def test_a_disturbed_block_is_measured_again(dbdyno, gms, tmp_path):
    machine, done = Machine(tmp_path / "machine"), threading.Event()
    db = dbdyno.home / "result/results.db"
    thread = threading.Thread(target=machine.disturb, args=(db, done))
    thread.start()
    try:
        ran = dbdyno.ok("compare", "--from-exec", gms["good"], "--to-exec", gms["good"], "--test=oltp_point_select", "--sysbench-test-time=4",
                        "--slice=200ms", "--starts=1", "--pairing=interleaved", f"--machine-root={machine.folder}", *SHORT)
    finally:
        done.set()
        thread.join()
    disturbed = query(db, "select distinct block from slice join slice_machine on slice = slice.id where contaminated is not null")
    assert len(disturbed) == 1
    assert query(db, "select distinct contaminated from slice_machine where contaminated is not null") == [("other virtual machines took the CPUs",)]
    # Ten blocks of the plan, and one more in place of that one; all are kept, ten are compared.
    assert query(db, "select block, replaced_by from replaced_block") == [(disturbed[0][0], 10)]
    assert query(db, "select count(*), count(distinct block), max(block) from slice") == [(44, 11, 10)]
    assert query(db, "select pairs from comparison where metric = 'throughput'") == [(20,)]
    told = report(dbdyno)["machine_usage"]
    assert (told["blocks"], told["contaminated_blocks"], told["replaced_blocks"]) == (11, 1, 1)
    assert told["reasons"] == [{"text": "other virtual machines took the CPUs", "blocks": 1}]
    assert "1 of 11 blocks of slices was disturbed (other virtual machines took the CPUs); measured again" in " ".join(ran.stdout.split())


def sleep_once(db, slept, done):
    """The machine sleeps for ten seconds once two blocks are measured."""
    while not done.is_set():
        if db.exists() and counts(db)[0] >= 8:
            new = slept.with_suffix(".new")  # never half-written
            new.write_text("10")
            new.rename(slept)
            return
        done.wait(0.02)


def test_a_machine_that_is_suspended_in_mid_run(dbdyno, gms, tmp_path):
    """The slice in which it slept is measured again, with its block; the run goes on, and says so."""
    shim, slept, done = tmp_path / "sleep.so", tmp_path / "slept", threading.Event()
    subprocess.run(["cc", "-shared", "-fPIC", "-o", shim, ROOT / "tests/fakes/sleeping_machine.c"], check=True)
    slept.write_text("0")
    db = dbdyno.home / "result/results.db"
    thread = threading.Thread(target=sleep_once, args=(db, slept, done))
    thread.start()
    try:
        ran = dbdyno.ok("compare", "--from-exec", gms["good"], "--to-exec", gms["good"], "--test=oltp_point_select", "--sysbench-test-time=4",
                        "--slice=200ms", "--starts=1", *SHORT, LD_PRELOAD=shim, SLEPT=slept,
                        ASAN_OPTIONS="detect_leaks=1:exitcode=99:verify_asan_link_order=0")
    finally:
        done.set()
        thread.join()
    assert query(db, "select contaminated, (suspended_ns + 500000000) / 1000000000 from slice_machine where contaminated is not null") == [
        ("the machine was suspended", 10)]
    assert query(db, "select count(*) from replaced_block") == [(1,)] and query(db, "select status from run") == [("done",)]
    assert query(db, "select pairs from comparison where metric = 'throughput'") == [(20,)]
    said = " ".join(ran.stdout.split())
    assert "1 of 11 blocks of slices was disturbed (the machine was suspended); measured again" in said and "The machine slept for 10.0 s" in said


def test_a_machine_that_cannot_carry_a_result(dbdyno, gms, tmp_path):
    """Robbed for the last third of the measurement: the slow server is slower beyond doubt, and nothing is said all the same."""
    machine, done = Machine(tmp_path / "machine"), threading.Event()
    out = dbdyno.home / "result"
    thread = threading.Thread(target=machine.rob, args=(out / "results.db", done, 26))
    thread.start()
    try:
        ran = dbdyno.run("compare", "--from-exec", gms["good"], "--to-exec", gms["slow"], "--test=oltp_point_select", "--sysbench-test-time=4",
                         "--slice=200ms", "--starts=1", "--pairing=interleaved", f"--machine-root={machine.folder}", "--fail-on-undecided",
                         "--fail-on-regression", *SHORT, GITHUB_ACTIONS="true")
    finally:
        done.set()
        thread.join()
    assert ran.returncode == 8, ran.stdout + ran.stderr
    test = report(dbdyno)["tests"][0]
    assert test["verdict"] == "undecided" and test["ratios"]["throughput"]["high_95"] < 1
    (reason, needed), = query(out / "results.db", "select reason, needed_starts from comparison where verdict = 'undecided'")
    assert "other virtual machines took the CPUs in more than a quarter of both servers' slices" in reason and needed is None
    assert "a node of its own, or a quieter time, would help" in reason and test["reason"] == reason
    assert reason in (out / "report.html").read_text().replace("&#39;", "'") and reason in (out / "report.md").read_text()
    assert reason in " ".join(ran.stdout.split()) and "::notice title=oltp_point_select is undecided::throughput ratio" in ran.stderr
    assert reason in dbdyno.ok("report", "--run", out, "--format=comparisons").stdout
    assert reason in dbdyno.ok("report", "--run", out, "--format=comment").stdout


def test_a_machine_that_tells_nothing(dbdyno, gms, tmp_path):
    (tmp_path / "nothing").mkdir()
    done = dbdyno.ok("compare", "--from-exec", gms["good"], "--to-exec", gms["good"], "--test=oltp_point_select", "--sysbench-test-time=1",
                     f"--machine-root={tmp_path / 'nothing'}", *SHORT)
    assert "machine: nothing known" in done.stdout
    told = report(dbdyno)
    assert told["machine_usage"]["steal_fraction_median"] is None and told["machine_usage"]["contaminated_blocks"] == 0
    assert told["tests"][0]["from"]["cost"]["server_cpu_us_per_transaction"] is None
    assert told["tests"][0]["ratios"]["throughput"]["ratio"] > 0


def test_one_cpu(dbdyno, gms):
    cpus = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(cpus)})
    try:
        done = dbdyno.ok("compare", "--from-exec", gms["good"], "--to-exec", gms["good"], "--test=oltp_point_select", "--sysbench-test-time=1", *SHORT,
                         **THIS_MACHINE)
    finally:
        os.sched_setaffinity(0, cpus)
    assert "There is one CPU" in done.stdout
    assert report(dbdyno)["machine_usage"]["cpus"] == 1
