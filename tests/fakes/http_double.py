#!/usr/bin/python3
"""A scripted HTTP(S) server for tests: each request takes the next step of a script and is logged.

    http_double.py SCRIPT LOG [TLS_FOLDER]

SCRIPT is a JSON array of steps. A step may have
    status, headers {name: value}, body (text) or body_size (bytes of 'x')     the reply
    bytes       send only so many bytes of the body, then do what "then" says: "reset", "stall" or "close"
    read        read only so many bytes of the request's body, then reset
    no_reply    true: read the request, then do what "then" says
    keep        true: leave the connection open for the next request; "drop": say so, but close it
"{port}" in a header's value or a body is replaced by the port. A request after the last step gets 599.
LOG gets one JSON line a request before it is answered: method, target, client (the connection's port), headers (names in lower case), body_len,
body_sha256, and body when it is short text. TLS_FOLDER: a key and a self-signed certificate for "localhost" alone
(cert.pem, which is also the CA) are made there with openssl. The port is printed on standard output.
"""

import hashlib
import json
import socket
import ssl
import struct
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Double(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, script, log):
        super().__init__(("127.0.0.1", 0), Handler)
        self.steps = iter(script)
        self.log = log
        self.lock = threading.Lock()
        self.tls = None

    def next_step(self):
        with self.lock:
            return next(self.steps, {"status": 599, "body": "the script has ended"})

    def write_log(self, entry):
        with self.lock:
            self.log.write(json.dumps(entry) + "\n")
            self.log.flush()

    def handle_error(self, request, client_address):
        """A client that goes away is what many tests are about."""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def setup(self):
        if self.server.tls:
            self.request = self.server.tls.wrap_socket(self.request, server_side=True)
        super().setup()

    def log_message(self, *args):
        pass

    def reset(self):
        """Closes with a TCP reset instead of an orderly end."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()

    def end_by(self, how):
        self.close_connection = True
        if how == "reset":
            self.reset()
        elif how == "stall":
            self.connection.recv(1)  # until the client gives up

    def read_body(self, limit):
        left = int(self.headers.get("Content-Length", 0))
        if limit is not None:
            left = min(left, limit)
        digest, kept, total = hashlib.sha256(), b"", 0
        while left:
            chunk = self.rfile.read(min(left, 1 << 16))
            if not chunk:
                break
            digest.update(chunk)
            if total < 65536:
                kept += chunk
            total += len(chunk)
            left -= len(chunk)
        return total, digest.hexdigest(), kept if total == len(kept) else b""

    def answer(self):
        step = self.server.next_step()
        total, digest, kept = self.read_body(step.get("read"))
        self.server.write_log({
            "method": self.command,
            "target": self.path,
            "client": str(self.client_address[1]),
            "headers": {name.lower(): value for name, value in self.headers.items()},
            "body_len": total,
            "body_sha256": digest,
            "body": kept.decode("utf-8", "replace"),
        })
        if "read" in step:
            self.close_connection = True
            self.reset()
        elif step.get("no_reply"):
            self.end_by(step.get("then", "close"))
        else:
            self.reply(step)

    def reply(self, step):
        port = str(self.server.server_address[1])
        body = step.get("body", "x" * step.get("body_size", 0)).replace("{port}", port).encode()
        self.send_response_only(step.get("status", 200))
        headers = {"Content-Length": str(len(body)), "Connection": "keep-alive" if step.get("keep") else "close"}
        if step.get("status", 200) == 204:
            del headers["Content-Length"]
        headers.update(step.get("headers", {}))
        for name, value in headers.items():
            self.send_header(name, value.replace("{port}", port))
        self.end_headers()
        self.close_connection = step.get("keep") is not True
        if self.command == "HEAD":
            return
        if "bytes" in step:
            self.wfile.write(body[: step["bytes"]])
            self.wfile.flush()
            self.end_by(step.get("then", "close"))
        else:
            self.wfile.write(body)

    do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = answer


def make_tls(folder):
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
         "-keyout", folder + "/key.pem", "-out", folder + "/cert.pem", "-days", "2", "-subj", "/CN=dbdyno test",
         "-addext", "subjectAltName=DNS:localhost"],
        check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder + "/cert.pem", folder + "/key.pem")
    return context


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        script = json.load(file)
    with open(sys.argv[2], "a", encoding="utf-8") as log:
        server = Double(script, log)
        if len(sys.argv) > 3:
            server.tls = make_tls(sys.argv[3])
        print(server.server_address[1], flush=True)
        server.serve_forever()


if __name__ == "__main__":
    main()
