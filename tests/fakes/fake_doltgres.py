#!/usr/bin/python3
"""Stands for DoltgreSQL, which cannot be built here: takes exactly its documented flags and configuration, refuses all
others, and serves through a real PostgreSQL, whose data it keeps in its own folder over a clean stop.

    fake_doltgres.py [--prof cpu|mem|blocking|trace] [--prof-path DIR] [-config FILE] [-data-dir DIR] [-version] …

As the real one does, it has no flag for its address: that stands in the configuration. It makes the user and the database
"postgres" by itself. With --prof cpu it leaves a profile, of another program, when it ends; and it drops the two arguments that
follow the flags for profiles.
"""
import os
import pathlib
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile

import yaml

VERSION = "0.55.0"
PROFILE = pathlib.Path(__file__).resolve().parents[1] / "data" / "cpu-a.pprof"
VALUES = {"config", "data-dir", "chdir", "stdin", "stdout", "stderr", "out-and-err"}
SWITCHES = {"version", "config-help"}
CONFIGURATION = {
    "log_level": str, "max_query_len_in_logs": int, "encode_logged_query": bool, "data_dir": str, "cfg_dir": str, "privilege_file": str,
    "auth_file": str, "branch_control_file": str, "behavior": {"read_only": bool, "dolt_transaction_commit": bool},
    "user": {"name": str, "password": str},
    "listener": {"host": str, "port": int, "socket": str, "read_timeout_millis": int, "write_timeout_millis": int, "allow_cleartext_passwords": bool},
}


def refuse(text):
    sys.exit(f"fake_doltgres: {text}")


def parse(args):
    """Profiling pairs come first; then flags as Go's package flag takes them."""
    given, profiling = args, {}
    while len(args) >= 2 and args[0] in ("--prof", "--prof-path"):
        if args[0] == "--prof" and args[1] not in ("cpu", "mem", "blocking", "trace"):
            refuse(f"Unexpected prof flag: {args[1]}")
        if args[0] == "--prof-path" and not os.path.isdir(args[1]):
            refuse(f"profile path does not exist: {args[1]}")
        profiling[args[0]] = args[1]
        args = args[2:]
    if args != given:
        args = args[2:]
    flags = dict(profiling)
    while args:
        word, args = args[0], args[1:]
        name, equals, value = word.lstrip("-").partition("=")
        if not word.startswith("-") or name not in VALUES | SWITCHES:
            refuse(f"flag provided but not defined: {word}")
        if name in VALUES and not equals:
            if not args:
                refuse(f"flag needs an argument: {word}")
            value, args = args[0], args[1:]
        flags[name] = value if name in VALUES else True
    return flags


def check(value, schema, path="config"):
    if isinstance(schema, dict):
        if not isinstance(value, dict):
            refuse(f"{path}: not a mapping")
        for key in value:
            if key not in schema:
                refuse(f"{path}: field {key} not found")
            check(value[key], schema[key], f"{path}.{key}")
    elif type(value) is not schema:
        refuse(f"{path}: not of type {schema.__name__}")


def postgres_folder():
    return str(max(pathlib.Path("/usr/lib/postgresql").glob("*/bin"), key=lambda p: int(p.parent.name)))


def give(folder, account):
    """To its user, with all that is in it."""
    for path, _, files in os.walk(folder):
        for name in [path, *(os.path.join(path, file) for file in files)]:
            os.chown(name, account.pw_uid, account.pw_gid)


def serve(kept, host, port, user, password):
    """PostgreSQL in a folder of its own user, since it refuses to run as root; what is in kept goes there, and back at the end."""
    account = pwd.getpwnam("postgres" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name)
    folder = tempfile.mkdtemp(prefix="fake-doltgres-", dir="/tmp")
    secret = os.path.join(folder, "password")
    pathlib.Path(secret).write_text(password + "\n")
    as_user = dict(user=account.pw_uid, group=account.pw_gid, extra_groups=[]) if os.geteuid() == 0 else {}
    tools, data = postgres_folder(), os.path.join(folder, "data")
    if os.path.isdir(kept):
        shutil.copytree(kept, data)
    give(folder, account)
    common = dict(cwd=folder, env={"PATH": "/usr/bin:/bin", "LC_ALL": "C", "HOME": folder}, **as_user)
    stopped = []
    signal.signal(signal.SIGTERM, lambda *_: stopped.append(True) or server and server.send_signal(signal.SIGINT))
    server = None
    try:
        if not os.path.isdir(kept):
            subprocess.run([tools + "/initdb", "--username=" + user, "--pwfile=" + secret, "--auth=scram-sha-256", "--encoding=UTF8", "--no-sync",
                            "--pgdata=" + data], check=True, stdout=subprocess.DEVNULL, **common)
        if not stopped:
            server = subprocess.Popen([tools + "/postgres", "-D", data, "-h", host, "-p", str(port), "-k", folder], **common)
            if server.wait() == 0:
                shutil.rmtree(kept, ignore_errors=True)
                shutil.copytree(data, kept)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def main():
    flags = parse(sys.argv[1:])
    if "version" in flags:
        print("Doltgres version", VERSION)
        return
    if "config" not in flags:
        refuse("this stand-in wants a configuration: without one the port would be 5432")
    config = yaml.safe_load(pathlib.Path(flags["config"]).read_text())
    check(config, CONFIGURATION)
    data = flags.get("data-dir") or config["data_dir"]
    os.makedirs(os.path.join(data, "postgres"), exist_ok=True)
    print(f"fake_doltgres: data in {data}", file=sys.stderr, flush=True)
    user, listener = config.get("user", {}), config.get("listener", {})
    serve(os.path.join(data, "kept"), listener.get("host", "localhost"), listener.get("port", 5432), user.get("name", "postgres"),
          user.get("password", "password"))
    if flags.get("--prof") == "cpu":
        shutil.copy(PROFILE, os.path.join(flags["--prof-path"], "cpu.pprof"))


main()
