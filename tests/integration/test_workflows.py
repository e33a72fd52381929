"""The workflows and actions of .github/, run here step by step with their events' payloads (tests/fakes/workflow.py). The scripts, jq, git,
curl and dbdyno render are the real ones; gh, kubectl, aws, docker, go and rpmbuild are stand-ins that write down what they are asked."""

import http.server
import json
import os
import re
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import yaml

from conftest import CANARY, ROOT

sys.path.insert(0, str(ROOT / "tests/fakes"))
from workflow import Runner, StepFailed  # noqa: E402

IMAGE = "ghcr.io/owner/dbdyno@sha256:" + "1" * 64
MYSQL_DOLT = "./.github/scripts/performance-benchmarking/get-mysql-dolt-job-json.sh"
ROLE = "arn:aws:iam::123456789012:role/benchmarks"
BASE, HEAD = "0123456789abcdef0123456789abcdef01234567", "fedcba9876543210fedcba9876543210fedcba98"
HOSTILE = ["$(touch hostile)", "`touch hostile`", "a\ntouch hostile", "a\n::set-output name=x::y", "x'; touch hostile; '", '"; touch hostile; "', "../../x",
           "--upload-pack=touch hostile", "x" * 300, "bot[bot]; touch hostile", "${{ secrets.CANARY }}", "a\x1b[31m"]  # fmt: skip




def hostile(github, fields, field):
    """A quarter of the values, another one for each field next to it, in a repository that needs no set-up of its own each time."""
    github.variables.update(DBDYNO_AWS_ROLE="", DBDYNO_CLUSTER="")
    return HOSTILE[list(fields).index(field) % 4 :: 4]


@pytest.fixture(scope="session")
def oidc():
    """GitHub's service for a job's OIDC token."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            good = self.headers["Authorization"] == f"bearer {CANARY}" and self.path == "/token?v=1&audience=sts.amazonaws.com"
            self.send_response(200 if good else 403)
            self.end_headers()
            self.wfile.write(b'{"value": "header.payload.signature"}' if good else b"{}")

        def log_message(self, *args):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}/token?v=1"
    server.shutdown()


class Github(Runner):
    """A repository that is set up, with the stand-ins' records."""

    def __init__(self, tmp_path, dbdyno, oidc, **more):
        self.stand_in = tmp_path / "stand-in"
        programs = tmp_path / "programs"
        for folder in (self.stand_in, self.stand_in / "bucket", programs, tmp_path / "home"):
            folder.mkdir()
        for name in ("gh", "kubectl", "aws", "docker", "go", "rpmbuild"):
            (programs / name).symlink_to(ROOT / "tests/fakes/actions_program.py")
        environment = {
            "HOME": str(tmp_path / "home"), "STAND_IN": str(self.stand_in), "STAND_IN_PROGRAM": str(dbdyno.program), "LANG": "C.UTF-8",
            "ACTIONS_ID_TOKEN_REQUEST_URL": oidc, "ACTIONS_ID_TOKEN_REQUEST_TOKEN": CANARY, "GIT_CONFIG_NOSYSTEM": "1",
            "ASAN_OPTIONS": "detect_leaks=1:exitcode=99", "UBSAN_OPTIONS": "halt_on_error=1:exitcode=99",
        }  # fmt: skip
        variables = {
            "DBDYNO_IMAGE": IMAGE, "DBDYNO_BUCKET": "results", "DBDYNO_AWS_ROLE": ROLE, "DBDYNO_CLUSTER": "cluster-1", "DBDYNO_NAMESPACE": "benchmarks",
            "DBDYNO_SERVICE_ACCOUNT": "benchmarks", "DBDYNO_TOKEN_SECRET": "github-token", "DBDYNO_NODE_SELECTOR": "pool=bench",
            "DBDYNO_TOLERATION": "dedicated",
        }  # fmt: skip
        super().__init__(tmp_path, f"{programs}:{os.environ['PATH']}", environment, variables, **more)
        self.answers({})

    def answers(self, answers):
        (self.stand_in / "gh.json").write_text(json.dumps(answers))

    def store(self, key, data):
        path = self.stand_in / "bucket" / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data if isinstance(data, bytes) else data.encode())

    def fail(self, *patterns):
        (self.stand_in / "fail").write_text("\n".join(patterns))

    def calls(self, program):
        path = self.stand_in / "calls"
        lines = path.read_text().splitlines() if path.exists() else []
        return [c for c in map(json.loads, lines) if c["program"] == program]

    def jobs(self):
        return [yaml.safe_load(c["manifest"]) for c in self.calls("kubectl") if "manifest" in c]

    def dispatches(self):
        """(repository, event, payload) of each event sent."""
        return [(c["args"][3].split("/dispatches")[0].removeprefix("repos/"), c["input"]["event_type"], c["input"]["client_payload"])
                for c in self.calls("gh") if c["args"][-3:-2] and c["args"][3].endswith("/dispatches")]  # fmt: skip

    def secrets_are_kept(self):
        """No token in a command line or in what was printed, but for the runner's own mask command."""
        everything = (self.stand_in / "calls").read_text() if (self.stand_in / "calls").exists() else ""
        assert CANARY not in self.log and CANARY not in everything
        assert "header.payload.signature" not in self.log.replace("::add-mask::header.payload.signature", "")
        assert not list(self.folder.rglob("hostile"))


