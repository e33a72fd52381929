"""Results out of the house: a real S3 server, a TLS double of GitHub's one call, and no secret anywhere."""

import json
import os
import socket
import subprocess
import time
from pathlib import Path

import pytest

from conftest import CANARY, ROOT, query

ACCESS, SECRET, BUCKET = "tester", CANARY + "-aws-secret", "results"
LOAD = ["--test=oltp_point_select", "--sysbench-test-time=1", "--table-size=200", "--warmup=0", "--out=result"]


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_until_it_listens(port, process):
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and process.poll() is None:
        with socket.socket() as s:
            if s.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    pytest.fail("the server does not listen")


class S3:
    def __init__(self, folder):
        gateway = subprocess.run([ROOT / "tests/tools/versitygw.sh"], check=True, capture_output=True, text=True).stdout.strip()
        self.objects = folder / "objects"
        (self.objects / BUCKET).mkdir(parents=True)
        port = free_port()
        self.endpoint = f"http://127.0.0.1:{port}"
        env = {"PATH": os.environ["PATH"], "ROOT_ACCESS_KEY": ACCESS, "ROOT_SECRET_KEY": SECRET}
        self.process = subprocess.Popen([gateway, "--port", f"127.0.0.1:{port}", "posix", str(self.objects)], env=env, cwd=folder,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_until_it_listens(port, self.process)

    def flags(self):
        return ["--bucket", BUCKET, "--endpoint", self.endpoint, "--region=us-east-1", "--results-dir=2026/11/22", "--results-prefix=nightly/bot"]

    def credentials(self, **other):
        return {"AWS_ACCESS_KEY_ID": ACCESS, "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_EC2_METADATA_DISABLED": "true", **other}

    def files(self):
        root = self.objects / BUCKET / "2026/11/22/nightly/bot"
        return {str(p.relative_to(root)): p.read_bytes() for p in root.rglob("*") if p.is_file() and ".sgwtmp" not in str(p)}


@pytest.fixture(scope="session")
def s3(tmp_path_factory):
    server = S3(tmp_path_factory.mktemp("s3"))
    yield server
    server.process.terminate()
    server.process.wait(timeout=30)


class GitHub:
    """The double, with a script of replies; https://localhost:<port>, its certificate is its own authority."""

    def __init__(self, folder, *steps):
        folder.mkdir()
        self.log, self.ca = folder / "log", folder / "cert.pem"
        (folder / "script.json").write_text(json.dumps(steps))
        self.process = subprocess.Popen(["/usr/bin/python3", ROOT / "tests/fakes/http_double.py", folder / "script.json", self.log, folder],
                                        stdout=subprocess.PIPE, text=True)
        self.port = self.process.stdout.readline().strip()

    def flags(self):
        return ["--dispatch-repository=owner/name", "--github-api", f"https://localhost:{self.port}", "--ca-file", self.ca]

    def requests(self):
        return [json.loads(line) for line in self.log.read_text().splitlines()] if self.log.exists() else []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(timeout=30)
        self.process.stdout.close()


def same(gms):
    return ["compare", "--from-exec", gms["good"], "--to-exec", gms["good"]]


def test_results_are_in_the_bucket_as_in_the_folder(dbdyno, gms, s3):
    done = dbdyno.ok(*same(gms), *LOAD, *s3.flags(), **s3.credentials())
    out = dbdyno.home / "result"
    local = {str(p.relative_to(out)): p.read_bytes() for p in out.rglob("*") if p.is_file()}
    assert s3.files() == local
    assert {"results.db", "report.html", "report.json", "from_results.csv", "logs/from-server.log"} <= set(local)
    assert f"s3://{BUCKET}/2026/11/22/nightly/bot/" in done.stderr


def test_a_profile_is_read_from_the_bucket(dbdyno, repository, profile, s3):
    target = s3.objects / BUCKET / "profiles/p.pprof"
    target.parent.mkdir(exist_ok=True)
    target.write_bytes(profile.read_bytes())
    commits = ["compare", "--from-repository", repository.path, "--from-version", repository.good, "--to-repository", repository.path,
               "--to-version", repository.good]
    dbdyno.ok(*commits, f"--to-profile=s3://{BUCKET}/profiles/p.pprof", "--endpoint", s3.endpoint, "--bucket", BUCKET, "--region=us-east-1",
              *LOAD, **s3.credentials())
    rows = query(dbdyno.home / "result/results.db", "select profile, length(profile_sha256) from server where side = 'to'")
    assert rows == [(f"s3://{BUCKET}/profiles/p.pprof", 64)]
    dbdyno.fails(6, "no-such-key", *commits, "--to-profile-key=no-such-key", *s3.flags(), *LOAD[:-1], "--out=other", **s3.credentials())


def test_a_bucket_without_credentials_stops_before_the_run(dbdyno, gms, s3):
    done = dbdyno.fails(6, "credentials", *same(gms), *LOAD, *s3.flags(), AWS_EC2_METADATA_DISABLED="true")
    assert "environment" in done.stderr and not (dbdyno.home / "result").exists()


def test_a_wrong_secret_stops_before_the_run(dbdyno, gms, s3):
    dbdyno.fails(6, BUCKET, *same(gms), *LOAD, *s3.flags(), **s3.credentials(AWS_SECRET_ACCESS_KEY="wrong"))
    assert not (dbdyno.home / "result").exists()


def test_a_bucket_that_does_not_exist(dbdyno, gms, s3):
    flags = ["no-such-bucket" if f == BUCKET else f for f in s3.flags()]
    dbdyno.fails(6, "no-such-bucket", *same(gms), *LOAD, *flags, **s3.credentials())


def test_the_dispatch_is_sent_with_the_token_from_a_file(dbdyno, gms, s3, tmp_path):
    token = tmp_path / "token"
    token.write_text(CANARY + "-token\n")
    with GitHub(tmp_path / "github", {"status": 204}) as github:
        dbdyno.ok(*same(gms), *LOAD, *s3.flags(), *github.flags(), "--dispatch-event=email-report", "--dispatch-field=noms_bin_format=__DOLT__",
                  "--token-file", token, **s3.credentials())
        (request,) = github.requests()
    assert (request["method"], request["target"]) == ("POST", "/repos/owner/name/dispatches")
    assert request["headers"]["authorization"] == f"Bearer {CANARY}-token"
    body = json.loads(request["body"])
    assert body["event_type"] == "email-report"
    assert body["client_payload"]["bucket"] == BUCKET and body["client_payload"]["key"] == "2026/11/22/nightly/bot/report.md"
    assert body["client_payload"]["noms_bin_format"] == "__DOLT__" and body["client_payload"]["status"] == "done"
    assert len(body["client_payload"]) <= 10


def test_a_refused_dispatch_is_exit_6_and_can_be_sent_again(dbdyno, gms, tmp_path):
    with GitHub(tmp_path / "github", {"status": 401, "body": "{\"message\": \"Bad credentials\"}"}, {"status": 204}) as github:
        done = dbdyno.fails(6, "401", *same(gms), *LOAD, *github.flags(), REPO_ACCESS_TOKEN=CANARY)
        assert CANARY not in done.stderr
        assert f"the results are kept in {dbdyno.home}/result" in done.stderr
        assert query(dbdyno.home / "result/results.db", "select status from run") == [("done",)]
        dbdyno.ok("notify", "--run", dbdyno.home / "result", *github.flags(), REPO_ACCESS_TOKEN=CANARY)
        first, second = github.requests()
    assert first["body"] == second["body"]


def test_limits_and_token_are_checked_before_the_run(dbdyno, gms):
    repository = ["--dispatch-repository=owner/name"]
    many = [f"--dispatch-field=f{i}=x" for i in range(10)]
    for flags, text in ((repository, "token"), ([*repository, *many], "10"), ([*repository, "--dispatch-field=a=" + "x" * 66000], "65535"),
                        ([*repository, "--dispatch-event=" + "e" * 101], "100"), (["--dispatch-repository=not-a-repository"], "not-a-repository")):
        environment = {} if text == "token" else {"REPO_ACCESS_TOKEN": CANARY}
        done = dbdyno.fails(2, text, *same(gms), *LOAD, *flags, **environment)
        assert CANARY not in done.stderr
        assert not (dbdyno.home / "result").exists()


def test_no_secret_is_left_anywhere(dbdyno, gms, s3, tmp_path, repository):
    """A canary stands for every secret; it is in no child's environment or arguments, and in nothing that a run leaves."""
    seen = tmp_path / "seen"
    seen.mkdir()
    for name in ("server", "sysbench"):  # wrappers that write down what they were given
        real = gms["good"] if name == "server" else "/usr/bin/sysbench"
        wrapper = tmp_path / name
        wrapper.write_text(f'#!/bin/sh\ntr "\\0" "\\n" < /proc/$$/environ > {seen}/{name}.$$\necho "$@" >> {seen}/{name}.$$\nexec {real} "$@"\n')
        wrapper.chmod(0o700)
    with GitHub(tmp_path / "github", {"status": 204}) as github:
        done = dbdyno.ok("compare", "--from-exec", tmp_path / "server", "--to-exec", gms["good"], "--sysbench", tmp_path / "sysbench", *LOAD,
                         *s3.flags(), *github.flags(), "--verbose", REPO_ACCESS_TOKEN=CANARY + "-token", GITHUB_TOKEN=CANARY + "-other",
                         **s3.credentials(AWS_SESSION_TOKEN=""))
    texts = {"stdout": done.stdout.encode(), "stderr": done.stderr.encode(), **s3.files()}
    for folder in (dbdyno.home / "result", seen):
        texts.update({str(p): p.read_bytes() for p in folder.rglob("*") if p.is_file()})
    assert any("server." in name for name in texts) and any("sysbench." in name for name in texts)
    assert [name for name, data in texts.items() if CANARY.encode() in data] == []


def test_no_secret_reaches_git_or_go(dbdyno, repository, tmp_path):
    seen, tools = tmp_path / "seen", tmp_path / "tools"
    seen.mkdir()
    tools.mkdir()
    for name in ("git", "go"):
        real = subprocess.run(["which", name], check=True, capture_output=True, text=True).stdout.strip()
        (tools / name).write_text(f'#!/bin/sh\ntr "\\0" "\\n" < /proc/$$/environ > {seen}/{name}.$$\necho "$@" >> {seen}/{name}.$$\nexec {real} "$@"\n')
        (tools / name).chmod(0o700)
    dbdyno.run("build", "--repository", repository.path, repository.broken, PATH=f"{tools}:{os.environ['PATH']}", AWS_SECRET_ACCESS_KEY=CANARY,
               REPO_ACCESS_TOKEN=CANARY)
    files = list(seen.iterdir())
    assert any(f.name.startswith("git.") for f in files) and any(f.name.startswith("go.") for f in files)
    assert [f for f in files if CANARY in f.read_text()] == []
