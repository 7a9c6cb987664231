"""Attachments (section 18 of proto/PROTOCOL.md) for the node in Python: it makes blobs, offers them and
sends what is asked for, and keeps every frame about them that it is sent. It fetches nothing by
itself: tests say what it asks for."""
import os
import struct

import nacl.bindings

import crypto
import pynode
from proto.schema import blob_pb2

OFFER, WANT, CHUNK, HAVE, GONE = range(10, 15)
MESSAGES = {OFFER: blob_pb2.BlobOffer, WANT: blob_pb2.BlobWant, CHUNK: blob_pb2.BlobChunk,
            HAVE: blob_pb2.BlobHave, GONE: blob_pb2.BlobGone}
KINDS = {cls: kind for kind, cls in MESSAGES.items()}
VERSION, CHUNK_BYTES, EXTRA = 2, 131072, 40


def sealed_chunk(key, case_no, index, plain):
    nonce, place = os.urandom(24), b"%019d" % case_no + struct.pack(">I", index)
    return nonce + nacl.bindings.crypto_aead_xchacha20poly1305_ietf_encrypt(plain, place, nonce, key)


class Blob:
    """Contents, sealed under the key of a case."""

    def __init__(self, key, case_no, plain, suite=crypto.ED25519):
        size = CHUNK_BYTES - EXTRA
        self.chunks = [sealed_chunk(key, case_no, i, plain[at:at + size])
                       for i, at in enumerate(range(0, len(plain), size))]
        self.manifest = blob_pb2.BlobManifest(
            suite=suite, size_bytes=sum(map(len, self.chunks)), chunk_bytes=CHUNK_BYTES,
            chunk_hashes=[crypto.digest(c, suite) for c in self.chunks],
            key_id=crypto.digest(key)[:16]).SerializeToString()
        self.hash = crypto.digest(self.manifest, suite)


class Line(pynode.Line):
    """Frames about attachments go to on_blob."""

    def send(self, message, version=pynode.PROTOCOL):
        if type(message) in KINDS:
            self.send_raw(b"JB" + bytes([VERSION, KINDS[type(message)]]) + message.SerializeToString())
        else:
            super().send(message, version)

    def receive(self, seconds):
        if not self.socket.poll(int(seconds * 1000)):
            return None
        (frame,) = self.socket.recv_multipart()
        if frame[:2] != b"JB" or frame[2] not in (1, VERSION):
            raise pynode.LineError("no frame header")
        message = {**pynode.MESSAGES, **MESSAGES}[frame[3]].FromString(frame[4:])
        if frame[3] not in MESSAGES:
            return message
        self.on_blob(message)
        return None


class Node(pynode.Node):
    """`spoil`: called with (blob, index, chunk) for what is sent; `frames`: about blobs, as they came."""

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self.blobs, self.frames, self.spoil = {}, [], None

    def connect(self, seconds=10):
        self.disconnect()
        self.line = Line(self.endpoint, self.broker_line, self.keys)
        self.line.on_blob = self.on_blob
        self.line.send(self.hello(protocol_max=VERSION))
        self.wait(lambda: self.welcome is not None, seconds, "a welcome")

    def on_blob(self, message):
        self.frames.append(message)
        blob = self.blobs.get(message.blob_hash)
        if blob is None or not isinstance(message, blob_pb2.BlobWant):
            return
        if not message.missing and message.window_chunks:
            self.offer(blob)
        for part in message.missing:
            for i in range(part.first, part.first + part.count):
                body = blob.chunks[i]
                self.line.send(blob_pb2.BlobChunk(
                    blob_hash=blob.hash, index=i, body=self.spoil(blob, i, body) if self.spoil else body))

    def offer(self, blob):
        self.line.send(blob_pb2.BlobOffer(blob_hash=blob.hash, manifest=blob.manifest))

    def ask(self, message, seconds=10):
        """Send a frame about a blob; the next one about the same blob."""
        seen = len(self.frames)
        answers = lambda: [f for f in self.frames[seen:] if f.blob_hash == message.blob_hash]
        self.line.send(message)
        self.wait(answers, seconds, "an answer about an attachment")
        return answers()[0]

    def attach(self, case_no, key, plain, size_bytes=None, name="bild.jpg", **options):
        """(verdict, the blob): the act; contents go when the broker asks for them."""
        blob = Blob(key, case_no, plain, self.suite)
        label = blob_pb2.AttachLabel(name=name).SerializeToString()
        sealed = crypto.seal(key, os.urandom(24), label, case_no)
        self.blobs[blob.hash] = blob
        act = pynode.make_act(case_no, 0, attach=dict(
            content_hash=blob.hash, size_bytes=len(plain) if size_bytes is None else size_bytes,
            sealed=sealed, media_type="image/jpeg"))
        return self.do(act, **options), blob
