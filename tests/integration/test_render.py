"""dbdyno render: what comes out is what was asked for, whatever it holds, and Kubernetes' own schemas accept it."""

import re
import subprocess

import pytest
import yaml

from conftest import CANARY, ROOT

IMAGE = "registry.example.org/dbdyno@sha256:" + "0" * 64
FLAGS = ["--from-server=mariadb", "--to-server=postgres", "--test=oltp_read_only"]

HOSTILE = {
    "actor": "bot[bot]",
    "newline": "a\n- evil: true",
    "crlf": 'x"\r\n',
    "quotes": "\"'`\\",
    "shell": "$(cat /etc/passwd)",
    "variable": "$(AWS_SECRET_ACCESS_KEY) $$(A) ${IMAGE}",
    "option": "--upload-pack=touch /tmp/x",
    "path": "../../etc/passwd",
    "long": "x" * 300,
    "flow": "{a: [b, c]} # &anchor *alias !!python/object:os.system",
    "document": "---\nkind: Pod",
    "utf8": "ünïcödé 数据库",
    "control": "a\x1b[31mb",
    "tab": "a\tb",
    "blank": " a ",
}


@pytest.fixture(scope="session")
def validator():
    done = subprocess.run([ROOT / "tests/tools/kubectl-validate.sh"], capture_output=True, text=True, check=False, timeout=1500)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.fixture
def accepted(validator, tmp_path):
    """Gives a manifest back as Python reads it, after the schemas accepted it."""

    def check(text):
        path = tmp_path / "manifest.yaml"
        path.write_text(text, encoding="utf-8")
        done = subprocess.run([validator, "--version", "1.30", path], capture_output=True, text=True, check=False, timeout=120)
        path.unlink()
        assert done.returncode == 0, f"{done.stdout}{done.stderr}\n{text}"
        documents = list(yaml.safe_load_all(text))
        assert len(documents) == 1 and documents[0]["kind"] == "Job"
        return documents[0]

    return check


def container(job):
    (only,) = job["spec"]["template"]["spec"]["containers"]
    return only


def expanded(text):
    """What the kubelet makes of an argument in which no $(NAME) is left: "$$" becomes "$"."""
    assert not re.search(r"(?<!\$)(\$\$)*\$\(", text), f"{text} would be expanded"
    return text.replace("$$", "$")


def test_minimal_job(dbdyno, accepted):
    job = accepted(dbdyno.ok("render", "--image", IMAGE, "--", *FLAGS).stdout)
    pod, only = job["spec"]["template"]["spec"], container(job)
    assert only["image"] == IMAGE
    assert only["args"] == ["compare", *FLAGS]
    assert only["resources"]["limits"] == only["resources"]["requests"] == {"cpu": 4, "memory": "8Gi", "ephemeral-storage": "20Gi"}
    assert re.fullmatch(r"dbdyno-\d{19}", job["metadata"]["name"])
    assert "namespace" not in job["metadata"]
    assert job["spec"]["activeDeadlineSeconds"] == 4 * 3600 and job["spec"]["ttlSecondsAfterFinished"] == 24 * 3600
    assert pod["restartPolicy"] == "Never" and pod["automountServiceAccountToken"] is False
    assert [v["name"] for v in pod["volumes"]] == ["work", "cache", "tmp"]
    assert {e["name"] for e in only["env"]} == {"HOME", "TMPDIR", "DBDYNO_OUT", "DBDYNO_CACHE"}


