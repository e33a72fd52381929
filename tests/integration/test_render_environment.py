"""dbdyno render --from-environment: what run-benchmarks.sh was given becomes a Job, and its reports' queries say what they said."""

import re
import sqlite3
import time

import pytest
import yaml

from conftest import CANARY, ROOT
from test_render import HOSTILE, IMAGE, accepted, container, expanded, validator  # noqa: F401  (fixtures)

SCRIPTS = "./.github/scripts/performance-benchmarking/get-%s-job-json.sh"
RELEASE = {
    "FROM_SERVER": "mysql",
    "FROM_VERSION": "8.0.35",
    "TO_SERVER": "dolt",
    "TO_VERSION": "1.59.10",
    "MODE": "release",
    "ACTOR": "Hydrocharged",
    "ACTOR_EMAIL": "team@example.org",
    "KUBECONFIG": "./kubeconfig",
    "NOMS_BIN_FORMAT": "__DOLT__",
    "TEMPLATE_SCRIPT": SCRIPTS % "mysql-dolt",
}
PULL = {
    "FROM_SERVER": "dolt",
    "FROM_VERSION": "5a3928d1234567890123456789012345678901ab",
    "TO_SERVER": "dolt",
    "TO_VERSION": "0123456789abcdef0123456789abcdef01234567",
    "MODE": "pullRequest",
    "ACTOR": "bot[bot]",
    "ISSUE_NUMBER": "4711",
    "INIT_BIG_REPO": "true",
    "SYSBENCH_TEST_TIME": "20",
    "NOMS_BIN_FORMAT": "__DOLT__",
    "TEMPLATE_SCRIPT": SCRIPTS % "dolt-dolt",
}
PROFILE = {
    "PROFILE": "true",
    "FROM_VERSION": "0123456789abcdef0123456789abcdef01234567",
    "FUTURE_VERSION": "1.59.11",
    "MODE": "release",
    "ACTOR": "coffeegoddd",
    "BRANCH": "main",
    "NOMS_BIN_FORMAT": "__DOLT__",
    "TEMPLATE_SCRIPT": SCRIPTS % "dolt-profile",
}
FLAGS = ["--image", IMAGE, "--from-environment", "--token-secret=github-token"]
STORE = ["--bucket=results", "--region=us-west-2"]


@pytest.fixture
def job(dbdyno, accepted):  # noqa: F811
    """The accepted manifest of an environment, its flags as a list of (name, value), and what its queries are."""

    def render(environment, *flags):
        done = dbdyno.ok("render", *FLAGS, *flags, "--", *STORE, **environment)
        manifest = accepted(done.stdout)
        args = [expanded(a).removeprefix("--").partition("=")[::2] for a in container(manifest)["args"]]
        return manifest, args

    return render


def queries(args, flag):
    return [value for name, value in args if name == flag]


def plain(args):
    return [f"--{n}={v}" if v else f"--{n}" for n, v in args if "uer" not in n]


def test_release(job):
    before = time.gmtime()
    manifest, args = job({**RELEASE, "TO_PROFILE_KEY": "2026/01/31/release/x/cpu.pprof", "REPO_ACCESS_TOKEN": CANARY})
    name, day = manifest["metadata"]["name"], time.strftime("%Y/%m/%d", before)
    assert re.fullmatch(r"hydrocharged-1-59-10-\d{19}", name)
    assert plain(args) in [
        [
            "--schema=/app/schema.sql", "--useDoltHubLuaScriptsRepo", "--output=html", "--mysql-exec=/usr/sbin/mysqld",
            "--mysql-socket=/home/tester/.mysql/mysqld.sock", "--mysql-protocol=unix", "--from-server=mysql", "--from-version=8.0.35",
            "--to-server=dolt", "--to-version=1.59.10", "--to-profile-key=2026/01/31/release/x/cpu.pprof", f"--results-dir={d}",
            f"--results-prefix=release/hydrocharged/{name}/__DOLT__", "--noms-bin-format=__DOLT__", "--init-big-repo=false", *STORE,
        ]
        for d in (day, time.strftime("%Y/%m/%d", time.gmtime()))
    ]  # fmt: skip
    assert len(queries(args, "sysbenchQueries")) == 5 and len(queries(args, "tpccQueries")) == 3
    assert not queries(args, "perf-regression-query")
    pod, only = manifest["spec"]["template"]["spec"], container(manifest)
    env = {e["name"]: e.get("value") for e in only["env"]}
    assert (env["ACTOR"], env["ACTOR_EMAIL"], env["GOMAXPROCS"], env["GOEXPERIMENT"]) == ("Hydrocharged", "team@example.org", "7", "greenteagc")
    assert only["resources"]["limits"]["cpu"] == 7 and manifest["spec"]["backoffLimit"] == 3
    assert manifest["spec"]["template"]["metadata"]["annotations"]["alert_recipients"] == "team@example.org"
    assert {"name": "mysql", "mountPath": "/home/tester/.mysql"} in only["volumeMounts"] and {"name": "mysql", "emptyDir": {}} in pod["volumes"]
    assert CANARY not in yaml.safe_dump(manifest)


