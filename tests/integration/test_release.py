"""dbdyno build as a release process uses it: other platforms, archives, a folder of binaries."""

import gzip
import hashlib
import io
import json
import os
import platform
import shutil
import struct
import subprocess
import tarfile
import zipfile
from pathlib import Path

import pytest

from conftest import Dbdyno, git

HERE = "linux/arm64" if platform.machine() == "aarch64" else "linux/amd64"
TARGETS = ["linux/amd64", "linux/arm64", "darwin/amd64", "darwin/arm64", "windows/amd64"]
COMMIT_TIME = 1767225600  # conftest.git: 2026-01-01

MAIN = """package main

func explode() { panic("on purpose") }

func main() { explode() }
"""


def platform_of(binary):
    """GOOS/GOARCH that the header of an executable says."""
    if binary[:4] == b"\x7fELF":
        assert binary[4:6] == b"\x02\x01", "64 bits, little-endian"
        return "linux/" + {62: "amd64", 183: "arm64"}[struct.unpack_from("<H", binary, 18)[0]]
    if binary[:4] == b"\xcf\xfa\xed\xfe":
        return "darwin/" + {0x01000007: "amd64", 0x0100000C: "arm64"}[struct.unpack_from("<I", binary, 4)[0]]
    assert binary[:2] == b"MZ", binary[:16]
    at = struct.unpack_from("<I", binary, 0x3C)[0]
    assert binary[at : at + 4] == b"PE\0\0"
    return "windows/" + {0x8664: "amd64", 0xAA64: "arm64"}[struct.unpack_from("<H", binary, at + 4)[0]]


def content_of(archive):
    """{name: bytes} of an archive's files, after a look at what must be the same everywhere."""
    path = Path(archive)
    if path.name.endswith(".tar.gz"):
        with gzip.open(path) as stream:
            whole = stream.read()
        with tarfile.open(fileobj=io.BytesIO(whole)) as tar:
            members = tar.getmembers()
            assert [m.mtime for m in members] == [COMMIT_TIME] * len(members)
            assert {(m.uid, m.gid, m.uname, m.gname) for m in members} == {(0, 0, "", "")}
            assert {m.mode for m in members if m.isdir()} == {0o755}
            assert {m.mode for m in members if "/bin/" in m.name} == {0o755}
            return {m.name: tar.extractfile(m).read() for m in members if m.isfile()}
    with zipfile.ZipFile(path) as z:
        assert z.testzip() is None
        assert {i.date_time for i in z.infolist()} == {(2026, 1, 1, 0, 0, 0)}
        return {i.filename: z.read(i) for i in z.infolist() if not i.is_dir()}


def check_sums(folder, names):
    subprocess.run(["sha256sum", "--check", "--strict", "--quiet", "SHA256SUMS"], cwd=folder, check=True)
    assert [line.split("  ")[1] for line in (folder / "SHA256SUMS").read_text().splitlines()] == sorted(names)


@pytest.fixture
def module(tmp_path):
    """A repository of a program that needs nothing but Go's runtime."""
    path = tmp_path / "module"
    (path / "cmd").mkdir(parents=True)
    (path / "go.mod").write_text("module example.com/boom\n\ngo 1.21\n")
    (path / "cmd/main.go").write_text(MAIN)
    (path / "LICENSES").write_text("use it\n")
    git(path, "init", "--quiet", "--initial-branch=main")
    git(path, "add", "--all")
    git(path, "commit", "--quiet", "--message=one")
    return path


def engine_file(folder, targets, **build):
    """An engine "boom" with these targets."""
    path = folder / "boom.json"
    path.write_text(json.dumps({
        "name": "boom", "protocol": "mysql", "start": ["${exec}", "${port}"], "admin": {"user": "a"}, "load": {"user": "u", "database": "d"},
        "build": {"package": "./cmd", "binary": "boom", "env": ["CGO_ENABLED=0"], "targets": targets, **build}}))
    return ["--engine-file", path, "--engine", "boom"]


