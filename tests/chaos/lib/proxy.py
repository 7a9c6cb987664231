"""A loopback TCP proxy whose links are cut, slowed and silenced by the test. One thread for all."""
import collections
import selectors
import socket
import struct
import threading
import time

CHUNK = 16384
QUEUE_MAX = 64  # chunks on their way in one direction
RESET = struct.pack("ii", 1, 0)  # SO_LINGER: close with a reset

PASS = "pass"
CUT = "cut"  # connections are reset, new ones refused
STALL = "stall"  # connections stay, nothing is read: the sender's buffers fill
HALF_OPEN = "half open"  # what comes is swallowed; both ends believe that all is well
DELAY = "delay"  # every piece arrives later
THROTTLE = "throttle"  # few bytes at a time
LOSSY = "lossy"  # reset again and again, after so many bytes


class Half:
    """One direction of a connection."""

    def __init__(self, source, sink):
        self.source, self.sink = source, sink
        self.queue = collections.deque()  # (due, bytes)
        self.ended = False


class Connection:
    def __init__(self, link, near, far):
        self.link, self.near, self.far = link, near, far
        self.halves = (Half(near, far), Half(far, near))
        self.spoilt = False  # bytes are missing: it must not go on
        self.passed = 0

    def close(self):
        for s in (self.near, self.far):
            try:
                s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            except OSError:
                pass
            s.close()


class Link:
    """One agent's way to the broker."""

    def __init__(self, proxy):
        self.proxy = proxy
        self.listener = socket.socket()
        self.listener.bind(("127.0.0.1", 0))
        self.listener.listen(8)
        self.listener.setblocking(False)
        self.port = self.listener.getsockname()[1]
        self.mode, self.value = PASS, 0
        self.connections = []

    @property
    def endpoint(self):
        return f"tcp://127.0.0.1:{self.port}"

    def set(self, mode, value=0):
        """value: seconds of DELAY, bytes a second of THROTTLE, bytes until a reset of LOSSY."""
        with self.proxy.lock:
            self.mode, self.value = mode, value
            for c in list(self.connections):
                if mode == CUT or c.spoilt:
                    self.proxy.drop(c)


class Proxy(threading.Thread):
    def __init__(self, target):
        """target(): (host, port) of the broker."""
        super().__init__(daemon=True)
        self.target = target
        self.links = []
        self.lock = threading.Lock()
        self.ending = False

    def link(self):
        with self.lock:
            self.links.append(Link(self))
            return self.links[-1]

    def stop(self):
        self.ending = True
        self.join()
        for link in self.links:
            for c in list(link.connections):
                self.drop(c)
            link.listener.close()

    def drop(self, connection):
        connection.close()
        if connection in connection.link.connections:
            connection.link.connections.remove(connection)

    def run(self):
        while not self.ending:
            with selectors.DefaultSelector() as look:
                with self.lock:
                    wait = self._register(look)
                ready = look.select(wait)
            with self.lock:
                for key, _ in ready:
                    if isinstance(key.data, Link):
                        self._accept(key.data)
                for link in self.links:
                    for c in list(link.connections):
                        self._move(c)

    def _register(self, look):
        """Sockets to wait for; how long at most."""
        wait = 0.05
        for link in self.links:
            look.register(link.listener, selectors.EVENT_READ, link)
            for c in link.connections:
                if link.mode == STALL:
                    continue
                events = {c.near: 0, c.far: 0}
                for half in c.halves:
                    if not half.ended and len(half.queue) < QUEUE_MAX:
                        events[half.source] |= selectors.EVENT_READ
                    if half.queue and half.queue[0][0] <= time.monotonic():
                        events[half.sink] |= selectors.EVENT_WRITE
                    elif half.queue:
                        wait = 0.005
                for s, wanted in events.items():
                    if wanted and link.mode != THROTTLE:
                        look.register(s, wanted, c)
                if link.mode == THROTTLE:
                    wait = 0.02
        return wait

    def _accept(self, link):
        try:
            near, _ = link.listener.accept()
        except OSError:
            return
        far = socket.socket()
        try:
            if link.mode == CUT:
                raise ConnectionRefusedError
            far.connect(self.target())
        except OSError:
            Connection(link, near, far).close()
            return
        for s in (near, far):
            s.setblocking(False)
            s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        link.connections.append(Connection(link, near, far))

    def _move(self, c):
        if c.link.mode == STALL:
            return
        try:
            for half in c.halves:
                self._read(c, half)
                self._write(c.link, half)
        except OSError:
            self.drop(c)
            return
        lossy = c.link.mode == LOSSY and c.passed > c.link.value
        if lossy or all(h.ended and not h.queue for h in c.halves):
            self.drop(c)

    def _read(self, c, half):
        if half.ended or len(half.queue) >= QUEUE_MAX:
            return
        size = max(1, int(c.link.value * 0.02)) if c.link.mode == THROTTLE else CHUNK
        try:
            data = half.source.recv(size)
        except BlockingIOError:
            return
        if not data:
            half.ended = True
            return
        c.passed += len(data)
        if c.link.mode == HALF_OPEN:
            c.spoilt = True
            return
        late = c.link.value if c.link.mode == DELAY else 0
        half.queue.append((time.monotonic() + late, data))

    def _write(self, link, half):
        while half.queue and half.queue[0][0] <= time.monotonic():
            due, data = half.queue[0]
            try:
                sent = half.sink.send(data)
            except BlockingIOError:
                return
            if sent == len(data):
                half.queue.popleft()
            else:
                half.queue[0] = (due, data[sent:])
        if half.ended and not half.queue:
            try:
                half.sink.shutdown(socket.SHUT_WR)
            except OSError:
                pass
