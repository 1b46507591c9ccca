"""A mail server that keeps what it takes: each mail as a file of its own, `0001-taken.json`, and what it sends back as
`0001-refused.json`, in the order in which they came.

    mail.py FOLDER [--port PORT] [--user USER --password PASSWORD] [--certificate FILE [--wrapped]]

Whom a mail goes to says what becomes of it: `never@…` is refused for good, `later@…` the first time for now; all others are
taken. With a user, nobody else may send. With a certificate and its key in one file, nobody may without STARTTLS; or, wrapped,
without TLS from the beginning.
"""

import argparse
import asyncio
import itertools
import json
import os
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult

parser = argparse.ArgumentParser()
parser.add_argument("folder")
parser.add_argument("--port", type=int, default=0)
parser.add_argument("--user")
parser.add_argument("--password")
parser.add_argument("--certificate")
parser.add_argument("--wrapped", action="store_true")
options = parser.parse_args()

NUMBERS = itertools.count(1)
PUT_OFF = set()
TLS = None
if options.certificate:
    TLS = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    TLS.load_cert_chain(options.certificate)


def keep(envelope, what):
    name = f"{next(NUMBERS):04}-{what}.json"
    mail = {"from": envelope.mail_from, "to": envelope.rcpt_tos, "content": envelope.content.decode()}
    # Whole or not at all: the tests look for it at any time.
    with open(os.path.join(options.folder, f".{name}"), "w", encoding="utf-8") as file:
        json.dump(mail, file)
    os.rename(os.path.join(options.folder, f".{name}"), os.path.join(options.folder, name))


class Handler:
    async def handle_DATA(self, server, session, envelope):
        to = envelope.rcpt_tos[0]
        if to.startswith("never@"):
            keep(envelope, "refused")
            return f"550 5.1.1 <{to}> is not known here"
        if to.startswith("later@") and to not in PUT_OFF:
            PUT_OFF.add(to)
            keep(envelope, "refused")
            return f"451 4.3.0 <{to}> has to wait"
        keep(envelope, "taken")
        return "250 2.0.0 taken"


def authenticate(server, session, envelope, mechanism, data):
    known = (options.user.encode(), options.password.encode())
    return AuthResult(success=(data.login, data.password) == known, handled=False)


def protocol():
    asked = {}
    if options.user:
        asked |= {"authenticator": authenticate, "auth_required": True, "auth_require_tls": False}
    if TLS and not options.wrapped:
        asked |= {"tls_context": TLS, "require_starttls": True}
    return SMTP(Handler(), enable_SMTPUTF8=True, hostname="mail.example.org", **asked)


async def serve():
    wrapped = TLS if options.wrapped else None
    server = await asyncio.get_running_loop().create_server(protocol, "127.0.0.1", options.port, ssl=wrapped)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


try:
    asyncio.run(serve())
except KeyboardInterrupt:
    sys.exit(0)