def test_gms_for_all_targets(dbdyno, cache, repository):
    """The small database for all five platforms, packed, and measured on this one out of its archive."""
    done = dbdyno.ok("build", "--repository", repository.path, "--target", ",".join(TARGETS), "--package=auto", "--package-dir=release",
                     "--json", "v1.2.3", timeout=1800)
    built = json.loads(done.stdout)
    assert [b["target"] for b in built] == TARGETS
    assert {b["commit"] for b in built} == {repository.good}
    names = [f"gms-{t.replace('/', '-')}.{'zip' if t.startswith('windows') else 'tar.gz'}" for t in TARGETS]
    assert [Path(b["archives"][0]).name for b in built] == names
    check_sums(dbdyno.home / "release", names)
    for b, name in zip(built, names):
        top = name.replace(".zip", "").replace(".tar.gz", "")
        (path, binary), = content_of(b["archives"][0]).items()
        assert path == f"{top}/bin/gms{'.exe' if 'windows' in top else ''}"
        assert platform_of(binary) == b["target"]
        assert hashlib.sha256(binary).hexdigest() == b["sha256"]
        for folder in (cache, dbdyno.home, repository.path, Path.home()):
            assert str(folder).encode() + b"/" not in binary, f"{top} names {folder}"
    folder = f"gms-{HERE.replace('/', '-')}"
    subprocess.run(["tar", "-xzf", dbdyno.home / f"release/{folder}.tar.gz"], cwd=dbdyno.home, check=True)
    program = dbdyno.home / folder / "bin/gms"
    dbdyno.ok("compare", "--from-exec", program, "--to-exec", program, "--test=oltp_point_select", "--sysbench-test-time=1", "--table-size=100",
              "--warmup=0", "--out=result")


def test_the_same_commit_gives_the_same_bytes(program, module, tmp_path, temporary):
    """Built twice: another folder of the repository, another cache, another time zone, nothing shared."""
    sums = []
    for name, zone in (("here", "America/New_York"), ("elsewhere/deep", "Asia/Tokyo")):
        home = tmp_path / name
        home.mkdir(parents=True)
        shutil.copytree(module, home / "clone")
        engine = engine_file(home, {"windows/amd64": {"flags": ["-ldflags=-s -w"]}})
        dbdyno = Dbdyno(program, home, home / "cache", temporary)
        dbdyno.ok("build", *engine, "--repository", home / "clone", "--target=all", "--package=tar.gz,zip,7z", "--package-dir=release", "HEAD", TZ=zone)
        check_sums(home / "release", [f"boom-windows-amd64.{kind}" for kind in ("tar.gz", "zip", "7z")])
        sums.append((home / "release/SHA256SUMS").read_text())
        shutil.rmtree(home / "cache")
    assert sums[0] == sums[1]
    for kind in ("zip", "tar.gz"):
        content = content_of(tmp_path / f"here/release/boom-windows-amd64.{kind}")
        assert content.keys() == {"boom-windows-amd64/bin/boom.exe", "boom-windows-amd64/LICENSES"}
        assert content["boom-windows-amd64/LICENSES"] == b"use it\n"
        assert platform_of(content["boom-windows-amd64/bin/boom.exe"]) == "windows/amd64"


def test_stack_traces_have_generic_paths(dbdyno, module):
    engine = engine_file(dbdyno.home, {HERE: {"flags": ["-ldflags=-s -w"]}})
    built = dbdyno.ok("build", *engine, "--repository", module, "--target", HERE, "main").stdout.strip()
    trace = subprocess.run([built], capture_output=True, text=True, check=False).stderr
    assert "example.com/boom/cmd/main.go:3" in trace and "on purpose" in trace
    assert str(dbdyno.home) not in trace and str(dbdyno.cache) not in trace


def test_a_release_with_cgo(dbdyno, module):
    """C by the compilers that the engine file or the environment names; here, and crossed to the other processor."""
    (module / "cmd/where.c").write_text("#include <stdio.h>\nvoid where(void) { puts(__FILE__); fflush(stdout); }\n")
    (module / "cmd/main.go").write_text("package main\n\n// void where(void);\nimport \"C\"\n\nfunc main() { C.where() }\n")
    git(module, "add", "--all")
    git(module, "commit", "--quiet", "--message=c")
    there = next(t for t in ("linux/amd64", "linux/arm64") if t != HERE)
    compiler = {"linux/amd64": "x86_64-linux-gnu-gcc", "linux/arm64": "aarch64-linux-gnu-gcc"}
    release = {"flags": ["-ldflags=-s -w", "-tags=netgo"]}
    engine = engine_file(dbdyno.home, {HERE: {**release, "env": [f"CC={compiler[HERE]}", "CGO_LDFLAGS=-static"]}, there: {**release, "env": ["CC=nonsense"]}},
                         env=["CGO_ENABLED=1"])
    done = dbdyno.ok("build", *engine, "--repository", module, "--target=all", "--package=auto", "--package-dir=release", "--json", "main",
                     **{f"CC_FOR_{there.replace('/', '_')}": compiler[there]})
    for b in json.loads(done.stdout):
        binary = content_of(b["archives"][0])[f"boom-{b['target'].replace('/', '-')}/bin/boom"]
        assert platform_of(binary) == b["target"]
        assert str(dbdyno.cache).encode() not in binary
        if b["target"] == HERE:
            assert b"/ld-linux" not in binary, "-static"
            said = subprocess.run([b["exec"]], capture_output=True, text=True, check=True).stdout
            assert said.strip().endswith("where.c") and str(dbdyno.cache) not in said
    dbdyno.fails(2, "needs the compiler nonsense", "build", *engine, "--repository", module, "--target=all", "main")


