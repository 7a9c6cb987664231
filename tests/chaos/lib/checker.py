"""What must be true when all is well again. Knows only what clients were told: answers to their
submissions, the cases and deadlines that they see, the items that watchers are sent. At the very
end the files are read as well (files.py), without a line of the project's code."""
import collections
import concurrent.futures
import time

from world import act_pb2, wait  # first: it finds the generated modules
import local
from files import Files
from load import ACCEPTED, REFUSED, TRUSTED, UNKNOWN
from tap import Failure, comment
from pynode import make_act

IN_SYNC, RESYNC, REJECTED = 4, 5, 6
PATIENCE = 60
LONG_RECORD_S = 900  # jiaoband --verify over all that hundreds of rounds made
WITNESS_SECONDS = 1
SLACK_MS = 3000  # of a clock that goes on while one looks
OPEN, SUPERSEDED = 0, 4
TEXTS = ("note.text", "assign.text", "sign_for.text", "accept.how", "register.title")


def token_of(act):
    """The text by which a writer knows its submission again; "" when it is nobody's."""
    body = act.WhichOneof("body")
    for path in TEXTS:
        kind, field = path.split(".")
        if kind == body:
            return getattr(getattr(act, body), field)
    return ""


class Copy:
    """What one agency's watcher has been told so far."""

    def __init__(self):
        self.number = 1
        self.before = {}  # as it was told by a replica that is gone
        self.tokens = {}  # token -> number in the log
        self.fired = collections.Counter()  # (case, deadline, what, step)
        self.seen = 0


