"""dbdyno bisect on real commits of gms. The slow commit makes every statement take eleven times as long, so that no noise hides it."""

import json
import shutil
import signal

import pytest

from conftest import ROOT, git, query

LOAD = ["--test=oltp_point_select", "--sysbench-test-time=1.5", "--slice=50ms", "--warmup=100ms", "--table-size=200"]


class Line:
    """A good commit and a line of commits after it: 'x' is the slow one, '!' does not compile, 's' does not start, 'l' fails under load,
    '.' changes nothing."""

    def __init__(self, path, what):
        self.path = path
        shutil.copytree(ROOT / "tests/engine", path, ignore=shutil.ignore_patterns("gms", "*_test.go"))
        git(path, "init", "--quiet", "--initial-branch=main")
        self.shas = [self.commit("good")]
        server = (path / "server.go").read_text()
        error = 'mysql.NewSQLError(1105, "HY000", "page 17 is torn")'
        entries = {"defer h.enter(c, query)()": ("query", ["", '"", ']), "defer h.enter(c, prepare.PrepareStmt)()": ("prepare.PrepareStmt", [""])}
        for entry, (query, before) in entries.items():  # every statement may fail from the first commit on
            parts = server.split(entry)
            assert len(parts) == len(before) + 1
            checks = [f"if torn({query}) {{\n\t\treturn {value}{error}\n\t}}\n\t{entry}" for value in before]
            server = "".join(part + check for part, check in zip(parts, [*checks, ""], strict=True))
        (path / "server.go").write_text(server)
        for i, kind in enumerate(what, 1):
            torn = 'strings.Contains(query, "WHERE id")' if kind == "l" else 'strings.Contains(query, "no such page")'
            starts = 'if len(os.Args) > 2 { println("no page 17"); os.Exit(3) }' if kind == "s" else ""
            if kind == "x":
                waste = path / "waste.go"
                text = waste.read_text()
                assert "wastePercent = 0" in text
                waste.write_text(text.replace("wastePercent = 0", "wastePercent = 1000"))
            broken = "return undefinedThing" if kind == "!" else "return"
            (path / "number.go").write_text(f'package main\n\nimport (\n\t"os"\n\t"strings"\n)\n\nfunc init() {{ _ = os.Args; {starts} }}\n\n'
                                            f"func torn(query string) bool {{ return {torn} }}\n\n"
                                            f"func commitNumber() {{ _ = {i}; {broken} }}\n")
            self.shas.append(self.commit(f"commit {i}: {kind}"))

    def commit(self, message):
        git(self.path, "add", "--all")
        git(self.path, "commit", "--quiet", "--message", message)
        return git(self.path, "rev-parse", "HEAD")

    def flags(self, good=0, bad=-1):
        return ["bisect", f"--repository={self.path}", f"--good={self.shas[good]}", f"--bad={self.shas[bad]}", *LOAD]


@pytest.fixture(scope="module")
def line(tmp_path_factory):
    return Line(tmp_path_factory.mktemp("bisect") / "line", "..!x..")


def test_finds_the_slow_commit_beside_one_that_does_not_build(dbdyno, line):
    done = dbdyno.ok(*line.flags(), "--out=o", "--json", "--metric=latency_mean")
    answer = json.loads(done.stdout)
    assert answer["answer"]["state"] == "found"
    assert answer["answer"]["commits"] == line.shas[3:5], "the broken one and the slow one cannot be told apart"
    assert answer["answer"]["probability"] >= 0.99
    assert answer["answer"]["slowdown_low"] > 0.7
    assert json.loads((dbdyno.home / "o/bisect.json").read_text()) == answer
    skipped = [step for step in answer["steps"] if "skipped" in step]
    assert [step["commit"] for step in skipped] == [line.shas[3]]
    assert "undefinedThing" in skipped[0]["skipped"] and "does not build" in skipped[0]["skipped"]
    assert f"step 1: {line.shas[-1][:12]} (commit 6: .): is bad slower than good at all?" in done.stderr
    assert f"{line.shas[3][:12]} is skipped: does not build" in done.stderr
    for step in answer["steps"]:
        if "skipped" in step:
            continue
        database = dbdyno.home / "o" / step["folder"] / "results.db"
        assert query(database, "SELECT commit_sha FROM server ORDER BY side") == [(line.shas[0],), (step["commit"],)]
    markdown = (dbdyno.home / "o/bisect.md").read_text()
    assert f"One of 2 commits, from {line.shas[3][:12]} to {line.shas[4][:12]}, made oltp\\_point\\_select slower" in markdown


