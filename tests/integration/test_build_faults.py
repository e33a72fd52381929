"""Builds that must fail clearly: git and its remotes, Go and its caches. No prompt, nothing half-made in the cache."""

import fcntl
import json
import os
import re
import select
import signal
import socket
import subprocess
import termios
import threading
import time
from pathlib import Path

import pytest

from conftest import git


@pytest.fixture
def module(tmp_path):
    """A repository of a program that needs nothing but Go's runtime, with two commits and a file that makes a fetch long."""
    path = tmp_path / "module"
    path.mkdir()
    (path / "go.mod").write_text("module example.com/small\n\ngo 1.21\n")
    (path / "main.go").write_text("package main\n\nfunc main() { println(number) }\n")
    (path / "noise").write_bytes(os.urandom(4 << 20))
    git(path, "init", "--quiet", "--initial-branch=main")
    for number in (1, 2):
        (path / "number.go").write_text(f"package main\n\nconst number = {number}\n")
        git(path, "add", "--all")
        git(path, "commit", "--quiet", f"--message={number}")
    return path


@pytest.fixture
def engine(dbdyno):
    path = dbdyno.home / "small.json"
    path.write_text(json.dumps({"name": "small", "protocol": "mysql", "start": ["${exec}", "${port}"], "admin": {"user": "a"},
                                "load": {"user": "u", "database": "d"}, "build": {"package": ".", "binary": "small", "env": ["CGO_ENABLED=0"]}}))
    return ["build", "--engine-file", path, "--engine=small"]


