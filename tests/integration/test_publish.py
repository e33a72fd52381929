"""Results out of the house: a real S3 server, a TLS double of GitHub's one call, and no secret anywhere."""

import json
import os
import subprocess

import pytest

from conftest import CANARY, Dbdyno, query
from servers import BUCKET, Double

LOAD = ["--test=oltp_point_select", "--sysbench-test-time=1", "--table-size=200", "--warmup=0", "--out=result"]


class GitHub(Double):
    def flags(self):
        return ["--dispatch-repository=owner/name", "--github-api", self.url, "--ca-file", self.ca]


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


DISPATCH_REPLIES = [
    ("401", [{"status": 401}], 1, "GitHub said 401", "one hour"),
    ("403 with retry-after, then taken", [{"status": 403, "headers": {"Retry-After": "0"}}, {"status": 204}], 2, None, ""),
    ("403 with retry-after, for too long", [{"status": 403, "headers": {"Retry-After": "3600"}}], 1, "asked to wait 3600 s", ""),
    ("404", [{"status": 404}], 1, "GitHub said 404", "does owner/name exist"),
    ("422", [{"status": 422, "body": "{\"message\": \"Invalid request\"}"}], 1, "GitHub said 422: Invalid request", ""),
    ("500 after acceptance is not sent again", [{"status": 500}], 1, "GitHub said 500", "may have been accepted"),
    ("a lost reply is not sent again", [{"no_reply": True, "then": "reset"}], 1, "POST localhost", "may have been accepted"),
]


@pytest.fixture(scope="session")
def finished(program, cache, gms, tmp_path_factory):
    home = tmp_path_factory.mktemp("finished")
    Dbdyno(program, home, cache, home).ok(*same(gms), *LOAD)
    return home / "result"


@pytest.mark.parametrize("steps,requests,text,hint", [r[1:] for r in DISPATCH_REPLIES], ids=[r[0] for r in DISPATCH_REPLIES])
def test_what_github_may_say(dbdyno, finished, tmp_path, steps, requests, text, hint):
    with GitHub(tmp_path / "github", *steps) as github:
        args = ["notify", "--run", finished, *github.flags()]
        done = dbdyno.fails(6, text, *args, REPO_ACCESS_TOKEN=CANARY) if text else dbdyno.ok(*args, REPO_ACCESS_TOKEN=CANARY)
        assert len(github.requests()) == requests
    assert hint in done.stderr and CANARY not in done.stderr


def test_a_dispatch_to_nowhere_keeps_the_results(dbdyno, gms):
    done = dbdyno.fails(6, "after 3 attempts", *same(gms), *LOAD, "--dispatch-repository=owner/name", "--github-api=https://no-such-host.invalid",
                        REPO_ACCESS_TOKEN=CANARY)
    assert f"the results are kept in {dbdyno.home}/result" in done.stderr and CANARY not in done.stderr
    assert query(dbdyno.home / "result/results.db", "select status from run") == [("done",)]


def test_a_payload_of_64_kb_and_one_more_byte(dbdyno, finished, tmp_path):
    """The largest payload that GitHub takes is sent; with a byte more, nothing is."""
    with GitHub(tmp_path / "github", {"status": 204}, {"status": 204}) as github:
        args = ["notify", "--run", finished, *github.flags()]
        dbdyno.ok(*args, "--dispatch-field=filler=", REPO_ACCESS_TOKEN=CANARY)
        length = len(json.dumps(json.loads(github.requests()[0]["body"])["client_payload"], separators=(",", ":")).encode())
        room = 65535 - length
        dbdyno.ok(*args, "--dispatch-field=filler=" + "x" * room, REPO_ACCESS_TOKEN=CANARY)
        dbdyno.fails(2, "65536 bytes", *args, "--dispatch-field=filler=" + "x" * (room + 1), REPO_ACCESS_TOKEN=CANARY)
        assert len(github.requests()) == 2


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
