"""Servers that tests start: S3 and SMTP are real ones; an HTTPS double stands for GitHub, SES and STS."""

import email
import email.policy
import json
import os
import socket
import subprocess
import time

import pytest

from conftest import CANARY, ROOT

ACCESS, SECRET, BUCKET = "tester", CANARY + "-aws-secret", "results"


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_until_it_listens(port, process):
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and process.poll() is None:
        with socket.socket() as s:
            if s.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    pytest.fail("the server does not listen")


class S3:
    def __init__(self, folder):
        gateway = subprocess.run([ROOT / "tests/tools/versitygw.sh"], check=True, capture_output=True, text=True).stdout.strip()
        self.objects = folder / "objects"
        (self.objects / BUCKET).mkdir(parents=True)
        port = free_port()
        self.endpoint = f"http://127.0.0.1:{port}"
        env = {"PATH": os.environ["PATH"], "ROOT_ACCESS_KEY": ACCESS, "ROOT_SECRET_KEY": SECRET}
        self.process = subprocess.Popen([gateway, "--port", f"127.0.0.1:{port}", "posix", str(self.objects)], env=env, cwd=folder,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_until_it_listens(port, self.process)

    def flags(self):
        return ["--bucket", BUCKET, "--endpoint", self.endpoint, "--region=us-east-1", "--results-dir=2026/11/22", "--results-prefix=nightly/bot"]

    def credentials(self, **other):
        return {"AWS_ACCESS_KEY_ID": ACCESS, "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_EC2_METADATA_DISABLED": "true", **other}

    def files(self):
        root = self.objects / BUCKET / "2026/11/22/nightly/bot"
        return {str(p.relative_to(root)): p.read_bytes() for p in root.rglob("*") if p.is_file() and ".sgwtmp" not in str(p)}


class Child:
    """A server of tests/fakes that prints its port."""

    def start(self, *args):
        self.process = subprocess.Popen(["/usr/bin/python3", *map(str, args)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.port = self.process.stdout.readline().strip()
        assert self.port, f"{args} did not start"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(timeout=30)
        self.process.stdout.close()


class Double(Child):
    """http_double.py with a script of replies; https://localhost:<port>, its certificate is its own authority."""

    def __init__(self, folder, *steps):
        folder.mkdir()
        self.log, self.ca = folder / "log", folder / "cert.pem"
        (folder / "script.json").write_text(json.dumps(steps))
        self.start(ROOT / "tests/fakes/http_double.py", folder / "script.json", self.log, folder)
        self.url = f"https://localhost:{self.port}"

    def requests(self):
        return [json.loads(line) for line in self.log.read_text().splitlines()] if self.log.exists() else []


class Smtp(Child):
    """smtp_server.py, a real one; options as it says."""

    def __init__(self, folder, **options):
        folder.mkdir()
        self.folder, self.ca = folder, folder / "cert.pem"
        self.start(ROOT / "tests/fakes/smtp_server.py", folder, json.dumps(options))
        self.url = f"{'smtps' if options.get('tls') == 'implicit' else 'smtp'}://localhost:{self.port}"

    def flags(self):
        return ["--smtp", self.url, *(["--ca-file", self.ca] if self.ca.exists() else [])]

    def mails(self):
        """Envelope and parsed message of each mail."""
        return [(json.loads(path.with_suffix(".json").read_text()), email.message_from_bytes(path.read_bytes(), policy=email.policy.default))
                for path in sorted(self.folder.glob("mail-*.eml"))]