def test_tpcc(job):
    manifest, args = job({**RELEASE, "WITH_TPCC": "true", "TO_PROFILE_KEY": "k/cpu.pprof"})
    assert re.fullmatch(r"hydrocharged-1-59-10-tpcc-\d{19}", manifest["metadata"]["name"])
    assert ("withTpcc", "true") in args and ("to-profile-key", "k/cpu.pprof") in args
    assert manifest["metadata"]["labels"]["app.kubernetes.io/component"] == "tpcc"


def test_pull_request(job):
    manifest, args = job(PULL, "--cpus=3", "--retries=0", "--goexperiment=none")
    name = manifest["metadata"]["name"]
    assert re.fullmatch(r"bot-bot-01234567-\d{19}", name)
    assert plain(args)[2:8] == [
        "--output=markdown", "--from-server=dolt", f"--from-version={PULL['FROM_VERSION']}", "--to-server=dolt",
        f"--to-version={PULL['TO_VERSION']}", "--sysbench-test-time=20",
    ]  # fmt: skip
    assert ("issue-number", "4711") in args and ("init-big-repo", "false") in args
    assert ("results-prefix", f"pullRequest/bot-bot/{name}/__DOLT__") in args
    assert [len(queries(args, q)) for q in ("sysbenchQueries", "tpccQueries", "perf-regression-query")] == [2, 2, 1]
    env = {e["name"]: e.get("value") for e in container(manifest)["env"]}
    assert env["GOMAXPROCS"] == "3" and "GOEXPERIMENT" not in env and env["ACTOR"] == "bot[bot]" and manifest["spec"]["backoffLimit"] == 0
    assert not any(v["name"] == "mysql" for v in manifest["spec"]["template"]["spec"]["volumes"])


def test_profile(job):
    manifest, args = job(PROFILE)
    name = manifest["metadata"]["name"]
    assert re.fullmatch(r"coffeegoddd-01234567-profile-\d{19}", name)
    assert plain(args)[:5] == [
        "--schema=/app/schema.sql", "--useDoltHubLuaScriptsRepo", "--output=html", f"--profile-version={PROFILE['FROM_VERSION']}",
        "--future-version=1.59.11",
    ]  # fmt: skip
    assert {"name": "BRANCH", "value": "main"} in container(manifest)["env"] and manifest["spec"]["backoffLimit"] == 1
    assert not [n for n, _ in args if "uer" in n]
    without = job({k: v for k, v in PROFILE.items() if k != "FUTURE_VERSION"})[1]
    assert ("future-version", PROFILE["FROM_VERSION"]) in without


@pytest.mark.parametrize(
    "change, expected",
    [
        ({"NOMS_BIN_FORMAT": "__LD_1__", "INIT_BIG_REPO": "true"}, "true"),
        ({"NOMS_BIN_FORMAT": "__LD_1__", "INIT_BIG_REPO": "false"}, "false"),
        ({"NOMS_BIN_FORMAT": "__LD_1__", "INIT_BIG_REPO": ""}, None),
        ({"NOMS_BIN_FORMAT": "", "INIT_BIG_REPO": "true"}, "false"),
    ],
)
def test_big_repository_for_the_older_formats_alone(job, change, expected):
    assert dict(job({**PULL, **change})[1]).get("init-big-repo") == expected


@pytest.mark.parametrize("mode, output", [("release", "html"), ("nightly", "html"), ("pullRequest", "markdown")])
def test_output_by_mode(job, mode, output):
    assert ("output", output) in job({**PULL, "MODE": mode})[1]


@pytest.mark.parametrize("issue, passed", [("", None), ("-1", None), ("12", "12")])
def test_issue_number(job, issue, passed):
    assert dict(job({**PULL, "ISSUE_NUMBER": issue})[1]).get("issue-number") == passed