def test_goes_around_commits_that_do_not_start_or_fail_under_load(dbdyno, tmp_path):
    """Both stand right before the slow one: they are left out, with the reason, and the answer names them beside it."""
    line = Line(tmp_path / "line", "..slx.")
    done = dbdyno.ok(*line.flags(), "--out=o", "--json")
    answer = json.loads(done.stdout)
    skipped = {step["commit"]: step["skipped"] for step in answer["steps"] if "skipped" in step}
    assert set(skipped) == {line.shas[3], line.shas[4]}
    assert skipped[line.shas[3]].startswith("server failed: ") and "no page 17" in skipped[line.shas[3]], skipped
    assert skipped[line.shas[4]].startswith("load failed: ") and "page 17 is torn" in skipped[line.shas[4]], skipped
    for sha, why in skipped.items():
        assert f"{sha[:12]} is skipped: {why}" in done.stderr
    assert answer["answer"]["state"] == "found" and answer["answer"]["commits"] == line.shas[3:6]
    markdown = (dbdyno.home / "o/bisect.md").read_text()
    assert (f"Those between could not be measured: {line.shas[3][:12]} server failed, {line.shas[4][:12]} load failed." in markdown)
    kept = [path for path in (dbdyno.home / "o/steps").iterdir() if path.name.endswith("-failed")]
    assert len(kept) == 2  # beside those of the second try


def test_goes_on_after_a_kill(dbdyno, line):
    """Killed while the third step measures, and while it has finished but was not noted: no finished step runs again."""
    flags = [*line.flags(), "--out=o"]
    process = dbdyno.start(*flags)
    for text in process.stderr:
        if text.startswith("step 3:"):
            break
    for text in process.stderr:
        if "measure" in text:
            break
    process.kill()
    process.communicate()
    for left in dbdyno.temporary.iterdir():
        shutil.rmtree(left)
    state = json.loads((dbdyno.home / "o/bisect.json").read_text())
    assert len(state["steps"]) == 2 and state["answer"]["state"] == "open"
    assert "skipped" in state["steps"][1], "the commit in the middle does not build"
    first = query(dbdyno.home / "o" / state["steps"][0]["folder"] / "results.db", "SELECT id FROM run")
    done = dbdyno.ok(*flags, "--json")
    answer = json.loads(done.stdout)
    assert "2 steps are there already" in done.stderr
    assert answer["answer"]["commits"] == line.shas[3:5]
    assert answer["steps"][:2] == state["steps"]
    assert query(dbdyno.home / "o" / answer["steps"][0]["folder"] / "results.db", "SELECT id FROM run") == first

    last = next(step for step in reversed(answer["steps"]) if "folder" in step)
    run = query(dbdyno.home / "o" / last["folder"] / "results.db", "SELECT id FROM run")
    answer["steps"] = answer["steps"][: last["step"] - 1]
    (dbdyno.home / "o/bisect.json").write_text(json.dumps(answer))
    again = json.loads(dbdyno.ok(*flags, "--json").stdout)
    taken = again["steps"][last["step"] - 1]
    assert (taken["commit"], taken["ratio"]) == (last["commit"], last["ratio"])
    assert query(dbdyno.home / "o" / taken["folder"] / "results.db", "SELECT id FROM run") == run

    done = dbdyno.ok(*flags, "--json")
    assert json.loads(done.stdout)["answer"] == again["answer"] and "start the" not in done.stderr, "nothing is left to do"
    dbdyno.fails(2, '--threads was "1" and is now "2"', *flags, "--threads=2")


def test_stops_when_told(dbdyno, line):
    process = dbdyno.start(*line.flags(), "--out=o")
    for text in process.stderr:
        if "measure" in text:
            break
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=30)
    assert process.returncode == 128 + signal.SIGTERM


def test_asked_again_it_measures_more(dbdyno, line):
    """Five measurements told that bad is no slower: the same question adds five, also with a longer load. Those that are there say that bad
    is far faster, so that no luck of the new ones makes it slower."""
    flags = [*line.flags(0, 1), "--out=o"]
    dbdyno.run(*flags, "--max-steps=1")
    state = json.loads((dbdyno.home / "o/bisect.json").read_text())
    (step,) = state["steps"]
    state["steps"] = [step | {"step": n, "ratio": 2, "low": 1.9, "high": 2.1, "error": 0.02} for n in range(1, 6)]
    (dbdyno.home / "o/bisect.json").write_text(json.dumps(state))
    longer = ["--sysbench-test-time=2" if flag.startswith("--sysbench-test-time=") else flag for flag in flags]
    done = dbdyno.fails(8, "good", *longer)
    assert "it is measured up to 10 times in all" in done.stderr
    answer = json.loads((dbdyno.home / "o/bisect.json").read_text())
    assert len(answer["steps"]) == 10 and answer["steps"][:5] == state["steps"] and answer["answer"]["state"] == "no difference"
    assert {step["commit"] for step in answer["steps"]} == {line.shas[1]}


