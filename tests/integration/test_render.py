"""dbdyno render: the manifest is YAML, a valid Job, and says what was asked, whatever the values are."""

import subprocess

import pytest
import yaml

from conftest import CANARY, ROOT

VERSIONS = ["--from-version=v1", "--to-version=v2", "--from-repository=https://example.org/db.git",
            "--to-repository=https://example.org/db.git"]


@pytest.fixture(scope="session")
def validator():
    return subprocess.run([ROOT / "tests" / "tools" / "kubectl-validate.sh"], check=True, capture_output=True, text=True,
                          timeout=1800).stdout.strip()


def validate(validator, manifest, folder):
    path = folder / "job.yaml"
    path.write_text(manifest)
    done = subprocess.run([validator, "--version", "1.30", str(path)], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr + manifest


def test_everything(dbdyno, validator, tmp_path):
    query = "select 'yes: no',\n \"x\" -- $(AWS_SECRET_ACCESS_KEY) ${IMAGE}"
    done = dbdyno.ok("render", "compare", "--image=registry.example.org/dbdyno@sha256:0123", "--actor=bot[bot]", "--namespace=perf",
                     "--cpus=7", "--memory=1Gi", "--disk=2Gi", "--deadline=90m", "--ttl=1h", "--retries=0", "--queue=benchmarks",
                     "--label=team=db", "--label=example.org/on=yes", "--node-selector=pool=bench", "--toleration=dedicated",
                     "--service-account=dbdyno", "--token-secret=github", "--aws-secret=aws", "--ca-config-map=ca",
                     "--cache-claim=builds", "--image-pull-secret=registry", "--", *VERSIONS, f"--query={query}",
                     REPO_ACCESS_TOKEN=CANARY, AWS_SECRET_ACCESS_KEY=CANARY)
    assert CANARY not in done.stdout + done.stderr
    validate(validator, done.stdout, tmp_path)
    job = yaml.safe_load(done.stdout)
    pod = job["spec"]["template"]["spec"]
    container = pod["containers"][0]
    assert job["metadata"]["name"].startswith("bot-bot-v2-") and job["metadata"]["namespace"] == "perf"
    assert job["metadata"]["labels"]["example.org/on"] == "yes"
    assert job["spec"]["activeDeadlineSeconds"] == 5400 and job["spec"]["backoffLimit"] == 0
    assert container["args"] == ["compare", *VERSIONS, f"--query={query}".replace("$", "$$")]
    assert container["resources"]["requests"] == container["resources"]["limits"]
    assert container["resources"]["limits"] == {"cpu": 7, "memory": "1Gi", "ephemeral-storage": "2Gi"}
    assert pod["nodeSelector"] == {"pool": "bench"} and pod["tolerations"] == [{"key": "dedicated", "operator": "Exists"}]
    volumes = {volume["name"]: volume for volume in pod["volumes"]}
    assert volumes["cache"] == {"name": "cache", "persistentVolumeClaim": {"claimName": "builds"}}
    assert volumes["token"]["secret"]["secretName"] == "github"
    assert {mount["name"] for mount in container["volumeMounts"]} == set(volumes)


def test_least(dbdyno, validator, tmp_path):
    done = dbdyno.ok("render", "--image=dbdyno", "--", *VERSIONS)
    validate(validator, done.stdout, tmp_path)
    pod = yaml.safe_load(done.stdout)["spec"]["template"]["spec"]
    assert "serviceAccountName" not in pod and "nodeSelector" not in pod
    assert [volume["name"] for volume in pod["volumes"]] == ["work", "cache", "tmp"]
    assert all("valueFrom" not in variable for variable in pod["containers"][0]["env"])


@pytest.mark.parametrize("actor", ["../../etc", "x\"}]", "", "J\u00fcrgen", "$(reboot)", "a" * 300, "yes", "-1"])
def test_names(dbdyno, actor):
    job = yaml.safe_load(dbdyno.ok("render", "--image=dbdyno", f"--actor={actor}", "--", *VERSIONS).stdout)
    name = job["metadata"]["name"]
    assert 0 < len(name) <= 63 and name.strip("-") == name and all(c in "abcdefghijklmnopqrstuvwxyz0123456789-" for c in name)


@pytest.mark.parametrize("flag, text", [
    ("--job-name=Not_A_Name", "JOB_NAME: \"Not_A_Name\" is not a Kubernetes name"),
    ("--namespace=a.b", "NAMESPACE"),
    ("--memory=lots", "MEMORY: \"lots\" is not a quantity"),
    ("--label=oops", "LABELS: \"oops\" is not a label as key=value"),
    ("--token-secret=../x", "TOKEN_SECRET"),
])
def test_refused(dbdyno, flag, text):
    done = dbdyno.fails(2, text, "render", "--image=dbdyno", flag, "--", *VERSIONS)
    assert done.stdout == ""


def test_template_of_your_own(dbdyno, tmp_path):
    template = tmp_path / "own.yaml"
    template.write_text("kind: ${IMAGE}\nargs: [!each:ARGS \"${ARGS}\"]\nx: ${QUEUE?}\n")
    done = dbdyno.ok("render", f"--template-file={template}", "--image=yes", "--", *VERSIONS)
    assert yaml.safe_load(done.stdout) == {"kind": "yes", "args": VERSIONS}
    template.write_text("x: ${NOT_KNOWN}\n")
    dbdyno.fails(2, "asks for NOT_KNOWN", "render", f"--template-file={template}", "--image=x", "--", *VERSIONS)
    template.write_text("x: [\n")
    dbdyno.fails(2, "not YAML", "render", f"--template-file={template}", "--image=x", "--", *VERSIONS)