@pytest.fixture
def github(tmp_path, dbdyno, oidc):
    made = Github(tmp_path, dbdyno, oidc)
    yield made
    made.secrets_are_kept()


def flags(job):
    (only,) = job["spec"]["template"]["spec"]["containers"]
    return dict(a.removeprefix("--").partition("=")[::2] for a in only["args"])


# ---- how they are written


DOCUMENTS = {p: yaml.load(p.read_text(), yaml.BaseLoader) for p in sorted((ROOT / ".github").rglob("*.yaml"))}
WORKFLOWS = {p.name: d for p, d in DOCUMENTS.items() if p.parent.name == "workflows"}


def steps_of(document):
    for job in document.get("jobs", {"": document.get("runs", {})}).values():
        yield from job.get("steps", [])


def test_actions_are_pinned_and_payloads_stay_out_of_commands():
    for path, document in DOCUMENTS.items():
        for line in path.read_text().splitlines():
            if "uses:" in line and "uses: ./" not in line:
                assert re.search(r"uses: [\w.-]+/[\w./-]+@[0-9a-f]{40} # v[0-9.]+$", line), f"{path}: {line}"
        for step in steps_of(document):
            assert "${{" not in step.get("run", ""), f"{path}: {step}"
            assert step.get("run", "").count("\n") == 0, f"{path}: a step's logic belongs into a script"
            if step.get("uses", "").startswith("actions/checkout@"):
                assert step["with"]["persist-credentials"] == "false", path
            if step.get("uses", "").startswith("actions/checkout@") and step["with"].get("path") == ".dbdyno":
                assert "client_payload" not in json.dumps(step) and "inputs" not in json.dumps(step), f"{path}: the scripts are the team's own"


@pytest.mark.parametrize("name", WORKFLOWS)
def test_every_job_has_limits(name):
    document = WORKFLOWS[name]
    assert document["permissions"] == {}
    for job in document["jobs"].values():
        assert job["permissions"], name
        assert "uses" in job or int(job["timeout-minutes"]) <= 180, name
        assert "uses" in job or "needs" in job or "concurrency" in job or "concurrency" in document, name
    assert "pull_request_target" not in document["on"]


def test_no_long_lived_keys():
    for path in [*DOCUMENTS, *(ROOT / ".github/scripts").iterdir()]:
        assert not re.search(r"AWS_(SECRET_)?ACCESS_KEY|:latest", path.read_text()), path


# ---- benchmarks


BENCHMARK = {
    "from_server": "mysql", "from_version": "8.0.35", "to_server": "dolt", "to_version": "1.59.10", "mode": "release", "actor": "Hydrocharged",
    "actor_email": "team@example.org", "template_script": MYSQL_DOLT,
}  # fmt: skip


def test_benchmark_latency(github):
    github.workflow("benchmark.yaml", "repository_dispatch", action="benchmark-latency", payload={**BENCHMARK, "to_profile_key": "a/cpu.pprof"})
    sysbench, tpcc = github.jobs()
    for job in (sysbench, tpcc):
        assert flags(job)["from-server"] == "mysql" and flags(job)["to-version"] == "1.59.10" and flags(job)["bucket"] == "results"
        assert flags(job)["to-profile-key"] == "a/cpu.pprof" and flags(job)["output"] == "html"
        assert job["metadata"]["namespace"] == "benchmarks"
        pod = job["spec"]["template"]["spec"]
        assert pod["nodeSelector"] == {"pool": "bench"} and pod["serviceAccountName"] == "benchmarks"
        assert {"name": "token", "secret": pod["volumes"][-1]["secret"]} == pod["volumes"][-1]
    assert "withTpcc" not in flags(sysbench) and flags(tpcc)["withTpcc"] == "true"
    assert all(c["args"][0] == "create" and c["kubeconfig"].endswith("/kubeconfig") for c in github.calls("kubectl") if "manifest" in c)
    assert {c["role"] for c in github.calls("aws")} == {ROLE}
    for run in github.calls("docker"):
        assert "--cap-drop" in run["args"] and IMAGE in run["args"]


