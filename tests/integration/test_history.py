"""The history of runs: appended by jobs, to a folder and to a real S3 server; drawn by dbdyno report --history."""

import json
import os
import sys
import xml.etree.ElementTree

import pytest

from conftest import CANARY, ROOT, query
from servers import BUCKET, Double

sys.path.insert(0, str(ROOT / "tests/fakes"))
import history_maker as maker  # noqa: E402

LOAD = ["--test=oltp_point_select", "--sysbench-test-time=1", "--table-size=200", "--warmup=0"]


def compare(gms):
    return ["compare", "--from-exec", gms["good"], "--to-exec", gms["slow"], *LOAD]


def report(dbdyno, store, *args, **env):
    return json.loads(dbdyno.ok("report", "--history", store, "--json", *args, **env).stdout)


def test_a_run_is_appended_to_a_folder(dbdyno, gms):
    dbdyno.ok(*compare(gms), "--out=result", "--history=past", AWS_SECRET_ACCESS_KEY=CANARY, DBDYNO_TOKEN=CANARY)
    (file,) = (dbdyno.home / "past").iterdir()
    ((run,),) = query(dbdyno.home / "result/results.db", "select id from run")
    text = file.read_text()
    kept = json.loads(text)
    assert file.name == f"{run}.json" and kept["run"] == run and kept["status"] == "done" and CANARY not in text
    assert kept["format"] == "dbdyno-history" and kept["machine"]["cpus"] > 0 and kept["machine"]["kernel"]
    (test,) = kept["tests"]
    assert test["name"] == "oltp_point_select" and "seed" not in test["params"] and test["threads"] == 1
    ((ratio,),) = query(dbdyno.home / "result/results.db", "select ratio from comparison where metric = 'throughput'")
    assert test["throughput"]["ratio"] == pytest.approx(ratio, rel=1e-14)
    found = report(dbdyno, "past")
    assert (found["runs"], found["comparisons_alone"], found["series"]) == (1, 1, [])
    assert "--history is not used" in dbdyno.ok("report", "--run=result", DBDYNO_HISTORY="past").stderr


def test_what_a_run_was_is_recorded_as_it_came_out(dbdyno, repository):
    """When its commits were made, and how CPUs were divided, which is not what was asked for."""
    if len(os.sched_getaffinity(0)) < 2:
        pytest.skip("needs two CPUs")
    where = ["--from-repository", repository.path, "--to-repository", repository.path]
    dbdyno.ok("compare", *where, f"--from-version={repository.good}", f"--to-version={repository.slow}", *LOAD, "--pinning=on", "--history=past",
              "--out=result")
    (file,) = (dbdyno.home / "past").iterdir()
    kept = json.loads(file.read_text())
    assert [kept[side]["commit"] for side in ("from", "to")] == [repository.good, repository.slow]
    assert [kept[side]["committed_unix"] for side in ("from", "to")] == [1767225600] * 2
    cpus = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(cpus)})  # which the program inherits
    try:
        dbdyno.ok("compare", *where, f"--from-version={repository.good}", f"--to-version={repository.slow}", *LOAD, "--history=past", "--out=alone")
    finally:
        os.sched_setaffinity(0, cpus)
    (other,) = [path for path in (dbdyno.home / "past").iterdir() if path != file]
    ((machine,),) = query(dbdyno.home / "result/results.db", "select machine_json from run")
    assert kept["pinning"] == json.loads(machine)["pinning"] and kept["pinning"].startswith("servers on ")
    assert json.loads(other.read_text())["pinning"] == "off"  # asked was auto, and there was nothing to divide
    assert json.loads(other.read_text())["to"]["committed_unix"] == 1767225600  # also from the cache


def test_a_history_in_s3(dbdyno, gms, s3):
    store = f"s3://{BUCKET}/history-{dbdyno.home.name}"
    where = ["--endpoint", s3.endpoint, "--region=us-east-1"]
    dbdyno.ok(*compare(gms), "--out=one", "--history", store, *where, **s3.credentials())
    folder = s3.objects / BUCKET / store.split("/", 3)[3]
    maker.write(folder, *maker.baseline_history(30))
    (folder / "note.txt").write_text("of somebody else")
    found = report(dbdyno, store, *where, **s3.credentials())
    assert found["runs"] == 31 and found["problems"] == [] and found["comparisons_alone"] == 1
    dbdyno.fails(6, "no-such-bucket", *compare(gms), "--out=two", "--history=s3://no-such-bucket/x", *where, **s3.credentials())
    assert not (dbdyno.home / "two").exists()  # told before the run
    dbdyno.fails(2, "holds no runs", "report", "--history", store + "-other", *where, **s3.credentials())


def test_a_history_that_cannot_be_written(dbdyno, gms):
    (dbdyno.home / "file").write_text("")
    dbdyno.fails(6, "history cannot be written", *compare(gms), "--out=result", "--history=file")
    assert not (dbdyno.home / "result").exists()


def changes(series):
    return [(c["point"], c["faster"]) for c in series["changes"]]


