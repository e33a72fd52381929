"""dbdyno pprof top, diff and flame on files, against `go tool pprof`."""

import html
import json
import re
import shutil
import subprocess
import xml.etree.ElementTree

import pytest

from conftest import ROOT

A, B = ROOT / "tests/data/cpu-a.pprof", ROOT / "tests/data/cpu-b.pprof"  # 490 ms each, of 500 ms
SVG = "{http://www.w3.org/2000/svg}"
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


class Picture:
    """An SVG as a parser sees it: (depth, name, figures, width) a frame, in order."""

    def __init__(self, path):
        self.root = xml.etree.ElementTree.parse(path).getroot()
        self.width, header, row = (int(self.root.get("data-" + name)) for name in ("width", "header", "row"))
        self.frames = []
        for g in self.root.iter(SVG + "g"):
            if g.get("class", "").startswith("f "):
                rect, (name, figures) = g.find(SVG + "rect"), g.find(SVG + "title").text.split("\n")
                self.frames.append(((int(rect.get("y")) - header) // row, name, figures, float(rect.get("width")) / self.width))
        self.text = " ".join(self.root.itertext())

    def share(self, name):
        """Of the uppermost frames of that name."""
        total, inside = 0, None
        for depth, frame, _, width in self.frames:
            if inside is not None and depth <= inside:
                inside = None
            if inside is None and frame == name:
                total, inside = total + width, depth
        return total


def test_flame_is_as_wide_as_top_counts(dbdyno, profile):
    done = dbdyno.ok("pprof", "flame", profile, "-o", "flame.svg")
    assert "flame graph: flame.svg" in done.stderr and done.stdout == ""
    picture = Picture(dbdyno.home / "flame.svg")
    top, rows = our_top(dbdyno, profile)
    assert "All frames are drawn." in picture.text and picture.frames[0][:2] == (0, "all")
    assert {name for _, name, _, _ in picture.frames[1:]} == set(rows)
    for name, (_, cum) in rows.items():
        assert picture.share(name) == pytest.approx(cum / top["total"], abs=1e-5), name


def test_flame_of_two(dbdyno):
    dbdyno.ok("pprof", "merge", A, f"{B}=3", "--out=sum.pprof")
    dbdyno.ok("pprof", "flame", "--diff", A, "sum.pprof", "--from-work=1", "--to-work=1", "--out=flame.svg", "--title=A & <B>")
    picture = Picture(dbdyno.home / "flame.svg")
    assert picture.root.find(SVG + "text").text == "A & <B>"
    assert picture.frames[0][2] == "from 490ms to 1.96s per unit of work, +300.0%"
    assert "49 and 196 samples" in picture.text and "grew" in picture.text
    assert dbdyno.ok("pprof", "flame", A, "-o", "-").stdout.startswith("<?xml")


def test_flame_refuses(dbdyno):
    (dbdyno.home / "bad").write_bytes(b"0123456789")
    dbdyno.fails(2, "is not a profile", "pprof", "flame", "bad", "-o", "flame.svg")
    dbdyno.fails(2, "two profiles are needed", "pprof", "flame", "--diff", A, "-o", "flame.svg")
    dbdyno.fails(2, "one profile too many", "pprof", "flame", A, B, "-o", "flame.svg")
    dbdyno.fails(2, "are for --diff", "pprof", "flame", A, "-o", "flame.svg", "--from-work=1")
    dbdyno.fails(2, "--out is required", "pprof", "flame", A)
    dbdyno.fails(2, "is a folder", "pprof", "flame", A, "-o", dbdyno.home)
    assert [p.name for p in dbdyno.home.iterdir()] == ["bad"]


# Runs in the picture, after its own script: what a user does, and what is then to be seen.
USER = """
(function () {
  var svg = document.documentElement, frames = svg.querySelectorAll('.f'), input = svg.querySelector('input'), seen = {};
  function name(g) { return g.querySelector('title').textContent.split('\\n')[0]; }
  function find(n) { return Array.prototype.find.call(frames, function (g) { return name(g) === n; }); }
  function key(target, k) { target.dispatchEvent(new KeyboardEvent('keydown', { key: k, bubbles: true, cancelable: true })); }
  function shown() { return Array.prototype.filter.call(frames, function (g) { return !g.classList.contains('off'); }).map(name); }
  function width(n) { return +find(n).querySelector('rect').getAttribute('width'); }
  function on() { return name(document.activeElement); }
  seen.all = shown();
  seen.width = width('all');
  find('main.scan').dispatchEvent(new MouseEvent('mouseover', { bubbles: true }));
  seen.detail = svg.querySelector('.detail').textContent;
  find('main.scan').dispatchEvent(new MouseEvent('click', { bubbles: true }));
  seen.zoomed = shown();
  seen.scan = width('main.scan');
  find('main.scan').focus();
  key(document.activeElement, 'ArrowUp'); seen.up = on();
  key(document.activeElement, 'ArrowDown'); seen.down = on();
  key(document.activeElement, 'Escape'); seen.reset = shown();
  key(document.activeElement, 'ArrowUp');
  key(document.activeElement, 'ArrowUp');
  key(document.activeElement, 'ArrowRight'); seen.right = on();
  key(document.activeElement, 'ArrowLeft'); seen.left = on();
  key(document.activeElement, 'Enter'); seen.entered = shown();
  svg.querySelector('button').click(); seen.button = shown();
  key(frames[0], '/'); seen.searching = document.activeElement === input;
  input.value = 'MAIN.MIX';
  input.dispatchEvent(new Event('input'));
  setTimeout(function () {
    seen.found = svg.querySelector('output').textContent;
    seen.hits = svg.querySelectorAll('.hit').length;
    key(input, 'Escape');
    seen.cleared = svg.querySelectorAll('.hit').length;
    svg.setAttribute('data-seen', JSON.stringify(seen));
  }, 200);
})();
"""


def test_flame_is_used_in_a_browser(dbdyno):
    chromium = shutil.which("chromium")
    if not chromium:
        pytest.skip("chromium is not installed")
    dbdyno.ok("pprof", "flame", A, "-o", "flame.svg")
    path = dbdyno.home / "flame.svg"
    assert "http" not in path.read_text().replace("http://www.w3.org/", "")  # nothing comes from elsewhere
    path.write_text(path.read_text().replace("</svg>", f"<script><![CDATA[{USER}]]></script></svg>"))
    page = subprocess.run([chromium, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={dbdyno.home}/browser",
                           "--virtual-time-budget=10000", "--window-size=1400,800", "--dump-dom", path.as_uri()],
                          capture_output=True, text=True, timeout=300, check=True).stdout
    shutil.rmtree(dbdyno.home / "browser", ignore_errors=True)
    seen = json.loads(html.unescape(re.search(r'data-seen="([^"]*)"', page)[1]))
    everything = [name for _, name, _, _ in Picture(dbdyno.home / "flame.svg").frames]
    assert seen["all"] == seen["reset"] == seen["button"] == everything and len(everything) > 8
    assert seen["detail"] == "main.scan – 280ms, 57.14%; itself 120ms, 24.49%"
    above = everything[:everything.index("main.scan") + 1]
    assert seen["zoomed"] == above + ["main.mix"] and seen["scan"] == seen["width"] > 1000
    assert (seen["up"], seen["down"]) == (above[-2], "main.scan")
    assert (seen["right"], seen["left"]) == ("main.insert", "runtime/pprof.Do")
    assert seen["entered"] == [name for name in everything if name != "main.insert"][:len(above) + 1]
    assert seen["searching"] and seen["found"] == "59.18% matched" and (seen["hits"], seen["cleared"]) == (2, 0)