def test_says_that_there_is_no_difference(dbdyno, line):
    done = dbdyno.fails(8, "bad was not found to be slower than good", *line.flags(0, 2), "--out=o", "--max-steps=12")
    assert "the same command measures it up to 5 times more; a longer --sysbench-test-time" in done.stderr
    assert json.loads((dbdyno.home / "o/bisect.json").read_text())["answer"]["state"] == "no difference"
    assert "was not found to be slower than good" in done.stdout
    done = dbdyno.fails(8, "not certain after 1 steps", *line.flags(), "--out=p", "--max-steps=1")
    assert "larger --max-steps" in done.stderr


def test_ends_that_do_not_build(dbdyno, line):
    dbdyno.fails(3, f"good, {line.shas[3][:12]}", *line.flags(3, -1), "--out=o")
    dbdyno.fails(3, f"bad, {line.shas[3][:12]}", *line.flags(0, 3), "--out=p")


def test_commits_that_cannot_be_bisected(dbdyno, line):
    git(line.path, "checkout", "--quiet", "-b", "other", line.shas[1])
    (line.path / "other.txt").write_text("other\n")
    other = line.commit("other")
    git(line.path, "checkout", "--quiet", "main")
    between = ["bisect", f"--repository={line.path}", *LOAD, "--out=o"]
    done = dbdyno.fails(2, "is no ancestor of bad", *between, f"--good={other}", "--bad=main")
    assert f"they part at {line.shas[1][:12]}" in done.stderr
    dbdyno.fails(2, "older than good", *between, f"--good={line.shas[4]}", f"--bad={line.shas[1]}")
    dbdyno.fails(2, "are one commit", *between, "--good=main", f"--bad={line.shas[-1]}")
    dbdyno.fails(3, "there is no commit", *between, f"--good={'1' * 40}", "--bad=main")
    dbdyno.fails(2, "no commit between good and bad touches nowhere/", *between, f"--good={line.shas[0]}", "--bad=main", "--path=nowhere/")


def test_plan_and_paths(dbdyno, line):
    plan = dbdyno.ok(*line.flags(), "--dry-run", "--path=waste.go").stdout
    assert f"2 after {line.shas[0][:12]} until {line.shas[-1][:12]}" in plan
    assert "6 after" in dbdyno.ok(*line.flags(), "--dry-run").stdout
    assert not (dbdyno.home / "out").exists()


@pytest.mark.parametrize("flags,text", [
    (["--good=a", "--bad=b"], "--test: which one?"),
    (["--good=a", "--bad=b", "--test=oltp_read_only", "--test=oltp_insert"], "--test: which one?"),
    (["--bad=b", "--test=oltp_read_only"], "--good: which commit?"),
    (["--good=a", "--bad=--upload-pack=x", "--test=oltp_read_only"], "--bad: version"),
    (["--good=a", "--bad=b", "--test=nothing"], "--test"),
    (["--good=a", "--bad=b", "--test=oltp_read_only", "--server=mysql"], "--server: mysql is not built from a commit"),
    (["--good=a", "--bad=b", "--test=oltp_read_only", "--path=../x"], "--path"),
    (["--good=a", "--bad=b", "--test=oltp_read_only", "--confidence=1"], "--confidence"),
    (["--good=a", "--bad=b", "--test=oltp_read_only", "--rate=100"], "--metric"),
])
def test_bad_flags(dbdyno, line, flags, text):
    done = dbdyno.run("bisect", f"--repository={line.path}", "--out=o", *flags)
    assert done.returncode == 2 and text in done.stderr, done.stderr
    assert not (dbdyno.home / "o").exists()


def test_one_at_a_time(dbdyno, line):
    process = dbdyno.start(*line.flags(), "--out=o")
    for text in process.stderr:
        if "measure" in text:
            break
    dbdyno.fails(2, "another dbdyno is at work in", *line.flags(), "--out=o")
    process.terminate()
    process.communicate(timeout=30)


def test_a_damaged_state_is_told(dbdyno, line):
    (dbdyno.home / "o").mkdir()
    for text in ("", "{", "[]", '{"format": 1}', '{"format": 99}'):
        (dbdyno.home / "o/bisect.json").write_text(text)
        dbdyno.fails(2, "bisect.json", *line.flags(), "--out=o")
