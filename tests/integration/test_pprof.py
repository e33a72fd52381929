"""dbdyno pprof on files."""

import gzip
import json
import os
import shutil
import subprocess
import time
import zlib

import pytest

from conftest import CANARY, ROOT, git
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


def test_a_gigabyte_of_zeros(dbdyno):
    """A few megabytes of gzip: it is not inflated beyond the limit."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    chunk = b"\0" * (1 << 20)
    packed = b"".join(packer.compress(chunk) for _ in range(1024)) + packer.flush()
    assert len(packed) < 2 << 20
    (dbdyno.home / "bad.pprof").write_bytes(packed)
    dbdyno.fails(2, "inflates to more than the limit", "pprof", "merge", "bad.pprof", A, "--out=sum.pprof")
    assert not (dbdyno.home / "sum.pprof").exists()


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


def fleet(objects, profiled):
    """Three profiles of one program, and three that are not: cut off, of another type, of another program. The first by name is one of these."""
    put(objects, "0.pprof", profiled.profiles / "heap.pprof")
    put(objects, "a.pprof")
    (objects / "b.pprof").write_bytes(A.read_bytes()[:200])
    put(objects, "c.pprof", B)
    put(objects, "d.pprof", profiled.profiles / "cpu.pprof")
    put(objects, "e.pprof")
    return f"s3://{BUCKET}/fleet/"


def test_a_bad_object_does_not_stop_the_merge(dbdyno, s3, objects, profiled):
    prefix = fleet(objects, profiled)
    done = dbdyno.ok(*merge_s3(s3, prefix, "-o", "sum.pprof", "--json"), **s3.credentials())
    lines = done.stderr.splitlines()
    assert f"{prefix}b.pprof is not a profile: " in lines[0] and "cut off after 200 bytes" in lines[0], done.stderr
    assert f"{prefix}0.pprof is a profile of another kind, " in lines[1] and "; the sum is of " in lines[1]
    assert f"{prefix}d.pprof is a profile of another kind, " in lines[2] and " of program; the sum is of " in lines[2]
    assert "left out: " in lines[0] and "3 profiles merged, 3 left out: " in lines[-1] and len(lines) == 4
    told = json.loads(done.stdout)
    assert told["profiles"] == 3 and [one["profile"] for one in told["left_out"]] == [f"{prefix}{name}.pprof" for name in "b0d"]
    assert "cut off" in told["left_out"][0]["reason"]
    assert total(dbdyno) == 3 * 490
    dbdyno.ok("pprof", "merge", A, B, A, "-o", "plain.pprof")
    assert (dbdyno.home / "sum.pprof").read_bytes() == (dbdyno.home / "plain.pprof").read_bytes()
    strict = ["--strict", "-o", "strict.pprof"]
    dbdyno.fails(2, f"add {prefix}a.pprof: its period type differs from the first profile's", *merge_s3(s3, prefix, *strict), **s3.credentials())
    assert not (dbdyno.home / "strict.pprof").exists()
    dbdyno.ok(*merge_s3(s3, prefix, "--last=1", *strict), **s3.credentials())
    dbdyno.fails(2, "a prefix ends with a slash", *merge_s3(s3, prefix[:-1], "-o", "sum.pprof"), **s3.credentials())


def test_what_is_named_is_not_left_out(dbdyno, s3, objects, profiled):
    """It also says which kind is meant, however many are of another one."""
    prefix = fleet(objects, profiled)
    named = profiled.profiles / "cpu.pprof"
    for name in "abc":
        (objects / f"{name}.pprof").unlink()
    (objects / "0.pprof").unlink()
    done = dbdyno.ok(*merge_s3(s3, prefix, named, "-o", "sum.pprof", "--json"), **s3.credentials())
    assert json.loads(done.stdout)["profiles"] == 2
    assert [one["profile"] for one in json.loads(done.stdout)["left_out"]] == [f"{prefix}e.pprof"]
    dbdyno.fails(2, "is not a profile", *merge_s3(s3, f"{prefix}e.pprof", __file__, "-o", "none"), **s3.credentials())
    dbdyno.fails(2, "is the profile of another program", *merge_s3(s3, f"{prefix}e.pprof", named, prefix, "-o", "none"), **s3.credentials())
    assert not (dbdyno.home / "none").exists()


def test_too_little_is_left(dbdyno, s3, objects):
    put(objects, "a.pprof")
    for name in "bc":
        (objects / f"{name}.pprof").write_bytes(b"0123456789")
    args = merge_s3(s3, f"s3://{BUCKET}/fleet/", "-o", f"s3://{BUCKET}/fleet/sum")
    done = dbdyno.fails(2, "2 of 3 profiles would be left out", *args, **s3.credentials())
    assert done.stderr.count("warning: left out: ") == 2
    (objects / "a.pprof").unlink()
    dbdyno.fails(2, "none of 2 profiles can be merged", *args, **s3.credentials())
    (objects / "b.pprof").unlink()
    dbdyno.fails(2, "is not a profile", *args, **s3.credentials())
    assert not (objects / "sum").exists()


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


def double_merge(double, *args):
    return ["pprof", "merge", *args, "--endpoint", double.url, "--ca-file", double.ca, "--region=us-east-1", "-o", "sum.pprof"]


def test_objects_that_went_or_are_too_large(dbdyno, tmp_path):
    """Listed, and deleted before they are read; and no profile is larger than 64 MiB: told, and the others are merged."""
    aws = {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": CANARY}
    listed = listing(("p/gone.pprof", "2026-01-01T00:00:00Z"), ("p/large.pprof", "2026-01-01T00:00:00Z"))
    gone = {"status": 404, "body": "<Error><Code>NoSuchKey</Code></Error>"}
    large = {"body_size": (64 << 20) + 1}
    with Double(tmp_path / "double", listed, gone, large) as double:
        done = dbdyno.ok(*double_merge(double, A, B, "s3://fleet/p/", "--json"), **aws)
    told = json.loads(done.stdout)
    assert told["profiles"] == 2 and total(dbdyno) == 2 * 490
    assert [one["reason"] for one in told["left_out"]] == [
        "there is no object s3://fleet/p/gone.pprof", "s3://fleet/p/large.pprof is not a profile: larger than 64 MiB"]
    for name, reply, why in (("named", gone, "there is no object s3://fleet/p/gone.pprof"), ("large", large, "larger than 64 MiB")):
        with Double(tmp_path / name, reply) as double:
            dbdyno.fails(2, why, *double_merge(double, A, "s3://fleet/p/gone.pprof"), **aws)
    with Double(tmp_path / "strict", listed, gone) as double:
        dbdyno.fails(2, "there is no object", *double_merge(double, A, B, "s3://fleet/p/", "--strict"), **aws)
    with Double(tmp_path / "denied", listed, {"status": 403, "body": "<Error><Code>AccessDenied</Code></Error>"}) as double:
        dbdyno.fails(6, "403 AccessDenied", *double_merge(double, A, B, "s3://fleet/p/"), **aws)


# ---- profiles of every kind ----

KINDS = ["cpu", "heap", "allocs", "mutex", "block", "goroutine", "threadcreate"]


class Program:
    """tests/profiles in a git repository, built, and its profiles of one run."""

    def __init__(self, folder):
        if not shutil.which("go"):
            pytest.skip("go is not installed")
        self.path, self.profiles = folder / "repository", folder / "profiles"
        shutil.copytree(ROOT / "tests/profiles", self.path)
        git(self.path, "init", "--quiet", "--initial-branch=main")
        self.first = self.commit("first")
        self.exec = folder / "program"
        subprocess.run(["go", "build", "-trimpath", "-buildvcs=false", "-o", self.exec, "."], cwd=self.path, check=True)
        self.profiles.mkdir()
        subprocess.run([self.exec, self.profiles], check=True)

    def commit(self, message):
        git(self.path, "add", "--all")
        git(self.path, "commit", "--quiet", "--message", message)
        return git(self.path, "rev-parse", "HEAD")

    def edit(self, message, **replacements):
        """A commit on top of the first whose work.go has each text replaced."""
        git(self.path, "reset", "--quiet", "--hard", self.first)
        source = self.path / "work/work.go"
        text = source.read_text()
        for old, new in replacements.items():
            assert old in text
            text = text.replace(old, new)
        source.write_text(text)
        return self.commit(message)


@pytest.fixture(scope="module")
def profiled(tmp_path_factory):
    return Program(tmp_path_factory.mktemp("profiled"))


@pytest.mark.parametrize("kind", KINDS)
def test_go_sees_every_kind_as_before(dbdyno, profiled, kind):
    """One is written as it was read, and from then on its bytes stay; two are added up as go does."""
    source = profiled.profiles / f"{kind}.pprof"
    dbdyno.ok("pprof", "merge", source, "-o", "one.pprof")
    raw = go_pprof("-raw", source)
    assert raw == go_pprof("-raw", dbdyno.home / "one.pprof")
    assert "Samples:" in raw and ("Größe" in raw) == (kind == "cpu")
    dbdyno.ok("pprof", "merge", "one.pprof", "-o", "again.pprof")
    assert (dbdyno.home / "again.pprof").read_bytes() == (dbdyno.home / "one.pprof").read_bytes()
    dbdyno.ok("pprof", "merge", source, source, "-o", "sum.pprof")
    subprocess.run(["go", "tool", "pprof", "-proto", "-symbolize=none", f"-output={dbdyno.home}/theirs", source, source], check=True, capture_output=True)
    assert go_pprof("-raw", dbdyno.home / "sum.pprof") == go_pprof("-raw", dbdyno.home / "theirs")


def test_kinds_do_not_mix(dbdyno, profiled):
    for kind in KINDS[1:]:
        dbdyno.fails(2, "its period type differs" if kind != "threadcreate" else "the first profile's", "pprof", "merge",
                     profiled.profiles / "cpu.pprof", profiled.profiles / f"{kind}.pprof", "-o", "sum.pprof")
    assert not (dbdyno.home / "sum.pprof").exists()


def test_another_program_is_refused(dbdyno, profiled):
    cpu = profiled.profiles / "cpu.pprof"
    dbdyno.fails(2, "is the profile of another program: of program, the first one of maker", "pprof", "merge", A, cpu, "-o", "sum.pprof")
    assert not (dbdyno.home / "sum.pprof").exists()
    dbdyno.ok("pprof", "merge", "--any-program", A, cpu, "-o", "sum.pprof")


def test_normalize_weighs_by_window(dbdyno, profiled):
    """Both have the weight of their rate over the longer window."""
    cpu = profiled.profiles / "cpu.pprof"
    duration = json.loads(dbdyno.run("pprof", "check", "--json", "--quiet", A, cpu).stdout)
    short, long = duration[0], duration[1]
    assert short["window_seconds"] < 1 < long["window_seconds"]
    dbdyno.ok("pprof", "merge", "--any-program", "--normalize", A, cpu, "-o", "sum.pprof")
    stretch = long["window_seconds"] / short["window_seconds"]
    assert total(dbdyno) == pytest.approx(1000 * (short["cpu_seconds"] * stretch + long["cpu_seconds"]), rel=0.01)
    dbdyno.fails(2, "does not say how long it was taken", "pprof", "merge", "--normalize", profiled.profiles / "heap.pprof", "-o", "none")


# ---- check ----


def check(dbdyno, *args, code=0):
    done = dbdyno.run("pprof", "check", "--json", *args)
    assert done.returncode == code, done.stderr
    return json.loads(done.stdout)


def test_check_tells_what_a_profile_is_worth(dbdyno, profiled):
    cpu = profiled.profiles / "cpu.pprof"
    found, = check(dbdyno, cpu)
    assert found["verdict"] == "weak" and found["reasons"] == []
    assert any("samples of the program's own work" in w for w in found["warnings"])
    assert any("a window of" in w for w in found["warnings"]) == (found["window_seconds"] < 5)
    assert 150 <= found["samples"] <= 260 and found["cpu_seconds"] == pytest.approx(found["samples"] / 100)
    assert found["idle"] < 0.2 and found["start_lines"] == found["functions"] > 10
    done = dbdyno.ok("pprof", "check", cpu)
    assert f"{cpu}: fit for go build -pgo, but weak" in done.stdout and "spent on" in done.stdout
    found, = check(dbdyno, cpu, "--min-samples=100000", code=2)
    assert found["verdict"] == "unfit" and "at least 100000 are asked for" in found["reasons"][0]


def test_check_refuses_what_is_not_fit(dbdyno, profiled):
    (dbdyno.home / "bad.pprof").write_bytes(b"0123456789")
    found = check(dbdyno, "bad.pprof", profiled.profiles / "heap.pprof", profiled.profiles / "cpu.pprof", code=2)
    assert [f["verdict"] for f in found] == ["unfit", "unfit", "weak"]
    assert "is not a profile" in found[0]["reasons"][0] and "not a CPU profile" in found[1]["reasons"][0]
    dbdyno.fails(2, "2 of 3 profiles are not fit", "pprof", "check", "bad.pprof", profiled.profiles / "heap.pprof", profiled.profiles / "cpu.pprof")
    dbdyno.fails(2, "need each other", "pprof", "check", A, "--commit=main")
    dbdyno.fails(2, "give one", "pprof", "check", A, "--commit=main", "--repository=.", "--exec=x")
    dbdyno.fails(2, "no profile is named", "pprof", "check")
    dbdyno.fails(2, "nowhere: No such file", "pprof", "check", A, "--exec=nowhere")


def kept(dbdyno, profiled, commit, code=0):
    found, = check(dbdyno, profiled.profiles / "cpu.pprof", "--repository", profiled.path, "--commit", commit, code=code)
    assert found["kept"]["commit"] == commit
    return found


def test_check_against_commits(dbdyno, profiled):
    same = kept(dbdyno, profiled, profiled.first)["kept"]
    assert same["weight"] == 1 and same["calls"] == 1 and 0.3 < same["judged"] < 1
    moved = kept(dbdyno, profiled, profiled.edit("shifted", **{"// Package work": "// One more line.\n//\n// Package work"}))["kept"]
    assert moved["weight"] == 1 and moved["calls"] == 1
    # Scan's calls are a line further down than they were in it: the compiler would not match them.
    inside = kept(dbdyno, profiled, profiled.edit("inside", **{"\tdefer finish()\n": "\tSink++\n\tSink--\n\tdefer finish()\n"}))
    assert inside["kept"]["weight"] == 1 and inside["kept"]["calls"] < 1
    assert inside["kept"]["gone"] == [] and inside["kept"]["gone_functions"] == 0
    commit = profiled.edit("gone", mix="blend")
    gone = kept(dbdyno, profiled, commit, code=2)
    assert gone["verdict"] == "unfit" and gone["kept"]["weight"] < 0.5 and gone["kept"]["calls"] < 0.9
    # Which: the heaviest first, and with what is there they are all.
    names = [one["function"] for one in gone["kept"]["gone"]]
    weights = [one["weight"] for one in gone["kept"]["gone"]]
    assert names[0].endswith("/work.mix") and len(names) == gone["kept"]["gone_functions"], names
    assert weights == sorted(weights, reverse=True) and sum(weights) + gone["kept"]["weight"] == pytest.approx(1)
    told = dbdyno.run("pprof", "check", profiled.profiles / "cpu.pprof", "--repository", profiled.path, "--commit", commit).stdout
    assert f"  gone        {100 * weights[0]:4.1f} %  {names[0]}\n" in told, told


def test_check_against_a_program(dbdyno, profiled, gms):
    cpu = profiled.profiles / "cpu.pprof"
    found, = check(dbdyno, cpu, "--exec", profiled.exec)
    assert found["kept"]["weight"] == 1 and found["kept"]["calls"] == 1 and "commit" not in found["kept"]
    found, = check(dbdyno, cpu, "--exec", gms["good"], code=2)
    assert found["verdict"] == "unfit" and found["kept"]["weight"] < 0.5


def test_check_against_another_repository(dbdyno, profiled, repository):
    found, = check(dbdyno, profiled.profiles / "cpu.pprof", "--repository", repository.path, "--commit", repository.good, code=2)
    assert "profile of another program" in found["reasons"][0] or "no more than" in found["reasons"][0]
