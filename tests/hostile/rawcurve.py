"""A CURVE client on a bare TCP socket (RFC 23 and 26), to send what no library would: half a
handshake, wrong keys in a loop, parts of a message that never ends. Loopback only."""
import os
import socket
import struct

from nacl.public import Box, PrivateKey, PublicKey

SIGNATURE = b"\xff" + bytes(7) + b"\x01\x7f"


def greeting(mechanism=b"CURVE"):
    return SIGNATURE + b"\x03\x01" + mechanism.ljust(20, b"\0") + bytes(32)


def frame(body, flags=0):
    if len(body) < 256:
        return bytes([flags, len(body)]) + body
    return bytes([flags | 2]) + struct.pack(">Q", len(body)) + body


def box(keys, nonce, text):
    return bytes(keys.encrypt(text, nonce))[24:]


class Refused(Exception):
    """The other end closed, or said ERROR."""


class RawCurve:
    def __init__(self, port, broker_line_key, secret, source="127.0.0.1"):
        """secret: 32 bytes of the node's line key."""
        self.server = PublicKey(broker_line_key)
        self.own = PrivateKey(secret)
        self.short = PrivateKey.generate()
        self.count = 0
        self.socket = socket.create_connection(("127.0.0.1", port), 10, (source, 0))

    def _nonce(self):
        self.count += 1
        return struct.pack(">Q", self.count)

    def _receive(self, size):
        data = b""
        while len(data) < size:
            piece = self.socket.recv(size - len(data))
            if not piece:
                raise Refused("closed")
            data += piece
        return data

    def receive_frame(self):
        flags = self._receive(1)[0]
        size = struct.unpack(">Q", self._receive(8))[0] if flags & 2 else self._receive(1)[0]
        return self._receive(size)

    def hello(self):
        short = self._nonce()
        signed = box(Box(self.short, self.server), b"CurveZMQHELLO---" + short, bytes(64))
        return frame(b"\x05HELLO\x01\x00" + bytes(72) + bytes(self.short.public_key) + short + signed, 4)

    def initiate(self, welcome):
        if not welcome.startswith(b"\x07WELCOME"):
            raise Refused(repr(welcome[:20]))
        plain = Box(self.short, self.server).decrypt(welcome[24:], b"WELCOME-" + welcome[8:24])
        self.server_short, cookie = PublicKey(plain[:32]), plain[32:]
        self.session = Box(self.short, self.server_short)
        seal = os.urandom(16)
        vouch = seal + box(Box(self.own, self.server_short), b"VOUCH---" + seal,
                           bytes(self.short.public_key) + bytes(self.server))
        metadata = b"\x0bSocket-Type" + struct.pack(">I", 6) + b"DEALER"
        short = self._nonce()
        body = box(self.session, b"CurveZMQINITIATE" + short, bytes(self.own.public_key) + vouch + metadata)
        return frame(b"\x08INITIATE" + cookie + short + body, 4)

    def handshake(self):
        """Raises Refused."""
        self.socket.sendall(greeting() + self.hello())
        self._receive(64)
        self.socket.sendall(self.initiate(self.receive_frame()))
        ready = self.receive_frame()
        if not ready.startswith(b"\x05READY"):
            raise Refused(repr(ready[:20]))
        return self

    def message(self, body, more=False):
        """The bytes of one part."""
        short = self._nonce()
        return frame(b"\x07MESSAGE" + short + box(self.session, b"CurveZMQMESSAGEC" + short, bytes([more]) + body))

    def send(self, body, more=False):
        self.socket.sendall(self.message(body, more))

    def close(self):
        self.socket.close()
