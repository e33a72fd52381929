"""dbdyno pprof top and diff on files, against `go tool pprof`."""

import json
import re
import shutil
import subprocess

import pytest

from conftest import ROOT

A, B = ROOT / "tests/data/cpu-a.pprof", ROOT / "tests/data/cpu-b.pprof"  # 490 ms each, of 500 ms
SCALE = {"": 1, "ns": 1, "us": 1e3, "ms": 1e6, "s": 1e9}


def go_rows(profile, *flags):
    """(name, flat, cum) a row, as `go tool pprof -top` prints them."""
    if not shutil.which("go"):
        pytest.skip("go is not installed")
    out = subprocess.run(["go", "tool", "pprof", "-symbolize=none", "-top", "-nodecount=100000", "-nodefraction=0", "-unit=ns", *flags,
                          str(profile)], check=True, capture_output=True, text=True).stdout
    rows = []
    for line in out.split("cum%\n", 1)[1].splitlines():
        flat, _, _, cum, _, name = line.split(maxsplit=5)
        values = [re.fullmatch(r"(-?[\d.]+)([a-z]*)", v) for v in (flat, cum)]
        rows.append((re.sub(r" \((partial-)?inline\)$", "", name), *(round(float(v[1]) * SCALE[v[2]]) for v in values)))
    return rows


def go_top(profile, *flags):
    rows = go_rows(profile, *flags)
    by_name = {name: (flat, cum) for name, flat, cum in rows}
    assert len(by_name) == len(rows)
    return by_name


def our_top(dbdyno, profile, *flags):
    top = json.loads(dbdyno.ok("pprof", "top", profile, "--json", "-n", "1000000", *flags).stdout)
    rows = {}
    for row in top["rows"]:
        name = row.get("function") or row.get("file") or row["package"]
        if "line" in row:
            name = f"{name} {row['file']}:{row['line']}"
        rows[name] = (row["flat"], row["cum"])
    return top, rows


@pytest.mark.parametrize("by,go_flag", [("function", "-functions"), ("line", "-lines")])
def test_top_counts_as_go_does(dbdyno, profile, by, go_flag):
    for file in (A, profile):
        top, rows = our_top(dbdyno, file, "--by", by)
        assert rows == go_top(file, go_flag) and len(rows) > 5
        assert top["unit"] == "nanoseconds" and sum(flat for flat, _ in rows.values()) == top["total"]


def test_top_by_file(dbdyno, profile):
    """A row a file; go prints one a function, each with its file's name."""
    _, rows = our_top(dbdyno, profile, "--by=file")
    theirs = go_rows(profile, "-files")
    assert set(rows) == {name for name, _, _ in theirs}
    for file, (flat, cum) in rows.items():
        cums = [c for name, _, c in theirs if name == file]
        assert flat == sum(f for name, f, _ in theirs if name == file) and max(cums) <= cum <= sum(cums)


def test_top_of_a_part(dbdyno, profile):
    """Expressions that match no file: go looks at names of files too."""
    for ours, theirs in [(["--focus=^main\\.mi[wx]$"], ["-focus=^main\\.mi[wx]$"]), (["--ignore=^main\\.scan"], ["-ignore=^main\\.scan"])]:
        assert our_top(dbdyno, A, *ours)[1] == go_top(A, *theirs)
    top, rows = our_top(dbdyno, profile, "--focus=\\.mallocgc$", "--type=samples")
    assert rows == go_top(profile, "-focus=\\.mallocgc$", "-sample_index=samples")
    assert top["unit"] == "count" and 0 < top["shown"] < top["total"]


def test_top_by_package(dbdyno, profile):
    top, rows = our_top(dbdyno, profile, "--by=package")
    assert {"runtime", "main", "github.com/dolthub/go-mysql-server/sql"} <= set(rows)
    assert sum(flat for flat, _ in rows.values()) == top["total"]