def test_restricted_pod_security(dbdyno, accepted):
    """kubernetes.io/docs/concepts/security/pod-security-standards, "restricted"."""
    job = accepted(dbdyno.ok("render", "compare", "--image", IMAGE, "--", *FLAGS).stdout)
    pod, only = job["spec"]["template"]["spec"], container(job)
    assert pod["securityContext"]["runAsNonRoot"] is True and pod["securityContext"]["runAsUser"] == 10001
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert only["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert not any(pod.get(name) for name in ("hostNetwork", "hostPID", "hostIPC"))
    assert {kind for v in pod["volumes"] for kind in v if kind != "name"} <= {"emptyDir", "secret", "configMap", "persistentVolumeClaim"}


def test_every_flag_reaches_its_field(dbdyno, accepted):
    done = dbdyno.ok(
        "render", "--image", IMAGE, "--job-name=my-job", "--namespace=performance", "--deadline=90m", "--ttl=1h", "--retries=3",
        "--cpus=7", "--memory=16Gi", "--disk=50Gi", "--node-selector=pool=bench", "--toleration=benchmark", "--label=team=db",
        "--label=example.org/on=yes", "--queue=benchmarks", "--cache-claim=builds", "--service-account=dbdyno", "--token-secret=github",
        "--aws-secret=aws", "--ca-config-map=authorities", "--image-pull-secret=registry", "--", *FLAGS,
        REPO_ACCESS_TOKEN=CANARY, AWS_SECRET_ACCESS_KEY=CANARY,
    )  # fmt: skip
    assert CANARY not in done.stdout + done.stderr
    job = accepted(done.stdout)
    spec, pod, only = job["spec"], job["spec"]["template"]["spec"], container(job)
    assert job["metadata"]["name"] == "my-job" and job["metadata"]["namespace"] == "performance"
    assert job["metadata"]["labels"]["kueue.x-k8s.io/queue-name"] == "benchmarks"
    for labels in (job["metadata"]["labels"], spec["template"]["metadata"]["labels"]):
        assert labels["team"] == "db" and labels["example.org/on"] == "yes"
    assert (spec["activeDeadlineSeconds"], spec["ttlSecondsAfterFinished"], spec["backoffLimit"]) == (5400, 3600, 3)
    assert only["resources"]["limits"] == {"cpu": 7, "memory": "16Gi", "ephemeral-storage": "50Gi"}
    assert pod["nodeSelector"] == {"pool": "bench"}
    assert pod["tolerations"] == [{"key": "benchmark", "operator": "Exists"}]
    assert pod["serviceAccountName"] == "dbdyno" and pod["imagePullSecrets"] == [{"name": "registry"}]
    env = {e["name"]: e for e in only["env"]}
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        assert env[name]["valueFrom"]["secretKeyRef"] == {"name": "aws", "key": name}
    assert env["AWS_SESSION_TOKEN"]["valueFrom"]["secretKeyRef"]["optional"] is True
    volumes = {v["name"]: v for v in pod["volumes"]}
    assert volumes["token"]["secret"]["secretName"] == "github" and volumes["token"]["secret"]["defaultMode"] == 0o440
    assert volumes["ca"]["configMap"]["name"] == "authorities"
    assert volumes["cache"]["persistentVolumeClaim"] == {"claimName": "builds"} and "emptyDir" not in volumes["cache"]
    mounts = {m["name"]: m["mountPath"] for m in only["volumeMounts"]}
    assert env["DBDYNO_TOKEN_FILE"]["value"] == mounts["token"] + "/token"
    assert env["DBDYNO_CA_FILE"]["value"] == mounts["ca"] + "/ca.crt"
    assert set(mounts) == set(volumes)


@pytest.mark.parametrize("value", ["yes", "no", "null", "~", "1e3", "0x10", "1_000", "-1", ".5", "2026-01-01", "=", "<<", ""])
def test_a_value_that_looks_like_something_else_stays_text(dbdyno, accepted, value):
    job = accepted(dbdyno.ok("render", f"--image={IMAGE}", f"--toleration={value}x", "--", f"--query={value}", f"--out={value}").stdout)
    assert container(job)["args"][1:] == [f"--query={value}", f"--out={value}"]
    alone = accepted(dbdyno.ok("render", f"--image={IMAGE}", "--", "--query", value or "x").stdout)
    assert container(alone)["args"][1:] == ["--query", value or "x"]


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_query_is_carried_unchanged_or_refused(dbdyno, accepted, name):
    value = HOSTILE[name]
    done = dbdyno.run("render", "--image", IMAGE, "--", "--query", value, *FLAGS)
    if name in ("control", "crlf"):
        assert done.returncode == 2 and done.stdout == "" and "UTF-8" in done.stderr
        assert "\x1b" not in done.stderr
        return
    assert done.returncode == 0, done.stderr
    args = container(accepted(done.stdout))["args"]
    assert [expanded(a) for a in args] == ["compare", "--query", value, *FLAGS]


def test_no_disk_is_asked_for_where_nodes_keep_no_account_of_it(dbdyno, accepted):
    only = container(accepted(dbdyno.ok("render", "--image", IMAGE, "--disk=0", "--", *FLAGS).stdout))
    assert only["resources"]["limits"] == only["resources"]["requests"] == {"cpu": 4, "memory": "8Gi"}


def test_name_from_actor_and_version(dbdyno, accepted):
    done = dbdyno.ok("render", "--image", IMAGE, "--actor=bot[bot]", "--", "--to-version=v1.2", "--to-repository=https://example.org/db.git")
    assert re.fullmatch(r"bot-bot-v1-2-\d{19}", accepted(done.stdout)["metadata"]["name"])


@pytest.mark.parametrize("actor", ["", "yes", "-1", "[]"])
def test_any_actor_gives_a_name(dbdyno, accepted, actor):
    name = accepted(dbdyno.ok("render", "--image", IMAGE, f"--actor={actor}", "--", *FLAGS).stdout)["metadata"]["name"]
    assert re.fullmatch(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?", str(name)) and isinstance(name, str)


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_actor_gives_a_valid_name(dbdyno, accepted, name):
    done = dbdyno.run("render", "--image", IMAGE, "--actor", HOSTILE[name], "--", *FLAGS)
    if done.returncode:
        assert done.returncode == 2 and done.stdout == "" and "--actor" in done.stderr
        return
    job = accepted(done.stdout)
    assert re.fullmatch(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?", job["metadata"]["name"])
    assert HOSTILE[name] not in done.stdout


@pytest.mark.parametrize(
    "flag", ["job-name", "namespace", "queue", "memory", "disk", "service-account", "token-secret", "aws-secret", "ca-config-map", "cache-claim",
             "image-pull-secret", "label", "node-selector"]
)  # fmt: skip
@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_name_of_an_object_is_refused(dbdyno, flag, name):
    value = HOSTILE[name]
    done = dbdyno.fails(2, "", "render", "--image", IMAGE, f"--{flag}={value}", "--", *FLAGS)
    assert f"--{flag}: " in done.stderr or flag.upper().replace("-", "_") in done.stderr, done.stderr
    assert done.stdout == ""
    assert "\x1b" not in done.stderr


@pytest.mark.parametrize("name", [n for n in HOSTILE if n not in ("control", "crlf", "newline", "document", "tab")])
def test_hostile_image_stays_text(dbdyno, accepted, name):
    job = accepted(dbdyno.ok("render", f"--image={HOSTILE[name]}", "--", *FLAGS).stdout)
    assert container(job)["image"] == HOSTILE[name]


def test_a_label_cannot_replace_one_of_the_template(dbdyno):
    dbdyno.fails(2, "app.kubernetes.io/name", "render", "--image", IMAGE, "--label=app.kubernetes.io/name=other", "--", *FLAGS)


@pytest.mark.parametrize(
    "args, text",
    [
        ([], "--image"),
        (["--image=i", "--cpus=1.5"], "--cpus"),
        (["--image=i", "--cpus=0"], "--cpus"),
        (["--image=i", "--deadline=-1"], "--deadline"),
        (["--image=i", "--", "--form-version=1"], "did you mean --from-version?"),
        (["--image=i", "--", "--threads=0"], "the Job's flags"),
        (["--image=i", "--", "--token=canary"], "is not taken from the command line"),
        (["compair", "--image=i"], 'there is no template "compair"'),
        (["profile", "--image=i", "--", "--to-version=1"], "unknown flag --to-version"),
        (["--image=i", "--from-environment=maybe"], "--from-environment"),
        (["--image=i", "--template-file=/nonexistent"], "/nonexistent"),
    ],
)
def test_what_is_wrong_is_told_and_nothing_is_printed(dbdyno, args, text):
    done = dbdyno.fails(2, text, "render", *args)
    assert done.stdout == "" and "canary" not in done.stderr


@pytest.mark.parametrize(
    "kind, suffix, args", [("compare", "", ["compare"]), ("tpcc", "-tpcc", ["compare", "--withTpcc=true"]), ("profile", "-profile", ["profile"])]
)
def test_kinds_of_jobs(dbdyno, accepted, kind, suffix, args):
    version = "--version=v1.2" if kind == "profile" else "--to-version=v1.2"
    job = accepted(dbdyno.ok("render", kind, "--image", IMAGE, "--actor=Zoë", "--goexperiment=greenteagc", "--", version).stdout)
    assert re.fullmatch(rf"zo-v1-2{suffix}-\d{{19}}", job["metadata"]["name"])
    assert container(job)["args"] == [*args, version]
    assert job["metadata"]["labels"]["app.kubernetes.io/component"] == kind
    assert {"name": "GOEXPERIMENT", "value": "greenteagc"} in container(job)["env"]
    assert not {"ACTOR", "GOMAXPROCS"} & {e["name"] for e in container(job)["env"]}


def test_a_template_of_ones_own(dbdyno, tmp_path):
    template = tmp_path / "pod.yaml"
    template.write_text(
        "kind: ConfigMap\nmetadata: {name: '${JOB_NAME:name}'}\ndata: {image: '${IMAGE}', args: '$(X) $${'}\n---\nlist: [!each:ARGS 'a=${ARGS}']\n"
    )
    done = dbdyno.ok("render", "--image=i: j", "--job-name=n", f"--template-file={template}", "--", "--test=oltp_read_only", "--quiet")
    first, second = yaml.safe_load_all(done.stdout)
    assert first == {"kind": "ConfigMap", "metadata": {"name": "n"}, "data": {"image": "i: j", "args": "$(X) ${"}}
    assert second == {"list": ["a=--test=oltp_read_only", "a=--quiet"]}
    template.write_text("a: ${NOBODY_KNOWS}\n")
    dbdyno.fails(2, "NOBODY_KNOWS", "render", "--image=i", f"--template-file={template}")
    template.write_text("a: [unclosed\n")
    dbdyno.fails(2, "not YAML", "render", "--image=i", f"--template-file={template}")
