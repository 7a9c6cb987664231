"""The local protocol (section 14 of proto/PROTOCOL.md): one request, one reply."""
import socket
import struct

from proto.schema import local_pb2


class LocalError(Exception):
    """An ErrorView, or the SettledView of a refusal."""

    def __init__(self, view):
        super().__init__(f"{view.name}: {view.text if hasattr(view, 'text') else view.detail}")
        self.view = view


class Local:
    def __init__(self, path, seconds=30):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.settimeout(seconds)
        self.socket.connect(path)
        self.last_id = 0

    def send(self, kind, /, person="", **fields):
        """`person`: for whom a gateway asks."""
        self.last_id += 1
        request = local_pb2.Request(id=self.last_id, protocol=1)
        if person:
            request.on_behalf_of = person
        body = getattr(request, kind)
        body.SetInParent()
        for name, value in fields.items():
            setattr(body, name, value)
        self.send_raw(request.SerializeToString())
        return self.last_id

    def send_raw(self, data):
        self.socket.sendall(struct.pack(">I", len(data)) + data)

    def _exactly(self, count):
        data = b""
        while len(data) < count:
            piece = self.socket.recv(count - len(data))
            if not piece:
                raise ConnectionError("the other end closed the connection")
            data += piece
        return data

    def receive(self):
        length, = struct.unpack(">I", self._exactly(4))
        return local_pb2.Reply.FromString(self._exactly(length))

    def ask(self, kind, /, **fields):
        """The body of the reply; LocalError for an error, and for a refusal unless it was a submit."""
        wanted = self.send(kind, **fields)
        while True:
            reply = self.receive()
            if reply.id == wanted:
                break
        name = reply.WhichOneof("body")
        if name == "error":
            raise LocalError(reply.error)
        body = getattr(reply, name)
        if name == "settled" and kind in ("enrol", "admin", "install") and not body.accepted:
            raise LocalError(body)
        return body

    def close(self):
        self.socket.close()


def ask(path, kind, /, seconds=30, **fields):
    client = Local(path, seconds)
    try:
        return client.ask(kind, **fields)
    finally:
        client.close()
