"""The files that a run leaves, read without a line of the project's code: sections 3 and 4 of
proto/PROTOCOL.md, for every stream, chain and signature."""
import glob
import os
import sqlite3

import crypto


def opened(folder):
    path, = glob.glob(os.path.join(folder, "*.db"))
    return sqlite3.connect(f"file:{path}?mode=ro", uri=True)


class Files:
    def __init__(self, county):
        self.county = county
        self.record = opened(county.broker.data)
        self.epoch, = self.record.execute("SELECT value FROM meta WHERE key = '.epoch'").fetchone()
        self.broker_sign = crypto.parse_public_line(county.broker.public)[1]

    def check(self):
        """What is wrong, in words."""
        for agent in self.county.agents:
            replica = opened(agent.data)
            try:
                yield from self.replica(agent, replica)
            finally:
                replica.close()
        for (left,) in self.record.execute("SELECT count(*) FROM quarantine").fetchall():
            if left:
                yield f"{left} submissions in quarantine"
        self.record.close()

    def replica(self, agent, replica):
        stream = self.record.execute("SELECT number, head FROM stream WHERE node = ? ORDER BY number",
                                     (agent.node,)).fetchall()
        items = replica.execute("SELECT number, head, hash, body FROM item ORDER BY number").fetchall()
        if [n for n, _ in stream] != list(range(1, len(stream) + 1)):
            yield f"{agent.code}: the broker's stream has gaps"
        if [(n, head) for n, head, _, _ in items] != stream:
            yield f"{agent.code}: the replica's stream is not the broker's"
        head = crypto.chain_start(agent.node, self.epoch)
        for number, wanted, item_hash, body in items:
            head = crypto.chain_link(head, item_hash)
            if head != wanted or (body is not None and crypto.digest(body) != item_hash):
                yield f"{agent.code}: the chain breaks at item {number}"
                break
        yield from self.receipts(agent, dict(stream), replica)
        yield from self.settled(agent, replica)

    def receipts(self, agent, heads, replica):
        own = crypto.parse_public_line(agent.public)[1]
        signed = [("receipt of", crypto.DOWN_ACK, own, row) for row in self.record.execute(
            "SELECT number, epoch, head, signature FROM receipt WHERE node = ?", (agent.node,))]
        signed += [("own receipt of", crypto.DOWN_ACK, own, row) for row in replica.execute(
            "SELECT number, epoch, head, signature FROM ack")]
        signed += [("broker's word to", crypto.DOWN_HEAD, self.broker_sign, row) for row in replica.execute(
            "SELECT number, epoch, head, signature FROM proof")]
        for what, role, key, (number, epoch, head, signature) in signed:
            claim = crypto.statement(role, agent.node, epoch, number, head)
            if heads.get(number) != head or not crypto.verify_claim(key, claim, signature):
                yield f"{what} {agent.code} at {number} does not verify"
        for number, epoch, head, signature in self.record.execute(
                "SELECT number, epoch, head, signature FROM up_receipt WHERE node = ?", (agent.node,)):
            claim = crypto.statement(crypto.UP, agent.node, epoch, number, head)
            if not crypto.verify_claim(own, claim, signature):
                yield f"{agent.code}: the signature under submission {number} does not verify"

    def settled(self, agent, replica):
        """Each submission of this incarnation has exactly one verdict, in the order of their making."""
        made, = replica.execute("SELECT max(number) FROM outbox").fetchone()
        first, = replica.execute("SELECT min(number) FROM outbox").fetchone()
        if made is None:
            return
        verdicts = [n for n, in replica.execute("SELECT settles FROM item WHERE settles > 0 ORDER BY number")]
        if verdicts[-(made - first + 1):] != list(range(first, made + 1)):
            yield f"{agent.code}: verdicts are not those of the submissions {first} to {made}, once each"
