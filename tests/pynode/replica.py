"""What a node holds: cases as the effects of entries make them, and what is common to all nodes.
Section 10 of proto/PROTOCOL.md in Python; decides nothing, shares no code with the project but the
protobuf schema."""
from proto.schema import act_pb2, entry_pb2

DAY_MS = 24 * 3600 * 1000
CHINA_MS = 8 * 3600 * 1000
OPENING = ("register", "issue_directive", "open_docket")
COMMON = ("enrol_node", "change_node", "replace_keys", "retire_node", "install_policy",
          "install_calendar", "delegate", "end_delegation")


class Damaged(Exception):
    """An entry that does not fit what was held before: stop, keep everything, say so."""


def need(condition, what):
    if not condition:
        raise Damaged(what)


def day_end(at_ms):
    """24:00 of that day in China."""
    return ((at_ms + CHINA_MS) // DAY_MS + 1) * DAY_MS - CHINA_MS


class Case:
    """One case, or a file of its own."""

    def __init__(self):
        self.left = False
        self.stage = self.custody = self.host = self.sender = self.authority = self.hops = 0
        self.registrar = self.matter = self.channel = self.flags = self.people = 0
        self.opinion = self.exit = 0
        self.title = self.class_code = self.place_code = self.lead_official = ""
        self.query_code_hash = b""
        self.registered_ms = self.updated_ms = self.last_seq = self.sent_seq = 0
        self.simple = self.objection_open = False
        self.objector = self.last_ruling = 0
        self.dispute_level = self.arbiter = 0
        self.reviewer = self.review_opinion = self.rechecker = self.recheck_opinion = 0
        self.roles = {}       # (node, role) -> {"signed_ms", "answered_ms"}
        self.facts = {}       # fact -> at_ms
        self.deadlines = {}   # id -> dict
        self.marks = {}       # (kind, node, other case, value, text) -> at_ms
        self.directives = {}  # number -> dict; "targets": node -> dict
        self.dockets = {}     # number -> dict
        self.ratings = {}     # party -> dict
        self.seq = self.now_ms = 0  # of the entry in hand

    # ---- who takes part

    def roles_of(self, node):
        return {role for n, role in self.roles if n == node}

    def _drop(self, node, role=None):
        self.roles = {key: row for key, row in self.roles.items()
                      if key[0] != node or role not in (None, key[1])}

    def _join(self, node, role):
        self._drop(node, None if role == entry_pb2.ROLE_LEFT else entry_pb2.ROLE_LEFT)
        self._drop(node, role)
        self.roles[node, role] = {"signed_ms": 0, "answered_ms": 0}

    def _custody_moved(self, e):
        need(e.node and e.custody == self.custody + 1, "custody does not count on")
        self._drop(self.host, entry_pb2.ROLE_HOST)
        self._join(e.node, entry_pb2.ROLE_HOST)
        self.host, self.custody, self.sender = e.node, e.custody, e.sender
        self.authority, self.hops = e.authority, e.hops
        self.sent_seq = self.seq if e.sender else 0

    def _joined(self, e):
        need(e.node and e.role, "a role of nobody")
        self._join(e.node, e.role)
        if e.role == entry_pb2.ROLE_REGISTRAR:
            self.registrar = e.node

    def _participant_fact_set(self, e):
        row = self.roles.get((e.node, entry_pb2.ROLE_CO_HANDLER))
        if row:
            row["signed_ms" if e.fact == entry_pb2.FACT_SIGNED else "answered_ms"] = e.at_ms

    # ---- the case itself

    def _stage_moved(self, e):
        need(e.stage, "no stage")
        self.stage = e.stage

    def _fact_set(self, e):
        self.facts[e.fact] = e.at_ms

    def _objection_set(self, e):
        self.objection_open, self.objector, self.last_ruling = e.open, e.node, e.ruling

    def _opinion_set(self, e):
        if e.cleared:
            self.opinion = self.exit = 0
        self.opinion = e.opinion or self.opinion
        self.exit = e.exit or self.exit
        self.matter = e.matter or self.matter

    def _flags_set(self, e):
        self.flags = e.flags

    def _class_set(self, e):
        self.class_code = e.class_code

    def _lead_set(self, e):
        self.lead_official = e.official

    def _track_set(self, e):
        self.simple = e.simple

    def _dispute_set(self, e):
        self.dispute_level = e.dispute_level if e.open else 0
        self.arbiter = e.node if e.open else 0

    def _review_set(self, e):
        need(e.round in (1, 2), "a round of review that is none")
        if e.round == 1:
            self.reviewer, self.review_opinion = e.node, e.opinion
        else:
            self.rechecker, self.recheck_opinion = e.node, e.opinion

    def _rating_set(self, e):
        self.ratings[e.party] = {"state": e.rating, "satisfaction": e.satisfaction, "at_ms": e.at_ms}

    def _marked(self, e):
        key = (e.mark, e.node, e.other_case_no, e.value, e.text)
        self.marks.pop(key, None)
        if e.open:
            self.marks[key] = e.at_ms

    # ---- deadlines

    def _running(self, number):
        need(number in self.deadlines and self.deadlines[number]["end"] == 0,
             f"deadline {number} does not run")
        return self.deadlines[number]

    def _warn_steps(self, d, e):
        """Steps that lie behind us have fallen."""
        d["warn_at_ms"] = list(e.warn_at_ms)
        d["warned"] = sum(1 for at_ms in e.warn_at_ms if at_ms <= self.now_ms)

    def _moved_to(self, d, e):
        d["due_ms"], d["provisional"] = e.due_ms, e.provisional
        if e.due_ms > self.now_ms:
            d["missed_ms"] = 0
        self._warn_steps(d, e)

    def _deadline_set(self, e):
        need(e.deadline_id == len(self.deadlines) + 1 and e.node and e.key,
             f"deadline {e.deadline_id} does not count on")
        d = {"key": e.key, "node": e.node, "trigger_ms": e.trigger_ms, "limit": e.limit,
             "unit": e.unit, "due_ms": e.due_ms, "first_due_ms": e.due_ms, "article": e.article,
             "policy_version": e.policy_version, "calendar_version": e.calendar_version,
             "provisional": e.provisional, "designated_bound": e.designated_bound,
             "directive": e.directive, "docket": e.docket, "set_seq": self.seq, "missed_ms": 0,
             "end": 0, "ended_ms": 0, "extensions": 0, "extended_days": 0, "paused_from_ms": 0,
             "paused_ms": 0, "paused_to_ms": 0, "acked_by": "", "acked_node": 0, "acked_ms": 0}
        self._warn_steps(d, e)
        self.deadlines[e.deadline_id] = d

    def _deadline_ended(self, e):
        d = self._running(e.deadline_id)
        d["end"], d["ended_ms"] = e.end, e.at_ms

    def _deadline_moved(self, e):
        d = self._running(e.deadline_id)
        d["trigger_ms"], d["calendar_version"] = e.trigger_ms, e.calendar_version
        if e.extension:
            d["extensions"] += 1
            d["extended_days"] += (e.due_ms - e.old_due_ms) // DAY_MS
        self._moved_to(d, e)

    def _deadline_warned(self, e):
        d = self._running(e.deadline_id)
        d["warned"] = max(d["warned"], e.step_no)

    def _deadline_missed(self, e):
        self._running(e.deadline_id)["missed_ms"] = e.at_ms

    def _deadline_acknowledged(self, e):
        need(e.deadline_id in self.deadlines, f"no deadline {e.deadline_id}")
        self.deadlines[e.deadline_id].update(acked_by=e.user, acked_node=e.node, acked_ms=e.at_ms)

    def _clock_paused(self, e):
        self._running(e.deadline_id)["paused_from_ms"] = e.at_ms

    def _clock_resumed(self, e):
        d = self._running(e.deadline_id)
        d["paused_from_ms"], d["paused_ms"] = 0, e.paused_ms
        d["paused_to_ms"] = max(d["paused_to_ms"], day_end(e.at_ms))
        d["calendar_version"] = e.calendar_version or d["calendar_version"]
        self._moved_to(d, e)

    def open_deadlines(self):
        return {d["key"]: d for d in self.deadlines.values() if d["end"] == 0}

    # ---- directives and dockets

    def _directive_set(self, e):
        need(e.directive == len(self.directives) + 1 and e.power and e.node,
             f"directive {e.directive} does not count on")
        self.directives[e.directive] = {
            "power": e.power, "demand": e.demand, "recommendation": e.recommendation,
            "issuer": e.node, "authority": e.authority, "level": e.level, "flags": e.flags,
            "people": e.people, "official": e.official, "countersigned_by": e.countersigned_by,
            "issued_by": e.user,
            "due_ms": e.due_ms, "status": e.status, "issued_ms": self.now_ms, "seq": self.seq,
            "targets": {}}

    def _directive_moved(self, e):
        need(e.directive in self.directives, f"no directive {e.directive}")
        d = self.directives[e.directive]
        if (d["status"], e.status) == (entry_pb2.DIRECTIVE_WAITING, entry_pb2.DIRECTIVE_IN_FORCE):
            d["seq"] = self.seq
        d["status"] = e.status
        d["countersigned_by"] = e.countersigned_by or d["countersigned_by"]

    def _target_set(self, e):
        need(e.directive in self.directives and e.node and e.target, f"no directive {e.directive}")
        t = self.directives[e.directive]["targets"].setdefault(
            e.node, {"deadline_id": 0, "adopted": 0, "signed_ms": 0, "answered_ms": 0, "ended_ms": 0})
        t["state"] = e.target
        t["deadline_id"] = e.deadline_id or t["deadline_id"]
        t["adopted"] = e.adopted or t["adopted"]
        instant = {entry_pb2.TARGET_SIGNED: "signed_ms", entry_pb2.TARGET_ANSWERED: "answered_ms",
                   entry_pb2.TARGET_CLEARED: "ended_ms", entry_pb2.TARGET_WITHDRAWN: "ended_ms",
                   entry_pb2.TARGET_SUPERSEDED: "ended_ms"}.get(e.target)
        if instant:
            t[instant] = e.at_ms

    def _docket_set(self, e):
        need(1 <= e.docket <= len(self.dockets) + 1 and e.node, f"docket {e.docket} does not count on")
        d = self.dockets.setdefault(e.docket, {
            "docket_no": e.docket_no, "opener": e.sender, "opened_ms": e.at_ms, "step": 0,
            "deadline_id": 0})
        if d["step"] != e.step:
            d["stepped_ms"] = e.at_ms
        d.update(node=e.node, step=e.step, closed_ms=0 if e.open else e.at_ms)
        d["deadline_id"] = e.deadline_id or d["deadline_id"]

    # ---- entries

    def _open(self, entry, act):
        kind = act.WhichOneof("body")
        body = getattr(act, kind)
        self.flags, self.people, self.title = getattr(body, "flags", 0), getattr(body, "people", 0), body.title
        self.registrar, self.registered_ms = entry.node, entry.at_ms
        if kind == "register":
            self.matter = body.matter if body.HasField("matter") else act_pb2.MATTER_APPEAL
            self.channel = body.channel if body.HasField("channel") else 0
            self.class_code, self.place_code = body.class_code, body.place_code
            self.query_code_hash = body.query_code_hash

    def apply(self, entry, act):
        """One entry of this case, in the order of the log."""
        if self.stage and entry.seq <= self.last_seq:
            return  # history that was given twice
        if not self.stage:
            if not entry.effects:
                return  # a word about a case that is not held here
            need(act.WhichOneof("body") in OPENING, "consequences for a case that is not there")
        else:
            need(act.WhichOneof("body") != "register", "registered twice")
        opens = not self.stage
        self.seq, self.now_ms = entry.seq, entry.at_ms
        if opens:
            self._open(entry, act)
        self.fold(entry.effects)
        self.updated_ms, self.last_seq = entry.at_ms, entry.seq

    def fold(self, effects):
        for effect in effects:
            kind = effect.WhichOneof("body")
            if kind is None:
                raise Damaged("an effect of a kind that this node does not know")
            getattr(self, "_" + kind)(getattr(effect, kind))


class Common:
    """What every node gets: the directory, delegations, policies and calendars."""

    def __init__(self):
        self.nodes = {}         # number -> dict
        self.delegations = []   # dicts, in the order given
        self.policies = {}      # (region, version) -> (effective_from_ms, body)
        self.calendars = {}     # region -> (version, body)

    def by_code(self):
        return {n["code"]: number for number, n in self.nodes.items()}

    def apply(self, entry, act):
        kind = act.WhichOneof("body")
        if kind in COMMON:
            getattr(self, "_" + kind)(getattr(act, kind), entry)

    def _enrol_node(self, a, _):
        need(a.node not in self.nodes, f"node {a.node} is enrolled twice")
        self.nodes[a.node] = {
            "code": a.code, "name": a.name, "level": a.level, "parent": a.parent,
            "kind": a.node_kind, "region": a.region, "valid_from_ms": a.valid_from_ms,
            "valid_to_ms": a.valid_to_ms, "successor": 0, "line_key": a.line_key,
            "sign_keys": [a.sign_key] if a.sign_key else []}

    def _node(self, number):
        need(number in self.nodes, f"node {number} is not in the directory")
        return self.nodes[number]

    def _change_node(self, a, _):
        given = {"name": a.name, "level": a.level if a.HasField("level") else 0, "parent": a.parent,
                 "kind": a.node_kind if a.HasField("node_kind") else 0, "region": a.region}
        self._node(a.node).update({field: value for field, value in given.items() if value})

    def _replace_keys(self, a, _):
        node = self._node(a.node)
        node["line_key"] = a.line_key
        node["sign_keys"].append(a.sign_key)

    def _retire_node(self, a, _):
        self._node(a.node).update(valid_to_ms=a.valid_to_ms, successor=a.successor)

    def _install_policy(self, a, _):
        self.policies[a.region, a.version] = (a.effective_from_ms, a.body)

    def _install_calendar(self, a, _):
        self.calendars[a.region or "CN"] = (a.version, a.body)

    def _delegate(self, a, entry):
        self.delegations.append({
            "node": entry.node, "official": a.official,
            "power": a.power if a.HasField("power") else 0,
            "valid_from_ms": a.valid_from_ms or entry.at_ms, "valid_to_ms": a.valid_to_ms})

    def _end_delegation(self, a, entry):
        for g in self.delegations:
            if (g["node"], g["official"]) == (entry.node, a.official) and (
                    not g["valid_to_ms"] or g["valid_to_ms"] > entry.at_ms):
                g["valid_to_ms"] = entry.at_ms
