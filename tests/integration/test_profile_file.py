"""CPU profiles of engines that write one of their whole life (profile.file): real gms, which keeps its tables over a restart."""

import gzip
import json
import os
import re
import shlex
import signal
import time
from pathlib import Path

import pytest

from conftest import ROOT, THIS_MACHINE, query
from test_profile import go_top

SMALL = ["--test=oltp_point_select", "--table-size=200", "--out=result"]
FLAGS = ["--cpu-profile", "${profile_dir}/cpu.pprof"]
IDLE = b"\x0a\x04\x08\x01\x10\x02\x32\x00\x32\x07samples\x32\x05count"  # a profile without samples


@pytest.fixture
def by_file(dbdyno):
    """Flags that name the engine; its file is in the test's folder."""
    engine = json.loads((ROOT / "benchmarker/engines/gms.json").read_text())
    engine.update(name="gms-file", profile={"file": "cpu.pprof", "flags": FLAGS})
    engine["start"] = engine["start"][:5] + ["--data-dir", "${data}"]  # without --pprof-port
    (dbdyno.home / "engine.json").write_text(json.dumps(engine))
    return ["--engine-file=engine.json", "--server=gms-file"]


def wrapped(dbdyno, gms, body):
    """A program that runs gms, but for the process that is profiled, where body runs: with $file for the profile, $gms and its arguments."""
    path = dbdyno.home / "wrapped"
    path.write_text(f'#!/bin/sh\ngms={shlex.quote(gms["good"])}\n[ "$1" = --cpu-profile ] || exec "$gms" "$@"\nfile=$2\n{body}\n')
    path.chmod(0o755)
    return path


def stored(dbdyno):
    """Profiles that the run keeps, by name."""
    out = dbdyno.home / "result"
    return sorted(str(p.relative_to(out)) for p in out.rglob("*.pprof"))


def notes(dbdyno, text):
    return query(dbdyno.home / "result/results.db", f"select test, message from event where level = 'info' and message like '%{text}%' order by id")


def test_profile_of_each_test(dbdyno, gms, by_file):
    dbdyno.ok("profile", *by_file, "--exec", gms["good"], "--seconds=2", "--test=oltp_read_only", "--test=oltp_point_select",
              "--table-size=20000", "--out=result", **THIS_MACHINE)
    out = dbdyno.home / "result"
    assert stored(dbdyno) == ["profile.pprof", "profiles/oltp_point_select.pprof", "profiles/oltp_read_only.pprof"]
    rows = query(out / "results.db", "select test, file, samples, bytes from profile order by test is null, test")
    assert [row[1] for row in rows] == ["profiles/oltp_point_select.pprof", "profiles/oltp_read_only.pprof", "profile.pprof"]
    assert rows[2][2] == rows[0][2] + rows[1][2] > 20
    for row in rows:
        assert (out / row[1]).stat().st_size == row[3] and "flat%" in go_top(out / row[1])
    # The tables were made by another process: in these, nothing was inserted, and reading them back is a small part.
    top = json.loads(dbdyno.ok("pprof", "top", out / "profile.pprof", "--json", "--rows=1000000").stdout)["rows"]
    names = {row["function"] for row in top}
    assert any(".(*handler).Com" in name for name in names) and not any("editor).Insert" in name for name in names)
    said = notes(dbdyno, "is not of the load")
    assert [test for test, _ in said] == ["oltp_read_only", "oltp_point_select"]
    assert all(0 < float(re.match(r"at most ([0-9.]+) % \([0-9.]+ s\) of the server's profile is not of the load", text)[1]) < 100 for _, text in said), said
    assert (out / "logs/server-server.log").read_text().count(": ready on ") == 4  # each test: once for its data, once for the profile
    ((params,),) = query(out / "results.db", "select params from server")
    assert params.startswith("--cpu-profile ${profile_dir}/cpu.pprof ")


