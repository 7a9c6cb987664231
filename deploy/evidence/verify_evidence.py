#!/usr/bin/python3
"""Check a file of evidence that jiaoban exported about one case. Needs no part of jiaoban.

    verify_evidence.py FILE [--broker-key LINE]

核验交办系统导出的证据文件，不依赖交办系统本身。

LINE is the broker's public line (jbk1:... or jbk2:...) as you have it from a source that you trust; without
it the key in the file is printed for you to compare. Give it once for each key that the broker has had. Exit status 0: everything that the file claims is
proven; 1: it is not, with the reason. The format is in PROTOCOL.md, section "Evidence". Suite 1 needs
python3-nacl or python3-cryptography for Ed25519; suite 2 (SM2, SM3) needs nothing."""
import argparse
import datetime
import hashlib
import json
import struct
import sys

# What the acts are called, by their field number in the schema (Act).
ACTS = {10: ("registered", "登记"), 11: ("assigned", "交办"), 12: ("forwarded", "转送"),
        13: ("handed over", "移交"), 14: ("referred", "移送"), 15: ("signed for", "签收"),
        16: ("accepted", "受理"), 17: ("declined", "不予受理"), 18: ("notified", "告知"),
        19: ("objected", "提出异议"), 20: ("ruled on the objection", "异议裁定"), 23: ("extended", "延期"),
        24: ("noted", "备注"), 25: ("answered", "答复"), 26: ("executed", "执行"), 27: ("closed", "办结"),
        40: ("review requested", "申请复查"), 41: ("review given", "复查"), 50: ("directive issued", "发出督办"),
        72: ("attached", "附件"), 100: ("node enrolled", "单位入网"), 102: ("keys replaced", "更换密钥")}
LINE_FIELDS = [{"jiaoban_evidence", "suite", "exporter", "node", "case", "exported_ms", "broker_key",
                "exporter_key"}, {"segment", "before"}, {"item", "body"}, {"item", "hash"},
               {"item", "hash", "erased"}, {"sign", "item", "epoch", "suite", "at_ms", "signature"},
               {"case_key"}, {"lines", "signature"}]
# Since version 2: what the submitters signed.
SUBMITTED_FIELDS = [{"submitter", "epoch", "from", "head"}, {"submission", "entry"}, {"submission", "hash"},
                    {"sign", "submission", "suite", "at_ms", "signature"}]
TEXTS = {"exporter", "case", "broker_key", "exporter_key", "before", "body", "hash", "sign", "epoch", "signature",
         "case_key", "head"}


class Refused(Exception):
    pass


def need(condition, text):
    if not condition:
        raise Refused(text)


# ---- SM2 (GB/T 32918) without a library; a public key is the x of a point with even y

P = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000000FFFFFFFFFFFFFFFF
N = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123
B = 0x28E9FA9E9D9F5E344D5A9E4BCF6509A7F39789F515AB8F92DDBCBD414D940E93
G = (0x32C4AE2C1F1981195F9904466A39C9948FE30BBFF2660BE1715A4589334C74C7,
     0xBC3736A2F4F6779C59BDCEE36B692153D0A9877CC62A474002DF32E52139F0A0)


def add(p, q):
    if p is None or q is None:
        return p or q
    if p[0] == q[0] and (p[1] + q[1]) % P == 0:
        return None
    if p == q:
        slope = 3 * (p[0] * p[0] - 1) * pow(2 * p[1], -1, P)
    else:
        slope = (q[1] - p[1]) * pow(q[0] - p[0], -1, P)
    x = (slope * slope - p[0] - q[0]) % P
    return x, (slope * (p[0] - x) - p[1]) % P


def multiply(k, p):
    total = None
    while k:
        total = add(total, p) if k & 1 else total
        p, k = add(p, p), k >> 1
    return total