def test_the_profile_of_a_release_reaches_its_benchmark(github):
    """The event says profile_key; both Jobs build with it."""
    github.workflow("benchmark.yaml", "repository_dispatch", action="release-dolt",
                    payload={"version": "v1.59.11", "actor": "coffeegoddd", "profile_key": "2026/01/31/release/x/dolt-cpu-profile.pprof"})  # fmt: skip
    assert len(github.jobs()) == 2
    for job in github.jobs():
        seen = flags(job)
        assert seen["to-profile-key"] == "2026/01/31/release/x/dolt-cpu-profile.pprof"
        assert (seen["from-server"], seen["from-version"], seen["to-server"], seen["to-version"]) == ("mysql", "8.0.35", "dolt", "1.59.11")
        assert seen["results-prefix"].startswith("release/coffeegoddd/coffeegoddd-1-59-11-")


def test_benchmark_by_hand(github):
    github.variables.update(DBDYNO_BASELINE_SERVER="dolt", DBDYNO_BASELINE_VERSION="1.50.0", DBDYNO_CLUSTER="")
    github.secrets["DBDYNO_KUBECONFIG"] = "kind: Config # " + CANARY
    github.workflow("benchmark.yaml", "workflow_dispatch", inputs={"version": "1.59.11", "email": "me@example.org"})
    for job in github.jobs():
        assert flags(job)["from-server"] == "dolt" and flags(job)["from-version"] == "1.50.0" and "multiplier" not in json.dumps(flags(job))
        assert {"name": "ACTOR_EMAIL", "value": "me@example.org"} in job["spec"]["template"]["spec"]["containers"][0]["env"]


def test_nightly(github):
    assert WORKFLOWS["nightly.yaml"]["on"]["schedule"] == [{"cron": "0 2 * * *"}]
    github.workflow("nightly.yaml", "workflow_dispatch")
    assert [flags(j)["to-version"] for j in github.jobs()] == ["a" * 40] * 2
    assert all(flags(j)["output"] == "html" and flags(j)["results-prefix"].startswith("nightly/maintainer/") for j in github.jobs())
    github.variables["DBDYNO_IMAGE"] = ""
    assert github.workflow("nightly.yaml", "workflow_dispatch") == {"benchmark": None}


FIELDS = ["from_server", "from_version", "to_server", "to_version", "mode", "issue_number", "actor", "actor_email", "profile_key", "init_big_repo",
          "noms_bin_format", "sysbench_test_time", "template_script"]  # fmt: skip