@pytest.mark.parametrize("script", [SCRIPTS % "dolt-dolt", "/tmp/get-dolt-dolt-job-json.sh", "dolt-dolt", ""])
def test_the_template_script_names_a_report_and_is_never_opened(job, tmp_path, script):
    if script.startswith("/tmp"):
        (tmp_path / "get-dolt-dolt-job-json.sh").write_text("touch ran\n")
        script = str(tmp_path / "get-dolt-dolt-job-json.sh")
    assert len(queries(job({**PULL, "TEMPLATE_SCRIPT": script})[1], "sysbenchQueries")) == 2
    assert not (tmp_path / "ran").exists()


def test_every_problem_at_once(dbdyno):
    done = dbdyno.fails(
        2, "REPO_ACCESS_TOKEN", "render", "--image=i", "--from-environment",
        REPO_ACCESS_TOKEN=CANARY, FROM_SERVER="oracle", TO_VERSION="--upload-pack=x", MODE="a/b", ISSUE_NUMBER="x", INIT_BIG_REPO="maybe",
        TEMPLATE_SCRIPT="/tmp/evil.sh", ACTOR_EMAIL="x y@z", NOMS_BIN_FORMAT="..", TO_PROFILE_KEY="../x",
    )  # fmt: skip
    for variable in ("FROM_SERVER", "FROM_VERSION is required", "TO_SERVER is required", "TO_VERSION", "MODE", "ACTOR is required", "ISSUE_NUMBER",
                     "INIT_BIG_REPO", "TEMPLATE_SCRIPT", "ACTOR_EMAIL", "NOMS_BIN_FORMAT", "TO_PROFILE_KEY", "--token-secret"):  # fmt: skip
        assert variable in done.stderr, done.stderr
    assert done.stdout == "" and CANARY not in done.stderr


def test_a_bucket_is_needed(dbdyno):
    dbdyno.fails(2, "--bucket is required", "render", *FLAGS, **PULL)


def test_the_kind_must_fit(dbdyno):
    dbdyno.fails(2, "asks for profile", "render", "tpcc", *FLAGS, "--", *STORE, **PROFILE)
    dbdyno.fails(2, "contradict", "render", *FLAGS, "--", *STORE, **{**PROFILE, "WITH_TPCC": "true"})
    dbdyno.fails(2, "TEMPLATE_SCRIPT", "render", *FLAGS, "--", *STORE, **{**PULL, "TEMPLATE_SCRIPT": SCRIPTS % "dolt-profile"})


VARIABLES = ["FROM_SERVER", "FROM_VERSION", "TO_SERVER", "TO_VERSION", "MODE", "ISSUE_NUMBER", "ACTOR", "ACTOR_EMAIL", "REPO_ACCESS_TOKEN", "KUBECONFIG",
             "INIT_BIG_REPO", "NOMS_BIN_FORMAT", "SYSBENCH_TEST_TIME", "WITH_TPCC", "TEMPLATE_SCRIPT", "PROFILE", "FUTURE_VERSION", "TO_PROFILE_KEY"]  # fmt: skip


@pytest.mark.parametrize("variable", VARIABLES)
def test_hostile_values_are_refused_or_stay_text(dbdyno, variable):
    """faults.md row 20. Each value in each variable: exit 2 and no manifest, or it is one quoted text and no more."""
    base = yaml.safe_load(dbdyno.ok("render", *FLAGS, "--", *STORE, **PULL).stdout)
    for value in HOSTILE.values():
        done = dbdyno.run("render", *FLAGS, "--", *STORE, **{**PULL, variable: value})
        assert "\x1b" not in done.stderr
        if done.returncode:
            assert done.returncode == 2 and done.stdout == "" and (variable in done.stderr or "--actor" in done.stderr), (value, done.stderr)
            continue
        manifest = yaml.safe_load(done.stdout)
        assert shape(manifest) == shape(base), f"{variable}={value!r} changed the structure"
        assert len(manifest["metadata"]["name"]) <= 63
        for arg in container(manifest)["args"]:
            expanded(arg)
            assert not re.match(r"--results-(dir|prefix)=.*(\.\.|\[|\$|\n| )", arg)
        if variable == "REPO_ACCESS_TOKEN" and len(value) > 20:
            assert value not in done.stdout


def shape(node):
    """A manifest without its texts, and without the annotation and variables that a value brings into being."""
    if isinstance(node, dict):
        return {k: {type(a) for a in v} if k == "args" else shape(v) for k, v in node.items() if k != "alert_recipients"}
    if isinstance(node, list):
        return [shape(v) for v in node if not (isinstance(v, dict) and v.get("name") == "ACTOR_EMAIL")]
    return type(node).__name__


