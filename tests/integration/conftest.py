"""What the integration tests share: the program under test (environment DBDYNO), a git repository of gms, real servers."""

import contextlib
import fcntl
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import tempfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CANARY = "canary-7f3a9c51e2"  # stands for every secret; searched for in all that a run leaves behind
THIS_MACHINE = {"DBDYNO_MACHINE_ROOT": ""}  # for a run that shall see it: else what else runs here decides nothing


class Dbdyno:
    """Runs the program in a folder of its own, with an environment that holds nothing but what a test gives."""

    def __init__(self, program, home, cache, temporary):
        self.program, self.home, self.cache, self.temporary = program, home, cache, temporary

    def environment(self, **extra):
        env = {name: os.environ[name] for name in ("PATH", "LANG", "SSL_CERT_FILE", "GOPROXY", "GOFLAGS") if name in os.environ}
        env.update(HOME=str(self.home), TMPDIR=str(self.temporary), DBDYNO_CACHE=str(self.cache), NO_COLOR="1")
        env["DBDYNO_WHY"] = "never"  # tests of other things need no profiles of both servers
        env["DBDYNO_MACHINE_ROOT"] = str(self.home / "no-machine")  # THIS_MACHINE
        env["ASAN_OPTIONS"] = "detect_leaks=1:exitcode=99"
        env["UBSAN_OPTIONS"] = "print_stacktrace=1:halt_on_error=1:exitcode=99"
        env.update({name: str(value) for name, value in extra.items()})
        return env

    def start(self, *args, **extra):
        """Popen in a session of its own, both outputs piped as text."""
        return subprocess.Popen([self.program, *map(str, args)], cwd=self.home, env=self.environment(**extra), text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, start_new_session=True)

    def run(self, *args, timeout=600, **extra):
        process = self.start(*args, **extra)
        try:
            out, err = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            os.kill(process.pid, signal.SIGKILL)
            out, err = process.communicate()
            pytest.fail(f"{args} ran longer than {timeout} s\n{out}\n{err}")
        assert "AddressSanitizer" not in err and "LeakSanitizer" not in err and "runtime error:" not in err, err
        return subprocess.CompletedProcess(args, process.returncode, out, err)

    def ok(self, *args, **extra):
        done = self.run(*args, **extra)
        assert done.returncode == 0, f"{args}: exit {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done

    def fails(self, code, text, *args, **extra):
        """It exits with code, says text on stderr, and ends with its one error line."""
        done = self.run(*args, **extra)
        assert done.returncode == code, f"{args}: exit {done.returncode}, expected {code}\n{done.stdout}\n{done.stderr}"
        assert text in done.stderr, f"expected {text!r} in:\n{done.stderr}"
        assert done.stderr.strip().splitlines()[-1].startswith("dbdyno: "), done.stderr
        return done