def test_top_prints_a_table(dbdyno):
    lines = dbdyno.ok("pprof", "top", A, "-n", "2").stdout.splitlines()
    assert re.fullmatch(r"Type: cpu; total 490ms; 2 of \d+ rows", lines[0])
    assert lines[1].split() == ["flat", "flat%", "sum%", "cum", "cum%", "function"] and len(lines) == 4
    name, (flat, cum) = next(iter(go_top(A).items()))
    assert lines[2].split()[0] == f"{flat // 1000000}ms" and lines[2].split()[3] == f"{cum // 1000000}ms" and lines[2].endswith("  " + name)


def test_top_refuses(dbdyno):
    dbdyno.fails(2, "no profile is named", "pprof", "top")
    dbdyno.fails(2, "one profile too many", "pprof", "top", A, B)
    dbdyno.fails(2, '--focus: the regular expression "(" is malformed', "pprof", "top", A, "--focus=(")
    dbdyno.fails(2, "back reference", "pprof", "top", A, "--ignore=(a)\\1")
    done = dbdyno.fails(2, 'no sample type "heap"', "pprof", "top", A, "--type=heap")
    assert "samples/count, cpu/nanoseconds" in done.stderr
    (dbdyno.home / "bad").write_bytes(A.read_bytes()[:100])
    dbdyno.fails(2, "cut off", "pprof", "top", "bad")


def our_diff(dbdyno, *args):
    diff = json.loads(dbdyno.ok("pprof", "diff", *args, "--json", "-n", "1000000").stdout)
    return diff, {row["function"]: row for row in diff["rows"]}


def test_diff_of_equal_work_is_what_go_subtracts(dbdyno, profile):
    """Of a profile and its sum with another, so that there are functions on one side alone."""
    dbdyno.ok("pprof", "merge", profile, f"{A}=7", "--any-program", "--out=sum.pprof")
    diff, rows = our_diff(dbdyno, profile, "sum.pprof", "--from-work=1", "--to-work=1")
    theirs = go_top(dbdyno.home / "sum.pprof", f"-diff_base={profile}")
    assert {name: (row["flat"]["delta"], row["cum"]["delta"]) for name, row in rows.items() if row["cum"]["delta"]} == theirs
    assert rows["main.mix"]["flat"]["to"] - rows["main.mix"]["flat"]["from"] == 7 * go_top(A)["main.mix"][0]
    assert rows["main.mix"]["flat"]["significant"] and diff["to_samples"] - diff["from_samples"] == 7 * 49


def test_diff_of_half_the_work(dbdyno, profile):
    """Twice as much a transaction everywhere; and as shares of the total nothing differs."""
    diff, rows = our_diff(dbdyno, profile, profile, "--from-work=20000", "--to-work=10000")
    _, top = our_top(dbdyno, profile)
    for name, (flat, cum) in top.items():
        assert rows[name]["flat"]["from"] == pytest.approx(flat / 20000) and rows[name]["flat"]["to"] == pytest.approx(flat / 10000)
        assert rows[name]["cum"]["delta"] == pytest.approx(cum / 20000)
    assert diff["total"]["significant"] and diff["per"] == "work"
    diff, rows = our_diff(dbdyno, profile, profile)
    assert diff["per"] == "total" and not any(row["flat"]["delta"] or row["flat"]["significant"] for row in rows.values())


def test_diff_prints_a_table(dbdyno):
    lines = dbdyno.ok("pprof", "diff", A, B, "--normalize=second", "-n", "3", "--sort=cum").stdout.splitlines()
    assert re.fullmatch(r"cpu per second, cumulative; 3 of \d+ rows; 49 and 49 samples", lines[0])
    assert lines[1].split()[:3] == ["from", "to", "delta"] and lines[2].endswith("(all)") and len(lines) == 7


def test_diff_refuses(dbdyno):
    dbdyno.fails(2, "two profiles are needed: FROM and TO", "pprof", "diff", A)
    dbdyno.fails(2, "--to-work is needed, above 0", "pprof", "diff", A, B, "--from-work=5")
    dbdyno.fails(2, "--from-work is needed, above 0", "pprof", "diff", A, B, "--normalize=work")
    dbdyno.fails(2, "from-work", "pprof", "diff", A, B, "--from-work=0", "--to-work=nan")
    dbdyno.fails(2, "no sample type", "pprof", "diff", A, B, "--type=heap")
