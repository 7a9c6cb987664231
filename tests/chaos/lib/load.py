"""Clients that submit all the time, and remember what they were told and nothing else."""
import random
import threading
import time

import local
from world import act_pb2
from pynode import make_act

ASK_AGAIN_SECONDS = 0.02
PACE_SECONDS = 0.08
CLIENT_SECONDS = 20

UNKNOWN, TRUSTED, ACCEPTED, REFUSED = "unknown", "trusted", "accepted", "refused"


class Word:
    """One submission and what its client was told. TRUSTED: it is on the agent's disk."""

    def __init__(self, token, kind, steady):
        self.token, self.kind, self.steady = token, kind, steady
        self.state, self.number = UNKNOWN, 0


class Writer(threading.Thread):
    def __init__(self, county, agent, seed):
        super().__init__(daemon=True)
        self.county, self.agent = county, agent
        self.random = random.Random(f"{seed}.{agent.code}")
        self.words, self.trouble = {}, []
        self.count, self.confirmed = 0, 0
        self.mine = []
        self.client = None
        self.going, self.ending = threading.Event(), False
        self.idle = threading.Event()

    # ---- what to do next ----

    def next_act(self, token):
        if self.agent is self.county.office:
            return self.office_act(token)
        if self.count % 8 == 0:
            found = self.client.ask("cases", mine=True, open_only=True, limit=40).cases
            self.mine = [c.case_no for c in found if c.case_no != self.county.steady[self.agent.code]]
        if self.mine and self.random.random() < 0.3:
            return self.handler_act(self.random.choice(self.mine), token)
        return "note", True, make_act(self.county.steady[self.agent.code], note=dict(text=token))

    def office_act(self, token):
        dice = self.random.random()
        if dice < 0.2 or not self.mine:
            return "register", True, make_act(register=dict(matter=3, channel=1, title=token))
        if dice < 0.7:
            no, to = self.random.choice(self.mine[-30:]), self.random.choice(self.county.departments)
            return "assign", False, make_act(no, assign=dict(node=to.node, text=token))
        steady = self.random.choice(sorted(self.county.steady.values()))
        return "note", True, make_act(steady, note=dict(text=token))

    def handler_act(self, no, token):
        kind, body = self.random.choice((
            ("sign_for", dict(sign_for=dict(text=token))),
            ("accept", dict(accept=dict(exit=act_pb2.EXIT_RESIDUE, how=token))),
            ("note", dict(note=dict(text=token)))))
        return kind, False, make_act(no, **body)

    # ---- doing it ----

    def submit(self, word, body):
        """One try; True: the client was told something final."""
        self.client = self.client or local.Local(self.agent.socket, CLIENT_SECONDS)
        said = self.client.ask("submit", act=body.SerializeToString(), token=word.token,
                               wait_ms=self.random.choice((0, 0, 60)))
        word.number = said.number
        if said.pending:
            word.state = TRUSTED
        elif said.accepted:
            word.state = ACCEPTED
        else:
            word.state = REFUSED
        if word.state != REFUSED:
            self.confirmed += 1
        if word.state == REFUSED and word.steady:
            self.trouble.append(f"{word.token}: {said.name} {said.detail}")
        if word.kind == "register" and word.state != REFUSED:
            self.mine.append(said.case_no)

    def one(self):
        self.count += 1
        token = f"{self.agent.code}.{self.count}."
        try:
            self.client = self.client or local.Local(self.agent.socket, CLIENT_SECONDS)
            kind, steady, body = self.next_act(token)
        except (OSError, ConnectionError, local.LocalError):
            self.client = None
            return
        word = self.words[token] = Word(token, kind, steady)
        generation = self.county.generation
        while True:  # the token makes it safe to ask again, for a day
            try:
                self.submit(word, body)
                return
            except (OSError, ConnectionError):
                self.client = None
            except local.LocalError as error:
                word.error = str(error)
            if self.ending or self.county.generation != generation:
                return
            time.sleep(ASK_AGAIN_SECONDS)

    def run(self):
        while not self.ending:
            if not self.going.is_set():
                self.idle.set()
                self.going.wait(0.05)
                continue
            self.idle.clear()
            self.one()
            time.sleep(PACE_SECONDS)
        self.idle.set()


class Load:
    def __init__(self, county, seed):
        self.county = county
        self.writers = [Writer(county, agent, seed) for agent in county.agents]
        for writer in self.writers:
            writer.start()

    def of(self, agent):
        return next(w for w in self.writers if w.agent is agent)

    def go(self):
        for writer in self.writers:
            writer.idle.clear()
            writer.going.set()

    def pause(self, writers=None):
        """No one is in the middle of anything afterwards."""
        for writer in writers or self.writers:
            writer.going.clear()
        for writer in writers or self.writers:
            while not writer.idle.wait(0.05):
                self.county.tend()

    def confirmed(self):
        return sum(w.confirmed for w in self.writers)

    def advance(self, more, seconds=2.0):
        """Wait until so many more submissions are confirmed, or that cannot be expected."""
        goal, end = self.confirmed() + more, time.monotonic() + seconds
        while self.confirmed() < goal and time.monotonic() < end:
            time.sleep(0.005)
            self.county.tend()

    def stop(self):
        for writer in self.writers:
            writer.ending = True
        for writer in self.writers:
            writer.going.set()
            writer.join(60)
