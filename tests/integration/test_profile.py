"""dbdyno profile on gms, and builds with what it gives (pgo: test_pgo.py)."""

import gzip
import shutil
import subprocess

import pytest

from conftest import query

LOAD = ["--test=oltp_point_select", "--test=oltp_read_only", "--table-size=500", "--warmup=100ms", "--out=result"]


def go_top(profile):
    if not shutil.which("go"):
        pytest.skip("go is not installed")
    return subprocess.run(["go", "tool", "pprof", "-top", profile], check=True, capture_output=True, text=True).stdout


def test_profile_of_the_run_phase(dbdyno, repository, gms):
    dbdyno.ok("profile", "--repository", repository.path, "--version", repository.good, "--seconds=2", *LOAD)
    out = dbdyno.home / "result"
    rows = query(out / "results.db", "select test, file, samples from profile order by test is null, test")
    assert [(row[0], row[1]) for row in rows] == [("oltp_point_select", "profiles/oltp_point_select.pprof"),
                                                   ("oltp_read_only", "profiles/oltp_read_only.pprof"), (None, "profile.pprof")]
    assert rows[0][2] > 0 and rows[1][2] > 0 and rows[2][2] == rows[0][2] + rows[1][2]
    for _, file, _ in rows:
        assert gzip.decompress((out / file).read_bytes())
        assert "flat%" in go_top(out / file)


def test_a_profile_is_built_with_and_measured(dbdyno, repository, profile):
    """compare --to-profile: the binaries differ, and the row says with what the second was built."""
    dbdyno.ok("compare", "--from-repository", repository.path, "--from-version", repository.good, "--to-repository", repository.path,
              "--to-version", repository.good, "--to-profile", profile, "--test=oltp_point_select", "--sysbench-test-time=1",
              "--table-size=500", "--out=compared")
    rows = query(dbdyno.home / "compared/results.db", "select commit_sha, binary_sha256, profile_sha256 from server order by side")
    assert rows[0][0] == rows[1][0] and rows[0][1] != rows[1][1]
    assert rows[0][2] is None and len(rows[1][2]) == 64


BAD_PROFILES = {
    "empty": b"", "ten bytes": b"0123456789", "cut": gzip.compress(b"x" * 5000)[:40], "not a profile": gzip.compress(b"hello, world"),
    "no samples": gzip.compress(b"\x32\x00"), "bomb": gzip.compress(b"\0" * (64 << 20)),
}


@pytest.mark.parametrize("name", BAD_PROFILES)
def test_a_bad_profile_never_reaches_go(dbdyno, repository, name):
    (dbdyno.home / "bad.pprof").write_bytes(BAD_PROFILES[name])
    dbdyno.fails(2, "bad.pprof", "compare", "--from-repository", repository.path, "--from-version", repository.good, "--to-repository",
                 repository.path, "--to-version", repository.good, "--to-profile=bad.pprof", "--out=result")


def test_an_engine_without_profiles_says_so(dbdyno):
    dbdyno.fails(2, "mariadb", "profile", "--server=mariadb", "--out=result")
