"""dbdyno pprof on files."""

import gzip
import json
import os
import shutil
import subprocess
import time

import pytest

from conftest import CANARY, ROOT
from servers import BUCKET, Double

A, B = ROOT / "tests/data/cpu-a.pprof", ROOT / "tests/data/cpu-b.pprof"  # 490 ms each, of 500 ms


def go_pprof(*args):
    if not shutil.which("go"):
        pytest.skip("go is not installed")
    return subprocess.run(["go", "tool", "pprof", "-symbolize=none", *map(str, args)], check=True, capture_output=True, text=True).stdout


def test_help_names_every_command(dbdyno):
    overview = dbdyno.ok("pprof", "--help").stdout
    assert all(f"\n  {name} " in overview for name in ("merge", "top", "diff", "flame"))
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


# ---- S3 ----

DAY = 86400


@pytest.fixture
def objects(s3):
    """A folder of the bucket to itself; what is put there is an object. Gone afterwards."""
    folder = s3.objects / BUCKET / "fleet"
    folder.mkdir()
    yield folder
    shutil.rmtree(folder)


def put(objects, name, profile=A, age=0):
    path = objects / name
    path.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(profile, path)
    os.utime(path, (time.time() - age, time.time() - age))


def merge_s3(s3, *args):
    return ["pprof", "merge", *args, "--endpoint", s3.endpoint, "--region=us-east-1"]


def total(dbdyno, profile="sum.pprof"):
    """Of the profile's samples, in milliseconds."""
    return float(go_pprof("-top", "-unit=ms", dbdyno.home / profile).split("Total samples = ")[1].split("ms")[0])


def test_merge_from_s3_to_s3(dbdyno, s3, objects):
    put(objects, "a.pprof")
    put(objects, "b.pprof", B)
    dbdyno.ok(*merge_s3(s3, f"s3://{BUCKET}/fleet/a.pprof=3", f"s3://{BUCKET}/fleet/b.pprof", "-o", f"s3://{BUCKET}/fleet/sum"),
              **s3.credentials())
    shutil.copyfile(objects / "sum", dbdyno.home / "sum.pprof")
    assert total(dbdyno) == 4 * 490


def test_merge_a_prefix(dbdyno, s3, objects):
    """By name, by number and by age; a run's sum instead of its parts; and every name that does not end as a profile's is left."""
    put(objects, "a.pprof", age=3 * DAY)
    put(objects, "b.prof", B, age=2 * DAY)
    put(objects, "deep/c.pb.gz", age=DAY)
    put(objects, "run/profile.pprof", age=5 * DAY)
    put(objects, "run/profiles/oltp_insert.pprof", age=5 * DAY)
    put(objects, "lone/profiles/oltp_insert.pprof", age=5 * DAY)
    (objects / "notes.txt").write_text("no profile")
    prefix = f"s3://{BUCKET}/fleet/"
    for flags, profiles, milliseconds in (([], 5, 5 * 490), (["--last=2"], 2, 2 * 490), (["--max-age=2.5d"], 2, 2 * 490),
                                          (["--max-age=36h", "--last=7"], 1, 490)):
        done = dbdyno.ok(*merge_s3(s3, prefix, *flags, "-o", "sum.pprof", "--json"), **s3.credentials())
        assert json.loads(done.stdout)["profiles"] == profiles, flags
        assert total(dbdyno) == milliseconds, flags
    dbdyno.ok(*merge_s3(s3, f"{prefix}=2", A, "--last=1", "-o", "sum.pprof"), **s3.credentials())
    assert total(dbdyno) == 3 * 490
    dbdyno.fails(2, "is a profile to take", *merge_s3(s3, prefix, "--max-age=1h", "-o", "none.pprof"), **s3.credentials())
    dbdyno.fails(2, "there is nothing under", *merge_s3(s3, f"s3://{BUCKET}/fleet/none/", "-o", "none.pprof"), **s3.credentials())
    dbdyno.fails(2, "name one as s3://bucket/prefix/", *merge_s3(s3, A, "--last=1", "-o", "none.pprof"), **s3.credentials())
    dbdyno.fails(2, "is a prefix, not an object", *merge_s3(s3, A, "-o", prefix), **s3.credentials())
    assert not (dbdyno.home / "none.pprof").exists()


def test_more_profiles_than_a_page(dbdyno, s3, objects):
    for i in range(1003):
        put(objects, f"{i:04}.pprof", age=2 * DAY)
    done = dbdyno.ok(*merge_s3(s3, f"s3://{BUCKET}/fleet/", "-o", "sum.pprof", "--json"), **s3.credentials())
    assert json.loads(done.stdout)["profiles"] == 1003
    assert total(dbdyno) == 1003 * 490


def test_a_bad_object_stops_the_merge(dbdyno, s3, objects):
    put(objects, "a.pprof")
    (objects / "b.pprof").write_bytes(b"0123456789")
    dbdyno.fails(2, f"s3://{BUCKET}/fleet/b.pprof is not a profile",
                 *merge_s3(s3, f"s3://{BUCKET}/fleet/", "-o", f"s3://{BUCKET}/fleet/sum"), **s3.credentials())
    assert not (objects / "sum").exists()
    dbdyno.fails(6, "a prefix ends with a slash", *merge_s3(s3, f"s3://{BUCKET}/fleet", "-o", "sum.pprof"), **s3.credentials())


def listing(*objects, more=""):
    contents = "".join(f"<Contents><Key>{key}</Key><LastModified>{written}</LastModified></Contents>" for key, written in objects)
    state = f"<IsTruncated>true</IsTruncated><NextContinuationToken>{more}</NextContinuationToken>" if more else "<IsTruncated>false</IsTruncated>"
    return {"body": f"<ListBucketResult>{state}{contents}</ListBucketResult>"}


@pytest.mark.parametrize("reply, why", [
    (listing(("p/a.pprof", "yesterday")), 'written at "yesterday"'),
    (listing(("q/a.pprof", "2026-01-01T00:00:00Z")), "does not begin so"),
    (listing(more="again"), "empty page"),
    ({"body": "<ListBucketResult>"}, "not usable XML"),
    ({"status": 403, "body": "<Error><Code>AccessDenied</Code></Error>"}, "403 AccessDenied"),
])
def test_a_list_that_cannot_be_believed(dbdyno, tmp_path, reply, why):
    with Double(tmp_path / "double", reply) as double:
        dbdyno.fails(6, why, "pprof", "merge", "s3://fleet/p/", "-o", "sum.pprof", "--endpoint", double.url, "--ca-file", double.ca,
                     "--region=us-east-1", AWS_ACCESS_KEY_ID="a", AWS_SECRET_ACCESS_KEY=CANARY)
    assert not (dbdyno.home / "sum.pprof").exists()
