"""A made repository, as a stream for git fast-import: the same SHAs every time.

It is Dolt's history at three tenths of its size: 731 Go files of 20 KB, 9,450 commits that each rewrite a quarter of three of
them. Packed, the whole then weighs some thirteen times its last tree, as Dolt's does (171 MB to 12.9 MB).
"""
import random
import sys

FILES, COMMITS, LINES, REWRITTEN = 731, 9450, 300, 70

random.seed(42)
out = sys.stdout.buffer


def function(number):
    a, b = random.getrandbits(31), random.getrandbits(31)
    return b"func f%d(a, b int) int { return a*%d ^ b<<%d + %d&a }\n" % (number, a, number % 31, b)


def write_versions(count, mark):
    """One file's contents in order, so that fast-import stores each as a delta to the one before."""
    lines = [function(n) for n in range(LINES)]
    for version in range(count):
        text = b"package part\n\n" + b"".join(lines)
        out.write(b"blob\nmark :%d\ndata %d\n%s\n" % (mark + version, len(text), text))
        start = random.randrange(LINES)
        for n in range(start, start + REWRITTEN):
            lines[n % LINES] = function(n % LINES)


changes = [list(range(FILES))] + [random.sample(range(FILES), 3) for _ in range(COMMITS - 1)]
next_mark, mark = [], 1
for file in range(FILES):
    count = sum(file in changed for changed in changes)
    write_versions(count, mark)
    next_mark.append(mark)
    mark += count
MODULE = b"module example.com/history\n\ngo 1.21\n"
for number, changed in enumerate(changes):
    out.write(b"commit refs/heads/main\ncommitter bench <bench@localhost> %d +0000\ndata 7\ncommit\n\n" % (1767225600 + number))
    if number == 0:
        out.write(b"M 100644 inline go.mod\ndata %d\n%s\n" % (len(MODULE), MODULE))
    for file in changed:
        out.write(b"M 100644 :%d part%d/file%d.go\n" % (next_mark[file], file % 40, file))
        next_mark[file] += 1