@pytest.mark.parametrize("field", FIELDS)
def test_hostile_payload_of_a_benchmark(github, field):
    for value in hostile(github, FIELDS, field):
        try:
            github.workflow("benchmark.yaml", "repository_dispatch", action="benchmark-latency", payload={**BENCHMARK, field: value})
        except StepFailed as failure:
            assert "dbdyno: " in str(failure)
    for job in github.jobs():
        assert re.fullmatch(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?", job["metadata"]["name"])
        assert len(job["spec"]["template"]["spec"]["containers"]) == 1
        assert re.fullmatch(r"\w+/[a-z0-9-]+/[a-z0-9-]+/\w+", flags(job)["results-prefix"])
    assert not re.search(r"^::(?!add-mask)", github.log, re.M)


@pytest.mark.parametrize("value", [["a"], {"a": "b"}])
def test_a_payload_that_is_no_text(github, value):
    with pytest.raises(StepFailed, match="actor: this is no text"):
        github.workflow("benchmark.yaml", "repository_dispatch", action="benchmark-latency", payload={**BENCHMARK, "actor": value})
    assert not github.jobs()


def test_what_is_not_set_up_is_told(github):
    for name, message in (("DBDYNO_BUCKET", "DBDYNO_BUCKET"), ("DBDYNO_AWS_ROLE", "AWS_ROLE|credentials|no cluster|Job")):
        kept = github.variables[name]
        github.variables[name] = "Not/Valid"
        with pytest.raises(StepFailed, match=message):
            github.workflow("benchmark.yaml", "repository_dispatch", action="benchmark-latency", payload=BENCHMARK)
        github.variables[name] = kept
    github.variables["DBDYNO_IMAGE"] = "ghcr.io/owner/dbdyno:v1"
    with pytest.raises(StepFailed, match="by digest"):
        github.workflow("benchmark.yaml", "repository_dispatch", action="benchmark-latency", payload=BENCHMARK)


def test_a_job_that_is_not_created_fails_the_workflow(github):
    github.fail("^kubectl create")
    with pytest.raises(StepFailed):
        github.workflow("benchmark.yaml", "repository_dispatch", action="benchmark-latency", payload=BENCHMARK)


# ---- a release


def test_a_release_begins_with_a_profile(github):
    github.answers({"GET repos/owner/database/git/ref/heads/main": {"object": {"sha": HEAD}}, "POST repos/owner/database/dispatches": None})
    github.workflow("release.yaml", "workflow_dispatch", inputs={"version": "v1.59.11", "email": "me@example.org"})
    ((repository, event, payload),) = github.dispatches()
    assert (repository, event) == ("owner/database", "profile-dolt")
    assert payload == {"from_version": HEAD, "future_version": "1.59.11", "mode": "release", "actor": "Maintainer", "actor_email": "me@example.org",
                       "template_script": "dolt-profile", "branch": "main"}  # fmt: skip
    github.workflow("profile.yaml", "repository_dispatch", action=event, payload=payload)
    (job,) = github.jobs()
    assert flags(job)["profile-version"] == HEAD and flags(job)["future-version"] == "1.59.11" and flags(job)["output"] == "html"
    assert re.fullmatch(r"maintainer-fedcba98-profile-\d{19}", job["metadata"]["name"])
    assert {"name": "BRANCH", "value": "main"} in job["spec"]["template"]["spec"]["containers"][0]["env"]


def test_a_release_that_exists_or_has_no_branch(github):
    github.answers({"GET repos/owner/database/git/ref/tags/v1.59.11": {}})
    with pytest.raises(StepFailed, match="released already"):
        github.workflow("release.yaml", "workflow_dispatch", inputs={"version": "1.59.11"})
    github.answers({})
    with pytest.raises(StepFailed):
        github.workflow("release.yaml", "workflow_dispatch", inputs={"version": "1.59.11"})
    for bad in HOSTILE[::4]:
        for inputs in ({"version": bad}, {"version": "1.2.3", "branch": bad}):
            with pytest.raises(StepFailed):
                github.workflow("release.yaml", "workflow_dispatch", inputs=inputs)
    assert not github.dispatches()


def git(folder, *args):
    env = {**os.environ, "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@b", "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@b"}
    return subprocess.run(["git", "-C", folder, *args], env=env, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def database(tmp_path, github):
    """origin and a clone of a repository that looks like Dolt's where a release changes it."""
    origin, work = tmp_path / "origin.git", tmp_path / "clone"
    origin.mkdir()
    git(origin, "init", "-q", "--bare", "-b", "main")
    git(tmp_path, "clone", "-q", origin, work)
    for path, text in {
        "go/cmd/dolt/doltversion/version.go": 'package doltversion\n\nconst (\n\tVersion = "1.59.10"\n)\n',
        "go/libraries/doltcore/servercfg/yaml_config.go": 'package servercfg\n\ntype T struct {\n\tA *string `minver:"TBD"`\n\tB *string `minver:"1.2.3"`\n}\n',
        "go/libraries/doltcore/servercfg/testdata/minver_validation.txt": "old\n",
        "go/utils/genminver_validation/main.go": 'package main\n\nimport "os"\n\nfunc main() { os.WriteFile(os.Args[1], []byte("new\\n"), 0o644) }\n',
        "go/go.mod": "module example.org/database\n\ngo 1.21\n",
        "go/utils/publishrelease/install.sh": "DOLT_VERSION=__DOLT_VERSION__\n",
    }.items():
        (work / path).parent.mkdir(parents=True, exist_ok=True)
        (work / path).write_text(text)
    git(work, "add", "-A")
    git(work, "commit", "-qm", "first")
    git(work, "push", "-q", "origin", "HEAD:main")
    git(work, "fetch", "-q")
    github.clone, github.origin = work, origin
    github.store("p/dolt-cpu-profile.pprof", b"\x1f\x8b profile")
    github.answers({"GET repos/owner/database/releases/tags/v1.59.11": {"id": 4242}})
    return github


def pgo_release(database, **more):
    payload = {"version": "1.59.11", "profile_key": "p/dolt-cpu-profile.pprof", "bucket": "results", "from_version": git(database.clone, "rev-parse", "HEAD"),
               "branch": "main", **more}  # fmt: skip
    database.workflow("release-pgo.yaml", "repository_dispatch", action="pgo-release", payload=payload)
    return payload


def test_release_with_profile(database):
    database.variables["DBDYNO_MSI_REPOSITORY"] = "owner/windows-installer"
    database.secrets.update(DBDYNO_RELEASE_TOKEN="release-token", DBDYNO_MSI_TOKEN="msi-token")
    payload = pgo_release(database)
    origin = database.origin
    commit = git(origin, "rev-parse", "main")
    assert git(origin, "rev-parse", "v1.59.11") == commit and git(origin, "rev-parse", "main~1") == payload["from_version"]
    assert 'Version = "1.59.11"' in git(origin, "show", "main:go/cmd/dolt/doltversion/version.go")
    config = git(origin, "show", "main:go/libraries/doltcore/servercfg/yaml_config.go")
    assert 'minver:"1.59.11"' in config and 'minver:"1.2.3"' in config and "TBD" not in config
    assert git(origin, "show", "main:go/libraries/doltcore/servercfg/testdata/minver_validation.txt") == "new"

    (build,) = [c["dbdyno"] for c in database.calls("docker") if c["dbdyno"][:1] == ["build"]]
    given = dict(zip(build[1::2], build[2::2]))
    assert given["--version"] == commit and given["--target"] == "all" and given["--package"] == "auto" and given["--engine"] == "dolt"
    assert given["--profile"].endswith("/dolt-cpu-profile.pprof")

    (release,) = [c for c in database.calls("gh") if c["args"][:2] == ["release", "create"]]
    assert release["args"][2] == "v1.59.11" and "--verify-tag" in release["args"] and "--prerelease" in release["args"] and release["token"] == "release-token"
    assert [Path(a).name for a in release["args"] if a.startswith("/")] == [
        "SHA256SUMS", "dolt-1.59.11-1.aarch64.rpm", "dolt-1.59.11-1.x86_64.rpm", "dolt-linux-amd64.tar.gz", "dolt-linux-arm64.tar.gz",
        "dolt-windows-amd64.zip", "install.sh",
    ]  # fmt: skip
    assert database.dispatches() == [
        ("owner/database", "release-notes", {"version": "1.59.11", "release_id": "4242"}),
        ("owner/database", "push-docker-image", {"version": "1.59.11", "release_id": "4242"}),
        ("owner/database", "release-dolt", {"version": "1.59.11", "actor": "Maintainer", "profile_key": payload["profile_key"]}),
        ("owner/windows-installer", "upload-msi",
         {"tag": "1.59.11", "release_id": "4242", "actor": "Maintainer", "bucket": "results", "profile_key": payload["profile_key"]}),
    ]  # fmt: skip
    # The whole way: what the release says is what the benchmark of the released version builds with.
    database.workflow("benchmark.yaml", "repository_dispatch", action="release-dolt", payload=database.dispatches()[2][2])
    assert [flags(j)["to-profile-key"] for j in database.jobs()] == [payload["profile_key"]] * 2


def test_checksums_and_install_script(database, tmp_path):
    pgo_release(database)
    (out,) = tmp_path.glob("job-*/temp/release")
    assert (out / "install.sh").read_text() == "DOLT_VERSION=1.59.11\n"
    subprocess.run(["sha256sum", "--check", "--quiet", "SHA256SUMS"], cwd=out, check=True)
    assert len((out / "SHA256SUMS").read_text().splitlines()) == 6


def test_a_branch_that_went_on_keeps_what_it_has(database):
    """Released is what was profiled; the branch gets the version on top."""
    first = git(database.clone, "rev-parse", "HEAD")
    (database.clone / "later").write_text("x")
    git(database.clone, "add", "-A")
    git(database.clone, "commit", "-qm", "later")
    git(database.clone, "push", "-q", "origin", "HEAD:main")
    git(database.clone, "fetch", "-q")
    pgo_release(database, from_version=first)
    assert git(database.origin, "rev-parse", "v1.59.11~1") == first
    assert git(database.origin, "log", "--format=%s", "main").splitlines() == [
        "[ga-bump-release] Update version to 1.59.11 and release v1.59.11", "later", "first",
    ]  # fmt: skip
    assert 'Version = "1.59.11"' in git(database.origin, "show", "main:go/cmd/dolt/doltversion/version.go")


def test_a_commit_that_is_not_of_the_branch_is_not_released(database):
    git(database.clone, "checkout", "-q", "-b", "stray")
    git(database.clone, "commit", "-q", "--allow-empty", "-m", "stray")
    with pytest.raises(StepFailed, match="is not part of main"):
        pgo_release(database)
    assert not git(database.origin, "tag")


@pytest.mark.parametrize("field", ["version", "profile_key", "bucket", "from_version", "branch"])
def test_hostile_release(database, field):
    for value in hostile(database, ["version", "profile_key", "bucket", "from_version", "branch"], field):
        with pytest.raises(StepFailed):
            pgo_release(database, **{field: value})
    assert not git(database.origin, "tag") and not database.dispatches()


@pytest.mark.parametrize("key, data", [("p/none", None), ("p/text", "no profile"), ("p/empty", "")])
def test_a_release_without_a_profile_stops(database, key, data):
    if data is not None:
        database.store(key, data)
    with pytest.raises(StepFailed):
        pgo_release(database, profile_key=key)
    assert not git(database.origin, "tag")


def test_a_build_that_fails_releases_nothing(database):
    database.fail("^docker run .* build ")
    with pytest.raises(StepFailed):
        pgo_release(database)
    assert not git(database.origin, "tag") and not database.dispatches()


def test_an_event_that_is_not_sent_fails_the_release_and_holds_up_no_other(database):
    database.fail("^gh api --method POST repos/owner/database/dispatches")
    database.variables["DBDYNO_MSI_REPOSITORY"] = "owner/windows-installer"
    with pytest.raises(StepFailed, match="not everybody was told"):
        pgo_release(database)
    assert [d[0] for d in database.dispatches()][-1] == "owner/windows-installer"


def test_version_files_of_ones_own(database):
    database.variables["DBDYNO_VERSION_FILES"] = "go/cmd/dolt/doltversion/version.go"
    pgo_release(database)
    for bad in ("../outside", "go/go.mod", "/etc/passwd"):
        database.variables["DBDYNO_VERSION_FILES"] = bad
        with pytest.raises(StepFailed):
            pgo_release(database)


# ---- reports


MAIL = {"version": "1.59.11", "noms_bin_format": "__DOLT__", "bucket": "results", "key": "2026/01/31/release/x/results.log", "template": "PerformanceReport"}


def test_mail(github):
    github.secrets["DBDYNO_MAIL_TO"] = "team@example.org"
    github.workflow("mail.yaml", "repository_dispatch", action="email-report", payload=MAIL)
    github.workflow("mail.yaml", "repository_dispatch", action="email-report", payload={**MAIL, "email_recipient": "me@example.org"})
    asked = [c["dbdyno"] for c in github.calls("docker") if c["dbdyno"][:1] == ["notify"]]
    for arguments, recipient in zip(asked, ("team@example.org", "me@example.org"), strict=True):
        assert {"--mail", f"--results=s3://results/{MAIL['key']}", f"--mail-to={recipient}", "--ses-template=PerformanceReport", "--results-version=1.59.11"} <= set(
            arguments
        )


def test_a_mail_that_is_not_sent_fails(github):
    github.fail("^docker run .* notify ")
    with pytest.raises(StepFailed):
        github.workflow("mail.yaml", "repository_dispatch", action="email-report", payload={**MAIL, "email_recipient": "me@example.org"})


@pytest.mark.parametrize("field", [*MAIL, "email_recipient"])
def test_hostile_mail(github, field):
    github.secrets["DBDYNO_MAIL_TO"] = "team@example.org"
    for value in [*hostile(github, [*MAIL, "email_recipient"], field), *(["another-bucket"] if field == "bucket" else [])]:
        with pytest.raises(StepFailed):
            github.workflow("mail.yaml", "repository_dispatch", action="email-report", payload={**MAIL, field: value})
    assert not [c for c in github.calls("docker") if c["dbdyno"][:1] == ["notify"]]


REPORT = {"issue_number": "12", "actor": "Hydrocharged", "noms_bin_format": "__DOLT__", "bucket": "results", "key": "r/results.log",
          "job_type": "performance-benchmarking"}  # fmt: skip
COMMENTS = "GET repos/owner/database/issues/12/comments"
BOT = {"login": "github-actions[bot]"}


def posted(github):
    return [(c["args"][2], c["args"][3], c["input"]) for c in github.calls("gh") if "--method" in c["args"]]


def test_a_report_is_posted_and_then_updated_in_place(github):
    github.store("r/results.log", "| read_tests | `x` |\n$(touch hostile)\n")
    github.store("r/tpcc.log", "| tpcc-scale-factor-1 |\n")
    github.answers({COMMENTS: []})
    github.workflow("pull-report.yaml", "repository_dispatch", action="pull-report", payload=REPORT)
    body = "<!-- go-run-output -->\n@Hydrocharged __DOLT__\n| read_tests | `x` |\n$(touch hostile)\n"
    assert posted(github) == [("POST", "repos/owner/database/issues/12/comments", {"body": body})]
    old = [
        {"id": 1, "user": {"login": "stranger"}, "body": "<!-- go-run-output --> read_tests"},
        {"id": 2, "user": BOT, "body": "read_tests"},
        {"id": 3, "user": BOT, "body": "<!-- go-run-output --> tpcc-scale-factor-1"},
        {"id": 4, "user": BOT, "body": body},
    ]
    github.answers({COMMENTS: old})
    github.workflow("pull-report.yaml", "repository_dispatch", action="pull-report", payload=REPORT)
    github.workflow("pull-report.yaml", "repository_dispatch", action="pull-report", payload={**REPORT, "key": "r/tpcc.log"})
    github.workflow("pull-report.yaml", "repository_dispatch", action="pull-report", payload={**REPORT, "job_type": "sql-correctness"})
    assert [p[:2] for p in posted(github)[1:]] == [
        ("PATCH", "repos/owner/database/issues/comments/4"),
        ("PATCH", "repos/owner/database/issues/comments/3"),
        ("POST", "repos/owner/database/issues/12/comments"),
    ]


@pytest.mark.parametrize("regression, labels, change", [
    (False, [], ("POST", "repos/owner/database/issues/12/labels", {"labels": ["performance_approved"]})),
    (False, [{"name": "performance_approved"}], None),
    (True, [{"name": "bug"}, {"name": "performance_approved"}], ("DELETE", "repos/owner/database/issues/12/labels/performance_approved", None)),
    (True, [{"name": "performance_approved_not"}], None),
    (None, [{"name": "performance_approved"}], None),
])  # fmt: skip
def test_the_label_follows_the_verdict(github, regression, labels, change):
    github.store("r/results.log", "read_tests")
    github.answers({COMMENTS: [], "GET repos/owner/database/issues/12/labels": labels})
    payload = REPORT if regression is None else {**REPORT, "is_performance_regression": regression}
    github.workflow("pull-report.yaml", "repository_dispatch", action="pull-report", payload=payload)
    assert posted(github)[1:] == ([change] if change else [])


@pytest.mark.parametrize("issue", [-1, "-1", ""])
def test_a_report_that_no_pull_request_asked_for(github, issue):
    github.workflow("pull-report.yaml", "repository_dispatch", action="pull-report", payload={**REPORT, "issue_number": issue})
    assert not posted(github)


def body_of(github, report):
    github.store("r/results.log", report)
    github.answers({COMMENTS: []})
    github.workflow("pull-report.yaml", "repository_dispatch", action="pull-report", payload=REPORT)
    return posted(github)[-1][2]["body"]


def characters(text):
    """As UTF-16 counts them: the largest of the ways to count."""
    return len(text.encode("utf-16-le")) // 2


HEAD_OF_COMMENT = "<!-- go-run-output -->\n@Hydrocharged __DOLT__\n"


@pytest.mark.parametrize("letter", ["x", "ü", "😀"])
@pytest.mark.parametrize("more", [-1, 0, 1])
def test_a_report_at_the_limit_of_a_comment(github, letter, more):
    room = 65536 - len(HEAD_OF_COMMENT) - len("read_tests\n")
    report = "read_tests\n" + letter * (room // characters(letter)) + "x" * (room % characters(letter))
    report = report[:-1] if more < 0 else report + "x" * more
    body = body_of(github, report)
    if more <= 0:
        assert body == HEAD_OF_COMMENT + report
    else:
        assert characters(body) <= 65536 and body.startswith(HEAD_OF_COMMENT + "read_tests\n\nLeft out")


def test_a_long_report_is_cut_after_a_whole_section(github):
    sections = ["| read_tests |\n|--|", *(f"section {i} " + "ü" * 1990 for i in range(20)), "<details>\n\n" + "y" * 1000]
    sections += ["z" * 3000] * 20
    report = "\n\n".join(sections)
    body = body_of(github, report)
    assert 60000 < characters(body) <= 65536
    kept, line = body.removeprefix(HEAD_OF_COMMENT).split("\n</details>\n")  # what was open is closed
    assert report.startswith(kept) and kept.endswith("z" * 3000 + "\n\n")
    left = characters(report) - characters(kept)
    assert line == (f"\nLeft out, so that the comment fits: the last {left} of {characters(report)} characters. "
                    "The whole report is `r/results.log` in the bucket.\n")


@pytest.mark.parametrize("report, end", [
    ("read_tests" + "ü" * 100000, "ü\n"),  # nowhere to cut
    ("read_tests\n" + "| a row of a table |\n" * 10000, "| a row of a table |\n"),
    ("😀" * 70000, "😀\n"),
])  # fmt: skip
def test_a_report_without_sections_is_cut_too(github, report, end):
    body = body_of(github, report)
    assert 60000 < characters(body) <= 65536
    assert body.split("\nLeft out")[0].endswith(end)


@pytest.mark.parametrize("field", [*REPORT, "is_performance_regression"])
def test_hostile_report(github, field):
    github.store("r/results.log", "read_tests")
    github.answers({COMMENTS: []})
    for value in hostile(github, [*REPORT, "is_performance_regression"], field):
        with pytest.raises(StepFailed):
            github.workflow("pull-report.yaml", "repository_dispatch", action="pull-report", payload={**REPORT, field: value})
    assert not posted(github)


# ---- a comment


def comment(body, login="Hydrocharged", **issue):
    return {"issue": {"number": 12, "pull_request": {"url": "x"}, **issue},
            "comment": {"id": 99, "body": body, "created_at": "2026-01-31T10:00:00Z", "user": {"login": login}}}  # fmt: skip


def pull(permission="write", pushed="2026-01-31T09:00:00Z"):
    return {
        "GET repos/owner/database/collaborators/Hydrocharged/permission": {"permission": permission},
        "GET repos/owner/database/pulls/12": {"head": {"sha": HEAD, "repo": {"pushed_at": pushed}}, "base": {"ref": "main"}},
        f"GET repos/owner/database/compare/main...{HEAD}": {"merge_base_commit": {"sha": BASE}},
    }


@pytest.mark.parametrize("body, time", [("#benchmark", None), ("Looks good.\r\n#benchmark-mini\r\n", "20")])
def test_a_comment_asks_for_a_benchmark(github, body, time):
    github.answers(pull())
    github.workflow("comment.yaml", "issue_comment", event=comment(body))
    assert posted(github) == [("POST", "repos/owner/database/issues/comments/99/reactions", None)]
    sysbench, tpcc = map(flags, github.jobs())
    for seen in (sysbench, tpcc):
        assert (seen["from-version"], seen["to-version"], seen["issue-number"], seen["output"]) == (BASE, HEAD, "12", "markdown")
        assert seen["from-server"] == seen["to-server"] == "dolt" and "perf-regression-query" in seen
    assert sysbench.get("sysbench-test-time") == time and "sysbench-test-time" not in tpcc


@pytest.mark.parametrize("body", ["see #benchmarks", "#benchmark please", "> quoted #benchmark", "no #benchmark-maxi", "#benchmark-mini; touch hostile"])
def test_a_comment_that_asks_for_nothing(github, body):
    github.answers(pull())
    github.workflow("comment.yaml", "issue_comment", event=comment(body))
    assert not github.jobs() and not posted(github)


@pytest.mark.parametrize("permission", ["read", "none", "triage", "$(touch hostile)"])
def test_who_may_not_write_may_not_ask(github, permission):
    github.answers(pull(permission))
    assert github.workflow("comment.yaml", "issue_comment", event=comment("#benchmark"))["benchmark"] is None
    github.answers({})
    assert github.workflow("comment.yaml", "issue_comment", event=comment("#benchmark"))["benchmark"] is None
    assert not github.jobs() and not posted(github)


def test_a_push_after_the_comment_needs_another(github):
    github.answers(pull(pushed="2026-01-31T10:00:01Z"))
    with pytest.raises(StepFailed, match="comment again"):
        github.workflow("comment.yaml", "issue_comment", event=comment("#benchmark"))
    assert not github.jobs()


def test_a_comment_on_an_issue_is_none_on_a_pull_request(github):
    assert github.workflow("comment.yaml", "issue_comment", event=comment("#benchmark", pull_request=None)) == {"ask": None, "benchmark": None}


@pytest.mark.parametrize("login", ["$(touch hostile)", "../../x", "a/b"])
def test_hostile_commenter(github, login):
    with pytest.raises(StepFailed):
        github.workflow("comment.yaml", "issue_comment", event=comment("#benchmark", login=login))


# ---- dbdyno's own


@pytest.mark.parametrize("ref_type, ref_name, tag", [("branch", "main", "edge"), ("tag", "v0.1.0", "0.1.0")])
def test_image(github, ref_type, ref_name, tag):
    github.clone = ROOT
    github.github.update(repository="owner/dbdyno", ref_type=ref_type, ref_name=ref_name)
    github.clone = github.folder / "source"
    github.clone.mkdir()
    git(github.clone, "init", "-q")
    (github.clone / ".github").symlink_to(ROOT / ".github")
    git(github.clone, "commit", "-q", "--allow-empty", "-m", "x")
    github.workflow("image.yaml", "push")
    builds = [c["args"] for c in github.calls("docker") if c["args"][:2] == ["buildx", "build"]]
    assert [b[b.index("--platform") + 1] for b in builds] == ["linux/amd64", "linux/arm64"]
    for build in builds:
        assert "--sbom=true" in build and "--provenance=mode=max" in build
        labels = [build[i + 1].removeprefix("org.opencontainers.image.").partition("=") for i, a in enumerate(build) if a == "--label"]
        assert {n for n, _, _ in labels} == {"version", "revision", "source", "licenses", "created", "title"}
        assert dict((n, v) for n, _, v in labels)["version"] == tag
        assert re.search(r"label org.opencontainers.image.created=\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", " ".join(build))
    (merge,) = [c["args"] for c in github.calls("docker") if c["args"][:3] == ["buildx", "imagetools", "create"]]
    assert merge[merge.index("--tag") + 1] == f"ghcr.io/owner/dbdyno:{tag}"
    assert merge[-2:] == ["ghcr.io/owner/dbdyno@sha256:" + "1" * 64, "ghcr.io/owner/dbdyno@sha256:" + "2" * 64]


def test_ci_runs_what_everybody_runs(github):
    github.clone = github.folder / "source"
    github.clone.mkdir()
    (github.clone / ".github").symlink_to(ROOT / ".github")
    (github.clone / "Dockerfile").symlink_to(ROOT / "Dockerfile")
    github.workflow("ci.yaml", "push")
    (run,) = github.calls("docker")
    assert re.fullmatch(r"golang:[0-9.]+-bookworm", run["args"][-4]) and run["args"][-1].endswith("exec .ci/run")
