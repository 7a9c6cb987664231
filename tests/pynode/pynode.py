"""A node of jiaoban in Python, written from proto/PROTOCOL.md alone. Shares no code with the project
but the protobuf schema.

Line is a connection that sends and receives frames and checks nothing: tests use it to say wrong
things. Node is a whole node: outbox, stream, chains, signatures, receipts, state of cases, in an
SQLite file (or in memory)."""
import os
import sqlite3
import time

import zmq
import zmq.utils.z85
from zmq.utils.monitor import recv_monitor_message

import crypto
from proto.schema import act_pb2, entry_pb2, line_pb2
from replica import OPENING, Case, Common, Damaged

HELLO, WELCOME, SUBMIT, DELIVER, ACK, BEAT, RESUME, REJECT, BYE = range(1, 10)
MESSAGES = {HELLO: line_pb2.Hello, WELCOME: line_pb2.Welcome, SUBMIT: line_pb2.Submit,
            DELIVER: line_pb2.Deliver, ACK: line_pb2.Ack, BEAT: line_pb2.Beat,
            RESUME: line_pb2.Resume, REJECT: line_pb2.Reject, BYE: line_pb2.Bye}
KINDS = {cls: kind for kind, cls in MESSAGES.items()}
PROTOCOL = 1
FRAME_ITEMS, FRAME_BYTES = 256, 512 * 1024


class LineError(Exception):
    """The other end said something that this document does not allow, or nothing in time."""


class Diverged(LineError):
    """Both ends hold different histories."""


class Rejected(LineError):
    def __init__(self, reject):
        super().__init__(f"{reject.name}: {reject.text}")
        self.reject = reject


def now_ms():
    return int(time.time() * 1000)


def encode_frame(message, version=PROTOCOL):
    return b"JB" + bytes([version, KINDS[type(message)]]) + message.SerializeToString()


def decode_frame(frame):
    if frame[:2] != b"JB" or len(frame) < 4:
        raise LineError("no frame header")
    if frame[2] != PROTOCOL or frame[3] not in MESSAGES:
        raise LineError(f"version {frame[2]}, kind {frame[3]}")
    message = MESSAGES[frame[3]]()
    message.ParseFromString(frame[4:])
    return message


