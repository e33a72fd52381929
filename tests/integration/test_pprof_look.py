"""dbdyno pprof top on files, against `go tool pprof`."""

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