def sm2_verify(key, message, signature):
    x, r, s = (int.from_bytes(part, "big") for part in (key, signature[:32], signature[32:]))
    square = (x * x * x - 3 * x + B) % P
    y = pow(square, (P + 1) // 4, P)
    if x >= P or y * y % P != square or not 0 < r < N or not 0 < s < N or (r + s) % N == 0:
        return False
    public = (x, P - y if y % 2 else y)
    z = hashlib.new("sm3", struct.pack(">H", 128) + b"1234567812345678" + b"".join(
        n.to_bytes(32, "big") for n in (P - 3, B, *G, *public))).digest()
    e = int.from_bytes(hashlib.new("sm3", z + message).digest(), "big")
    found = add(multiply(s, G), multiply((r + s) % N, public))
    return found is not None and (e + found[0]) % N == r


def ed25519_verify(key, message, signature):
    try:
        import nacl.exceptions
        import nacl.signing
    except ImportError:
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
        try:
            Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
            return True
        except (InvalidSignature, ValueError):
            return False
    try:
        nacl.signing.VerifyKey(key).verify(message, signature)
        return True
    except (nacl.exceptions.BadSignatureError, ValueError):
        return False


# ---- protobuf, as far as it is needed

def fields(data):
    """field number -> values: integers or bytes"""
    found, at = {}, 0

    def varint():
        nonlocal at
        value = shift = 0
        while True:
            need(at < len(data) and shift < 64, "an item cannot be read")
            value |= (data[at] & 127) << shift
            shift, at = shift + 7, at + 1
            if data[at - 1] < 128:
                return value

    while at < len(data):
        tag = varint()
        if tag & 7 == 0:
            value = varint()
        else:
            size = varint() if tag & 7 == 2 else {1: 8, 5: 4}.get(tag & 7, len(data))
            need(at + size <= len(data), "an item cannot be read")
            value, at = data[at:at + size], at + size
        found.setdefault(tag >> 3, []).append(value)
    return found


def one(message, number, default=0):
    """The value of a field, of the type that its default has."""
    value = message.get(number, [default])[-1]
    need(type(value) is type(default), "an item cannot be read")
    return value


def varint(value):
    out = b""
    while value > 127:
        out, value = out + bytes([value & 127 | 128]), value >> 7
    return out + bytes([value])


def submission(entry):
    """The bytes that were submitted, which have one encoding: user, made_at_ms, act; nothing that is empty."""
    out = b""
    for number, value in ((1, one(entry, 4, b"")), (2, one(entry, 5)), (3, one(entry, 7, b""))):
        if isinstance(value, int) and value:
            out += varint(number << 3) + varint(value)
        elif value:
            out += varint(number << 3 | 2) + varint(len(value)) + value
    return out


def when(ms):
    zone = datetime.timezone(datetime.timedelta(hours=8))
    return datetime.datetime.fromtimestamp(ms / 1000, zone).strftime("%Y-%m-%d %H:%M:%S +08:00")


class Item:
    """One item of the stream that the file tells in full."""

    def __init__(self, number, body):
        item = fields(body)
        need(one(item, 1) == number, f"item {number} says that it is item {one(item, 1)}")
        self.number, self.at_ms, self.receipt = number, one(item, 2), None
        entry = self.entry = fields(one(item, 10, b""))
        self.up_number, self.submitted = one(entry, 6), None
        act = fields(one(entry, 7, b""))
        self.case_no = one(act, 1)
        self.left = fields(one(item, 12, b"")) if 12 in item else None
        if self.left is not None:
            self.case_no = one(self.left, 1)
        self.kind = next((k for k in act if k >= 10), 0)
        self.act = fields(one(act, self.kind, b"")) if self.kind else {}
        self.seq, self.node, self.user = one(entry, 1), one(entry, 3), one(entry, 4, b"").decode()

    def describe(self):
        english, chinese = ACTS.get(self.kind, (f"act {self.kind}", f"行为{self.kind}"))
        if self.left is not None:
            english, chinese = "left the case", "退出本件"
        elif not self.kind:
            english, chinese = "verdict on a submission", "提交的裁定"
        return f"entry {self.seq}, {when(self.at_ms)}: {english} {chinese}, node {self.node} 单位{self.node}"


class Evidence:
    def __init__(self, path):
        self.items, self.erased, self.heads, self.case_key = {}, [], [], None
        self.keys, self.code, self.name = {}, "?", "?"
        self.by_entry, self.statements, self.up = {}, [], None
        self.head = self.first = self.next = None
        self.chain, self.sealed = bytes(32), False
        with open(path, "rb") as file:
            for self.line, raw in enumerate(file, 1):
                self.take(raw)
        need(self.sealed, "the file has no end")

    def hash(self, data):
        if self.header["suite"] == 2:
            return hashlib.new("sm3", data).digest()
        return hashlib.blake2b(data, digest_size=32).digest()

    def verify(self, key, purpose, message, signature):
        check = sm2_verify if self.header["suite"] == 2 else ed25519_verify
        return check(key, b"jiaoban-v1\0" + purpose + b"\0" + message, signature)

    def bytes_of(self, value, size=None):
        need(isinstance(value, str) and (size is None or len(value) == 2 * size), "a value has the wrong length")
        data = bytes.fromhex(value)
        need(data.hex() == value, "a value is not in lower-case hexadecimal digits")
        return data

    def take(self, raw):
        need(not self.sealed, "something follows the end")
        row = json.loads(raw)
        version = 1 if self.line == 1 else self.header["jiaoban_evidence"]
        need(isinstance(row, dict) and set(row) in LINE_FIELDS + (SUBMITTED_FIELDS if version > 1 else []),
             "an unknown kind of line")
        need(json.dumps(row, separators=(",", ":")).encode() + b"\n" == raw, "a line is not written as it must be")
        need(all(type(v) is (bool if k == "erased" else str if k in TEXTS else int) for k, v in row.items()),
             "a value is of the wrong type")
        need(("jiaoban_evidence" in row) == (self.line == 1), "the header must be the first line")
        if self.line == 1:
            self.take_header(row)
        elif "lines" in row:
            self.take_end(row)
            return
        elif "submitter" in row or "submission" in row:
            self.take_submitted(row)
        elif "segment" in row:
            need(self.up is None, "segments are out of order")
            self.head, self.next = self.bytes_of(row["before"], 32), row["segment"]
            need(self.first is None or self.next > self.first, "segments are out of order")
            self.open = []
        elif "case_key" in row:
            self.case_key = self.bytes_of(row["case_key"], 32)
        elif "sign" in row:
            self.take_signature(row)
        else:
            self.take_item(row)
        self.chain = self.hash(self.chain + self.hash(raw))

    def take_header(self, row):
        need(row["jiaoban_evidence"] in (1, 2), "a version of the format that this program does not know")
        need(row["suite"] in (1, 2) and row["exporter"] in ("broker", "node"), "an unknown suite or exporter")
        self.header = row
        self.broker_key = self.bytes_of(row["broker_key"], 32)
        self.exporter_key = self.bytes_of(row["exporter_key"], 32)

    def take_item(self, row):
        number = row["item"]
        need(self.head is not None and number == self.next, f"item {number} is out of order")
        self.next, self.first = number + 1, number
        self.open.append(number)
        if "body" in row:
            body = self.bytes_of(row["body"])
            item = Item(number, body)
            self.items[number] = item
            if item.seq:
                same = self.by_entry.setdefault(item.seq, [])
                need(not same or same[0].entry == item.entry, f"item {number} tells another entry {item.seq}")
                same.append(item)
            item_hash = self.hash(body)
        else:
            item_hash = self.bytes_of(row["hash"], 32)
            if "erased" in row:
                self.erased.append(number)
        self.head = self.hash(self.head + item_hash)

    def take_signature(self, row):
        need(self.head is not None and row["item"] == self.first == self.next - 1, "a signature stands in the wrong place")
        need(row["sign"] in ("B", "D") and row["suite"] == self.header["suite"], "an unknown signature")
        statement = (row["sign"].encode() + struct.pack(">I", self.header["node"]) + self.bytes_of(row["epoch"], 16)
                     + struct.pack(">Q", row["item"]) + self.head)
        self.heads.append((row["sign"], row["item"], row["at_ms"], statement,
                           self.bytes_of(row["signature"], 64), list(self.open)))

    def take_submitted(self, row):
        """Part of what one agency submitted: from a head on, submission by submission, to one that it signed."""
        if "submitter" in row:
            need(self.up is None or self.up["signed"], "what a submitter has submitted is not signed")
            epoch, head = self.bytes_of(row["epoch"], 16), self.bytes_of(row["head"], 32)
            start = self.hash(b"jiaoban-chain-v1" + struct.pack(">I", row["submitter"]) + epoch)
            need(row["from"] > 0 or head == start, "a submitter's sequence begins with another head")
            self.up = {"node": row["submitter"], "epoch": epoch, "next": row["from"] + 1, "head": head,
                       "told": [], "signed": False}
            return
        up = self.up
        need(up is not None and not up["signed"], "a submission stands in the wrong place")
        if "sign" in row:
            need(row["sign"] == "U" and row["suite"] == self.header["suite"], "an unknown signature")
            need(row["submission"] == up["next"] - 1 and up["told"], "a statement stands in the wrong place")
            statement = (b"U" + struct.pack(">I", up["node"]) + up["epoch"] + struct.pack(">Q", row["submission"])
                         + up["head"])
            self.statements.append((up["node"], row["submission"], row["at_ms"], statement,
                                    self.bytes_of(row["signature"], 64), up["told"]))
            up["signed"] = True
            return
        need(row["submission"] == up["next"], f"submission {row['submission']} is out of order")
        if "entry" in row:
            items = self.by_entry.get(row["entry"], [])
            need(items, f"entry {row['entry']} is not told")
            need(items[0].node == up["node"] and items[0].up_number, f"entry {row['entry']} is another agency's")
            up["told"] += items
            item_hash = self.hash(submission(items[0].entry))
        else:
            item_hash = self.bytes_of(row["hash"], 32)
        up["head"], up["next"] = self.hash(up["head"] + item_hash), up["next"] + 1

    def take_end(self, row):
        need(row["lines"] == self.line - 1, "lines are missing")
        need(self.verify(self.exporter_key, b"evidence", self.chain, self.bytes_of(row["signature"], 64)),
             "the exporter's signature over the file does not verify: the file was changed")
        self.sealed = True

    def prove(self, pinned=()):
        """Everything signed by the broker first: only that tells which keys the node has."""
        signed, broker_keys = set(), {self.broker_key, *pinned}
        for role, number, _, statement, signature, covered in self.heads:
            if role == "B":
                need(any(self.verify(key, b"line", statement, signature) for key in broker_keys),
                     f"item {number}: the broker's signature does not verify")
                signed.update(covered)
        bare = [str(n) for n in (*self.items, *self.erased) if n not in signed]
        need(not bare, f"no signature of the broker covers items {', '.join(bare)}")
        enrolments = [i for i in self.items.values() if i.kind in (100, 102) and not i.case_no]
        for item in enrolments:
            if 12 in item.act:
                self.keys.setdefault(one(item.act, 1), []).append(one(item.act, 12, b""))
            if item.kind == 100 and one(item.act, 1) == self.header["node"]:
                self.code, self.name = one(item.act, 2, b"").decode(), one(item.act, 3, b"").decode()
        own = self.keys.get(self.header["node"], [])
        for role, number, at_ms, statement, signature, covered in self.heads:
            if role == "D":
                need(any(self.verify(key, b"line", statement, signature) for key in own),
                     f"item {number}: the node's receipt does not verify")
                for item in (self.items[n] for n in covered if n in self.items):
                    item.receipt = item.receipt or at_ms
        mine = self.broker_key if self.header["exporter"] == "broker" else None
        need(self.exporter_key == mine if mine else self.exporter_key in own,
             "the exporter is neither the broker nor the node")
        self.prove_submitted()
        wrong = [n for n, i in self.items.items() if i not in enrolments and i.case_no not in (0, int(self.header["case"]))]
        need(not wrong, "the file tells items of another case")
        need(any(i.case_no == int(self.header["case"]) for i in self.items.values()) or self.erased,
             "the file holds nothing of the case")

    def prove_submitted(self):
        """Each statement by a key that its submitter had, as the signed enrolments say."""
        need(self.up is None or self.up["signed"], "what a submitter has submitted is not signed")
        for node, number, at_ms, statement, signature, told in self.statements:
            need(any(self.verify(key, b"line", statement, signature) for key in self.keys.get(node, [])),
                 f"submission {number} of node {node}: the submitter's signature does not verify")
            for item in told:
                item.submitted = item.submitted or at_ms


def report(e, pinned):
    suite = {1: "Ed25519, BLAKE2b", 2: "SM2, SM3"}[e.header["suite"]]
    print(f"case 信访件 {e.header['case']}; node 单位 {e.header['node']} {e.code} {e.name}; suite 算法 {suite}")
    if pinned:
        print("broker's key: the one that you gave 中心公钥与所给一致")
    else:
        print(f"broker's key: compare it with a source that you trust 请与可信来源核对中心公钥:\n  {e.broker_key.hex()}")
    for item in e.items.values():
        print(f"item 第{item.number}项: {item.describe()}")
        print("  PROVEN: the broker sent exactly this 已证实：中心发送了此内容")
        if item.receipt:
            print(f"  PROVEN: the node had it on its disk, by its signature; recorded 已证实：该单位已签收存盘，记录时间 {when(item.receipt)}")
        else:
            print("  no receipt of the node in this file 本文件中无该单位的签收")
        if item.submitted:
            print(f"  PROVEN: node {item.node} submitted exactly this act, by its signature; recorded "
                  f"已证实：此行为由单位{item.node}签名提交，记录时间 {when(item.submitted)}")
        elif item.up_number:
            print(f"  no statement of its submitter, node {item.node}, in this file 本文件中无提交单位{item.node}的签名声明")
    for number in e.erased:
        print(f"item 第{number}项: its text was erased, only its place is proven 内容已清除，仅证实其存在")
    if e.case_key:
        print("the key of the sealed persons is in this file: keep it secret 本文件含个人信息密钥，请保密")
    else:
        print("persons stay sealed 个人信息保持密封")
    print("The times of receipts and statements are the exporter's word. 签收与提交的记录时间由导出方记录。")


def pinned_keys(lines, suite):
    parts = [line.strip().split(":") for line in lines]
    need(all(len(p) == 4 and p[0] == f"jbk{suite}" for p in parts),
         f"--broker-key: not a public line of suite {suite}")
    return [bytes.fromhex(p[2]) for p in parts]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file")
    parser.add_argument("--broker-key", action="append", default=[])
    options = parser.parse_args()
    try:
        e = Evidence(options.file)
        pinned = pinned_keys(options.broker_key, e.header["suite"])
        need(not pinned or e.broker_key in pinned, "the broker's key is not the one that you gave")
        e.prove(pinned)
        report(e, pinned)
    except (Refused, ValueError, KeyError, OSError, OverflowError, RecursionError) as error:
        print(f"NOT PROVEN 未能证实: {error}")
        return 1
    print("good 核验通过")
    return 0


if __name__ == "__main__":
    sys.exit(main())
