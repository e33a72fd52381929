"""dbdyno pprof on files."""

import gzip
import json
import shutil
import subprocess

import pytest

from conftest import ROOT

A, B = ROOT / "tests/data/cpu-a.pprof", ROOT / "tests/data/cpu-b.pprof"  # 490 ms each, of 500 ms


def go_pprof(form, *profiles):
    if not shutil.which("go"):
        pytest.skip("go is not installed")
    return subprocess.run(["go", "tool", "pprof", "-symbolize=none", form, *map(str, profiles)], check=True, capture_output=True, text=True).stdout


def test_help_names_every_command(dbdyno):
    overview = dbdyno.ok("pprof", "--help").stdout
    assert "merge" in overview and "top" in overview
    assert "PROFILE[=WEIGHT]" in dbdyno.ok("pprof", "merge", "--help").stdout
    dbdyno.fails(2, "did you mean dbdyno pprof merge?", "pprof", "marge")
    dbdyno.fails(2, "pprof needs a command", "pprof")


def test_merge_adds_up_as_go_does(dbdyno):
    done = dbdyno.ok("pprof", "merge", A, B, A, "-o", "sum.pprof")
    assert "3 profiles merged" in done.stderr and done.stdout == ""
    raw = go_pprof("-raw", dbdyno.home / "sum.pprof")
    subprocess.run(["go", "tool", "pprof", "-proto", "-symbolize=none", f"-output={dbdyno.home}/theirs", A, B, A], check=True, capture_output=True)
    assert raw == go_pprof("-raw", dbdyno.home / "theirs")
    assert (dbdyno.home / "sum.pprof").stat().st_mode & 0o777 == 0o600


def test_merge_weighs(dbdyno):
    done = dbdyno.ok("pprof", "merge", f"{A}=2", f"{B}=0.5", "--out=sum.pprof", "--json")
    assert json.loads(done.stdout)["profiles"] == 2
    assert json.loads(done.stdout)["duration_seconds"] == pytest.approx(1.25, abs=0.01)
    assert "Total samples = 1225ms" in go_pprof("-top", dbdyno.home / "sum.pprof")


def test_a_file_whose_name_looks_like_a_weight(dbdyno):
    shutil.copy(A, dbdyno.home / "a=2")
    dbdyno.ok("pprof", "merge", "a=2", "--out=sum.pprof")
    assert "Total samples = 490ms" in go_pprof("-top", dbdyno.home / "sum.pprof")
    dbdyno.ok("pprof", "merge", "a=2=3", "--out=sum.pprof")
    assert "Total samples = 1470ms" in go_pprof("-top", dbdyno.home / "sum.pprof")


@pytest.mark.parametrize("weight", ["0", "-1", "nan", "inf", "1e999", "x", ""])
def test_a_bad_weight_is_refused_before_anything_is_read(dbdyno, weight):
    dbdyno.fails(2, f'the weight "{weight}" is not a finite number above 0', "pprof", "merge", f"{A}={weight}", "nowhere", "--out=sum.pprof")
    assert not (dbdyno.home / "sum.pprof").exists()


BAD_PROFILES = {
    "empty": (b"", "0 bytes"), "ten bytes": (b"0123456789", "is not a profile"),
    "cut": (A.read_bytes()[:200], "cut off after 200 bytes"), "not a profile": (gzip.compress(b"hello, world"), "is not a profile"),
    "no samples": (gzip.compress(b"\x32\x00"), "there are no samples"),
    "bomb": (gzip.compress(b"\0" * (64 << 20)), "is not a profile"),
    "dangling": (gzip.compress(b"\x32\x00\x0a\x00\x12\x05\x0a\x01\x07\x12\x00"), "is not a profile"),
}


@pytest.mark.parametrize("name", BAD_PROFILES)
def test_a_bad_profile_is_refused_and_nothing_written(dbdyno, name):
    content, reason = BAD_PROFILES[name]
    (dbdyno.home / "bad.pprof").write_bytes(content)
    (dbdyno.home / "sum.pprof").write_text("as before")
    dbdyno.fails(2, reason, "pprof", "merge", "bad.pprof", "--out=sum.pprof")
    assert (dbdyno.home / "sum.pprof").read_text() == "as before"
    assert sorted(p.name for p in dbdyno.home.iterdir()) == ["bad.pprof", "sum.pprof"]


def test_what_is_no_file_is_refused(dbdyno):
    dbdyno.fails(2, f"{dbdyno.home} is a folder, not a profile", "pprof", "merge", dbdyno.home, "--out=sum.pprof")
    dbdyno.fails(2, "nowhere: No such file", "pprof", "merge", A, "nowhere", "--out=sum.pprof")
    dbdyno.fails(2, f"--out: {dbdyno.home} is a folder", "pprof", "merge", A, "--out", dbdyno.home)
    dbdyno.fails(2, "no profile is named", "pprof", "merge", "--out=sum.pprof")
    dbdyno.fails(2, "--out is required", "pprof", "merge", A)
    assert list(dbdyno.home.iterdir()) == []
