#!/usr/bin/python3
"""A receiver of webhooks, a process of its own: checks signatures, notes what it is sent, and fails as a
file beside it says. With a file tls.pem there it speaks https. Arguments: its folder (secret, mode), where port and notes are written."""
import base64
import hashlib
import hmac
import http.server
import json
import os
import ssl
import sys
import time

FOLDER = sys.argv[1]


def mode():
    """What to answer: a status, "hang", "cut" (closes without an answer), "lose" (takes it, says nothing)."""
    with open(os.path.join(FOLDER, "mode"), encoding="ascii") as f:
        return f.read().strip()


def signature(headers, body):
    with open(os.path.join(FOLDER, "secret"), encoding="ascii") as f:
        key = base64.b64decode(f.read().strip().removeprefix("whsec_"))
    signed = b".".join([headers["webhook-id"].encode(), headers["webhook-timestamp"].encode(), body])
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        answer = mode()
        good = hmac.compare_digest(self.headers["webhook-signature"], signature(self.headers, body))
        note = {"id": self.headers["webhook-id"], "at": int(self.headers["webhook-timestamp"]), "good": good,
                "type": self.headers["Content-Type"], "mode": answer, "path": self.path,
                "headers": dict(self.headers), "event": json.loads(body)}
        with open(os.path.join(FOLDER, "notes"), "a", encoding="utf-8") as f:
            f.write(json.dumps(note) + "\n")
        if answer == "hang":
            time.sleep(600)
        if answer in ("cut", "lose", "hang"):
            self.close_connection = True
            return
        self.send_response(int(answer.split()[0]))
        for header in answer.split()[1:]:
            self.send_header(*header.split("="))
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *arguments):
        pass


class Server(http.server.ThreadingHTTPServer):
    def handle_error(self, request, client_address):
        """Who turns away from our certificate, or is killed, ends a connection: no news."""


server = Server(("127.0.0.1", int(sys.argv[2])), Handler)
if os.path.exists(os.path.join(FOLDER, "tls.pem")):  # certificate and key: it speaks https
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(os.path.join(FOLDER, "tls.pem"))
    # the handshake in the connection's own thread: who breaks it off holds nobody up
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
with open(os.path.join(FOLDER, "port.new"), "w", encoding="ascii") as out:
    out.write(str(server.server_address[1]))
os.rename(os.path.join(FOLDER, "port.new"), os.path.join(FOLDER, "port"))
server.serve_forever()