def test_changes_are_found_and_named(dbdyno):
    maker.write(dbdyno.home / "past", *maker.baseline_history())
    found = report(dbdyno, "past", "--out=page.html")
    series = {s["test"]: s for s in found["series"]}
    assert sorted(series) == ["oltp_insert", "oltp_point_select", "oltp_read_write"]
    assert changes(series["oltp_insert"]) == []
    assert changes(series["oltp_point_select"]) == [(25, False), (45, True)]
    ((point, faster),) = changes(series["oltp_read_write"])
    assert abs(point - 38) <= 1 and faster
    loss = series["oltp_point_select"]["changes"][0]
    assert loss["low_95"] < loss["ratio"] < loss["high_95"] and 0.9 < loss["ratio"] < 0.95
    assert loss["since"]["commit"] == maker.commit(25) and loss["range"].endswith(".." + loss["first_after"]["commit"][:10])
    assert all(len(s["points"]) == 60 and s["kind"] == "baseline" for s in series.values())
    text = dbdyno.ok("report", "--history=past", "--test=oltp_point_select").stdout
    assert "2 changes" in text and f"since {maker.commit(25)[:10]} of 2026-09-26" in text and "oltp_insert" not in text
    page = (dbdyno.home / "page.html").read_text()
    root = xml.etree.ElementTree.fromstring(page.replace("<!DOCTYPE html>\n", ""))
    assert len(root.findall(".//g[@class='commit']")) == 180 and len(root.findall(".//g[@class='slower']")) == 1
    assert "<script" not in page and "://" not in page and maker.commit(44)[:10] in page
    dbdyno.fails(2, "has compared no_such_test", "report", "--history=past", "--test=no_such_test")


def test_a_chain_of_comparisons(dbdyno):
    maker.write(dbdyno.home / "past", *maker.chain_history())
    (series,) = report(dbdyno, "past")["series"]
    assert series["kind"] == "chain" and len(series["points"]) == 30 and series["points"][0]["ratio"] == 1
    (change,) = series["changes"]
    assert change["range"] == f"{maker.commit(19)[:10]}..{maker.commit(20)[:10]}" and not change["faster"]


def test_what_differs_is_never_one_series(dbdyno):
    runs = list(maker.baseline_history(20))
    mixes = [{"cpus": 8}, {"cpu_model": "AMD EPYC 7R13"}, {"memory_bytes": 2**33}, {"kernel": "6.1.0-14-cloud"}, {"arch": "arm64"}, {"os": "other"}]
    kinds = [{}, {"pairing": "duet"}, {"pinning": "servers on 1 CPU, clients on 1"}, {"method": 2}, {"load": "rate=400"}]
    kinds += [{"machine": {**maker.MACHINE, **mix}} for mix in mixes]
    for number, other in enumerate(kinds):
        maker.write(dbdyno.home / "past", *({**r, **other, "run": f"{r['run']}-{number}"} for r in runs))
    found = report(dbdyno, "past", "--test=oltp_insert")
    assert [len(s["points"]) for s in found["series"]] == [20] * len(kinds)
    assert found["comparisons_alone"] == 0
    assert [s["noise"]["runs"] for s in found["series"]] == [20] * len(kinds)


def test_commits_are_in_their_own_order(dbdyno):
    """Measured newest first, as who fills up a history does: what was lost with the 10th commit is lost after it."""
    runs = [maker.run(40 - n, [maker.test("t", (-0.2 if n >= 10 else 0) + 0.01 * (n % 3), 0.02)]) for n in range(20)]
    for n, run in enumerate(runs):
        run["to"] = {"engine": "gms", "commit": maker.commit(n), "committed_unix": 1788220800 + n}
    maker.write(dbdyno.home / "past", *runs)
    (series,) = report(dbdyno, "past", "--out=page.html")["series"]
    assert series["order"] == "committed" and [p["build"]["commit"] for p in series["points"]] == [maker.commit(n) for n in range(20)]
    assert changes(series) == [(10, False)]
    assert ">committed</th>" in (dbdyno.home / "page.html").read_text()
    del runs[7]["to"]["committed_unix"]
    maker.write(dbdyno.home / "past", *runs)
    (series,) = report(dbdyno, "past")["series"]
    assert series["order"] == "measured" and [p["build"]["commit"] for p in series["points"]] == [maker.commit(n) for n in reversed(range(20))]
    assert changes(series) == [(10, True)]


def test_what_the_noise_lets_one_see(dbdyno):
    """Runs of one build with itself scatter by 1.5 %; they are in no series, and say what a run of their kind shows."""
    ratios = [0.015 * (-1) ** n for n in range(12)]
    maker.write(dbdyno.home / "past", *(maker.run(100 + n, [maker.test("t", r, 0.004)], start=100 + n) for n, r in enumerate(ratios)))
    maker.write(dbdyno.home / "past", *(maker.run(n, [maker.test("t", 0.015 * (-1) ** n, 0.004)]) for n in range(20)))
    (series,) = report(dbdyno, "past")["series"]
    noise = series["noise"]
    assert (noise["runs"], noise["scattered"], noise["same"]) == (32, 32, 12)
    assert noise["spread"] == pytest.approx(1.4826 * 0.015, rel=0.06)
    assert 2.8 * noise["spread"] < noise["visible"] < 4 * noise["spread"]  # 1.96 + 0.84, and somewhat for an uncertain spread
    text = dbdyno.ok("report", "--history=past").stdout
    assert "a single run shows a change of " in text and "32 figures, 12 of a build with itself" in text


