"""The shipped engines as today's flags name them: real MySQL (from Debian unstable), MariaDB and PostgreSQL; DoltgreSQL by a stand-in that takes
its documented flags alone."""

import json
import os
import shutil
import socket
import subprocess

import pytest

from conftest import ROOT, query

DOLTGRES = ROOT / "tests" / "fakes" / "fake_doltgres.py"
MARIADB = shutil.which("mariadbd", path="/usr/sbin:/usr/local/sbin")
POSTGRES = next((str(p) for p in sorted(ROOT.__class__("/usr/lib/postgresql").glob("*/bin/postgres"))), None)


@pytest.fixture(scope="session")
def mysqld():
    made = subprocess.run([ROOT / "tests" / "tools" / "mysql.sh"], capture_output=True, text=True, timeout=900)
    if made.returncode != 0:
        pytest.skip("no MySQL: " + (made.stderr.strip().splitlines() or ["tests/tools/mysql.sh failed"])[-1])
    return made.stdout.strip()


def load(*tests):
    return ["--sysbench-test-time=1", "--table-size=200", "--warmup=0", "--out=out", *[f"--test={t}" for t in tests or ["oltp_point_select"]]]


def servers(dbdyno):
    return query(dbdyno.home / "out" / "results.db", "select engine, address_kind from server order by side = 'to'")