def test_a_profile_whose_start_is_a_large_part_gets_more_load(dbdyno, gms, by_file):
    """Up to three times the seconds; reading back 20,000 rows takes more than a hundredth of one second, so that one is not enough."""
    done = dbdyno.ok("profile", *by_file, "--exec", gms["good"], "--seconds=1", "--test=oltp_read_only", "--table-size=20000",
                     "--out=result", "--verbose", **THIS_MACHINE)
    more = float(re.search(r"([0-9.]+) s more, so that start and stop", done.stderr)[1])
    assert 0 < more <= 2, done.stderr
    ((_, duration),) = query(dbdyno.home / "result/results.db", "select test, duration_ns from profile where test is not null")
    assert duration > (1 + more) * 1e9


def test_over_http_the_window_is_in_the_load(dbdyno, gms):
    dbdyno.ok("profile", "--exec", gms["good"], "--seconds=1", *SMALL)
    ((_, text),) = notes(dbdyno, "is not of the load")
    assert float(re.match(r"([0-9.]+) % of the profile's window", text)[1]) < 1, text


def test_data_of_a_test_that_writes(dbdyno, gms, by_file):
    """TPC-C's conditions hold after the load, which a third start looks at."""
    dbdyno.ok("profile", *by_file, "--exec", gms["good"], "--with-tpcc", "--tpcc-density=0.01", "--seconds=2", "--out=result")
    assert stored(dbdyno) == ["profile.pprof", "profiles/tpcc-scale-factor-1.pprof"]
    assert (dbdyno.home / "result/logs/server-server.log").read_text().count(": ready on ") == 3


def test_pgo(dbdyno, repository, by_file):
    dbdyno.ok("pgo", *by_file, "--repository", repository.path, "--version", repository.good, "--seconds=3", "--min-samples=1",
              "--sysbench-test-time=1", *SMALL)
    out = dbdyno.home / "result"
    (from_row, to_row) = query(out / "results.db", "select binary_sha256, profile_sha256, params from server order by side")
    assert from_row[1] is None and len(to_row[1]) == 64 and from_row[0] != to_row[0]
    assert "--cpu-profile" not in to_row[2]  # what is measured is not profiled
    ((decision,),) = query(out / "results.db", "select decision from run")
    assert decision in ("ship", "dont_ship", "undecided")


def test_why(dbdyno, gms, by_file):
    flags = [by_file[0], "--from-server=gms-file", "--to-server=gms-file"]
    done = dbdyno.ok("compare", *flags, "--from-exec", gms["good"], "--to-exec", gms["slow"], "--why=always", "--why-seconds=3",
                     "--sysbench-test-time=1", "--starts=1", *SMALL, **THIS_MACHINE)
    out = dbdyno.home / "result"
    (why,) = json.loads((out / "report.json").read_text())["why"]
    assert why["error"] is None and re.search(r"\bwaste\.func", why["functions"][0]["name"]), why
    assert why["functions"][0]["own"]["beyond_sampling_error"] and why["functions"][0]["own"]["from_us"] == 0
    rows = query(out / "results.db", "select side, test, file, transactions, samples from profile order by side")
    assert [row[:3] for row in rows] == [(s, "oltp_point_select", f"profiles/oltp_point_select-{s}.pprof") for s in ("from", "to")]
    assert rows[0][3] > rows[1][3] > 100
    assert [re.search("of the (from|to) server's", text)[1] for _, text in notes(dbdyno, "is not of the load")] == ["from", "to"]
    assert "why: profiles of both servers" in done.stderr
    # One start for the measurement, one for the tables, one for each half of the profile.
    for label in ("from", "to"):
        assert (out / f"logs/{label}-server.log").read_text().count(": ready on ") == 4