class Listener:
    """A TCP server on 127.0.0.1; serve(connection) in a thread for each connection."""

    def __init__(self, serve):
        self.socket, self.serve, self.threads = socket.create_server(("127.0.0.1", 0)), serve, []
        self.port = self.socket.getsockname()[1]
        self.threads.append(threading.Thread(target=self.accept))
        self.threads[0].start()

    def accept(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            self.threads.append(threading.Thread(target=self.one, args=(connection,)))
            self.threads[-1].start()

    def one(self, connection):
        with connection:
            try:
                self.serve(connection)
            except OSError:  # the other side left
                pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
        for thread in self.threads:
            thread.join(10)


def git_daemon(folder, limits):
    """Serves the repositories below folder as git://; of the n-th connection at most limits[n] bytes are sent, then it is cut."""
    number = iter(range(1000))

    def serve(connection):
        n = next(number)
        left = limits[n] if n < len(limits) else None
        daemon = subprocess.Popen(["git", "daemon", "--inetd", "--export-all", f"--base-path={folder}", str(folder)], stdin=connection,
                                  stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                  env=dict(os.environ, GIT_CONFIG_GLOBAL="/dev/null", GIT_CONFIG_COUNT="1", GIT_CONFIG_KEY_0="safe.directory",
                                           GIT_CONFIG_VALUE_0="*"))
        with daemon:
            while left is None or left > 0:
                piece = os.read(daemon.stdout.fileno(), 65536 if left is None else min(left, 65536))
                if not piece:
                    break
                connection.sendall(piece)
                left = left if left is None else left - len(piece)
            daemon.kill()
            connection.shutdown(socket.SHUT_RDWR)

    return Listener(serve)


def left_in(cache):
    """What a failed build must not leave: finished or half-made binaries, work folders, packs that a fetch had begun."""
    return [str(p) for pattern in ("bin/*", "building/*", "store/*/objects/pack/tmp_*", "store/*/*.lock", "store/*.fresh") for p in cache.glob(pattern)]


def test_a_fetch_that_is_cut(dbdyno, module, engine, tmp_path):
    """In the middle of the pack, and again; then it works."""
    cache = tmp_path / "own"
    first = git(module, "rev-parse", "HEAD~1")
    with git_daemon(tmp_path, [1 << 20, 200_000]) as server:
        args = [*engine, "--repository", f"git://127.0.0.1:{server.port}/module", "--cache", cache]
        for _ in range(2):
            done = dbdyno.fails(3, f"fetch {first[:12]} of git://127.0.0.1", *args, first)
            assert re.search("early EOF|unexpected disconnect", done.stderr) and "the connection was cut: try again" in done.stderr
            assert left_in(cache) == [] and list((cache / "store").iterdir()) == []
        dbdyno.ok(*args, first, GOCACHE=dbdyno.cache / "go-build")
    subprocess.run(["chmod", "-R", "u+w", cache], check=True)


def test_a_cut_fetch_keeps_the_store(dbdyno, module, engine, tmp_path):
    """The second commit's fetch is cut (and the one afresh, too): the first commit's store stays, and then it goes on from there."""
    cache = tmp_path / "own"
    first, second = git(module, "rev-parse", "HEAD~1"), git(module, "rev-parse", "HEAD")
    (module / "noise").write_bytes(os.urandom(4 << 20))
    git(module, "commit", "--quiet", "--all", "--message=more")
    third = git(module, "rev-parse", "HEAD")
    with git_daemon(tmp_path, [None, 1 << 20, 1 << 20]) as server:
        args = [*engine, "--repository", f"git://127.0.0.1:{server.port}/module", "--cache", cache]
        dbdyno.ok(*args, first, GOCACHE=dbdyno.cache / "go-build")
        kept = sorted(p for p in (cache / "store").rglob("*.pack"))
        dbdyno.fails(3, "the connection was cut", *args, third)
        assert sorted(p for p in (cache / "store").rglob("*.pack")) == kept and kept
        assert len(list((cache / "bin").iterdir())) == 1 and list((cache / "building").iterdir()) == []
        assert not list(cache.glob("store/*.fresh")) and not list(cache.glob("store/*/objects/pack/tmp_*"))
        dbdyno.ok(*args, second, third, GOCACHE=dbdyno.cache / "go-build")
    subprocess.run(["chmod", "-R", "u+w", cache], check=True)


def test_a_branch_that_was_pushed_by_force(dbdyno, module, engine, tmp_path):
    """It is followed; what was built before stays reachable by its SHA, though no ref leads to it any more."""
    git(tmp_path, "clone", "--quiet", "--bare", module, "remote.git")
    args = [*engine, "--repository", f"file://{tmp_path}/remote.git", "--json"]
    before = json.loads(dbdyno.ok(*args, "main").stdout)[0]
    git(module, "reset", "--quiet", "--hard", "HEAD~1")
    (module / "number.go").write_text("package main\n\nconst number = 3\n")
    git(module, "commit", "--quiet", "--all", "--message=3")
    git(module, "push", "--quiet", "--force", tmp_path / "remote.git", "main")
    after, old = json.loads(dbdyno.ok(*args, "main", before["commit"]).stdout)
    assert after["commit"] == git(module, "rev-parse", "HEAD") != before["commit"]
    assert old["cached"] and old["commit"] == before["commit"]
    assert subprocess.run([after["exec"]], capture_output=True, text=True, check=True).stderr == "3\n"


def test_a_remote_that_wants_a_password(dbdyno, engine):
    """Nothing is asked, though there is a terminal to ask on."""

    def serve(connection):
        connection.recv(4096)
        connection.sendall(b"HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm=x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")

    terminal, other = os.openpty()
    cache = dbdyno.home / "own"
    with Listener(serve) as server:
        process = subprocess.Popen(
            [dbdyno.program, *map(str, engine), "--repository", f"http://127.0.0.1:{server.port}/x.git", "--cache", str(cache), "main"],
            cwd=dbdyno.home, env=dbdyno.environment(GIT_ASKPASS="/bin/echo", SSH_ASKPASS="/bin/echo"), stdin=other, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True, start_new_session=True, preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
        _, err = process.communicate(timeout=60)
    assert select.select([terminal], [], [], 0)[0] == [], os.read(terminal, 1000)
    os.close(terminal)
    os.close(other)
    assert process.returncode == 3 and "it wants a password: clone it first and give the folder" in err, err
    assert left_in(cache) == []


def wait_for_child(cache, program, argument):
    """The process of that program, given that argument, whose environment names the cache (it is looked for: nothing tells of its start)."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        for entry in Path("/proc").iterdir():
            try:
                command, environment = (entry / "cmdline").read_bytes().decode(errors="replace").split("\0"), (entry / "environ").read_bytes()
            except OSError:
                continue
            if command[0].split("/")[-1] == program and argument in command and str(cache).encode() in environment:
                return int(entry.name)
        time.sleep(0.01)
    pytest.fail(f"no {program}")


@pytest.mark.parametrize("victim, argument, wanted", [("go", "build", "killed by SIGKILL"), ("compile", "runtime", "signal: killed")])
def test_go_that_is_killed(dbdyno, module, engine, victim, argument, wanted):
    """As the kernel does when memory is short: go itself, or the compiler that go runs."""
    cache = dbdyno.home / "own"
    process = dbdyno.start(*engine, "--repository", module, "--cache", cache, "main")
    os.kill(wait_for_child(cache, victim, argument), signal.SIGKILL)
    _, err = process.communicate(timeout=120)
    assert process.returncode == 3, err
    assert wanted in err and "is there enough memory?" in err
    assert left_in(cache) == []
    subprocess.run(["chmod", "-R", "u+w", cache], check=True)


def test_a_go_that_is_too_old(dbdyno, module, engine):
    (module / "go.mod").write_text("module example.com/small\n\ngo 1.999\n")
    git(module, "commit", "--quiet", "--all", "--message=newer")
    args = [*engine, "--repository", module, "main"]
    done = dbdyno.fails(3, "go.mod requires go >= 1.999", *args, GOTOOLCHAIN="local")
    assert "install it, or let GOTOOLCHAIN=auto fetch it" in done.stderr
    done = dbdyno.fails(3, "toolchain not available", *args, GOPROXY="off")
    assert "go.mod asks for a Go that could not be fetched" in done.stderr


def test_no_network_for_modules(dbdyno, module, engine):
    """The proxy does not answer; with GOPROXY=off nobody is asked."""
    (module / "main.go").write_text("package main\n\nimport _ \"example.com/absent\"\n\nfunc main() { println(number) }\n")
    (module / "go.mod").write_text("module example.com/small\n\ngo 1.21\n\nrequire example.com/absent v1.0.0\n")
    (module / "go.sum").write_text("example.com/absent v1.0.0 h1:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n"
                                   "example.com/absent v1.0.0/go.mod h1:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n")
    git(module, "add", "--all")
    git(module, "commit", "--quiet", "--message=dependency")
    cache = dbdyno.home / "own"
    args = [*engine, "--repository", module, "--cache", cache, "main"]
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    done = dbdyno.fails(3, "example.com/absent@v1.0.0", *args, GOPROXY=f"http://127.0.0.1:{port}")
    assert "connection refused" in done.stderr and "is there a network? see GOPROXY" in done.stderr
    done = dbdyno.fails(3, "module lookup disabled", *args, GOPROXY="off")
    assert "GOPROXY=off forbids fetching it" in done.stderr
    assert left_in(cache) == []
    subprocess.run(["chmod", "-R", "u+w", cache], check=True)


def test_a_profile_of_another_program(dbdyno, module, engine, profile, repository):
    """Go would take it and say nothing; the build would be called one with a profile and be none."""
    args = ["--repository", module, "--profile", profile, "main"]
    done = dbdyno.fails(3, "is the profile of another program", *engine, *args, "--bin-dir=bin")
    assert "dbdyno profile" in done.stderr and list((dbdyno.home / "bin").iterdir()) == []
    done = dbdyno.fails(3, "is the profile of another program", "compare", "--from-exec=/bin/true", *engine[1:3], "--to-server=small",
                        "--to-repository", module, "--to-version=main", "--to-profile", profile)
    assert repository.good not in done.stderr