class Line:
    """One DEALER connection."""

    def __init__(self, endpoint, broker_line_key, keys):
        self.context = zmq.Context()
        self.socket = self.context.socket(zmq.DEALER)
        z85 = zmq.utils.z85.encode
        self.socket.curve_serverkey = z85(broker_line_key)
        self.socket.curve_publickey = z85(keys.line_public)
        self.socket.curve_secretkey = z85(bytes(keys.line))
        self.socket.linger = 200
        self.monitor = self.socket.get_monitor_socket(
            zmq.EVENT_HANDSHAKE_SUCCEEDED | zmq.EVENT_HANDSHAKE_FAILED_AUTH | zmq.EVENT_DISCONNECTED)
        self.socket.connect(endpoint)

    def send_raw(self, *parts):
        self.socket.send_multipart(parts)

    def send(self, message, version=PROTOCOL):
        self.send_raw(encode_frame(message, version))

    def receive(self, seconds):
        """The next frame, decoded; None when the time is over."""
        if not self.socket.poll(int(seconds * 1000)):
            return None
        parts = self.socket.recv_multipart()
        if len(parts) != 1:
            raise LineError(f"{len(parts)} frames in one message")
        return decode_frame(parts[0])

    def event(self, wanted, seconds):
        """Wait for one of these connection events; its number, or None."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if self.monitor.poll(int(left * 1000) + 1):
                event = recv_monitor_message(self.monitor)["event"]
                if event in wanted:
                    return event
        return None

    def admitted(self, seconds=5):
        """Did the handshake succeed? None: no answer in time."""
        event = self.event((zmq.EVENT_HANDSHAKE_SUCCEEDED, zmq.EVENT_HANDSHAKE_FAILED_AUTH), seconds)
        return None if event is None else event == zmq.EVENT_HANDSHAKE_SUCCEEDED

    def disconnected(self, seconds=5):
        return self.event((zmq.EVENT_DISCONNECTED,), seconds) is not None

    def close(self):
        self.socket.disable_monitor()
        self.monitor.close(linger=0)
        self.socket.close()
        self.context.term()


SCHEMA = """
CREATE TABLE IF NOT EXISTS meta(key TEXT PRIMARY KEY, value);
CREATE TABLE IF NOT EXISTS outbox(number INTEGER PRIMARY KEY, body BLOB, case_key BLOB, head BLOB, settled INTEGER);
CREATE TABLE IF NOT EXISTS stream(number INTEGER PRIMARY KEY, body BLOB, case_key BLOB, head BLOB, hash BLOB, case_no INTEGER);
CREATE TABLE IF NOT EXISTS proof(number INTEGER PRIMARY KEY, broker_signature BLOB, own_signature BLOB);
"""


class Node:
    """A whole node. Methods that talk to the broker take seconds and raise LineError."""

    def __init__(self, keys, code, endpoint, broker_public, path=":memory:"):
        self.keys, self.code, self.endpoint = keys, code, endpoint
        self.suite = crypto.suite_of_line(broker_public)
        self.broker_line, self.broker_sign = crypto.parse_public_line(broker_public)
        self.db = sqlite3.connect(path, isolation_level=None)
        self.db.executescript(SCHEMA)
        self.db.execute("PRAGMA synchronous=FULL")
        if self.meta("up_epoch") is None:
            self.set_meta("up_epoch", os.urandom(16))
        self.line = None
        self.welcome = None
        self.window_items, self.window_bytes = 256, 1 << 20
        self.rejects, self.resumes, self.repeats, self.acks_sent = [], [], 0, 0
        self.replay()

    def replay(self):
        """Make everything that is derived again from the stream; purged items say nothing."""
        self.cases, self.keys_of_cases, self.settled = {}, {}, {}
        self.common = Common()
        self.receipts = {}        # (case, log number, node) -> when the receipt was signed
        self.epoch_known = False  # the stream has come to our own incarnation
        for number, body, case_key in self.db.execute(
                "SELECT number, body, case_key FROM stream WHERE body NOT NULL ORDER BY number").fetchall():
            self._apply(number, body, case_key)

    @property
    def directory(self):
        """code -> number"""
        return self.common.by_code()

    # ---- what is on disk

    def meta(self, key):
        row = self.db.execute("SELECT value FROM meta WHERE key=?", (key,)).fetchone()
        return row[0] if row else None

    def set_meta(self, key, value):
        self.db.execute("INSERT OR REPLACE INTO meta VALUES(?,?)", (key, value))

    @property
    def number(self):
        return self.meta("node") or 0

    def _point(self, sql, epoch):
        number, head = self.db.execute(sql).fetchone() or (0, b"")
        if number == 0 and self.number and epoch:
            head = crypto.chain_start(self.number, epoch, self.suite)
        return line_pb2.LinePoint(epoch=epoch or b"", number=number, head=head)

    def up_point(self):
        return self._point("SELECT number, head FROM outbox ORDER BY number DESC LIMIT 1",
                           self.meta("up_epoch"))

    def settled_point(self):
        return self._point("SELECT number, head FROM outbox WHERE settled=1 ORDER BY number DESC LIMIT 1",
                           self.meta("up_epoch"))

    def down_point(self):
        return self._point("SELECT number, head FROM stream ORDER BY number DESC LIMIT 1",
                           self.meta("down_epoch"))

    def up_head(self, number):
        if number == 0:
            return crypto.chain_start(self.number, self.meta("up_epoch"), self.suite)
        row = self.db.execute("SELECT head FROM outbox WHERE number=?", (number,)).fetchone()
        return row[0] if row else None

    # ---- the line

    def disconnect(self):
        if self.line:
            self.line.close()
        self.line = self.welcome = None

    def hello(self, **changes):
        fields = dict(protocol_min=1, protocol_max=1, code=self.code, software="pynode 1",
                      up=self.up_point(), settled=self.settled_point(), down=self.down_point(),
                      window_items=self.window_items, window_bytes=self.window_bytes,
                      now_ms=now_ms(), sign_key=self.keys.sign_public, suite=self.keys.suite)
        fields.update(changes)
        return line_pb2.Hello(**fields)

    def connect(self, seconds=10):
        """Connect and greet; from now on pump() keeps the line going."""
        self.disconnect()
        self.line = Line(self.endpoint, self.broker_line, self.keys)
        self.line.send(self.hello())
        self.wait(lambda: self.welcome is not None, seconds, "a welcome")

    def pump(self, seconds):
        """Handle what arrives within this time; True when there was a frame."""
        message = self.line.receive(seconds)
        if message is None:
            return False
        handler = {WELCOME: self._on_welcome, DELIVER: self._on_deliver, BEAT: self._on_beat,
                   RESUME: self._on_resume, REJECT: self._on_reject,
                   BYE: self._on_bye}.get(KINDS[type(message)])
        if handler is None:
            raise LineError(f"a broker does not send {type(message).__name__}")
        handler(message)
        return True

    def wait(self, ready, seconds=10, what="that"):
        end = time.monotonic() + seconds
        while not ready():
            left = end - time.monotonic()
            if left <= 0:
                raise LineError(f"{self.code}: waited {seconds} s for {what}")
            self.pump(min(left, 0.5))

    def _on_welcome(self, w):
        own = self.number
        if (w.suite or crypto.ED25519) != self.suite:
            raise LineError("the broker signs with another suite than its public line")
        if w.sign_key != self.broker_sign:
            raise LineError("the broker's signing key is not the pinned one")
        if own and w.node != own:
            raise LineError(f"we are node {own}, the broker says {w.node}")
        if self.meta("down_epoch") not in (None, w.down.epoch):
            raise Diverged("another incarnation of the broker's record")
        self.db.execute("BEGIN")
        self.set_meta("node", w.node)
        self.set_meta("down_epoch", w.down.epoch)
        if not own:
            self._head_outbox()
        self.db.execute("COMMIT")
        made, settled, down = self.up_point(), self.settled_point(), self.down_point()
        if w.up.epoch != made.epoch or not settled.number <= w.up.number <= made.number:
            raise Diverged(f"broker took {w.up.number}, settled {settled.number}, made {made.number}")
        if w.up.head != self.up_head(w.up.number):
            raise Diverged("up heads differ")
        if w.down.number < down.number or (w.down.number == down.number and w.down.head != down.head):
            raise Diverged("the broker's history does not contain ours")
        self.welcome, self.sent = w, w.up.number
        last = self.db.execute("SELECT number, head FROM stream ORDER BY number DESC LIMIT 1").fetchone()
        if last:
            self._send_ack(last[0], self._sign_down(*last))
        self.flush()

    def _head_outbox(self):
        """What was made before the first contact gets its heads now."""
        head = crypto.chain_start(self.number, self.meta("up_epoch"), self.suite)
        for number, body in self.db.execute("SELECT number, body FROM outbox ORDER BY number").fetchall():
            head = crypto.chain_next(head, body, self.suite)
            self.db.execute("UPDATE outbox SET head=? WHERE number=?", (head, number))

    def _on_deliver(self, d):
        if self.welcome is None:
            return
        down = self.down_point()
        if d.epoch != down.epoch:
            raise Diverged("a delivery of another epoch")
        if d.first > down.number + 1:
            self.line.send(self.hello())  # a gap: find our place again
            return
        new = d.items[down.number + 1 - d.first:]
        self.repeats += len(d.items) - len(new)
        if not new:
            return
        last = d.first + len(d.items) - 1
        heads, head = [], down.head
        for item in new:
            head = crypto.chain_next(head, item.body, self.suite)
            heads.append(head)
        claim = crypto.statement(crypto.DOWN_HEAD, self.number, d.epoch, last, head)
        if head != d.head or not crypto.verify_claim(self.broker_sign, claim, d.signature, self.suite):
            raise Diverged(f"head or signature of delivery {d.first}..{last} is wrong")
        own = self._sign_down(last, head)
        self.db.execute("BEGIN")
        for i, item in enumerate(new):
            number = down.number + 1 + i
            case_no = self._apply(number, item.body, item.case_key)
            self.db.execute("INSERT INTO stream VALUES(?,?,?,?,?,?)", (
                number, item.body, item.case_key, heads[i], crypto.digest(item.body, self.suite), case_no))
        self.db.execute("INSERT INTO proof VALUES(?,?,?)", (last, d.signature, own))
        self.db.execute("COMMIT")
        self._send_ack(last, own)

    def _sign_down(self, number, head):
        return self.keys.sign_claim(crypto.statement(crypto.DOWN_ACK, self.number, self.meta("down_epoch"),
                                                     number, head))

    def _send_ack(self, number, signature):
        head = self.db.execute("SELECT head FROM stream WHERE number=?", (number,)).fetchone()[0]
        self.line.send(line_pb2.Ack(epoch=self.meta("down_epoch"), number=number, head=head,
                                    suite=self.suite, signature=signature,
                                    window_items=self.window_items, window_bytes=self.window_bytes))
        self.acks_sent += 1

    def _apply(self, number, body, case_key):
        """One item; the case that it is about."""
        item = entry_pb2.StreamItem.FromString(body)
        case_no = 0
        if item.number != number:
            raise LineError(f"item {item.number} in place {number}")
        kind = item.WhichOneof("body")
        if kind == "entry":
            case_no = self._apply_entry(item, case_key)
        elif kind == "left":
            self._leave(item.left.case_no)
        elif kind != "refusal":
            raise LineError("an item of a kind that this node does not know")
        if item.settles and self.epoch_known:
            if item.settles in self.settled:
                raise LineError(f"submission {item.settles} settled twice")
            self.settled[item.settles] = item
            self.db.execute("UPDATE outbox SET settled=1 WHERE number=?", (item.settles,))
        return case_no

    def _leave(self, case_no):
        """Keep nothing of the case but the hashes of what was said about it."""
        self.cases[case_no] = Case()
        self.cases[case_no].left = True
        self.keys_of_cases.pop(case_no, None)
        self.receipts = {key: at_ms for key, at_ms in self.receipts.items() if key[0] != case_no}
        self.db.execute("UPDATE stream SET body=NULL, case_key=NULL WHERE case_no=?", (case_no,))

    def _erase(self, case_no):
        """What is sealed in the case is unreadable from here on."""
        self.keys_of_cases.pop(case_no, None)
        self.db.execute("UPDATE stream SET case_key=NULL WHERE case_no=?", (case_no,))

    def _apply_entry(self, item, case_key):
        entry = entry_pb2.Entry.FromString(item.entry)
        act = act_pb2.Act.FromString(entry.act)
        if act.WhichOneof("body") == "erase_key":
            self._erase(act.case_no)
        try:
            if act.case_no:
                self._case_to_apply(act).apply(entry, act)
            self.common.apply(entry, act)
        except Damaged as error:
            raise LineError(f"item {item.number}: {error}") from error
        if case_key:
            self.keys_of_cases[act.case_no] = case_key
        if act.WhichOneof("body") == "new_epoch" and act.new_epoch.epoch == self.meta("up_epoch"):
            self.epoch_known = True
        for duty in act.stored.items if act.HasField("stored") else ():
            self.receipts.setdefault((duty.case_no, duty.log_seq, act.stored.node), entry.at_ms)
        return act.case_no

    def _case_to_apply(self, act):
        """Who left a case and joins it again gets its whole history once more."""
        if act.case_no in self.cases and self.cases[act.case_no].left and (
                act.WhichOneof("body") in OPENING):
            del self.cases[act.case_no]
        return self.cases.setdefault(act.case_no, Case())

    def delivered_ms(self, case_no, directive, node):
        """When the receiver's agent signed for a directive; 0: no receipt is known here."""
        return self.receipts.get((case_no, self.cases[case_no].directives[directive]["seq"], node), 0)

    def _on_beat(self, b):
        claim = crypto.statement(crypto.DOWN_HEAD, self.number, b.down.epoch, b.down.number, b.down.head)
        if not crypto.verify_claim(self.broker_sign, claim, b.signature, self.suite):
            raise LineError("a beat that the broker did not sign")
        self.last_beat = b

    def _on_resume(self, r):
        self.resumes.append(r)
        if r.up.head != self.up_head(r.up.number):
            raise Diverged("resume from a head that is not ours")
        self.sent = r.up.number
        self.flush()

    def _on_reject(self, r):
        self.rejects.append(r)
        raise Rejected(r)

    def _on_bye(self, _):
        self.welcome = None  # the session is over; greet again

    def beat(self, seconds=10):
        """Ask for the broker's head and compare it with our own."""
        self.last_beat = None
        self.line.send(line_pb2.Beat(now_ms=now_ms(), up=self.up_point(), down=self.down_point()))
        self.wait(lambda: self.last_beat is not None, seconds, "a beat")
        return self.last_beat

    # ---- submissions

    def add(self, act, user="pynode", case_key=b""):
        """Into the outbox; the number."""
        body = entry_pb2.Submission(user=user, made_at_ms=now_ms(),
                                    act=act if isinstance(act, bytes) else act.SerializeToString())
        return self.add_raw(body.SerializeToString(deterministic=True), case_key)

    def add_raw(self, body, case_key=b""):
        point = self.up_point()
        head = crypto.chain_next(point.head, body, self.suite) if self.number else b""
        self.db.execute("INSERT INTO outbox VALUES(?,?,?,?,0)", (point.number + 1, body, case_key, head))
        return point.number + 1

    def submit_frame(self, first, last):
        rows = self.db.execute("SELECT body, case_key FROM outbox WHERE number BETWEEN ? AND ? ORDER BY number",
                               (first, last)).fetchall()
        epoch, head = self.meta("up_epoch"), self.up_head(last)
        claim = crypto.statement(crypto.UP, self.number, epoch, last, head)
        items = [line_pb2.SubmitItem(body=body, case_key=case_key or None) for body, case_key in rows]
        return line_pb2.Submit(epoch=epoch, first=first, items=items, head=head,
                               suite=self.suite, signature=self.keys.sign_claim(claim))

    def flush(self):
        """Send what the broker has not taken."""
        made = self.up_point().number
        while self.line and self.welcome is not None and self.sent < made:
            last, size = self.sent, 0
            for number, length in self.db.execute(
                    "SELECT number, length(body) FROM outbox WHERE number>? ORDER BY number LIMIT ?",
                    (self.sent, FRAME_ITEMS)):
                if last > self.sent and size + length > FRAME_BYTES:
                    break
                last, size = number, size + length
            self.line.send(self.submit_frame(self.sent + 1, last))
            self.sent = last

    def verdict(self, number, seconds=10):
        """The stream item that settles a submission."""
        self.wait(lambda: number in self.settled, seconds, f"the verdict on {number}")
        return self.settled[number]

    def do(self, act, seconds=10, **options):
        """Submit one act and wait; None when accepted, otherwise the Refusal."""
        number = self.add(act, **options)
        self.flush()
        item = self.verdict(number, seconds)
        return item.refusal if item.WhichOneof("body") == "refusal" else None

    def check(self):
        """Compute both chains again from what is stored; raise when a head or signature differs."""
        for table, epoch, kind in (("outbox", self.meta("up_epoch"), None),
                                   ("stream", self.meta("down_epoch"), "proof")):
            head = crypto.chain_start(self.number, epoch, self.suite)
            item_hash = "hash" if kind else "NULL"
            for number, body, hashed, stored in self.db.execute(
                    f"SELECT number, body, {item_hash}, head FROM {table} ORDER BY number").fetchall():
                if body is not None and hashed not in (None, crypto.digest(body, self.suite)):
                    raise LineError(f"{table} {number}: the bytes are not those that were hashed")
                head = crypto.chain_link(head, hashed or crypto.digest(body, self.suite), self.suite)
                if head != stored:
                    raise LineError(f"{table} {number}: the chain is broken")
                row = kind and self.db.execute("SELECT broker_signature FROM proof WHERE number=?",
                                               (number,)).fetchone()
                claim = crypto.statement(crypto.DOWN_HEAD, self.number, epoch, number, head)
                if row and not crypto.verify_claim(self.broker_sign, claim, row[0], self.suite):
                    raise LineError(f"stream {number}: the signature is wrong")

    def close(self):
        self.disconnect()
        self.db.close()


def make_act(case_no=0, custody=0, **body):
    """make_act(no, 2, sign_for={}) -> Act."""
    act = act_pb2.Act()
    if case_no:
        act.case_no = case_no
    if custody:
        act.custody = custody
    (kind, fields), = body.items()
    message = getattr(act, kind)
    message.SetInParent()
    for name, value in fields.items():
        if isinstance(value, (list, tuple)):
            getattr(message, name).extend(value)
        else:
            setattr(message, name, value)
    return act