class Checker:
    def __init__(self, county, load):
        self.county, self.load = county, load
        self.copies = {a.code: Copy() for a in county.agents}
        self.found = collections.Counter()  # lost, doubled, diverged, missed
        self.rounds = 0
        self.pool = concurrent.futures.ThreadPoolExecutor(6)
        for agent in county.agents:
            agent.witness = self.kept_what_it_signed_for

    def wrong(self, what, text):
        self.found[what] += 1
        comment(f"{what.upper()}: {text}")

    # ---- getting there ----

    def settle(self):
        """Every submission has its verdict, every line is in sync. A thing that never settles is
        lost."""
        for agent in self.county.agents:
            try:
                wait(lambda a=agent: self.drained(a) or self.diverged(a), f"{agent.code} to be done", PATIENCE)
                if self.diverged(agent):
                    raise Failure(f"{agent.code} sees another history")
            except Failure as error:
                status = agent.status()
                self.wrong("diverged" if status.line in (RESYNC, REJECTED) else "lost",
                           f"{error}: {status.line_text}, {status.up_settled} of {status.up_made} settled")
                return

    def drained(self, agent):
        self.county.tend()
        try:
            status = agent.status()
        except (OSError, ConnectionError):
            return False
        return status.line == IN_SYNC and status.up_settled == status.up_made

    def broker_is_well(self):
        """It is in no trouble, and what it noticed of its clock is on record: a look at the clock
        follows each commit, so the second of two submissions is decided after that. A doubt on
        record outlives a restart, as it has to."""
        wait(self.without_trouble, "the broker to be without trouble", PATIENCE)
        for no in list(self.county.steady.values())[:2]:
            self.note(no, "mark.")

    def note(self, no, text):
        """With its verdict. The office's line may just have gone (a link that was cut is noticed late):
        then the submission is safe, and is settled when there is a line again."""
        office = self.county.office
        said = office.submit(make_act(no, note=dict(text=text)))
        if said.pending:
            wait(lambda: self.drained(office), "the office's note to be settled", PATIENCE)
            said = office.ask("settled", number=said.number)
        if not said.accepted:
            raise Failure(f"the office's note in {no}: {said}")

    def without_trouble(self):
        self.county.tend()
        try:
            return self.county.broker.ask("status").trouble == ""
        except (OSError, ConnectionError):
            return False

    def diverged(self, agent):
        """A line that waits for a person."""
        try:
            return agent.status().line == RESYNC
        except (OSError, ConnectionError):
            return False

    def mark(self):
        """A last item in everybody's stream, so that a watcher knows when it has seen all."""
        self.rounds += 1
        text = f"mark.{self.rounds}."
        for no in self.county.steady.values():
            self.note(no, text)
        for agent in self.county.agents:
            self.watch(agent, text)

    def watch(self, agent, text):
        """Everything since the last time, up to the mark."""
        copy = self.copies[agent.code]
        wanted = len(self.county.steady) if agent is self.county.office else 1
        client = local.Local(agent.socket, PATIENCE)
        asked = client.send("watch", after_number=copy.number)
        try:
            while wanted:
                reply = client.receive()
                item = reply.event.item
                if reply.id == asked and reply.WhichOneof("body") == "event" and item.seq:
                    wanted -= self.take(agent, copy, item, reply.event.case_no) == text
        except OSError as error:
            self.wrong("lost", f"{agent.code} never saw {text} ({error!r})")
        finally:
            client.close()

    def take(self, agent, copy, item, case_no):
        """One item; the token in it."""
        if item.number and item.number <= copy.number:
            self.wrong("diverged", f"{agent.code}: item {item.number} after {copy.number}")
        copy.number = max(copy.number, item.number)
        copy.seen += 1
        act = act_pb2.Act.FromString(item.act)
        token = token_of(act)
        if token and not token.startswith("mark."):
            if token in copy.tokens and copy.tokens[token] != item.seq:
                self.wrong("doubled", f"{token} is entry {copy.tokens[token]} and {item.seq} at {agent.code}")
            copy.tokens[token] = item.seq
        if item.kind in ("miss", "warn"):
            body = act.miss if item.kind == "miss" else act.warn
            key = (case_no, body.deadline_id, item.kind, getattr(body, "step_no", 0), body.fell_ms)
            copy.fired[key] += 1
            if copy.fired[key] > 1:
                self.wrong("doubled", f"{item.kind} of deadline {body.deadline_id} in {case_no} at {agent.code}")
            if body.fell_ms > self.county.now_ms() + SLACK_MS:
                self.wrong("doubled", f"{item.kind} of deadline {body.deadline_id} in {case_no}: too early")
        return token

    def kept_what_it_signed_for(self, agent):
        """Right after a start, while the broker cannot send it anything."""
        try:
            number = local.ask(agent.socket, "status", WITNESS_SECONDS).down_number
            nodes = local.ask(self.county.broker.admin, "nodes", WITNESS_SECONDS).nodes
        except (OSError, ConnectionError, local.LocalError):
            return  # one of them is gone again, or frozen
        signed = next(n.acked_number for n in nodes if n.node == agent.node)
        if number < signed:
            self.wrong("lost", f"{agent.code} has signed for {signed} items, after its start it holds {number}")

    # ---- submissions ----

    def verdicts(self):
        """What clients were told was safe has a verdict by now."""
        for writer in self.load.writers:
            self.verdicts_of(writer)

    def verdicts_of(self, writer):
        client = local.Local(writer.agent.socket, PATIENCE)
        for word in [w for w in writer.words.values() if w.state == TRUSTED]:
            try:
                said = client.ask("settled", number=word.number)
            except local.LocalError as error:
                self.wrong("lost", f"{word.token}, submission {word.number}: {error}")
                word.state = UNKNOWN
                continue
            if said.pending:
                self.wrong("lost", f"{word.token} is without verdict")
            word.state = ACCEPTED if said.accepted else REFUSED
            if word.state == REFUSED and word.steady:
                self.wrong("lost", f"{word.token} was refused afterwards: {said.name} {said.detail}")
        client.close()

    def forget(self, agent):
        """Its replica was made anew: all of it is told again, and has to be the same."""
        old, new = self.copies[agent.code], Copy()
        new.before = old.tokens
        self.copies[agent.code] = new

    def submissions(self):
        log = self.copies["xfj"].tokens
        known = {}
        for writer in self.load.writers:
            known.update(writer.words)
            for text in writer.trouble:
                self.wrong("diverged", f"{writer.agent.code} was told: {text}")
            writer.trouble.clear()
        for token, word in known.items():
            if word.state == ACCEPTED and token not in log:
                self.wrong("lost", f"{word.kind} {token} was confirmed and is not in the log")
            if word.state == REFUSED and token in log:
                self.wrong("diverged", f"{word.kind} {token} was refused and is in the log")
        for token in log:
            if token not in known and not token.endswith("的事项"):
                self.wrong("doubled", f"{token} is in the log, nobody submitted it")
        for code, copy in self.copies.items():
            for token, seq in copy.tokens.items():
                if log.get(token) != seq:
                    self.wrong("diverged", f"{token} is entry {seq} at {code}, {log.get(token)} at the office")

    # ---- cases and deadlines ----

    def cases_of(self, agent, **wanted):
        found, after = [], 0
        while True:
            page = agent.ask("cases", after_case_no=after, limit=500, **wanted)
            found += page.cases
            if not page.more:
                return found
            after = page.cases[-1].case_no

    def hosts(self):
        """Exactly one agency says that a case is its own, the one that the office names."""
        claims = collections.defaultdict(set)
        for agent in self.county.agents:
            for c in self.cases_of(agent, mine=True):
                if not c.left:
                    claims[c.case_no].add(agent.node)
        for c in self.cases_of(self.county.office):
            if claims[c.case_no] != {c.host}:
                self.wrong("diverged", f"{c.number}: host {c.host}, claimed by {sorted(claims[c.case_no])}")

    def deadlines(self):
        """All that began before now, ended ones too."""
        found, due, no = [], 0, 0
        while True:
            page = self.county.office.ask("deadlines", after_due_ms=due, after_case_no=no, limit=500)
            found += page.deadlines
            if not page.more:
                return found
            due, no = page.deadlines[-1].due_ms, page.deadlines[-1].case_no

    def all_fired(self):
        now = self.county.now_ms()
        return all(d.missed_at_ms for d in self.deadlines() if d.end == OPEN and d.due_ms < now - SLACK_MS)

    def deadlines_fired(self):
        fired = self.copies["xfj"].fired
        misses = collections.Counter()
        for (case_no, deadline, kind, _, fell_ms), times in fired.items():
            if kind == "miss":
                misses[case_no, deadline, fell_ms] += times
        rights = {rule.key for rule in self.county.office.ask("rules").rules if rule.right}
        self.before = {}  # clocks of a case that went on at another agency after they had fallen
        for d in sorted(self.deadlines(), key=lambda d: d.deadline_id):
            self.deadline_fired(d, d.key in rights, misses)
        for case_no, deadline, fell_ms in misses:
            self.wrong("doubled", f"deadline {deadline} of {case_no} fired at {fell_ms}, when it was not due")

    def deadline_fired(self, d, is_right, misses):
        now = self.county.now_ms()
        text = f"{d.key} {d.deadline_id} of {d.case_no}, due {d.due_ms}, end {d.end} at {d.ended_at_ms}"
        ran_out = d.due_ms < now - SLACK_MS and (d.end == OPEN or d.ended_at_ms > d.due_ms)
        fell_ms = d.missed_at_ms
        if is_right and ran_out:
            fell_ms = d.due_ms  # it lapses: the same act, but nobody is late
        elif ran_out and not d.missed_at_ms:
            self.wrong("missed", text)
        if d.missed_at_ms and (d.missed_at_ms != d.due_ms or d.due_ms > now):
            self.wrong("doubled", f"{text}: fired at {d.missed_at_ms}")
        times = misses.pop((d.case_no, d.deadline_id, fell_ms), 0)
        if fell_ms:
            times += self.before.pop((d.case_no, d.key, fell_ms), 0)
        if times != (1 if fell_ms else 0):
            self.wrong("missed" if times == 0 else "doubled", f"{text}: fired {times} times")
        if d.end == SUPERSEDED and fell_ms:
            self.before[d.case_no, d.key, fell_ms] = times

    # ---- replicas ----

    def ends(self):
        """Every stream ends at the agency where it ends at the broker, and is signed for to there:
        the broker takes a signature only over its own head."""
        wait_for(self.all_signed)
        for node in self.county.broker.ask("nodes").nodes:
            status = self.statuses.get(node.code)
            if status and not node.stream_number == node.acked_number == status.down_number:
                self.wrong("diverged", f"{node.code}: {node.stream_number} items, {node.acked_number} "
                                       f"signed for, {status.down_number} there")
            if status and not node.up_number == status.up_made == status.up_settled:
                self.wrong("lost", f"{node.code}: {status.up_made} submissions made, "
                                   f"{node.up_number} at the broker, {status.up_settled} settled")

    def all_signed(self):
        self.statuses = {a.code: a.status() for a in self.county.agents}
        return all(n.stream_number == n.acked_number == self.statuses[n.code].down_number
                   for n in self.county.broker.ask("nodes").nodes if n.code in self.statuses)

    def verify(self, agent):
        """All of its history again: the office's takes as long as a busy machine makes it."""
        return agent, local.ask(agent.socket, "verify", LONG_RECORD_S, ask_broker=True)

    def replicas(self, agents):
        """Chain, signatures, tables against the stream, and the broker's head: all again."""
        for agent, view in self.pool.map(self.verify, agents):
            good = view.ok and view.tables_equal and view.chain_intact and view.signatures_good
            if not good or not view.broker_asked or not view.equals_broker:
                self.wrong("diverged", f"{agent.code}: {view.text}")

    # ---- all of it ----

    def check_round(self, dice):
        """A few replicas are replayed from their first item each time, by turns."""
        self.verdicts()
        wait_for(self.all_fired)
        self.mark()
        self.submissions()
        self.hosts()
        self.deadlines_fired()
        self.ends()
        self.replicas(dice.sample(self.county.departments, 4))

    def check_end(self):
        """Every replica; then, with everything stopped, the files."""
        self.replicas(self.county.agents)
        for trouble in self.county.stop_all():
            self.wrong("diverged", f"did not end in order: {trouble}")
        done = self.county.broker.verify_offline(seconds=LONG_RECORD_S)
        if done.returncode != 0:
            self.wrong("diverged", f"jiaoband --verify: {done.stdout}{done.stderr}")
        for text in Files(self.county).check():
            self.wrong("diverged", text)


def wait_for(ready):
    """As long as it may take; what is then not so is told by the check that follows."""
    end = time.monotonic() + 20
    while not ready() and time.monotonic() < end:
        time.sleep(0.05)


