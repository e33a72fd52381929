#!/usr/bin/python3
"""A real SMTP server (Debian's python3-aiosmtpd) for tests, on a free loopback port, that keeps what it gets.

    smtp_server.py FOLDER OPTIONS

OPTIONS is a JSON object, all of it optional:
    tls          "starttls" (default; required before anything else), "implicit" or "none"
    expired      true: the certificate's time has passed
    user, password   AUTH is needed, with these
    hello, mail, data    replies in place of 250, one a connection: ["450 later", "250 OK"]; the last one stays
    rcpt         {address: reply in place of 250}
    end          "message": the connection ends after the first line of a message; "accepted": after the whole message,
                 without a reply; "quit": QUIT gets no reply
A key and a self-signed certificate for "localhost" are made in FOLDER (cert.pem, also the CA). Each message becomes
FOLDER/mail-N.eml, with its envelope in mail-N.json. The port is printed on
standard output.
"""

import asyncio
import itertools
import json
import ssl
import subprocess
import sys
from pathlib import Path

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword


def make_tls(folder, expired):
    def openssl(*args):
        subprocess.run(["openssl", *args], check=True, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    (folder / "extensions").write_text("subjectAltName=DNS:localhost\nbasicConstraints=CA:TRUE\n")
    openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", "key.pem", "-out", "csr.pem",
            "-subj", "/CN=dbdyno test")
    openssl("x509", "-req", "-in", "csr.pem", "-signkey", "key.pem", "-days", "-1" if expired else "2", "-extfile", "extensions",
            "-out", "cert.pem")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    return context


class Handler:
    def __init__(self, folder, options):
        self.folder, self.options = folder, options
        self.used = {}

    def reply(self, name):
        """The next scripted reply of this kind, or None; the last one stays."""
        replies = self.options.get(name)
        if not replies:
            return None
        i = self.used.get(name, 0)
        self.used[name] = i + 1
        return replies[min(i, len(replies) - 1)]

    async def handle_EHLO(self, server, session, envelope, hostname, responses):
        session.host_name = hostname
        reply = self.reply("hello")
        return [reply] if reply and not reply.startswith("250") else responses

    async def handle_MAIL(self, server, session, envelope, address, options):
        reply = self.reply("mail") or "250 OK"
        if reply.startswith("250"):
            envelope.mail_from = address
        return reply

    async def handle_RCPT(self, server, session, envelope, address, options):
        reply = self.options.get("rcpt", {}).get(address, "250 OK")
        if reply.startswith("250"):
            envelope.rcpt_tos.append(address)
        return reply

    async def handle_DATA(self, server, session, envelope):
        reply = self.reply("data") or "250 OK"
        if reply.startswith("250"):
            for n in itertools.count(1):
                message = self.folder / f"mail-{n}.eml"
                if not message.exists():
                    break
            message.write_bytes(envelope.content)
            user = session.auth_data.login.decode() if session.auth_data else None
            message.with_suffix(".json").write_text(json.dumps({
                "from": envelope.mail_from, "to": envelope.rcpt_tos, "user": user,
                "tls": session.ssl is not None or server.transport.get_extra_info("ssl_object") is not None}))
        if self.options.get("end") == "accepted":
            server.transport.abort()
        return reply


class Server(SMTP):
    folder = None
    options = {}


    async def smtp_DATA(self, arg):
        if self.options.get("end") != "message":
            return await super().smtp_DATA(arg)
        await self.push("354 go on")
        await self._reader.readline()
        self.transport.abort()

    async def smtp_QUIT(self, arg):
        if self.options.get("end") == "quit":
            (self.folder / "quit").touch()
            await asyncio.sleep(3600)  # until the client goes away
        else:
            await super().smtp_QUIT(arg)


async def serve(folder, options):
    tls = options.get("tls", "starttls")
    context = make_tls(folder, options.get("expired", False)) if tls != "none" else None

    def authenticate(server, session, envelope, mechanism, data):
        good = isinstance(data, LoginPassword) and data.login.decode() == options["user"] and data.password.decode() == options["password"]
        return AuthResult(success=good, handled=False, auth_data=data if good else None)

    Server.folder, Server.options = folder, options
    handler = Handler(folder, options)

    def connect():
        return Server(handler, hostname="mail.test", enable_SMTPUTF8=False, loop=asyncio.get_running_loop(),
                      tls_context=context if tls == "starttls" else None, require_starttls=tls == "starttls", auth_required="user" in options,
                      auth_require_tls=tls == "starttls", authenticator=authenticate if "user" in options else None, data_size_limit=16 << 20)

    server = await asyncio.get_running_loop().create_server(connect, "127.0.0.1", 0, ssl=context if tls == "implicit" else None)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1]), json.loads(sys.argv[2])))
