"""The history of runs: appended by jobs, to a folder and to a real S3 server; drawn by dbdyno report --history."""

import json
import sys
import xml.etree.ElementTree

import pytest

from conftest import CANARY, ROOT, query
from servers import BUCKET

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
    kinds = [{}, {"machine": {**maker.MACHINE, "cpus": 8}}, {"pairing": "duet"}, {"pinning": "client 0, servers 1"}, {"method": 2}]
    for number, other in enumerate(kinds):
        maker.write(dbdyno.home / "past", *({**r, **other, "run": f"{r['run']}-{number}"} for r in runs))
    found = report(dbdyno, "past", "--test=oltp_insert")
    assert [len(s["points"]) for s in found["series"]] == [20] * len(kinds)
    assert found["comparisons_alone"] == 0


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


def test_no_runs_and_no_history(dbdyno):
    (dbdyno.home / "empty").mkdir()
    dbdyno.fails(2, "holds no runs", "report", "--history=empty")
    dbdyno.fails(2, "no-such-folder", "report", "--history=no-such-folder")
    dbdyno.fails(2, "--run DIR is missing", "report")
    dbdyno.fails(2, "s3://", "report", "--history=s3://X")


def test_the_past_says_what_noise_to_expect(dbdyno, gms):
    """Past runs of this kind had ±0.001 %, so that any real run is unusually noisy."""
    dbdyno.ok(*compare(gms), "--out=one", "--history=past")
    (file,) = (dbdyno.home / "past").iterdir()
    kept = json.loads(file.read_text())
    file.unlink()
    for n in range(6):
        (test,) = kept["tests"]
        narrow = test["throughput"] | {"low_95": test["throughput"]["ratio"] * 0.99999, "high_95": test["throughput"]["ratio"] * 1.00001}
        (dbdyno.home / f"past/made-{n}.json").write_text(json.dumps({**kept, "run": f"made-{n}", "tests": [{**test, "throughput": narrow}]}))
    done = dbdyno.ok(*compare(gms), "--out=two", "--history=past")
    ((bounded,),) = query(dbdyno.home / "two/results.db", "select low > 0 and high < 1e9 from comparison where metric = 'throughput'")
    assert ("this run is unusually noisy" in done.stderr) == bool(bounded)
    assert ("earlier runs of this kind" in (dbdyno.home / "two/report.md").read_text()) == bool(bounded)