def test_one_build_measured_twice_is_one_point(dbdyno):
    runs = list(maker.baseline_history(10))
    again = {**runs[3], "run": "again", "started_unix": runs[9]["started_unix"] + maker.DAY}
    maker.write(dbdyno.home / "past", *runs, again)
    (series,) = report(dbdyno, "past", "--test=oltp_insert")["series"]
    assert [p["runs"] for p in series["points"]] == [1, 1, 1, 2] + [1] * 6
    assert series["points"][3]["ratio"] == pytest.approx(runs[3]["tests"][0]["throughput"]["ratio"])


@pytest.mark.parametrize("text, why", [
    ("{", "not JSON"),
    ("[]", "not a run of a history"),
    ('{"format": "dbdyno-history", "format_version": 2}', "version 2 of the format"),
    (json.dumps(maker.run(99, [{"name": 5}])), '"name"'),
    (json.dumps(maker.run(99, [maker.test("t", 0, 0.1) | {"throughput": {"ratio": -1}}])), '"ratio"'),
    ("x" * (1 << 21), "1048576"),
])  # fmt: skip
def test_damage_is_told_and_the_rest_is_read(dbdyno, text, why):
    maker.write(dbdyno.home / "past", *maker.baseline_history(10))
    (dbdyno.home / "past/20260901-damaged.json").write_text(text)
    done = dbdyno.ok("report", "--history=past", "--json")
    found = json.loads(done.stdout)
    assert found["runs"] == 10 and why in found["problems"][0] and "damaged" in done.stderr


def test_a_record_that_went_after_it_was_listed(dbdyno, tmp_path):
    runs = list(maker.baseline_history(2))
    keys = "".join(f"<Contents><Key>past/{name}.json</Key><LastModified>2026-01-01T00:00:00Z</LastModified></Contents>" for name in "abc")
    steps = [{"body": f"<ListBucketResult><IsTruncated>false</IsTruncated>{keys}</ListBucketResult>"},
             {"body": json.dumps(runs[0])}, {"status": 404, "body": "<Error><Code>NoSuchKey</Code></Error>"}, {"body": json.dumps(runs[1])}]
    aws = {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b", "AWS_REGION": "us-east-1"}
    with Double(tmp_path / "double", *steps) as double:
        done = dbdyno.ok("report", "--history=s3://past/past/", "--json", "--endpoint", double.url, "--ca-file", double.ca, **aws)
    found = json.loads(done.stdout)
    assert found["runs"] == 2 and len(found["problems"]) == 1
    assert "b.json: " in found["problems"][0] and "404" in found["problems"][0]


def test_no_runs_and_no_history(dbdyno):
    (dbdyno.home / "empty").mkdir()
    dbdyno.fails(2, "holds no runs", "report", "--history=empty")
    dbdyno.fails(2, "no-such-folder", "report", "--history=no-such-folder")
    dbdyno.fails(2, "--run DIR is missing", "report")
    dbdyno.fails(2, "s3://", "report", "--history=s3://X")


def test_the_past_says_what_noise_to_expect(dbdyno, gms):
    """Past runs of this kind had ±0.001 %, so that any real run is unusually noisy; of a build with itself they were 10 % off."""
    dbdyno.ok(*compare(gms), "--out=one", "--history=past")
    (file,) = (dbdyno.home / "past").iterdir()
    kept = json.loads(file.read_text())
    file.unlink()
    (test,) = kept["tests"]
    for n in range(6):
        ratio = 1.1 if n % 2 else 1 / 1.1
        narrow = {"ratio": ratio, "low_95": ratio * 0.99999, "high_95": ratio * 1.00001}
        made = {**kept, "run": f"made-{n}", "to": kept["from"], "tests": [{**test, "throughput": narrow}]}
        (dbdyno.home / f"past/made-{n}.json").write_text(json.dumps(made))
    done = dbdyno.ok(*compare(gms), "--out=two", "--history=past")
    ((bounded,),) = query(dbdyno.home / "two/results.db", "select low > 0 and high < 1e9 from comparison where metric = 'throughput'")
    assert ("this run is unusually noisy" in done.stderr) == bool(bounded)
    told = (dbdyno.home / "two/report.md").read_text()
    assert ("earlier runs of this kind" in told) == bool(bounded)
    notes = [note["text"] for note in json.loads((dbdyno.home / "two/report.json").read_text())["notes"] if note["test"] == "oltp_point_select"]
    assert any("6 earlier figures of this kind on this machine, 6 of one build with itself, scatter by 15 %" in text for text in notes), notes
