#!/usr/bin/python3
"""A server that misbehaves on request, with just enough of the MySQL protocol to be found ready.

    fake_mysql.py --port N [--silent] [--ignore-sigterm] [--no-such-port FILE TIMES] [--log LINE]

It answers every query with one row that holds "1". --silent accepts connections and never speaks. --no-such-port makes
the first TIMES starts fail as a server does whose port is taken; FILE counts the starts.
"""
import argparse
import os
import signal
import socket
import sys
import threading

EOF = b"\xfe\x00\x00\x02\x00"
OK = b"\x00\x00\x00\x02\x00\x00\x00"
COM_QUIT = 1
COM_QUERY = 3


def text(value):
    return bytes([len(value)]) + value


def greeting():
    capabilities = 0x0008A209  # long password, connect with db, protocol 41, transactions, secure connection, plugin auth
    low, high = capabilities & 0xFFFF, capabilities >> 16
    salt = b"01234567", b"890123456789\x00"
    return (b"\x0a5.7.0-fake\x00" + (1).to_bytes(4, "little") + salt[0] + b"\x00" + low.to_bytes(2, "little") + b"\x21"
            + b"\x02\x00" + high.to_bytes(2, "little") + b"\x15" + bytes(10) + salt[1] + b"mysql_native_password\x00")


def column():
    return (text(b"def") + text(b"") + text(b"") + text(b"") + text(b"1") + text(b"") + b"\x0c\x21\x00"
            + (4).to_bytes(4, "little") + b"\xfd\x00\x00\x00\x00\x00")


class Session:
    def __init__(self, connection):
        self.connection = connection
        self.stream = connection.makefile("rb")
        self.number = 0

    def send(self, payload):
        self.connection.sendall(len(payload).to_bytes(3, "little") + bytes([self.number]) + payload)
        self.number = (self.number + 1) % 256

    def receive(self):
        header = self.stream.read(4)
        if len(header) < 4:
            return b""
        self.number = (header[3] + 1) % 256
        return self.stream.read(int.from_bytes(header[:3], "little"))

    def serve(self):
        self.send(greeting())
        if not self.receive():
            return
        self.send(OK)
        while True:
            command = self.receive()
            if not command or command[0] == COM_QUIT:
                return
            if command[0] == COM_QUERY and command[1:].lstrip().upper().startswith(b"SELECT"):
                for payload in (b"\x01", column(), EOF, text(b"1"), EOF):
                    self.send(payload)
            else:
                self.send(OK)


def serve(connection):
    with connection:
        try:
            Session(connection).serve()
        except OSError:
            pass


def fail_as_if_taken(path, times):
    """Counts this start in path; ends the program if it is one of the first times."""
    starts = os.path.getsize(path) if os.path.exists(path) else 0
    with open(path, "a", encoding="ascii") as counter:
        counter.write(".")
    if starts < int(times):
        sys.exit("listen tcp: bind: address already in use")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--silent", action="store_true")
    parser.add_argument("--ignore-sigterm", action="store_true")
    parser.add_argument("--no-such-port", nargs=2, metavar=("FILE", "TIMES"))
    parser.add_argument("--log", default="fake: listening")
    options = parser.parse_args()
    if options.ignore_sigterm:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if options.no_such_port:
        fail_as_if_taken(*options.no_such_port)
    with socket.create_server(("127.0.0.1", options.port)) as listener:
        print(options.log, flush=True)
        held = []
        while True:
            connection, _ = listener.accept()
            if options.silent:
                held.append(connection)
            else:
                threading.Thread(target=serve, args=(connection,), daemon=True).start()


if __name__ == "__main__":
    main()