# ---- the queries


def results(rows):
    """A database with from_results and to_results: (side, test, server, percentile, tps) for each row."""
    db = sqlite3.connect(":memory:")
    for side in ("from", "to"):
        db.execute(f"create table {side}_results (test_name, server_name, server_version, latency_percentile real, sql_transactions_per_second real)")
    for side, test, server, percentile, tps in rows:
        db.execute(f"insert into {side}_results values (?, ?, 'v1', ?, ?)", (test, server, percentile, tps))
    return db


ROWS = [
    ("from", "oltp_read_only", "mysql", 2.0, 500), ("to", "oltp_read_only", "dolt", 5.0, 200), ("to", "oltp_read_only", "dolt", 6.0, 210),
    ("from", "index_scan_postgres", "mysql", 10.0, 50), ("to", "index_scan_postgres", "dolt", 10.0, 50),
    ("from", "oltp_insert", "mysql", 4.0, 250), ("to", "oltp_insert", "dolt", 3.0, 300),
    ("from", "bulk_insert", "mysql", 0.001, 9), ("to", "bulk_insert", "dolt", 1.0, 9),
    ("from", "tpcc-scale-factor-1", "mysql", 40.0, 100), ("to", "tpcc-scale-factor-1", "dolt", 60.0, 40),
]  # fmt: skip


def ask(name):
    cursor = results(ROWS).execute((ROOT / "k8s/queries" / f"{name}.sql").read_text())
    return [c[0] for c in cursor.description], [tuple(r) for r in cursor]


SIDES = ["from_server", "from_version", "from_latency", "to_server", "to_version", "to_latency"]
RATES = ["from_server_name", "from_server_version", "from_tps", "to_server_name", "to_server_version", "to_tps", "percent_change"]


@pytest.mark.parametrize(
    "name, columns, rows",
    [
        ("multiplier-reads", ["read_tests", *SIDES, "multiplier"],
         [("index_scan_postgres", "mysql", "v1", 10.0, "dolt", "v1", 10.0, 1.0), ("oltp_read_only", "mysql", "v1", 2.0, "dolt", "v1", 5.5, 2.75)]),
        ("multiplier-reads-mean", ["reads_mean_multiplier"], [(1.88,)]),
        ("multiplier-writes", ["write_tests", *SIDES, "multiplier"], [("oltp_insert", "mysql", "v1", 4.0, "dolt", "v1", 3.0, 0.75)]),
        ("multiplier-writes-mean", ["writes_mean_multiplier"], [(0.75,)]),
        ("multiplier-mean", ["overall_mean_multiplier"], [(1.5,)]),
        ("multiplier-tpcc-latency", ["tpcc_latency", "from_latency_p95", "to_latency_p95", "multiplier"], [("tpcc-scale-factor-1", 40.0, 60.0, 1.5)]),
        ("multiplier-tpcc-throughput", ["test_name", *RATES], [("tpcc-scale-factor-1", "mysql", "v1", 100.0, "dolt", "v1", 40.0, 2.5)]),
        ("multiplier-tpcc-throughput-ratio", ["tpcc_tps_multiplier"], [(2.5,)]),
        ("change-reads", ["read_tests", "from_latency", "to_latency", "percent_change"],
         [("index_scan_postgres", 10.0, 10.0, 0.0), ("oltp_read_only", 2.0, 5.5, 175.0)]),
        ("change-writes", ["write_tests", "from_latency", "to_latency", "percent_change"], [("oltp_insert", 4.0, 3.0, -25.0)]),
        ("change-tpcc-latency", ["test_name", "from_latency_p95", "to_latency_p95", "percent_change"], [("tpcc-scale-factor-1", 40.0, 60.0, 50.0)]),
        ("change-tpcc-throughput", ["test_name", *RATES], [("tpcc-scale-factor-1", "mysql", "v1", 100.0, "dolt", "v1", 40.0, -60.0)]),
        ("change-regression", ["slower_tests"], [(3,)]),
    ],
)  # fmt: skip
def test_what_a_query_says(name, columns, rows):
    assert ask(name) == (columns, rows)


def test_every_query_is_passed_whole(job):
    passed = [value for environment in (RELEASE, PULL) for name, value in job(environment)[1] if "uer" in name]
    files = sorted((ROOT / "k8s/queries").glob("*.sql"))
    for path in files:
        text = " ".join(" ".join(line for line in path.read_text().splitlines() if not line.startswith("--")).split())
        assert text in passed, path
    assert len(passed) == len(files)