def test_a_path_of_this_machine_is_refused(dbdyno, module):
    """What -trimpath cannot know of: a setting that puts the folder of the cache into the binary."""
    source = module / "cmd/main.go"
    source.write_text(MAIN + "\nvar where = \"\"\n\nfunc init() { println(where) }\n")
    git(module, "commit", "--quiet", "--all", "--message=where")
    engine = engine_file(dbdyno.home, {HERE: {"flags": [f"-ldflags=-X main.where={dbdyno.cache}/go-mod/x"]}})
    dbdyno.fails(3, f"holds a path of this machine, {dbdyno.cache}", "build", *engine, "--repository", module, "--target", HERE, "--package-dir=release", "main")
    assert list((dbdyno.home / "release").iterdir()) == []


def test_missing_compilers_are_told_at_once(dbdyno):
    """Before anything is fetched: there is not even a cache."""
    cache = dbdyno.home / "own-cache"
    (dbdyno.home / "bin").mkdir()
    for tool in ("git", "go"):
        (dbdyno.home / "bin" / tool).symlink_to(shutil.which(tool))
    done = dbdyno.fails(2, "10 problems", "build", "--engine=dolt", "--target=all", "--cache", cache, "v1.2.3", PATH=dbdyno.home / "bin")
    for package in ("gcc-x86-64-linux-gnu", "g++-aarch64-linux-gnu", "gcc-mingw-w64-x86-64", "CC_FOR_darwin_arm64", "osxcross"):
        assert package in done.stderr
    assert not cache.exists()


BAD = [
    (["--target=linux/mips"], "--target: engine gms is not built for \"linux/mips\"; its engine file names linux/amd64, "),
    (["--target=linux/amd64,linux/amd64"], "given twice"),
    (["--package=rar"], "--package: \"rar\" is not auto, tar.gz, zip or 7z"),
    (["--package=zip", "abcd", "abce"], "--package: an archive's name holds no version"),
    (["--bin-dir=x", "--target=linux/amd64"], "--bin-dir is for binaries of this machine"),
    (["--engine=mariadb", "--target=linux/amd64"], "mariadb is not built from a commit"),
]


@pytest.mark.parametrize("args, text", BAD, ids=[" ".join(args) for args, _ in BAD])
def test_bad_options(dbdyno, repository, args, text):
    done = dbdyno.fails(2, text, "build", "--repository", repository.path, "--version=main", *args)
    assert done.stdout == "" and list(dbdyno.home.iterdir()) == []


def test_a_full_disk_leaves_no_archive(dbdyno, module, tmp_path):
    if os.geteuid() != 0:
        pytest.skip("mounting a small tmpfs needs root")
    engine = engine_file(dbdyno.home, {HERE: {}})
    small = tmp_path / "small"
    small.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=100k", "tmpfs", small], check=True)
    try:
        done = dbdyno.fails(1, "boom-", "build", *engine, "--repository", module, "--package=auto", "--package-dir", small, "main")
        assert "No space left" in done.stderr
        assert list(small.iterdir()) == []
    finally:
        subprocess.run(["umount", small], check=True)