def leave_behind(path):
    """A socket that nobody listens on, and a lock file with the number of a process that lives."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with socket.socket(socket.AF_UNIX) as s:
        s.bind(str(path))
    path.with_name(path.name + ".lock").write_text(f"{os.getpid()}\n")


# ---- MySQL ----

def grouping_mysql(folder, before=()):
    """The shipped engine, which also asks for what groupby_scan asks: a column that is neither grouped nor aggregated."""
    engine = json.loads((ROOT / "benchmarker" / "engines" / "mysql.json").read_text())
    engine["init_sql"] += ["CREATE TABLE `${database}`.g (a INT, b INT)", *before, "SELECT a, b FROM `${database}`.g GROUP BY a"]
    file = folder / "mysql.json"
    file.write_text(json.dumps(engine))
    return file


def test_mysql_against_mariadb(dbdyno, mysqld, tmp_path):
    done = dbdyno.ok("compare", "--engine-file", grouping_mysql(tmp_path), "--from-server=mysql", f"--mysql-exec={mysqld}", "--from-version=9", "--to-server=mariadb",
                     *load("oltp_point_select", "oltp_read_write"))
    assert servers(dbdyno) == [("mysql", "socket"), ("mariadb", "socket")]
    assert "ignored" not in done.stderr and "warning" not in done.stderr
    assert len(query(dbdyno.home / "out" / "results.db", "select * from from_results")) == 2
    (version,) = query(dbdyno.home / "out" / "results.db", "select reported_version from server where side = 'from'")[0]
    assert version[0].isdigit() and "MariaDB" not in version


def test_two_mysql_by_socket_and_by_tcp_beside_what_a_dead_server_left(dbdyno, mysqld, tmp_path):
    path = tmp_path / "run" / "mysqld.sock"
    leave_behind(path)
    done = dbdyno.ok("--from-server=mysql", "--to-server=mysql", f"--mysql-exec={mysqld}", "--mysql-protocol=unix", f"--mysql-socket={path}",
                     "--to-protocol=tcp", "--from-version=8.0.35", *load("oltp_point_select", "oltp_insert"))
    assert servers(dbdyno) == [("mysql", "socket"), ("mysql", "tcp")]
    assert "asked for as version 8.0.35" in done.stderr and "says that it is" in done.stderr
    assert "asked for as version 8.0.35" in (dbdyno.home / "out" / "report.md").read_text()
    ((version, reported),) = query(dbdyno.home / "out" / "results.db", "select server_version, reported_version from from_results, server where side = 'from' limit 1")
    assert version == reported != "8.0.35"
    assert f"socket: '{path}'" in (dbdyno.home / "out" / "logs" / "from-server.log").read_text()
    assert list(path.parent.iterdir()) == []


def test_a_socket_in_use_is_answered_by_another(dbdyno, mysqld, tmp_path):
    path = tmp_path / "mysqld.sock"
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(str(path))
        other.listen(1)
        done = dbdyno.ok("--from-server=mariadb", "--to-server=mysql", f"--mysql-exec={mysqld}", f"--mysql-socket={path}", *load())
        assert "another server listens there" in done.stderr
        assert path.exists()
    assert servers(dbdyno) == [("mariadb", "socket"), ("mysql", "socket")]


def test_group_by_is_refused_where_its_mode_is_on(dbdyno, mysqld, tmp_path):
    """What the test above lets through, so that it can fail."""
    file = grouping_mysql(tmp_path, ["SET SESSION sql_mode = 'ONLY_FULL_GROUP_BY'"])
    done = dbdyno.fails(4, "init_sql[9]", "--engine-file", file, "--from-server=mysql", "--to-server=mariadb", f"--mysql-exec={mysqld}", *load())
    assert "GROUP BY" in done.stderr


@pytest.mark.parametrize("engine, binary", [("mysql", MARIADB), ("postgres", MARIADB)])
def test_a_program_of_another_engine(dbdyno, engine, binary):
    done = dbdyno.fails(2, f"{binary} is not a program of engine {engine}: its version is", f"--from-server={engine}", f"--{engine}-exec={binary}",
                        "--to-server=mariadb", *load())
    assert engine != "mysql" or "may be mariadb" in done.stderr
    assert not (dbdyno.home / "out" / "logs").exists()


def test_mysql_as_mariadb(dbdyno, mysqld):
    done = dbdyno.fails(2, "is not a program of engine mariadb", "--from-server=mariadb", "--from-exec", mysqld, "--to-server=mariadb", *load())
    assert "may be mysql" in done.stderr


# ---- PostgreSQL's protocol ----

def test_doltgres_against_postgres(dbdyno):
    done = dbdyno.ok("--from-server=doltgres", f"--doltgres-command={DOLTGRES}", "--to-server=postgres", f"--postgres-exec={POSTGRES}",
                     f"--init-db-exec={os.path.dirname(POSTGRES)}/initdb", "--to-protocol=tcp", *load("oltp_point_select", "oltp_read_write"))
    assert servers(dbdyno) == [("doltgres", "tcp"), ("postgres", "tcp")]
    assert "warning" not in done.stderr
    assert query(dbdyno.home / "out" / "results.db", "select reported_version from server where side = 'from'") == [("0.55.0",)]


def test_profile_of_doltgres(dbdyno):
    """By file: started again on its data, with the flags for profiles before all others."""
    dbdyno.ok("profile", "--server=doltgres", "--exec", DOLTGRES, "--seconds=1", "--test=oltp_point_select", "--table-size=200", "--out=out")
    assert (dbdyno.home / "out/profiles/oltp_point_select.pprof").read_bytes() == (ROOT / "tests/data/cpu-a.pprof").read_bytes()


def test_two_doltgres(dbdyno):
    dbdyno.ok("--from-server=doltgres", "--from-exec", DOLTGRES, "--to-server=doltgres", "--to-exec", DOLTGRES, *load())
    assert servers(dbdyno) == [("doltgres", "tcp"), ("doltgres", "tcp")]


def test_another_initdb(dbdyno):
    dbdyno.fails(4, "set-up", "--from-server=postgres", "--to-server=postgres", "--init-db-exec=/bin/false", *load())


# ---- flags ----

def test_flags_for_servers_that_are_not_there_are_ignored(dbdyno):
    done = dbdyno.ok("--from-server=mariadb", "--to-server=mariadb", "--mysql-exec=/not/there",
                     "--mysql-protocol=unix", "--mysql-socket=/not/there/either", "--postgres-exec=/nor/this", "--dolt-command=nor-that",
                     "--init-big-repo=false", "--noms-bin-format=__DOLT__", *load())
    (line,) = [line for line in done.stderr.splitlines() if line.startswith("ignored: ")]
    for flag in ("mysql-exec", "mysql-protocol", "mysql-socket", "postgres-exec", "dolt-command"):
        assert f"--{flag} (no " in line
    assert "doltgres" not in line


@pytest.mark.parametrize("flags, text", [
    (["--from-server=mysql", "--mysql-exec=/not/there"], "--mysql-exec: /not/there is not a program that can be run"),
    (["--from-server=postgres", "--init-db-exec=/not/there"], "--init-db-exec: /not/there is not a program"),
    (["--from-server=dolt"], "--from-version: which commit of dolt?"),
    (["--from-server=dolt", "--dolt-command=/not/there"], "--dolt-command: /not/there is not a program"),
    (["--from-server=doltgres", "--doltgres-command=/bin/true", "--from-protocol=unix"], "--from-protocol: engine doltgres listens on no Unix socket"),
    (["--from-server=mariadb", "--mysql-protocol=pipe"], "--mysql-protocol"),
    (["--from-server=mysql", "--mysql-exec=/bin/true", "--mysql-socket=relative"], "--mysql-socket: not an absolute path"),
    (["--from-server=mysql", "--mysql-exec=/bin/true", "--mysql-socket=/x", "--mysql-protocol=tcp"], "contradict each other"),
    (["--from-server=mariadb", "--init-big-repo"], "--init-big-repo: no engine of this run has a set-up with a big repository"),
    (["--from-server=dolt", "--dolt-command=/bin/true", "--big-repo=x"], "--big-repo needs --init-big-repo"),
    (["--from-server=dolt", "--dolt-command=/bin/true", "--init-big-repo", "--big-repo=--upload-pack=x"], "--big-repo: not an address"),
    (["--from-server=mariadb", "--noms-bin-format=__LD_1__"], "--noms-bin-format: no engine of this run has storage formats"),
    (["--from-server=dolt", "--dolt-command=/bin/true", "--noms-bin-format=$(x)"], "--noms-bin-format: not a name"),
])
def test_what_is_wrong_with_them_is_told_before_anything_starts(dbdyno, flags, text):
    done = dbdyno.fails(2, text, *flags, "--to-server=mariadb", *load())
    assert not (dbdyno.home / "out").exists(), done.stderr


# ---- dolt's variants, on a program that takes dolt's commands ----

STAND_IN = """#!/bin/sh
[ "$1" = version ] && exec echo "dolt version 1.2.3"
[ "$1" = sql-server ] || {{ echo "$DOLT_DEFAULT_BIN_FORMAT: $*" >>{log}; exit 0; }}
shift
port=
while [ $# -gt 0 ]; do
  case $1 in
    --port) port=$2; shift 2 ;;
    --host | --data-dir) shift 2 ;;
    *) echo "unknown flag $1" >&2; exit 1 ;;
  esac
done
exec /usr/bin/python3 {fake} --port "$port"
"""


@pytest.mark.parametrize("flags, expected", [
    ([], "__DOLT__: init"),
    (["--init-big-repo=true"], "__DOLT__: clone max-hoffman/big-empty "),
    (["--init-big-repo", "--big-repo=file:///srv/big", "--noms-bin-format=__LD_1__"], "__LD_1__: clone file:///srv/big "),
])
def test_big_repository_and_format_reach_dolt(dbdyno, tmp_path, flags, expected):
    """The stand-in's server answers 1 to everything: its format is never what was asked for, which is told."""
    program, log = tmp_path / "dolt", tmp_path / "commands"
    program.write_text(STAND_IN.format(log=log, fake=ROOT / "tests" / "fakes" / "fake_mysql.py"))
    program.chmod(0o755)
    done = dbdyno.fails(4, "its storage format is \"1\", not ", "--from-server=dolt", "--to-server=dolt", f"--dolt-command={program}", *flags, *load())
    assert expected in log.read_text()
    assert "this version of the program cannot make it" in done.stderr