def processes_of(marker):
    """Command lines of running processes whose environment or arguments hold marker (a path of the test's own folder)."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            command, environment = (entry / "cmdline").read_bytes(), (entry / "environ").read_bytes()
            state = (entry / "stat").read_text().rsplit(")", 1)[1].split()[0]
        except OSError:
            continue
        if state != "Z" and (marker.encode() in command or marker.encode() in environment):
            found.append(command.replace(b"\0", b" ").decode(errors="replace"))
    return found


def query(database, sql):
    with contextlib.closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        return connection.execute(sql).fetchall()


@pytest.fixture(scope="session")
def program():
    path = os.environ.get("DBDYNO")
    assert path and os.access(path, os.X_OK), "set DBDYNO to the program under test"
    return os.path.abspath(path)


@pytest.fixture(scope="session")
def cache(program):
    """One build cache for all tests, kept between runs beside the program."""
    path = Path(program).parent / "test-cache"
    path.mkdir(exist_ok=True)
    return path.resolve()  # as the program names it, also where the folder is a link


@pytest.fixture
def temporary():
    """A folder for temporary files that all users can enter: started by root, PostgreSQL runs as another user."""
    path = Path(tempfile.mkdtemp(prefix="dbdyno-tests-"))
    path.chmod(0o711)
    yield path
    shutil.rmtree(path)


@pytest.fixture
def dbdyno(program, cache, tmp_path, temporary):
    yield Dbdyno(program, tmp_path, cache, temporary)
    assert processes_of(str(tmp_path)) == [], "processes were left behind"
    assert list(temporary.iterdir()) == [], "temporary files were left behind"


def git(folder, *args):
    env = dict(os.environ, GIT_CONFIG_GLOBAL="/dev/null", GIT_CONFIG_NOSYSTEM="1", GIT_AUTHOR_NAME="t", GIT_AUTHOR_EMAIL="t@localhost",
               GIT_COMMITTER_NAME="t", GIT_COMMITTER_EMAIL="t@localhost", GIT_AUTHOR_DATE="2026-01-01T00:00:00Z",
               GIT_COMMITTER_DATE="2026-01-01T00:00:00Z")
    return subprocess.run(["git", *args], cwd=folder, env=env, check=True, capture_output=True, text=True).stdout.strip()


class Repository:
    """A git repository of gms: good, then slow (wastes nine times each statement's time), then broken (does not compile)."""

    def __init__(self, path):
        """Made at path, or taken from there."""
        self.path = path
        if not path.exists():
            self.make(path)
        self.good, self.slow, self.broken = git(path, "rev-parse", "main~2", "main~1", "main").split()

    def make(self, path):
        shutil.copytree(ROOT / "tests" / "engine", path, ignore=shutil.ignore_patterns("gms", "*_test.go"))
        git(path, "init", "--quiet", "--initial-branch=main")
        self.commit("good")
        git(path, "tag", "v1.2.3")
        waste = path / "waste.go"
        text = waste.read_text()
        assert "wastePercent = 0" in text
        waste.write_text(text.replace("wastePercent = 0", "wastePercent = 900"))
        self.commit("slow")
        (path / "broken.go").write_text("package main\n\nfunc broken() { return undefinedThing }\n")
        self.commit("broken")

    def commit(self, message):
        git(self.path, "add", "--all")
        git(self.path, "commit", "--quiet", "--message", message)
        return git(self.path, "rev-parse", "HEAD")


@contextlib.contextmanager
def shared_folder(tmp_path_factory):
    """The folder that all workers of this run share (pytest-xdist), to one of them at a time."""
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent
    with open(folder / "shared.lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield folder


@pytest.fixture(scope="session")
def repository(tmp_path_factory):
    with shared_folder(tmp_path_factory) as folder:
        return Repository(folder / "repository")


@pytest.fixture(scope="session")
def gms(program, cache, repository, tmp_path_factory):
    """Paths of the built programs: {"good": …, "slow": …}."""
    home = tmp_path_factory.mktemp("home")
    built = Dbdyno(program, home, cache, home).ok("build", "--json", "--repository", repository.path, repository.good, repository.slow)
    good, slow = json.loads(built.stdout)
    return {"good": good["exec"], "slow": slow["exec"]}


@pytest.fixture(scope="session")
def profile(program, cache, gms, tmp_path_factory):
    """A CPU profile of gms. One for all tests and workers: a build with another profile compiles everything anew."""
    with shared_folder(tmp_path_factory) as folder:
        home = folder / "profile"
        if not home.exists():
            home.mkdir()
            Dbdyno(program, home, cache, home).ok("profile", "--exec", gms["good"], "--test=oltp_point_select", "--test=oltp_read_only",
                                                  "--seconds=2", "--table-size=500", "--warmup=100ms", "--out=result")
    return home / "result/profile.pprof"


@pytest.fixture(scope="session")
def s3(tmp_path_factory):
    from servers import S3  # it needs this file

    server = S3(tmp_path_factory.mktemp("s3"))
    yield server
    server.process.terminate()
    server.process.wait(timeout=30)