BAD = {
    "absent": ("shift 2; exec $gms \"$@\"", "wrote no CPU profile cpu.pprof before it ended (exit status 0)"),
    "empty": (": >\"$file\"; shift 2; exec $gms \"$@\"", "the profile is empty"),
    "ten bytes": ("printf 0123456789 >\"$file\"; shift 2; exec $gms \"$@\"", "the CPU profile that the server wrote, of 10 bytes: malformed"),
    "cut": ("$gms \"$@\" & pid=$!; trap 'kill $pid; wait $pid; truncate -s -20 \"$file\"; exit 0' TERM; wait $pid", "cut off after"),
    "no samples": ("cp idle.pprof \"$file\"; shift 2; exec $gms \"$@\"", "the profile has no samples"),
    "a folder": ("mkdir \"$file\"; shift 2; exec $gms \"$@\"", "is not a regular file"),
    "killed at its stop": ("$gms \"$@\" & pid=$!; trap 'kill -KILL $pid $$' TERM; wait $pid", "was killed by SIGKILL when it was to stop"),
    "does not stop": ("$gms \"$@\" & trap : TERM; while :; do wait; done", "had to be killed: it did not end within 5 s"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_profile_that_is_not_to_be_used(dbdyno, gms, by_file, name):
    body, reason = BAD[name]
    (dbdyno.home / "idle.pprof").write_bytes(gzip.compress(IDLE))
    program = wrapped(dbdyno, gms, body.replace("idle.pprof", shlex.quote(str(dbdyno.home / "idle.pprof"))))
    dbdyno.fails(4, reason, "profile", *by_file, "--exec", program, "--seconds=1", *SMALL)
    assert stored(dbdyno) == []
    assert query(dbdyno.home / "result/results.db", "select count(*) from profile") == [(0,)]
    assert query(dbdyno.home / "result/results.db", "select status from run") == [("failed",)]


def process_of(dbdyno, *words):
    """Waits for a process of the run whose command line has the words (it is polled: nothing tells of foreign processes)."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        for entry in Path("/proc").iterdir():
            try:
                command, environment = (entry / "cmdline").read_bytes(), (entry / "environ").read_bytes()
            except OSError:
                continue
            if str(dbdyno.temporary).encode() in command + environment and all(word in command.split(b"\0") for word in words):
                return int(entry.name)
        time.sleep(0.02)
    pytest.fail(f"no process with {words}")


def test_a_server_that_is_killed_under_load(dbdyno, gms, by_file):
    process = dbdyno.start("profile", *by_file, "--exec", gms["good"], "--seconds=600", *SMALL)
    server = process_of(dbdyno, b"--cpu-profile")
    process_of(dbdyno, b"run")
    os.kill(server, signal.SIGKILL)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 4 and "the server ended during oltp_point_select" in err, err
    assert stored(dbdyno) == []


def test_stopped_while_it_profiles(dbdyno, gms, by_file):
    process = dbdyno.start("profile", *by_file, "--exec", gms["good"], "--seconds=600", *SMALL)
    process_of(dbdyno, b"run")
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 143, err
    assert stored(dbdyno) == [] and query(dbdyno.home / "result/results.db", "select status from run") == [("interrupted",)]


def test_an_idle_server(dbdyno, gms, by_file):
    """Its profile holds samples, of its start: they are no profile of the load."""
    dbdyno.fails(4, "the server was idle under the load", "profile", *by_file, "--exec", gms["good"], "--seconds=1", "--rate=0.01", *SMALL,
                 **THIS_MACHINE)
    assert stored(dbdyno) == []


def test_a_server_that_forgets(dbdyno, gms, by_file):
    path = dbdyno.home / "engine.json"
    path.write_text(path.read_text().replace('"--data-dir", "${data}"', '"--host", "${host}"'))
    done = dbdyno.fails(5, "no test gave a profile", "profile", *by_file, "--exec", gms["good"], "--seconds=1", *SMALL)
    assert "load after the server's restart" in done.stderr and "sbtest1" in done.stderr, done.stderr


def test_a_dry_run_counts_the_starts(dbdyno, by_file):
    def seconds(*args):
        return int(re.search(r"^time +about (\d+) s", dbdyno.ok("profile", "--exec=/bin/true", *args, "--dry-run", *SMALL).stdout, re.MULTILINE)[1])

    assert seconds(*by_file) == seconds() + 1
    longest = "10 s of each test, up to 30 s where"
    assert longest in dbdyno.ok("profile", "--exec=/bin/true", *by_file, "--dry-run", *SMALL).stdout
    assert "up to" not in dbdyno.ok("profile", "--exec=/bin/true", "--dry-run", *SMALL).stdout