def test_a_commit_that_was_not_pushed(dbdyno, module, tmp_path):
    """A release's version bump: committed in a clone, built from it by any name, before it is pushed."""
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "--quiet", module, clone)
    (clone / "cmd/version.go").write_text("package main\n\nvar Version = \"1.2.3\"\n\nfunc init() { println(Version) }\n")
    git(clone, "add", "--all")
    git(clone, "commit", "--quiet", "--message=bump")
    bump = git(clone, "rev-parse", "HEAD")
    git(clone, "checkout", "--quiet", "--detach")
    git(clone, "branch", "--quiet", "--force", "main", "HEAD~1")  # nothing but HEAD leads to it
    (clone / "cmd/version.go").write_text("not committed, so it does not count")
    engine = engine_file(dbdyno.home, {HERE: {}})
    done = dbdyno.ok("build", *engine, "--repository", clone, "--json", "HEAD", bump, bump[:10], "main")
    head, full, short, main = json.loads(done.stdout)
    assert {b["commit"] for b in (head, full, short)} == {bump} and main["commit"] != bump
    assert subprocess.run([head["exec"]], capture_output=True, text=True, check=False).stderr.startswith("1.2.3\n")
    dbdyno.fails(3, bump, "build", *engine, "--repository", module, bump)


@pytest.fixture
def like_dolt(module, tmp_path):
    """A repository laid out as Dolt's, under a tag, a branch and SHAs."""
    path = tmp_path / "like-dolt"
    shutil.copytree(module / "cmd", path / "go/cmd/dolt")
    (path / "go/go.mod").write_text("module example.com/like\n\ngo 1.21\n")
    git(path, "init", "--quiet", "--initial-branch=main")
    for number in (1, 2):
        (path / "go/cmd/dolt/number.go").write_text(f"package main\n\nfunc init() {{ println({number}) }}\n")
        git(path, "add", "--all")
        git(path, "commit", "--quiet", f"--message={number}")
        git(path, "tag", f"v0.{number}.0")
    git(path, "branch", "feature/x")
    return path


def says(program):
    return subprocess.run([program], capture_output=True, text=True, check=False).stderr.split()[0]


def test_dolt_builder(dbdyno, like_dolt, program):
    """The link of that name: SHAs and tags to $DOLT_BIN or ./doltBin, as that program's users call it."""
    link = dbdyno.home / "dolt-builder"
    link.symlink_to(program)
    first, second = git(like_dolt, "rev-parse", "v0.1.0"), git(like_dolt, "rev-parse", "main")
    builder = Dbdyno(str(link), dbdyno.home, dbdyno.cache, dbdyno.temporary)
    done = builder.ok(first[:8], "0.2.0", "feature/x", DOLT_REPOSITORY_URL=like_dolt)
    folder = dbdyno.home / "doltBin"
    assert done.stdout.splitlines() == [str(folder / first / "dolt"), str(folder / second / "dolt"), str(folder / second / "dolt")]
    assert says(folder / first / "dolt") == "1" and says(folder / first[:8] / "dolt") == "1"
    assert says(folder / second / "dolt") == "2" and says(folder / "0.2.0" / "dolt") == "2"
    assert sorted(p.name for p in folder.iterdir()) == sorted([first, second, first[:8], "0.2.0"])
    assert {oct(p.stat().st_mode & 0o777) for p in folder.glob("*/dolt")} == {"0o755"}

    other = dbdyno.home / "other"
    (other / "v0.1.0").mkdir(parents=True)  # a folder from before is filled, a link from before is moved
    (other / "0.2.0").symlink_to("elsewhere")
    builder.ok("v0.1.0", "0.2.0", DOLT_REPOSITORY_URL=like_dolt, DOLT_BIN=other)
    assert says(other / "v0.1.0/dolt") == "1" and not (other / "v0.1.0").is_symlink()
    assert os.readlink(other / "0.2.0") == second
    builder.fails(2, "/nonexistent", "-profile", "/nonexistent", "v0.1.0", DOLT_REPOSITORY_URL=like_dolt)
    assert "Usage: dbdyno dolt-builder" in dbdyno.ok("dolt-builder", "--help").stdout


def test_bin_dir_of_build(dbdyno, module):
    engine = engine_file(dbdyno.home, {})
    sha = git(module, "rev-parse", "HEAD")
    done = dbdyno.ok("build", *engine, "--repository", module, "--bin-dir=bin", "--json", sha)
    assert json.loads(done.stdout)[0]["installed"] == str(dbdyno.home / f"bin/{sha}/boom")
    assert [str(p.relative_to(dbdyno.home)) for p in (dbdyno.home / "bin").rglob("*")] == [f"bin/{sha}", f"bin/{sha}/boom"]
    without = dbdyno.ok("build", *engine, "--repository", module, sha)
    assert without.stdout.startswith(str(dbdyno.cache))
